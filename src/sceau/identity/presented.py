"""What a certificate at the door says of itself, told back to whoever presented it.

For the diagnosis of a card that does not open the service: nothing here is believed or checked, and nothing
is told that the certificate does not carry. Whether it opens anything is `card.read_card`'s matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_LARGEST = 16 * 1024
_LONGEST_TEXT = 120
_NAMED_BY = (
    NameOID.COMMON_NAME,
    NameOID.PSEUDONYM,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.ORGANIZATION_NAME,
)


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """What stands in a certificate: whose it says to be, who it says issued it, when it says to be valid.

    Texts are cut at 120 characters and hold nothing unprintable; times are UTC; `serial` is hexadecimal.
    """

    name: str
    identifier: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key: str


def describe_presented(certificate_der: bytes) -> PresentedCertificate | None:
    """What `certificate_der` says of itself; None when it cannot be read at all."""
    if not 0 < len(certificate_der) <= _LARGEST:
        return None
    try:
        read = x509.load_der_x509_certificate(certificate_der)
        first, last = (_text(read.subject, oid) for oid in (NameOID.GIVEN_NAME, NameOID.SURNAME))
        identifier = _text(read.subject, NameOID.COMMON_NAME)
        return PresentedCertificate(
            name=f"{first} {last}".strip() or _named(read.subject),
            identifier=identifier,
            issuer=_named(read.issuer),
            serial=f"{read.serial_number:X}",
            not_before=read.not_valid_before_utc,
            not_after=read.not_valid_after_utc,
            key=_key(read),
        )
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        return None


def _named(name: x509.Name) -> str:
    return next((text for text in (_text(name, oid) for oid in _NAMED_BY) if text), "")


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    text = found[0].value if found else ""
    if isinstance(text, bytes):
        return ""
    return "".join(one if one.isprintable() else "�" for one in text)[:_LONGEST_TEXT].strip()


def _key(read: x509.Certificate) -> str:
    key = read.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"courbe {key.curve.name}"
    return "autre"
