"""How the text of an order comes and changes: received, amended, settled, signed, answered.

Each change is a new version; what was approved before is then about the past. The visa is never taken on
trust: it is the card at the door that signs on line, and what an officer attested for paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from sceau.operations.acts import Act, acting
from sceau.operations.desk_cases import follow_case, open_case, reweigh_case
from sceau.operations.machine import Actor
from sceau.operations.order_facts import contract_facts, lock_order, order_facts, present_version, reading_of
from sceau.operations.order_items import answer_points
from sceau.operations.prerequisites import require_contract
from sceau.operations.references import ORDER, draw_reference
from sceau.operations.search_index import index_order
from sceau.operations.standing import contract_qualities, officer_of, require_person
from sceau.operations.typed import canonical, digest_of, read_key, read_text
from sceau.records import OrderFile, cards_of, order_file
from sceau.records.models import PARIS, Contract, Order, OrderNote, OrderParty, OrderVersion
from sceau.registration import (
    ORDER_LIFE,
    Form413,
    OrderEvent,
    OrderState,
    card_at,
    check_officer,
    parties_of,
    text_at,
)
from sceau.vocabulary import Fault, Finding, Refused

CHANNELS = frozenset({"web", "pdf", "desk", "cli"})


def receive_form(
    actor: Actor, *, raw: Mapping[str, Any], channel: str, idempotency_key: str = ""
) -> OrderFile:
    """Open an order from a raw form 413. `channel`: `web`, `pdf`, `desk` or `cli`.

    From `web` a form with errors is refused, with all of them (`Refused`): the person is there to mend it;
    the visa is the signature of the card at the door, if it is the signatory's, and a holder's letter is
    received by the desk only. From the other channels it is kept as it came, and what it lacks is the desk's
    to complete [decision 15]. Whoever brings a form in is part of that order and will not decide on it; a
    form that came by mail is brought in by the machine itself (`Actor.system`). The same `idempotency_key`
    from the same actor gives the first order again, for the same form; for another, it is refused.
    """
    key = read_key(idempotency_key)
    try:
        reference = _receive(actor, raw, channel, key)
    except Fault as fault:
        if fault.code != "operations.conflict" or _received_before(actor, key) is None:
            raise
        reference = _receive(actor, raw, channel, key)  # its twin was faster: the same answer
    return view(reference)


def amend_order(actor: Actor, *, reference: str, version: int, raw: Mapping[str, Any], why: str) -> OrderFile:
    """A new version of the form: earlier approvals no longer count. `version` is the one the editor started
    from.

    By the desk while received, under review or incomplete; by whoever brought or signs it while received or
    incomplete. An edit that changes nothing makes no version.
    """
    with acting(actor, "order.amended", reference) as act:
        correct_order(act, reference, version=version, raw=raw, why=read_text(why, subject="why"))
    return view(reference)


def correct_order(act: Act, reference: str, *, version: int, raw: Mapping[str, Any], why: str) -> None:
    """Amend an order within an act under way, as `amend_order` says."""
    order = lock_order(act, reference)
    by_desk = _require_editor(act, order)
    said = raw if by_desk else _as_requester_says(raw)
    _amend(act, order, version=version, raw=said, why=why, by_desk=by_desk)


def settle_scope_kind(
    actor: Actor,
    *,
    reference: str,
    version: int,
    offer: int,
    kind: str | None,
    restricted: bool | None = None,
) -> OrderFile:
    """The desk's answer to what the form did not say of its `offer`-th line: an edit like others
    [decisions 4, 5].

    `offer` counts from 0 in the raw form; None leaves `kind` or `restricted` as it is.
    """
    with acting(actor, "order.settled", reference) as act:
        order = lock_order(act, reference)
        _require_desk(act, order)
        raw = json.loads(present_version(order).raw)
        lines = raw.get("offers")
        if not isinstance(lines, list) or not 0 <= offer < len(lines) or not isinstance(lines[offer], dict):
            raise Refused([Finding.error("order.no-such-line", reference, line=offer + 1)])
        if kind is not None:
            lines[offer]["kind"] = kind
        if restricted is not None:
            lines[offer]["restricted"] = restricted
        act.tell(line=offer, scope_kind=kind, restricted=restricted)
        _amend(act, order, version=version, raw=raw, why="", by_desk=True)
    return view(reference)


def sign_order(actor: Actor, *, reference: str, version: int) -> OrderFile:
    """The signatory signs the present version with the card in hand: the visa of an order made on line.

    Signing again what somebody else changed since makes a version too, be its text the same: what was
    approved was another's.
    """
    with acting(actor, "order.signed", reference) as act:
        order = lock_order(act, reference)
        require_person(act)
        raw = json.loads(present_version(order).raw)
        if not _signing_card(act, raw):
            raise Refused([Finding.error("order.not-signatory", reference)])
        _amend(act, order, version=version, raw=raw, why="", by_desk=False)
    return view(reference)


def answer_request(
    actor: Actor,
    *,
    reference: str,
    version: int,
    text: str,
    raw: Mapping[str, Any] | None = None,
    answers: Mapping[int, str] | None = None,
) -> OrderFile:
    """The requester answers what the desk asked; with `raw` the form is amended at once. Back under
    review.

    `answers` are those to the points of the request, by their numbers: each that is open has one, unless the
    form was corrected since.
    """
    with acting(actor, "order.answered", reference) as act:
        order = lock_order(act, reference)
        require_requester(act, order)
        state = ORDER_LIFE.after(OrderState(order.state), OrderEvent.ANSWER, subject=reference).require()
        given = answer_points(act, order, answers or {}, corrected=raw is not None)
        words = read_text(text, subject="text", required=raw is None and not given)
        if raw is not None:
            said = _as_requester_says(raw)
            _amend(act, order, version=version, raw=said, why=words, by_desk=False)
            act.silent = False
        order.notes.filter(kind="request", answered_at=None).update(answered_at=act.at)
        if words:
            write_note(act, order, kind="answer", audience="requester", text=words)
        order.state, order.changed_at = state, act.at
        order.save(update_fields=["state", "changed_at"])
        follow_case(act, order)
    return view(reference)


def view(reference: str) -> OrderFile:
    """The file as it now stands."""
    file = order_file(reference)
    if file is None:
        raise LookupError(f"order {reference} was just written")
    return file


def write_note(act: Act, order: Order, *, kind: str, audience: str, text: str) -> OrderNote:
    """Something written on the file."""
    act.keep(text=text)
    return OrderNote.objects.create(
        order=order, kind=kind, audience=audience, author=act.actor.person_id, text=text, at=act.at
    )


def receive_signed(actor: Actor, raw: Mapping[str, Any], *, key: str, signed: str) -> str:
    """Open an order from a form in a file, whose visa is the signature of the card `signed` (empty: nobody's
    is, and a person looks). Its reference.
    """
    return _receive(actor, raw, "pdf", read_key(key), signed=signed)


def sign_by_file(act: Act, order: Order, raw: Mapping[str, Any], *, why: str, signed: str) -> None:
    """The next version of an order, with the visa of a form made from it and signed with the card
    `signed`.
    """
    ORDER_LIFE.after(OrderState(order.state), OrderEvent.AMEND, subject=order.reference).require()
    order.current_version += 1
    order.changed_at = act.at
    order.save()
    _write_version(act, order, canonical(raw), why=why, signed=signed)


def _receive(actor: Actor, raw: Mapping[str, Any], channel: str, key: str | None, *, signed: str = "") -> str:
    with acting(actor, "order.received") as act:
        if actor.person_id:
            require_person(act)
        return write_order(act, raw, channel, key, signed=signed)


def write_order(act: Act, raw: Mapping[str, Any], channel: str, key: str | None, *, signed: str = "") -> str:
    """Open an order within an act under way, as `receive_form` says; its reference."""
    actor = act.actor
    if channel not in CHANNELS or (channel == "web" and not actor.person_id):
        raise Refused([Finding.error("order.channel", channel)])
    stored = _with_visa(act, _as_requester_says(raw)) if channel == "web" else raw
    text = canonical(stored)
    first = _received_before(actor, key)
    if first is not None:
        _require_same(first, text)
        act.unchanged()
        return first
    reading = reading_of(stored)
    if channel == "web":
        require_contract(act, reading.require())
    order = Order(
        reference=draw_reference(ORDER, act.machine.random),
        state=OrderState.RECEIVED,
        current_version=1,
        channel=channel,
        submitted_by=actor.person_id,
        submitted_at=act.at,
        changed_at=act.at,
        idempotency_key=key,
    )
    _describe(order, stored, reading.value)
    order.save(force_insert=True)
    open_case(order, reading.value, act.at)
    index_order(order, stored, reading.value)
    act.about(order.reference)
    act.tell(channel=channel)
    _write_version(act, order, text, why="", signed=_signing_card(act, raw) if channel == "web" else signed)
    return order.reference


def _received_before(actor: Actor, key: str | None) -> str | None:
    if key is None:
        return None
    before = Order.objects.filter(submitted_by=actor.person_id, idempotency_key=key)
    return before.values_list("reference", flat=True).first()


def _require_same(reference: str, text: str) -> None:
    """The first order under a key is the answer to the same form only: another one would be lost in silence.

    The visa is left aside: on line it carries the day.
    """
    kept = OrderVersion.objects.get(order__reference=reference, number=1).raw
    before, now = (json.loads(one) | {"visa": None} for one in (kept, text))
    if before != now:
        raise Refused([Finding.error("order.key-for-another", reference)])


def _amend(act: Act, order: Order, *, version: int, raw: Mapping[str, Any], why: str, by_desk: bool) -> None:
    """Write the next version, if there is anything new in it."""
    if version != order.current_version:
        raise Refused(
            [Finding.error("order.version-changed", order.reference, seen=version, now=order.current_version)]
        )
    ORDER_LIFE.after(OrderState(order.state), OrderEvent.AMEND, subject=order.reference).require()
    stored = raw if by_desk else _with_visa(act, raw)
    signed = "" if by_desk else _signing_card(act, raw)
    text = canonical(stored)
    present = present_version(order)
    if digest_of(text) == present.digest and (present.signed_card or not signed):
        act.unchanged()
        return
    reading = reading_of(stored)
    if not by_desk:
        reading.require()
    order.current_version += 1
    order.changed_at = act.at
    _describe(order, stored, reading.value)
    order.save()
    reweigh_case(order, reading.value, act.at)
    index_order(order, stored, reading.value)
    follow_case(act, order, lift="" if by_desk else "text")
    _write_version(act, order, text, why=why, signed=signed)


def _write_version(act: Act, order: Order, text: str, *, why: str, signed: str) -> None:
    digest = digest_of(text)
    OrderVersion.objects.create(
        order=order,
        number=order.current_version,
        raw=text,
        digest=digest,
        made_by=act.actor.person_id,
        made_at=act.at,
        why=why,
        signed_card=signed,
    )
    contract = contract_facts(order.contract_number, act.at) if order.contract_number else None
    for party in parties_of(json.loads(text), submitter=order.submitted_by, contract=contract):
        OrderParty.objects.get_or_create(
            order=order,
            version=order.current_version,
            role=party.role,
            card_number=party.card_number[:10],
            person_id=party.person_id,
        )
    act.tell(version=order.current_version, digest=digest)


def _describe(order: Order, raw: Mapping[str, Any], form: Form413 | None) -> None:
    """The columns by which an order is found, from the form as read, or as it came if it cannot be read
    yet.
    """
    if form is None:
        structure = raw.get("structure")
        name = structure.get("name") if isinstance(structure, Mapping) else None
        order.structure_name = name[:200] if isinstance(name, str) else ""
        order.contract_number = text_at(raw, "contract", "number")[:40]
        numbers = [text_at(raw, "structure", key)[:32] for key in ("finess", "siret")]
        order.structure_number = next(filter(None, numbers), "")
        return
    order.structure_name = form.structure.name
    order.contract_number = form.contract_number
    known = (form.structure.finess, form.structure.siret, *form.structure.rpps_rangs)
    order.structure_number = next((number.text for number in known if number is not None), "")


def _with_visa(act: Act, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The form with the one visa that can be believed here: the signatory's own card at the door, today."""
    signed = bool(_signing_card(act, raw))
    copy = deepcopy(dict(raw))
    day = act.at.astimezone(PARIS).date().isoformat() if signed else ""
    copy["visa"] = {"date": day, "signed": signed, "stamped": False}
    return copy


