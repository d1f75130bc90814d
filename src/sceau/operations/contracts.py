"""What is done to a contract: stopped, resumed, renewed, ended; and who speaks for the structure, since when.

An act shows first what it stops, asks for each thing, and then does it, at once or when a second, different
officer has looked at the same things (``stops.toml`` says which). Who the contract names decides nothing on
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sceau.operations.acts import Act, acting
from sceau.operations.delegation.ending import end_with_contract, settle_with_contract
from sceau.operations.machine import Actor, machine
from sceau.operations.references import CONTRACT_ACT, draw_reference
from sceau.operations.standing import AUTHORITY, DESK, party_cards, require_keeper, require_role
from sceau.operations.stops import (
    as_stored,
    carry_out,
    check_few,
    fingerprint,
    from_stored,
    hold_rights,
    live_of_contract,
    stops_of_contract,
)
from sceau.operations.structures import PartyEntry, add_mandate, view_contract
from sceau.operations.typed import read_text
from sceau.records import ContractLine, cards_of
from sceau.records.models import PARIS, Contract, ContractAct, ContractParty
from sceau.registration import (
    CONTRACT_LIFE,
    ContractEvent,
    ContractStanding,
    Proposal,
    StopPlan,
    Stops,
    check_contract_officer,
    decide_second,
    decide_stops,
)
from sceau.vocabulary import Finding, Refused

_DONE = {
    ContractEvent.SUSPEND: "contract.suspended",
    ContractEvent.RESUME: "contract.resumed",
    ContractEvent.RENEW: "contract.renewed",
    ContractEvent.TERMINATE: "contract.terminated",
}


@dataclass(frozen=True, slots=True)
class ContractDemand:
    """An act asked for: `event` is a row of ``stops.toml``; `plan` answers for each thing that it stops;
    `seen` is the `fingerprint` of what the officer looked at; `until` the new last day, for a renewal (None:
    no term).
    """

    number: str
    event: str
    reason: str
    seen: str
    plan: StopPlan = field(default_factory=StopPlan)
    until: date | None = None


@dataclass(frozen=True, slots=True)
class StopPreview:
    """What an act would stop if it were done now, how many certificates in all, and the fingerprint by which
    it is confirmed.
    """

    stops: Stops
    seen: str
    certificates: int


def preview_contract_act(number: str, *, most: int | None = None) -> StopPreview:
    """Everything that stands on this contract now, of its certificates the first `most`. Changes nothing."""
    contract = Contract.objects.filter(number=number).first()
    if contract is None:
        raise Refused([Finding.error("operations.contract-unknown", number)])
    at = machine().clock()
    stops = stops_of_contract(contract, at, most=most)
    count = len(stops.certificates) if most is None else live_of_contract(contract, at)
    return StopPreview(stops, fingerprint(stops), count)


def act_on_contract(actor: Actor, demand: ContractDemand) -> ContractLine:
    """Do an act on a contract, or ask for it where it takes two officers. Desk or authority, card in hand.

    Refused: the contract's life has no such step, what it stops has changed since it was looked at or was not
    answered for, the contract names this officer, another act waits for a second officer.
    """
    with acting(actor, "contract.act-asked", f"contract/{demand.number}") as act:
        contract = _lock(act, demand.number)
        _require_officer(act, contract)
        event = _event_of(demand.event)
        _following(contract, event)
        _refuse_waiting(contract)
        stops = stops_of_contract(contract, act.at)
        if demand.seen != fingerprint(stops):
            raise Refused([Finding.error("contract.stops-changed", contract.number)])
        stopping = act.machine.catalogue.stops[event]
        check_few(act, decide_stops(stops, demand.plan, stopping), stopping)
        _check_until(contract, event, demand.until)
        row = ContractAct(
            reference=draw_reference(CONTRACT_ACT, act.machine.random),
            contract=contract,
            event=event,
            state="asked",
            officers=stopping.officers,
            reason=read_text(demand.reason, subject="reason"),
            until=demand.until if event is ContractEvent.RENEW else None,
            stops=as_stored(stops),
            plan=_plan_stored(demand.plan),
            asked_by=actor.person_id,
            asked_card=actor.in_hand,
            asked_at=act.at,
        )
        row.save(force_insert=True)
        act.tell(event=str(event), act=row.reference, officers=stopping.officers)
        act.keep(reason=row.reason)
        if stopping.officers == 1:
            _do(act, row, contract, stops)
    return view_contract(demand.number, act.at)


def confirm_contract_act(actor: Actor, *, reference: str) -> ContractLine:
    """A second, different officer confirms an act that waits, having looked at what it stops. If that has
    changed meanwhile the act is to be asked for again.
    """
    with acting(actor, "contract.act-confirmed") as act:
        row, contract = _waiting(act, reference)
        _require_officer(act, contract)
        _following(contract, ContractEvent(row.event))
        stops = stops_of_contract(contract, act.at)
        proposal = Proposal(row.asked_by, row.officers, from_stored(row.stops))
        decide_second(proposal, actor.person_id, now=stops, number=contract.number)
        act.tell(event=row.event, act=row.reference)
        _do(act, row, contract, stops)
    return view_contract(contract.number, act.at)


def drop_contract_act(actor: Actor, *, reference: str, reason: str) -> ContractLine:
    """An act that waits is given up, by any officer. Nothing was changed by it."""
    with acting(actor, "contract.act-dropped") as act:
        row, contract = _waiting(act, reference)
        _require_officer(act, contract)
        words = read_text(reason, subject="reason")
        row.state, row.decided_by, row.decided_at = "dropped", actor.person_id, act.at
        row.decided_card = actor.in_hand
        row.save(update_fields=["state", "decided_by", "decided_card", "decided_at"])
        act.tell(event=row.event, act=row.reference)
        act.keep(reason=words)
    return view_contract(contract.number, act.at)


def add_party(actor: Actor, *, number: str, party: PartyEntry) -> ContractLine:
    """The contract names somebody more: a representative or a *mandataire*, with dates and powers.

    By the machine at set-up, the desk or the authority; nobody names themselves.
    """
    with acting(actor, "contract.party-added", f"contract/{number}") as act:
        require_keeper(act)
        contract = _lock(act, number)
        row = add_mandate(contract, party)
        if row.card_number in cards_of(actor.person_id):
            raise Refused([Finding.error("contract.own", number)])
        act.tell(quality=row.quality, powers=row.powers, since=row.valid_from.isoformat())
        act.keep(card=row.card_number, name=f"{row.given_names} {row.surname}")
    return view_contract(number, act.at)


def end_party(
    actor: Actor, *, number: str, card_number: str, quality: str, until: date, reason: str
) -> ContractLine:
    """Somebody speaks for the structure until `until` (their last day) and no longer; their visas of before
    stay.
    """
    with acting(actor, "contract.party-ended", f"contract/{number}") as act:
        require_keeper(act)
        contract = _lock(act, number)
        running = ContractParty.objects.select_for_update().filter(
            contract=contract, quality=quality, card_number=card_number
        )
        row = running.filter(valid_until=None).first() or running.filter(valid_until__gt=until).first()
        if row is None:
            raise Refused([Finding.error("contract.party-unknown", card_number or "—")])
        if until < row.valid_from:
            raise Refused([Finding.error("contract.party-dates", row.surname)])
        row.valid_until = until
        row.save(update_fields=["valid_until"])
        act.tell(quality=quality, until=until.isoformat())
        act.keep(card=card_number, reason=read_text(reason, subject="reason"))
    return view_contract(number, act.at)


def _do(act: Act, row: ContractAct, contract: Contract, stops: Stops) -> None:
    event = ContractEvent(row.event)
    hold_rights(stops)
    now = stops_of_contract(contract, act.at)  # held: what was asked for before this moment is among them
    if now.ground != stops.ground:
        raise Refused([Finding.error("contract.stops-changed", contract.number)])
    stopping = act.machine.catalogue.stops[event]
    decided = decide_stops(now, _plan_of(row.plan), stopping)
    check_few(act, decided, stopping)
    row.state, row.decided_by, row.decided_at = "done", act.actor.person_id, act.at
    row.decided_card = act.actor.in_hand
    row.save(update_fields=["state", "decided_by", "decided_card", "decided_at"])
    before = contract.state
    contract.state = _following(contract, event)
    contract.reason, contract.changed_at = row.reason, act.at
    if event is ContractEvent.RENEW:
        contract.valid_until = row.until
    contract.save(update_fields=["state", "reason", "changed_at", "valid_until"])
    act.rename(_DONE[event])
    stopped = carry_out(act, decided, stopping, why=row.reason)
    if event is ContractEvent.TERMINATE:
        stopped["designations"] = end_with_contract(act, contract)
    elif event in {ContractEvent.RESUME, ContractEvent.RENEW}:
        settle_with_contract(act, contract)
    until = None if contract.valid_until is None else contract.valid_until.isoformat()
    act.tell(before=before, state=str(contract.state), until=until, **stopped)


def _lock(act: Act, number: str) -> Contract:
    contract = Contract.objects.select_for_update().filter(number=number).first()
    if contract is None:
        raise Refused([Finding.error("operations.contract-unknown", number or "—")])
    act.about(f"contract/{contract.number}")
    return contract


def _waiting(act: Act, reference: str) -> tuple[ContractAct, Contract]:
    known = ContractAct.objects.select_related("contract").filter(reference=reference).first()
    if known is None:
        raise Refused([Finding.error("contract.act-unknown", reference or "—")])
    contract = _lock(act, known.contract.number)
    row = ContractAct.objects.select_for_update().get(pk=known.pk)
    if row.state != "asked":
        raise Refused([Finding.error("contract.act-decided", reference)])
    return row, contract


def _require_officer(act: Act, contract: Contract) -> None:
    person = require_role(act, DESK, AUTHORITY)
    findings = check_contract_officer(
        contract.number,
        officer_cards=cards_of(person.national_id),
        party_cards=party_cards(contract.pk),
        has_card=bool(act.actor.in_hand),
    )
    if findings:
        raise Refused(findings)


def _refuse_waiting(contract: Contract) -> None:
    waiting = contract.acts.filter(state="asked").values_list("reference", flat=True).first()
    if waiting is not None:
        raise Refused([Finding.error("contract.act-waits", waiting)])


def _event_of(text: str) -> ContractEvent:
    if text not in set(ContractEvent):
        raise Refused([Finding.error("contract.event-unknown", text or "—")])
    return ContractEvent(text)


def _following(contract: Contract, event: ContractEvent) -> ContractStanding:
    return CONTRACT_LIFE.after(
        ContractStanding(contract.state), event, subject=f"contrat {contract.number}"
    ).require()


def _check_until(contract: Contract, event: ContractEvent, until: date | None) -> None:
    if event is ContractEvent.RENEW and until is not None:
        today = machine().clock().astimezone(PARIS).date()
        if until < contract.valid_from or until < today:
            raise Refused([Finding.error("operations.contract-dates", contract.number)])


def _plan_stored(plan: StopPlan) -> dict[str, dict[str, str]]:
    return {"each": dict(plan.each), "others": dict(plan.others)}


def _plan_of(stored: Mapping[str, Mapping[str, str]]) -> StopPlan:
    return StopPlan(dict(stored.get("each", {})), dict(stored.get("others", {})))
