"""Registers by the hundred thousand, in plain SQL: rows written, compared and removed a slice at a time.

Only `operations` uses it. PostgreSQL takes rows by COPY into a table of the session, then into ours; SQLite
by one prepared statement. A number that a generation has already is counted, not written again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from sceau.registration import RegisterRow

_COLUMNS = ", ".join(f'"{name}"' for name in ("generation", *RegisterRow._fields))
_MARKS = ", ".join(["%s"] * (len(RegisterRow._fields) + 1))
_TABLE = "records_registerrow"
_STAGE = "sceau_register_stage"
_COMPARED = ("key", "name", "given", "parent", "other", "state", "successor")


def settle_in() -> None:
    """For a connection that writes much: on SQLite, room for the pages of the indexes, until it is closed."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-262144")


def take_stock() -> None:
    """After many rows: have PostgreSQL know how many there are, or it would look for each in all of them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {_TABLE}")


def write_register_rows(generation: int, rows: Sequence[RegisterRow]) -> int:
    """Write rows inside a transaction; how many were new to this generation."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(
                f"INSERT OR IGNORE INTO {_TABLE} ({_COLUMNS}) VALUES ({_MARKS})",  # noqa: S608 - our own words
                [(generation, *row) for row in rows],
            )
            return int(cursor.rowcount)
        cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} (LIKE {_TABLE}) ON COMMIT DELETE ROWS")
        cursor.execute(f"ALTER TABLE {_STAGE} ALTER COLUMN id DROP NOT NULL")
        with cursor.copy(f"COPY {_STAGE} ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((generation, *row))
        cursor.execute(
            f"INSERT INTO {_TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM {_STAGE}"  # noqa: S608 - our own words
            " ON CONFLICT (generation, key) DO NOTHING"
        )
        written = int(cursor.rowcount)
        cursor.execute(f"DELETE FROM {_STAGE}")  # noqa: S608 - our own words
        return written


def write_register_rejects(generation: int, rejects: Sequence[tuple[int, str, str]]) -> None:
    """Write rejected lines: number, reason, text."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO records_registerreject (generation, line, reason, text) VALUES (%s, %s, %s, %s)",
            [(generation, *reject) for reject in rejects],
        )


def write_register_changes(generation: int, changes: Sequence[tuple[str, str, str, str]]) -> None:
    """Write what changed: number, what, before, after."""
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO records_registerchange (generation, "key", what, "before", "after")'
            " VALUES (%s, %s, %s, %s, %s)",
            [(generation, *change) for change in changes],
        )


def forget_changes(generation: int) -> None:
    """Take back the changes of an import that was cut short while it compared."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_registerchange WHERE generation = %s", [generation])


def compared_rows(before: int, after: int, *, at_a_time: int) -> Iterator[list[tuple[Any, ...]]]:
    """Every number of generation `before`, with both rows' columns (key, name, given, parent, other, state,
    successor; None where `after` lacks it), of those that differ; in slices ordered by number.
    """
    olds = ", ".join(f'o."{name}"' for name in _COMPARED)
    news = ", ".join(f'n."{name}"' for name in _COMPARED)
    differs = " OR ".join(f'n."{name}" <> o."{name}"' for name in _COMPARED[1:])
    statement = (
        f"SELECT {olds}, {news} FROM {_TABLE} o"  # noqa: S608 - our own words
        f' LEFT JOIN {_TABLE} n ON n.generation = %s AND n."key" = o."key"'
        f' WHERE o.generation = %s AND o."key" > %s AND o."key" <= %s'
        f' AND (n."key" IS NULL OR {differs}) ORDER BY o."key"'
    )
    last = ""
    while (until := _end_of_slice(before, last, at_a_time)) is not None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [after, before, last, until])
            yield list(cursor.fetchall())
        last = until


def _end_of_slice(generation: int, after: str, count: int) -> str | None:
    """The last of the `count` numbers that follow `after`; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT MAX("key") FROM (SELECT "key" FROM records_registerrow'
            ' WHERE generation = %s AND "key" > %s ORDER BY "key" LIMIT %s) slice',
            [generation, after, count],
        )
        found = cursor.fetchone()
    return None if found is None or found[0] is None else str(found[0])


def sweep_register_rows(generation: int, *, at_a_time: int) -> int:
    """Remove up to `at_a_time` rows of a generation that does not stand; how many went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM records_registerrow WHERE id IN"
            " (SELECT id FROM records_registerrow WHERE generation = %s LIMIT %s)",
            [generation, at_a_time],
        )
        return int(cursor.rowcount)
