"""What changes of a right after it was granted: an administrator leaves, an order amends another."""
