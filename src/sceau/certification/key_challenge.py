"""Proof that somebody holds a private key, by a signature over words that were made for the occasion.

For whoever has the key but no way to make a certification request with it: `openssl dgst -sign`, `openssl
pkeyutl`, a token's own tool. The words name the key, say what the signature is for, and are of one hour and
one use: a signature made for anything else never covers them. Judges the signature alone; whether the words
were given out, and have not served, the records know [ASSURANCE F17, F22].
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sceau.vocabulary import Finding, Reading, read_ok, read_refused

_LONGEST = 1024
_HASHES = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
_SUBJECT = "signature"


def challenge_text(key: str, *, nonce: str, until: datetime) -> str:
    """The words to sign: one line of ASCII. `key` is the hex SHA-256 of the SubjectPublicKeyInfo."""
    return f"Cette cle est compromise. Cle {key}, avant {until:%Y-%m-%dT%H:%M:%SZ}, defi {nonce}."


def read_signature(data: bytes) -> Reading[bytes]:
    """A signature as somebody has it: its octets, or base64 of them. Refused: `key-report.signature-form`."""
    if not 0 < len(data) <= 2 * _LONGEST:
        return read_refused(Finding.error("key-report.signature-form", _SUBJECT))
    try:
        decoded = base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        decoded = data
    if not 0 < len(decoded) <= _LONGEST:
        return read_refused(Finding.error("key-report.signature-form", _SUBJECT))
    return read_ok(decoded)


def check_signature(text: str, signature: bytes, spki: bytes) -> tuple[Finding, ...]:
    """Nothing when `signature` is made by the key of `spki` (DER) over the words, with or without the line
    feed that an editor adds; RSA (PKCS #1 v1.5, PSS) or ECDSA, with SHA-256, SHA-384 or SHA-512.
    """
    public = load_der_public_key(spki)
    if isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        words = text.encode("ascii")
        for signed in (words, words + b"\n"):
            for algorithm in _HASHES:
                if _verifies(public, signature, signed, algorithm):
                    return ()
    return (Finding.error("key-report.signature-wrong", _SUBJECT),)


def _verifies(
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    signature: bytes,
    signed: bytes,
    algorithm: hashes.HashAlgorithm,
) -> bool:
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, signed, ec.ECDSA(algorithm))
            return True
    except (InvalidSignature, ValueError):
        return False
    for scheme in (padding.PKCS1v15(), padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)):
        try:
            public.verify(signature, signed, scheme, algorithm)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False
