"""Sceau: the certification authority of a health domain, from order form to certificate in service."""

__version__ = "0.1.0"
