"""Leaves of the holders of domain names: received, verified, proven in the DNS, ended [N413 4.2].

A right granted on a leave serves only while the leave stands (`registration.letters`); ending one shows the
rights and live certificates that rest on it, asks for each, and does it. The DNS is asked through the
instance's own resolver, for a name that the desk gave, and for nothing that anybody else supplied.
"""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sceau.catalogue import Medium
from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor, TxtAnswer, machine
from sceau.operations.order_facts import form_of
from sceau.operations.pieces import MACHINE_ONLY, PieceEntry, PieceFileOf, has_served, piece_of
from sceau.operations.references import LEAVE, draw_reference
from sceau.operations.standing import DESK, require_role, roles_worn
from sceau.operations.stops import carry_out, check_few, fingerprint, hold_rights, stops_of_leave
from sceau.operations.structures import keep_structure
from sceau.operations.typed import canonical, digest_of, read_text
from sceau.records import LeaveLine, cards_of, leave_line
from sceau.records.models import PARIS, Leave, Order, OrderParty, Piece, Structure
from sceau.registration import (
    LEAVE_LIFE,
    LeaveEvent,
    LeaveForm,
    LeaveState,
    StopPlan,
    Stops,
    challenge_text,
    check_leave,
    decide_stops,
    decide_structure,
    declared_of,
    read_scope,
)
from sceau.vocabulary import Fault, Finding, HostName, Refused, displayed, errors

OTHER_USE = "other"
_TOKEN_BYTES = 20
_MOST_CHECKED = 500


@dataclass(frozen=True, slots=True)
class LeaveEntry:
    """A leave as the desk reads it in a letter, or asks for it in the DNS.

    Whose it is: `structure` (national identifier), or the beneficiary of `order` (reference). `use` is a row
    of ``leaves.toml``, or `other` with its `products` named. `letter` and `identity` are references of
    pieces.
    """

    name: str
    holder: str
    use: str
    whole: bool = True
    products: tuple[str, ...] = ()
    structure: str = ""
    order: str = ""
    begins: date | None = None
    ends: date | None = None
    letter: str = ""
    identity: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class LeaveEnd:
    """The end of a leave: why, what was looked at (`fingerprint`), and what is done with each thing."""

    reference: str
    reason: str
    seen: str
    plan: StopPlan = field(default_factory=StopPlan)


def receive_leave(actor: Actor, entry: LeaveEntry) -> LeaveLine:
    """Put a letter of a domain's holder on file. It gives nothing before it is verified. Desk only."""
    with acting(actor, "leave.received") as act:
        _require_desk(act)
        row = _new_leave(act, entry, LeaveForm.PAPER)
        row.signed = entry.signed
        row.letter = _piece_of(row, entry.letter, "holder-letter")
        row.identity = _piece_of(row, entry.identity, "identity-copy")
        row.save(force_insert=True)
        _tell(act, row)
    return _view(row.reference)


def complete_leave(
    actor: Actor, *, reference: str, letter: str = "", identity: str = "", signed: bool | None = None
) -> LeaveLine:
    """What was missing has come: the letter, the copy, the signature. Desk only, before it is verified."""
    with acting(actor, "leave.completed", reference) as act:
        _require_desk(act)
        row = _lock(act, reference)
        if row.state != LeaveState.RECEIVED or row.form != LeaveForm.PAPER:
            raise Refused([Finding.error("letter.not-open", reference)])
        row.letter = _piece_of(row, letter, "holder-letter") or row.letter
        row.identity = _piece_of(row, identity, "identity-copy") or row.identity
        row.signed = row.signed if signed is None else signed
        row.changed_at = act.at
        row.save()
        _tell(act, row)
    return _view(reference)


