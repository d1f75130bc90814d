"""The nightly re-reading: at its hour, once, in a process of its own; an alarm is said as an error."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sceau.site.nightly import STATUS, Nightly, hour_of, write_report

EVENING = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
NIGHT = EVENING + timedelta(hours=5, minutes=1)


def report(**changes: Any) -> dict[str, Any]:
    return {
        "began": EVENING.isoformat(),
        "ended": EVENING.isoformat(),
        "complete": True,
        "alarms": 2,
        "counts": {"recheck.signature": 2},
        "read": {"certificates": 7},
        "findings": [],
    } | changes


def nightly(folder: Path, *, hour: int | None = 3, ends: int = 0) -> Nightly:
    mark = folder / "runs"
    code = f"open({str(mark)!r}, 'a').write('x'); raise SystemExit({ends})"
    return Nightly(folder, hour=hour, command=(sys.executable, "-S", "-c", code))


def runs(folder: Path) -> int:
    mark = folder / "runs"
    return len(mark.read_text()) if mark.exists() else 0


def finish(one: Nightly, at: datetime) -> None:
    until = time.monotonic() + 20
    while one._running is not None and time.monotonic() < until:
        one.turn(at)
        time.sleep(0.01)
    assert one._running is None


def test_it_begins_at_its_hour_and_once_a_night(tmp_path: Path) -> None:
    one = nightly(tmp_path)
    one.turn(EVENING)
    assert one._running is None
    one.turn(NIGHT)
    finish(one, NIGHT)
    one.turn(NIGHT + timedelta(hours=1))
    assert one._running is None
    assert runs(tmp_path) == 1
    one.turn(NIGHT + timedelta(days=1))
    finish(one, NIGHT + timedelta(days=1))
    assert runs(tmp_path) == 2


def test_a_reading_missed_is_caught_up_and_a_new_instance_waits(tmp_path: Path) -> None:
    write_report(tmp_path, report(began=(EVENING - timedelta(days=3)).isoformat()))
    one = nightly(tmp_path)
    one.turn(EVENING)
    finish(one, EVENING)
    assert runs(tmp_path) == 1


def test_off_means_never(tmp_path: Path) -> None:
    one = nightly(tmp_path, hour=None)
    for hours in range(48):
        one.turn(EVENING + timedelta(hours=hours))
    assert one._running is None


@pytest.mark.parametrize(("ends", "said"), [(1, "2 alarm(s): recheck.signature × 2"), (3, "exit 3")])
def test_an_alarm_and_a_failure_are_errors(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, ends: int, said: str
) -> None:
    write_report(tmp_path, report())
    one = nightly(tmp_path, ends=ends)
    one.turn(EVENING)
    one.turn(NIGHT)
    finish(one, NIGHT)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert said in errors[0]


def test_the_status_speaks_for_whole_readings_only(tmp_path: Path) -> None:
    path = write_report(tmp_path, report())
    assert path.stat().st_mode & 0o777 == 0o600
    status = json.loads((tmp_path / STATUS).read_text())
    assert (status["alarms"], status["counts"], status["report"]) == (
        2,
        {"recheck.signature": 2},
        str(path),
    )
    write_report(tmp_path, report(complete=False, alarms=0, began=NIGHT.isoformat()))
    assert json.loads((tmp_path / STATUS).read_text()) == status


@pytest.mark.parametrize(("text", "hour"), [("0", 0), ("23", 23), ("off", None), (" OFF ", None)])
def test_the_hour_is_read(text: str, hour: int | None) -> None:
    assert hour_of({"SCEAU_RECHECK_HOUR": text}) == hour


@pytest.mark.parametrize("text", ["24", "-1", "", "3h"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SCEAU_RECHECK_HOUR"):
        hour_of({"SCEAU_RECHECK_HOUR": text})


def test_without_a_setting_it_is_three() -> None:
    assert hour_of({}) == 3
