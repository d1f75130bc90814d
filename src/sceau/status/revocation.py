"""Whether a certificate is revoked, by whom, for which reason: decided once, and for good.

French law knows no suspension: a revocation is final [IGC-SANTE 5.1], its date never moves, its reason
never changes, and asking again changes nothing and is told so [ASSURANCE F16]. Who may invoke which reason
is data (`catalogue.reasons`). Whether the asker really holds the quality claimed is checked by who calls,
against the records; proof of the revocation code or of the key comes before, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sceau.catalogue import Catalogue, Quality
from sceau.status.serials import spell_serial
from sceau.vocabulary import Finding, Refused


@dataclass(frozen=True, slots=True)
class Revocation:
    """A revocation as it stands: when it took effect, for which reason (a code of the catalogue), in what
    quality.
    """

    at: datetime
    reason: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class RevocableFacts:
    """The certificate somebody wants revoked, as the records know it. `presumed_signed`: its signature's
    outcome is unknown, so it may exist [décision 10].
    """

    issuer: str
    serial: int
    not_after: datetime
    revoked: Revocation | None = None
    presumed_signed: bool = False


@dataclass(frozen=True, slots=True)
class RevocationDecision:
    """What stands after the decision. `changed` is False when the certificate was revoked already: then
    `revocation` is that first one, and `findings` says so. `rfc5280` is the CRLReason's number.
    """

    issuer: str
    serial: int
    revocation: Revocation
    rfc5280: int
    changed: bool
    findings: tuple[Finding, ...] = ()


def decide_revocation(
    facts: RevocableFacts, *, reason: str, quality: Quality, at: datetime, catalogue: Catalogue
) -> RevocationDecision:
    """Decide on a request to revoke, at `at` (UTC). Raises `Refused` with every reason why not.

    Refused: a reason not in the catalogue (`revocation.reason-unknown`) or known to the standard but not
    offered here, certificateHold among them (`revocation.reason-not-offered`); a quality that may not
    invoke it (`revocation.quality`); a certificate past its end (`revocation.expired`). Rights come before
    the answer that it was done already: who may not revoke learns nothing.
    """
    serial = spell_serial(facts.serial)
    problems = reason_findings(reason, quality, subject=serial, catalogue=catalogue)
    if problems:
        raise Refused(problems)
    if facts.revoked is not None:
        first = facts.revoked
        row = catalogue.reasons[first.reason]
        since = f"{first.at:%d/%m/%Y %H:%M:%S} UTC"
        told = Finding.info("revocation.already", serial, since=since, reason=row.label)
        return RevocationDecision(
            facts.issuer, facts.serial, first, row.rfc5280, changed=False, findings=(told,)
        )
    if at > facts.not_after and not facts.presumed_signed:
        raise Refused([Finding.error("revocation.expired", serial, end=f"{facts.not_after:%d/%m/%Y}")])
    decided = Revocation(at.replace(microsecond=0), reason, quality)
    return RevocationDecision(
        facts.issuer, facts.serial, decided, catalogue.reasons[reason].rfc5280, changed=True
    )


def reason_findings(reason: str, quality: Quality, *, subject: str, catalogue: Catalogue) -> list[Finding]:
    """Why this reason cannot be invoked in this quality; empty when it can. `subject`: what would end."""
    if reason in catalogue.reasons_not_offered:
        why = catalogue.reasons_not_offered[reason].why
        return [Finding.error("revocation.reason-not-offered", reason, why=why)]
    row = catalogue.reasons.get(reason)
    if row is None:
        offered = ", ".join(sorted(catalogue.reasons))
        return [Finding.error("revocation.reason-unknown", reason, offered=offered)]
    if quality not in row.who:
        claimed = catalogue.text(f"quality.{quality}")
        return [Finding.error("revocation.quality", subject, quality=claimed, reason=row.label)]
    return []