def verify_leave(actor: Actor, *, reference: str) -> LeaveLine:
    """An officer compared the letter, the name, the signature and the identity copy: the leave stands from
    now on. The copy has served, and will be erased. Desk only, by nobody who is part of what waits for it.
    """
    with acting(actor, "leave.verified", reference) as act:
        _require_desk(act)
        row = _lock(act, reference)
        findings = []
        if row.form != LeaveForm.PAPER:
            findings.append(Finding.error("letter.by-dns", reference))
        if row.letter is None or not row.signed:
            findings.append(Finding.error("letter.unsigned", reference))
        if row.identity is None or row.identity.erased_at is not None:
            findings.append(Finding.error("letter.no-id-copy", reference))
        if _is_waiting_for(act.actor, row):
            findings.append(Finding.error("letter.own", reference))
        if findings:
            raise Refused(findings)
        _step(act, row, LeaveEvent.VERIFY)
        row.save()
        has_served(act, row.identity)
        _tell(act, row)
    return _view(reference)


def refuse_leave(actor: Actor, *, reference: str, reason: str) -> LeaveLine:
    """The letter does not do: not the holder's, not this name. Final; its identity copy will be erased."""
    with acting(actor, "leave.refused", reference) as act:
        _require_desk(act)
        row = _lock(act, reference)
        _step(act, row, LeaveEvent.REFUSE)
        row.reason = read_text(reason, subject="reason")
        row.save()
        has_served(act, row.identity)
        act.keep(reason=row.reason)
        _tell_digest(act, row)
    return _view(reference)


def challenge_domain(actor: Actor, entry: LeaveEntry) -> LeaveLine:
    """Draw the text that the holder of a name places in its zone, bound to the structure, the name and the
    use. Desk only.
    """
    with acting(actor, "leave.challenged") as act:
        _require_desk(act)
        row = _new_leave(act, entry, LeaveForm.DNS)
        token = b32encode(act.machine.random(_TOKEN_BYTES)).decode("ascii").lower()
        row.challenge = challenge_text(
            structure=row.structure.national_id, name=HostName(row.name), use=row.use, token=token
        )
        row.save(force_insert=True)
        _tell(act, row)
    return _view(row.reference)


def check_domain(actor: Actor, *, reference: str) -> LeaveLine:
    """Look the record up now; the whole answer is kept as a piece. Found, the leave stands; gone, it lapses;
    as long as nobody answers, the last good answer holds for a while. Desk only, or the machine on schedule.
    """
    row = Leave.objects.filter(reference=reference).first()
    if row is None or row.form != LeaveForm.DNS:
        raise Refused([Finding.error("letter.unknown", displayed(reference) or "—")])
    if actor.person_id and DESK not in roles_worn(actor):  # before anything is asked of anybody
        raise Refused([Finding.error("operations.role-missing", actor.person_id, needed=DESK)])
    answer = _ask(record_name(row.name))
    with acting(actor, "leave.checked", reference) as act:
        if actor.person_id:
            _require_desk(act)
        row = _lock(act, reference)
        found = row.challenge in answer.records and answer.outcome == "found"
        _keep_answer(act, row, answer)
        act.about(row.reference, f"structure/{row.structure.national_id}")
        act.tell(outcome=answer.outcome, found=found, dnssec=answer.authenticated, before=row.state)
        row.checked_at = act.at
        event = _event_of(row, answer, found=found, at=act.at)
        if event is LeaveEvent.VERIFY:
            row.proven_at = act.at
        if event is not None:
            _step(act, row, event)
        row.save()
        act.tell(state=row.state)
        _tell_digest(act, row)
    return _view(reference)


def recheck_domains() -> int:
    """Look up again every record whose time has come; how many were. By the machine, on schedule."""
    present = machine()
    if present.txt is None:
        return 0
    before = present.clock() - timedelta(hours=present.catalogue.domain_proof.again_hours)
    due = Leave.objects.filter(
        form=LeaveForm.DNS,
        state__in=(LeaveState.STANDING, LeaveState.LAPSED),
        checked_at__lt=before,
    ).order_by("checked_at")
    references = list(due.values_list("reference", flat=True)[:_MOST_CHECKED])
    for reference in references:
        check_domain(Actor.system("clockwork"), reference=reference)
    return len(references)


def preview_leave_end(reference: str) -> tuple[Stops, str]:
    """What rests on this leave now, and the fingerprint by which its end is confirmed. Changes nothing."""
    row = Leave.objects.filter(reference=reference).first()
    if row is None:
        raise Refused([Finding.error("letter.unknown", displayed(reference) or "—")])
    stops = stops_of_leave(row, machine().clock())
    return stops, fingerprint(stops)


