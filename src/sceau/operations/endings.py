"""Writing the end of a certificate: one row, final, with the DER of its line in the next list."""

from __future__ import annotations

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

_KEY_COMPROMISE = "keyCompromise"


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
    end = decision.revocation
    Revocation.objects.create(
        certificate=row,
        issuer=row.issuer,
        generation=row.generation,
        serial=row.serial,
        reason=end.reason,
        reason_number=decision.rfc5280,
        at=end.at,
        not_after=row.not_after,
        quality=end.quality,
        by=act.actor.person_id,
        explanation=explanation,
        entry=crl_entry(int(row.serial, 16), at=end.at, reason=decision.rfc5280),
    )
    if end.reason == _KEY_COMPROMISE:
        BlockedKey.objects.get_or_create(
            spki_sha256=row.spki_sha256, defaults={"why": end.reason, "since": act.at}
        )
    return decision


def revocable_facts(row: Certificate) -> RevocableFacts:
    """What the rule of revocation is told of a certificate."""
    end = Revocation.objects.filter(certificate=row).first()
    return RevocableFacts(
        issuer=row.issuer,
        serial=int(row.serial, 16),
        not_after=row.not_after,
        revoked=None if end is None else RevocationFacts(end.at, end.reason, Quality(end.quality)),
        presumed_signed=row.state in {CertificateState.PRESUMED, CertificateState.INTENDED},
    )
