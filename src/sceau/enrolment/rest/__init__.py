"""The REST door: JSON in, certificate out; one door more, not one right more."""
