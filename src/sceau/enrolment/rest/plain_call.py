"""A call for certificates that is plainly one, read from its octets in one look.

What plain means is narrow: this address, HTTP/1.1, headers from a short list, each once and in the form that
programs send, a token, a body whose length is told and that is here. Anything else, and everything doubtful
about where a request ends (chunks, two lengths, a line that folds), is nobody's to guess here: the careful
path reads it, and answers a plain call the same way, only slower [ASSURANCE T31].
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sceau.catalogue import Language
from sceau.enrolment.rest.incoming import read_language
from sceau.enrolment.rest.routes import SMALL

_OPENING = b"POST /api/v1/certificates HTTP/1.1\r\n"
_END = b"\r\n\r\n"
_LONGEST_HEAD = 4096
_LINE = re.compile(rb"([A-Za-z-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)\r\n")
_LENGTH = re.compile(rb"[1-9][0-9]{0,4}")
_KEY = re.compile(rb"[A-Za-z0-9._~-]{1,40}")
_BEARER = re.compile(rb"Bearer ([\x21-\x7e]{1,256})")
_NEEDED = frozenset((b"host", b"authorization", b"content-type", b"content-length", b"idempotency-key"))
_KNOWN = _NEEDED | frozenset(
    (b"accept", b"accept-encoding", b"accept-language", b"user-agent", b"connection")
)


@dataclass(slots=True)
class PlainCall:
    """What the call shows and asks, and where in what was read it ends."""

    authorization: bytes
    secret: str
    key: str
    language: Language
    body: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A plain head; the body is not all here."""


UNFINISHED = Unfinished()


def read_plain_call(data: bytes) -> PlainCall | Unfinished | None:
    """The call that `data` begins with; None when it is not plainly one."""
    if not data.startswith(_OPENING):
        return None
    cut = data.find(_END, len(_OPENING), _LONGEST_HEAD)
    found = {} if cut < 0 else _headers(data[len(_OPENING) : cut + 2])
    if not found or not found.keys() >= _NEEDED:
        return None
    bearer = _BEARER.fullmatch(found[b"authorization"])
    length, key = found[b"content-length"], found[b"idempotency-key"]
    is_plain = (
        bearer is not None
        and _LENGTH.fullmatch(length)
        and _KEY.fullmatch(key)
        and found[b"content-type"] == b"application/json"
        and found.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    )
    if bearer is None or not is_plain or (size := int(length)) > SMALL:
        return None
    begin = cut + len(_END)
    if len(data) - begin < size:
        return UNFINISHED
    return PlainCall(
        bearer.string,
        bearer[1].decode("ascii"),
        key.decode("ascii"),
        _language(found.get(b"accept-language")),
        data[begin : begin + size],
        begin + size,
    )


def _headers(head: bytes) -> dict[bytes, bytes]:
    """The headers by their names in small letters; none when one is not plain, or there twice."""
    found: dict[bytes, bytes] = {}
    size = 0
    for spelled, value in _LINE.findall(head):
        name = spelled.lower()
        if name in found:
            return {}
        found[name] = value
        size += len(name) + len(value) + 4
    is_all = size == len(head)  # else something stands between two of them
    return found if is_all and found.keys() <= _KNOWN else {}


def _language(wish: bytes | None) -> Language:
    return Language.FRENCH if wish is None else read_language([(b"accept-language", wish)])
