"""May this name be certified? Asked among one declared name, and among a million: in memory, and from the
database.

The rule (`registration.decide_name`), the keys it is looked up by (`registration.covering_keys`) and the
look-up in the records (`records.queries.right_holding`) are the product's. In memory a dictionary of the
bench stands where the records' index would.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.children import child
from bench.database import PRODUCT, fill_habilitations, forget, start_django
from bench.declared_names import DeclaredNames, asked_name, drawn_numbers, scope_of
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio, repeated
from bench.rows import Bound, Row
from sceau.registration import decide_name
from sceau.vocabulary import HostName, read_host_name

_GROWTH, _MICROSECONDS = Bound(1.4, at_least=False), Bound(50.0, 20.0, at_least=False)
_ASKED = 20_000
_IN_MEMORY = "the product's keys and rule; the dictionary of declarations is the bench's own"


def run(plan: Plan) -> list[Row]:
    """In memory, then from the database."""
    return [*_in_memory(plan), *_from_database(plan)]


def _in_memory(plan: Plan) -> list[Row]:
    one, many = DeclaredNames(1), DeclaredNames(plan.names)
    rounds = interleave({"one": _asking(one, plan), "many": _asking(many, plan)}, plan)
    return [
        Row(
            f"name decision in memory, 1 → {plan.names:,} declared names",
            1e6 / rate(rounds, "many"),
            "µs",
            ratio(rounds, "one", "many"),
            _GROWTH,
            f"the same with 1: {1e6 / rate(rounds, 'one'):.1f} µs",
            _IN_MEMORY,
        )
    ]


def _asking(names: DeclaredNames, plan: Plan) -> Callable[[], Sample]:
    asked = [asked_name(number) for number in drawn_numbers(names.count, _ASKED)]

    def decide(at: int) -> None:
        name = asked[at % _ASKED]
        number = names.find(name)
        if number is None or decide_name(scope_of(number), name).value is None:
            raise AssertionError(name)

    return lambda: repeated(decide, seconds=plan.seconds / 2, most=2_000_000)


def _from_database(plan: Plan) -> list[Row]:
    folders = {count: plan.folder / f"names-{count}" for count in (1, plan.names)}
    for folder in folders.values():
        forget(folder)
    with contextlib.ExitStack() as stack:
        asks = {
            count: stack.enter_context(
                child("bench.name_decision", data=folder, data_folder=str(folder), count=count)
            )
            for count, folder in folders.items()
        }
        plans = {count: ask(do="fill")["plan"] for count, ask in asks.items()}
        rounds = interleave({str(count): _sampling(ask, plan) for count, ask in asks.items()}, plan)
    one, many = "1", str(plan.names)
    growth, cost = ratio(rounds, one, many), 1e6 / rate(rounds, many)
    beside = f"the same with 1: {1e6 / rate(rounds, one):.1f} µs"
    told = f"one thread, SQLite, through Django's connection; plan: {plans[plan.names]}"
    name = "name decision from the database"
    return [
        Row(f"{name}, growth from 1 to {plan.names:,}", cost, "µs", growth, _GROWTH, beside, told),
        Row(f"{name}, cost among {plan.names:,}", cost, "µs", None, _MICROSECONDS, note=told),
    ]


def _sampling(ask: Callable[..., dict[str, Any]], plan: Plan) -> Callable[[], Sample]:
    return lambda: Sample(**ask(do="decide", seconds=plan.seconds / 2))


def worker(data_folder: str, count: int) -> Callable[..., dict[str, Any]]:
    """The child: one database of `count` declared names."""
    folder = Path(data_folder)
    asked = [asked_name(number) for number in drawn_numbers(count, _ASKED)]

    def answer(do: str, seconds: float = 0.0) -> dict[str, Any]:
        if do == "fill":
            start_django()
            fill_habilitations(folder, count)
            person, structure = _holders()
            return {"plan": _query_plan(person, structure)}
        from sceau.records.queries import right_holding

        person, structure = _IDENTIFIERS

        def decide(at: int) -> None:
            name = asked[at % _ASKED]
            host = read_host_name(name).require()
            held = right_holding(host, product=PRODUCT, person_id=person, structure_id=structure)
            if held is None or held.state != "active" or decide_name(held.scope, name).value is None:
                raise AssertionError(name)

        sample = repeated(decide, seconds=seconds, most=500_000)
        return {"count": sample.count, "cpu": sample.cpu}

    return answer


_IDENTIFIERS = ("899700041983", "318751275100020")


def _holders() -> tuple[str, str]:
    """The person and the structure of all the rights, and their national identifiers."""
    from sceau.records.models import Person, Structure

    person, structure = _IDENTIFIERS
    Person.objects.create(pk=1, national_id=person, surname="M", given_names="Camille")
    Structure.objects.create(pk=1, national_id=structure, name="CENTRE HOSPITALIER DU BANC")
    return person, structure


def _query_plan(person: str, structure: str) -> str:
    """How the database looks the name up, in its own words."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from sceau.records.queries import right_holding

    with CaptureQueriesContext(connection) as queries:
        right_holding(HostName(asked_name(0)), product=PRODUCT, person_id=person, structure_id=structure)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        return "; ".join(str(row[3]) for row in cursor.fetchall())
