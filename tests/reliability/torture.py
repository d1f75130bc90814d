"""`python -m tests.reliability.torture`: an instance under load, killed again and again (kill -9), and all
of it accounted for [ASSURANCE G01, G02, G07, G14].

Each turn kills parts at a named point or at a random moment, goes on asking, starts what died and measures
how long that took. Every few turns everything is settled and checked against the signer's own record, which
is outside of what is tortured. Progress is kept in the folder: a run that was interrupted goes on where it
was. The report is ``report.md`` and ``report.json`` in the same folder. Ends with 1 if anything did not
hold.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sceau.custody import ledger_lines, signatures
from tests.reliability.accounts import check, settle, signed_certificates
from tests.reliability.drills import full_reading
from tests.reliability.load import Answers, Handed, Load, finish
from tests.reliability.points import POINTS, SEGMENT, Point
from tests.reliability.real import PARTS, ROOT, RealInstance

READY_SECONDS = 5.0
_REACHED_SECONDS = 3.0
_NAMED_SHARE = 0.75
_STUMBLES = 0.12
_EVERY_POINT = 500  # kills: in a run that long, no named point may be left out


@dataclass
class Progress:
    """What a run has done so far; it is in a file after every check."""

    wanted: int
    kills: int = 0
    turns: int = 0
    checks: int = 0
    seconds: float = 0.0
    by_point: Counter[str] = field(default_factory=Counter)
    ready: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    handed: int = 0
    signed: int = 0
    unknown: int = 0
    violations: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, wanted: int) -> Progress:
        """What was kept, or a beginning."""
        if not path.exists():
            return cls(wanted)
        told = json.loads(path.read_text())
        for name in ("by_point", "statuses"):
            told[name] = Counter(told[name])
        return cls(**told | {"wanted": wanted})


class Torture:
    """One run in `folder`."""

    def __init__(self, folder: Path, *, kills: int, every: int, programs: int, ready_limit: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._every, self._programs, self._limit = folder, every, programs, ready_limit
        self.progress = Progress.of(folder / "progress.json", kills)
        self._instance = RealInstance.make(folder / "data")
        self._instance.segment = SEGMENT
        self._chance = random.Random(f"413 {self.progress.kills}")
        self._answers = Answers(handed=self._kept_handed())
        self._next: dict[str, Point] = {}

    def run(self) -> Progress:
        """Until as many kills as wanted."""
        began = time.monotonic()
        instance, progress = self._instance, self.progress
        try:
            for name in PARTS:
                instance.start(name, point=self._plan(name))
            while progress.kills < progress.wanted and not progress.violations:
                self._some_turns()
                self._check()
                progress.seconds += time.monotonic() - began
                began = time.monotonic()
                self._keep()
        finally:
            instance.stop()
        return progress

    def _tell(self, what: str) -> None:
        """A line of the run's diary."""
        with (self._folder / "diary.txt").open("a") as diary:
            diary.write(f"{time.strftime('%H:%M:%S')} {what}\n")

    def _some_turns(self) -> None:
        load = Load(self._instance, self._answers, programs=self._programs, seed=self.progress.kills)
        load.start()
        until = min(self.progress.kills + self._every, self.progress.wanted)
        while self.progress.kills < until:
            self._turn()
        for name in self._fallen():
            self._start(name)
        for name in PARTS:
            self._instance.armed(name).unlink(missing_ok=True)
        load.stop()
        self._tell("the load has stopped")

    def _turn(self) -> None:
        """Some parts die; what died is started again, ready for the point where it is to die next."""
        self.progress.turns += 1
        dead = self._at_a_point() or self._at_random()
        self._tell(f"turn {self.progress.turns}: {', '.join(dead)}")
        time.sleep(self._chance.random() * 0.3)
        for name in sorted(dead, key=lambda one: one != "signer"):
            self._start(name)
        time.sleep(self._chance.random() * 0.3)

    def _start(self, name: str) -> None:
        """Start a part; sometimes it dies before it is ready, and is started once more."""
        if self._chance.random() < _STUMBLES:
            self._instance.start(name, wait=False)
            time.sleep(self._chance.random() * 2)
            self._kill([name], "at its start")
        self.progress.ready.append(round(self._instance.start(name, point=self._plan(name)), 3))

    def _plan(self, name: str) -> str:
        """Where the part is to die next, as its process is told; empty where no point is named for it."""
        known = [one for one in POINTS if one.part == name]
        if not known:
            return ""
        fewest = min(self.progress.by_point[one.name] for one in known)
        point = self._chance.choice([one for one in known if self.progress.by_point[one.name] == fewest])
        self._next[name] = point
        return point.on(self._chance.randint(1, point.most))

    def _at_a_point(self) -> list[str]:
        """Whoever dies by itself at its point within a while. One more is armed, and stays so."""
        if not self._next or self._chance.random() > _NAMED_SHARE:
            return []
        self._instance.armed(self._chance.choice(sorted(self._next))).touch()
        limit = time.monotonic() + _REACHED_SECONDS
        while not (dead := self._fallen()) and time.monotonic() < limit:
            time.sleep(0.02)
        return dead

    def _fallen(self) -> list[str]:
        """Bury who died at its point."""
        dead = [name for name in self._next if not self._instance.is_running(name)]
        for name in dead:
            self._instance.wait_dead(name, 10)
            self.progress.by_point[self._next.pop(name).name] += 1
            self.progress.kills += 1
        return dead

    def _at_random(self) -> list[str]:
        time.sleep(self._chance.random() * 0.5)
        fallen = self._fallen()
        living = [name for name in PARTS if self._instance.is_running(name)]
        dead = self._chance.sample(living, self._chance.choice((1, 1, 2, 3)))
        self._kill(dead, "any moment")
        return [*fallen, *dead]

    def _kill(self, names: list[str], when: str) -> None:
        self._instance.kill(*names)
        self.progress.kills += len(names)
        for name in names:
            self._next.pop(name, None)
            self.progress.by_point[f"{name}: {when}"] += 1

    def _settle(self) -> None:
        """As an operator's start does; the parts that died meanwhile are there first."""
        for name in self._fallen():
            self._start(name)
        for name in ("clockwork", "enrolment"):
            self._next.pop(name, None)
        settle(self._instance, {name: self._plan(name) for name in ("clockwork", "enrolment")})

    def _check(self) -> None:
        progress, answers = self.progress, self._answers
        self._settle()
        self._tell("settled")
        finish(self._instance, answers)
        self._tell("every request has its final answer")
        found = check(self._instance, answers)
        if progress.kills >= progress.wanted:
            found += full_reading(self._instance)
        found += [f"a part was ready after {one:.1f} s" for one in progress.ready if one > self._limit]
        if progress.kills >= progress.wanted >= _EVERY_POINT:
            found += [f"no kill at: {point}" for point in POINTS if not progress.by_point[point.name]]
        record = signatures(ledger_lines(self._instance.ledger))
        progress.signed = len(signed_certificates(record))
        progress.checks += 1
        progress.violations += found
        progress.handed, progress.unknown = len(answers.handed), progress.unknown + answers.unknown
        progress.statuses += Counter({str(status): count for status, count in answers.statuses.items()})
        answers.unknown = 0
        answers.statuses.clear()
        self._tell(f"checked: {found}")

    def _kept_handed(self) -> dict[int, Handed]:
        path = self._folder / "handed.jsonl"
        if not path.exists():
            return {}
        told = (json.loads(line) for line in path.read_text().splitlines())
        return {int(one[1], 16): Handed(one[0], int(one[1], 16), bytes.fromhex(one[2])) for one in told}

    def _keep(self) -> None:
        text = json.dumps(vars(self.progress), indent=1)
        for name in ("progress.json", "report.json"):
            fresh = self._folder / f".{name}"
            fresh.write_text(text)
            fresh.replace(self._folder / name)
        lines = [
            json.dumps([one.reference, f"{one.serial:x}", one.der.hex()])
            for one in self._answers.handed.values()
        ]
        (self._folder / "handed.jsonl").write_text("".join(f"{line}\n" for line in lines))
        (self._folder / "report.md").write_text(report(self.progress, self._limit))
        sys.stderr.write(
            f"{self.progress.kills}/{self.progress.wanted} kills, {self.progress.signed} signed, "
            f"{len(self.progress.violations)} violation(s)\n"
        )


