"""A designation ends: what it stops is shown first, then done, with one choice for each certificate.

The structure ends it at any time; the third party gives it up; the desk may; and it ends with the contract
that it stands on. Rights are withdrawn and tokens end at once, technical parts go back to the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from sceau.catalogue import Quality
from sceau.operations.acts import Act, acting
from sceau.operations.delegation.designating import view_of
from sceau.operations.delegation.sides import (
    RIGHTS,
    lock_designation,
    officer_quality,
    require_card,
    side_towards,
    unknown,
)
from sceau.operations.delegation.team_rights import settle_teams
from sceau.operations.draft_hands import read_again, recall
from sceau.operations.machine import Actor, machine
from sceau.operations.right_ends import live_tokens
from sceau.operations.standing import require_person
from sceau.operations.stops import (
    carry_out,
    check_few,
    fingerprint,
    hold_rights,
    stops_of_designations,
)
from sceau.operations.typed import read_text
from sceau.records import DesignationView
from sceau.records.models import Certificate, Contract, Designation, Entrusting, OrderDraft
from sceau.registration import (
    DESIGNATION_LIFE,
    DRAFT_LIFE,
    DesignationEvent,
    DesignationState,
    DraftEvent,
    DraftState,
    StopPlan,
    Stops,
    decide_stops,
)
from sceau.vocabulary import Finding, Refused

_OPEN = (DesignationState.PREPARED, DesignationState.OFFERED, DesignationState.ACTIVE)
_WHY_CONTRACT = "Le contrat {number} est résilié"


@dataclass(frozen=True, slots=True)
class DesignationEffects:
    """What the end of a designation stops: rights and certificates in service, tokens, certificates asked for
    and not issued yet, technical parts that go back; and the fingerprint (`seen`) by which it is confirmed.
    """

    stops: Stops
    tokens: tuple[str, ...]
    pending: tuple[str, ...]
    technical_parts: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True)
class DesignationEnd:
    """The end of a designation: why, what was looked at, and what is done with each certificate (`keep` until
    its end, or `revoke`).
    """

    reference: str
    reason: str
    seen: str
    plan: StopPlan = field(default_factory=StopPlan)


def preview_designation_end(reference: str) -> DesignationEffects:
    """What ending it would stop now. Changes nothing."""
    row = Designation.objects.filter(reference=reference).first()
    if row is None:
        raise unknown(reference)
    return _effects(row)


def end_designation(actor: Actor, end: DesignationEnd) -> DesignationView:
    """End it, at once and for ever: no right, no token, nothing more to fill.

    By whom the structure's contract names with the power over rights, card in hand; by the desk or the
    authority; or by the third party's representative, who revokes none of the structure's certificates.
    Refused when the rights are no longer those that were looked at, or a certificate has no answer.
    """
    with acting(actor, "designation.ended", end.reference) as act:
        row = lock_designation(act, end.reference)
        quality, is_theirs = _quality(act, row)
        hold_rights(stops_of_designations([row.pk], act.at))
        effects = _effects(row)
        if end.seen != effects.seen:
            raise Refused([Finding.error("designation.effects-changed", row.reference)])
        stopping = act.machine.catalogue.stops["designation"]
        others = dict(end.plan.others) | {"rights": "withdraw"}
        plan = StopPlan(end.plan.each, others)
        if is_theirs:
            plan = StopPlan({}, {"rights": "withdraw", "certificates": "keep"})
        decided = decide_stops(effects.stops, plan, stopping)
        check_few(act, decided, stopping)
        row.reason = read_text(end.reason, subject="reason")
        act.keep(reason=row.reason)
        revoked = carry_out(act, decided | {"rights": {}}, stopping, why=row.reason, quality=quality)[
            "certificates"
        ]
        act.tell(certificates=revoked, quality="third-party" if is_theirs else str(quality))
        _end(act, row, "third-party" if is_theirs else str(quality))
    return view_of(end.reference)


def end_with_contract(act: Act, contract: Contract) -> int:
    """End, inside the act that terminates a contract, every designation that stands on it, on either side;
    how many. Certificates stay: what becomes of them is answered by that act, or by each client.
    """
    why = _WHY_CONTRACT.format(number=contract.number)
    rows = _held(Q(contract=contract) | Q(third_party__contract=contract), _OPEN)
    for row in rows:
        end_within(act, row, why, "contract")
    return len(rows)


def end_within(act: Act, row: Designation, why: str, ended_as: str) -> None:
    """End one that the caller holds, inside an act on something else; certificates stay."""
    row.reason = why
    act.also(
        "designation.ended",
        row.reference,
        f"structure/{row.structure.national_id}",
        row.third_party.reference,
        public={"before": row.state, "by": act.telling.kind},
        personal={"reason": why},
    )
    _end(act, row, ended_as)


def settle_with_contract(act: Act, contract: Contract) -> None:
    """A contract serves again, or for longer: the teams get what they could not be given meanwhile."""
    rows = _held(Q(contract=contract) | Q(third_party__contract=contract), (DesignationState.ACTIVE,))
    settle_teams(act, rows, why="")


def settle_with_structure(act: Act, structure: int) -> None:
    """An order of this structure (its key) was accepted: what it gives, the structure's third parties get as
    far as their designations say.
    """
    settle_teams(act, _held(Q(structure_id=structure), (DesignationState.ACTIVE,)), why="")


def _held(wanted: Q, states: Sequence[DesignationState]) -> list[Designation]:
    rows = Designation.objects.select_for_update(of=("self",)).select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    )
    return list(rows.filter(wanted, state__in=states).order_by("id"))


def _end(act: Act, row: Designation, ended_as: str) -> None:
    """Withdraw, end, give back; then say so in the row: the database asks that no right is left."""
    settled = settle_teams(act, [row], why=row.reason, over=True)
    parts = _give_parts_back(act, row)
    before = DesignationState(row.state)
    event = DesignationEvent.END if before is DesignationState.ACTIVE else DesignationEvent.DECLINE
    row.state = DESIGNATION_LIFE.after(before, event, subject=row.reference).require()
    row.ended_by, row.ended_as, row.ended_at = act.actor.person_id or "machine", ended_as, act.at
    row.changed_at = act.at
    row.save()
    if act.telling.kind == "designation.ended":
        act.tell(before=str(before), state=str(row.state), technical_parts=parts, **settled.as_told())


def _give_parts_back(act: Act, row: Designation) -> int:
    """Section 4 of every draft that the team has in hand goes back to the structure, as it stands."""
    drafts = OrderDraft.objects.select_for_update().filter(pk__in=_in_hand(row).values("draft_id"))
    done = 0
    for draft in drafts.order_by("id"):
        done += recall(act, draft, returned="ended", about=(row.reference,))
        draft.state = DRAFT_LIFE.after(
            DraftState(draft.state), DraftEvent.TAKE_BACK, subject=draft.reference
        ).require()
        read_again(draft)
        draft.save(update_fields=["state", "visited"])
    return done


def _in_hand(row: Designation) -> QuerySet[Entrusting]:
    return Entrusting.objects.filter(designation=row, ended_at=None)


def _quality(act: Act, row: Designation) -> tuple[Quality, bool]:
    """In which quality the actor ends it, and whether on the third party's side. Either side shows its card;
    an officer may be at the console, as for any right that is stopped.
    """
    require_person(act)
    client = side_towards(act.actor, row.contract, RIGHTS)
    third = side_towards(act.actor, row.third_party.contract, RIGHTS)
    officer = officer_quality(act.actor)
    if client is not None or third is not None:
        require_card(act)
    if client is not None:
        return client, False
    if third is not None:
        return third, True
    if officer is None:
        raise unknown(row.reference)
    return officer, False


def _effects(row: Designation) -> DesignationEffects:
    stops = stops_of_designations([row.pk], machine().clock())
    pending = Certificate.objects.filter(habilitation__reference__in=stops.rights, state="intended")
    parts = _in_hand(row).order_by("draft__reference")
    return DesignationEffects(
        stops=stops,
        tokens=live_tokens(stops.rights),
        pending=tuple(pending.order_by("reference").values_list("reference", flat=True)),
        technical_parts=tuple(parts.values_list("draft__reference", flat=True)),
        seen=fingerprint(stops, version=row.current_version),
    )
