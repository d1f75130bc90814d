"""A draft taken apart in one cheap step: what it shares with every draft of its shape, and what is its own.

The *shape* is all octets but those of the holes: serial, dates, subject values, key, key identifier, names.
Two drafts of one shape are the same elements in the same order, and differ in the contents of the holes only.
So what was said of the shape of one of them, read whole (`lint`, `examine`), holds for the other, and what is
left is to look into the holes. Decides nothing itself: whether a shape is known to be good is its reader's
matter. A draft that is laid out in another way has no shape here, and is read whole.

A walk is kept: a draft of its length with the same octets around the holes needs no walk of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from sceau.certification.der import Node, NotStrictError, parse
from sceau.certification.remembered import Remembered

_SERIAL = b"\xa0\x03\x02\x01\x02\x02\x14"  # version 3, then an INTEGER of twenty octets
_SERIAL_OCTETS = 20
_IDENTIFIER_OCTETS = 20
_UTC_TIME, _GENERALIZED_TIME = b"\x17\x0d", b"\x18\x0f"
_VALIDITIES = {_UTC_TIME: b"\x30\x1e\x17\x0d", _GENERALIZED_TIME: b"\x30\x20\x17\x0d"}
_COUNTRY_TAG, _TEXT_TAG = 0x13, 0x0C
_ATTRIBUTE_TYPE = b"\x06\x03\x55\x04"
# Constraints, then the key identifier up to its octets.
_IDENTIFIER = bytes.fromhex("30090603551d1304023000301d0603551d0e04160414")
_NAMES = bytes.fromhex("0603551d1104")
_PERIOD = bytes.fromhex("302b0603551d1004243022800f")
_PERIOD_END = b"\x81\x0f"
_PERIOD_OCTETS = 15
_UPN = bytes.fromhex("060a2b060104018237140203")
_DNS, _RFC822, _OTHER = 0x82, 0x81, 0xA0
# A SubjectPublicKeyInfo by its length: the octets before and after the number or the point, and where the
# content of its BIT STRING begins.
_KEYS = {294: (33, 5, 24), 422: (33, 5, 24), 550: (33, 5, 24), 91: (27, 0, 26), 120: (24, 0, 23)}

Skeleton = tuple[bytes, ...]


class Holes(NamedTuple):
    """What is one draft's own. Times and texts as their content octets; `key` is the SubjectPublicKeyInfo
    and `bits` the content of its BIT STRING; `subject` pairs an attribute's type and tag with its value,
    `names` a name's tag with its text. `period` is empty where there is no privateKeyUsagePeriod.
    """

    serial: bytes
    not_before: bytes
    not_after: bytes
    subject: tuple[tuple[bytes, bytes], ...]
    key: bytes
    bits: bytes
    identifier: bytes
    period: tuple[bytes, ...]
    names: tuple[tuple[int, bytes], ...]


class TakenApart(NamedTuple):
    """A draft taken apart: `skeleton` is all but the holes, the same for all drafts of the shape; `is_plain`
    says that each hole holds what no reader could object to.
    """

    skeleton: Skeleton
    holes: Holes
    is_plain: bool


Span = tuple[int, int]
"""Where a hole begins, where it ends."""


class Walk(NamedTuple):
    """One walk through a draft: its skeleton, the sizes of its pieces, what stands around the holes.

    Every tag and length that decides where a walk goes stands around the holes. So a draft of the same length
    with the same octets around is walked in the same way, unless a hole holds the octets by which names and
    period are found: such a hole is not plain. Pieces are octets around and holes by turns, cut in one step.
    """

    skeleton: Skeleton
    pieces: Struct
    around: tuple[bytes, ...]
    key: slice  # in the draft, and the content of its BIT STRING
    bits: slice
    values: slice  # among the holes
    period: slice
    subject: tuple[bytes, ...]
    names: tuple[int, ...]

    def cut(self, tbs: bytes) -> TakenApart | None:
        """The holes of `tbs`, of the length of the draft that was walked; None when it has other octets
        around them.
        """
        pieces = self.pieces.unpack(tbs)
        if pieces[::2] != self.around:
            return None
        own, period = pieces[1::2], self.period
        holes = Holes(
            own[0],
            own[1],
            own[2],
            tuple(zip(self.subject, own[self.values], strict=True)),
            tbs[self.key],
            tbs[self.bits],
            own[period.start - 1],
            own[period],
            tuple(zip(self.names, own[period.stop :], strict=True)),
        )
        return TakenApart(self.skeleton, holes, _are_plain(holes))


class _OtherwiseError(Exception):
    """Laid out in another way."""


_MOST_LENGTHS, _MOST_OF_A_LENGTH = 512, 8
_WALKS: Remembered[int, tuple[Walk, ...]] = Remembered(_MOST_LENGTHS)


def forget_walks() -> None:
    """Walk through the next draft of each layout again."""
    _WALKS.forget()
    _LAST[0] = (b"", None)


_LAST: list[tuple[bytes, TakenApart | None]] = [(b"", None)]


def take_apart(tbs: bytes) -> TakenApart | None:
    """The shape and the holes of a TBSCertificate that is laid out as ours are; None for any other octets.

    The last one is kept: a draft is examined, then linted, and it is the same object.
    """
    last, taken = _LAST[0]
    if last is not tbs:
        taken = _take_apart(tbs)
        _LAST[0] = (tbs, taken)
    return taken


def _take_apart(tbs: bytes) -> TakenApart | None:
    walks = _WALKS.get(len(tbs)) or ()
    for walk in walks:
        taken = walk.cut(tbs)
        if taken is not None:
            return taken
    try:
        walk = _walk(tbs)
    except (_OtherwiseError, IndexError):
        return None
    taken = walk.cut(tbs)
    if taken is not None and taken.is_plain:
        _WALKS.keep(len(tbs), (walk, *walks[: _MOST_OF_A_LENGTH - 1]))
    return taken


def _walk(tbs: bytes) -> Walk:
    at = _inside(tbs, 0, 0x30, len(tbs))
    if not tbs.startswith(_SERIAL, at):
        raise _OtherwiseError
    serial_at = at + len(_SERIAL)
    issuer_at = serial_at + _SERIAL_OCTETS
    dates_at = _past(tbs, _past(tbs, issuer_at))
    until_tag = tbs[dates_at + 17 : dates_at + 19]
    if tbs[dates_at : dates_at + 4] != _VALIDITIES.get(until_tag):
        raise _OtherwiseError
    subject_at = dates_at + 19 + until_tag[1]
    key_at = _past(tbs, subject_at)
    layout, subject = _subject(tbs, _inside(tbs, subject_at, 0x30, key_at), key_at)
    more_at = _past(tbs, key_at)
    before, after, bits_at = _KEYS.get(more_at - key_at) or _other()
    identifier_at = _inside(tbs, _inside(tbs, more_at, 0xA3, len(tbs)), 0x30, len(tbs)) + len(_IDENTIFIER)
    if not tbs.startswith(_IDENTIFIER, identifier_at - len(_IDENTIFIER)):
        raise _OtherwiseError
    rest_at = identifier_at + _IDENTIFIER_OCTETS
    rest, period, names = _extensions(tbs, rest_at)
    skeleton = (
        tbs[issuer_at:dates_at],
        until_tag,
        layout,
        tbs[key_at : key_at + before],
        tbs[more_at - after : more_at],
        *rest,
    )
    first = (serial_at, issuer_at), (dates_at + 4, dates_at + 17), (dates_at + 19, subject_at)
    texts = [(begin, end) for _, begin, end in subject]
    entries = [(begin, end) for _, begin, end in names]
    number = (key_at + before, more_at - after)
    pieces = _pieces([*first, *texts, number, (identifier_at, rest_at), *period, *entries], len(tbs))
    around = pieces.unpack(tbs)[::2]
    last = len(first) + len(texts)
    spans = slice(key_at, more_at), slice(key_at + bits_at, more_at)
    places = slice(len(first), last), slice(last + 2, last + 2 + len(period))
    kinds, tags = tuple([kind for kind, _, _ in subject]), tuple([tag for tag, _, _ in names])
    return Walk(skeleton, pieces, around, *spans, *places, kinds, tags)


def _pieces(holes: list[Span], end: int) -> Struct:
    """The sizes of what stands before each hole, of the hole, and of what stands after the last."""
    sizes, at = [], 0
    for begin, past in (*holes, (end, end)):
        if not at <= begin <= past:
            raise _OtherwiseError
        sizes += [begin - at, past - begin]
        at = past
    return Struct("".join([f"{size}s" for size in sizes[:-1]]))


def _other() -> tuple[int, int, int]:
    raise _OtherwiseError


def _past(data: bytes, at: int) -> int:
    """Where the element at `at` ends; its length in the fewest octets."""
    first = data[at + 1]
    if first < 0x80:
        return at + 2 + first
    if first == 0x81 and data[at + 2] >= 0x80:
        return at + 3 + data[at + 2]
    if first == 0x82 and data[at + 2] != 0:
        return at + 4 + (data[at + 2] << 8 | data[at + 3])
    raise _OtherwiseError


def _inside(data: bytes, at: int, tag: int, end: int) -> int:
    """Where the content of the element at `at` begins, which is a `tag` and ends at `end`."""
    if data[at] != tag or _past(data, at) != end:
        raise _OtherwiseError
    first = data[at + 1]
    return at + 2 if first < 0x80 else at + (3 if first == 0x81 else 4)


def _subject(tbs: bytes, at: int, end: int) -> tuple[bytes, tuple[tuple[bytes, int, int], ...]]:
    """How the name is laid out (its RDNs, types and string tags, and the country); type and place of its
    other values.
    """
    layout: list[bytes] = []
    values: list[tuple[bytes, int, int]] = []
    while at < end:
        rdn_end = at + 2 + tbs[at + 1]
        if tbs[at] != 0x31 or tbs[at + 1] >= 0x80 or rdn_end > end:
            raise _OtherwiseError
        at += 2
        layout.append(b"\x31")
        while at < rdn_end:
            kind, size = tbs[at + 2 : at + 8], tbs[at + 8]
            if tbs[at] != 0x30 or tbs[at + 1] != size + 7 or size >= 0x79 or kind[:4] != _ATTRIBUTE_TYPE:
                raise _OtherwiseError
            layout.append(kind)
            if kind[5] == _TEXT_TAG:
                values.append((kind, at + 9, at + 9 + size))
            else:
                layout.append(tbs[at + 8 : at + 9 + size])
            at += 9 + size
        if at != rdn_end:
            raise _OtherwiseError
    return b"".join(layout), tuple(values)


Names = tuple[tuple[int, int, int], ...]
"""Tag and place of each name's text."""


