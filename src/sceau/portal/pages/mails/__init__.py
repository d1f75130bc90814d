"""Mails at the desk, calls of a relay, and structures' calendars."""
