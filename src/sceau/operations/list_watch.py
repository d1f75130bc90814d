"""Watching over the lists made: how each stands, an alarm long before one is late, and the shelf put back in
order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sceau.operations.list_scopes import Scope, calendar_of, crl_path, facts_of, list_address, scopes
from sceau.operations.machine import machine
from sceau.operations.shelf_files import digest_on_shelf, replace_on_shelf
from sceau.records import CrlLine, latest_crl
from sceau.status import CrlFacts, crl_is_late
from sceau.vocabulary import Finding


@dataclass(frozen=True, slots=True)
class ListState:
    """How one list stands: of which key of which issuer, of all its certificates or of one partition, whole
    or a delta; its address; the last one made (None: none yet); whether people must be told.
    """

    issuer: str
    generation: int
    partition: int | None
    delta: bool
    subject: str
    address: str
    last: CrlFacts | None
    late: bool

    @property
    def until(self) -> datetime | None:
        """When the last one made ends; None when there is none."""
        return self.last.next_update if self.last else None


def list_states() -> tuple[ListState, ...]:
    """Each list there must be, and how it stands."""
    now = machine().clock()
    return tuple(_state(scope, delta=delta, now=now) for scope in scopes() for delta in (False, True))


def late_lists() -> tuple[Finding, ...]:
    """An alarm for each list that should have been made anew a while ago, long before anybody is without one
    [ASSURANCE F10]: ``crl.late``, ``crl.delta-late``.
    """
    return tuple(_alarm(state) for state in list_states() if state.late)


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


def _state(scope: Scope, *, delta: bool, now: datetime) -> ListState:
    last = facts_of(scope.issues(delta=delta).first())
    return ListState(
        scope.issuer.code,
        scope.issuer.generation,
        scope.partition,
        delta,
        scope.subject,
        list_address(scope.issuer, scope.partition, delta=delta),
        last,
        crl_is_late(last, at=now, calendar=calendar_of(delta=delta)),
    )


def _alarm(state: ListState) -> Finding:
    until = "–" if state.until is None else f"{state.until:%d/%m/%Y %H:%M} UTC"
    if state.delta:
        return Finding.warning("crl.delta-late", state.subject, until=until)
    return Finding.error("crl.late", state.subject, until=until)


def _line(scope: Scope, *, delta: bool) -> CrlLine:
    line = latest_crl(scope.issuer.code, scope.issuer.generation, partition=scope.partition, delta=delta)
    if line is None:
        raise LookupError(f"the last list of {scope.subject} has no bytes")
    return line
