"""Two officers decide on a change's plan: one proposes it, a second, different one confirms the very same;
what is due that day is then done. Its days may later be moved away, never nearer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sceau.operations.acts import acting, refuse_with
from sceau.operations.machine import Actor
from sceau.operations.structure_change.carrying import carry_out_due
from sceau.operations.structure_change.holding import (
    add_things,
    becomes_of,
    lock_change,
    require_officer,
    step,
    view_of,
)
from sceau.operations.structures import keep_structure
from sceau.operations.typed import read_text
from sceau.records import StructureChangeView
from sceau.records.models import StructureChange, StructureChangeLine
from sceau.registration import ChangeEvent, ChangeState, ChangeThing, PlannedThing, unanswered
from sceau.vocabulary import Finding, Refused, displayed


def propose_structure_change(actor: Actor, *, reference: str, version: int) -> StructureChangeView:
    """A first officer says yes to this plan, as it stands at `version`: whole, and with its extract.

    What the structure has come to hold since is put on the plan first; it then waits for its answers.
    """
    with acting(actor, "change.proposed", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        if row.state == ChangeState.PROPOSED and row.proposed_by == actor.person_id:
            act.unchanged()
            return view_of(reference, actor.person_id)
        if _is_lengthened(row, add_things(act, row)):
            act.rename("change.lengthened")
            return view_of(reference, actor.person_id)
        refuse_with(_check_whole(row, version))
        step(row, ChangeEvent.PROPOSE)
        row.proposed_by, row.proposed_card, row.proposed_at = actor.person_id, actor.card or "", act.at
        row.save(update_fields=["state", "proposed_by", "proposed_card", "proposed_at"])
        act.tell(version=row.version)
    return view_of(reference, actor.person_id)


def reopen_structure_change(actor: Actor, *, reference: str, reason: str) -> StructureChangeView:
    """A proposed plan is written again: who looked at it second did not agree."""
    with acting(actor, "change.reopened", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        words = read_text(reason, subject="reason")
        step(row, ChangeEvent.REOPEN)
        _forget_proposal(row)
        act.keep(reason=words)
    return view_of(reference, actor.person_id)


def confirm_structure_change(actor: Actor, *, reference: str, version: int) -> StructureChangeView:
    """A second, different officer says yes to the same plan. What is due by now is done at once, the rest
    on its day. If the structure holds something new since, the plan is open again, with it.
    """
    with acting(actor, "change.confirmed", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        if row.state == ChangeState.CONFIRMED and row.confirmed_by == actor.person_id:
            act.unchanged()
            return view_of(reference, actor.person_id)
        if row.proposed_by == actor.person_id:
            raise Refused([Finding.error("change.same-officer", reference)])
        if row.state == ChangeState.PROPOSED and _is_lengthened(row, add_things(act, row)):
            step(row, ChangeEvent.REOPEN)
            _forget_proposal(row)
            act.rename("change.lengthened")
            return view_of(reference, actor.person_id)
        refuse_with(_check_whole(row, version))
        step(row, ChangeEvent.CONFIRM)
        row.confirmed_by, row.confirmed_card, row.confirmed_at = actor.person_id, actor.card or "", act.at
        becomes = becomes_of(row)
        if becomes is not None:
            is_same = becomes.structure_id.text == row.structure.national_id
            row.successor = row.structure if is_same else keep_structure(becomes)
        row.save()
        act.tell(version=row.version, change=row.kind)
        carry_out_due(act, row)
    return view_of(reference, actor.person_id)


@dataclass(frozen=True, slots=True)
class LaterDays:
    """More time for a certificate (its reference) of a confirmed plan, and why. `replace_before` None: as it
    is.
    """

    certificate: str
    revoke_on: date
    reason: str
    replace_before: date | None = None


def move_change_days(actor: Actor, *, reference: str, later: LaterDays) -> StructureChangeView:
    """A certificate of a confirmed plan gets more time, by an officer, who says why. Never less."""
    certificate, revoke_on = later.certificate, later.revoke_on
    with acting(actor, "change.rescheduled", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        words = read_text(later.reason, subject="reason")
        line = (
            StructureChangeLine.objects.select_for_update()
            .filter(change=row, thing=ChangeThing.CERTIFICATE, reference=certificate, done_at=None)
            .exclude(revoke_on=None)
            .first()
        )
        if row.state != ChangeState.CONFIRMED or line is None or line.revoke_on is None:
            raise Refused([Finding.error("change.not-on-list", displayed(certificate) or "—")])
        before = later.replace_before or line.replace_before
        refuse_with(_check_later(line, before, revoke_on))
        line.replace_before, line.revoke_on = before, revoke_on
        line.save(update_fields=["replace_before", "revoke_on"])
        act.tell(certificate=certificate, revoke_on=str(revoke_on), replace_before=str(before or ""))
        act.keep(reason=words)
    return view_of(reference, actor.person_id)


def _check_later(line: StructureChangeLine, before: date | None, revoke_on: date) -> list[Finding]:
    earlier = line.revoke_on is not None and revoke_on < line.revoke_on
    if line.replace_before is not None and (before is None or before < line.replace_before):
        earlier = True
    if earlier:
        return [Finding.error("change.days-nearer", line.reference)]
    if before is not None and before > revoke_on:
        return [Finding.error("change.days-crossed", line.reference)]
    return []


def _check_whole(row: StructureChange, version: int) -> list[Finding]:
    findings: list[Finding] = []
    if version != row.version:
        findings.append(Finding.error("change.version-changed", row.reference, seen=version, now=row.version))
    if row.piece_id is None:
        findings.append(Finding.error("change.evidence-missing", row.reference))
    lines = row.lines.values_list("thing", "reference", "answer")
    things = [PlannedThing(ChangeThing(thing), one, answer) for thing, one, answer in lines]
    return [*findings, *unanswered(things, change=row.reference)]


def _is_lengthened(row: StructureChange, added: int) -> bool:
    if not added:
        return False
    row.version += 1
    row.save(update_fields=["version"])
    return True


def _forget_proposal(row: StructureChange) -> None:
    row.proposed_by = row.proposed_card = ""
    row.proposed_at = None
    row.save(update_fields=["state", "proposed_by", "proposed_card", "proposed_at"])
