"""Pages that only explain."""
