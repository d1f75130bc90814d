"""Writing DER: the few elements that certificates, lists and answers are made of, each in its one encoding
[X.690 §8, §10–11].

Exact and deterministic, so that the same facts give the same bytes and golden files mean something. The only
writer of the house; reading, and judging what others wrote, is others'.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

TRUE = b"\x01\x01\xff"
NULL = b"\x05\x00"


def length(count: int) -> bytes:
    """The length octets for `count` content octets, as few as can be."""
    if count < 0x80:
        return bytes((count,))
    size = (count.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + count.to_bytes(size, "big")


@lru_cache(maxsize=4096)
def head(tag: int, count: int) -> bytes:
    """What stands before `count` content octets: identifier, minimal length."""
    return bytes((tag,)) + length(count)


def element(tag: int, *contents: bytes) -> bytes:
    """Identifier, minimal length, contents."""
    content = contents[0] if len(contents) == 1 else b"".join(contents)
    return head(tag, len(content)) + content


def sequence(*contents: bytes) -> bytes:
    """SEQUENCE of the given elements."""
    return element(0x30, *contents)


def set_of(*contents: bytes) -> bytes:
    """SET OF the given elements, put in ascending order of their encodings [X.690 §11.6]."""
    return element(0x31, *sorted(contents)) if len(contents) != 1 else element(0x31, contents[0])


def integer(value: int) -> bytes:
    """INTEGER; never negative here."""
    if value < 0:
        raise ValueError("no negative integer is written here")
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@lru_cache(maxsize=256)
def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *arcs = (int(arc) for arc in dotted.split("."))
    return element(0x06, *(_base128(arc) for arc in (40 * first + second, *arcs)))


def octets(content: bytes) -> bytes:
    """OCTET STRING."""
    return element(0x04, content)


def bits(content: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return element(0x03, b"\0", content)


def signed(content: bytes, algorithm: bytes, signature: bytes) -> bytes:
    """What every signed object is: the content, the algorithm, the signature as a BIT STRING [RFC 5280
    §4.1, §5.1]. The same octets as ``sequence(content, algorithm, bits(signature))``.
    """
    head = _bits_head(len(signature))
    size = len(content) + len(algorithm) + len(head) + len(signature)
    if not 0x100 <= size < 0x10000:
        return sequence(content, algorithm, bits(signature))
    return b"".join((b"\x30\x82", size.to_bytes(2, "big"), content, algorithm, head, signature))


@lru_cache(maxsize=64)
def _bits_head(count: int) -> bytes:
    """What stands before `count` octets in their BIT STRING."""
    whole = bits(bytes(count))
    return whole[: len(whole) - count]


def named_bits(positions: tuple[int, ...]) -> bytes:
    """BIT STRING of a named-bit list: no zero bits at the end [X.690 §11.2.2]."""
    last = max(positions)
    value = sum(1 << (last - position) for position in positions)
    unused = 7 - last % 8
    return element(0x03, bytes((unused,)), (value << unused).to_bytes(last // 8 + 1, "big"))


def utf8(text: str) -> bytes:
    """UTF8String."""
    return element(0x0C, text.encode("utf-8"))


def printable(text: str) -> bytes:
    """PrintableString; the caller knows that every character is allowed there."""
    return element(0x13, text.encode("ascii"))


def ia5(tag: int, text: str) -> bytes:
    """IA5String under an implicit context tag."""
    return element(tag, text.encode("ascii"))


def explicit(number: int, *contents: bytes) -> bytes:
    """Constructed context tag `number` around the given elements."""
    return element(0xA0 | number, *contents)


@lru_cache(maxsize=256)
def time(at: datetime) -> bytes:
    """Time: UTCTime through 2049, GeneralizedTime after [RFC 5280 §4.1.2.5]."""
    if 1950 <= at.year < 2050:
        return element(0x17, f"{_utc(at):%y%m%d%H%M%S}Z".encode("ascii"))
    return generalized_time(at)


def generalized_time(at: datetime) -> bytes:
    """GeneralizedTime, whatever the year."""
    return element(0x18, generalized(at))


def generalized(at: datetime) -> bytes:
    """The content of a GeneralizedTime, to the second, UTC."""
    return f"{_utc(at):%Y%m%d%H%M%S}Z".encode("ascii")


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """Extension; `critical` FALSE is left out, being the default [RFC 5280 §4.1]."""
    return sequence(oid(dotted), TRUE if critical else b"", octets(value))


def _utc(at: datetime) -> datetime:
    if at.utcoffset() != timedelta(0) or at.microsecond:
        raise ValueError(f"an instant is written in UTC, to the second: {at!r}")
    return at


def _base128(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | arc & 0x7F)
    return bytes(reversed(groups))
