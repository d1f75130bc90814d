"""Where the entries of a list lie, found without touching them: a head, a run of entries, a foot.

Reads the handful of headers around revokedCertificates [RFC 5280 §5.1.2], strictly, and no entry. So that
what was read before, or must only be compared, costs no walk.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.status import der
from sceau.status.der import NotDerError

_TIMES = (0x17, 0x18)


@dataclass(frozen=True, slots=True)
class Shape:
    """Places in a list's octets. `front` is where the fields of TBSCertList begin, `header` where the header
    of revokedCertificates does; its entries run from `begins` to `ends` (equal: none), the rest of
    TBSCertList to `foot`.
    """

    front: int
    header: int
    begins: int
    ends: int
    foot: int


def read_shape(data: bytes, *, is_signed: bool) -> Shape:
    """The shape of a TBSCertList, or of a complete signed list. Raises `ValueError` (`NotDerError`)."""
    at, end = 0, len(data)
    if is_signed:
        at, end = _span(data, at, end, (der.SEQUENCE,))
    front, foot = _span(data, at, end, (der.SEQUENCE,))
    if not is_signed and foot != end:
        raise NotDerError("bytes after the list")
    _, at = _span(data, front, foot, (der.INTEGER,))
    _, at = _span(data, at, foot, (der.SEQUENCE,))
    _, at = _span(data, at, foot, (der.SEQUENCE,))
    _, at = _span(data, at, foot, _TIMES)
    if at < foot and data[at] in _TIMES:
        _, at = _span(data, at, foot, _TIMES)
    if at == foot or data[at] != der.SEQUENCE:
        return Shape(front, at, at, at, foot)
    begins, ends = _span(data, at, foot, (der.SEQUENCE,))
    return Shape(front, at, begins, ends, foot)


def _span(data: bytes, at: int, limit: int, tags: tuple[int, ...]) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends."""
    if at + 2 > limit or data[at] not in tags:
        raise NotDerError(f"expected tag {tags[0]:#04x}")
    count, start = data[at + 1], at + 2
    if count >= 0x80:
        size = count & 0x7F
        start += size
        if not 1 <= size <= 4 or start > limit:
            raise NotDerError("length not in its one spelling")
        count = int.from_bytes(data[at + 2 : start], "big")
        if count < 0x80 or data[at + 2] == 0:
            raise NotDerError("length longer than needed")
    if start + count > limit:
        raise NotDerError("element longer than its container")
    return start, start + count
