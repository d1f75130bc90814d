"""The little of DER [X.690 §10] that status needs: to write lists and answers fast, to read questions
strictly.

Writing takes contents and gives complete elements; reading refuses whatever is not the one DER spelling
(indefinite or overlong lengths, trailing bytes). It knows no structure: those are in `crl`,
`ocsp_question`, `ocsp_answer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
UTC_TIME, GENERALIZED_TIME, SEQUENCE = 0x17, 0x18, 0x30
TRUE = b"\x01\x01\xff"


class NotDerError(ValueError):
    """These bytes are not the DER that was expected. Never crosses the room's front door."""


def length(count: int) -> bytes:
    """The length octets for `count` content octets."""
    if count < 0x80:
        return bytes((count,))
    size = (count.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + count.to_bytes(size, "big")


def element(tag: int, *contents: bytes) -> bytes:
    """One element around `contents`, in order."""
    content = contents[0] if len(contents) == 1 else b"".join(contents)
    return bytes((tag,)) + length(len(content)) + content


def sequence(*contents: bytes) -> bytes:
    """SEQUENCE of complete elements."""
    return element(SEQUENCE, *contents)


def explicit(number: int, *contents: bytes) -> bytes:
    """Context tag [number], explicit: around complete elements."""
    return element(0xA0 | number, *contents)


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    if value < 0:
        raise ValueError("no negative number is written in a status")
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """OCTET STRING."""
    return element(OCTET_STRING, value)


def bits(value: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return element(BIT_STRING, b"\0" + value)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *arcs = (int(arc) for arc in dotted.split("."))
    return element(OID, _base128(first * 40 + second), *(_base128(arc) for arc in arcs))


def _base128(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | (arc & 0x7F))
    return bytes(reversed(groups))


def generalized_time(at: datetime) -> bytes:
    """GeneralizedTime to the second, UTC [RFC 5280 §4.1.2.5.2]."""
    return element(GENERALIZED_TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode("ascii"))


def time(at: datetime) -> bytes:
    """UTCTime through 2049, GeneralizedTime after [RFC 5280 §5.1.2.4]."""
    moment = at.astimezone(UTC)
    if 1950 <= moment.year < 2050:
        return element(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode("ascii"))
    return generalized_time(moment)


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """Extension [RFC 5280 §4.1]: `value` is the DER inside the OCTET STRING."""
    return sequence(oid(dotted), TRUE if critical else b"", octets(value))


class Reader:
    """Reads elements one after the other from strict DER."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._end = len(data)

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self._at == self._end

    def next_tag(self) -> int | None:
        """Tag of the next element, None at the end."""
        return None if self.done else self._data[self._at]

    def take_whole(self, tag: int) -> bytes:
        """The next element, header included, which must have `tag`."""
        start = self._at
        self.take(tag)
        return self._data[start : self._at]

    def take(self, tag: int) -> bytes:
        """The content of the next element, which must have `tag`."""
        if self.next_tag() != tag:
            raise NotDerError(f"expected tag {tag:#04x}, found {self.next_tag()}")
        start, count = self._header()
        if start + count > self._end:
            raise NotDerError("element longer than its container")
        self._at = start + count
        return self._data[start : self._at]

    def enter(self, tag: int) -> Reader:
        """A reader over the content of the next element."""
        return Reader(self.take(tag))

    def close(self) -> None:
        """Refuse what is left over."""
        if not self.done:
            raise NotDerError("bytes after the last element")

    def _header(self) -> tuple[int, int]:
        """Where the content starts and how long it is."""
        try:
            first = self._data[self._at + 1]
            start = self._at + 2
            if first < 0x80:
                return start, first
            size = first & 0x7F
            field = self._data[start : start + size]
            if not 1 <= size <= 4 or len(field) != size or field[0] == 0:
                raise NotDerError("length not in its one spelling")
            count = int.from_bytes(field, "big")
        except IndexError as error:
            raise NotDerError("cut short") from error
        if count < 0x80:
            raise NotDerError("length longer than needed")
        return start + size, count


def read_integer(content: bytes) -> int:
    """The value of an INTEGER's content, minimal as DER asks."""
    if not content or (len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80):
        raise NotDerError("integer not in its one spelling")
    return int.from_bytes(content, "big", signed=True)


def elements(data: bytes, tag: int) -> Iterator[bytes]:
    """Each complete element of `data`, all of which must have `tag`."""
    reader = Reader(data)
    while not reader.done:
        yield reader.take_whole(tag)
