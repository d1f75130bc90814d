"""An instance does not open on records that could forget, or be talked into anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from sceau.operations import check_records
from sceau.vocabulary import Fault
from tests.integration.databases import VENDOR


def fault() -> Fault:
    with pytest.raises(Fault) as caught:
        check_records()
    assert not caught.value.retryable
    return caught.value


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.skipif(VENDOR != "sqlite", reason="the throw-away PostgreSQL of the tests is not a durable one")
def test_g03_a_fresh_embedded_database_is_fit(database: dict[str, Any]) -> None:
    check_records()


@pytest.mark.skipif(VENDOR != "sqlite", reason="settings of SQLite")
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("PRAGMA synchronous=NORMAL", "synchronous=1"),
        ("PRAGMA foreign_keys=OFF", "foreign_keys=0"),
        ("PRAGMA journal_mode=DELETE", "journal_mode=delete"),
    ],
)
def test_g03_a_database_that_does_not_wait_for_the_disk_is_refused(
    database: dict[str, Any], setting: str, told: str
) -> None:
    run(setting)
    refused = fault()
    assert (refused.code, refused.detail) == ("operations.not-durable", told)


@pytest.mark.skipif(VENDOR != "postgresql", reason="settings of PostgreSQL")
def test_g03_a_server_that_does_not_wait_for_the_disk_is_refused(database: dict[str, Any]) -> None:
    refused = fault()
    assert (refused.code, refused.detail) == ("operations.not-durable", "fsync=off")


def test_t45_a_database_that_lost_a_trigger_is_refused(database: dict[str, Any]) -> None:
    drop = "DROP TRIGGER sceau_approval_not_own"
    run(drop if VENDOR == "sqlite" else f"{drop} ON records_approval")
    refused = fault()
    assert (refused.code, refused.detail) == ("operations.triggers-missing", "approval_not_own")
