"""What was signed, kept; and handed over in the same breath where that was asked.

The right is looked at once more: if it ended meanwhile, the certificate is kept and revoked at once. So is
who acts: a program whose token ended while the signer worked gets nothing, and the certificate waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sceau.certification import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.operations.acts import Act, Telling, append_entries, refusal_of, writing
from sceau.operations.codes import hash_code
from sceau.operations.collection import HandOver, why_not_handed_over
from sceau.operations.machine import Actor, Machine, machine
from sceau.operations.outcomes import revoke_for_lost_right
from sceau.operations.weighing import Weighed
from sceau.records import CertificateFile, CertificateLine, hot
from sceau.records.models import Certificate
from sceau.registration import HabilitationState
from sceau.vocabulary import Fault, Finding, Reading, Refused


@dataclass(frozen=True, slots=True)
class Signed:
    """An intent with its signed bytes: who asked, what was weighed, the row written, and the hand-over."""

    actor: Actor
    weighed: Weighed
    row: hot.NewCertificate
    der: bytes
    hand_over: HandOver | None


@dataclass(slots=True)
class _Keeping:
    """A signed certificate being recorded."""

    signed: Signed
    act: Act
    code_hash: str = ""
    state: CertificateState = CertificateState.INTENDED
    is_lost: bool = False
    trouble: Refused | Fault | None = None
    others: list[tuple[Act, Telling]] = field(default_factory=list)


def keep_signed(several: Sequence[Signed]) -> list[CertificateFile | Refused | Fault]:
    """Record `several` in one transaction; the file of each, or why it is not given.

    `Refused`: ``issuance.right-lost`` (kept, revoked), or why it is not handed over; `Fault`:
    ``issuance.outcome-unknown`` when it had been given up before (kept, and stays revoked).
    """
    if not several:
        return []
    present = machine()
    kept = [_begin(signed, present) for signed in several]
    with writing() as at:
        rows = hot.intended_rows([one.signed.row.id for one in kept])
        _look_again(kept, rows, at)
        recorded = [one for one in kept if one.state is not CertificateState.INTENDED]
        _hand_over([one for one in recorded if _is_to_hand_over(one)], at)
        _write(recorded, at)
        _end_lost(recorded)
        append_entries([telling for one in recorded for telling in (*one.act.tellings(), *one.others)])
    return [file_of(one, at) for one in kept]


def _begin(signed: Signed, present: Machine) -> _Keeping:
    code = None if signed.hand_over is None else signed.hand_over.code
    row = signed.row
    told = {"issuer": row.issuer, "generation": row.generation, "serial": row.serial}
    telling = Telling("certificate.issued", (row.reference,), told)
    act = Act(present, signed.actor, row.at, telling)
    return _Keeping(signed, act, "" if code is None else hash_code(code, present.random))


def _look_again(kept: Sequence[_Keeping], rows: dict[int, hot.IntendedRow], at: datetime) -> None:
    """What each comes to: as its row and its right stand now, held until the end."""
    rights = hot.right_states(sorted({row.habilitation for row in rows.values() if row.habilitation}))
    for one in kept:
        row = rows[one.signed.row.id]
        one.act.at = at
        if row.state == CertificateState.PRESUMED:  # the answer came after we had given it up
            one.state = CertificateState.PRESUMED
            one.act.rename("certificate.came-late")
            reference = one.signed.row.reference
            one.trouble = Fault("issuance.outcome-unknown", retryable=False, detail=reference)
            continue
        after = _recorded(row.state)
        if after.value is None:
            one.trouble = Refused(finding.about(one.signed.row.reference) for finding in after.findings)
            continue
        one.state = after.value
        one.is_lost = is_right_lost(row, rights)


@lru_cache(maxsize=16)
def _recorded(state: str) -> Reading[CertificateState]:
    """What a certificate in this state comes to when its signature is recorded."""
    return CERTIFICATE_LIFE.after(CertificateState(state), CertificateEvent.RECORD, subject="—")


@lru_cache(maxsize=16)
def _delivered(state: CertificateState) -> CertificateState:
    return CERTIFICATE_LIFE.after(state, CertificateEvent.COLLECT, subject="—").require()


@lru_cache(maxsize=16)
def _events(state: CertificateState) -> tuple[str, ...]:
    return (*(str(event) for event in CERTIFICATE_LIFE.events(state)), "revoke")


def is_right_lost(row: hot.IntendedRow, rights: dict[int, str]) -> bool:
    """Whether the right that a certificate was intended under is no longer in force."""
    return row.habilitation is not None and rights[row.habilitation] != HabilitationState.ACTIVE


def _end_lost(recorded: Sequence[_Keeping]) -> None:
    for one in recorded:
        if one.is_lost:
            revoke_for_lost_right(one.act, Certificate.objects.get(pk=one.signed.row.id))
            one.trouble = Refused([Finding.error("issuance.right-lost", one.signed.row.reference)])


def _is_to_hand_over(one: _Keeping) -> bool:
    return one.signed.hand_over is not None and one.trouble is None and not one.is_lost


def _write(recorded: Sequence[_Keeping], at: datetime) -> None:
    """The rows as they come out of this act: what is handed over goes from intent to collected at once."""
    signed: list[hot.Signed] = []
    delivered: list[hot.Signed] = []
    for one in recorded:
        row, is_given = one.signed.row, one.state is CertificateState.COLLECTED
        code_hash = one.code_hash if is_given else ""
        kept = hot.Signed(row.id, str(one.state), one.signed.der, row.draft, code_hash)
        (delivered if is_given else signed).append(kept)
    hot.record_signed(signed, at=at)
    hot.record_delivered(delivered, at=at)


def _hand_over(several: Sequence[_Keeping], at: datetime) -> None:
    """Issued, and collected: to whom may still have it. Written with what was signed."""
    if not several:
        return
    why_not = why_not_handed_over([one.signed.actor for one in several], at)
    for one in several:
        actor, row = one.signed.actor, one.signed.row
        refused = why_not[id(actor)]
        if refused is not None:
            act = Act(one.act.machine, actor, at, Telling("certificate.handed-over", (row.reference,)))
            one.trouble = refused
            one.others.append((act, refusal_of(act, refused)))
            continue
        one.state = _delivered(one.state)
        one.act.rename("certificate.delivered")  # one entry tells both
        one.act.telling.public["by"] = "token" if actor.token else "card"


def file_of(one: _Keeping, at: datetime) -> CertificateFile | Refused | Fault:
    """What was recorded, from what is in hand: the same as the records would show now."""
    if one.trouble is not None:
        return one.trouble
    row, weighed = one.signed.row, one.signed.weighed
    standing = weighed.ground.standing
    right, is_given = standing.right, one.state is CertificateState.COLLECTED
    line = CertificateLine(
        reference=row.reference,
        product=row.product,
        issuer=row.issuer,
        generation=row.generation,
        serial=row.serial,
        state=str(one.state),
        standing="in-service" if is_given else "to-collect",
        subject=row.subject,
        names=weighed.draft.names,
        not_before=row.not_before,
        not_after=row.not_after,
        structure_name=right.structure_name if right else "",
        structure_id=right.structure_id if right else "",
        asked_by=f"{standing.person.given_names} {standing.person.surname}".strip(),
        habilitation=right.facts.reference if right else "",
        revocation=None,
    )
    return CertificateFile(
        line=line,
        der=one.signed.der,
        profile=row.profile,
        spki_sha256=row.spki_sha256,
        habilitation_version=row.habilitation_version,
        holder=row.holder,
        collected_at=at if is_given else None,
        replaces=weighed.request.replaces,
        replaced_by="",
        has_code=is_given and bool(one.code_hash),
        events=_events(one.state),
    )
