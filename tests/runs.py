"""What the tests of mass revocation share: many certificates at once, and a run brought to its end."""

from __future__ import annotations

from copy import copy
from typing import Any

from sceau.operations import RunRequest, advance_run, approve_run, issue_certificate, prepare_run
from sceau.records import RunFile, run_file
from sceau.records.models import Certificate, FormerKeyUse, JournalEntry, Revocation, RevocationRunLine
from tests.instance import ADMINISTRATOR, ALICE, BRUNO, Someone, server_request

WHY = "Serveur attaqué dans la nuit du 23."


def many(count: int, *, like: Certificate | None = None, first: int = 1, **changes: Any) -> list[Certificate]:
    """So many issued certificates, made in the database as copies of one that the verbs issued."""
    model = like or Certificate.objects.order_by("id").first() or one()
    der = changes.pop("der", model.der)
    rows = []
    for at in range(first, first + count):
        row = copy(model)
        row._state = copy(model._state)
        row.pk, row.der, row.state, row._state.adding = None, None, "intended", True
        row.reference = f"CRT-{at:05d}-COPIE"
        row.serial = f"{(1 << 150) + at:038X}"
        row.idempotency_key = f"copy-{at}"
        for name, value in changes.items():
            setattr(row, name, value)
        rows.append(row)
    Certificate.objects.bulk_create(rows)
    names = [row.reference for row in rows]
    FormerKeyUse.objects.bulk_create(
        FormerKeyUse(spki_sha256=row.spki_sha256, certificate=row) for row in rows
    )
    Certificate.objects.filter(reference__in=names).update(state="issued", der=der)
    return list(Certificate.objects.filter(reference__in=names).order_by("id"))


def one(which: str = "server", name: str = "www.chu-exemple.fr") -> Certificate:
    """A certificate issued by the verbs."""
    file = issue_certificate(
        ADMINISTRATOR.actor, server_request(name, which=which), idempotency_key=f"one-{which}"
    )
    return Certificate.objects.get(reference=file.line.reference)


def request(kind: str, **changes: Any) -> RunRequest:
    """A run as the desk asks it."""
    values: dict[str, Any] = {
        "title": "Incident du 23 novembre",
        "kind": kind,
        "reason": "cessationOfOperation",
        "quality": "desk",
        "explanation": WHY,
    }
    return RunRequest(**values | changes)


def started(asked: RunRequest, *officers: Someone, by: Someone = ALICE) -> str:
    """A run prepared and approved; its reference."""
    reference = prepare_run(by.actor, asked).line.reference
    for officer in officers or (ALICE, BRUNO):
        if file_of(reference).line.state == "prepared":
            approve_run(officer.actor, reference=reference)
    return reference


def file_of(reference: str) -> RunFile:
    found = run_file(reference)
    assert found is not None
    return found


def finished(reference: str, *, most: int = 200) -> RunFile:
    """The run once it is over."""
    for _ in range(most):
        if advance_run(reference).state == "done":
            break
    return file_of(reference)


def accounted(reference: str) -> set[str]:
    """The certificates that the run ended, each with its one revocation, its one line and its one entry."""
    lines = RevocationRunLine.objects.filter(run__reference=reference).select_related("certificate")
    ended = [line.certificate.reference for line in lines]
    assert len(ended) == len(set(ended)) == file_of(reference).line.done
    for name in ended:
        assert Revocation.objects.filter(certificate__reference=name).count() == 1
        assert JournalEntry.objects.filter(subject=name, kind="certificate.revoked").count() == 1
    return set(ended)
