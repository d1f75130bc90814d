"""A confirmed plan carried out: contracts, orders and rights on the day of the change, each certificate on
its own.

By the clockwork, again and again until nothing is left: what was done stays done, what a crash cut short is
done at the next turn. A right that is to follow is suspended on the day, and withdrawn once a signed act has
given it under the new identity.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sceau.catalogue import Quality
from sceau.operations.acts import Act, acting
from sceau.operations.delegation.ending import end_with_contract
from sceau.operations.endings import end_certificates
from sceau.operations.machine import Actor
from sceau.operations.references import CONTRACT_ACT, draw_reference
from sceau.operations.right_ends import end_tokens
from sceau.operations.stops import carry_out
from sceau.operations.structure_change.designations import settle_designations, team_rights_under
from sceau.operations.structure_change.grace import tell_revoked, warn_unreplaced
from sceau.operations.structure_change.holding import add_things, becomes_of, step, stopping_of
from sceau.operations.structures import keep_structure
from sceau.records.models import (
    PARIS,
    Certificate,
    Contract,
    ContractAct,
    Habilitation,
    Order,
    StructureChange,
    StructureChangeLine,
)
from sceau.registration import (
    CONTRACT_LIFE,
    ChangeEvent,
    ChangeState,
    ChangeThing,
    ContractEvent,
    ContractStanding,
)

_CLOCK = Actor.system("clockwork")
_WHY = {
    "closed": "La structure a fermé",
    "absorbed": "La structure a été absorbée par une autre",
    "renamed": "La structure a changé d'identité",
}


def advance_structure_changes() -> int:
    """Carry out what is due of every confirmed change; how many changes moved. By the machine."""
    references = list(
        StructureChange.objects.filter(state=ChangeState.CONFIRMED)
        .order_by("id")
        .values_list("reference", flat=True)
    )
    moved = 0
    for reference in references:
        with acting(_CLOCK, "change.advanced", reference) as act:
            rows = StructureChange.objects.select_for_update(of=("self",))
            row = rows.select_related("structure", "successor").get(reference=reference)
            if row.state != ChangeState.CONFIRMED or not carry_out_due(act, row):
                act.unchanged()
            else:
                moved += 1
    return moved


def carry_out_due(act: Act, row: StructureChange) -> int:
    """Do what is due of a confirmed change, held by the caller; how many things were done."""
    today = act.at.astimezone(PARIS).date()
    done = 0
    if row.effective_on <= today:
        if row.applied_at is None:
            done += _begin(act, row)
        done += _apply(act, row) + _follow_rights(act, row)
    done += warn_unreplaced(act, row, today) + _settle_certificates(act, row, today)
    if row.applied_at is not None and not row.lines.filter(done_at=None).exists():
        step(row, ChangeEvent.FINISH)
        row.ended_by, row.ended_at = act.actor.person_id or "machine", act.at
        row.save(update_fields=["state", "ended_by", "ended_at"])
        act.also("change.done", row.reference, public={"change": row.kind})
        done += 1
    act.tell(done=done)
    return done


def _begin(act: Act, row: StructureChange) -> int:
    """The day of the change has come: what the structure holds by now is on the plan, and it bears its new
    name.
    """
    late, becomes = add_things(act, row), becomes_of(row)
    if becomes is not None and row.successor_id == row.structure_id:
        keep_structure(becomes)  # the name alone changes: from this day on it is this one
    row.applied_at = act.at
    row.save(update_fields=["applied_at"])
    about = row.reference, f"structure/{row.structure.national_id}"
    act.also("change.applied", *about, public={"came_late": late})
    return 1


def _apply(act: Act, row: StructureChange) -> int:
    """From the day of the change on: contracts follow or end, orders, rights and designations stop or follow,
    each once it has its answer.
    """
    done = 0
    for line in _waiting(row, ChangeThing.CONTRACT):
        contract = Contract.objects.select_for_update().get(number=line.reference)
        outcome = _move(act, row, contract) if line.answer == "follow" else _terminate(act, row, contract)
        done += _done(act, line, outcome)
    orders = {line.reference: line for line in _waiting(row, ChangeThing.ORDER)}
    rights = {line.reference: line for line in _waiting(row, ChangeThing.RIGHT)}
    gone = [one for one, line in rights.items() if line.answer == "withdraw"]
    decided = {
        "orders": dict.fromkeys(_to_abandon(orders), "abandon"),
        "rights": dict.fromkeys(_held_up(row), "suspend") | dict.fromkeys(_standing(gone), "withdraw"),
        "certificates": {},
    }
    stopped = carry_out(act, decided, stopping_of(row), why=_WHY[row.kind])
    end_tokens(act, gone)
    done += sum(_done(act, line, line.answer) for line in orders.values())
    done += sum(_done(act, rights[one], "withdraw") for one in gone)
    designations = {line.reference: line for line in _waiting(row, ChangeThing.DESIGNATION)}
    if designations:
        outcomes = settle_designations(act, row, designations, _WHY[row.kind])
        done += sum(_done(act, designations[one], outcome) for one, outcome in outcomes.items())
    return done + stopped["rights"]


def _to_abandon(lines: Mapping[str, StructureChangeLine]) -> list[str]:
    wanted = [one for one, line in lines.items() if line.answer == "abandon"]
    rows = Order.objects.filter(reference__in=wanted, state__in=("received", "under-review", "incomplete"))
    return list(rows.values_list("reference", flat=True))


def _held_up(row: StructureChange) -> list[str]:
    """The rights that stop serving on the day: those that are to be given under the new identity, and those
    of which nobody has said yet what follows. None where the name alone changes.
    """
    if row.successor_id == row.structure_id:
        return []
    lines = StructureChangeLine.objects.filter(change=row, done_at=None)
    own = lines.filter(thing=ChangeThing.RIGHT, answer__in=("follow", "")).values_list("reference", flat=True)
    unsaid = lines.filter(thing=ChangeThing.DESIGNATION, answer="").values_list("reference", flat=True)
    return _standing([*own, *team_rights_under(list(unsaid), of=row.structure_id)])


def _standing(references: Collection[str]) -> list[str]:
    rows = Habilitation.objects.filter(reference__in=references).exclude(state="withdrawn")
    return list(rows.values_list("reference", flat=True))


def _follow_rights(act: Act, row: StructureChange) -> int:
    """A right that was to follow, and that a signed act has given under the new identity since, goes."""
    done = 0
    for line in _waiting(row, ChangeThing.RIGHT, answer="follow"):
        right = Habilitation.objects.select_for_update().get(reference=line.reference)
        given = _given_again(row, right)
        if given is None:
            if right.state == "withdrawn":  # ended otherwise: nothing is left to follow
                done += _done(act, line, "ended")
            continue
        if given.pk != right.pk and right.state != "withdrawn":
            decided = {"orders": {}, "rights": {right.reference: "withdraw"}, "certificates": {}}
            carry_out(act, decided, stopping_of(row), why=_WHY[row.kind])
            end_tokens(act, [right.reference])
        done += _done(act, line, given.reference)
    return done


def _given_again(row: StructureChange, right: Habilitation) -> Habilitation | None:
    found = Habilitation.objects.filter(
        structure=row.successor,
        person=right.person_id,
        product=right.product,
        canonical_scope=right.canonical_scope,
        versions__granted_at__gte=row.confirmed_at,
    ).exclude(state="withdrawn")
    return found.order_by("-id").first()


def _settle_certificates(act: Act, row: StructureChange, today: date) -> int:
    """End those whose day has come, a slice at a time; note those that ended by themselves or stay."""
    lines = {line.reference: line for line in _waiting(row, ChangeThing.CERTIFICATE)}
    rows = (
        Certificate.objects.select_for_update(of=("self",)).filter(reference__in=list(lines)).order_by("id")
    )
    found = list(rows.select_related("revocation"))
    done, due = 0, []
    for one in found:
        line = lines[one.reference]
        if hasattr(one, "revocation") or one.not_after <= act.at:
            done += _done(act, line, "ended")
        elif line.answer == "keep" and row.applied_at is not None:
            done += _done(act, line, "keep")
        elif line.revoke_on is not None and line.revoke_on <= today:
            due.append(one)
    due = due[: act.machine.catalogue.runs.slice]
    reason = stopping_of(row).revocation_reason
    decisions = (
        end_certificates(act, due, reason=reason, quality=Quality.DESK, by=row.confirmed_by) if due else ()
    )
    for one, _ in zip(due, decisions, strict=True):
        public = {"issuer": one.issuer, "serial": one.serial, "reason": reason, "quality": str(Quality.DESK)}
        act.also(
            "certificate.revoked", one.reference, public=public, personal={"explanation": _WHY[row.kind]}
        )
        tell_revoked(act, row, lines[one.reference])
        done += _done(act, lines[one.reference], "revoked")
    return done


def _move(act: Act, row: StructureChange, contract: Contract) -> str:
    if row.successor is None:
        raise LookupError(f"change {row.reference} leaves its contracts to nobody")
    contract.structure, contract.changed_at = row.successor, act.at
    contract.save(update_fields=["structure", "changed_at"])
    public = {"before": row.structure.national_id, "structure": row.successor.national_id}
    act.also("contract.moved", f"contract/{contract.number}", row.reference, public=public)
    return "follow"


def _terminate(act: Act, row: StructureChange, contract: Contract) -> str:
    """End it by the act of the two officers who decided on the change."""
    if contract.state == ContractStanding.TERMINATED:
        return "terminate"
    before = contract.state
    following = CONTRACT_LIFE.after(
        ContractStanding(before), ContractEvent.TERMINATE, subject=contract.number
    ).require()
    ContractAct.objects.create(
        reference=draw_reference(CONTRACT_ACT, act.machine.random),
        contract=contract,
        event=ContractEvent.TERMINATE,
        state="done",
        officers=2,
        reason=row.reason,
        asked_by=row.proposed_by,
        asked_card=row.proposed_card,
        asked_at=row.proposed_at or act.at,
        decided_by=row.confirmed_by,
        decided_card=row.confirmed_card,
        decided_at=act.at,
    )
    contract.state, contract.reason, contract.changed_at = following, row.reason, act.at
    contract.save(update_fields=["state", "reason", "changed_at"])
    end_with_contract(act, contract)
    public = {"before": before, "state": str(following), "by": row.reference}
    act.also("contract.terminated", f"contract/{contract.number}", row.reference, public=public)
    return "terminate"


def _waiting(row: StructureChange, thing: ChangeThing, *, answer: str = "") -> list[StructureChangeLine]:
    """The answered things of one kind that are still to be done, in the order they were written."""
    lines = StructureChangeLine.objects.filter(change=row, thing=thing, done_at=None).exclude(answer="")
    return list((lines.filter(answer=answer) if answer else lines).order_by("id"))


def _done(act: Act, line: StructureChangeLine, outcome: str) -> int:
    line.done_at, line.outcome = act.at, outcome
    line.save(update_fields=["done_at", "outcome"])
    return 1
