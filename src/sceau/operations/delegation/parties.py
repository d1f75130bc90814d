"""Third parties and their teams: registered by the desk once, built by the third party's representative.

A member is checked by two different officers, once, and then holds what every designation of the third party
gives: one check, not one form for each client. Removed, they hold nothing of it from that moment.
"""

from __future__ import annotations

from sceau.operations.acts import Act, acting
from sceau.operations.delegation.leaving import open_team_departure
from sceau.operations.delegation.sides import (
    RIGHTS,
    officer_quality,
    quality_towards,
    require_card,
    require_hand,
    require_in_force,
    require_officer,
    side_towards,
)
from sceau.operations.delegation.team_rights import settle_teams
from sceau.operations.machine import Actor
from sceau.operations.references import MEMBER, THIRD_PARTY, draw_reference
from sceau.operations.standing import DESK, require_role
from sceau.operations.typed import read_text
from sceau.records import MemberLine, ThirdPartyLine, member_line, third_party_line
from sceau.records.models import (
    Card,
    Contract,
    Designation,
    TeamCheck,
    TeamMember,
    ThirdParty,
)
from sceau.registration import (
    MEMBER_LIFE,
    CardStatus,
    DesignationState,
    MemberEvent,
    MemberState,
    ThirdPartyKind,
)
from sceau.vocabulary import Finding, Refused, displayed, read_email

_WHY_REMOVED = "Personne retirée de l'équipe du tiers désigné"


def register_third_party(actor: Actor, *, contract: str, kind: str) -> ThirdPartyLine:
    """The holder of this contract (a number) is an editor or a distributor that structures may designate.
    Desk only. A second call for the same structure changes its contract or its kind.
    """
    with acting(actor, "third-party.registered") as act:
        if actor.person_id:
            require_role(act, DESK)
        found = Contract.objects.select_related("structure").filter(number=contract.strip()).first()
        if found is None:
            raise Refused([Finding.error("operations.contract-unknown", displayed(contract) or "—")])
        require_in_force(found, act.at, subject="contract")
        if kind not in set(ThirdPartyKind):
            raise Refused([Finding.error("third-party.kind", displayed(kind) or "—")])
        row = ThirdParty.objects.select_for_update().filter(structure=found.structure).first()
        if row is None:
            row = ThirdParty(
                reference=draw_reference(THIRD_PARTY, act.machine.random),
                structure=found.structure,
                registered_by=actor.person_id or "machine",
                registered_at=act.at,
            )
        row.contract, row.kind = found, kind
        row.save()
        act.about(row.reference, f"structure/{found.structure.national_id}")
        act.tell(contract=found.number, kind=kind)
    return _party(row.reference)


def propose_member(actor: Actor, *, third_party: str, card_number: str, email: str) -> MemberLine:
    """The third party's representative puts somebody on its team, by their card. Nothing is given before two
    officers of the desk have checked who it is.
    """
    with acting(actor, "team.proposed") as act:
        party = _lock_party(act, third_party)
        _require_representative(act, party)
        require_in_force(party.contract, act.at, subject="contract")
        number = "".join(card_number.split())
        card = Card.objects.select_related("person").filter(number=number).first()
        findings = []
        if card is None:
            findings.append(Finding.error("team.card-unknown", "card_number"))
        elif card.status_at(act.at) is not CardStatus.VALID or not _may_administer(act, card):
            findings.append(Finding.error("team.card", "card_number"))
        address = read_email(email, subject="email")
        if address.value is None:
            findings += address.findings
        if findings or card is None or address.value is None:
            raise Refused(findings)
        if party.members.filter(person=card.person, state__in=("proposed", "active")).exists():
            raise Refused([Finding.error("team.twice", "card_number")])
        row = TeamMember.objects.create(
            reference=draw_reference(MEMBER, act.machine.random),
            third_party=party,
            person=card.person,
            card_number=card.number,
            email=address.value.text,
            state=MemberState.PROPOSED,
            proposed_by=actor.person_id,
            proposed_card=actor.card or "",
            proposed_at=act.at,
            changed_at=act.at,
        )
        act.about(row.reference, party.reference)
        act.keep(person=card.person.national_id, card=card.number)
    return _member(row.reference)


