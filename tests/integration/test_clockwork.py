"""What an instance does by itself: each task at its turn, a failed one told and tried again, the others
untouched.
"""

from __future__ import annotations

import json
import stat
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from sceau.records import latest_head
from sceau.site import clockwork
from sceau.site.clockwork import HEARTBEAT, Task, run_clockwork
from sceau.vocabulary import Fault
from tests.instance import Instance, submitted


def one_round(folder: Path) -> dict[str, dict[str, object]]:
    """Run the clockwork until its first round is over; what its heartbeat says."""
    stop = threading.Event()
    run_clockwork(folder, stop=stop, ready=stop.set)
    told: dict[str, dict[str, object]] = json.loads((folder / HEARTBEAT).read_text())
    return told


def test_the_first_round_recovers_publishes_and_seals(instance: Instance, tmp_path: Path) -> None:
    submitted()
    told = one_round(tmp_path)
    assert {name: state["failures"] for name, state in told.items()} == dict.fromkeys(told, 0)
    assert set(told) >= {
        *("recover", "shelf", "crl", "delta", "late", "responders", "journal", "sessions", "recheck")
    }
    assert latest_head() is not None
    assert list(instance.machine.shelf.rglob("*.crl"))


def test_the_heartbeat_is_for_the_operator_alone(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / HEARTBEAT).write_text("{}")
    (tmp_path / HEARTBEAT).chmod(0o644)
    one_round(tmp_path)
    assert stat.S_IMODE((tmp_path / HEARTBEAT).stat().st_mode) == 0o600


def test_a_task_that_fails_is_told_and_the_others_are_done(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True)

    instance.signer.before = fail
    told = one_round(tmp_path)
    assert told["crl"]["failures"] == 1
    assert told["journal"]["failures"] == 0
    assert told["journal"]["last"]


def test_a_failing_task_is_due_again_soon_then_less_and_less(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def fail() -> None:
        raise Fault("signer.unreachable", retryable=True)

    task = Task("crl", timedelta(minutes=5), fail)
    waits = []
    for _ in range(10):
        clockwork._do(task)
        waits.append(task.due - now[0])
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(waits) == 256.0
