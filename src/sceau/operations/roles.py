"""Roles given and taken by two people: the authority asks, another officer confirms, neither for themselves.

At the set-up, while there is no authority, the machine gives the first ones (`people.appoint_officer`).
"""

from __future__ import annotations

from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.machine import Actor
from sceau.operations.passkey_ends import drop_invitations, end_passkeys
from sceau.operations.references import ROLE_PROPOSAL, draw_reference
from sceau.operations.standing import AUTHORITY, require_person
from sceau.operations.typed import read_text
from sceau.records import roles_of
from sceau.records.models import Person, Role, RoleProposal
from sceau.registration import (
    VOUCHERS,
    RoleCase,
    RoleEvent,
    Voucher,
    check_role_asked,
    check_role_confirmed,
)
from sceau.vocabulary import Finding, Refused


def propose_role(actor: Actor, *, person_id: str, quality: str, event: str, reason: str) -> str:
    """Ask that a role be given or taken (`event`: ``give``, ``take``); gives the proposal's reference. By the
    authority, for somebody else, with a card or a passkey in hand. Raises `Refused` (``role.*``).
    """
    with acting(actor, "role.proposed") as act:
        by = voucher_of(act)
        person = _person(person_id)
        act.about(f"person/{person.pk}")
        act.tell(quality=quality, event=event)
        words = read_text(reason, subject="reason")
        change = _event(event)
        refuse_with(check_role_asked(_case(person, quality, change), by))
        if RoleProposal.objects.filter(person=person, quality=quality, state="asked").exists():
            raise Refused([Finding.error("role.waiting", "quality")])
        row = RoleProposal.objects.create(
            reference=draw_reference(ROLE_PROPOSAL, act.machine.random),
            person=person,
            quality=quality,
            event=change,
            reason=words,
            state="asked",
            asked_by=by.person_id,
            asked_with=by.in_hand,
            asked_at=act.at,
        )
        act.about(f"person/{person.pk}", row.reference)
        act.keep(reason=words)
    return row.reference


def confirm_role(actor: Actor, *, reference: str) -> str:
    """Confirm what another one asked: the role is given or taken now; gives whose it is. Who has no role left
    loses their passkeys and what they opened. Raises `Refused` (``role.*``).
    """
    with acting(actor, "role.given") as act:
        by = voucher_of(act)
        row = _asked(act, reference)
        person, change = row.person, RoleEvent(row.event)
        if change is RoleEvent.TAKE:
            act.rename("role.taken")
        act.about(f"person/{person.pk}", row.reference)
        act.tell(quality=row.quality)
        refuse_with(check_role_confirmed(_case(person, row.quality, change), asked_by=row.asked_by, by=by))
        _decide(row, "done", by, act)
        if change is RoleEvent.GIVE:
            Role.objects.create(person=person, quality=row.quality, since=act.at)
        else:
            Role.objects.filter(person=person, quality=row.quality).delete()
            _after_taking(act, person)
    return person.national_id


def drop_role(actor: Actor, *, reference: str) -> None:
    """Drop what was asked: by who asked, or by another officer, never by the one concerned."""
    with acting(actor, "role.dropped") as act:
        by = voucher_of(act)
        row = _asked(act, reference)
        act.about(f"person/{row.person.pk}", row.reference)
        act.tell(quality=row.quality)
        if by.person_id == row.person.national_id:
            raise Refused([Finding.error("role.own", "person")])
        if not by.roles & VOUCHERS:
            raise Refused([Finding.error("role.no-voucher", "person")])
        _decide(row, "dropped", by, act)


def voucher_of(act: Act) -> Voucher:
    """The actor as one who asks or confirms, in the hat that they wear."""
    person = require_person(act)
    roles, hat = roles_of(person.national_id), act.actor.hat
    return Voucher(person.national_id, roles & {hat} if hat else roles, act.actor.in_hand)


def _decide(row: RoleProposal, state: str, by: Voucher, act: Act) -> None:
    row.state, row.decided_by, row.decided_with, row.decided_at = state, by.person_id, by.in_hand, act.at
    row.save(update_fields=["state", "decided_by", "decided_with", "decided_at"])


def _after_taking(act: Act, person: Person) -> None:
    if roles_of(person.national_id):
        return
    drop_invitations(person)
    act.tell(passkeys=end_passkeys(act, person, why="plus aucun rôle"))


def _case(person: Person, quality: str, event: RoleEvent) -> RoleCase:
    authorities = Role.objects.select_for_update().filter(quality=AUTHORITY)
    return RoleCase(
        person.national_id, quality, event, roles_of(person.national_id), authorities=len(authorities)
    )


def _asked(act: Act, reference: str) -> RoleProposal:
    row = (
        RoleProposal.objects.select_for_update(of=("self",))
        .select_related("person")
        .filter(reference=reference)
        .first()
    )
    if row is None:
        raise Refused([Finding.error("role.unknown", reference)])
    if row.state != "asked":
        act.about(reference)
        raise Refused([Finding.error("role.over", reference)])
    return row


def _person(person_id: str) -> Person:
    person = Person.objects.filter(national_id=person_id).first()
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", person_id or "—")])
    return person


def _event(event: str) -> RoleEvent:
    if event not in set(RoleEvent):
        raise Refused([Finding.error("role.event", "event")])
    return RoleEvent(event)
