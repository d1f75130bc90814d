"""What a page asks of the database: each statement that it sends, and how the database would go about it.

The pages are asked for in this process, by Django's own client, on the instance that the environment names;
people come in by the drawer. The slowest is said with its plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, with what it was given, how long it took, and how many of the same there were."""

    sql: str
    given: tuple[Any, ...]
    seconds: float


@dataclass
class Statements:
    """What went to the database while it listened."""

    heard: list[Statement] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's `execute_wrapper`."""
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took = time.perf_counter() - began
            if not many:
                self.heard.append(Statement(sql, tuple(params or ()), took))

    def slowest(self) -> Statement | None:
        """The one that took longest."""
        return max(self.heard, key=lambda one: one.seconds, default=None)


@contextmanager
def listening() -> Iterator[Statements]:
    """Hear every statement of the default connection."""
    from django.db import connection

    heard = Statements()
    with connection.execute_wrapper(heard):
        yield heard


def plan_of(one: Statement) -> str:
    """How SQLite goes about it, in a line; empty for what has no plan."""
    from django.db import connection

    if not one.sql.lstrip().upper().startswith(("SELECT", "WITH")):
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {one.sql}", one.given)
        return "; ".join(str(row[3]) for row in cursor.fetchall())


def worker(data_folder: str) -> Callable[..., dict[str, Any]]:
    """The child: browsers of the drawer's people; each question is a page."""
    from sceau.site import start

    start(Path(data_folder))
    from django.test import Client

    browsers: dict[str, Client] = {}

    def come_in(slug: str) -> Client:
        if slug not in browsers:
            browser = Client(SERVER_NAME="127.0.0.1")
            answer = browser.post("/cartes-de-test/inserer/", {"carte": slug}, secure=True)
            if answer.status_code != 302:
                raise LookupError(slug)
            browsers[slug] = browser
        return browsers[slug]

    def answer(slug: str, address: str) -> dict[str, Any]:
        browser = come_in(slug)
        browser.get(address, secure=True)
        with listening() as found:
            browser.get(address, secure=True)
        slowest = found.slowest()
        return {
            "many": len(found.heard),
            "seconds": sum(one.seconds for one in found.heard),
            "slowest": "" if slowest is None else slowest.sql[:4000],
            "took": 0.0 if slowest is None else slowest.seconds,
            "plan": "" if slowest is None else plan_of(slowest),
        }

    return answer
