"""Certificates as their owners see them: list, details, collection, files."""
