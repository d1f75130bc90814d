"""Serial numbers of certificates [F01, F03]."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sceau.certification import compose_serial, draw_serial
from sceau.certification.serial import is_serial
from sceau.vocabulary import Fault
from tests.authority import AT, RANDOM_BITS


def octets(serial: int) -> int:
    """As DER counts them, the sign bit included."""
    return serial.bit_length() // 8 + 1


def test_f01_a_hundred_thousand_serials_are_distinct_and_each_random_bit_is_even() -> None:
    counts = [0] * 127
    serials = set()
    for _ in range(100_000):
        serial = draw_serial(AT, secrets.token_bytes)
        serials.add(serial)
        for at in range(127):
            counts[at] += serial >> at & 1
    assert len(serials) == 100_000
    assert all(49_000 < count < 51_000 for count in counts)
    assert {octets(serial) for serial in serials} == {20}


@pytest.mark.parametrize(
    "bits",
    [0, 1, -1, (1 << 127) - 1, 1 << 127, (1 << 160) - 1, 1 << 126, 0xFF, (1 << 127) - 2],
)
def test_f01_weak_or_oversized_chance_is_refused(bits: int) -> None:
    with pytest.raises(ValueError):
        compose_serial(AT, bits)


def test_f01_a_weak_draw_is_drawn_again_and_a_broken_generator_is_a_fault() -> None:
    drawn = iter([bytes(16), b"\xff" * 16, RANDOM_BITS.to_bytes(16, "big")])
    assert draw_serial(AT, lambda _: next(drawn)) == compose_serial(AT, RANDOM_BITS >> 1)
    for broken in (bytes(16), b"\xff" * 16, b"short", b"\x80" + bytes(15)):
        with pytest.raises(Fault) as caught:
            draw_serial(AT, lambda _, given=broken: given)  # type: ignore[misc]
        assert caught.value.code == "draft.no-randomness"
        assert not caught.value.retryable


def test_f03_a_serial_is_positive_and_twenty_octets_from_2021_to_2156() -> None:
    for at in (datetime(2021, 2, 1, tzinfo=UTC), AT, datetime(2155, 12, 31, tzinfo=UTC)):
        serial = compose_serial(at, RANDOM_BITS)
        assert serial > 0
        assert octets(serial) == 20
        assert is_serial(serial)
    for at in (datetime(2020, 6, 1, tzinfo=UTC), datetime(2157, 1, 1, tzinfo=UTC)):
        with pytest.raises(ValueError):
            compose_serial(at, RANDOM_BITS)


def test_f03_zero_negative_short_and_long_serials_are_not_of_our_form() -> None:
    for serial in (0, -1, 1, 1 << 100, 1 << 159, 1 << 160, (1 << 168) - 1):
        assert not is_serial(serial), serial


def test_serials_grow_with_time_so_that_an_index_grows_at_its_end() -> None:
    earlier = compose_serial(AT, RANDOM_BITS ^ 3 << 125)
    later = compose_serial(AT + timedelta(seconds=1), RANDOM_BITS & ~(7 << 124))
    assert earlier < later


def test_an_instant_that_is_not_utc_gives_no_serial() -> None:
    for at in (AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=1)))):
        with pytest.raises((ValueError, TypeError)):
            compose_serial(at, RANDOM_BITS)
