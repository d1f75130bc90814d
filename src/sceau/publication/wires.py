"""Whole answers as they go over the wire, kept by the exact request that they answer.

A request whose answer is kept costs one look into a table. What makes a request another one is judged once
for each form of its header: anything that is not plainly a GET or a POST of one question (conditions, a body
that waits for leave, an encoding, a connection to be closed) is left to the careful path, which answers it
the same way, only slower. Nothing is decided here: an answer is kept because the desk says so, and dropped
with what it says [ASSURANCE F08].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from sceau.publication.http import Answer
from sceau.status import LARGEST_QUESTION

_END = b"\r\n\r\n"
_POSTED_TO = frozenset((b"/", b"/ocsp", b"/ocsp/"))
_NOT_PLAIN = -1
_SEQUENCE = 0x30
_MOST_FORMS = 1024
_LONGEST_FORM = 2048
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e\x80-\xff \t]*)")
_CHANGES_THE_ANSWER = frozenset(
    (
        *(b"transfer-encoding", b"te", b"trailer", b"expect", b"upgrade", b"range", b"content-encoding"),
        *(b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range"),
        *(b"http2-settings", b"proxy-connection", b"keep-alive"),
    )
)


@dataclass(frozen=True, slots=True)
class Wire:
    """An answer from the line after its date to its last octet, given until `until` (seconds since 1970)."""

    tail: bytes
    until: float


def wire_tail(answer: Answer) -> bytes:
    """The octets of a successful answer after its status line and its date."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return headers.encode("latin-1") + b"\r\n" + answer.body


class Wires:
    """The answers kept. Read by the event loop; written by whoever holds the desk's lock."""

    def __init__(self, *, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._kept: dict[bytes, Wire] = {}
        self._forms: dict[bytes, int] = {}
        self._second = -1
        self._opening = b""

    def answer(self, data: bytes, at: int) -> tuple[bytes, int] | None:
        """The answer to the request that begins at `at`, and where the next one begins; None when it is not
        kept, not whole, or not plain.
        """
        found = self._request(data, at)
        if found is None:
            return None
        key, end = found
        wire = self._kept.get(key)
        if wire is None:
            return None
        now = self._seconds()
        return None if now >= wire.until else (self._opened(now) + wire.tail, end)

    def keep(self, key: bytes, wire: Wire) -> None:
        """Give `wire` to whoever asks `key`: a GET's path as it was sent, or a POST's body (a DER SEQUENCE,
        which no path begins like).
        """
        self._kept[key] = wire

    def drop(self, key: bytes) -> None:
        """Give it no more."""
        self._kept.pop(key, None)

    def _request(self, data: bytes, at: int) -> tuple[bytes, int] | None:
        """The key of the plain request that begins at `at`, and where it ends."""
        head = data.find(_END, at)
        end = head + 4
        if head >= 0 and data.startswith(b"GET /", at):
            cut = data.find(b" ", at + 5, head)
            if cut >= 0 and self._form(data[cut:head]) == 0:
                return data[at + 4 : cut], end
        elif head >= 0 and data.startswith(b"POST /", at):
            cut = data.find(b" ", at + 6, head)
            if cut >= 0 and data[at + 5 : cut] in _POSTED_TO:
                size = self._form(data[cut:head])
                if 0 < size <= len(data) - end and data[end] == _SEQUENCE:
                    return data[end : end + size], end + size
        return None

    def _opened(self, now: float) -> bytes:
        """The status line and the date of this second [RFC 5019 §6.2]."""
        second = int(now)
        if second != self._second:
            date = format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
            self._opening = f"HTTP/1.1 200 OK\r\ndate: {date}\r\n".encode("ascii")
            self._second = second
        return self._opening

    def _form(self, form: bytes) -> int:
        """How many octets of body a request of this form has (everything from the space after its path to
        its last header), or less than none when it is not plain.
        """
        known = self._forms.get(form)
        if known is None:
            known = _judged(form)
            if len(form) <= _LONGEST_FORM:
                if len(self._forms) >= _MOST_FORMS:
                    self._forms.clear()
                self._forms[form] = known
        return known


def _judged(form: bytes) -> int:
    version, *lines = form.split(b"\r\n")
    if version != b" HTTP/1.1" or len(form) > _LONGEST_FORM:
        return _NOT_PLAIN
    size, hosts = b"", 0
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return _NOT_PLAIN
        name, value = header[1].lower(), header[2].strip()
        if name in _CHANGES_THE_ANSWER or (name == b"connection" and value.lower() != b"keep-alive"):
            return _NOT_PLAIN
        if name == b"content-length":
            if size or not value.isdigit() or len(value) > 6:
                return _NOT_PLAIN
            size = value
        hosts += name == b"host"
    octets = int(size or b"0")
    return octets if hosts == 1 and octets <= LARGEST_QUESTION else _NOT_PLAIN
