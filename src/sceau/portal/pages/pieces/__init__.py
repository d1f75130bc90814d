"""Pieces at the desk: put on file, read, shown."""
