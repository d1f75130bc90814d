"""The registration desk: its queue, an order's file, its decisions."""
