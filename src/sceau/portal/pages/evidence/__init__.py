"""Evidence files, handed out by one click."""