def report(progress: Progress, limit: float) -> str:
    """What a person reads (docs/runbook/endurance.md says how)."""
    ready = sorted(progress.ready) or [0.0]
    lines = [
        "# Torture",
        "",
        f"- kill -9: {progress.kills} in {progress.turns} turns, {progress.checks} complete checks, "
        f"{progress.seconds / 60:.0f} minutes",
        f"- signed: {progress.signed} certificates; handed over and kept by programs: {progress.handed}; "
        f"outcomes that nobody could know (burnt, presumed, revoked): {progress.unknown}",
        f"- ready again: median {ready[len(ready) // 2]:.1f} s, worst {ready[-1]:.1f} s (limit {limit:.0f})",
        f"- answers of the door: {dict(sorted(progress.statuses.items()))}",
        f"- **violations: {len(progress.violations)}**",
        *(f"  - {one}" for one in progress.violations[:100]),
        "",
        "| where it died | times |",
        "|---|---|",
    ]
    names = [point.name for point in POINTS] + sorted(
        name for name in progress.by_point if name.endswith(("any moment", "at its start"))
    )
    lines += [f"| {name} | {progress.by_point[name]} |" for name in names]
    return "\n".join(lines) + "\n"


def main() -> int:
    """The run asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.torture")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--every", type=int, default=25, help="kills between two complete checks")
    parser.add_argument("--programs", type=int, default=6, help="clients that ask at once")
    parser.add_argument(
        "--ready", type=float, default=READY_SECONDS, help="seconds until a part is ready again"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "torture")
    given = parser.parse_args()
    run = Torture(
        given.folder, kills=given.kills, every=given.every, programs=given.programs, ready_limit=given.ready
    ).run()
    sys.stdout.write(report(run, given.ready))
    return 1 if run.violations else 0


if __name__ == "__main__":
    sys.exit(main())
