"""How long a certificate lives: three years to the second (decision 12) [N413 part 1], or one day when less
is asked.

Decides the two instants. Does not know the time: it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_YEARS = 3
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class Term(StrEnum):
    """What life is asked for: the profile's whole one, or a single day. A closed set, so that a signer who
    sees bytes alone still knows every end there may be; nothing longer than `WHOLE` can be said.
    """

    WHOLE = "whole"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Validity:
    """Both instants included [RFC 5280 §4.1.2.5]: timezone-aware UTC, to the second, in order.

    Raises ValueError for anything else: such instants are never typed by a person, so this is a defect.
    """

    not_before: datetime
    not_after: datetime

    def __post_init__(self) -> None:
        for instant in (self.not_before, self.not_after):
            _require_utc(instant)
            if instant.microsecond:
                raise ValueError(f"an instant of a certificate has no fraction of a second: {instant!r}")
        if self.not_after < self.not_before:
            raise ValueError(f"a certificate cannot end before it begins: {self!r}")

    def covers(self, at: datetime) -> bool:
        """Whether a certificate of this validity is within its dates at `at` (timezone-aware)."""
        return self.not_before <= at <= self.not_after

    def ended_by(self, limit: datetime) -> Validity:
        """The same, ending no later than `limit` (the issuer's own end). ValueError if nothing is left."""
        return Validity(self.not_before, min(self.not_after, limit.replace(microsecond=0)))


def validity_from(at: datetime, term: Term) -> Validity:
    """From `at` for `term`, the second taken off in either. Raises as `three_years_from` does."""
    whole = three_years_from(at)
    return whole if term is Term.WHOLE else whole.ended_by(whole.not_before + _DAY - _SECOND)


def three_years_from(at: datetime) -> Validity:
    """From `at` (UTC, microseconds dropped) to the same instant three calendar years later, less a second.

    The second is taken off because both ends are included (the "90 days + 1 second" of bug 1715455); 29
    February becomes 28 February. Raises ValueError if `at` is naive or not UTC, or beyond year 9996.
    """
    _require_utc(at)
    begin = at.replace(microsecond=0)
    last_day = 28 if (begin.month, begin.day) == (2, 29) else begin.day
    end = begin.replace(year=begin.year + _YEARS, day=last_day)
    return Validity(begin, end - _SECOND)


def _require_utc(instant: datetime) -> None:
    if instant.utcoffset() != timedelta(0):
        raise ValueError(f"an instant is timezone-aware and UTC: {instant!r}")
