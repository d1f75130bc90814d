"""An issuer as its lists and answers name it: its exact name, its key identifier, and the hashes a question
gives.

Read from the issuer's certificate, so that what status says and what the certificates say cannot differ
[F50].
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sceau.certification import MlDsaPublicKey, encode, ml_dsa_algorithm
from sceau.status import der
from sceau.status.ocsp_question import CertId, write_cert_id

# AlgorithmIdentifiers: sha256WithRSAEncryption has NULL parameters [RFC 4055 §5], ECDSA has none [RFC
# 5758 §3.2].
_RSA_SHA256 = encode.sequence(encode.oid("1.2.840.113549.1.1.11"), b"\x05\x00")
_ECDSA = {
    "secp256r1": encode.sequence(encode.oid("1.2.840.10045.4.3.2")),
    "secp384r1": encode.sequence(encode.oid("1.2.840.10045.4.3.3")),
}


@dataclass(frozen=True, slots=True)
class IssuerIdentity:
    """One key of an issuer. `name` is the DER of its subject, as its certificate spells it;
    `key_identifier` its SKI; `key_bits` the public key's bit string, over which CertID's key hash is made
    [RFC 6960 §4.1.1].
    """

    code: str
    generation: int
    name: bytes
    key_identifier: bytes
    key_bits: bytes
    algorithm: bytes


def issuer_identity(code: str, generation: int, certificate: bytes) -> IssuerIdentity:
    """The identity of the issuer whose certificate (DER) this is. Raises `ValueError` when it is no CA
    certificate.
    """
    subject, key_bits = _subject_and_key(certificate)
    read = x509.load_der_x509_certificate(certificate)
    try:
        identifier = read.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound as error:
        raise ValueError(f"certificate of {code} carries no subject key identifier") from error
    return IssuerIdentity(code, generation, subject, identifier, key_bits, _algorithm(code, read))


def _algorithm(code: str, read: x509.Certificate) -> bytes:
    """How the issuer signs: its key decides, SHA-256 or better always [F37]."""
    key = read.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return _RSA_SHA256
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _ECDSA:
        return _ECDSA[key.curve.name]
    if isinstance(key, MlDsaPublicKey):
        return ml_dsa_algorithm(key)
    raise ValueError(f"key of {code} is of no kind that issues")


def _subject_and_key(certificate: bytes) -> tuple[bytes, bytes]:
    """DER of the subject, and the content of subjectPublicKey [RFC 5280 §4.1]."""
    body = der.Reader(certificate).enter(der.SEQUENCE).enter(der.SEQUENCE)
    body.take(0xA0)  # version
    body.take(der.INTEGER)
    body.take(der.SEQUENCE)  # signature
    body.take(der.SEQUENCE)  # issuer
    body.take(der.SEQUENCE)  # validity
    subject = body.take_whole(der.SEQUENCE)
    return subject, key_bits_of(body.take_whole(der.SEQUENCE))


def key_bits_of(spki: bytes) -> bytes:
    """The content of subjectPublicKey, over which key hashes and identifiers are made [RFC 5280 §4.2.1.2
    (1)].
    """
    key = der.Reader(spki).enter(der.SEQUENCE)
    key.take(der.SEQUENCE)
    return key.take(der.BIT_STRING)[1:]


def cert_ids(issuer: IssuerIdentity, serial: int) -> tuple[bytes, bytes]:
    """The two CertIDs (DER) by which a certificate of `issuer` may be asked about: SHA-1, SHA-256."""
    sha1, sha256 = (
        write_cert_id(
            name,
            name_hash=_digest(name, issuer.name),
            key_hash=_digest(name, issuer.key_bits),
            serial=serial,
        )
        for name in ("sha1", "sha256")
    )
    return sha1, sha256


class IssuerDirectory:
    """Finds the issuer that a CertID means, by the hashes of its name and key together."""

    def __init__(self, issuers: Iterable[IssuerIdentity]) -> None:
        self._by_hashes: dict[tuple[bytes, bytes], IssuerIdentity] = {}
        for issuer in issuers:
            for name in ("sha1", "sha256"):
                hashes = (_digest(name, issuer.name), _digest(name, issuer.key_bits))
                self._by_hashes[hashes] = issuer

    def find(self, asked: CertId) -> IssuerIdentity | None:
        """The issuer asked about, None when it is none of ours."""
        return self._by_hashes.get((asked.name_hash, asked.key_hash))


def _digest(name: str, data: bytes) -> bytes:
    if name == "sha1":  # an identifier here, never a protection [RFC 5019 §2.1.1]
        return hashlib.sha1(data, usedforsecurity=False).digest()
    return hashlib.sha256(data).digest()
