"""Lists of revoked certificates [RFC 5280 §5]: their entries, what they speak of, when the next one is due,
their exact bytes.

An entry's DER is made once, when a certificate is revoked, and kept; a list is those bytes one after the
other between a head and a foot, so a million entries cost a copy. Three shapes and no other: complete,
complete for a partition, and the delta of either. Signing is the signer's, publishing is operations'.

The real lists carry no reason code [IGC-SANTE 1.4]; what ours say is the policy of `answers.REASONS_SAID`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from mmap import MADV_HUGEPAGE, MAP_ANONYMOUS, MAP_PRIVATE, PAGESIZE, mmap
from typing import Self

from sceau.catalogue import Calendar
from sceau.certification import encode
from sceau.status import der
from sceau.status.answers import REASONS_SAID, reason_said
from sceau.status.issuing import IssuerIdentity

_AUTHORITY_KEY_IDENTIFIER, _CRL_NUMBER, _REASON_CODE = "2.5.29.35", "2.5.29.20", "2.5.29.21"
_ROOM = 8192  # for a head: an issuer's name is some hundreds of octets
_FIRST_PLACE = 1 << 16
_DELTA_INDICATOR, _ISSUING_POINT, _FRESHEST = "2.5.29.27", "2.5.29.28", "2.5.29.46"


@dataclass(frozen=True, slots=True)
class CrlCalendar:
    """How often a list is made anew at least, and how long it stays good [ASSURANCE G12].

    A change makes a list of up to `prompt_entries` anew at once; a larger one once `changed_every` is over
    (its delta tells the change at once).
    """

    every: timedelta = timedelta(hours=1)
    valid: timedelta = timedelta(days=6)
    prompt_entries: int = 50_000
    changed_every: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.every * 2 <= self.valid:
            raise ValueError(
                "a list must stay good for at least two periods, or being late once makes an outage"
            )

    @classmethod
    def of(cls, calendar: Calendar) -> Self:
        """The calendar of the complete lists."""
        return cls(
            timedelta(hours=calendar.crl_every_hours),
            timedelta(hours=calendar.crl_valid_hours),
            calendar.crl_prompt_entries,
            timedelta(minutes=calendar.crl_changed_minutes),
        )

    @classmethod
    def of_deltas(cls, calendar: Calendar) -> Self:
        """The calendar of the deltas, which are always prompt."""
        return cls(timedelta(hours=calendar.delta_every_hours), timedelta(hours=calendar.delta_valid_hours))


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """The last list made for a key of an issuer: its number and its dates."""

    number: int
    this_update: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True)
class CrlForm:
    """What a list says of itself beside its entries.

    `partition` is the address of the partition it speaks for, the one written in its certificates; empty: of
    all certificates of the key. `base` is the number of the complete list that a delta adds to [RFC 5280
    §5.2.4]; `freshest` where a complete list's deltas lie [§5.2.6].
    """

    partition: str = ""
    base: int | None = None
    freshest: str = ""

    def __post_init__(self) -> None:
        if self.base is not None and self.freshest:
            raise ValueError("a delta names no delta [RFC 5280 §5.2.6]")


def crl_entry(serial: int, *, at: datetime, reason: int = 0, said: frozenset[int] = REASONS_SAID) -> bytes:
    """DER of one entry of revokedCertificates: serial, date to the second, and the reason if policy has it
    said.
    """
    extensions = b""
    if told := reason_said(reason, said):
        code = encode.element(der.ENUMERATED, bytes((told,)))
        extensions = encode.sequence(encode.extension(_REASON_CODE, code))
    return encode.sequence(encode.integer(serial), encode.time(at), extensions)


def build_crl_tbs(
    facts: CrlFacts, entries: Iterable[bytes], *, issuer: IssuerIdentity, form: CrlForm = CrlForm()
) -> bytes:
    """DER of TBSCertList over `entries`, each one or more whole entries as `crl_entry` made them.

    An empty list leaves the field out [RFC 5280 §5.1.2.6].
    """
    writer = CrlWriter()
    for piece in entries:
        writer.add(piece)
    return bytes(writer.body(facts, issuer=issuer, form=form))


class CrlWriter:
    """A list being written in one place: its entries first, then head, foot and signature around them, so
    that a million entries are copied once. The place is memory in large pages where the system has them:
    touching it costs half of a copy otherwise.
    """

    __slots__ = ("_begins", "_body", "_ends", "_place")

    def __init__(self) -> None:
        self._place = mmap(-1, _FIRST_PLACE, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self._begins = self._ends = _ROOM
        self._body: memoryview | None = None

    def add(self, entries: bytes) -> None:
        """More entries, each whole, as `crl_entry` made them. None once there is a body."""
        ends = self._ends + len(entries)
        if ends > len(self._place):
            self._place.resize(-(-2 * ends // PAGESIZE) * PAGESIZE)
            self._place.madvise(MADV_HUGEPAGE)
        self._place[self._ends : ends] = entries
        self._ends = ends

    def entries(self) -> bytes:
        """A copy of what was added."""
        return self._place[_ROOM : self._ends]

    def body(self, facts: CrlFacts, *, issuer: IssuerIdentity, form: CrlForm = CrlForm()) -> memoryview:
        """The TBSCertList, in place: what is to be signed."""
        if facts.next_update <= facts.this_update:
            raise ValueError("a list ends after it begins")
        size = self._ends - _ROOM
        front = (
            encode.integer(1),
            issuer.algorithm,
            issuer.name,
            encode.time(facts.this_update),
            encode.time(facts.next_update),
            bytes((der.SEQUENCE,)) + encode.length(size) if size else b"",
        )
        self.add(encode.explicit(0, _extensions(facts, issuer, form)))
        self._put_before(b"".join(front))
        self._put_header()
        self._body = self._view()
        return self._body

    def signed(self, signature: bytes, *, issuer: IssuerIdentity) -> memoryview:
        """The whole list, in place, once its body was signed. The body's view ends with this."""
        if self._body is None:
            raise ValueError("nothing was signed yet")
        self._body.release()
        self.add(issuer.algorithm + encode.bits(signature))
        self._put_header()
        return self._view()

    def _view(self) -> memoryview:
        with memoryview(self._place) as whole:
            return whole[self._begins : self._ends]

    def _put_header(self) -> None:
        self._put_before(bytes((der.SEQUENCE,)) + encode.length(self._ends - self._begins))

    def _put_before(self, front: bytes) -> None:
        begins = self._begins - len(front)
        if begins < 0:
            raise ValueError("an issuer's name of thousands of octets")
        self._place[begins : self._begins] = front
        self._begins = begins


