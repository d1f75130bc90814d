"""Keys of the delegated OCSP responders: kept apart from the CA keys, on the publishing machine, short-lived.

A folder with one pair of files a generation of an issuer. A new key waits beside the one in use until its
certificate came; then they change places at once. The key file is closed to others and not encrypted: the
service must start by itself, and the key can do nothing but answer for a month.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sceau.custody.folders import make_private_folder, replace_file
from sceau.custody.keys import key_name
from sceau.custody.software import SoftwareKey
from sceau.status import responder_is_due
from sceau.vocabulary import Fault

_LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Responder:
    """A delegated responder ready to answer, as `status.OcspSigner`."""

    certificate: bytes
    key_hash: bytes
    key: SoftwareKey
    not_before: datetime
    not_after: datetime

    @property
    def algorithm(self) -> bytes:
        """DER AlgorithmIdentifier of its signatures."""
        return self.key.algorithm

    def sign(self, data: bytes) -> bytes:
        """Signature over `data`."""
        return self.key.sign(data)


class ResponderFolder:
    """The responders' keys and certificates under `folder`. May be shared by threads, and by processes that
    read.
    """

    def __init__(self, folder: Path) -> None:
        make_private_folder(folder)
        self._folder = folder
        self._kept: dict[str, tuple[float, Responder | None]] = {}
        self._lock = threading.Lock()

    def current(self, issuer: str, generation: int) -> Responder | None:
        """The responder in use, None before the first. A new one is noticed within two seconds."""
        name = key_name(issuer, generation)
        now = time.monotonic()
        with self._lock:
            looked, responder = self._kept.get(name, (-_LOOK_AGAIN_SECONDS, None))
            if now - looked >= _LOOK_AGAIN_SECONDS:
                responder = self._load(name, responder)
                self._kept[name] = (now, responder)
            return responder

    def is_due(self, issuer: str, generation: int, *, at: datetime) -> bool:
        """Whether a responder certificate has to be made now: none yet, or half of its life is over [F09]."""
        responder = self.current(issuer, generation)
        if responder is None:
            return True
        return responder_is_due(not_before=responder.not_before, not_after=responder.not_after, at=at)

    def new_key(self, issuer: str, generation: int) -> bytes:
        """Make a P-256 key that waits for its certificate; returns its DER SubjectPublicKeyInfo.

        One that was waiting already (after a crash between asking and installing) is dropped: its
        certificate is never used.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        waiting = self._path(key_name(issuer, generation), "next.pem")
        replace_file(
            waiting, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600
        )
        return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def install(self, issuer: str, generation: int, certificate: bytes) -> None:
        """Put the waiting key to use with its certificate (DER). Raises `Fault` (``responder.other-key``)."""
        name = key_name(issuer, generation)
        waiting = self._path(name, "next.pem")
        key = _read_key(waiting)
        read = x509.load_der_x509_certificate(certificate)
        mine = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != mine:
            raise Fault("responder.other-key", retryable=False, detail=name)
        # Key and certificate in one file, so that no reader ever sees a pair that does not match.
        pair = waiting.read_bytes() + read.public_bytes(Encoding.PEM)
        replace_file(self._path(name, "pem"), pair, mode=0o600)
        waiting.unlink()
        with self._lock:
            self._kept.pop(name, None)

    def _path(self, name: str, end: str) -> Path:
        return self._folder / f"{name}.{end}"

    def _load(self, name: str, former: Responder | None) -> Responder | None:
        path = self._path(name, "pem")
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except FileNotFoundError:
            return None
        der = certificate.public_bytes(Encoding.DER)
        if former is not None and former.certificate == der:
            return former
        bits = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
        key = SoftwareKey(_read_key(path))
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return Responder(der, bits, key, begins, ends)


def _read_key(path: Path) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise Fault("responder.no-key", retryable=False, detail=str(path)) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Fault("responder.no-key", retryable=False, detail=str(path))
    return key
