"""What the journal says of one certificate: the intent, what came of it, its end; each with its leaf."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sceau.certification import CertificateState
from sceau.journal import leaf_hash, read_entry
from sceau.operations.recheck_batch import Batch
from sceau.operations.recheck_run import Run
from sceau.records.models import Certificate, JournalEntry, JournalLeaf, Revocation
from sceau.vocabulary import Finding

INTENDED, _COLLECTED, _REVOKED = "certificate.intended", "certificate.collected", "certificate.revoked"
_HANDED_OVER = "certificate.handed-over"  # collected by a program
_DELIVERED = "certificate.delivered"  # issued and handed over in one act
_AFTER = {
    CertificateState.ISSUED: ("certificate.issued",),
    CertificateState.COLLECTED: (_DELIVERED, "certificate.issued"),
    CertificateState.PRESUMED: ("certificate.presumed",),
    CertificateState.ABANDONED: ("certificate.abandoned",),
}


def entry_findings(run: Run, row: Certificate, batch: Batch) -> Iterator[Finding]:
    """Every difference between a certificate and its entries [F39]."""
    told: dict[str, Mapping[str, Any]] = {}
    for one in batch.entries.get(row.reference, ()):
        public = entry_of(one)
        if public is None:
            yield Finding.error("recheck.entry-altered", row.reference, kind=one.kind)
            continue
        told[one.kind] = public
        if not is_sequenced(one) and run.settled(one.at):
            yield Finding.error("recheck.entry-not-sealed", row.reference, kind=one.kind)
    yield from _compare(row, told)
    if INTENDED in told:
        yield from _compare_request(row, told[INTENDED], batch.requests.get(row.pk))


def entry_of(row: JournalEntry) -> Mapping[str, Any] | None:
    """The public part of an entry that is what its leaf vouches for, and is of the kind and object it is
    filed under; None when it is not.
    """
    data = bytes(row.entry)
    entry = read_entry(data).value
    if entry is None or leaf_hash(data).hex() != row.leaf_hash or entry.kind != row.kind:
        return None
    if entry.about[:1] != ((row.subject,) if row.subject else ()):
        return None
    if is_sequenced(row) and row.leaf.leaf_hash != row.leaf_hash:
        return None
    return entry.public


def is_sequenced(row: JournalEntry) -> bool:
    """Whether the entry has its place in the tree."""
    try:
        return row.leaf.position >= 0
    except JournalLeaf.DoesNotExist:
        return False


def _compare(row: Certificate, told: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    intent = told.get(INTENDED)
    if intent is None:
        yield Finding.error("recheck.entry-missing", row.reference, kind=INTENDED)
    else:
        yield from _compare_intent(row, intent)
    yield from _compare_outcome(row, told)
    yield from _compare_end(row, told)


def _compare_outcome(row: Certificate, told: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    kinds = _AFTER.get(CertificateState(row.state), ())
    after = next((kind for kind in kinds if kind in told), None)
    if kinds and after is None:
        yield Finding.error("recheck.entry-missing", row.reference, kind=kinds[-1])
    elif after is not None and told[after].get("serial") != row.serial:
        yield Finding.error("recheck.entry-differs", row.reference, kind=after, part="serial")
    given = (_COLLECTED, _HANDED_OVER, _DELIVERED)
    if row.state == CertificateState.COLLECTED and told.keys().isdisjoint(given):
        yield Finding.error("recheck.entry-missing", row.reference, kind=_COLLECTED)


def _compare_end(row: Certificate, told: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    is_over = _REVOKED in told or "certificate.presumed" in told
    is_revoked = hasattr(row, "revocation")
    if is_over and not is_revoked and not Revocation.objects.filter(certificate=row).exists():  # nor since
        yield Finding.error("recheck.revocation-missing", row.reference)
    if is_revoked and not is_over:
        yield Finding.error("recheck.entry-missing", row.reference, kind=_REVOKED)
    elif is_revoked and _REVOKED in told:
        end, said = row.revocation, told[_REVOKED]
        for part, value in (("reason", end.reason), ("quality", end.quality)):
            if part in said and said[part] != value:
                yield Finding.error("recheck.entry-differs", row.reference, kind=_REVOKED, part=part)


def _compare_intent(row: Certificate, intent: Mapping[str, Any]) -> Iterator[Finding]:
    expected: dict[str, object] = {
        "issuer": row.issuer,
        "generation": row.generation,
        "serial": row.serial,
        "product": row.product,
        "profile": row.profile,
        "tbs": hashlib.sha256(row.meant).hexdigest(),
        "key": row.spki_sha256,
        "habilitation_version": row.habilitation_version,
    }
    for part, value in expected.items():
        if intent.get(part) != value:
            yield Finding.error("recheck.entry-differs", row.reference, kind=INTENDED, part=part)


def _compare_request(row: Certificate, intent: Mapping[str, Any], kept: bytes | None) -> Iterator[Finding]:
    """The request kept is the one that the intent told. Intents older than the keeping told none."""
    if intent.get("csr") != (None if kept is None else hashlib.sha256(kept).hexdigest()):
        yield Finding.error("recheck.entry-differs", row.reference, kind=INTENDED, part="csr")
