"""Reading the DER [X.690 §10] of questions and lists, strictly and fast.

Refuses whatever is not the one DER spelling (indefinite or overlong lengths, trailing bytes). It knows no
structure: those are in `crl`, `ocsp_question`, `ocsp_answer`. Writing is `certification.encode`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
SEQUENCE = 0x30


class NotDerError(ValueError):
    """These bytes are not the DER that was expected. Never crosses the room's front door."""


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
