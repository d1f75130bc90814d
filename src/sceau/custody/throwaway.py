"""A request for a certificate whose private key nobody will ever have: made, signed with, and forgotten.

For test certificates, which relying parties look at and ask the status of: nobody ever is the one they name.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding


def request_and_forget() -> bytes:
    """DER of a PKCS#10 request for a P-256 key. Its subject is empty: only the key counts in it."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)
