"""An order being written, kept as it is written: begun, filled step by step, sent, deleted, erased by time.
Putting its technical part in other hands is `delegation.entrusting`.

What is typed is the owner's and nobody's legal act: it becomes an order, whole and checked, only when sent,
by the same verb as every order. The journal tells who wrote which part and when, with the digest of what was
written, and none of the words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sceau.operations.acts import Act, acting
from sceau.operations.amendments import write_amendment
from sceau.operations.draft_hands import (
    check_written,
    forget_words,
    hands_of,
    name_hands,
    note_writer,
    recall,
    writer_of,
)
from sceau.operations.machine import Actor, machine
from sceau.operations.order_texts import correct_order, view, write_order
from sceau.operations.references import DRAFT, draw_reference
from sceau.operations.standing import require_person
from sceau.operations.typed import canonical, digest_of, read_text
from sceau.records import DraftFile, OrderFile, draft_for, order_for
from sceau.records.models import Order, OrderDraft
from sceau.registration import DraftEvent, DraftState, Writer, decide_event, decide_writing
from sceau.vocabulary import Finding, Refused, displayed

_OPEN = (DraftState.WRITING, DraftState.ENTRUSTED)
_SLICE = 200
_IDENTITY = ("name", "siret", "finess", "rpps_rangs", "postcode", "commune")
"""What names a structure on a form, and follows it when it changes."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one step writes: the parts of the raw form, under their names. `seen` are the digests of those
    parts as the page showed them (see `part_digest`): what was changed meanwhile is not overwritten unseen.
    `done`: its writer went on; not so when a line was only added or taken away.
    """

    parts: Mapping[str, Any]
    seen: Mapping[str, str]
    step: str
    done: bool = True


def open_draft(actor: Actor, *, raw: Mapping[str, Any], origin: str) -> DraftFile:
    """Begin an order from a raw form, however incomplete. `origin`: `blank`, `needs` or `pdf`."""
    with acting(actor, "draft.opened") as act:
        reference = _open(act, raw, origin).reference
    return draft_view(actor, reference)


def open_correction(actor: Actor, *, reference: str) -> DraftFile:
    """Take up the text of an order again, to correct it; the draft that is already open on it, if there is
    one. By whoever may see it and while it may be amended: what is sent is weighed anew.
    """
    with acting(actor, "draft.opened", reference) as act:
        owner = require_person(act).national_id
        file = order_for(reference, viewer=owner)
        if file is None:
            raise Refused([Finding.error("order.unknown", reference)])
        if "amend" not in file.events:
            raise Refused([Finding.error("order-draft.order-closed", reference)])
        known = OrderDraft.objects.filter(
            owner=owner, corrects__reference=reference, state__in=_OPEN, expires_at__gt=act.at
        ).first()
        if known is not None and known.from_version == file.line.version:
            act.unchanged()
            drafted = known.reference
        else:
            order = Order.objects.get(reference=reference)
            drafted = _open(act, file.raw, "order", corrects=order, version=file.line.version).reference
    return draft_view(actor, drafted)


def open_amendment(actor: Actor, *, reference: str, raw: Mapping[str, Any], version: int) -> DraftFile:
    """Take up the text that an accepted order stands on, to be changed and sent as the order that takes its
    place; the draft that is already open on it, if there is one, put under the structure's present identity
    when `raw` has another. `raw` and `version` are what `start_amendment` (or `start_following`) gave for
    this actor. What was declared for the order before is declared anew: it is another act.
    """
    with acting(actor, "draft.opened", reference) as act:
        owner = require_person(act).national_id
        known = OrderDraft.objects.filter(
            owner=owner, amends__reference=reference, state__in=_OPEN, expires_at__gt=act.at
        ).first()
        if known is not None:
            _put_under(act, known, raw.get("structure"))
            drafted = known.reference
        else:
            order = Order.objects.get(reference=reference)
            fresh = {name: value for name, value in raw.items() if name != "declarations"}
            drafted = _open(act, fresh, "amends", amends=order, version=version).reference
    return draft_view(actor, drafted)


def _put_under(act: Act, row: OrderDraft, structure: Any) -> None:
    """A modification begun before its structure changed goes on under the identity that it has now."""
    raw = json.loads(row.raw)
    there = raw.get("structure")
    theirs = {name: there.get(name) for name in _IDENTITY} if isinstance(there, dict) else {}
    wanted = {name: structure.get(name) for name in _IDENTITY} if isinstance(structure, Mapping) else theirs
    if wanted == theirs:
        act.unchanged()
        return
    raw["structure"] = {**(there or {}), **wanted}
    row.raw = canonical(raw)
    touch(act, row)
    act.about(row.reference)
    act.tell(identity=True)


def save_draft(actor: Actor, *, reference: str, written: Written) -> DraftFile:
    """Keep what a step wrote. Nothing of it has to be right yet."""
    with acting(actor, "draft.saved", reference) as act:
        row, writer = lock_draft(act, reference)
        state = DraftState(row.state)
        decide_writing(writer=writer, state=state, sections=written.parts, subject=reference).require()
        raw = json.loads(row.raw)
        stale = [name for name in written.parts if part_digest(raw.get(name)) != written.seen.get(name, "")]
        if stale and any(written.parts[name] != raw.get(name) for name in stale):
            raise Refused([Finding.error("order-draft.changed-meanwhile", stale[0])])
        hands = hands_of(row)
        check_written(act, hands, writer, written.parts)
        text = canonical({**raw, **written.parts})
        others = set(row.visited) - {written.step}
        visited = sorted({*others, written.step} if written.done else others)
        if text == row.raw and visited == sorted(row.visited):
            act.unchanged()
            return draft_view(actor, reference)
        if text != row.raw:
            note_writer(act, hands, writer)
        row.raw, row.visited, row.step = text, visited, written.step
        touch(act, row)
        act.tell(writer=writer, parts=sorted(written.parts), digest=_digest(written.parts))
    return draft_view(actor, reference)


def delete_draft(actor: Actor, *, reference: str) -> None:
    """The owner throws the draft away, with all that was typed. Final."""
    with acting(actor, "draft.deleted", reference) as act:
        row, writer = lock_draft(act, reference)
        row.state = after_event(row, writer, DraftEvent.DROP)
        recall(act, row, returned="deleted")
        forget_words(row)
        _empty(act, row)


def send_draft(actor: Actor, *, reference: str, why: str = "") -> OrderFile:
    """Make of the draft the order that it is, or the next version of the one that it corrects; signed, if the
    card in hand is the signatory's. Refused as `receive_form` and `amend_order` do, with everything at once;
    the second click gives the same order.
    """
    with acting(actor, "order.received", reference) as act:
        row, writer = lock_draft(act, reference, sent=True)
        if row.became is not None:
            act.unchanged()
            return view(row.became.reference)
        state = after_event(row, writer, DraftEvent.SEND)
        raw = json.loads(row.raw)
        if row.amends is not None:
            order = write_amendment(act, row.amends.reference, raw, reference)
        elif row.corrects is None:
            order = write_order(act, raw, "web", reference)
        else:
            order = row.corrects.reference
            act.rename("order.amended")
            words = read_text(why, subject="why", required=False) or act.machine.catalogue.text(
                "draft.corrected"
            )
            correct_order(act, order, version=row.from_version, raw=raw, why=words)
        kept = Order.objects.get(reference=order)
        row.state, row.became = state, kept
        name_hands(act, row, kept)
        _empty(act, row)
        act.about(order)
        act.silent = False
        act.also("draft.sent", reference, order, public={"order": order})
    return view(order)


def expire_drafts() -> int:
    """Erase the drafts whose time has passed; how many."""
    erased = 0
    while some := _expire_slice():
        erased += some
    return erased


def part_digest(part: Any) -> str:
    """The digest of one part of a raw form, as a page shows it and `save_draft` compares it."""
    return digest_of(canonical({"part": part}))[:32]


def _expire_slice() -> int:
    present = machine()
    due = OrderDraft.objects.filter(state__in=_OPEN, expires_at__lte=present.clock()).order_by("id")
    references = list(due.values_list("reference", flat=True)[:_SLICE])
    for reference in references:
        with acting(Actor.system("drafts"), "draft.expired", reference) as act:
            row = OrderDraft.objects.select_for_update().get(reference=reference)
            if row.state not in _OPEN or row.expires_at > act.at:
                act.unchanged()
                continue
            recall(act, row, returned="expired")
            forget_words(row)
            row.state, row.by_time = DraftState.DROPPED, True
            _empty(act, row)
    return len(references)


def _open(
    act: Act,
    raw: Mapping[str, Any],
    origin: str,
    *,
    corrects: Order | None = None,
    amends: Order | None = None,
    version: int = 0,
) -> OrderDraft:
    rules, owner = act.machine.catalogue.drafts, require_person(act).national_id
    mine = OrderDraft.objects.filter(owner=owner, state__in=_OPEN, expires_at__gt=act.at)
    if mine.count() >= rules.most:
        raise Refused([Finding.error("order-draft.too-many", "draft", most=rules.most)])
    row = OrderDraft.objects.create(
        reference=draw_reference(DRAFT, act.machine.random),
        state=DraftState.WRITING,
        owner=owner,
        origin=origin,
        raw=canonical(raw),
        created_at=act.at,
        changed_at=act.at,
        expires_at=act.at + rules.kept,
        corrects=corrects,
        amends=amends,
        from_version=version,
    )
    base = corrects or amends
    act.about(row.reference, *([base.reference] if base else []))
    act.tell(origin=origin)
    return row


def lock_draft(act: Act, reference: str, *, sent: bool = False) -> tuple[OrderDraft, Writer]:
    """The draft, held, and what the actor is to it. Unknown to anybody who is nothing to it."""
    person = require_person(act).national_id
    row = OrderDraft.objects.select_for_update().filter(reference=reference).first()
    writer = None if row is None else writer_of(row, hands_of(row), person, act)
    if row is None or writer is None or (row.state in _OPEN and row.expires_at <= act.at):
        act.about()
        raise Refused([Finding.error("order-draft.unknown", displayed(reference))])
    if row.state not in _OPEN and not (sent and row.state == DraftState.SENT):
        raise Refused([Finding.error("order-draft.over", reference)])
    return row, writer


def after_event(row: OrderDraft, writer: Writer, event: DraftEvent) -> DraftState:
    """The draft's state after `event` by `writer`. Else `Refused`."""
    state = DraftState(row.state)
    return decide_event(writer=writer, state=state, event=event, subject=row.reference).require()


def touch(act: Act, row: OrderDraft) -> None:
    """Write the draft, whose end is put off."""
    row.changed_at, row.expires_at = act.at, act.at + act.machine.catalogue.drafts.kept
    row.save()


def _empty(act: Act, row: OrderDraft) -> None:
    """Over: nothing of what was typed stays here."""
    row.raw, row.visited, row.step = "", [], ""
    row.changed_at = row.ended_at = act.at
    row.save()


def _digest(parts: Mapping[str, Any]) -> str:
    return digest_of(canonical(dict(parts)))


def draft_view(actor: Actor, reference: str) -> DraftFile:
    """The draft as its writer now sees it."""
    file = draft_for(reference, viewer=actor.person_id, at=machine().clock())
    if file is None:
        raise LookupError(f"draft {reference} was just written")
    return file
