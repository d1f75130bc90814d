"""Orders that amend others (the authority's F503): sent in, their effects shown and answered, then done with
the acceptance.

The text is an order like any other: the same visa, the same desk, the same two officers. What it takes away
is answered before the first of them approves, by an officer who is no part of it; an edit of the order asks
again. What goes, stays and comes is decided by `registration.effects_of`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.machine import Actor, machine
from sceau.operations.offered import beneficiary_of, grants_of
from sceau.operations.order_facts import form_of, lock_order, order_facts, reading_of
from sceau.operations.order_texts import receive_form, write_order
from sceau.operations.right_ends import end_tokens, live_tokens, names_of
from sceau.operations.standing import DESK, officer_of, require_person
from sceau.operations.stops import carry_out, check_few, fingerprint
from sceau.records import (
    OrderFile,
    contract_for,
    follows_structure,
    order_for,
    planned_elsewhere,
    roles_of,
)
from sceau.records.models import (
    Amendment,
    Certificate,
    Habilitation,
    HabilitationVersion,
    Order,
    OrderVersion,
)
from sceau.registration import (
    Effects,
    Form413,
    Grant,
    HeldRight,
    OrderState,
    RightKey,
    StandingCertificate,
    StopPlan,
    check_officer,
    decide_stops,
    effects_of,
)
from sceau.vocabulary import Finding, Reading, Refused, displayed

_ENDED = (OrderState.REFUSED, OrderState.ABANDONED)
_WHY = "Commande {order} : modification acceptée"


@dataclass(frozen=True, slots=True)
class AmendmentEffects:
    """What accepting an amendment does: to rights and certificates, the tokens that end, and the fingerprint
    (`seen`) by which it is answered. `answered`: the present answers hold for exactly this.
    """

    amends: str
    effects: Effects
    tokens: tuple[str, ...]
    seen: str
    answered: bool
    plan: StopPlan


def start_amendment(actor: Actor, *, reference: str) -> dict[str, Any]:
    """The text that an accepted order stands on, to be changed and sent as its amendment: without its visa.

    For who may see the order. Refused: not accepted, amended already, an amendment under way.
    """
    order = _base(actor.person_id, reference)
    refuse_with(_check_base(order))
    raw = json.loads(OrderVersion.objects.get(order=order, number=order.current_version).raw)
    return {name: value for name, value in raw.items() if name != "visa"}


def amend_grants(
    actor: Actor, *, amends: str, raw: Mapping[str, Any], channel: str = "web", idempotency_key: str = ""
) -> OrderFile:
    """Send in the whole text as it is to be, in the place of what the accepted order `amends` gave.

    It becomes an order (`receive_form`), which changes nothing before two officers accept it. Refused
    besides: an order that is not yours, not accepted, amended already, another structure's.
    """
    with acting(actor, "amendment.received", amends) as act:
        if actor.person_id:
            require_person(act)
        _base(actor.person_id, amends)
        base = Order.objects.select_for_update().get(reference=amends)
        file = receive_form(actor, raw=raw, channel=channel, idempotency_key=idempotency_key)
        if _note_amendment(act, base, file.line.reference, raw):
            act.about(file.line.reference, base.reference)
        else:
            act.unchanged()
    return file


def write_amendment(act: Act, amends: str, raw: Mapping[str, Any], key: str) -> str:
    """The same within an act under way, made on line: the order's reference."""
    _base(act.actor.person_id, amends)
    base = Order.objects.select_for_update().get(reference=amends)
    reference = write_order(act, raw, "web", key)
    if _note_amendment(act, base, reference, raw):
        act.also("amendment.received", reference, base.reference, public={"amends": base.reference})
    return reference


def _note_amendment(act: Act, base: Order, reference: str, raw: Mapping[str, Any]) -> bool:
    """Note what the order just received amends; False when that was noted before."""
    order = Order.objects.get(reference=reference)
    there = Amendment.objects.filter(order=order).first()
    if there is not None and there.amends_id == base.pk:
        return False
    if there is not None:
        raise Refused([Finding.error("order.key-for-another", order.reference)])
    refuse_with([*_check_base(base), *_check_structure(reading_of(raw), base)])
    Amendment.objects.create(order=order, amends=base, made_at=act.at)
    return True


def preview_amendment(reference: str) -> AmendmentEffects | None:
    """What accepting this order changes, as things stand now; None when it amends nothing. Raises `Refused`
    for a text that cannot be read or gives nothing.
    """
    row = Amendment.objects.select_related("order", "amends").filter(order__reference=reference).first()
    if row is None:
        return None
    at = machine().clock()
    form = form_of(row.order).require()
    effects = _effects(row, grants_of(form, beneficiary_of(form), at), at)
    seen = fingerprint(effects.stops)
    return AmendmentEffects(
        amends=row.amends.reference,
        effects=effects,
        tokens=live_tokens(effects.lost),
        seen=seen,
        answered=not _unanswered(row, effects),
        plan=_plan_of(row),
    )


