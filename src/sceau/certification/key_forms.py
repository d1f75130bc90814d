"""A public key in whatever form somebody has it, read into the one digest under which the records know it;
and the proof that somebody holds the private half.

For looking up and reporting compromised keys [ASSURANCE F17]: nothing here is certified, so no policy of keys
applies. A private key is refused: whoever sends one to a page has lost it. The proof is a certification
request whose common name says what it is for; the text is fixed, since what it says of a key stays true for
ever: it may be shown twice, and by anybody.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import warnings
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from sceau.certification.armour import NoDerError, Trouble, take_element
from sceau.certification.csr import read_csr
from sceau.vocabulary import Finding, Reading, read_ok, read_refused

KEY_PROOF_TEXT = "Cette cle est compromise"
"""What the common name of a request says when the request is the proof that its key is to be revoked."""

_SUBJECT = "key"
_LABELS = frozenset(
    {"PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST = 1 << 16384
_CURVES: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, RecursionError)


class _PrivateKeyError(ValueError):
    """A private key was shown."""


def read_public_key(data: bytes) -> Reading[str]:
    """The hex SHA-256 of the SubjectPublicKeyInfo of the key in `data`: SubjectPublicKeyInfo or PKCS #1,
    certificate, request (each PEM or DER), JWK, or that digest itself.

    Refused: `key-report.private-key`, `key-report.empty`, `key-report.unreadable`.
    """
    if not data.strip():
        return read_refused(Finding.error("key-report.empty", _SUBJECT))
    try:
        return read_ok(_digest_in(data))
    except _PrivateKeyError:
        return read_refused(Finding.error("key-report.private-key", _SUBJECT))
    except NoDerError as problem:
        if problem.trouble is Trouble.PRIVATE_KEY:
            return read_refused(Finding.error("key-report.private-key", _SUBJECT))
    except _UNREADABLE:
        pass
    return read_refused(Finding.error("key-report.unreadable", _SUBJECT))


def read_key_proof(data: bytes) -> Reading[str]:
    """The digest of a key whose holder says that it is compromised: a request (PEM or DER) signed by that
    key, whose common name is `KEY_PROOF_TEXT`.

    A request made to obtain a certificate proves nothing here: it never said so. Refused: what `read_csr`
    refuses, and `key-report.not-said`.
    """
    read = read_csr(data)
    if read.value is None:
        return read_refused(*read.findings)
    if read.value.common_names != (KEY_PROOF_TEXT,):
        return read_refused(Finding.error("key-report.not-said", "proof", text=KEY_PROOF_TEXT))
    return read_ok(read.value.key.sha256)


def _digest_in(data: bytes) -> str:
    text = data.strip()
    bare = text.replace(b":", b"").replace(b" ", b"").lower()
    if _DIGEST.fullmatch(bare.decode("latin-1")):
        return bare.decode("ascii")
    if text.startswith(b"{"):
        return _of_jwk(json.loads(text))
    return _of_der(take_element(data, _LABELS).raw)


def _of_der(der: bytes) -> str:
    readers: tuple[Callable[[bytes], Any], ...] = (
        load_der_public_key,
        lambda one: x509.load_der_x509_certificate(one).public_key(),
        lambda one: x509.load_der_x509_csr(one).public_key(),
    )
    for read in readers:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns of oddities that do not matter here
                key = read(der)
        except _UNREADABLE:
            continue
        return _digest_of(key)
    raise ValueError("no public key in it")


def _of_jwk(jwk: Any) -> str:
    if not isinstance(jwk, dict):
        raise ValueError("no JWK")  # noqa: TRY004 - one kind of refusal, whatever was sent
    if {"d", "p", "q", "k"} & jwk.keys():
        raise _PrivateKeyError
    if jwk.get("kty") == "RSA":
        modulus, exponent = _number(jwk.get("n")), _number(jwk.get("e"))
        return _digest_of(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    curve = _CURVES.get(str(jwk.get("crv"))) if jwk.get("kty") == "EC" else None
    if curve is None:
        raise ValueError("a kind of key that is never certified")
    return _digest_of(
        ec.EllipticCurvePublicNumbers(_number(jwk.get("x")), _number(jwk.get("y")), curve()).public_key()
    )


def _number(text: Any) -> int:
    """Base64url of a number, as JWK has it [RFC 7518 §2]."""
    try:
        octets = base64.urlsafe_b64decode(f"{text}{'=' * (-len(str(text)) % 4)}")
    except binascii.Error as problem:
        raise ValueError("no base64url") from problem
    number = int.from_bytes(octets, "big")
    if not 0 < number < _LARGEST:
        raise ValueError("a number out of bounds")
    return number


def _digest_of(key: Any) -> str:
    spki: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()
