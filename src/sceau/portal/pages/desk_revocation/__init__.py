"""The officers' part of revocation: a certificate found and ended, a key looked up, runs of many."""
