"""What the desk sees of its cases: lines of its queue, the points of a request, what a search finds, figures.

Values only. Instants are timezone-aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sceau.records.views import OrderLine
from sceau.registration import StayFigures


@dataclass(frozen=True, slots=True)
class QueueLine:
    """An order that waits. `lane` says for whom, `due_at` until when that is in time; `needed` is how many
    officers' yes it takes.
    """

    order: OrderLine
    lane: str
    due_at: datetime | None
    late: bool
    needed: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Lines in their order, and what to ask for the next page with (empty: there is none)."""

    lines: tuple[QueueLine, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a search found. `kind` is ``order``, ``person``, ``structure``, ``contract``,
    ``certificate``, ``habilitation``, ``leave`` or ``piece``; `reference` is how its page is asked for.
    """

    kind: str
    reference: str
    title: str
    detail: str
    state: str


@dataclass(frozen=True, slots=True)
class FoundPage:
    """What was found, exact things first, and what to ask for the next page with (empty: there is none)."""

    found: tuple[Found, ...]
    after: str


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """One lane over a window of days; `late_now` counts what is late at this moment, up to a hundred."""

    lane: str
    days: int
    ended: StayFigures
    late_now: int


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """A week of the desk, by its Monday: how many stays in its own hands ended, how many of them late."""

    monday: date
    ended: int
    late: int
