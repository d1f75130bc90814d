"""The signer's own record against the records: every signature has its row, every row its signature [F43]."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from sceau.custody import SignatureKind
from sceau.operations.recheck_run import Run
from sceau.operations.recheck_scratch import SignedLine
from sceau.records.models import Certificate, CrlIssue, ResponderCertificate
from sceau.vocabulary import Finding


def recheck_signatures(run: Run) -> None:
    """Lists, responders, then what is left over on either side."""
    run.note(_lists(run))
    run.note(_responders(run))
    run.note(_unmatched(run))
    if not run.scratch.broken:
        run.note(_unaccounted(run))
    run.read["signatures"] = run.scratch.lines


def _lists(run: Run) -> Iterator[Finding]:
    made = CrlIssue.objects.filter(sha256__isnull=False)
    for row in _since(run, made, "this_update").iterator(10):
        subject = f"crl/{row.issuer}/{row.number}"
        number = str(row.number)
        kind = SignatureKind.CRL if row.base is None else SignatureKind.DELTA_CRL
        yield from _line_of(run, kind, row, number=number, subject=subject)
        run.tick("lists")


def _responders(run: Run) -> Iterator[Finding]:
    for row in _since(run, ResponderCertificate.objects.exclude(der=None), "not_before").iterator(500):
        subject = f"responder/{row.issuer}/{row.serial}"
        other = run.scratch.give(row.issuer, row.serial, subject)
        if other:
            yield Finding.error("recheck.serial-twice", subject, other=other, serial=row.serial)
        yield from _line_of(run, SignatureKind.OCSP_RESPONDER, row, number=row.serial, subject=subject)
        run.tick("responders")


def _since(run: Run, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    wanted = rows.filter(**{f"{column}__lte": run.began}).order_by("id")
    return wanted if run.order.since is None else wanted.filter(**{f"{column}__gte": run.order.since})


def _line_of(run: Run, kind: SignatureKind, row: Any, *, number: str, subject: str) -> Iterator[Finding]:
    line = run.scratch.signed(kind, row.issuer, row.generation, number)
    if line is None:
        if not run.scratch.broken and run.settled(_made_at(row)):
            yield Finding.error("recheck.ledger-lacks", subject)
    elif line.der_sha256 not in (None, _digest_of(row)):
        yield Finding.error("recheck.ledger-differs", subject, part="certificate", line=line.line)


def _digest_of(row: Any) -> str:
    """Of a large list that another one followed only the digest is kept."""
    return str(row.sha256) if row.der is None else hashlib.sha256(bytes(row.der)).hexdigest()


def _made_at(row: Any) -> Any:
    return row.this_update if isinstance(row, CrlIssue) else row.not_before


def _unmatched(run: Run) -> Iterator[Finding]:
    """Certificates without a line: the ledger is read on, since it may have grown meanwhile."""
    if not run.unmatched or run.scratch.broken:
        return
    yield from run.scratch.read_ledger(run.order.ledger)
    for reference in run.unmatched:
        row = Certificate.objects.get(reference=reference)
        kind = SignatureKind.CERTIFICATE
        if run.scratch.signed(kind, row.issuer, row.generation, row.serial) is None:
            yield Finding.error("recheck.ledger-lacks", reference)


def _unaccounted(run: Run) -> Iterator[Finding]:
    """What was signed and has no row at all, not even a row made since."""
    for line in run.scratch.unaccounted(run.order.since):
        if not _has_row(line):
            yield Finding.error(
                "recheck.unaccounted", line.number, kind=line.kind.value, issuer=line.issuer, line=line.line
            )


def _has_row(line: SignedLine) -> bool:
    if line.kind in (SignatureKind.CRL, SignatureKind.DELTA_CRL):
        lists = CrlIssue.objects.filter(issuer=line.issuer, generation=line.generation)
        return lists.filter(number=int(line.number)).exists()
    rows = Certificate if line.kind is SignatureKind.CERTIFICATE else ResponderCertificate
    mine = rows.objects.filter(issuer=line.issuer, generation=line.generation, serial=line.number)
    return mine.exists()
