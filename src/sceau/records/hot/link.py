"""One way to say a statement to either database: plain rows in, plain rows out, on Django's own connection.

Values travel as each database keeps them: an instant is text in UTC on SQLite, a ``timestamptz`` on
PostgreSQL. Identifiers are drawn before the rows are written, so that rows of a batch may name each other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper


def settle_in() -> None:
    """For a connection that writes much: on SQLite, room to keep the pages at hand, and the log of writes
    folded back into the database less often (each page then once, however often it was written meanwhile).
    Neither changes what is on the disk when a commit returns.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-131072")
            cursor.execute("PRAGMA wal_autocheckpoint=8192")


def ask(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Every row that `statement` (with ``%s`` marks) gives."""
    here = connections[DEFAULT_DB_ALIAS]
    plain = _plain(here)
    if plain is None:
        with here.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    with here.wrap_database_errors:
        return plain.execute(_marked(statement), parameters).fetchall()


def do(statement: str, parameters: Sequence[Any] = ()) -> None:
    """One statement that gives no row."""
    here = connections[DEFAULT_DB_ALIAS]
    plain = _plain(here)
    if plain is None:
        with here.cursor() as cursor:
            cursor.execute(statement, parameters)
        return
    with here.wrap_database_errors:
        plain.execute(_marked(statement), parameters)


def write_rows(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """`statement` once for each row."""
    if not rows:
        return
    here = connections[DEFAULT_DB_ALIAS]
    plain = _plain(here)
    if plain is None:
        with here.cursor() as cursor:
            cursor.executemany(statement, rows)
        return
    with here.wrap_database_errors:
        plain.executemany(_marked(statement), rows)


def insert(table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """`rows` into ``records_<table>``; `columns` separated by commas. The transaction is the caller's, to be
    rolled back when anything is refused.

    On SQLite several rows go in one statement, which keeps no copy of the pages it touches for an undo that
    never comes (``OR FAIL``); in two sizes, so that the statements prepared are few.
    """
    if connections[DEFAULT_DB_ALIAS].vendor != "sqlite":
        write_rows(f"INSERT INTO {_into(table, columns)}", rows)
        return
    begins, one = f"INSERT OR FAIL INTO records_{table} ({columns}) VALUES ", _row(columns)
    done = 0
    for size in _TOGETHER:
        while len(rows) - done >= size:
            together = [value for row in rows[done : done + size] for value in row]
            do(begins + ", ".join([one] * size), together)
            done += size
    write_rows(begins + one, rows[done:])


_TOGETHER = (32, 8)


def updating() -> str:
    """How an UPDATE of single rows begins, likewise: what refuses a row does so before any of it is
    written.
    """
    return "UPDATE OR FAIL" if connections[DEFAULT_DB_ALIAS].vendor == "sqlite" else "UPDATE"


def _plain(here: BaseDatabaseWrapper) -> sqlite3.Connection | None:
    """SQLite's own connection below Django's, to be asked without a cursor of Django's for each statement
    (none of its conversions is needed: only what SQLite takes as it is goes in). None where there is none, or
    where somebody listens to what Django executes. Refuses as Django does what follows an error.
    """
    if here.vendor != "sqlite" or here.execute_wrappers or here.queries_logged:
        return None
    here.validate_thread_sharing()
    here.ensure_connection()
    here.validate_no_broken_transaction()
    below = here.connection
    return below if isinstance(below, sqlite3.Connection) else None


@lru_cache(maxsize=512)
def _marked(statement: str) -> str:
    """The statement with SQLite's own marks. Ours hold no other per cent sign."""
    return statement.replace("%s", "?")


def _into(table: str, columns: str) -> str:
    return f"records_{table} ({columns}) VALUES {_row(columns)}"


def _row(columns: str) -> str:
    return f"({marks(columns.split(','))})"


def has_several_writers() -> bool:
    """Whether two transactions may write at once, so that what is numbered first may be committed last."""
    return connections[DEFAULT_DB_ALIAS].vendor != "sqlite"


def marks(values: Collection[object]) -> str:
    """As many marks as there are values."""
    return ", ".join(["%s"] * len(values))


def held(rows_of: str = "") -> str:
    """What holds the rows of a reading until the transaction ends, where a database has several writers."""
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        return ""
    return f" FOR UPDATE OF {rows_of}" if rows_of else " FOR UPDATE"


def draw_ids(table: str, count: int) -> list[int]:
    """`count` identifiers for new rows of ``records_<table>``, in order. SQLite: inside a write transaction,
    where nobody else draws.
    """
    if connection.vendor == "postgresql":
        name = f"records_{table}"
        rows = ask(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", (name, count)
        )
        return [int(row[0]) for row in rows]
    if not connection.in_atomic_block:
        raise RuntimeError("identifiers are drawn inside the transaction that writes them")
    rows = ask("SELECT seq FROM sqlite_sequence WHERE name = %s", (f"records_{table}",))
    last = int(rows[0][0]) if rows else 0
    return list(range(last + 1, last + 1 + count))


def stored(at: datetime) -> object:
    """An instant as the database keeps it."""
    return at if _keeps_instants() else _text(at)


@lru_cache(maxsize=1)
def _keeps_instants() -> bool:
    """Whether the database has a type for them. A process has one kind of database."""
    return connection.vendor == "postgresql"


@lru_cache(maxsize=1024)
def _text(at: datetime) -> str:
    """As Django writes it on SQLite. The instants of a batch are few."""
    return str(at.astimezone(UTC).replace(tzinfo=None))


def instant(raw: Any) -> datetime | None:
    """An instant as a plain statement gives it, made aware."""
    if raw is None:
        return None
    read = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read
