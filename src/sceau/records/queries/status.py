"""What status services read: the standing of a serial, and what changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, overload

from django.db import DatabaseError, OperationalError, connection

from sceau.certification import CertificateState
from sceau.status import UNKNOWN, Changes, GivenStatus, SerialStatus, Signed, spell_serial, status_of

_SIGNED: dict[str, Signed] = {
    CertificateState.INTENDED: Signed.INTENDED,
    CertificateState.ISSUED: Signed.SIGNED,
    CertificateState.COLLECTED: Signed.SIGNED,
    CertificateState.PRESUMED: Signed.PRESUMED,
    CertificateState.ABANDONED: Signed.FAILED,
}


class StatusRecords:
    """The records as `status.GivenSource`: one short statement for each question, on this thread's
    connection.

    Plain SQL: this is the one read that the world waits for, and building it anew costs ten times as much.
    """

    def status(self, issuer: str, generation: int, serial: int) -> SerialStatus:
        """What is said of `serial` under that key of `issuer`, as committed now."""
        spelt = spell_serial(serial)
        row = _one(_STATUS_OF_SIGNED, (issuer, spelt)) or _one(_STATUS, (issuer, spelt))
        if row is None:
            return self._responder(issuer, generation, spelt)
        held, state, known_at, revoked_at, reason = row
        if held != generation:
            return UNKNOWN
        return status_of(
            _SIGNED[state], known_at=_utc(known_at), revoked_at=_utc(revoked_at), reason=reason or 0
        )

    def changes(self, mark: int) -> Changes:
        """The (issuer, serial) revoked after `mark`. Revocations are numbered in the order they commit."""
        if mark < 0:
            last = _one(_LAST_REVOCATION, ())
            return Changes((last or (0,))[0] or 0, ())
        rows = _all(_REVOKED_SINCE, (mark,))
        if mark and (not rows or rows[0][0] != mark):  # a revocation that was read is gone: none ever goes
            return Changes((_one(_LAST_REVOCATION, ()) or (0,))[0] or 0, (), other=True)
        new = rows[1:] if mark else rows
        revoked = tuple((issuer, int(serial, 16)) for _, issuer, serial in new)
        return Changes(rows[-1][0] if rows else mark, revoked)

    def release(self) -> None:
        """Close this thread's connection."""
        connection.close()

    def given(self, after: int, upto: int) -> tuple[GivenStatus, ...]:
        """The certificates numbered above `after` up to `upto` in the records' own order, with what is said
        of each: at most ``upto - after`` of them, for that much work.
        """
        return tuple(
            GivenStatus(
                issuer,
                generation,
                int(serial, 16),
                not_after=_utc(not_after),
                status=status_of(
                    _SIGNED[state], known_at=_utc(known_at), revoked_at=_utc(revoked_at), reason=reason or 0
                ),
            )
            for issuer, generation, serial, not_after, state, known_at, revoked_at, reason in _all(
                _GIVEN, (after, upto)
            )
        )

    def last_given(self) -> int:
        """The number of the newest certificate in the records' own order, 0 without any."""
        last = _one(_LAST_GIVEN, ())
        return (last or (0,))[0] or 0

    def _responder(self, issuer: str, generation: int, spelt: str) -> SerialStatus:
        """A responder's own certificate is ours too."""
        row = _one(_RESPONDER, (issuer, spelt, generation))
        if row is None:
            return UNKNOWN
        return status_of(Signed.SIGNED, known_at=_utc(row[0]), revoked_at=None)


_STATUS = (
    "SELECT c.generation, c.state, c.changed_at, r.at, r.reason_number FROM records_certificate c "
    "LEFT JOIN records_revocation r ON r.certificate_id = c.id WHERE c.issuer = %s AND c.serial = %s"
)
# Of what may have been signed, answered from the index that holds all of it: no row is opened, so that it
# costs the same among ten million. What is done to the issuer leaves SQLite that index alone, which begins
# with the serial: it prefers the one whose pairs are unique.
_STATUS_OF_SIGNED = (
    "SELECT c.generation, c.state, c.changed_at, r.at, r.reason_number FROM records_certificate c "
    "LEFT JOIN records_revocation r ON r.certificate_id = c.id WHERE c.issuer || '' = %s AND c.serial = %s "
    "AND c.state IN ('issued', 'collected', 'presumed')"
)
_GIVEN = (
    "SELECT c.issuer, c.generation, c.serial, c.not_after, c.state, c.changed_at, r.at, r.reason_number "
    "FROM records_certificate c LEFT JOIN records_revocation r ON r.certificate_id = c.id "
    "WHERE c.id > %s AND c.id <= %s ORDER BY c.id"
)
_LAST_GIVEN = "SELECT max(id) FROM records_certificate"
_RESPONDER = (
    "SELECT not_before FROM records_respondercertificate "
    "WHERE issuer = %s AND serial = %s AND generation = %s AND der IS NOT NULL"
)
_LAST_REVOCATION = "SELECT max(id) FROM records_revocation"
_REVOKED_SINCE = "SELECT id, issuer, serial FROM records_revocation WHERE id >= %s ORDER BY id"


def _one(statement: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
    with _reading() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _all(statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    with _reading() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


class _Held(threading.local):
    """The file that this thread's connection was opened on."""

    link: object = None
    file: tuple[int, int] | None = None


_HELD = _Held()


@contextmanager
def _reading() -> Iterator[Any]:
    """A cursor; after an error the connection is given up, so that the next question makes a new one."""
    try:
        _follow_file()
        with connection.cursor() as cursor:
            yield cursor
    except DatabaseError:
        if not connection.in_atomic_block:
            connection.close()
        raise


def _follow_file() -> None:
    """See that an SQLite connection reads the file that is there now. One that was taken away is no longer
    read, nor made anew, empty, by opening it; one that was put in its place (a restored copy) is opened.
    """
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.in_atomic_block or name.startswith((":", "file:")):
        return
    try:
        there = os.stat(name)  # noqa: PTH116 - this is asked at each question
    except OSError as error:
        connection.close()
        raise OperationalError("the database file is not there") from error
    file = (there.st_dev, there.st_ino)
    if connection.connection is not None and connection.connection is _HELD.link and file != _HELD.file:
        connection.close()
    connection.ensure_connection()
    if connection.connection is not _HELD.link:
        _HELD.link, _HELD.file = connection.connection, file


@overload
def _utc(at: datetime) -> datetime: ...
@overload
def _utc(at: datetime | None) -> datetime | None: ...
def _utc(at: datetime | None) -> datetime | None:
    """SQLite gives instants without their zone, which is UTC."""
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)
