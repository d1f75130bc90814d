"""One way to say a statement to either database: plain rows in, plain rows out, on Django's own connection.

Values travel as each database keeps them: an instant is text in UTC on SQLite, a ``timestamptz`` on
PostgreSQL. Identifiers are drawn before the rows are written, so that rows of a batch may name each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection


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
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def do(statement: str, parameters: Sequence[Any] = ()) -> None:
    """One statement that gives no row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def write_rows(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """`statement` once for each row."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def insert(table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """`rows` into ``records_<table>``; `columns` separated by commas."""
    write_rows(f"INSERT INTO {_into(table, columns)}", rows)


def insert_row_by_row(table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """The same for a table whose triggers look at each new row. What refuses a row does so before anything of
    it is written; told that nothing is to be undone, SQLite keeps no copy of the pages it touches. The
    transaction is the caller's to end.
    """
    begins = "INSERT OR FAIL INTO" if connection.vendor == "sqlite" else "INSERT INTO"
    write_rows(f"{begins} {_into(table, columns)}", rows)


def _into(table: str, columns: str) -> str:
    return f"records_{table} ({columns}) VALUES ({marks(columns.split(','))})"


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
