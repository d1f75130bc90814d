"""A certification request divided into its parts [RFC 2986 §4], each in strict DER.

Two ways to the same parts. The long one reads every element of the file. The short one knows where the parts
of a request must lie, takes a key between the octets that all good keys share and an algorithm as nearly
everybody writes it, and reads the rest as the long one does; what it does not know goes the long way. It
takes nothing that the long way refuses, and gives the same parts (tested).
"""

from __future__ import annotations

from typing import NamedTuple

from sceau.certification.csr_signature import USUAL, Scheme
from sceau.certification.der import BIT_STRING, SEQUENCE, Flaw, Node, NotStrictError, extent_of, parse_inside
from sceau.certification.keys import is_framed

_ATTRIBUTES = 0xA0
_VERSION_1 = b"\x02\x01\x00"


class Parts(NamedTuple):
    """What a request is made of: `info` are the octets that are signed, `key` those of the
    SubjectPublicKeyInfo, `signature` those of the signature; `algorithm` is the scheme where it is a usual
    one.
    """

    info: bytes
    version: int
    subject: Node
    key: bytes
    attributes: Node
    algorithm: Scheme | Node
    signature: bytes


def divide(der: bytes) -> Parts | None:
    """The parts of a request as nearly everybody writes it, None for any other octets."""
    try:
        return _divide(der)
    except (NotStrictError, IndexError):
        return None


def _divide(der: bytes) -> Parts | None:
    tag, info_at, end = extent_of(der, 0, len(der))
    info_tag, version_at, info_end = extent_of(der, info_at, end)
    subject_at = version_at + len(_VERSION_1)
    if (tag, info_tag, end) != (SEQUENCE, SEQUENCE, len(der)) or not der.startswith(_VERSION_1, version_at):
        return None
    key_at = extent_of(der, subject_at, info_end)[2]
    attributes_at = extent_of(der, key_at, info_end)[2]
    algorithm_end = extent_of(der, info_end, end)[2]
    bits_tag, bits_at, bits_end = extent_of(der, algorithm_end, end)
    key, algorithm = der[key_at:attributes_at], USUAL.get(der[info_end:algorithm_end])
    is_sealed = (bits_tag, bits_end) == (BIT_STRING, end) and der[bits_at] == 0
    if algorithm is None or not is_sealed or der[attributes_at] != _ATTRIBUTES or not is_framed(key):
        return None
    subject = parse_inside(der, subject_at, key_at, depth=2)
    attributes = parse_inside(der, attributes_at, info_end, depth=2)
    return Parts(der[info_at:info_end], 0, subject, key, attributes, algorithm, der[bits_at + 1 : end])


def divide_read(request: Node) -> Parts:
    """The parts of a request that was read whole. Raises `NotStrictError` when it has others."""
    info, algorithm, signature = request.sequence(3)
    version, subject, spki, attributes = info.sequence(4)
    if attributes.tag != _ATTRIBUTES:
        raise NotStrictError(Flaw.SHAPE, attributes.start)
    usual = USUAL.get(algorithm.raw, algorithm)
    return Parts(info.raw, version.integer(), subject, spki.raw, attributes, usual, signature.bits())
