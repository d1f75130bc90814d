"""Three years, whatever the day: never a second too long, never a day too short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from sceau.vocabulary import three_years_from

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9996, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS)
@example(datetime(2028, 2, 29, 12, tzinfo=UTC))
@example(datetime(2046, 12, 31, 23, 59, 59, tzinfo=UTC))
@example(datetime(2047, 1, 1, tzinfo=UTC))
def test_the_length_counts_both_ends_and_is_three_calendar_years(at: datetime) -> None:
    validity = three_years_from(at)
    begin, end = validity.not_before, validity.not_after + timedelta(seconds=1)
    assert begin == at.replace(microsecond=0)
    assert (end.year, end.hour, end.minute, end.second) == (
        begin.year + 3,
        begin.hour,
        begin.minute,
        begin.second,
    )
    leap_day = (begin.month, begin.day) == (2, 29)
    assert (end.month, end.day) == ((2, 28) if leap_day else (begin.month, begin.day))
    assert (end - begin).days in {1095, 1096} or (leap_day and (end - begin).days == 1095)


@given(INSTANTS, INSTANTS)
def test_a_later_beginning_never_ends_earlier(first: datetime, second: datetime) -> None:
    early, late = sorted((first, second))
    assert three_years_from(early).not_after <= three_years_from(late).not_after
