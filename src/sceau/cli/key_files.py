"""From a key file on this machine to the digest of its public half.

The only place that reads a private key that is not ours: one that somebody found, to know which certificates
stand on it. It is read in memory, and only the digest of its public half goes on; no door but the command
line has this.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    load_ssh_private_key,
)

from sceau.certification import read_public_key

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)


def public_digest(data: bytes) -> str:
    """The hex SHA-256 of the SubjectPublicKeyInfo of the key in `data`, private or in any form that
    `certification.read_public_key` reads. Raises `Refused` when there is none; an encrypted private key is
    one that nobody can read.
    """
    for load in (load_pem_private_key, load_der_private_key, load_ssh_private_key):
        try:
            public = load(data, None).public_key()
        except _UNREADABLE:
            continue
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(spki).hexdigest()
    return read_public_key(data).require()
