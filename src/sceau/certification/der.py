"""Strict DER, read by ourselves: the second opinion beside the library's parser [T25, T65].

Decides whether octets are DER in the narrow sense of X.690: definite minimal lengths, minimal integers,
booleans of 00 or FF, sorted sets, strings made of what their type allows, nothing after the end, nothing
nested too deep. It says nothing of what the values mean: certificates, requests and keys are read by their
own modules on top of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

MAX_DEPTH = 32
"""Deeper nesting than any honest request needs [T25]."""

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8, NUMERIC, PRINTABLE, TELETEX, IA5 = 0x0A, 0x0C, 0x12, 0x13, 0x14, 0x16
UTC_TIME, GENERALIZED_TIME, VISIBLE, UNIVERSAL, BMP = 0x17, 0x18, 0x1A, 0x1C, 0x1E
SEQUENCE, SET = 0x30, 0x31

_SOUND = frozenset(tag for tag in range(1, 0x100) if tag & 0x1F != 0x1F and not 0x20 <= tag < 0x40) | {
    SEQUENCE,
    SET,
}
TEXT_TAGS = frozenset({UTF8, NUMERIC, PRINTABLE, TELETEX, IA5, VISIBLE, UNIVERSAL, BMP})


class Flaw(StrEnum):
    """In what way octets are not strict DER."""

    TRUNCATED = "truncated"
    TRAILING = "trailing"
    LENGTH = "length"
    TAG = "tag"
    DEPTH = "depth"
    VALUE = "value"
    STRING = "string"
    ORDER = "order"
    SHAPE = "shape"


class NotStrictError(ValueError):
    """The octets are not strict DER (or not of the expected shape), and where it was seen."""

    def __init__(self, flaw: Flaw, offset: int) -> None:
        self.flaw = flaw
        self.offset = offset
        super().__init__(f"{flaw} at octet {offset}")


_Element = tuple[int, int, int, int]
"""Identifier octet, where the element begins, where its content begins, where both end."""


class Node:
    """One element: its identifier octet, and where it lies in `data`. Made by `parse` only, never changed."""

    __slots__ = ("_all", "_at", "_children", "body", "data", "end", "start", "tag")

    def __init__(self, data: bytes, elements: list[_Element], at: int) -> None:
        self.data = data
        self.tag, self.start, self.body, self.end = elements[at]
        self._all = elements
        self._at = at
        self._children: tuple[Node, ...] | None = None

    @property
    def children(self) -> tuple[Node, ...]:
        """The elements inside, in order; none in a primitive one."""
        if self._children is None:
            self._children = self._inside() if self.tag & 0x20 else ()
        return self._children

    def _inside(self) -> tuple[Node, ...]:
        data, elements, end = self.data, self._all, self.end
        found: list[Node] = []
        at, past, count = self._at + 1, self.body, len(elements)
        while past < end:
            child = Node(data, elements, at)
            found.append(child)
            past = child.end
            at += 1
            while at < count and elements[at][1] < past:
                at += 1
        return tuple(found)

    @property
    def content(self) -> bytes:
        """The content octets."""
        return self.data[self.body : self.end]

    @property
    def raw(self) -> bytes:
        """The whole element: identifier, length and content octets."""
        return self.data[self.start : self.end]

    def expect(self, tag: int) -> Node:
        """This node if it carries `tag`; raises `NotStrictError` (shape) if not."""
        if self.tag != tag:
            raise NotStrictError(Flaw.SHAPE, self.start)
        return self

    def sequence(self, at_least: int, at_most: int | None = None) -> tuple[Node, ...]:
        """The children of a SEQUENCE that has between `at_least` and `at_most` (default: the same) of
        them.
        """
        self.expect(SEQUENCE)
        if not at_least <= len(self.children) <= (at_least if at_most is None else at_most):
            raise NotStrictError(Flaw.SHAPE, self.start)
        return self.children

    def oid(self) -> str:
        """The dotted text of an OBJECT IDENTIFIER."""
        return _dotted(self.expect(OID).content)

    def integer(self) -> int:
        """The value of an INTEGER."""
        return int.from_bytes(self.expect(INTEGER).content, "big", signed=True)

    def bits(self) -> bytes:
        """The octets of a BIT STRING of whole octets (keys and signatures)."""
        content = self.expect(BIT_STRING).content
        if content[0] != 0:
            raise NotStrictError(Flaw.VALUE, self.start)
        return content[1:]

    def octets(self) -> bytes:
        """The content of an OCTET STRING."""
        return self.expect(OCTET_STRING).content

    def text(self) -> str:
        """The characters of any string type; Teletex is read as Latin-1, as everybody's software does."""
        if self.tag not in TEXT_TAGS:
            raise NotStrictError(Flaw.SHAPE, self.start)
        return self.content.decode(_CODECS.get(self.tag, "ascii"))