def withdraw_leave(actor: Actor, end: LeaveEnd) -> LeaveLine:
    """The holder takes the leave back, or the desk finds that it does not stand. Final; nothing more is
    issued on it from now on [T08]. Desk only, card in hand.
    """
    with acting(actor, "leave.withdrawn", end.reference) as act:
        _require_desk(act)
        row = _lock(act, end.reference)
        if not actor.in_hand:
            raise Refused([Finding.error("letter.card-needed", row.reference)])
        stops = stops_of_leave(row, act.at)
        hold_rights(stops)
        stops = stops_of_leave(row, act.at)
        if end.seen != fingerprint(stops):
            raise Refused([Finding.error("contract.stops-changed", row.reference)])
        stopping = act.machine.catalogue.stops["letter"]
        decided = decide_stops(stops, end.plan, stopping)
        check_few(act, decided, stopping)
        before = row.state
        _step(act, row, LeaveEvent.WITHDRAW)
        row.reason = read_text(end.reason, subject="reason")
        row.save()
        act.keep(reason=row.reason)
        stopped = carry_out(act, decided, stopping, why=row.reason)
        act.tell(before=before, state=row.state, **stopped)
        _tell_digest(act, row)
    return _view(end.reference)


def record_name(name: str) -> str:
    """Where the record of a name is looked for."""
    return f"{machine().catalogue.domain_proof.label}.{name}"


def _new_leave(act: Act, entry: LeaveEntry, form: LeaveForm) -> Leave:
    name = _name_of(act, entry.name)
    uses = act.machine.catalogue.leave_uses
    if entry.use not in uses and not (entry.use == OTHER_USE and entry.products):
        raise Refused([Finding.error("letter.use", displayed(entry.use) or "—")])
    products: Sequence[str] = entry.products if entry.use == OTHER_USE else uses[entry.use].products
    day = act.at.astimezone(PARIS).date()
    begins = entry.begins or day
    findings = check_leave(
        name=name, products=products, begins=begins, ends=entry.ends, catalogue=act.machine.catalogue
    )
    if findings:
        raise Refused(findings)
    return Leave(
        reference=draw_reference(LEAVE, act.machine.random),
        structure=_structure_of(entry),
        form=form,
        state=LeaveState.RECEIVED,
        name=name.text,
        whole=entry.whole,
        use=entry.use,
        products=sorted(set(products)),
        holder=" ".join(read_text(entry.holder, subject="holder").split())[:200],
        begins=begins,
        ends=entry.ends,
        made_by=act.actor.person_id,
        made_at=act.at,
        changed_at=act.at,
    )


def _name_of(act: Act, text: str) -> HostName:
    """The name, as any declared name is read: no public or shared suffix, nothing special [decision 6]."""
    declared = text.strip().removeprefix("@")
    reading = read_scope(kind="server", declared=declared, restricted=None, catalogue=act.machine.catalogue)
    if reading.value is None:
        raise Refused([one for one in reading.findings if one in errors(reading.findings)])
    return reading.value.name


def _structure_of(entry: LeaveEntry) -> Structure:
    """The structure, or the beneficiary of an order: written down if nobody knew it, never changed here."""
    if entry.structure:
        found = Structure.objects.filter(national_id=entry.structure).first()
        if found is None:
            raise Refused([Finding.error("operations.structure-unknown", displayed(entry.structure))])
        return found
    order = Order.objects.filter(reference=entry.order).first()
    if order is None:
        raise Refused([Finding.error("order.unknown", displayed(entry.order) or "—")])
    declared = declared_of(form_of(order).require())
    facts = decide_structure(declared, catalogue=machine().catalogue).require()
    known = Structure.objects.filter(national_id=facts.structure_id.text).first()
    return known or keep_structure(facts)


def _piece_of(row: Leave, reference: str, kind: str) -> Piece | None:
    """A piece of the file of the structure that the leave is for, or of one of its orders; None for none.

    A letter, or a copy of an identity document, that somebody else's file holds says nothing here.
    """
    if not reference:
        return None
    piece = (
        Piece.objects.filter(reference=reference, kind=kind, erased_at=None).select_related("order").first()
    )
    if piece is None or not _is_on_file_of(row.structure, piece):
        raise Refused([Finding.error("letter.piece", displayed(reference))])
    return piece


