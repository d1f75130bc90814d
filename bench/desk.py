"""The decision desk in a large database beside a small one: a page of the queue, and search by identifiers.

Orders are rows as the verbs leave them: order, case, words. One in fifty is open, as at a desk that keeps up
with its post; what is asked is the product's own queries, on what is drawn from the whole table.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.children import child
from bench.database import connect, filling, forget, insert, start_django
from bench.declared_names import drawn_numbers
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio
from bench.rows import Bound, Row

_SMALL = 10_000
_OPEN_EVERY = 50
_BATCH = 20_000
_BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
_BOUND = Bound(1.5, 1.2, at_least=False)
_SECOND = Bound(1.0, at_least=False)
_ACTS = {
    "queue": "desk: a page of 25 of the queue, first and following, by each filter",
    "search": "desk: search by reference, SIRET, card, domain or the beginning of a name",
}
_ORDER = (
    "id, reference, state, current_version, channel, submitted_by, submitted_at, changed_at, assigned_to,"
    " reason, structure_name, structure_number, contract_number"
)
_CASE = (
    "order_id, rules_id, rule, needed, with_role, lane, assigned_to, entered_at, wake_at, due_at, held_for,"
    " held_why, held_by, decided_by"
)
_WORD = "word, kind, target"


def run(plan: Plan) -> list[Row]:
    """Both acts, ratio of the large to the small; and the slowest search of all."""
    worst: dict[str, float] = {}
    with contextlib.ExitStack() as stack:
        contestants: dict[str, Callable[[], Sample]] = {}
        for count in (_SMALL, plan.scale):
            folder = plan.folder / f"desk-{count}"
            forget(folder)
            stack.callback(forget, folder)
            ask = stack.enter_context(child("bench.desk", data=folder, folder=str(folder), count=count))
            ask(do="fill", many=0)
            for act in _ACTS:
                contestants[f"{act} {count}"] = _sampling(ask, act, plan, worst, f"{act} {count}")
        rounds = interleave(contestants, plan)
    rows = []
    for act, words in _ACTS.items():
        small, large = f"{act} {_SMALL}", f"{act} {plan.scale}"
        rows.append(
            Row(
                f"{words}, {_SMALL:,} → {plan.scale:,} orders",
                1e6 / rate(rounds, large),
                "µs of CPU",
                ratio(rounds, small, large),
                _BOUND,
                f"the same at {_SMALL:,}: {1e6 / rate(rounds, small):.0f} µs",
                "`records.desk_page` and `records.search`, SQLite; one order in fifty is open",
            )
        )
        slowest = worst[large]
        rows.append(Row(f"{act}: the slowest of all, elapsed", slowest, "s", None, _SECOND, "one second"))
    return rows


def _sampling(
    ask: Callable[..., dict[str, Any]], act: str, plan: Plan, worst: dict[str, float], name: str
) -> Callable[[], Sample]:
    many = 120 if plan.quick else 480

    def sample() -> Sample:
        answer = ask(do=act, many=many)
        worst[name] = max(worst.get(name, 0.0), float(answer["worst"]))
        return Sample(many, float(answer["cpu"]))

    return sample


def worker(folder: str, count: int) -> Callable[..., dict[str, Any]]:
    """The child: one database, and its clock."""
    table = Table(Path(folder), count)

    def answer(do: str, many: int) -> dict[str, Any]:
        if do == "fill":
            table.fill()
            return {}
        cpu, worst = getattr(table, do)(many)
        return {"cpu": cpu, "worst": worst}

    return answer


class Table:
    """A database of `count` orders. Each act gives its seconds of CPU and the slowest of them, elapsed."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._drawn = drawn_numbers(count, 60_000)

    def fill(self) -> None:
        """Make the tables."""
        start_django()
        connection = connect(self._folder)
        with filling(connection):
            connection.execute(
                "INSERT INTO records_approvalrules (id, digest, content, since) VALUES (1, 'x', '[]', ?)",
                (_text(_BEGAN),),
            )
            for first in range(1, self._count + 1, _BATCH):
                numbers = range(first, min(first + _BATCH, self._count + 1))
                connection.execute("BEGIN")
                insert(connection, "order", _ORDER, (_order(number) for number in numbers))
                insert(connection, "deskcase", _CASE, (_case(number) for number in numbers))
                words = (row for number in numbers for row in _words(number))
                insert(connection, "searchword", _WORD, words)
                connection.execute("COMMIT")
        connection.close()

    def queue(self, many: int) -> tuple[float, float]:
        """Pages by each filter, the first and the one after."""
        from sceau.records import QueueOf, desk_page

        at = _at(self._count)
        filters = list(QueueOf)

        def one(index: int) -> bool:
            which, officer = filters[index // 2 % len(filters)], f"officer{1 + index % 20 * 2}"
            page = desk_page(which=which, officer=officer, at=at)
            if index % 2 and page.after:
                desk_page(which=which, officer=officer, at=at, after=page.after)
            return bool(page.lines)

        return _timed(one, many)

    def search(self, many: int) -> tuple[float, float]:
        """What is asked names something that is there, each time in another way."""
        from sceau.records import search

        asked, self._drawn = self._drawn[:many], self._drawn[many:] + self._drawn[:many]

        def one(index: int) -> bool:
            return bool(search(_question(asked[index] + 1, index % 6), issuers=("el-org", "el-pers")).found)

        return _timed(one, many)


def _timed(one: Callable[[int], bool], many: int) -> tuple[float, float]:
    worst, found = 0.0, 0
    began = time.process_time()
    for index in range(many):
        started = time.perf_counter()
        found += one(index)
        worst = max(worst, time.perf_counter() - started)
    cpu = time.process_time() - began
    if found < many * 9 // 10:
        raise LookupError(f"only {found} of {many} questions found anything")
    return cpu, worst


def _question(number: int, way: int) -> str:
    siret, card, name = _numbers(number)
    ways = (_reference(number), siret, card, f"h{number}.chu-exemple.fr", name[:6], f"dupont{number}")
    return ways[way]


def _reference(number: int) -> str:
    return f"CMD-{number // 100_000:05d}-{number % 100_000:05d}"


def _numbers(number: int) -> tuple[str, str, str]:
    return f"{number % 60_000:014d}", f"{26 * 10**8 + number % 300_000:010d}", f"hopital{number % 60_000}"


def _at(number: int) -> datetime:
    return _BEGAN + timedelta(minutes=3 * number)


def _text(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ")


def _is_open(number: int) -> bool:
    return number % _OPEN_EVERY == 0


def _order(number: int) -> tuple[object, ...]:
    siret, _, name = _numbers(number)
    at = _text(_at(number))
    state = "under-review" if _is_open(number) else "accepted"
    who = f"officer{number // _OPEN_EVERY % 40}" if number // _OPEN_EVERY % 2 else ""
    return (number, _reference(number), state, 1, "web", "8x", at, at, who, "", name, siret, f"C-{siret}")


def _case(number: int) -> tuple[object, ...]:
    at = _at(number)
    if not _is_open(number):
        return (number, 1, "two", 2, "", "closed", "", _text(at), None, None, "", "", "", "8x")
    turn = number // _OPEN_EVERY
    who = f"officer{turn % 40}" if turn % 2 else ""
    lane = ("todo", "todo", "waiting", "held")[turn % 4]
    wake = at if lane == "todo" else at + timedelta(days=30)
    due = at + timedelta(days=5 if lane == "todo" else 30)
    return (number, 1, "two", 2, "", lane, who, _text(at), _text(wake), _text(due), "", "", "", "")


def _words(number: int) -> Iterator[tuple[object, ...]]:
    """The words of one order, each as `search` asks for it."""
    from sceau.records.search_words import word_of

    siret, card, name = _numbers(number)
    host = f"h{number}.chu-exemple.fr"
    texts = (_reference(number), siret, card, host, "chu-exemple.fr", name, f"dupont{number}", f"C-{siret}")
    for text in texts:
        yield (word_of(text), "order", number)
