"""Writing the end of certificates: one row each, final, with the DER of its line in the next list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sceau.catalogue import Quality
from sceau.certification import CertificateState
from sceau.operations.acts import Act
from sceau.records import Turn, take_turn
from sceau.records.models import BlockedKey, Certificate, Revocation
from sceau.status import (
    RevocableFacts,
    RevocationDecision,
    crl_entry,
    decide_revocation,
)
from sceau.status import Revocation as RevocationFacts

KEY_COMPROMISE = "keyCompromise"


def end_certificate(
    act: Act, row: Certificate, *, reason: str, quality: Quality, explanation: str = ""
) -> RevocationDecision:
    """Decide and write the revocation of `row`, held by the caller. Revoking again changes nothing.

    Raises `Refused` as `status.decide_revocation` does. A compromised key is blocked for ever [decision 9].
    """
    decision = decide_revocation(
        revocable_facts(row), reason=reason, quality=quality, at=act.at, catalogue=act.machine.catalogue
    )
    if not decision.changed:
        return decision
    take_turn(Turn.REVOCATIONS)
    _row_of(row, decision, by=act.actor.person_id, explanation=explanation).save(force_insert=True)
    if decision.revocation.reason == KEY_COMPROMISE:
        block_keys(act, (row.spki_sha256,), why=reason)
    return decision


def end_certificates(
    act: Act, rows: Sequence[Certificate], *, reason: str, quality: Quality, by: str
) -> tuple[RevocationDecision, ...]:
    """The same for many at once, all held by the caller and none revoked yet, in a handful of statements.

    `by` is the person who asked, whoever acts now. What was revoked meanwhile is left out: a decision for
    each of the others, in their order.
    """
    take_turn(Turn.REVOCATIONS)
    ids = [row.pk for row in rows]
    ended = set(Revocation.objects.filter(certificate_id__in=ids).values_list("certificate_id", flat=True))
    left = [row for row in rows if row.pk not in ended]
    decisions = tuple(
        decide_revocation(
            _facts_of(row, None), reason=reason, quality=quality, at=act.at, catalogue=act.machine.catalogue
        )
        for row in left
    )
    Revocation.objects.bulk_create(
        _row_of(row, decision, by=by, explanation="") for row, decision in zip(left, decisions, strict=True)
    )
    if reason == KEY_COMPROMISE:
        block_keys(act, (row.spki_sha256 for row in left), why=reason)
    return decisions


def block_keys(act: Act, digests: Iterable[str], *, why: str) -> None:
    """These keys are never certified again. One blocked already stays as it is."""
    rows = [BlockedKey(spki_sha256=one, why=why, since=act.at) for one in dict.fromkeys(digests)]
    BlockedKey.objects.bulk_create(rows, ignore_conflicts=True)


def revocable_facts(row: Certificate) -> RevocableFacts:
    """What the rule of revocation is told of a certificate."""
    end = Revocation.objects.filter(certificate=row).first()
    return _facts_of(row, None if end is None else RevocationFacts(end.at, end.reason, Quality(end.quality)))


def _facts_of(row: Certificate, revoked: RevocationFacts | None) -> RevocableFacts:
    return RevocableFacts(
        issuer=row.issuer,
        serial=int(row.serial, 16),
        not_after=row.not_after,
        revoked=revoked,
        presumed_signed=row.state in {CertificateState.PRESUMED, CertificateState.INTENDED},
    )


def _row_of(row: Certificate, decision: RevocationDecision, *, by: str, explanation: str) -> Revocation:
    """The row that one decision makes. The only place that knows its columns."""
    end = decision.revocation
    return Revocation(
        certificate=row,
        issuer=row.issuer,
        generation=row.generation,
        serial=row.serial,
        reason=end.reason,
        reason_number=decision.rfc5280,
        at=end.at,
        not_after=row.not_after,
        quality=end.quality,
        by=by,
        explanation=explanation,
        entry=crl_entry(int(row.serial, 16), at=end.at, reason=decision.rfc5280),
        partition=row.partition,
    )
