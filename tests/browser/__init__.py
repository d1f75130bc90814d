"""Tests that drive Debian's Chromium against the whole service."""
