"""Asking for a certificate: what one may ask, the names, what will be written, the CSR."""
