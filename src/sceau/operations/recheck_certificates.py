"""Each certificate again: its bytes, its right, its entries, the signer's line, its status.

By batches of some hundreds, each with a handful of queries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sceau.certification import CertificateState, Kept, recheck_bytes, recheck_content, recheck_lint
from sceau.custody import SignatureKind
from sceau.operations.machine import in_partition
from sceau.operations.outcomes import LONGEST_SIGNATURE
from sceau.operations.recheck_batch import Batch, batches
from sceau.operations.recheck_entries import entry_findings
from sceau.operations.recheck_keys import use_findings
from sceau.operations.recheck_run import LintChoice, Run
from sceau.operations.recheck_status import status_findings
from sceau.operations.recheck_warrants import warrant_again
from sceau.records.models import Certificate
from sceau.vocabulary import Finding, Refused

_SAMPLE = 50
_SERVED = frozenset({CertificateState.ISSUED, CertificateState.COLLECTED})


def recheck_certificates(run: Run) -> None:
    """Every certificate that the order names, oldest first."""
    for batch in batches(run):
        for row in batch.rows:
            run.note(_findings(run, batch, row))
        run.tick("certificates", len(batch.rows))


def _findings(run: Run, batch: Batch, row: Certificate) -> Iterator[Finding]:
    other = run.scratch.give(row.issuer, row.serial, row.reference)
    if other:
        yield Finding.error("recheck.serial-twice", row.reference, other=other, serial=row.serial)
    yield from _content(run, batch, row)
    yield from entry_findings(run, row, batch)
    yield from _signature(run, row)
    yield from status_findings(run, row)
    yield from use_findings(row, batch.uses.get(row.spki_sha256))
    is_late = row.state == CertificateState.INTENDED and row.asked_at < run.began - 2 * LONGEST_SIGNATURE
    if is_late and run.settled(row.asked_at):
        yield Finding.error("recheck.left-open", row.reference)


def _content(run: Run, batch: Batch, row: Certificate) -> Iterator[Finding]:
    """The bytes, and what they say against the right they were issued under."""
    issuer = run.issuer(row.issuer, row.generation)
    if issuer is None:
        yield Finding.error(
            "recheck.issuer-unknown", row.reference, issuer=row.issuer, generation=row.generation
        )
        return
    issuer = in_partition(issuer, row.partition)
    kept = kept_of(row)
    yield from recheck_bytes(kept, issuer)
    catalogue = run.machine.catalogue
    if row.product not in catalogue.products or row.profile not in catalogue.profiles:
        yield Finding.error("recheck.row-differs", row.reference, part="product")
        return
    yield from batch.origin_findings(row)
    try:
        warrant = warrant_again(row, batch, catalogue)
    except Refused as refused:
        for one in refused.findings:
            yield Finding.error("recheck.no-right", row.reference, why=catalogue.say(one).text, rule=one.code)
    else:
        yield from batch.told_of_person(row, recheck_content(kept, warrant, issuer, catalogue=catalogue))
    if _is_linted(run, row):
        run.tick("linted")
        yield from recheck_lint(kept, issuer, key=run.machine.lint_key(issuer))


def kept_of(row: Certificate) -> Kept:
    """The row as the pure checks are told of it."""
    return Kept(
        reference=row.reference,
        draft=row.meant,
        der=None if row.der is None else bytes(row.der),
        serial=int(row.serial, 16),
        spki_sha256=row.spki_sha256,
        subject=row.subject,
        not_before=row.not_before,
        not_after=row.not_after,
    )


def _is_linted(run: Run, row: Certificate) -> bool:
    """All, the one that was named, or each night another part."""
    if run.order.only or run.order.lint is LintChoice.ALL:
        return True
    drawn = hashlib.sha256(f"{row.reference} {run.began:%Y-%m-%d}".encode()).digest()
    return int.from_bytes(drawn[:4]) % _SAMPLE == 0


def _signature(run: Run, row: Certificate) -> Iterator[Finding]:
    """The signer's own line for this serial, and the same digests in it."""
    state = CertificateState(row.state)
    line = run.scratch.signed(SignatureKind.CERTIFICATE, row.issuer, row.generation, row.serial)
    if line is None:
        if state in _SERVED and not run.scratch.broken:
            run.unmatched.append(row.reference)
        return
    if state is CertificateState.ABANDONED:
        yield Finding.error("recheck.abandoned-signed", row.reference, line=line.line)
    if line.tbs_sha256 != hashlib.sha256(row.meant).hexdigest():
        yield Finding.error("recheck.ledger-differs", row.reference, part="draft", line=line.line)
    is_served = row.der is not None and line.der_sha256 is not None
    if is_served and line.der_sha256 != hashlib.sha256(bytes(row.der or b"")).hexdigest():
        yield Finding.error("recheck.ledger-differs", row.reference, part="certificate", line=line.line)