def _as_requester_says(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The form without what only the desk can have seen: that a name's holder sent a letter, signed it and
    joined an identity copy [N413 4.2, ASSURANCE T08]. Which use the letter is for, the requester says.
    """
    copy = deepcopy(dict(raw))
    lines = copy.get("offers")
    for line in lines if isinstance(lines, list) else ():
        letter = line.get("letter") if isinstance(line, dict) else None
        if isinstance(letter, dict):
            letter.update(received=False, signed=False, id_copy=False)
    return copy


def _signing_card(act: Act, raw: Mapping[str, Any]) -> str:
    """The card in hand, if it is the signatory's or another of the same person's; else empty."""
    is_signatory = card_at(raw, "signatory") in cards_of(act.actor.person_id)
    return act.actor.card or "" if is_signatory else ""


def _require_editor(act: Act, order: Order) -> bool:
    """True when the desk edits, False when the requester does; refused for everybody else.

    An officer who is part of the order edits it as the requester would.
    """
    officer = officer_of(act)
    if not check_officer(order_facts(order), officer):
        return True
    require_requester(act, order)
    if order.state == OrderState.UNDER_REVIEW:
        raise Refused([Finding.error("order.under-review", order.reference)])
    return False


def require_requester(act: Act, order: Order) -> None:
    """Who speaks for the requester: who brought the order, who signs it, whom its contract names."""
    person = require_person(act).national_id
    mine = order.parties.filter(version=order.current_version, role__in=("submitter", "signatory"))
    is_party = (
        mine.filter(person_id=person).exists() or mine.filter(card_number__in=cards_of(person)).exists()
    )
    contract = Contract.objects.filter(number=order.contract_number).first()
    if not is_party and not contract_qualities(person, contract.pk if contract else None):
        raise Refused([Finding.error("order.unknown", order.reference)])  # nobody learns that it exists


def _require_desk(act: Act, order: Order) -> None:
    findings = check_officer(order_facts(order), officer_of(act))
    if findings:
        raise Refused(findings)


def check_order(actor: Actor, *, raw: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What an order made on line with this text would be refused for, or warned of. Changes nothing."""
    act = Act.at_now(actor, "order.received")
    reading = reading_of(_with_visa(act, _as_requester_says(raw)))
    if reading.value is None:
        return reading.findings
    try:
        require_contract(act, reading.value)
    except Refused as refusal:
        return (*reading.findings, *refusal.findings)
    return reading.findings
