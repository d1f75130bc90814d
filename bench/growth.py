"""Growth: what issuing, asking for a status and revoking cost in a large database, beside a small one.

Issuing is the product's own verb, a batch of 32 at a time under a token, on durable commits; the signer is in
memory. The status is read as the product reads it, a certificate revoked by the verb of the desk. Two
children work in turn, each with its own database.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.children import child
from bench.database import (
    CERTIFICATE,
    ISSUER,
    KEPT,
    KEY_USE,
    NAME,
    REVOCATION,
    CertificateMaker,
    connect,
    fill_certificates,
    forget,
    insert,
    kept_request,
    revocation,
    signed_over,
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
    "issue": (
        "issue: CSR to recorded certificate, by the verb",
        "`operations.issue_all`, batches of 32, P-256 issuer in memory; its rows alone beside it",
    ),
    "rows": (
        "issue, its rows alone: intent, name, key and kept request, then the signed bytes",
        "rows written in two commits of 32: no bound of its own, part of the figure above",
    ),
    "status": (
        "OCSP: status of a serial",
        "`records.StatusRecords.status`, serials drawn from the whole table",
    ),
    "revoke": (
        "revoke: the end of a certificate, by the verb",
        "`operations.revoke_certificate` at the desk, one commit each, drawn from the whole table",
    ),
    "ends": (
        "revoke, its row alone",
        "rows written in commits of 32, certificates drawn from the whole table: no bound of its own",
    ),
}


def run(plan: Plan) -> list[Row]:
    """Each act in turn."""
    measured = _measured(plan, tuple(_ACTS))
    return [_row(act, measured, plan) for act in _ACTS]


def _row(act: str, measured: Measured, plan: Plan) -> Row:
    words, note = _ACTS[act]
    rounds, small, large = measured.rounds, f"{act} {_SMALL}", f"{act} {plan.scale}"
    grown = ratio(rounds, small, large)
    waited = measured.elapsed_ratio(small, large)
    bound = None if act in ("rows", "ends") else _BOUND
    beside = f"the same at {_SMALL:,}: {1e6 / rate(rounds, small):.0f} µs"
    return Row(
        f"{words}, {_SMALL:,} → {plan.scale:,} certificates",
        1e6 / rate(rounds, large),
        "µs of CPU",
        grown,
        bound,
        beside,
        f"{note}; in elapsed time, waiting for the disk and for other processes included, × {waited:.2f}; "
        "the bound is meant for 10,000,000 (--scale): kept by fewer, it is no verdict",
        stand_in=bound is not None and plan.scale < _MEANT and bound.holds(grown),
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


def _measured(plan: Plan, acts: tuple[str, ...]) -> Measured:
    elapsed: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        contestants: dict[str, Callable[[], Sample]] = {}
        for count in (_SMALL, plan.scale):
            folder = plan.folder / f"growth-{count}"
            forget(folder)
            stack.callback(forget, folder)
            ask = stack.enter_context(child("bench.growth", data=folder, folder=str(folder), count=count))
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


def worker(folder: str, count: int) -> Callable[..., dict[str, Any]]:
    """The child: one database, and its clock."""
    table = Table(Path(folder), count)

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

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._maker = CertificateMaker()
        self._asked_for = 0
        drawn = list(dict.fromkeys(drawn_numbers(count, 60_000)))
        self._drawn, self._drawn_rows = iter(drawn[::2]), iter(drawn[1::2])
        self._asked = drawn_numbers(count, 60_000)

    def fill(self) -> None:
        """Make the table."""
        start_django()
        fill_certificates(self._folder, self._count)
        self._ask = _asking(self._folder)
        self._connection = connect(self._folder)
        self._connection.execute("PRAGMA foreign_keys=ON")  # as the product has it
        from sceau.records import StatusRecords

        self._status = StatusRecords()

    def issue(self, many: int) -> tuple[float, float]:
        """`many` certificates by the verb, in batches, each with a key and a name of its own."""
        from sceau.operations import issue_all

        made = [self._ask(number) for number in range(self._asked_for, self._asked_for + many)]
        self._asked_for += many
        began = _clocks()
        for first in range(0, many, _GROUP):
            for answer in issue_all(made[first : first + _GROUP]):
                if isinstance(answer, Exception):
                    raise answer
        return _since(began)

    def rows(self, many: int) -> tuple[float, float]:
        """`many` certificates: the rows of their intents, then their signed bytes, in groups."""
        (last,) = self._connection.execute("SELECT MAX(id) FROM records_certificate").fetchone()
        numbers = range(last + 1, last + 1 + many)
        made = [self._maker.rows(number, state="intended") for number in numbers]
        signed, at = signed_over(), str(datetime.now(UTC).replace(tzinfo=None))
        began = _clocks()
        for first in range(0, many, _GROUP):
            group = made[first : first + _GROUP]
            self._connection.execute("BEGIN IMMEDIATE")
            insert(self._connection, "certificate", CERTIFICATE, (row[0] for row in group))
            insert(self._connection, "certificatename", NAME, (row[1] for row in group))
            insert(self._connection, "keyuse", KEY_USE, sorted(row[2] for row in group))
            insert(self._connection, "keptrequest", KEPT, (kept_request(row[1][0]) for row in group))
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "UPDATE OR FAIL records_certificate SET state = 'collected', der = ?, draft = x'',"
                " code_hash = '', collected_at = ?, changed_at = ? WHERE id = ?",
                [(signed, at, at, row[1][0]) for row in group],
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
        """`many` certificates' ends, by the verb."""
        from tests.instance import ALICE

        from sceau.operations import revoke_certificate

        numbers = [next(self._drawn) + 1 for _ in range(many // 8)]
        references = [self._maker.reference(number) for number in numbers]
        began = _clocks()
        for reference in references:
            revoke_certificate(
                ALICE.actor, reference=reference, reason="cessationOfOperation", quality="desk"
            )
        elapsed, cpu = _since(began)
        return elapsed * many / len(numbers), cpu * many / len(numbers)

    def ends(self, many: int) -> tuple[float, float]:
        """The rows of `many` certificates' ends."""
        numbers = [next(self._drawn_rows) + 1 for _ in range(many // 4)]
        made = [revocation(self._maker.serial(number), number) for number in numbers]
        began = _clocks()
        for first in range(0, len(made), _GROUP):
            self._connection.execute("BEGIN IMMEDIATE")
            insert(self._connection, "revocation", REVOCATION, made[first : first + _GROUP])
            self._connection.execute("COMMIT")
        elapsed, cpu = _since(began)
        return elapsed * many / len(made), cpu * many / len(made)


def _asking(folder: Path) -> Callable[[int], Any]:
    """People, a right and a token in the database that is there; gives the request of a number."""
    from tests import instance as made_up

    from sceau.operations import (
        Ask,
        CertificateRequest,
        HandOver,
        TokenLimits,
        admit_token,
        create_token,
        prepare_to_issue,
    )

    made_up.make_instance(folder / "public")
    made_up.people_it()
    made_up.accepted()
    right = made_up.right_for("SERV_SSL")
    token = create_token(
        made_up.ADMINISTRATOR.actor,
        habilitation=right,
        label="banc",
        valid_until=made_up.NOON + timedelta(days=30),
        terms_accepted=True,
        limits=TokenLimits(100_000),
    )
    actor = admit_token(token.secret)
    prepare_to_issue()

    def request(number: int) -> Ask:
        csr = made_up.csr(f"growth {number}")
        asked = CertificateRequest("SERV_SSL", (f"h{number}.chu-exemple.fr",), csr, right)
        return Ask(actor, asked, f"growth-{number}", HandOver())

    return request


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(began: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - began[0], time.process_time() - began[1]
