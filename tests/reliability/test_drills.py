"""The drills, a few times each: the many times are `make torture`'s. Each is on real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability import at_size, drills
from tests.reliability.accounts import check
from tests.reliability.conftest import started
from tests.reliability.first_night import first_night
from tests.reliability.honesty import honest_statuses
from tests.reliability.load import Answers
from tests.reliability.outage import (
    Server,
    database_stopped,
    file_moved,
    server_can_be_made,
    under_a_moved_clock,
)
from tests.reliability.points import SEGMENT
from tests.reliability.real import RealInstance

needs_a_moved_clock = pytest.mark.skipif(
    not drills.clock_tools_are_here(), reason="no libfaketime: a process cannot be told another time"
)


def test_g10_fifty_double_submits_are_one_certificate(standing: RealInstance) -> None:
    assert drills.double_submits(standing) == []


def test_g13_a_revocation_is_visible_within_a_second(standing: RealInstance) -> None:
    found, worst = drills.revocations_seen(standing, count=8)
    assert found == []
    assert worst <= 1.0


def test_g15_every_serial_has_its_right_status_whoever_asks_at_the_same_time(standing: RealInstance) -> None:
    said = honest_statuses(standing, count=3_000, certificates=6, threads=20)
    assert said.found == []
    assert said.random.total() == 3_000
    assert said.known["GOOD"] >= 4
    assert said.known["REVOKED"] >= 2


@needs_a_moved_clock
def test_g11_for_an_hour_without_the_file_of_the_database_status_goes_on(tmp_path: Path) -> None:
    with under_a_moved_clock(tmp_path / "data") as (instance, clock):
        outage = database_stopped(instance, clock, file_moved, certificates=10, steps=6)
        assert outage.found == []
        assert check(instance, Answers()) == []


@needs_a_moved_clock
@pytest.mark.skipif(not server_can_be_made(), reason="PostgreSQL is not installed")
def test_g11_for_an_hour_with_a_server_that_says_nothing_status_goes_on(tmp_path: Path) -> None:
    with (
        Server.throw_away() as server,
        under_a_moved_clock(tmp_path / "data", SCEAU_DATABASE=server.address) as (instance, clock),
    ):
        outage = database_stopped(instance, clock, server.paused, certificates=10, steps=6)
        assert outage.found == []


def test_g03_nothing_is_answered_before_it_is_on_the_disk(standing: RealInstance, tmp_path: Path) -> None:
    if not drills.strace_is_allowed():
        pytest.skip("strace is not here, or may not look at another process")
    assert drills.order_of_calls(standing, tmp_path) == []


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ("signer asked|record synced|record synced|signer answers|database synced|answered", "intent was on"),
        (
            "database synced|signer asked|record synced|signer answers|database synced|answered",
            "outcome were",
        ),
        (
            "database synced|signer asked|record synced|record synced|signer answers|answered",
            "certificate was on",
        ),
        ("database synced|signer asked|answered", "not all seen"),
    ],
)
def test_g03_another_order_of_calls_is_noticed(calls: str, said: str) -> None:
    assert said in drills.ordered(calls.split("|"))[0]


def test_g18_a_signer_that_is_lost_and_found_signs_nothing_twice(standing: RealInstance) -> None:
    assert drills.signer_lost(standing, times=3) == []


def test_g21_a_second_signer_or_publisher_splits_nothing(standing: RealInstance) -> None:
    assert drills.split_brain(standing, rounds=1) == []


def test_g22_a_signer_with_another_clock_signs_nothing(standing: RealInstance) -> None:
    if not drills.clock_tools_are_here():
        pytest.skip("no libfaketime: a process cannot be told another time")
    assert drills.wrong_clock(standing) == []


def test_g08_everything_issued_passes_the_whole_reading(standing: RealInstance) -> None:
    assert check(standing, Answers()) == []
    assert drills.full_reading(standing) == []


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[RealInstance]:
    """An instance of its own, whose only token has ten certificates left for the day."""
    yield from started(tmp_path / "data", per_day=10)


def test_g02_all_parts_killed_while_they_recover_come_back_with_all_that_was_signed(tmp_path: Path) -> None:
    instance = RealInstance.make(tmp_path / "data")
    try:
        assert at_size.restart(instance, count=2_000, kills=2, limit=20).found == []
    finally:
        instance.stop()


def test_g10_a_daily_limit_is_exact_under_two_hundred_at_once(apart: RealInstance) -> None:
    assert drills.quota(apart, allowed=10) == []


def test_f20_a_first_night_that_is_killed_goes_on_and_finds_all(apart: RealInstance) -> None:
    assert first_night(apart, count=9_000).found == []


def test_g14_list_numbers_rise_through_crashes_and_a_restore(apart: RealInstance) -> None:
    assert drills.list_numbers(apart, count=30, kills=2) == []


def test_g19_a_full_disk_refuses_and_comes_back_whole(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    try:
        with drills.small_disk(tmp_path / "disk") as disk:
            instance = RealInstance.make(disk / "data")
            instance.segment = SEGMENT
            try:
                instance.start()
                assert drills.disk_full(instance, fills=2) == []
            finally:
                instance.stop()
    except OSError as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