def _extensions(tbs: bytes, at: int) -> tuple[list[bytes], tuple[Span, ...], Names]:
    """The extensions after the key identifier: what is fixed, where the period's dates and the names lie.
    Before each hole a mark says what it is, so that one shape never looks like another.
    """
    fixed: list[bytes] = []
    period: tuple[Span, ...] = ()
    found = tbs.find(_PERIOD, at)
    if found >= 0:
        begin = found + len(_PERIOD)
        middle = begin + _PERIOD_OCTETS
        end = middle + 2 + _PERIOD_OCTETS
        if tbs[middle : middle + 2] != _PERIOD_END or end > len(tbs):
            raise _OtherwiseError
        period = (begin, middle), (middle + 2, end)
        fixed += (tbs[at:found], b"period")
        at = end
    found = tbs.find(_NAMES, at)
    if found < 0:
        return [*fixed, tbs[at:]], period, ()
    octets_at = found + len(_NAMES) - 1
    end = _past(tbs, octets_at)
    header = _sequence_header(end - found)
    if end > len(tbs) or found - len(header) < at or not tbs.startswith(header, found - len(header)):
        raise _OtherwiseError
    names = _names(tbs, _inside(tbs, _inside(tbs, octets_at, 0x04, end), 0x30, end), end)
    fixed += (tbs[at : found - len(header)], b"names", bytes([tag for tag, _, _ in names]), tbs[end:])
    return fixed, period, names


