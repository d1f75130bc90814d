"""Contracts at the desk: their file, their people, what ending one stops."""
