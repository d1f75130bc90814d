"""What people see of a structure's change: what happened, its evidence, and the plan thing by thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ChangeLineView:
    """One thing of the plan. `title` is what it is called; `replaced_by` a certificate in service that the
    new identity has for the same names and product.
    """

    thing: str
    reference: str
    title: str
    carries: bool
    answer: str
    replace_before: date | None
    revoke_on: date | None
    decided_by: str
    done_at: datetime | None
    outcome: str
    replaced_by: str
    order: str
    warned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GraceView:
    """More time asked for a certificate that was not replaced in time, and what two officers said of it."""

    reference: str
    certificate: str
    title: str
    revoke_on: date
    reason: str
    state: str
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class StructureChangeView:
    """A change and where it stands. `becomes_id` and `becomes` are the new identity (empty: it closed)."""

    reference: str
    kind: str
    state: str
    version: int
    structure: str
    structure_id: str
    becomes: str
    becomes_id: str
    effective_on: date
    reason: str
    task: str
    piece: str
    opened_by: str
    opened_at: datetime
    proposed_by: str
    proposed_by_id: str
    confirmed_by: str
    confirmed_at: datetime | None
    applied_at: datetime | None
    ended_at: datetime | None
    waiting: int
    undone: int
    lines: tuple[ChangeLineView, ...]
    graces: tuple[GraceView, ...] = ()
