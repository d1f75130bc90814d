"""Certificates and revocations written straight into the records, for tests of lists: no order, no gate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from sceau.records import Turn, take_turn
from sceau.records.models import Certificate, Revocation
from sceau.status import crl_entry, spell_serial
from tests.instance import NOON

LIFE = timedelta(days=1095)


def certificates(
    numbers: Iterable[int],
    *,
    issuer: str = "el-org",
    partition: int | None = None,
    ends: datetime = NOON + LIFE,
) -> list[Certificate]:
    """One certificate for each number, which is its serial."""
    rows = [
        Certificate(
            reference=f"C-{issuer}-{number:06X}",
            issuer=issuer,
            generation=1,
            serial=spell_serial(number),
            state="intended",
            product="SERV_SSL",
            profile="serv_ssl@1",
            subject=f"CN={number}",
            draft=b"draft",
            spki_sha256=f"{number:064x}",
            not_before=NOON - timedelta(days=1),
            not_after=ends,
            asked_by=f"P{number}",
            asked_with="2500634598",
            asked_at=NOON,
            changed_at=NOON,
            idempotency_key=f"k{number}",
            request_digest="",
            partition=partition,
        )
        for number in numbers
    ]
    return Certificate.objects.bulk_create(rows)


def revoke_rows(rows: Iterable[Certificate], *, at: datetime = NOON, reason: int = 4) -> None:
    """End them, in one statement, as a mass revocation does."""
    with transaction.atomic():
        take_turn(Turn.REVOCATIONS)
        Revocation.objects.bulk_create(
            Revocation(
                certificate=row,
                issuer=row.issuer,
                generation=row.generation,
                serial=row.serial,
                reason="superseded",
                reason_number=reason,
                at=at,
                not_after=row.not_after,
                quality="authority",
                entry=crl_entry(int(row.serial, 16), at=at, reason=reason),
                partition=row.partition,
            )
            for row in rows
        )


def revoked(numbers: Iterable[int], **changes: object) -> None:
    """Certificates of these serials, and their end."""
    at = changes.pop("at", NOON)
    revoke_rows(certificates(numbers, **changes), at=at)  # type: ignore[arg-type]


def without_trigger(name: str, table: str) -> None:
    """What a hand in the database does first."""
    with connection.cursor() as cursor:
        drop = f"DROP TRIGGER sceau_{name}"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_{table}")
