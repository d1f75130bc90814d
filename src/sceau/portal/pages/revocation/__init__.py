"""The end of a certificate: by card, or with the code alone."""
