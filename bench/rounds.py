"""Rounds: contestants measured in turn, again and again, so that a slow minute of the machine is everybody's.

The unit is always the server's CPU second. A ratio is taken inside each round; what is told is the median of
them.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.plan import Plan


@dataclass(frozen=True, slots=True)
class Sample:
    """So many things done in so many CPU seconds of whoever did them."""

    count: int
    cpu: float

    @property
    def rate(self) -> float:
        """Things a CPU second. A sample that did nothing, or cost nothing, is a defect of the bench."""
        if self.count <= 0 or self.cpu <= 0:
            raise ValueError(f"an empty sample: {self}")
        return self.count / self.cpu


Contestant = Callable[[], Sample]
Rounds = Mapping[str, Sequence[Sample]]


def interleave(contestants: Mapping[str, Contestant], plan: Plan) -> dict[str, list[Sample]]:
    """One warm-up each, then `plan.rounds` rounds in which each contestant runs once, forwards and backwards
    in turn.
    """
    for contestant in contestants.values():
        contestant()
    found: dict[str, list[Sample]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(plan.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            found[name].append(contestants[name]())
    return found


def rate(rounds: Rounds, name: str) -> float:
    """The median rate of a contestant."""
    return median(sample.rate for sample in rounds[name])


def ratio(rounds: Rounds, ours: str, theirs: str) -> float:
    """The median, over rounds, of our rate over theirs."""
    return median(a.rate / b.rate for a, b in zip(rounds[ours], rounds[theirs], strict=True))


def repeated(work: Callable[[int], object], *, seconds: float, most: int) -> Sample:
    """`work(0)`, `work(1)`… in this thread, until `seconds` of CPU or `most` times."""
    gc.collect()
    done = 0
    began = time.process_time()
    ends = began + seconds
    now = began
    while done < most and now < ends:
        for _ in range(min(_BLOCK, most - done)):
            work(done)
            done += 1
        now = time.process_time()
    return Sample(done, now - began)


_BLOCK = 8  # calls between two looks at the clock


def pin(core: int) -> None:
    """Keep this process on one core, and its children with it."""
    os.sched_setaffinity(0, {core})
