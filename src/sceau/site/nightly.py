"""The nightly re-reading: once a day, at its hour, in a process of its own; and the files it leaves.

A long reading must not hold up lists and journal, so the clockwork only starts it, looks whether it is over,
and raises the alarm. `recheck.json` in the instance's folder always says how the last one ended.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

log = logging.getLogger("sceau.nightly")

STATUS = "recheck.json"
REPORTS = "recheck"
_HOUR = 3
_TOO_OLD = timedelta(hours=36)
_NICE = 10  # it gives way to the service


def write_report(data: Path, value: Mapping[str, Any], *, report: Path | None = None) -> Path:
    """Keep the report, readable by its owner only, and say in the status file how it ended; the report's
    path. A reading of one certificate, or of a part, does not speak for the whole: it leaves the status.
    """
    path = report or data / REPORTS / f"{str(value['began'])[:19].replace(':', '')}.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(path, value)
    if value["complete"]:
        kept = ("began", "ended", "alarms", "counts", "read")
        _write(data / STATUS, {name: value[name] for name in kept} | {"report": str(path)})
    return path


def last_reading(data: Path) -> dict[str, Any]:
    """How the last whole reading ended, as `write_report` noted it; empty when there was none."""
    try:
        found: dict[str, Any] = json.loads((data / STATUS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def hour_of(environment: Mapping[str, str]) -> int | None:
    """The hour (UTC) from which it runs: `SCEAU_RECHECK_HOUR`, 3 by default; None for *never* (``off``)."""
    text = environment.get("SCEAU_RECHECK_HOUR", str(_HOUR)).strip().lower()
    if text == "off":
        return None
    if not text.isdecimal() or not 0 <= int(text) <= 23:
        raise ValueError(f"SCEAU_RECHECK_HOUR={text}: an hour from 0 to 23, or off")
    return int(text)


class Nightly:
    """The turn of the clockwork. `command` is what runs the reading; it ends 0, 1 (alarm) or otherwise."""

    def __init__(self, data: Path, *, hour: int | None, command: Sequence[str] = ()) -> None:
        self._data = data
        self._hour = hour
        self._command = command or (sys.executable, "-m", "sceau.cli", "recheck", "--data", str(data))
        self._running: subprocess.Popen[bytes] | None = None
        self._next: datetime | None = None

    def turn(self, now: datetime) -> None:
        """Start it when its hour has come; tell how it ended when it is over.

        An instance that was asleep at that hour catches up when the last reading is older than a day and a
        half; a new one waits for its first night.
        """
        if self._next is None:
            self._next = self._first(now)
        if self._running is not None:
            code = self._running.poll()
            if code is not None:
                self._running = None
                self._tell(code)
        elif self._hour is not None and now >= self._next:
            self._next = _after(now, self._hour)
            self._running = subprocess.Popen(  # noqa: S603 - our own command
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            with contextlib.suppress(ProcessLookupError):  # over already
                os.setpriority(os.PRIO_PROCESS, self._running.pid, _NICE)

    def stop(self) -> None:
        """End a reading under way: it changes nothing, and is begun anew the next night."""
        if self._running is not None:
            self._running.terminate()
            self._running.wait()
            self._running = None

    def _first(self, now: datetime) -> datetime:
        began = self._last().get("began")
        is_late = began is not None and datetime.fromisoformat(began) < now - _TOO_OLD
        return now if is_late else _after(now, self._hour or 0)

    def _tell(self, code: int) -> None:
        last = self._last()
        if code == 0:
            log.info("recheck: nothing differs")
        elif code == 1:
            counts = ", ".join(f"{name} × {count}" for name, count in last.get("counts", {}).items())
            log.error("recheck: %s alarm(s): %s; see %s", last.get("alarms"), counts, last.get("report"))
        else:
            log.error("recheck could not be done (exit %s)", code)

    def _last(self) -> dict[str, Any]:
        return last_reading(self._data)


def _after(now: datetime, hour: int) -> datetime:
    """The next time it is `hour` (UTC), after `now`."""
    today = now.astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _write(path: Path, value: Mapping[str, Any]) -> None:
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")
    fresh.replace(path)