def answer_amendment(
    actor: Actor, *, reference: str, version: int, seen: str, plan: StopPlan
) -> AmendmentEffects:
    """Say what becomes of each certificate whose right goes (`keep` until its end, or `revoke`).

    By an officer who is no part of the order, card in hand, before anybody approved this text. Refused when
    what is there is no longer what was looked at (`seen`), or something has no answer.
    """
    with acting(actor, "amendment.answered", reference) as act:
        order = lock_order(act, reference)
        row = Amendment.objects.select_for_update().select_related("amends").filter(order=order).first()
        if row is None:
            raise Refused([Finding.error("amendment.none", reference)])
        row.order = order
        _require_answerable(act, order, version)
        form = form_of(order).require()
        effects = _effects(row, grants_of(form, beneficiary_of(form), act.at), act.at)
        if seen != fingerprint(effects.stops):
            raise Refused([Finding.error("amendment.effects-changed", reference)])
        stopping = act.machine.catalogue.stops["amendment"]
        whole = _whole(plan)
        check_few(act, decide_stops(effects.stops, whole, stopping), stopping)
        row.version, row.seen = version, seen
        row.plan = {"each": dict(whole.each), "others": dict(whole.others)}
        row.planned_by, row.planned_card, row.planned_at = actor.person_id, actor.in_hand, act.at
        row.save()
        act.about(order.reference, row.amends.reference)
        act.tell(version=version, rights=len(effects.lost), certificates=len(effects.certificates))
    found = preview_amendment(reference)
    if found is None:
        raise LookupError(f"amendment {reference} was just answered")
    return found


def amendment_reds(order: Order, form: Reading[Form413], at: datetime) -> tuple[Finding, ...]:
    """Why an order that amends another cannot be approved yet; nothing for an order that does not."""
    row = Amendment.objects.select_related("amends").filter(order=order).first()
    if row is None or form.value is None:
        return ()
    row.order = order
    structure = beneficiary_of(form.value)
    found = [*_check_base(row.amends, besides=order), *_check_structure(form, row.amends)]
    effects = _effects(row, grants_of(form.value, structure, at), at)
    return (*found, *_unanswered(row, effects))


def effects_before(act: Act, order: Order, grants: Sequence[Grant]) -> tuple[Amendment, Effects] | None:
    """What the amended order's rights are just before the new ones are written, held until the end of the
    transaction; None for an order that amends nothing. Raises `Refused` as long as something is unanswered.
    """
    row = (
        Amendment.objects.select_for_update(of=("self",)).select_related("amends").filter(order=order).first()
    )
    if row is None:
        return None
    row.order = order
    Order.objects.select_for_update().get(pk=row.amends_id)
    list(Habilitation.objects.select_for_update().filter(versions__order=row.amends).order_by("id"))
    effects = _effects(row, grants, act.at)
    refuse_with([*_check_base(row.amends, besides=order), *_unanswered(row, effects)])
    return row, effects


def carry_out_amendment(act: Act, row: Amendment, effects: Effects) -> None:
    """Withdraw what the new text no longer gives, end its tokens, and revoke what was answered so."""
    stopping = act.machine.catalogue.stops["amendment"]
    decided = decide_stops(effects.stops, _plan_of(row), stopping)
    why = _WHY.format(order=row.order.reference)
    tokens = end_tokens(act, effects.lost)
    done = carry_out(act, decided, stopping, why=why) | {"tokens": tokens}
    row.done_at, row.done = act.at, done | {"kept": len(effects.kept), "gained": len(effects.gained)}
    row.save(update_fields=["done_at", "done"])
    act.also(
        "amendment.done",
        row.order.reference,
        row.amends.reference,
        public={name: count for name, count in row.done.items() if name != "orders"},
    )


def _base(viewer: str, reference: str) -> Order:
    """The order to amend, if this person may see it; for the machine, whichever."""
    order = Order.objects.filter(reference=reference).first()
    if order is None or not _may_see(order, viewer):
        raise Refused([Finding.error("order.unknown", displayed(reference) or "—")])
    return order


def _may_see(order: Order, viewer: str) -> bool:
    """The machine, the desk, who is part of the order, whom its contract names."""
    if not viewer or DESK in roles_of(viewer) or order_for(order.reference, viewer=viewer) is not None:
        return True
    return contract_for(order.contract_number, viewer=viewer, at=machine().clock()) is not None