def parse(data: bytes) -> Node:
    """Read `data` as exactly one strict DER element, children and all. Raises `NotStrictError` [X.690
    §10–11].
    """
    elements = _scan(data, 0, len(data), 0)
    if elements[0][3] != len(data):
        raise NotStrictError(Flaw.TRAILING, elements[0][3])
    return Node(data, elements, 0)


def parse_inside(data: bytes, start: int, end: int, *, depth: int) -> Node:
    """Read what lies from `start` to `end` of `data` as exactly one strict DER element, inside `depth`
    others. Raises `NotStrictError`, its offset being that in `data`.
    """
    elements = _scan(data, start, end, depth)
    if elements[0][3] != end:
        raise NotStrictError(Flaw.TRAILING, elements[0][3])
    return Node(data, elements, 0)


def extent_of(data: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """Identifier octet of the element at `at`, where its content begins, where it ends. Its length is strict
    and it ends before `limit`, else `NotStrictError`; what it contains is not looked at.
    """
    tag, _, body, end = _short(data, at, limit) or _header(data, at, limit, 0)
    return tag, body, end


def ordered(nodes: tuple[Node, ...], offset: int) -> None:
    """Refuse a SET OF whose elements are not in ascending order of their encodings [X.690 §11.6]."""
    raws = [node.raw for node in nodes]
    if any(left > right for left, right in pairwise(raws)):
        raise NotStrictError(Flaw.ORDER, offset)


def _scan(data: bytes, at: int, limit: int, depth: int) -> list[_Element]:
    """The element at `at` and all that is inside it, each before its children, in one pass; `depth` elements
    are open around it.
    """
    elements: list[_Element] = []
    around: list[int] = []  # the constructed elements that are open, outermost first
    while True:
        element = _short(data, at, limit) if depth + len(around) < MAX_DEPTH else None
        tag, start, at, end = element = element or _header(data, at, limit, depth + len(around))
        elements.append(element)
        if tag & 0x20 and at < end:
            around.append(len(elements) - 1)
            limit = end
            continue
        if tag < 0x20:
            check = _PRIMITIVES.get(tag)
            if check is None or not check(data[at:end]):
                raise NotStrictError(_flaw_of(tag), start)
        at = end
        while around and elements[around[-1]][3] == at:
            _check_closed(data, elements, around.pop())
        if not around:
            return elements
        limit = elements[around[-1]][3]


def _flaw_of(tag: int) -> Flaw:
    """What is wrong with a primitive element whose content is not what its tag says."""
    if tag not in _PRIMITIVES:
        return Flaw.TAG
    return Flaw.STRING if tag in TEXT_TAGS else Flaw.VALUE


def _short(data: bytes, at: int, limit: int) -> _Element | None:
    """The element at `at` if its tag is sound and its length one octet, as most are."""
    if at + 2 > limit:
        return None
    tag, end = data[at], at + 2 + data[at + 1]
    return (tag, at, at + 2, end) if end <= limit and end < at + 0x82 and tag in _SOUND else None


def _header(data: bytes, at: int, limit: int, depth: int) -> _Element:
    if depth >= MAX_DEPTH:
        raise NotStrictError(Flaw.DEPTH, at)
    if at + 2 > limit:
        raise NotStrictError(Flaw.TRUNCATED, at)
    tag = data[at]
    if tag & 0x1F == 0x1F or tag == 0:
        raise NotStrictError(Flaw.TAG, at)
    body, end = at + 2, at + 2 + data[at + 1]
    if end > limit or data[at + 1] >= 0x80:
        body, end = _extent(data, at + 1, limit)
    if 0x20 <= tag < 0x40 and tag not in (SEQUENCE, SET):
        raise NotStrictError(Flaw.TAG, at)
    return tag, at, body, end


def _check_closed(data: bytes, elements: list[_Element], at: int) -> None:
    if elements[at][0] == SET and len(elements) > at + 2:
        ordered(Node(data, elements, at).children, elements[at][1])


def _extent(data: bytes, at: int, limit: int) -> tuple[int, int]:
    first = data[at]
    if first < 0x80:
        body, length = at + 1, first
    else:
        count = first & 0x7F
        body = at + 1 + count
        if count == 0 or count > 3 or body > limit:
            raise NotStrictError(Flaw.LENGTH, at)
        length = int.from_bytes(data[at + 1 : body], "big")
        if length < 0x80 or data[at + 1] == 0:
            raise NotStrictError(Flaw.LENGTH, at)
    if body + length > limit:
        raise NotStrictError(Flaw.TRUNCATED, at)
    return body, body + length


def _is_boolean(content: bytes) -> bool:
    return content in (b"\x00", b"\xff")


def _is_integer(content: bytes) -> bool:
    if len(content) < 2:
        return len(content) == 1
    return not ((content[0] == 0x00 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80))


def _is_bit_string(content: bytes) -> bool:
    if not content or content[0] > 7:
        return False
    if len(content) == 1:
        return content[0] == 0
    return content[-1] & ((1 << content[0]) - 1) == 0


def _is_oid(content: bytes) -> bool:
    """Complete base-128 arcs, none padded; at most as long as any real identifier."""
    return len(content) <= 64 and _ARCS.fullmatch(content) is not None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in content


def _is_bmp(content: bytes) -> bool:
    """Two octets a character: no half pair of UTF-16, no NUL, no value that is no character."""
    units = [int.from_bytes(content[at : at + 2], "big") for at in range(0, len(content), 2)]
    return len(content) % 2 == 0 and not any(
        unit == 0 or 0xD800 <= unit <= 0xDFFF or unit >= 0xFFFE for unit in units
    )


def _is_universal(content: bytes) -> bool:
    units = [int.from_bytes(content[at : at + 4], "big") for at in range(0, len(content), 4)]
    return len(content) % 4 == 0 and not any(
        unit == 0 or unit > 0x10FFFF or 0xD800 <= unit <= 0xDFFF for unit in units
    )


def _is_teletex(content: bytes) -> bool:
    """Any graphic octet. Control octets switch character sets in T.61: what follows would be anybody's
    guess.
    """
    return not any(octet < 0x20 or 0x7F <= octet < 0xA0 for octet in content)


def _is_time(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(pattern)
    return lambda content: compiled.fullmatch(content) is not None


def _only(allowed: bytes) -> Callable[[bytes], bool]:
    """True when nothing is left once every allowed octet is taken away."""
    return lambda content: not content.translate(None, allowed)


_ARCS = re.compile(rb"(?:(?:[\x81-\xff][\x80-\xff]*)?[\x00-\x7f])+", re.DOTALL)
_ALNUM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CODECS = {UTF8: "utf-8", TELETEX: "latin-1", BMP: "utf-16-be", UNIVERSAL: "utf-32-be"}
_PRIMITIVES: dict[int, Callable[[bytes], bool]] = {
    BOOLEAN: _is_boolean,
    INTEGER: _is_integer,
    ENUMERATED: _is_integer,
    BIT_STRING: _is_bit_string,
    OCTET_STRING: lambda _: True,
    NULL: lambda content: not content,
    OID: _is_oid,
    UTF8: _is_utf8,
    NUMERIC: _only(b"0123456789 "),
    PRINTABLE: _only(_ALNUM + b" '()+,-./:=?"),
    TELETEX: _is_teletex,
    IA5: _only(bytes(range(1, 128))),
    VISIBLE: _only(bytes(range(0x20, 0x7F))),
    UNIVERSAL: _is_universal,
    BMP: _is_bmp,
    UTC_TIME: _is_time(rb"\d{12}Z"),
    GENERALIZED_TIME: _is_time(rb"\d{14}(\.\d*[1-9])?Z"),
}


@lru_cache(maxsize=512)
def _dotted(content: bytes) -> str:
    arcs: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
