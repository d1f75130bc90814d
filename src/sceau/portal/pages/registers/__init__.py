"""The desk's registers: what was imported, what it says, and the tasks that it raised."""
