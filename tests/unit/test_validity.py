"""Three years to the second, decision 12."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sceau.vocabulary import Validity, three_years_from

ONE_SECOND = timedelta(seconds=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (utc(2026, 11, 24, 10, 30, 15), utc(2029, 11, 24, 10, 30, 14)),
        (utc(2026, 1, 1), utc(2028, 12, 31, 23, 59, 59)),
        (utc(2028, 2, 29, 12), utc(2031, 2, 28, 11, 59, 59)),  # no 29 February three years later
        (utc(2028, 2, 29), utc(2031, 2, 27, 23, 59, 59)),
        (utc(2028, 2, 28, 12), utc(2031, 2, 28, 11, 59, 59)),
        (utc(2028, 3, 1), utc(2031, 2, 28, 23, 59, 59)),
        (utc(2025, 2, 28, 12), utc(2028, 2, 28, 11, 59, 59)),  # a leap year at the end adds no day
        (utc(2025, 3, 1), utc(2028, 2, 29, 23, 59, 59)),
        (utc(2026, 3, 29, 1), utc(2029, 3, 29, 0, 59, 59)),  # the night summer time begins in Paris
        (utc(2046, 12, 31, 23, 59, 59), utc(2049, 12, 31, 23, 59, 58)),  # the last UTCTime
        (utc(2047, 1, 1, 0, 0, 0), utc(2049, 12, 31, 23, 59, 59)),
        (utc(2047, 1, 1, 0, 0, 1), utc(2050, 1, 1, 0, 0, 0)),  # the first GeneralizedTime
    ],
)
def test_a_certificate_ends_three_calendar_years_later_less_a_second(begin: datetime, end: datetime) -> None:
    assert three_years_from(begin) == Validity(begin, end)


def test_fractions_of_a_second_are_dropped() -> None:
    assert three_years_from(utc(2026, 11, 24, 10, 30, 15, 999_999)) == three_years_from(
        utc(2026, 11, 24, 10, 30, 15)
    )


NAIVE = datetime(2026, 11, 24)  # noqa: DTZ001  # the very mistake
IN_PARIS = datetime(2026, 11, 24, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize("at", [NAIVE, IN_PARIS])
def test_an_instant_that_is_not_utc_is_a_defect(at: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        three_years_from(at)
    with pytest.raises(ValueError, match="UTC"):
        Validity(at, at)


def test_a_validity_has_whole_seconds_in_order() -> None:
    begin = utc(2026, 11, 24)
    with pytest.raises(ValueError, match="fraction"):
        Validity(begin, begin + timedelta(microseconds=1))
    with pytest.raises(ValueError, match="before it begins"):
        Validity(begin, begin - ONE_SECOND)


def test_both_ends_are_included() -> None:
    validity = three_years_from(utc(2026, 11, 24))
    assert validity.covers(validity.not_before)
    assert validity.covers(validity.not_after)
    assert not validity.covers(validity.not_before - ONE_SECOND)
    assert not validity.covers(validity.not_after + ONE_SECOND)


def test_a_certificate_never_outlives_its_issuer() -> None:
    validity = three_years_from(utc(2026, 11, 24))
    assert validity.ended_by(utc(2040, 1, 1)) == validity
    assert validity.ended_by(utc(2028, 1, 1)) == Validity(validity.not_before, utc(2028, 1, 1))
    with pytest.raises(ValueError, match="before it begins"):
        validity.ended_by(utc(2026, 11, 23))
