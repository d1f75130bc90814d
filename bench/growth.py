"""Growth: what issuing, asking for a status and revoking cost in a large database, beside a small one.

Only the database's part of each: the rows that the verbs write, in the product's schema with its indexes and
triggers, in durable commits of 32; the status as the product reads it. What a verb costs besides does not
grow with the tables. Two children, each with its own database, work in turn.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.children import child
from bench.database import (
    CERTIFICATE,
    ISSUER,
    KEY_USE,
    NAME,
    REVOCATION,
    CertificateMaker,
    connect,
    fill_certificates,
    forget,
    insert,
    revocation,
    start_django,
)
from bench.declared_names import drawn_numbers
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio
from bench.rows import Bound, Row

_SMALL = 10_000
_GROUP = 32
_MEANT = 10_000_000
_BOUND = Bound(1.2, 1.10, at_least=False)
_ACTS = {
    "issue": ("issue: intent, name and key, then the signed bytes", "rows written in two commits of 32"),
    "status": (
        "OCSP: status of a serial",
        "`records.StatusRecords.status`, serials drawn from the whole table",
    ),
    "revoke": (
        "revoke: the end of a certificate",
        "rows written in commits of 32, certificates drawn from the whole table",
    ),
}


def run(plan: Plan) -> list[Row]:
    """Serials with a time prefix, as the product has them; then, for issuing alone, random ones."""
    rows = []
    for random_serials in (False, True):
        acts = ("issue",) if random_serials else tuple(_ACTS)
        rounds = _measured(plan, acts, random_serials=random_serials)
        rows += [_row(act, rounds, plan, random_serials=random_serials) for act in acts]
    return rows


def _row(act: str, measured: Measured, plan: Plan, *, random_serials: bool) -> Row:
    words, note = _ACTS[act]
    rounds, small, large = measured.rounds, f"{act} {_SMALL}", f"{act} {plan.scale}"
    grown = ratio(rounds, small, large)
    waited = measured.elapsed_ratio(small, large)
    kind = ", if serials were random" if random_serials else ""
    beside = f"the same at {_SMALL:,}: {1e6 / rate(rounds, small):.0f} µs"
    return Row(
        f"{words}, {_SMALL:,} → {plan.scale:,} certificates{kind}",
        1e6 / rate(rounds, large),
        "µs of CPU",
        grown,
        None if random_serials else _BOUND,
        beside,
        f"{note}; in elapsed time, waiting for the disk and for other processes included, × {waited:.2f}; "
        "the bound is meant for 10,000,000 (--scale): kept by fewer, it is no verdict",
        stand_in=plan.scale < _MEANT and _BOUND.holds(grown),
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """The rounds in CPU seconds, and beside them the seconds elapsed, warm-up included."""

    rounds: dict[str, list[Sample]]
    elapsed: dict[str, list[float]]

    def elapsed_ratio(self, small: str, large: str) -> float:
        """How many times longer the large one took, warm-up left out."""
        pairs = list(zip(self.elapsed[large], self.elapsed[small], strict=True))[1:]
        return median(slow / fast for slow, fast in pairs)


def _measured(plan: Plan, acts: tuple[str, ...], *, random_serials: bool) -> Measured:
    elapsed: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        contestants: dict[str, Callable[[], Sample]] = {}
        for count in (_SMALL, plan.scale):
            folder = plan.folder / f"growth-{'random' if random_serials else 'timed'}-{count}"
            forget(folder)
            stack.callback(forget, folder)
            settings = {"folder": str(folder), "count": count, "random_serials": random_serials}
            ask = stack.enter_context(child("bench.growth", data=folder, **settings))
            ask(do="fill", many=0)
            for act in acts:
                contestants[f"{act} {count}"] = _sampling(
                    ask, act, plan, elapsed.setdefault(f"{act} {count}", [])
                )
        return Measured(interleave(contestants, plan), elapsed)


def _sampling(
    ask: Callable[..., dict[str, Any]], act: str, plan: Plan, elapsed: list[float]
) -> Callable[[], Sample]:
    many = 640 if plan.quick else 1_920

    def sample() -> Sample:
        answer = ask(do=act, many=many)
        elapsed.append(float(answer["elapsed"]))
        return Sample(many, float(answer["cpu"]))

    return sample


def worker(folder: str, count: int, random_serials: bool) -> Callable[..., dict[str, Any]]:
    """The child: one database, and its clock."""
    table = Table(Path(folder), count, random_serials=random_serials)

    def answer(do: str, many: int) -> dict[str, Any]:
        if do == "fill":
            table.fill()
            return {}
        elapsed, cpu = getattr(table, do)(many)
        return {"elapsed": elapsed, "cpu": cpu}

    return answer


class Table:
    """A database of `count` certificates and what is done to it. Each act gives its seconds, elapsed and of
    CPU.
    """

    def __init__(self, folder: Path, count: int, *, random_serials: bool) -> None:
        self._folder, self._count = folder, count
        self._random_serials = random_serials
        self._maker = CertificateMaker(random_serials=random_serials)
        self._next = count + 1
        self._drawn = iter(dict.fromkeys(drawn_numbers(count, 60_000)))
        self._asked = drawn_numbers(count, 60_000)

    def fill(self) -> None:
        """Make the table."""
        start_django()
        fill_certificates(self._folder, self._count, random_serials=self._random_serials)
        self._connection = connect(self._folder)
        self._connection.execute("PRAGMA foreign_keys=ON")  # as the product has it
        from sceau.records import StatusRecords

        self._status = StatusRecords()

    def issue(self, many: int) -> tuple[float, float]:
        """`many` certificates: their intents, then their signed bytes, in groups."""
        numbers = range(self._next, self._next + many)
        self._next += many
        made = [self._maker.rows(number, state="intended") for number in numbers]
        signed, at = bytes(1_330), str(datetime.now(UTC).replace(tzinfo=None))
        began = _clocks()
        for first in range(0, many, _GROUP):
            group = made[first : first + _GROUP]
            self._connection.execute("BEGIN IMMEDIATE")
            insert(self._connection, "certificate", CERTIFICATE, (row[0] for row in group))
            insert(self._connection, "certificatename", NAME, (row[1] for row in group))
            insert(self._connection, "keyuse", KEY_USE, (row[2] for row in group))
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "UPDATE records_certificate SET state = 'issued', der = ?, changed_at = ? WHERE id = ?",
                [(signed, at, row[1][0]) for row in group],
            )
            self._connection.execute("COMMIT")
        return _since(began)

    def status(self, many: int) -> tuple[float, float]:
        """The status of `many` serials."""
        asked = self._asked[:many]
        self._asked = self._asked[many:] + asked
        serials = [self._maker.serial(number + 1) for number in asked]
        began = _clocks()
        for serial in serials:
            self._status.status(ISSUER, 1, serial)
        return _since(began)

    def revoke(self, many: int) -> tuple[float, float]:
        """`many` certificates' ends."""
        numbers = [next(self._drawn) + 1 for _ in range(many // 4)]
        made = [revocation(self._maker.serial(number), number) for number in numbers]
        began = _clocks()
        for first in range(0, len(made), _GROUP):
            self._connection.execute("BEGIN IMMEDIATE")
            insert(self._connection, "revocation", REVOCATION, made[first : first + _GROUP])
            self._connection.execute("COMMIT")
        elapsed, cpu = _since(began)
        return elapsed * many / len(made), cpu * many / len(made)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(began: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - began[0], time.process_time() - began[1]
