"""The body of a certificate as the signer reads it for itself: its fields, in one walk over strict DER.

It reads what the signer has to know before its key comes near, and nothing else: what only a subscriber's
profile says is `certification`'s second reading. What is not the one DER spelling, or not a v3 certificate in
the order of its fields, is not read [RFC 5280 §4.1, X.690 §10].
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

_VERSION_3 = b"\xa0\x03\x02\x01\x02"
_SEQUENCE, _INTEGER, _BOOLEAN, _OCTETS, _OID, _BITS = 0x30, 0x02, 0x01, 0x04, 0x06, 0x03
_CONTEXT_0, _EXTENSIONS = 0x80, 0xA3
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_TRUE = b"\xff"
KEY_USAGE, BASIC_CONSTRAINTS, AUTHORITY_KEY = b"\x55\x1d\x0f", b"\x55\x1d\x13", b"\x55\x1d\x23"
_CERT_SIGN, _CRL_SIGN = 0x04, 0x02


@dataclass(frozen=True, slots=True)
class Body:
    """A TBSCertificate. `algorithm`, `issuer` and `spki` are whole DER elements; `extensions` the contents of
    the OCTET STRINGs, under the content of their identifiers. `key_identifier` is which key of the issuer it
    says it is under, None when it doesn't say [RFC 5280 §4.2.1.1].
    """

    serial: int
    algorithm: bytes
    issuer: bytes
    begins: datetime
    ends: datetime
    spki: bytes
    extensions: dict[bytes, bytes]
    key_identifier: bytes | None

    @property
    def may_certify(self) -> bool:
        """Whether anything in it lets it act as an authority; one without any key usage could do everything
        [F23].
        """
        usage, constraints = self.extensions.get(KEY_USAGE), self.extensions.get(BASIC_CONSTRAINTS)
        if usage is None or len(usage) < 4 or usage[0] != _BITS or usage[1] != len(usage) - 2:
            return True
        if usage[3] & (_CERT_SIGN | _CRL_SIGN):
            return True
        return (
            constraints is not None and constraints != b"\x30\x00"
        )  # not the one spelling of *no authority*


def read_body(tbs: bytes) -> Body:
    """Read `tbs`. Raises ValueError."""
    at, end = _inside(tbs)
    if tbs[at : at + 5] != _VERSION_3:
        raise ValueError("no version 3")
    serial, at = _field(tbs, at + 5, end, _INTEGER)
    algorithm, at = _whole(tbs, at, end)
    issuer, at = _whole(tbs, at, end)
    validity, at = _field(tbs, at, end, _SEQUENCE)
    begins, ends = _validity(validity)
    _, at = _field(tbs, at, end, _SEQUENCE)  # the subject: whose it is is not the signer's matter
    spki, at = _whole(tbs, at, end)
    wrapper, at = _field(tbs, at, end, _EXTENSIONS)
    if at != end:
        raise ValueError("fields after the extensions")
    found = _extensions(wrapper)
    named = _key_identifier(found.get(AUTHORITY_KEY))
    return Body(_number(serial), algorithm, issuer, begins, ends, spki, found, named)


def _key_identifier(value: bytes | None) -> bytes | None:
    if value is None:
        return None
    start, end = _inside(value)
    if start == end or value[start] != _CONTEXT_0:
        return None
    first, last = _span(value, start, end)
    return value[first:last]


def _extensions(wrapper: bytes) -> dict[bytes, bytes]:
    at, end = _inside(wrapper)
    found: dict[bytes, bytes] = {}
    while at < end:
        if wrapper[at] != _SEQUENCE:
            raise ValueError("an extension is a sequence")
        at, last = _span(wrapper, at, end)
        name, at = _field(wrapper, at, last, _OID)
        if at < last and wrapper[at] == _BOOLEAN:
            critical, at = _field(wrapper, at, last, _BOOLEAN)
            if critical != _TRUE:
                raise ValueError("criticality not in its one spelling")
        value, at = _field(wrapper, at, last, _OCTETS)
        if at != last or name in found:
            raise ValueError("an extension twice, or more than one")
        found[name] = value
    return found


def _validity(content: bytes) -> tuple[datetime, datetime]:
    first, at = _time(content, 0)
    second, at = _time(content, at)
    if at != len(content):
        raise ValueError("two times, no more")
    return first, second


def _time(content: bytes, at: int) -> tuple[datetime, int]:
    """UTCTime until 2049, GeneralizedTime from 2050 on [RFC 5280 §4.1.2.5]."""
    tag = content[at]
    start, end = _span(content, at, len(content))
    text = content[start:end]
    if tag == _UTC_TIME and len(text) == 13:
        text = (b"20" if text < b"5" else b"19") + text
    elif tag != _GENERALIZED_TIME or text < b"2050":
        raise ValueError("no time")
    digits = text[:14]
    if len(text) != 15 or text[14:] != b"Z" or not digits.isdigit():
        raise ValueError("no time")
    month, day, hour, minute, second = (int(digits[place : place + 2]) for place in range(4, 14, 2))
    return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC), end


def _number(content: bytes) -> int:
    if not content or (len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80):
        raise ValueError("integer not in its one spelling")
    return int.from_bytes(content, "big", signed=True)


def _inside(data: bytes) -> tuple[int, int]:
    """Where the content of the SEQUENCE that `data` is begins and ends."""
    if not data or data[0] != _SEQUENCE:
        raise ValueError("no sequence")
    start, end = _span(data, 0, len(data))
    if end != len(data):
        raise ValueError("something after the end")
    return start, end


def _field(data: bytes, at: int, limit: int, tag: int) -> tuple[bytes, int]:
    """The content of the element at `at`, which must carry `tag`, and where the next one begins."""
    if at >= limit or data[at] != tag:
        raise ValueError(f"no element {tag:#04x}")
    start, end = _span(data, at, limit)
    return data[start:end], end


def _whole(data: bytes, at: int, limit: int) -> tuple[bytes, int]:
    if at >= limit or data[at] != _SEQUENCE:
        raise ValueError("no sequence")
    _, end = _span(data, at, limit)
    return data[at:end], end


def _span(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends: definite lengths, as short as they can be."""
    if at + 2 > limit:
        raise ValueError("cut short")
    first = data[at + 1]
    start = at + 2
    if first >= 0x80:
        size = first & 0x7F
        start += size
        if not 1 <= size <= 3 or start > limit:
            raise ValueError("length")
        first = int.from_bytes(data[at + 2 : start], "big")
        if first < 0x80 or data[at + 2] == 0:
            raise ValueError("length not in its one spelling")
    end = start + first
    if end > limit:
        raise ValueError("cut short")
    return start, end
