"""A structure's own contract, for those who speak for it."""
