"""`python -m tests.reliability`: the torture, then every drill at length (`make torture`). `--quick` for a
look.

What was done is in ``build/torture``: ``report.md`` of the kills, ``drills.json`` of the drills, each
written as soon as it is over. A run that was interrupted goes on. Ends with 1 if anything did not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.reliability import at_size, drills
from tests.reliability.first_night import first_night
from tests.reliability.honesty import honest_statuses
from tests.reliability.outage import (
    Away,
    Server,
    database_stopped,
    file_moved,
    server_can_be_made,
    under_a_moved_clock,
)
from tests.reliability.points import SEGMENT
from tests.reliability.real import ROOT, RealInstance
from tests.reliability.torture import READY_SECONDS, Torture, report

Drill = Callable[[RealInstance], list[str]]


def long_drills(share: float) -> dict[str, Drill]:
    """Each drill with its long count, or that share of it."""

    def times(count: int) -> int:
        return max(2, int(count * share))

    return {
        "G03 order of system calls": lambda instance: drills.order_of_calls(instance, instance.data.parent),
        "G10 double submits": lambda instance: [
            one for _ in range(times(20)) for one in drills.double_submits(instance)
        ],
        "G13 revocation seen": lambda instance: drills.revocations_seen(instance, count=times(1000))[0],
        "G15 honest statuses": lambda instance: honest_statuses(instance, count=times(100_000)).told(),
        "G18 signer lost": lambda instance: drills.signer_lost(instance, times=times(100)),
        "G21 split brain": lambda instance: drills.split_brain(instance, rounds=times(20)),
        "G22 clock": drills.wrong_clock,
        "G08 everything read again": drills.full_reading,
        "G14 list numbers": lambda instance: drills.list_numbers(
            instance, count=times(10_000), kills=times(100)
        ),
    }


def main() -> int:
    """The run asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="50 kills, and a hundredth of each drill")
    parser.add_argument(
        "--ready", type=float, default=READY_SECONDS, help="seconds for a part to be ready again"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "torture")
    given = parser.parse_args()
    kills = 50 if given.quick else given.kills
    run = Torture(given.folder, kills=kills, every=25, programs=6, ready_limit=given.ready).run()
    sys.stdout.write(report(run, given.ready))
    told = _drilled(given.folder, 0.01 if given.quick else 1.0)
    for name, found in told.items():
        sys.stdout.write(f"{name}: {'held' if not found else '; '.join(found)}\n")
    return 1 if run.violations or any(told.values()) else 0


def _drilled(folder: Path, share: float) -> dict[str, list[str]]:
    """Each drill that is not in the folder yet."""
    path = folder / "drills.json"
    told: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}
    left = {name: drill for name, drill in long_drills(share).items() if name not in told}
    if left:
        instance = RealInstance.make(folder / "drills")
        instance.segment = SEGMENT
        try:
            instance.start()
            for name, drill in left.items():
                _noted(path, told, name, lambda drill=drill: drill(instance))  # type: ignore[misc]
        finally:
            instance.stop()
    if "G02 restart at size" not in told:
        _noted(path, told, "G02 restart at size", lambda: _restart(folder, share))
    if "G10 daily limit" not in told:
        _noted(path, told, "G10 daily limit", lambda: _limit(folder))
    if "G11 database away" not in told:
        _noted(path, told, "G11 database away", lambda: _outage(folder / "outage", share, file_moved))
    if "G11 server silent" not in told:
        _noted(path, told, "G11 server silent", lambda: _server_silent(folder / "silence", share))
    if "F20 first night" not in told:
        _noted(path, told, "F20 first night", lambda: _first_night(folder, max(9_000, int(100_000 * share))))
    if "G19 full disk" not in told:
        _noted(path, told, "G19 full disk", lambda: _full_disk(folder, max(2, int(100 * share))))
    return told


def _noted(path: Path, told: dict[str, list[str]], name: str, drill: Callable[[], list[str]]) -> None:
    began = time.monotonic()
    told[name] = drill()
    path.write_text(json.dumps(told, indent=1))
    held = "held" if not told[name] else f"{len(told[name])} violation(s)"
    sys.stderr.write(f"{name}: {held}, {time.monotonic() - began:.0f} s\n")


def _restart(folder: Path, share: float) -> list[str]:
    instance = RealInstance.make(folder / "size")
    try:
        count, kills = int(100_000 * share), max(2, int(20 * share))
        seen = at_size.restart(instance, count=count, kills=kills, limit=READY_SECONDS)
    finally:
        instance.stop()
    told = f"G02: {count:,} certificates, ready after {seen.seconds:.1f} s ({seen.cpu:.1f} s of CPU)\n"
    sys.stderr.write(told)
    return seen.found


def _limit(folder: Path) -> list[str]:
    instance = RealInstance.make(folder / "limit", per_day=10)
    try:
        instance.start()
        return drills.quota(instance, allowed=10)
    finally:
        instance.stop()


def _outage(folder: Path, share: float, away: Away, **more: str) -> list[str]:
    if not drills.clock_tools_are_here():
        sys.stderr.write("G11: left out, without libfaketime an hour takes an hour\n")
        return []
    with under_a_moved_clock(folder, **more) as (instance, clock):
        counts = {"certificates": max(10, int(200 * share)), "steps": max(6, int(60 * share))}
        return database_stopped(instance, clock, away, **counts).told()


def _server_silent(folder: Path, share: float) -> list[str]:
    if not server_can_be_made():
        sys.stderr.write("G11 server silent: left out, PostgreSQL is not installed\n")
        return []
    with Server.throw_away() as server:
        return _outage(folder, share, server.paused, SCEAU_DATABASE=server.address)


def _first_night(folder: Path, keys: int) -> list[str]:
    instance = RealInstance.make(folder / "night")
    try:
        instance.start()
        return first_night(instance, count=keys).told()
    finally:
        instance.stop()


def _full_disk(folder: Path, fills: int) -> list[str]:
    if os.geteuid() != 0:
        sys.stderr.write("G19 full disk: left out, only root may mount a small disk\n")
        return []
    with drills.small_disk(folder / "disk") as disk:
        instance = RealInstance.make(disk / "data")
        instance.segment = SEGMENT
        try:
            instance.start()
            return drills.disk_full(instance, fills=fills)
        finally:
            instance.stop()


if __name__ == "__main__":
    sys.exit(main())
