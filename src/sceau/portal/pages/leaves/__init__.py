"""Leaves of the holders of domain names, at the desk."""
