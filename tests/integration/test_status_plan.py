"""The status of a serial is read from an index that holds it: no row of a certificate is opened for it."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from sceau.records import StatusRecords
from sceau.status import Standing
from tests.instance import Instance, accepted
from tests.runs import one


def plan_of(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return [str(row[3]) for row in cursor.fetchall()]


def asked(row: Any) -> tuple[Standing, list[str]]:
    """What is said of this certificate, and the statements that it took."""
    with CaptureQueriesContext(connection) as heard:
        said = StatusRecords().status(row.issuer, row.generation, int(row.serial, 16))
    return said.standing, [query["sql"] for query in heard.captured_queries]


def test_a_status_opens_no_row(instance: Instance) -> None:
    accepted()
    standing, statements = asked(one())
    assert standing is Standing.GOOD
    assert len(statements) == 1
    if connection.vendor == "sqlite":
        assert "USING COVERING INDEX certificate_status" in plan_of(statements[0])[0]


def test_what_is_not_signed_yet_is_asked_of_its_row(instance: Instance) -> None:
    accepted()
    heard: list[tuple[Standing, list[str]]] = []

    def look(kind: str) -> None:
        from sceau.records.models import Certificate

        heard.append(asked(Certificate.objects.get()))

    instance.signer.before = look
    one()
    ((standing, statements),) = heard
    assert standing is not Standing.GOOD
    assert len(statements) == 2