def _sequence_header(size: int) -> bytes:
    if size < 0x80:
        return bytes((0x30, size))
    return bytes((0x30, 0x81, size)) if size < 0x100 else b"\x30\x82" + size.to_bytes(2, "big")


def _names(tbs: bytes, at: int, end: int) -> Names:
    names: list[tuple[int, int, int]] = []
    while at < end:
        tag, past = tbs[at], _past(tbs, at)
        if past > end or tag not in (_DNS, _RFC822, _OTHER):
            raise _OtherwiseError
        text_at = _inside(tbs, at, tag, past)
        if tag == _OTHER:
            text_at = _principal(tbs, text_at, past)
        names.append((tag, text_at, past))
        at = past
    return tuple(names)


def _principal(tbs: bytes, at: int, end: int) -> int:
    """Where the text of a user principal name begins, the one otherName that we write."""
    if not tbs.startswith(_UPN, at):
        raise _OtherwiseError
    return _inside(tbs, _inside(tbs, at + len(_UPN), 0xA0, end), _TEXT_TAG, end)


def is_what_it_seems(tbs: bytes, taken: TakenApart) -> bool:
    """Whether the strict reader finds in each hole the element that it is taken for. Asked once for a shape:
    what holds for one draft of it holds for all.
    """
    if tbs.count(_NAMES) > 1 or tbs.count(_PERIOD) > 1 or tbs.count(_IDENTIFIER) > 1:
        return False  # which one is the hole?
    try:
        parts = parse(tbs).sequence(8)
        extensions = {
            one.children[0].oid(): one.children[-1].octets() for one in parts[7].children[0].sequence(1, 50)
        }
        attributes = [one.sequence(2) for rdn in parts[5].sequence(1, 50) for one in rdn.children]
        return _seen(parts, attributes, extensions) == taken.holes
    except (NotStrictError, IndexError):
        return False


