"""A change opened, its evidence put beside it, its plan written thing by thing, and given up if it was none.

By the desk, or by whom a contract of the structure names; each answer is kept at once, so that the plan may
be left and taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.amendments import start_amendment
from sceau.operations.machine import Actor, machine
from sceau.operations.references import STRUCTURE_CHANGE, draw_reference
from sceau.operations.standing import require_person, structure_quality
from sceau.operations.structure_change.holding import (
    add_things,
    becomes_of,
    lock_change,
    require_card,
    step,
    stopping_of,
    unknown,
    view_of,
)
from sceau.operations.structures import StructureEntry, read_structure
from sceau.operations.typed import read_text
from sceau.records import StructureChangeView, structure_change
from sceau.records.models import (
    PARIS,
    DeskTask,
    Piece,
    Structure,
    StructureChange,
    StructureChangeLine,
    structure_as_stored,
)
from sceau.registration import (
    ChangeEvent,
    ChangeKind,
    ChangeState,
    ChangeThing,
    PlannedThing,
    check_planned,
    under_new_identity,
)
from sceau.registration import Structure as StructureFacts
from sceau.vocabulary import Finding, Refused, displayed

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """What happened to a structure (national identifier): `kind` (`closed`, `absorbed`, `renamed`), from
    which day, why in words, what it becomes (None: it closed), the task that says so (empty: none).
    """

    structure_id: str
    kind: str
    effective_on: date
    reason: str
    becomes: StructureEntry | None = None
    task: str = ""


@dataclass(frozen=True, slots=True)
class ThingAnswer:
    """What follows for one thing of the plan: its kind (`contract`, `order`, `right`, `certificate`), its
    reference or number, the answer, and the days of a certificate.
    """

    thing: str
    reference: str
    answer: str
    replace_before: date | None = None
    revoke_on: date | None = None


def open_structure_change(actor: Actor, entry: ChangeEntry) -> StructureChangeView:
    """Begin: everything the structure holds is listed, and nothing changes. The same change again is the one
    there is.

    Refused: nobody to say so, another change under way, no such kind, an identity that is the same or that
    cannot be read, a reason missing.
    """
    with acting(actor, "change.opened") as act:
        structure = _structure_of(act, entry.structure_id)
        running = StructureChange.objects.filter(structure=structure).exclude(state__in=("done", "dropped"))
        there = running.first()
        becomes = _becomes(entry, structure)
        stored = {} if becomes is None else structure_as_stored(becomes)
        if there is not None:
            if (there.kind, there.becomes) != (entry.kind, stored):
                raise Refused([Finding.error("change.under-way", there.reference)])
            act.unchanged()
            return view_of(there.reference, actor.person_id)
        row = StructureChange.objects.create(
            reference=draw_reference(STRUCTURE_CHANGE, act.machine.random),
            structure=structure,
            kind=entry.kind,
            becomes=stored,
            effective_on=entry.effective_on,
            reason=read_text(entry.reason, subject="reason"),
            task=_task_of(entry.task),
            state=ChangeState.OPEN,
            opened_by=actor.person_id,
            opened_card=actor.in_hand,
            opened_at=act.at,
        )
        act.about(row.reference, f"structure/{structure.national_id}")
        act.tell(change=row.kind, effective=str(row.effective_on), things=add_things(act, row))
        act.tell(becomes=stored.get("national_id", ""))
        act.keep(reason=row.reason)
    return view_of(row.reference, actor.person_id)


def attach_change_evidence(actor: Actor, *, reference: str, piece: str) -> StructureChangeView:
    """The extract of the register that says what happened: a piece on the structure's own file, or on its
    contract's. While the plan is open.
    """
    with acting(actor, "change.evidence", reference) as act:
        row, _ = lock_change(act, reference)
        _require_open(row)
        found = Piece.objects.filter(reference=piece, structure=row.structure, erased_at=None).first()
        kinds = act.machine.catalogue.piece_kinds
        if found is None or not kinds[found.kind].is_extract:
            raise Refused([Finding.error("change.no-extract", displayed(piece) or "—")])
        if row.piece_id == found.pk:
            act.unchanged()
            return view_of(reference, actor.person_id)
        row.piece, row.version = found, row.version + 1
        row.save(update_fields=["piece", "version"])
        act.tell(piece=found.reference, sha256=found.sha256)
    return view_of(reference, actor.person_id)


def answer_structure_change(
    actor: Actor, *, reference: str, answers: Sequence[ThingAnswer]
) -> StructureChangeView:
    """Say what follows for some of the things, all of these or none; the others wait. While the plan is open;
    of a confirmed one, only things that came since.
    """
    with acting(actor, "change.answered", reference) as act:
        row, _ = lock_change(act, reference)
        if row.state not in {ChangeState.OPEN, ChangeState.CONFIRMED}:
            raise Refused([Finding.error("life.not-now", reference)])
        if len(answers) > MOST_AT_ONCE:
            raise Refused([Finding.error("change.too-many", reference, most=MOST_AT_ONCE)])
        lines = _lines_of(row, answers)
        refuse_with([found for line, one in lines for found in _check(act, row, line, one)])
        changed = [_write(act, line, one) for line, one in lines if not _is_same(line, one)]
        if not changed:
            act.unchanged()
            return view_of(reference, actor.person_id)
        row.version += 1
        row.save(update_fields=["version"])
        act.tell(answered=len(changed), version=row.version)
    return view_of(reference, actor.person_id)


def start_following(actor: Actor, *, reference: str, order: str) -> dict[str, Any]:
    """The text that an accepted order stands on, under the identity that its structure has now: to be signed
    and sent as its amendment. For who may see both. Refused: not confirmed, nothing to follow.
    """
    seen = structure_change(reference, actor.person_id, at=machine().clock())
    row = StructureChange.objects.filter(reference=reference).first() if seen is not None else None
    becomes = None if row is None else becomes_of(row)
    if row is None or becomes is None or row.state not in {ChangeState.CONFIRMED, ChangeState.DONE}:
        raise unknown(reference)
    return under_new_identity(start_amendment(actor, reference=order), becomes, "")


def drop_structure_change(actor: Actor, *, reference: str, reason: str) -> StructureChangeView:
    """It was none, or is to be begun anew. Before it is confirmed: nothing was changed by it."""
    with acting(actor, "change.dropped", reference) as act:
        row, _ = lock_change(act, reference)
        words = read_text(reason, subject="reason")
        step(row, ChangeEvent.DROP)
        row.ended_by, row.ended_at = actor.person_id, act.at
        row.save(update_fields=["state", "ended_by", "ended_at"])
        act.keep(reason=words)
    return view_of(reference, actor.person_id)


def _structure_of(act: Act, number: str) -> Structure:
    require_person(act)
    structure = Structure.objects.select_for_update().filter(national_id=number).first()
    if structure is None or structure_quality(act.actor, structure) is None:
        raise unknown(number)
    require_card(act)
    return structure


def _becomes(entry: ChangeEntry, structure: Structure) -> StructureFacts | None:
    if entry.kind not in set(ChangeKind):
        raise Refused([Finding.error("change.kind", displayed(entry.kind) or "—")])
    if entry.kind == ChangeKind.CLOSED:
        return None
    if entry.becomes is None:
        raise Refused([Finding.error("change.no-identity", "name")])
    facts = read_structure(entry.becomes)
    same = facts.structure_id.text == structure.national_id
    if same and (entry.kind == ChangeKind.ABSORBED or facts.name == structure.name):
        raise Refused([Finding.error("change.same-identity", "siret")])
    return facts


def _task_of(reference: str) -> str:
    return reference if reference and DeskTask.objects.filter(reference=reference).exists() else ""


def _require_open(row: StructureChange) -> None:
    if row.state != ChangeState.OPEN:
        raise Refused([Finding.error("life.not-now", row.reference)])


def _lines_of(
    row: StructureChange, answers: Sequence[ThingAnswer]
) -> list[tuple[StructureChangeLine, ThingAnswer]]:
    wanted = {(one.thing, one.reference): one for one in answers}
    references = [one.reference for one in answers]
    rows = StructureChangeLine.objects.select_for_update().filter(change=row, reference__in=references)
    found = [
        (line, wanted[line.thing, line.reference])
        for line in rows.order_by("id")
        if (line.thing, line.reference) in wanted
    ]
    known = {(line.thing, line.reference) for line, _ in found}
    strangers = [one for one in wanted if one not in known]
    refuse_with([Finding.error("change.not-on-list", displayed(one[1])) for one in strangers[:20]])
    return found


def _check(
    act: Act, row: StructureChange, line: StructureChangeLine, one: ThingAnswer
) -> tuple[Finding, ...]:
    if row.state == ChangeState.CONFIRMED and line.answer and not _is_same(line, one):
        return (Finding.error("change.decided-already", line.reference),)
    planned = PlannedThing(
        ChangeThing(line.thing), line.reference, one.answer, line.carries, one.replace_before, one.revoke_on
    )
    today = act.at.astimezone(PARIS).date()
    return check_planned(planned, act=stopping_of(row), today=today)


def _is_same(line: StructureChangeLine, one: ThingAnswer) -> bool:
    said = (one.answer, one.replace_before, one.revoke_on)
    return (line.answer, line.replace_before, line.revoke_on) == said


def _write(act: Act, line: StructureChangeLine, one: ThingAnswer) -> StructureChangeLine:
    is_dated = line.thing == ChangeThing.CERTIFICATE and one.answer != "keep"
    line.answer = one.answer
    line.replace_before = one.replace_before if is_dated and one.answer == "replace" else None
    line.revoke_on = one.revoke_on if is_dated else None
    line.decided_by, line.decided_at = act.actor.person_id, act.at
    line.save(update_fields=["answer", "replace_before", "revoke_on", "decided_by", "decided_at"])
    return line
