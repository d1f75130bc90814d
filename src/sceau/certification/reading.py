"""A certificate to be signed, taken apart again for the examiner: by our strict reader and by the library's.

Shares nothing with what builds. What one of the two cannot read, or both read differently, is no certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sceau.certification.der import BOOLEAN, SEQUENCE, Node, parse

_EMPTY_SIGNATURE = b"\x03\x01\x00"
_LIBRARY_REFUSALS = (
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)


@dataclass(frozen=True, slots=True)
class ReadExtension:
    """One extension as encoded: criticality and the content of its OCTET STRING."""

    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class ReadCertificate:
    """The parts of a TBSCertificate, each as its own octets, and the same thing as the library reads it.

    `subject` is the RDNs in order, each a set of (attribute OID, string tag, text).
    """

    parts: tuple[Node, ...]
    subject: tuple[frozenset[tuple[str, int, str]], ...]
    extensions: dict[str, ReadExtension]
    library: x509.Certificate

    @property
    def algorithm(self) -> bytes:
        """DER of the signature AlgorithmIdentifier inside the signed part."""
        return self.parts[2].raw

    @property
    def issuer(self) -> bytes:
        """DER of the issuer's name."""
        return self.parts[3].raw

    @property
    def spki(self) -> bytes:
        """DER of the SubjectPublicKeyInfo."""
        return self.parts[6].raw


def read_tbs(tbs: bytes) -> ReadCertificate:
    """Take `tbs` apart. Raises ValueError when it is no strict v3 TBSCertificate, or read differently by the
    two.
    """
    top = parse(tbs)
    parts = top.sequence(8)
    if parts[1].integer() <= 0:
        raise ValueError("a serial is positive")
    extensions = _extensions(parts[7])
    try:
        read = x509.load_der_x509_certificate(_wrapped(tbs, parts[2].raw))
        theirs = {one.oid.dotted_string: one.critical for one in read.extensions}
        serial = read.serial_number
        read.public_key()
    except _LIBRARY_REFUSALS as problem:
        raise ValueError(str(problem)) from problem
    if theirs != {oid: one.critical for oid, one in extensions.items()} or serial != parts[1].integer():
        raise ValueError("two readers, two certificates")
    return ReadCertificate(parts, tuple(_rdn(rdn) for rdn in parts[5].sequence(0, 50)), extensions, read)


@lru_cache(maxsize=1024)
def library_key(spki: bytes) -> PublicKeyTypes | None:
    """The library's reading of a SubjectPublicKeyInfo, None when it has none. Kept for the next look at the
    same octets.
    """
    try:
        return load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        return None


def subject_octets(certificate: bytes) -> bytes:
    """DER of the subject's name of a complete certificate, as its own octets."""
    return parse(certificate).children[0].children[5].raw


def _wrapped(tbs: bytes, algorithm: bytes) -> bytes:
    """A certificate with an empty signature: the library reads nothing smaller."""
    body = tbs + algorithm + _EMPTY_SIGNATURE
    size = max(2, (len(body).bit_length() + 7) // 8)
    return bytes((SEQUENCE, 0x80 | size)) + len(body).to_bytes(size, "big") + body


def _extensions(wrapper: Node) -> dict[str, ReadExtension]:
    if wrapper.tag != 0xA3 or len(wrapper.children) != 1:
        raise ValueError("no extensions")
    found: dict[str, ReadExtension] = {}
    for node in wrapper.children[0].sequence(1, 50):
        parts = node.sequence(2, 3)
        critical = len(parts) == 3 and parts[1].tag == BOOLEAN and parts[1].content == b"\xff"
        oid = parts[0].oid()
        if oid in found or critical != (len(parts) == 3):
            raise ValueError(f"extension {oid} twice, or its criticality not in DER")
        found[oid] = ReadExtension(critical, parts[-1].octets())
        parse(found[oid].value)
    return found


def _rdn(rdn: Node) -> frozenset[tuple[str, int, str]]:
    pairs = [attribute.sequence(2) for attribute in rdn.children]
    found = frozenset((kind.oid(), value.tag, value.text()) for kind, value in pairs)
    if len(found) != len(pairs) or not pairs:
        raise ValueError("an RDN with a value twice, or none")
    return found
