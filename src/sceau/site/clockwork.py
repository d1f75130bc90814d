"""What an instance does by itself, by the clock: recover what a crash cut short, seal the journal, publish
lists, renew responders. One process, one task after another; a task that fails is told and tried again at
its next turn.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection

from sceau.operations import (
    advance_runs,
    erase_pieces,
    expire_drafts,
    finish_key_reports,
    forget_challenges,
    late_lists,
    machine,
    make_mails,
    publish_crls,
    publish_deltas,
    recheck_domains,
    recover_intents,
    refresh_responders,
    remind,
    restore_shelf,
    seal_journal,
    send_mails,
    structure_change,
)
from sceau.site.bounces import folder_of, take_bounces
from sceau.site.drop import drop_of, take_drop
from sceau.site.nightly import Nightly, hour_of
from sceau.site.test_sets import keep_test_sets
from sceau.vocabulary import Fault, Refused, errors

log = logging.getLogger("sceau.clockwork")

HEARTBEAT = "clockwork.json"
_BEAT_SECONDS = 1.0


@dataclass(slots=True)
class Task:
    """One thing to do every so often. `due` is on the monotonic clock, in seconds."""

    name: str
    every: timedelta
    do: Callable[[], object]
    due: float = 0.0
    last: str = ""
    failures: int = 0


def tasks() -> list[Task]:
    """The tasks of an instance, in the order in which they are done at start."""
    return [
        Task("recover", timedelta(minutes=5), recover_intents),
        Task("shelf", timedelta(minutes=10), restore_shelf),
        Task("crl", timedelta(seconds=20), lambda: publish_crls(due_only=True)),
        Task("delta", timedelta(seconds=20), lambda: publish_deltas(due_only=True)),
        Task("late", timedelta(minutes=5), warn_of_late_lists),
        Task("responders", timedelta(minutes=10), refresh_responders),
        Task("revocation-runs", timedelta(seconds=2), advance_runs),
        Task("key-reports", timedelta(minutes=1), finish_key_reports),
        Task("key-challenges", timedelta(hours=1), forget_challenges),
        Task("journal", timedelta(seconds=5), seal_journal),
        Task("leaves", timedelta(minutes=15), recheck_domains),
        Task("structure-changes", timedelta(minutes=10), structure_change.advance_structure_changes),
        Task("pieces", timedelta(hours=1), erase_pieces),
        Task("drafts", timedelta(hours=1), expire_drafts),
        Task("reminders", timedelta(hours=1), remind),
        Task("mails", timedelta(seconds=5), post_mails),
        Task("sessions", timedelta(hours=6), lambda: call_command("clearsessions")),
    ]


def post_mails() -> None:
    """Make mails of what happened, and hand over those whose time has come."""
    make_mails()
    send_mails()


def warn_of_late_lists() -> None:
    """Tell of each list that should have been made anew; the task fails, so that the heartbeat says so."""
    findings = late_lists()
    catalogue = machine().catalogue
    for finding in findings:
        log.error("%s", catalogue.say(finding).text)
    if errors(findings):
        raise Fault("site.lists-late", retryable=True, detail=", ".join(one.subject for one in findings))


def run_clockwork(data: Path, *, stop: threading.Event, ready: Callable[[], None] = lambda: None) -> None:
    """Do each task when it is due, until `stop`. `ready` is called after the first round, failed tasks
    included.
    """
    nightly = Nightly(data, hour=hour_of(os.environ))
    known = [*tasks(), Task("test-set", timedelta(hours=1), lambda: keep_test_sets(data))]
    bounces = folder_of(os.environ)
    if bounces is not None:
        known.append(Task("bounces", timedelta(minutes=1), lambda: take_bounces(bounces)))
    drop = drop_of(os.environ, data)
    known.append(Task("forms", timedelta(seconds=20), lambda: take_drop(drop)))
    known.append(Task("recheck", timedelta(seconds=30), lambda: nightly.turn(machine().clock())))
    first = True
    while not stop.is_set():
        for task in known:
            if time.monotonic() >= task.due:
                _do(task)
        _write_heartbeat(data, known)
        if first:
            first = False
            ready()
        stop.wait(_BEAT_SECONDS)
    nightly.stop()


def _do(task: Task) -> None:
    """Do a task once. After a failure it is due again soon, and less and less soon."""
    if connection.errors_occurred:  # else it is kept: opening one each second costs more than the tasks
        connection.close()
    try:
        task.do()
    except (Fault, Refused, OSError, DatabaseError) as error:
        task.failures += 1
        log.warning("%s failed (%d): %s", task.name, task.failures, error)
        task.due = time.monotonic() + min(task.every.total_seconds(), 2.0 ** min(task.failures, 8))
        return
    task.failures = 0
    task.last = machine().clock().isoformat(timespec="seconds")
    task.due = time.monotonic() + task.every.total_seconds()


def _write_heartbeat(data: Path, known: list[Task]) -> None:
    """For an operator, and for alarms: when each task last succeeded."""
    told = {task.name: {"last": task.last, "failures": task.failures} for task in known}
    fresh = data / f".{HEARTBEAT}"
    fresh.touch(mode=0o600)
    fresh.chmod(0o600)
    fresh.write_text(json.dumps(told, indent=1) + "\n", "ascii")
    fresh.replace(data / HEARTBEAT)
