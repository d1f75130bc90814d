"""What people see of the life of rights: departures line by line, the effects of an amendment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DepartureLineView:
    """One certificate of a departure. `answer` is empty while nothing was decided; `successor` is a name."""

    certificate: str
    product: str
    names: tuple[str, ...]
    not_after: datetime
    structure: str
    is_live: bool
    answer: str
    successor: str
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class DepartureView:
    """A departure: who leaves what, how many certificates wait for a decision, and each of them. `team`: the
    reference of the third party whose team they left, empty for a structure's administrator.
    """

    reference: str
    state: str
    person: str
    person_id: str
    structure: str
    structure_id: str
    team: str
    reason: str
    opened_by: str
    opened_at: datetime
    ended_at: datetime | None
    waiting: int
    decided: int
    lines: tuple[DepartureLineView, ...]
