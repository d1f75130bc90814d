"""Whether the records may be trusted to keep what is written: asked once, before anything opens.

A database without its triggers would let an order be accepted alone; one that does not wait for the disk
would forget a serial [ASSURANCE G03]. Both are refused, not warned of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


class SignOfLife:
    """Asks the database server for a sign of life over a link of its own, kept between two calls, which waits
    for no place in the pool and for no lock. For one thread.
    """

    def __init__(self, connect: Callable[..., Any], parameters: Mapping[str, Any]) -> None:
        self._connect, self._parameters = connect, parameters
        self._link: Any = None

    def __call__(self) -> None:
        """Return when the server answers. Raises what the driver raises."""
        try:
            if self._link is None:
                self._link = self._connect(**self._parameters, autocommit=True)
            self._link.execute("SELECT 1")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the link back; the next call makes another."""
        link, self._link = self._link, None
        if link is not None:
            link.close()


def sign_of_life() -> SignOfLife | None:
    """What asks the server; None where the database is a file, which answers or refuses."""
    if connection.vendor == "sqlite":
        return None
    connect: Any = connection.Database.connect  # type: ignore[attr-defined]
    return SignOfLife(connect, connection.get_connection_params())