def check_member(actor: Actor, *, reference: str) -> MemberLine:
    """An officer has checked who a proposed member is; the second, different one admits them, and every
    designation of the third party gives them its rights at once. The same officer's second click changes
    nothing.
    """
    with acting(actor, "team.checked") as act:
        row, party = _lock_member(act, reference)
        officer = require_officer(act, party, None, subject=reference)
        others = set(row.checks.values_list("officer", flat=True))
        if officer.national_id in others:
            act.unchanged()
            return _member(reference)
        event = MemberEvent.ADMIT if others else MemberEvent.CHECK
        state = MEMBER_LIFE.after(MemberState(row.state), event, subject=reference).require()
        require_in_force(party.contract, act.at, subject=reference)
        if officer.national_id in {row.person.national_id, row.proposed_by}:
            raise Refused([Finding.error("designation.own", reference)])
        TeamCheck.objects.create(
            member=row, officer=officer.national_id, card_number=actor.in_hand, at=act.at
        )
        if event is MemberEvent.ADMIT:
            act.rename("team.admitted")
            _step(act, row, state)
            settled = settle_teams(act, designations_of(party), why="")
            act.tell(**settled.as_told())
    return _member(reference)


def refuse_member(actor: Actor, *, reference: str, reason: str) -> MemberLine:
    """The desk does not admit a proposed member, and says why. Final."""
    with acting(actor, "team.refused") as act:
        row, party = _lock_member(act, reference)
        require_officer(act, party, None, subject=reference)
        state = MEMBER_LIFE.after(MemberState(row.state), MemberEvent.REFUSE, subject=reference).require()
        row.reason = read_text(reason, subject="reason")
        act.keep(reason=row.reason)
        _step(act, row, state)
    return _member(reference)


def remove_member(actor: Actor, *, reference: str, reason: str) -> MemberLine:
    """Take somebody off the team: their rights for every client are withdrawn and their tokens end, now.

    By the third party's representative, themselves, the desk or the authority. What they obtained stays to
    each client, who sees it and may revoke it; a departure lists it, for the team to hand over.
    """
    with acting(actor, "team.removed") as act:
        row, party = _lock_member(act, reference)
        person = require_hand(act)
        quality = side_towards(actor, party.contract, RIGHTS)
        if quality is None and officer_quality(actor) is None and row.person_id != person.pk:
            raise Refused([Finding.error("third-party.unknown", displayed(reference) or "—")])
        state = MEMBER_LIFE.after(MemberState(row.state), MemberEvent.REMOVE, subject=reference).require()
        row.reason = read_text(reason, subject="reason")
        settled = settle_teams(act, designations_of(party), why=_WHY_REMOVED, without=row.person_id)
        act.tell(quality=str(quality or "member"), **settled.as_told())
        act.keep(reason=row.reason)
        left = open_team_departure(act, row, party) if row.state == MemberState.ACTIVE else ""
        _step(act, row, state)
        act.tell(departure=left)
    return _member(reference)


def designations_of(party: ThirdParty) -> list[Designation]:
    """Its designations that are active, held in the order they were made until the end of the transaction."""
    rows = Designation.objects.select_for_update(of=("self",)).select_related(
        "structure", "contract", "third_party__contract"
    )
    return list(rows.filter(third_party=party, state=DesignationState.ACTIVE).order_by("id"))


def _step(act: Act, row: TeamMember, state: MemberState) -> None:
    act.tell(before=row.state, state=str(state))
    row.state, row.changed_by, row.changed_at = state, act.actor.person_id, act.at
    row.save(update_fields=["state", "changed_by", "changed_at", "reason"])


def _may_administer(act: Act, card: Card) -> bool:
    """Whether a card of this type may be an administrator's [N413 4.3]."""
    known = act.machine.catalogue.cards.get(card.type)
    return known is not None and known.nominative and known.eligible


def _require_representative(act: Act, party: ThirdParty) -> None:
    person = require_card(act)
    quality = quality_towards(person.national_id, party.contract, RIGHTS)
    if quality is None:
        raise Refused([Finding.error("third-party.unknown", party.reference)])
    act.tell(quality=str(quality))


def _lock_party(act: Act, reference: str) -> ThirdParty:
    row = (
        ThirdParty.objects.select_for_update(of=("self",))
        .select_related("contract", "structure")
        .filter(reference=reference)
        .first()
    )
    if row is None:
        raise Refused([Finding.error("third-party.unknown", displayed(reference) or "—")])
    act.about(row.reference)
    return row


def _lock_member(act: Act, reference: str) -> tuple[TeamMember, ThirdParty]:
    known = TeamMember.objects.select_related("third_party").filter(reference=reference).first()
    if known is None:
        raise Refused([Finding.error("third-party.unknown", displayed(reference) or "—")])
    party = _lock_party(act, known.third_party.reference)
    row = TeamMember.objects.select_for_update(of=("self",)).select_related("person").get(pk=known.pk)
    act.about(row.reference, party.reference)
    return row, party


def _party(reference: str) -> ThirdPartyLine:
    line = third_party_line(reference)
    if line is None:
        raise LookupError(f"third party {reference} was just written")
    return line


def _member(reference: str) -> MemberLine:
    line = member_line(reference)
    if line is None:
        raise LookupError(f"member {reference} was just written")
    return line
