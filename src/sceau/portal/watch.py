"""How the instance watches over itself, as officers are told: the alarms that call for somebody, and what
stands behind them. Who looks is handed over by `site`; without one, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sceau.vocabulary import Finding


@dataclass(frozen=True, slots=True)
class Reread:
    """The last whole re-reading of everything issued: when it began, how many alarms, how many of each
    code, how much of what was read.
    """

    began: datetime
    ended: datetime
    alarms: int
    counts: Mapping[str, int] = field(default_factory=dict)
    read: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen at `at`: the alarms, errors first; whether the signer answers; when the clockwork last
    ended a round (None: never seen); the last re-reading (None: none yet).
    """

    at: datetime
    alarms: tuple[Finding, ...] = ()
    signer: bool = True
    clockwork: datetime | None = None
    reread: Reread | None = None


_posted: list[Callable[[], Watched]] = []


def post_watch(look: Callable[[], Watched] | None) -> None:
    """Put somebody on watch, in place of any before; None: nobody."""
    _posted[:] = [] if look is None else [look]


def watched() -> Watched | None:
    """What is seen now, or was a moment ago; None where nobody is on watch."""
    return _posted[0]() if _posted else None
