"""The records go away and come back: the database file is moved or replaced, the database server is stopped
or drops its connections. Status goes on, and is that of the records again at once [ASSURANCE G11].
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.x509 import ocsp
from django.db import DatabaseError, connection

from sceau.records import StatusRecords
from sceau.records.models import ResponderCertificate
from sceau.site.environment import READS_ONLY, database_of
from sceau.status import Standing, spell_serial
from tests.integration.databases import ADDRESS, VENDOR, pointed_at
from tests.publishing import Client, app_over, ask, listening
from tests.status_kit import Pki, make_pki, make_responder

KEPT, OTHER = 11, 22
TRY_LATER = ocsp.OCSPResponseStatus.TRY_LATER
on_sqlite = pytest.mark.skipif(VENDOR != "sqlite", reason="about a database file")
on_postgres = pytest.mark.skipif(VENDOR != "postgresql", reason="about a database server")


def know(serial: int, at: datetime) -> None:
    """Put a serial that was signed into the records: a responder's, which stands alone."""
    ResponderCertificate.objects.create(
        issuer="el-org",
        generation=1,
        serial=spell_serial(serial),
        draft=b"draft",
        der=b"der",
        not_before=at,
        not_after=at + timedelta(days=30),
    )


@pytest.fixture
def records(database: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Two serials in the database, and Django pointed at it as the publication process is."""
    for serial in (KEPT, OTHER):
        know(serial, datetime.now(UTC))
    reading = database_of({"SCEAU_DATABASE": ADDRESS, READS_ONLY: "1"}, Path())
    with pointed_at({**reading, "NAME": database["NAME"]}):
        yield database


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki(at=datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))


@contextmanager
def served(pki: Pki, folder: Path) -> Iterator[Client]:
    """A public server over the real records, with a client."""
    responder = make_responder(pki, at=datetime.now(UTC).replace(microsecond=0))
    app = app_over(folder, [pki.identity], source=StatusRecords(), signer=lambda code, generation: responder)
    with listening(app) as at, Client(at.port) as client:
        yield client


def is_good(client: Client, pki: Pki, serial: int) -> bool:
    read = client.post(ask(pki, serial)).ocsp
    successful = read.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    return successful and read.certificate_status is ocsp.OCSPCertStatus.GOOD


def test_the_process_that_publishes_can_write_nothing(records: dict[str, Any]) -> None:
    assert StatusRecords().status("el-org", 1, OTHER).standing is Standing.GOOD
    with pytest.raises(DatabaseError, match=r"readonly|read-only"):
        know(33, datetime.now(UTC))


@contextmanager
def away(database: dict[str, Any]) -> Iterator[None]:
    """The database, gone for the length of a `with`: its file moved, or its server's processes stopped."""
    if VENDOR == "sqlite":
        path = Path(database["NAME"])
        moved = path.with_suffix(".moved")
        path.rename(moved)
        try:
            yield
            assert not path.exists(), "an empty database was made in the place of the one that is away"
        finally:
            moved.rename(path)
        return
    pids = server_processes()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def server_processes() -> list[int]:
    """The throw-away server of `tools/with-postgres` and its children; the test is skipped on any other."""
    folder = parse_qs(urlsplit(ADDRESS).query).get("host", [""])[0]
    file = Path(folder) / "data" / "postmaster.pid"
    try:
        first = int(file.read_text().split()[0])
    except OSError:
        pytest.skip("not a server of tools/with-postgres: it is not stopped")
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _parent(entry) == first
    ]
    return [first, *children]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def test_g11_without_the_database_kept_answers_go_on_in_50_ms_and_all_is_as_before_within_ten_seconds(
    records: dict[str, Any], pki: Pki, tmp_path: Path
) -> None:
    with served(pki, tmp_path) as client:
        assert is_good(client, pki, KEPT)
        with away(records):
            client.post(ask(pki, OTHER))  # the first to ask waits until it is understood, 2 seconds at most
            time.sleep(0.5)
            waits = []
            kept, other = ask(pki, KEPT), ask(pki, OTHER)
            for request in (kept, other) * 250:
                began = time.monotonic()
                read = client.post(request).ocsp
                waits.append(time.monotonic() - began)
                if request is kept:
                    assert read.certificate_status is ocsp.OCSPCertStatus.GOOD
                else:
                    assert read.response_status is TRY_LATER
            assert sorted(waits)[int(len(waits) * 0.99)] <= 0.05
        began = time.monotonic()
        while not is_good(client, pki, OTHER):
            assert time.monotonic() - began < 10
            time.sleep(0.05)


@on_sqlite
def test_a_copy_put_in_the_place_of_the_database_is_read_without_a_restart(
    records: dict[str, Any], pki: Pki, tmp_path: Path
) -> None:
    path = Path(records["NAME"])
    copy = path.with_suffix(".restored")
    with sqlite3.connect(path) as held, sqlite3.connect(copy) as fresh:
        held.backup(fresh)
        fresh.execute("PRAGMA recursive_triggers = OFF")
        columns = "issuer, generation, draft, der, not_before, not_after"
        fresh.execute(
            f"INSERT INTO records_respondercertificate ({columns}, serial) "
            f"SELECT {columns}, ? FROM records_respondercertificate LIMIT 1",
            [spell_serial(44)],
        )
    held.close()
    fresh.close()
    with served(pki, tmp_path) as client:
        assert is_good(client, pki, OTHER)
        assert not is_good(client, pki, 44)
        copy.replace(path)
        for rest in ("-wal", "-shm"):
            path.with_name(path.name + rest).unlink(missing_ok=True)
        began = time.monotonic()
        while not is_good(client, pki, 44):
            assert time.monotonic() - began < 10
            time.sleep(0.05)


@on_postgres
def test_g11_a_server_that_drops_every_connection_is_asked_again(
    records: dict[str, Any], pki: Pki, tmp_path: Path
) -> None:
    with served(pki, tmp_path) as client:
        assert is_good(client, pki, KEPT)
        for _ in range(3):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            began = time.monotonic()
            while not is_good(client, pki, OTHER):
                assert time.monotonic() - began < 10
                time.sleep(0.05)
            time.sleep(0.3)
