"""A run: many certificates ended for one cause, in slices, after a preview that the deciders have read.

Decides how a run lives, who may ask for one by which criterion and for which reason, and whether one person
is enough. The criterion is what is decided on, not a number: whatever comes under it until the end of the run
is ended too. Which certificates those are, the records know; that an officer holds the quality claimed, the
caller checks.
"""

from __future__ import annotations

from enum import StrEnum

from sceau.catalogue import Catalogue, CriterionKind, Quality, RunRules
from sceau.status.revocation import reason_findings
from sceau.vocabulary import Finding, Life, Refused


class RunState(StrEnum):
    """Where a run stands. `RUNNING` needs the yes of as many different officers as the rule asks."""

    PREPARED = "prepared"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    DROPPED = "dropped"


class RunEvent(StrEnum):
    """What may happen to a run."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    DROP = "drop"


RUN_LIFE = Life(
    noun="revocation run",
    initial=(RunState.PREPARED,),
    table={
        (RunState.PREPARED, RunEvent.START): RunState.RUNNING,
        (RunState.PREPARED, RunEvent.DROP): RunState.DROPPED,
        (RunState.RUNNING, RunEvent.PAUSE): RunState.PAUSED,
        (RunState.RUNNING, RunEvent.FINISH): RunState.DONE,
        (RunState.PAUSED, RunEvent.RESUME): RunState.RUNNING,
        (RunState.PAUSED, RunEvent.DROP): RunState.DROPPED,
    },
)


def decide_run(kind: CriterionKind, *, reason: str, quality: Quality, catalogue: Catalogue) -> None:
    """Whether a run by this criterion may be asked in this quality, for this reason. Raises `Refused` with
    every reason why not: `run.criterion-quality`, and those of a single revocation.
    """
    row = catalogue.runs.criteria[kind]
    found = list(reason_findings(reason, quality, subject=row.label, catalogue=catalogue))
    if quality not in row.who:
        claimed = catalogue.text(f"quality.{quality}")
        found.append(Finding.error("run.criterion-quality", "kind", quality=claimed, criterion=row.label))
    if found:
        raise Refused(found)


def deciders_needed(kind: CriterionKind, total: int, rules: RunRules) -> int:
    """How many different officers must say yes to a run that ends `total` certificates: 1 or 2."""
    return 2 if rules.criteria[kind].two_people or total > rules.alone_up_to else 1
