"""The product's own schema, filled by hand and fast: rows as the verbs leave them, without the verbs.

Tables, indexes and triggers are those of the migrations. Filling switches the triggers off (a certificate may
only begin as an intent) and puts them back.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.declared_names import asked_name, scope_of
from sceau.certification import compose_serial
from sceau.status import crl_entry, spell_serial

ISSUER, PRODUCT = "el-org", "SERV_SSL"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 20_000
_TBS, _DER, _CSR = (
    os.urandom(1_050),
    os.urandom(1_330),
    os.urandom(640),
)  # as long as those of a SERV_SSL certificate on RSA-2048

CERTIFICATE = (
    "reference, issuer, generation, serial, state, product, profile, subject, draft, der, spki_sha256,"
    " not_before, not_after, structure_id, asked_by, asked_with, holder, asked_at, changed_at,"
    " idempotency_key, request_digest, code_hash, code_failures"
)
NAME = "certificate_id, position, kind, value"
KEY_USE = "spki_sha256, product, owner, certificate_id"
KEPT = "certificate_id, der"
REVOCATION = (
    "certificate_id, issuer, generation, serial, reason, reason_number, at, not_after, quality,"
    ' "by", explanation, entry'
)
HABILITATION = (
    "reference, structure_id, person_id, product, canonical_scope, state, current_version, reason,"
    " granted_at, changed_at"
)


def start_django() -> None:
    """Start Django on the instance that the environment names; bring its database to the present schema."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def forget(data: Path) -> None:
    """Remove an instance folder of the bench."""
    if data.exists():
        shutil.rmtree(data)


def connect(data: Path) -> sqlite3.Connection:
    """A connection to the instance's database, durable as the product's own."""
    connection = sqlite3.connect(data / "sceau.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-131072")  # as who issues has it (`records.hot.settle_in`)
    connection.execute("PRAGMA wal_autocheckpoint=8192")
    return connection


@contextlib.contextmanager
def filling(connection: sqlite3.Connection) -> Iterator[None]:
    """Without triggers, without a log of writes and without waiting for the disk; all are put back."""
    from django.conf import settings
    from django.db import connections

    if settings.configured:  # else this process has no connection of Django's
        connections.close_all()  # who changes the journal is alone
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-2000000")
    try:
        yield
    finally:
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")


def insert(
    connection: sqlite3.Connection, table: str, columns: str, rows: Iterable[Sequence[object]]
) -> None:
    """`rows` into ``records_<table>``, in the transaction that is open."""
    marks = ", ".join("?" * len(columns.split(",")))
    connection.executemany(f"INSERT INTO records_{table} ({columns}) VALUES ({marks})", rows)


class CertificateMaker:
    """Rows of certificates with the serials of the product, one every `step` from `began` on (or, to compare,
    random ones).
    """

    def __init__(
        self,
        *,
        random_serials: bool = False,
        began: datetime = BEGAN,
        step: timedelta = timedelta(seconds=1),
    ) -> None:
        self._random_serials = random_serials
        self._began, self._step = began, step

    def at(self, number: int) -> datetime:
        """When the certificate of this number begins."""
        return self._began + self._step * number

    def serial(self, number: int) -> int:
        """The serial of the certificate of this number, always the same."""
        for attempt in range(8):  # the product, too, draws again what is too uneven
            drawn = int.from_bytes(hashlib.sha256(f"{number}/{attempt}".encode()).digest()[:20], "big")
            if self._random_serials:
                return drawn >> 2 | 1 << 158
            with contextlib.suppress(ValueError):
                return compose_serial(self.at(number), drawn >> 33)
        raise LookupError(number)

    def reference(self, number: int) -> str:
        """The reference of the certificate of this number, always the same."""
        return _reference(self.at(number), number)

    def rows(
        self, number: int, *, state: str
    ) -> tuple[tuple[object, ...], tuple[object, ...], tuple[object, ...]]:
        """The rows in the tables of certificates, of their names, and of keys. `number` is the certificate's
        id.
        """
        at = self.at(number)
        spelt = spell_serial(self.serial(number))
        key = hashlib.sha256(spelt.encode()).hexdigest()
        digest = hashlib.sha256(key.encode()).hexdigest()
        reference = self.reference(number)
        name = asked_name(number)
        draft, der = (_TBS, None) if state == "intended" else (b"", _DER)
        subject = f"CN={name},OU=318751275100020,O=CENTRE HOSPITALIER DU BANC,ST=Rhône (69),C=FR"
        certificate = (
            *(reference, ISSUER, 1, spelt, state, PRODUCT, "serv_ssl@1", subject, draft, der, key),
            *(_text(at), _text(at + timedelta(days=1095)), None, f"899{number % 5000:09d}", "2500634598", ""),
            *(_text(at), _text(at), f"key-{reference}", digest, "", 0),
        )
        return certificate, (number, 0, "host", name), (key, PRODUCT, "318751275100020", number)