def _check_base(base: Order, *, besides: Order | None = None) -> list[Finding]:
    """Why what this order gave cannot be amended (by another order than `besides`)."""
    if base.state != OrderState.ACCEPTED:
        return [Finding.error("amendment.not-accepted", base.reference)]
    others = Amendment.objects.select_related("order").filter(amends=base)
    if besides is not None:
        others = others.exclude(order=besides)
    found = []
    for other in others:
        if other.done_at is not None:
            found.append(Finding.error("amendment.superseded", base.reference, by=other.order.reference))
        elif other.order.state not in _ENDED and besides is None:
            found.append(Finding.error("amendment.under-way", base.reference, by=other.order.reference))
    return found


def _check_structure(reading: Reading[Form413], base: Order) -> list[Finding]:
    """An amendment is for the structure that holds the rights, or for what it has become. What cannot be read
    yet is asked later.
    """
    if reading.value is None:
        return []
    number = beneficiary_of(reading.value).structure_id.text
    theirs = HabilitationVersion.objects.filter(order=base)
    numbers = set(theirs.values_list("habilitation__structure__national_id", flat=True))
    if numbers and number not in numbers and not follows_structure(numbers, number):
        return [Finding.error("amendment.other-structure", base.reference, number=number)]
    return []


def _require_answerable(act: Act, order: Order, version: int) -> None:
    findings = list(check_officer(order_facts(order), officer_of(act)))
    if not act.actor.in_hand:
        findings.append(Finding.error("order.card-needed", order.reference))
    if order.state != OrderState.UNDER_REVIEW:
        findings.append(Finding.error("life.not-now", order.reference))
    if version != order.current_version:
        findings.append(
            Finding.error("order.version-changed", order.reference, seen=version, now=order.current_version)
        )
    if order.approvals.filter(version=order.current_version).exists():
        findings.append(Finding.error("amendment.approved-already", order.reference))
    refuse_with(findings)


def _effects(row: Amendment, grants: Sequence[Grant], at: datetime) -> Effects:
    versions = (
        HabilitationVersion.objects.select_related("habilitation__person", "habilitation__structure")
        .filter(order=row.amends, number=F("habilitation__current_version"))
        .exclude(habilitation__state="withdrawn")
    )
    rights = [version.habilitation for version in versions if not _goes_on(version, grants)]
    held = [HeldRight(one.reference, _key_of(one, grants)) for one in rights]
    certificates = (
        Certificate.objects.select_related("habilitation")
        .prefetch_related("names")
        .filter(habilitation__in=rights, state__in=("issued", "collected"), revocation=None, not_after__gt=at)
    )
    references = {one.pk: one.reference for one in rights}
    planned = planned_elsewhere(one.reference for one in certificates)  # each has its own day already
    standing = [
        StandingCertificate(one.reference, references[one.habilitation_id or 0], one.product, names_of(one))
        for one in certificates
        if one.reference not in planned
    ]
    return effects_of(held, grants, standing)


def _key_of(right: Habilitation, grants: Sequence[Grant]) -> RightKey:
    """What makes the right. For a structure that has become another, it is none that the new text gives: it
    goes, and the right under the new identity comes.
    """
    numbers = {one.structure.structure_id.text for one in grants}
    if numbers and right.structure.national_id not in numbers:
        return "", right.reference, ""
    return right.person.national_id, right.product, right.canonical_scope


def _goes_on(version: HabilitationVersion, grants: Sequence[Grant]) -> bool:
    """Whether a right of a third party's team rests on something that the new text gives again: it is then
    drawn from that text, whoever the structure's own administrators are.
    """
    if version.designation_id is None:
        return False
    product, scope = version.habilitation.product, version.scope()
    return any(
        one.product == product and (scope is None or (one.scope is not None and one.scope.contains(scope)))
        for one in grants
    )


def _unanswered(row: Amendment, effects: Effects) -> list[Finding]:
    """What stands between this amendment and its acceptance: answers for exactly what it changes now."""
    if row.version != row.order.current_version:
        return [Finding.error("amendment.unanswered", row.order.reference)]
    if row.seen != fingerprint(effects.stops):
        return [Finding.error("amendment.effects-changed", row.order.reference)]
    try:
        decide_stops(effects.stops, _plan_of(row), machine().catalogue.stops["amendment"])
    except Refused:  # a certificate came, or went, that the answers do not speak of
        return [Finding.error("amendment.effects-changed", row.order.reference)]
    return []


def _whole(plan: StopPlan) -> StopPlan:
    """The plan with what the text itself says: a right that it does not give goes."""
    return StopPlan(dict(plan.each), dict(plan.others) | {"rights": "withdraw"})


def _plan_of(row: Amendment) -> StopPlan:
    return StopPlan(dict(row.plan.get("each", {})), dict(row.plan.get("others", {})))
