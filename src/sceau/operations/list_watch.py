"""Watching over the lists made: an alarm long before one is late, and the shelf put back in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sceau.operations.list_scopes import Scope, calendar_of, crl_path, facts_of, scopes
from sceau.operations.machine import machine
from sceau.operations.shelf_files import digest_on_shelf, replace_on_shelf
from sceau.records import CrlLine, latest_crl
from sceau.status import crl_is_late
from sceau.vocabulary import Finding


def late_lists() -> tuple[Finding, ...]:
    """An alarm for each list that should have been made anew a while ago, long before anybody is without one
    [ASSURANCE F10]: ``crl.late``, ``crl.delta-late``.
    """
    return tuple(finding for scope in scopes() for finding in _late(scope))


def restore_shelf() -> tuple[Path, ...]:
    """Write again the last lists of each issuer where the shelf has lost them or holds others; the paths
    written.
    """
    written = []
    for scope in scopes():
        for delta in (False, True):
            last = scope.issues(delta=delta).first()
            path = crl_path(scope.issuer, partition=scope.partition, delta=delta)
            if last is None or digest_on_shelf(path) == last.sha256:
                continue
            line = _line(scope, delta=delta)
            replace_on_shelf(path, line.der)
            written.append(path)
    return tuple(written)


def _late(scope: Scope) -> Iterator[Finding]:
    now = machine().clock()
    for delta in (False, True):
        last = scope.issues(delta=delta).first()
        if not crl_is_late(facts_of(last), at=now, calendar=calendar_of(delta=delta)):
            continue
        until = "–" if last is None else f"{last.next_update:%d/%m/%Y %H:%M} UTC"
        if delta:
            yield Finding.warning("crl.delta-late", scope.subject, until=until)
        else:
            yield Finding.error("crl.late", scope.subject, until=until)


def _line(scope: Scope, *, delta: bool) -> CrlLine:
    line = latest_crl(scope.issuer.code, scope.issuer.generation, partition=scope.partition, delta=delta)
    if line is None:
        raise LookupError(f"the last list of {scope.subject} has no bytes")
    return line
