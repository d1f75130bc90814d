"""Whether the records may be trusted to keep what is written: asked once, before anything opens.

A database without its triggers would let an order be accepted alone; one that does not wait for the disk
would forget a serial [ASSURANCE G03]. Both are refused, not warned of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from sceau.records import missing_triggers
from sceau.vocabulary import Fault

_SQLITE = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
_POSTGRESQL = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}


def check_records() -> None:
    """`Fault`: ``operations.triggers-missing``, ``operations.not-durable`` (with what is not as it must
    be).
    """
    missing = missing_triggers(connection)
    if missing:
        raise Fault("operations.triggers-missing", retryable=False, detail=", ".join(missing))
    wanted = _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL
    ask = "PRAGMA {}" if connection.vendor == "sqlite" else "SHOW {}"
    with connection.cursor() as cursor:
        for name, value in wanted.items():
            cursor.execute(ask.format(name))
            found = str(cursor.fetchone()[0]).lower()
            if found != value:
                raise Fault("operations.not-durable", retryable=False, detail=f"{name}={found}")


def sign_of_life() -> Callable[[], None] | None:
    """Asks the database server for a sign of life over a link of its own, kept between two calls, which waits
    for no place in the pool and for no lock. Raises what the driver raises. None where the database is a
    file, which answers or refuses. For one thread.
    """
    if connection.vendor == "sqlite":
        return None
    connect: Any = connection.Database.connect  # type: ignore[attr-defined]
    told = connection.get_connection_params()
    link: list[Any] = []

    def ask() -> None:
        try:
            if not link:
                link.append(connect(**told, autocommit=True))
            link[0].execute("SELECT 1")
        except BaseException:
            if link:
                link.pop().close()
            raise

    return ask
