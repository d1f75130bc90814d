"""May this name be certified? Asked among one declared name, and among a million: in memory, and from the
database.

The rule (`registration.decide_name`) is the product's. Which declaration it judges under is found by the
bench, by suffix (see `declared_names`), in a dictionary and in the product's own table of habilitations.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.children import child
from bench.database import PRODUCT, connect, fill_habilitations, forget, start_django
from bench.declared_names import DeclaredNames, asked_name, canonical_keys, drawn_numbers, scope_of
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio, repeated
from bench.rows import Bound, Row
from sceau.registration import Scope, ScopeKind, decide_name
from sceau.vocabulary import HostName

_GROWTH, _MICROSECONDS = Bound(1.4, at_least=False), Bound(50.0, 20.0, at_least=False)
_ASKED = 20_000
_NOTE = (
    "the look-up by suffix is the bench's own (the product finds a right by its reference, and judges the "
    "name under it): what could be had, not what is had, so no verdict"
)


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
            _NOTE,
            stand_in=True,
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
        contestants: dict[str, Callable[[], Sample]] = {}
        for way in ("sql", "orm"):
            for count, ask in asks.items():
                contestants[f"{way} {count}"] = _sampling(ask, way, plan)
        rounds = interleave(contestants, plan)
    rows = []
    for way, words in (("sql", "by plain SQL"), ("orm", "by Django's query set")):
        one, many = f"{way} 1", f"{way} {plan.names}"
        told = f"{_NOTE}; {words} on the product's table in SQLite; plan: {plans[plan.names]}"
        growth, cost = ratio(rounds, one, many), 1e6 / rate(rounds, many)
        beside = f"the same with 1: {1e6 / rate(rounds, one):.1f} µs"
        name = f"name decision from the database, {words}"
        rows.append(
            Row(
                f"{name}, growth from 1 to {plan.names:,}",
                cost,
                "µs",
                growth,
                _GROWTH,
                beside,
                told,
                stand_in=True,
            )
        )
        rows.append(
            Row(
                f"{name}, cost among {plan.names:,}",
                cost,
                "µs",
                None,
                _MICROSECONDS,
                note=told,
                stand_in=True,
            )
        )
    return rows


def _sampling(ask: Callable[..., dict[str, Any]], way: str, plan: Plan) -> Callable[[], Sample]:
    return lambda: Sample(**ask(do=way, seconds=plan.seconds / 2))


_QUERY = (
    "SELECT canonical_scope FROM records_habilitation WHERE structure_id = 1 AND person_id = 1"
    " AND product = ? AND NOT (state = 'withdrawn') AND canonical_scope IN ({marks})"
)


def worker(data_folder: str, count: int) -> Callable[..., dict[str, Any]]:
    """The child: one database of `count` declared names."""
    folder = Path(data_folder)
    asked = [asked_name(number) for number in drawn_numbers(count, _ASKED)]
    opened: list[sqlite3.Connection] = []

    def answer(do: str, seconds: float = 0.0) -> dict[str, Any]:
        if do == "fill":
            start_django()
            fill_habilitations(folder, count)
            opened.append(connect(folder))
            return {"plan": _query_plan(opened[0])}
        find = _by_sql(opened[0]) if do == "sql" else _by_orm()
        sample = repeated(lambda at: _decide(find, asked[at % _ASKED]), seconds=seconds, most=500_000)
        return {"count": sample.count, "cpu": sample.cpu}

    return answer


Find = Callable[[tuple[str, ...]], str]


def _by_sql(connection: sqlite3.Connection) -> Find:
    def find(keys: tuple[str, ...]) -> str:
        query = _QUERY.format(marks=",".join("?" * len(keys)))
        return str(connection.execute(query, (PRODUCT, *keys)).fetchone()[0])

    return find


def _by_orm() -> Find:
    from django.db.models import Q

    from sceau.records.models import Habilitation

    def find(keys: tuple[str, ...]) -> str:
        rights = Habilitation.objects.filter(
            structure_id=1, person_id=1, product=PRODUCT, canonical_scope__in=keys
        )
        return str(rights.filter(~Q(state="withdrawn")).values_list("canonical_scope", flat=True)[0])

    return find


def _decide(find: Find, name: str) -> None:
    canonical = find(canonical_keys(name))
    shape, _, declared = canonical.partition(":")
    scope = Scope(ScopeKind.SERVER if shape == "only" else ScopeKind.DOMAIN, HostName(declared))
    if decide_name(scope, name).value is None:
        raise AssertionError(name)


def _query_plan(connection: sqlite3.Connection) -> str:
    keys = canonical_keys(asked_name(0))
    query = _QUERY.format(marks=",".join("?" * len(keys)))
    rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", (PRODUCT, *keys)).fetchall()
    return "; ".join(str(row[3]) for row in rows)