def _seen(parts: tuple[Node, ...], attributes: list[tuple[Node, ...]], extensions: dict[str, bytes]) -> Holes:
    names = parse(extensions["2.5.29.17"]).children if "2.5.29.17" in extensions else ()
    period = parse(extensions["2.5.29.16"]).children if "2.5.29.16" in extensions else ()
    bits = parts[6].children[1]
    return Holes(
        parts[1].content,
        parts[4].children[0].content,
        parts[4].children[1].content,
        tuple(
            (kind.raw + bytes((value.tag,)), value.content)
            for kind, value in attributes
            if value.tag == _TEXT_TAG
        ),
        parts[6].raw,
        bits.bits(),
        parse(extensions.get("2.5.29.14", b"")).octets(),
        tuple(one.content for one in period),
        tuple((one.tag, _name_text(one)) for one in names),
    )


def _name_text(entry: Node) -> bytes:
    return entry.children[1].children[0].content if entry.tag == _OTHER else entry.content


# What may stand in a hole: narrower than what any of the readers allows. What is not certain is read whole.

_LABEL = rb"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rb"(?:" + _LABEL + rb"\.)+[a-z]{2,63}"
_PLAIN_HOST = re.compile(_HOST)
_PLAIN_MAILBOX = re.compile(rb"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*@(" + _HOST + rb")")
_LONGEST_VALUE, _LONGEST_HOST, _LONGEST_LOCAL = 64, 253, 64
_CENTURY, _GENERALIZED_FROM = 2000, 2050


def _are_plain(holes: Holes) -> bool:
    """Whether every hole holds what no reader could object to: a positive serial, real dates in order, plain
    text of fitting length, a modulus of full size, well-formed lower-case names.
    """
    begin, end = read_time(holes.not_before), read_time(holes.not_after)
    return (
        1 <= holes.serial[0] < 0x80
        and begin is not None
        and end is not None
        and begin <= end
        and _is_plain_text(holes.subject)
        and (len(holes.key) in (91, 120) or holes.key[33] >= 0x80)
        and all([is_plain_name(name) for name in holes.names])
        and (not holes.period or is_period(holes.period))
    )


@lru_cache(maxsize=256)
def read_time(content: bytes) -> datetime | None:
    """The instant of a UTCTime or GeneralizedTime that is written as certificates write them, else None."""
    text = content.decode("ascii", "replace")
    if not text.isascii() or not text[:-1].isdigit() or text[-1:] != "Z" or len(text) not in (13, 15):
        return None
    year = int(text[:-11]) + (_CENTURY if len(text) == 13 else 0)
    if (len(text) == 13) is not (year < _GENERALIZED_FROM):
        return None
    month, day, hour, minute, second = (
        int(text[at : at + 2]) for at in range(len(text) - 11, len(text) - 1, 2)
    )
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _is_plain_text(subject: tuple[tuple[bytes, bytes], ...]) -> bool:
    return all([_is_plain_value(value) for _, value in subject])


@lru_cache(maxsize=1024)  # of one structure all but the last are always the same
def _is_plain_value(value: bytes) -> bool:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return 0 < len(text) <= _LONGEST_VALUE and text.isprintable()


def is_plain_name(name: tuple[int, bytes]) -> bool:
    """Whether no reader could object to this name (its tag, its text)."""
    tag, text = name
    if tag == _DNS:
        return len(text) <= _LONGEST_HOST and _PLAIN_HOST.fullmatch(text) is not None
    mailbox = _PLAIN_MAILBOX.fullmatch(text)
    return mailbox is not None and len(mailbox[1]) <= _LONGEST_HOST and mailbox.start(1) <= _LONGEST_LOCAL


def is_period(period: tuple[bytes, ...]) -> bool:
    """Whether these are the two instants of a period, in order."""
    begin, end = (_read_period(one) for one in period)
    return begin is not None and end is not None and begin <= end


@lru_cache(maxsize=256)
def _read_period(content: bytes) -> datetime | None:
    """A period's dates are GeneralizedTime whatever the year [RFC 5280 §A.2]."""
    text = content.decode("ascii", "replace")
    if not text.isascii() or not text[:-1].isdigit() or text[-1:] != "Z" or len(text) != 15:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
