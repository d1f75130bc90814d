"""Two officers decide on a change's plan: one proposes it, a second, different one confirms the very same;
what is due that day is then done. Its days may later be moved away, never nearer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sceau.operations.acts import acting, refuse_with
from sceau.operations.machine import Actor
from sceau.operations.structure_change.carrying import carry_out_due
from sceau.operations.structure_change.designations import check_designations
from sceau.operations.structure_change.grace import tell_moved
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
        row.proposed_by, row.proposed_card, row.proposed_at = actor.person_id, actor.in_hand, act.at
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
        row.confirmed_by, row.confirmed_card, row.confirmed_at = actor.person_id, actor.in_hand, act.at
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
    """More time for certificates (their references) of a confirmed plan, and why. `replace_before` None: as
    it is.
    """

    certificates: tuple[str, ...]
    revoke_on: date
    reason: str
    replace_before: date | None = None


def move_change_days(actor: Actor, *, reference: str, later: LaterDays) -> StructureChangeView:
    """Certificates of a confirmed plan get more time, all of these or none, by an officer, who says why.
    Never less; and past its last day to be replaced, one gets more by two officers only (`ask_grace`).
    """
    with acting(actor, "change.rescheduled", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        words = read_text(later.reason, subject="reason")
        wanted = dict.fromkeys(later.certificates)
        lines = StructureChangeLine.objects.select_for_update().filter(
            change=row, thing=ChangeThing.CERTIFICATE, reference__in=list(wanted), done_at=None
        )
        known = {line.reference: line for line in lines.exclude(revoke_on=None).order_by("id")}
        if row.state != ChangeState.CONFIRMED or not wanted or len(known) < len(wanted):
            strangers = [one for one in wanted if one not in known] or list(wanted) or ["—"]
            raise Refused([Finding.error("change.not-on-list", displayed(one)) for one in strangers[:20]])
        refuse_with([found for line in known.values() for found in _check_later(line, later)])
        for line in known.values():
            if line.replace_before is not None:
                line.replace_before = later.replace_before or line.replace_before
            line.revoke_on = later.revoke_on
            line.save(update_fields=["replace_before", "revoke_on"])
            tell_moved(act, row, line)
        act.tell(certificates=len(known), revoke_on=str(later.revoke_on))
        act.keep(reason=words)
    return view_of(reference, actor.person_id)


def _check_later(line: StructureChangeLine, later: LaterDays) -> list[Finding]:
    if line.warned_at is not None:
        return [Finding.error("change.late-alone", line.reference)]
    before = later.replace_before or line.replace_before
    if line.revoke_on is not None and later.revoke_on < line.revoke_on:
        return [Finding.error("change.days-nearer", line.reference)]
    if line.replace_before is None or before is None:
        return []
    if before < line.replace_before:
        return [Finding.error("change.days-nearer", line.reference)]
    return [Finding.error("change.days-crossed", line.reference)] if before > later.revoke_on else []


def _check_whole(row: StructureChange, version: int) -> list[Finding]:
    findings: list[Finding] = []
    if version != row.version:
        findings.append(Finding.error("change.version-changed", row.reference, seen=version, now=row.version))
    if row.piece_id is None:
        findings.append(Finding.error("change.evidence-missing", row.reference))
    lines = row.lines.values_list("thing", "reference", "answer")
    things = [PlannedThing(ChangeThing(thing), one, answer) for thing, one, answer in lines]
    return [*findings, *unanswered(things, change=row.reference), *check_designations(row)]


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
