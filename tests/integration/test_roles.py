"""Roles given and taken by two people, and the last line of it in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sceau.operations import (
    Actor,
    appoint_officer,
    confirm_role,
    dismiss_officer,
    drop_role,
    propose_role,
)
from sceau.records import passkeys_of, role_proposals, roles_of
from sceau.records.models import JournalEntry, Person, Role, RoleProposal
from sceau.vocabulary import Refused, errors
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    BRUNO,
    CHLOE,
    STRANGER,
    Instance,
    Someone,
    give_role,
    take_role,
)
from tests.portal import staff_the_door, tls_layer


def refusal(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as caught:
        act()
    return {finding.code for finding in errors(caught.value.findings)}


def propose(
    by: Someone = AUTHORITY, who: Someone = STRANGER, quality: str = "desk", event: str = "give"
) -> str:
    return propose_role(
        by.actor, person_id=who.national_id.text, quality=quality, event=event, reason="Arrivée"
    )


def kinds() -> list[str]:
    return list(JournalEntry.objects.order_by("pk").values_list("kind", flat=True))


def test_a_role_is_asked_by_the_authority_and_given_by_a_second_person(instance: Instance) -> None:
    reference = propose()
    assert roles_of(STRANGER.national_id.text) == frozenset()
    confirm_role(ALICE.actor, reference=reference)
    assert roles_of(STRANGER.national_id.text) == {"desk"}
    assert kinds()[-2:] == ["role.proposed", "role.given"]
    (line,) = role_proposals(at=instance.clock())
    assert (line.state, line.asked_by_name, line.decided_by_name) == (
        "done",
        "Anne Autorité",
        "Alice Premier",
    )


def test_nobody_gives_a_role_alone_nor_to_themselves(instance: Instance) -> None:
    reference = propose()
    assert refusal(lambda: confirm_role(AUTHORITY.actor, reference=reference)) == {"role.same-person"}
    assert refusal(lambda: propose(who=AUTHORITY)) == {"role.own"}
    own = propose(who=ALICE, quality="authority")
    assert refusal(lambda: confirm_role(ALICE.actor, reference=own)) == {"role.own"}
    assert refusal(lambda: drop_role(ALICE.actor, reference=own)) == {"role.own"}
    assert kinds()[-1] == "refused.role.dropped"


@pytest.mark.parametrize("someone", [ALICE, AUDITOR, ADMINISTRATOR], ids=lambda one: one.surname)
def test_only_the_authority_asks_for_a_role(instance: Instance, someone: Someone) -> None:
    assert "role.by-authority" in refusal(lambda: propose(by=someone))


@pytest.mark.parametrize("someone", [AUDITOR, ADMINISTRATOR], ids=lambda one: one.surname)
def test_only_the_desk_and_the_authority_confirm_or_drop(instance: Instance, someone: Someone) -> None:
    reference = propose()
    assert refusal(lambda: confirm_role(someone.actor, reference=reference)) == {"role.no-voucher"}
    assert refusal(lambda: drop_role(someone.actor, reference=reference)) == {"role.no-voucher"}


def test_whoever_has_only_a_shell_asks_and_confirms_nothing(instance: Instance) -> None:
    bare = Actor(AUTHORITY.national_id.text)
    asked = {"person_id": STRANGER.national_id.text, "quality": "desk", "event": "give", "reason": "x"}
    assert refusal(lambda: propose_role(bare, **asked)) == {"role.hand-needed"}
    reference = propose()
    assert refusal(lambda: confirm_role(Actor(ALICE.national_id.text), reference=reference)) == {
        "role.hand-needed"
    }
    person = STRANGER.national_id.text
    for act in (appoint_officer, dismiss_officer):
        assert refusal(lambda act=act: act(Actor.system("console"), person_id=person, quality="desk")) == {  # type: ignore[misc]
            "operations.roles-by-two"
        }


def test_a_role_asked_in_another_hat_is_not_asked(instance: Instance) -> None:
    give_role(ALICE, "authority")
    as_desk = Actor(ALICE.national_id.text, ALICE.card, hat="desk")
    asked = {"person_id": STRANGER.national_id.text, "quality": "desk", "event": "give", "reason": "x"}
    assert refusal(lambda: propose_role(as_desk, **asked)) == {"role.by-authority"}


def test_the_last_authority_stays(instance: Instance) -> None:
    give_role(CHLOE, "authority")
    asked = {"person_id": AUTHORITY.national_id.text, "quality": "authority", "event": "take", "reason": "x"}
    reference = propose_role(CHLOE.actor, **asked)
    confirm_role(ALICE.actor, reference=reference)
    assert roles_of(AUTHORITY.national_id.text) == frozenset()
    asked["person_id"] = CHLOE.national_id.text
    give_role_by(CHLOE, BRUNO)
    second = propose_role(BRUNO.actor, **asked)
    confirm_role(ALICE.actor, reference=second)
    asked["person_id"] = BRUNO.national_id.text
    last = Actor(BRUNO.national_id.text, BRUNO.card)
    assert refusal(lambda: propose_role(last, **asked)) == {"role.last-authority", "role.own"}


def give_role_by(by: Someone, someone: Someone) -> None:
    reference = propose_role(
        by.actor, person_id=someone.national_id.text, quality="authority", event="give", reason="x"
    )
    confirm_role(ALICE.actor, reference=reference)


def test_what_is_held_is_not_given_and_what_is_not_held_is_not_taken(instance: Instance) -> None:
    assert refusal(lambda: propose(who=ALICE)) == {"role.held"}
    assert refusal(lambda: propose(event="take")) == {"role.not-held"}
    assert refusal(lambda: propose(quality="pape")) == {"operations.role-unknown"}
    assert refusal(lambda: propose(event="lend")) == {"role.event"}
    propose()
    assert refusal(propose) == {"role.waiting"}


def test_an_answer_is_given_once(instance: Instance) -> None:
    reference = propose()
    drop_role(BRUNO.actor, reference=reference)
    for act in (confirm_role, drop_role):
        assert refusal(lambda act=act: act(ALICE.actor, reference=reference)) == {"role.over"}  # type: ignore[misc]
    assert refusal(lambda: confirm_role(ALICE.actor, reference="ROL-00000-00000")) == {"role.unknown"}
    assert roles_of(STRANGER.national_id.text) == frozenset()


def test_a_proposal_overtaken_by_events_is_not_confirmed(instance: Instance) -> None:
    give_role(STRANGER, "desk")
    reference = propose(event="take")
    row = RoleProposal.objects.get(reference=reference)
    assert row.state == "asked"
    Role.objects.filter(person=row.person, quality="auditor").delete()
    first = propose(who=ALICE, event="take")
    confirm_role(BRUNO.actor, reference=first)
    assert refusal(lambda: confirm_role(ALICE.actor, reference=reference)) == {"role.no-voucher"}


def test_with_the_last_role_the_passkeys_go(instance: Instance) -> None:
    from tests.passkey_kit import device, registered

    staff_the_door()
    with tls_layer():
        registered(ALICE, device("clé"))
    take_role(ALICE, "desk")
    (key,) = passkeys_of(ALICE.national_id.text)
    assert key.ended_at is not None
    assert key.ended_why == "plus aucun rôle"


# -- what the database refuses by itself


def refused_by_database(act: Callable[[], Any], words: str) -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        act()


def test_the_database_takes_no_role_that_one_person_gave(instance: Instance) -> None:
    stranger = Person.objects.get(national_id=STRANGER.national_id.text)
    now = timezone.now()
    refused_by_database(
        lambda: Role.objects.create(person=stranger, quality="desk", since=now), "given by two people"
    )
    refused_by_database(
        lambda: Role.objects.filter(person__national_id=ALICE.national_id.text).delete(),
        "taken by two people",
    )
    refused_by_database(
        lambda: Role.objects.filter(person__national_id=ALICE.national_id.text).update(quality="auditor"),
        "never change",
    )
    reference = propose()
    row = RoleProposal.objects.get(reference=reference)
    told = {"state": "done", "decided_with": "x", "decided_at": now}
    refused_by_database(
        lambda: RoleProposal.objects.filter(pk=row.pk).update(**told, decided_by=row.asked_by),
        "role_proposal_two_people",
    )
    refused_by_database(
        lambda: RoleProposal.objects.filter(pk=row.pk).update(**told, decided_by=STRANGER.national_id.text),
        "never for oneself",
    )
    refused_by_database(lambda: RoleProposal.objects.filter(pk=row.pk).delete(), "never removed")


def test_the_database_keeps_the_last_authority(instance: Instance) -> None:
    person = Person.objects.get(national_id=AUTHORITY.national_id.text)
    now = timezone.now()
    RoleProposal.objects.create(
        reference="ROL-X",
        person=person,
        quality="authority",
        event="take",
        reason="x",
        state="done",
        asked_by=ALICE.national_id.text,
        asked_with="1",
        asked_at=now,
        decided_by=BRUNO.national_id.text,
        decided_with="2",
        decided_at=now + timedelta(days=3650),
    )
    refused_by_database(lambda: Role.objects.filter(person=person).delete(), "the last authority stays")
