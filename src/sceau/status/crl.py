"""The complete CRL [RFC 5280 §5]: its entries, which of them it lists, when the next one is due, its exact
bytes.

An entry's DER is made once, when a certificate is revoked, and kept; a list is those bytes one after the
other between a head and a foot, so a million entries cost a copy. Signing is the signer's, publishing is
operations'.

The real lists carry no reason code [IGC-SANTE 1.4]; what ours say is the policy of `answers.REASONS_SAID`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sceau.catalogue import Calendar
from sceau.certification import encode
from sceau.status import der
from sceau.status.answers import REASONS_SAID, reason_said
from sceau.status.issuing import IssuerIdentity

_AUTHORITY_KEY_IDENTIFIER, _CRL_NUMBER, _REASON_CODE = "2.5.29.35", "2.5.29.20", "2.5.29.21"


@dataclass(frozen=True, slots=True)
class CrlCalendar:
    """How often a list is made anew at least, and how long it stays good [ASSURANCE G12]."""

    every: timedelta = timedelta(hours=1)
    valid: timedelta = timedelta(days=6)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.every * 2 <= self.valid:
            raise ValueError(
                "a list must stay good for at least two periods, or being late once makes an outage"
            )

    @classmethod
    def of(cls, calendar: Calendar) -> Self:
        """The calendar of the catalogue."""
        return cls(timedelta(hours=calendar.crl_every_hours), timedelta(hours=calendar.crl_valid_hours))


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """The last list made for a key of an issuer: its number and its dates."""

    number: int
    this_update: datetime
    next_update: datetime


def crl_entry(serial: int, *, at: datetime, reason: int = 0, said: frozenset[int] = REASONS_SAID) -> bytes:
    """DER of one entry of revokedCertificates: serial, date to the second, and the reason if policy has it
    said.
    """
    extensions = b""
    if told := reason_said(reason, said):
        code = encode.element(der.ENUMERATED, bytes((told,)))
        extensions = encode.sequence(encode.extension(_REASON_CODE, code))
    return encode.sequence(encode.integer(serial), encode.time(at), extensions)


def build_crl_tbs(facts: CrlFacts, entries: Iterable[bytes], *, issuer: IssuerIdentity) -> bytes:
    """DER of TBSCertList over `entries`, each as `crl_entry` made it.

    An empty list leaves the field out [RFC 5280 §5.1.2.6].
    """
    if facts.next_update <= facts.this_update:
        raise ValueError("a list ends after it begins")
    listed = b"".join(entries)
    extensions = encode.sequence(
        encode.extension(
            _AUTHORITY_KEY_IDENTIFIER, encode.sequence(encode.element(0x80, issuer.key_identifier))
        ),
        encode.extension(_CRL_NUMBER, encode.integer(facts.number)),
    )
    front = b"".join(
        (
            encode.integer(1),
            issuer.algorithm,
            issuer.name,
            encode.time(facts.this_update),
            encode.time(facts.next_update),
        )
    )
    listed_header = bytes((der.SEQUENCE,)) + encode.length(len(listed)) if listed else b""
    foot = encode.explicit(0, extensions)
    total = len(front) + len(listed_header) + len(listed) + len(foot)
    return b"".join((bytes((der.SEQUENCE,)), encode.length(total), front, listed_header, listed, foot))


def is_listed(not_after: datetime, *, last_list: datetime | None) -> bool:
    """Whether a revoked certificate still belongs on the next list.

    It stays until it stood on one list made after its own end [RFC 5280 §3.3]; `last_list` is the
    thisUpdate of the list before, None when there was none.
    """
    return last_list is None or last_list <= not_after


def next_crl(last: CrlFacts | None, *, at: datetime, calendar: CrlCalendar, floor: int = 0) -> CrlFacts:
    """Number and dates of the list to make at `at`.

    The number rises by one, and stays above `floor` (the last number in the signer's ledger, after a
    restore). thisUpdate never lies before the last list's, whatever the clock says [ASSURANCE F11].
    """
    number = max(0 if last is None else last.number, floor) + 1
    begins = at.replace(microsecond=0)
    if last is not None:
        begins = max(begins, last.this_update)
    return CrlFacts(number=number, this_update=begins, next_update=begins + calendar.valid)


def crl_is_due(last: CrlFacts | None, *, at: datetime, calendar: CrlCalendar, changed: bool) -> bool:
    """Whether a new list has to be made now: none yet, something changed, a period is over, or half its
    life is.
    """
    if last is None or changed:
        return True
    half = (last.next_update - last.this_update) / 2
    return at >= last.this_update + min(calendar.every, half)