def _is_on_file_of(structure: Structure, piece: Piece) -> bool:
    if piece.structure_id is not None:
        return piece.structure_id == structure.pk
    return piece.order is not None and piece.order.structure_number in _numbers_of(structure)


def _numbers_of(structure: Structure) -> set[str]:
    return {number for number in (structure.siret, structure.finess, *structure.rpps_rangs) if number}


def _is_waiting_for(actor: Actor, row: Leave) -> bool:
    """Whether this officer is part of an open order of the structure that the leave is for."""
    mine = OrderParty.objects.filter(
        order__structure_number__in=_numbers_of(row.structure),
        order__state__in=("received", "under-review", "incomplete"),
    )
    return (
        mine.filter(person_id=actor.person_id).exists()
        or mine.exclude(card_number="").filter(card_number__in=cards_of(actor.person_id)).exists()
    )


def _ask(name: str) -> TxtAnswer:
    lookup = machine().txt
    if lookup is None:
        raise Fault("letter.no-resolver", retryable=False)
    return lookup(name)


def _event_of(row: Leave, answer: TxtAnswer, *, found: bool, at: datetime) -> LeaveEvent | None:
    """What an answer brings about. Silence is no denial: the last good answer holds for as long as is written
    in ``leaves.toml``.
    """
    if found:
        return LeaveEvent.VERIFY
    if row.state != LeaveState.STANDING:
        return None
    holds = timedelta(days=machine().catalogue.domain_proof.holds_days)
    is_old = row.proven_at is None or at - row.proven_at > holds
    return LeaveEvent.LAPSE if answer.outcome != "silent" or is_old else None


def _keep_answer(act: Act, row: Leave, answer: TxtAnswer) -> None:
    told = {
        "leave": row.reference,
        "question": record_name(row.name),
        "expected": row.challenge,
        "outcome": answer.outcome,
        "records": list(answer.records),
        "dnssec": answer.authenticated,
        "resolver": answer.resolver,
        "at": act.at.isoformat(),
        "answer": answer.whole,
    }
    data = json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()
    kind = act.machine.catalogue.piece_kinds[MACHINE_ONLY]
    entry = PieceEntry(MACHINE_ONLY, data, name=f"dns-{row.name}-{act.at:%Y%m%d%H%M%S}.json")
    act.tell(piece=piece_of(act, kind, Medium.JSON, entry=entry, file=PieceFileOf(row.structure)).reference)


def _require_desk(act: Act) -> None:
    require_role(act, DESK)


def _lock(act: Act, reference: str) -> Leave:
    held = Leave.objects.select_for_update(of=("self",)).select_related("structure", "letter", "identity")
    row = held.filter(reference=reference).first()
    if row is None:
        raise Refused([Finding.error("letter.unknown", displayed(reference) or "—")])
    act.about(row.reference, f"structure/{row.structure.national_id}")
    return row


def _step(act: Act, row: Leave, event: LeaveEvent) -> None:
    row.state = LEAVE_LIFE.after(LeaveState(row.state), event, subject=f"accord {row.reference}").require()
    row.changed_at = act.at


def _tell(act: Act, row: Leave) -> None:
    act.about(row.reference, f"structure/{row.structure.national_id}")
    act.tell(
        form=str(row.form),
        state=str(row.state),
        name=row.name,
        whole=row.whole,
        use=row.use,
        products=list(row.products),
        begins=row.begins.isoformat(),
        ends=None if row.ends is None else row.ends.isoformat(),
        letter=None if row.letter is None else row.letter.sha256,
        identity=None if row.identity is None else row.identity.sha256,
        challenge=row.challenge,
    )
    act.keep(holder=row.holder)
    _tell_digest(act, row)


def _tell_digest(act: Act, row: Leave) -> None:
    """The whole leave as it now stands, by its digest: the nightly reading compares the row with it."""
    act.tell(digest=digest_of(canonical(row.content())))


def _view(reference: str) -> LeaveLine:
    line = leave_line(reference, at=machine().clock())
    if line is None:
        raise LookupError(f"leave {reference} was just written")
    return line
