"""A certification request divided into its parts [RFC 2986 §4], each in strict DER.

Two ways to the same parts. The long one reads every element of the file. The short one knows where the parts
of a request must lie, takes a key between the octets that all good keys share and an algorithm as nearly
everybody writes it, and reads the rest as the long one does; what it does not know goes the long way. It
takes nothing that the long way refuses, and gives the same parts (tested).

Where the parts lay is kept: a request of that length with the same octets around them is cut in one step.
"""

from __future__ import annotations

from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from sceau.certification.csr_signature import USUAL, Scheme
from sceau.certification.der import BIT_STRING, SEQUENCE, Flaw, Node, NotStrictError, extent_of, parse_inside
from sceau.certification.keys import is_framed
from sceau.certification.remembered import Remembered

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


class _Layout(NamedTuple):
    """Where the parts of one request lay, and what stood around them: up to the subject's content, before
    the attributes' content, from there to the signature. All tags and lengths that decide where a part lies
    are among these octets, or in the key, which is held to its frame each time.
    """

    pieces: Struct
    around: tuple[bytes, bytes, bytes]
    info: slice
    subject: tuple[int, int]
    attributes: tuple[int, int]
    algorithm: Scheme

    def divide(self, der: bytes) -> Parts | None:
        """The parts of another request of the same length, None when it has other octets around them."""
        head, _, key, mark, _, middle, signature = self.pieces.unpack(der)
        if (head, mark, middle) != self.around or not is_framed(key):
            return None
        subject = parse_inside(der, *self.subject, depth=2)
        attributes = parse_inside(der, *self.attributes, depth=2)
        return Parts(der[self.info], 0, subject, key, attributes, self.algorithm, signature)


_MOST_LENGTHS, _MOST_OF_A_LENGTH = 512, 4
_LAYOUTS: Remembered[int, tuple[_Layout, ...]] = Remembered(_MOST_LENGTHS)


def forget_layouts() -> None:
    """Look for the parts of the next request of each length again."""
    _LAYOUTS.forget()


def divide(der: bytes) -> Parts | None:
    """The parts of a request as nearly everybody writes it, None for any other octets."""
    layouts = _LAYOUTS.get(len(der)) or ()
    try:
        for layout in layouts:
            parts = layout.divide(der)
            if parts is not None:
                return parts
        own = _lay_out(der)
        parts = None if own is None else own.divide(der)
    except (NotStrictError, IndexError):
        return None
    if own is not None and parts is not None:
        _LAYOUTS.keep(len(der), (own, *layouts[: _MOST_OF_A_LENGTH - 1]))
    return parts


def _lay_out(der: bytes) -> _Layout | None:
    tag, info_at, end = extent_of(der, 0, len(der))
    info_tag, version_at, info_end = extent_of(der, info_at, end)
    subject_at = version_at + len(_VERSION_1)
    if (tag, info_tag, end) != (SEQUENCE, SEQUENCE, len(der)) or not der.startswith(_VERSION_1, version_at):
        return None
    _, name_at, key_at = extent_of(der, subject_at, info_end)
    attributes_at = extent_of(der, key_at, info_end)[2]
    _, content_at, attributes_end = extent_of(der, attributes_at, info_end)
    algorithm_end = extent_of(der, info_end, end)[2]
    bits_tag, bits_at, bits_end = extent_of(der, algorithm_end, end)
    key, algorithm = der[key_at:attributes_at], USUAL.get(der[info_end:algorithm_end])
    is_sealed = (bits_tag, bits_end) == (BIT_STRING, end) and der[bits_at] == 0
    is_closed = der[attributes_at] == _ATTRIBUTES and attributes_end == info_end
    if algorithm is None or not is_sealed or not is_closed or not is_framed(key):
        return None
    marks = (0, name_at, key_at, attributes_at, content_at, info_end, bits_at + 1, end)
    pieces = Struct("".join([f"{past - begin}s" for begin, past in pairwise(marks)]))
    around = der[:name_at], der[attributes_at:content_at], der[info_end : bits_at + 1]
    info, subject, attributes = slice(info_at, info_end), (subject_at, key_at), (attributes_at, info_end)
    return _Layout(pieces, around, info, subject, attributes, algorithm)


def divide_read(request: Node) -> Parts:
    """The parts of a request that was read whole. Raises `NotStrictError` when it has others."""
    info, algorithm, signature = request.sequence(3)
    version, subject, spki, attributes = info.sequence(4)
    if attributes.tag != _ATTRIBUTES:
        raise NotStrictError(Flaw.SHAPE, attributes.start)
    usual = USUAL.get(algorithm.raw, algorithm)
    return Parts(info.raw, version.integer(), subject, spki.raw, attributes, usual, signature.bits())