def _extensions(facts: CrlFacts, issuer: IssuerIdentity, form: CrlForm) -> bytes:
    """As the real lists have them, then what they do not have: the partition and the delta."""
    key = encode.sequence(encode.element(0x80, issuer.key_identifier))
    parts = [
        encode.extension(_AUTHORITY_KEY_IDENTIFIER, key),
        encode.extension(_CRL_NUMBER, encode.integer(facts.number)),
    ]
    if form.base is not None:
        parts.append(encode.extension(_DELTA_INDICATOR, encode.integer(form.base), critical=True))
    if form.partition:
        point = encode.explicit(0, _full_name(form.partition))
        parts.append(encode.extension(_ISSUING_POINT, encode.sequence(point, b"\x81\x01\xff"), critical=True))
    if form.freshest:
        point = encode.sequence(encode.explicit(0, _full_name(form.freshest)))
        parts.append(encode.extension(_FRESHEST, encode.sequence(point)))
    return encode.sequence(*parts)


def _full_name(address: str) -> bytes:
    """DistributionPointName, fullName [RFC 5280 §4.2.1.13]."""
    return encode.explicit(0, encode.ia5(0x86, address))


def is_listed(not_after: datetime, *, last_list: datetime | None) -> bool:
    """Whether a revoked certificate still belongs on the next list.

    It stays until it stood on one list made after its own end [RFC 5280 §3.3]; `last_list` is the
    thisUpdate of the list before, None when there was none.
    """
    return last_list is None or last_list <= not_after


def next_crl(last: CrlFacts | None, *, at: datetime, calendar: CrlCalendar, floor: int = 0) -> CrlFacts:
    """Number and dates of the list to make at `at`, after the `last` of the same key, whatever its kind.

    The number rises by one, and stays above `floor` (the last number in the signer's ledger, after a
    restore). thisUpdate never lies before the last list's, whatever the clock says [ASSURANCE F11].
    """
    number = max(0 if last is None else last.number, floor) + 1
    begins = at.replace(microsecond=0)
    if last is not None:
        begins = max(begins, last.this_update)
    return CrlFacts(number=number, this_update=begins, next_update=begins + calendar.valid)


def crl_is_due(
    last: CrlFacts | None, *, at: datetime, calendar: CrlCalendar, changed: bool, entries: int = 0
) -> bool:
    """Whether a new list has to be made now: none yet, something changed, a period is over, or half its
    life is. `entries` is how many the last one holds: a large one does not follow every change.
    """
    if last is None:
        return True
    if changed and (entries <= calendar.prompt_entries or at >= last.this_update + calendar.changed_every):
        return True
    half = (last.next_update - last.this_update) / 2
    return at >= last.this_update + min(calendar.every, half)


def crl_is_late(last: CrlFacts | None, *, at: datetime, calendar: CrlCalendar) -> bool:
    """Whether people must be told, long before anybody is without a list: none, or the last one should have
    been followed for half a period already, or half of its life is over [ASSURANCE F10, G12].
    """
    if last is None:
        return True
    half = (last.next_update - last.this_update) / 2
    return at >= last.this_update + min(calendar.every * 1.5, half)