def signed_over() -> bytes:
    """A certificate over the draft that `CertificateMaker` gives, as long as one on RSA-2048."""
    return b"\x30\x82\x05\x2e" + _TBS + _DER[4 + len(_TBS) :]


def kept_request(certificate: object) -> tuple[object, ...]:
    """The row of what a certificate was asked with."""
    return certificate, _CSR


_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _reference(at: datetime, which: int) -> str:
    """As the product draws them: six letters of the two seconds, four of chance; never twice the same."""
    chance = which * 0x2545F & (1 << 20) - 1
    number = int((at - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds()) // 2 << 20 | chance
    letters = "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(10)))
    return f"CRT-{letters[:5]}-{letters[5:]}"


def fill_certificates(data: Path, count: int, *, random_serials: bool = False) -> None:
    """`count` certificates in service, with their names and keys, ids 1 to `count`. What is found by its key
    or its name is written last, in that order, so that filling goes on as fast as it began.
    """
    maker = CertificateMaker(random_serials=random_serials)
    connection = connect(data)
    with contextlib.closing(connection), filling(connection), _names_found_later(connection):
        connection.execute("CREATE TEMPORARY TABLE key_of (key TEXT, owner TEXT, certificate INTEGER)")
        for first in range(1, count + 1, _BATCH):
            made = [
                maker.rows(number, state="issued") for number in range(first, min(first + _BATCH, count + 1))
            ]
            connection.execute("BEGIN IMMEDIATE")
            insert(connection, "certificate", CERTIFICATE, (row[0] for row in made))
            insert(connection, "certificatename", NAME, (row[1] for row in made))
            keys = ((key, owner, number) for key, _, owner, number in (row[2] for row in made))
            connection.executemany("INSERT INTO key_of VALUES (?, ?, ?)", keys)
            insert(connection, "keptrequest", KEPT, (kept_request(row[1][0]) for row in made))
            connection.execute("COMMIT")
        connection.execute(
            f"INSERT INTO records_keyuse ({KEY_USE})"
            " SELECT key, ?, owner, certificate FROM key_of ORDER BY key",
            (PRODUCT,),
        )
        connection.execute("DROP TABLE key_of")


@contextlib.contextmanager
def _names_found_later(connection: sqlite3.Connection) -> Iterator[None]:
    """The index of the names themselves, made when all are there."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'records_certificatename'"
        " AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, sql in found:
        connection.execute(sql)


def fill_revocations(data: Path, count: int, *, step: int = 1) -> None:
    """Revocations of certificates 1 to `count`, or of one in `step`; a third for a compromised key."""
    maker = CertificateMaker()
    connection = connect(data)
    with contextlib.closing(connection), filling(connection):
        for first in range(1, count + 1, _BATCH):
            connection.execute("BEGIN IMMEDIATE")
            numbers = [one for one in range(first, min(first + _BATCH, count + 1)) if one % step == 0]
            insert(
                connection, "revocation", REVOCATION, (revocation(maker.serial(one), one) for one in numbers)
            )
            connection.execute("COMMIT")


def revocation(serial: int, certificate: int) -> tuple[object, ...]:
    """The row that ends a certificate."""
    at = BEGAN + timedelta(seconds=certificate, days=30)
    number = 1 if certificate % 3 == 0 else 4
    reason = "keyCompromise" if number == 1 else "superseded"
    return (
        *(
            certificate,
            ISSUER,
            1,
            spell_serial(serial),
            reason,
            number,
            _text(at),
            _text(BEGAN + timedelta(days=2000)),
        ),
        *("administrator", "899700041983", "", crl_entry(serial, at=at, reason=number)),
    )


def fill_habilitations(data: Path, count: int) -> None:
    """`count` rights of one person, for one structure and product: each its own declared name."""
    connection = connect(data)
    at = _text(BEGAN)
    with contextlib.closing(connection), filling(connection):
        connection.execute("BEGIN IMMEDIATE")
        rows = (
            (f"H-{number:09d}", 1, 1, PRODUCT, scope_of(number).canonical, "active", 1, "", at, at)
            for number in range(count)
        )
        insert(connection, "habilitation", HABILITATION, rows)
        connection.execute("COMMIT")


def _text(at: datetime) -> str:
    """An instant as Django keeps it in SQLite."""
    return at.replace(tzinfo=None).isoformat(sep=" ")
