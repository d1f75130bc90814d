"""One re-reading under way: what was asked, what it found so far, and its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sceau.certification import IssuerFacts
from sceau.operations.machine import Machine
from sceau.operations.recheck_scratch import Scratch
from sceau.vocabulary import Finding, Severity

MOST_KEPT = 200
"""Findings kept of one code: all are counted, a million alike are not repeated."""

SETTLED = timedelta(minutes=10)
"""What the clockwork does at once (seal, list) must be done after this long."""


class LintChoice(StrEnum):
    """How many certificates pkilint reads again: all, or about one in fifty, others each night."""

    SAMPLE = "sample"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RecheckOrder:
    """What to read again. `ledger` is the signer's record; `since` leaves out what was asked for before
    it; `only` is the reference of one certificate, and leaves out everything else.
    """

    ledger: Path
    lint: LintChoice = LintChoice.SAMPLE
    since: datetime | None = None
    only: str = ""


@dataclass(frozen=True, slots=True)
class RecheckReport:
    """What a re-reading found. `read` counts what was read, by kind; `counts` the findings by code;
    `findings` keeps the first of each code. Times are timezone-aware UTC.
    """

    began: datetime
    ended: datetime
    complete: bool
    lint: LintChoice
    read: dict[str, int]
    counts: dict[str, int]
    alarms: int
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Run:
    """The state that the parts of one re-reading share."""

    order: RecheckOrder
    machine: Machine
    began: datetime
    scratch: Scratch
    progress: Callable[[str, int], None]
    read: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    alarms: int = 0
    unmatched: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything is read, so that what nothing asked for can be told."""
        return not self.order.only and self.order.since is None

    def settled(self, at: datetime) -> bool:
        """Whether what happened at `at` is old enough for the clockwork to have done its part."""
        return at <= self.began - SETTLED

    def issuer(self, code: str, generation: int) -> IssuerFacts | None:
        """The issuer's key that a row names, None when the machine has no such one."""
        several = self.machine.issuers.get(code, ())
        return next((facts for facts in several if facts.generation == generation), None)

    def note(self, findings: Iterable[Finding]) -> None:
        """Count the findings, and keep the first of each code."""
        for finding in findings:
            self.counts[finding.code] += 1
            self.alarms += finding.severity is Severity.ERROR
            if self.counts[finding.code] <= MOST_KEPT:
                self.findings.append(finding)

    def tick(self, kind: str, count: int = 1) -> None:
        """So many more were read."""
        self.read[kind] += count
        self.progress(kind, self.read[kind])

    def report(self) -> RecheckReport:
        """What was found, now that it is over."""
        return RecheckReport(
            self.began,
            self.machine.clock(),
            self.complete,
            self.order.lint,
            dict(self.read),
            dict(sorted(self.counts.items())),
            self.alarms,
            tuple(self.findings),
        )
