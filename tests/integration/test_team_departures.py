"""Somebody leaves a third party's team: what they obtained for its clients is handed over within the team."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sceau.operations import (
    LineDecision,
    decide_departure,
    drop_departure,
    finish_departure,
    make_mails,
    remove_member,
    revoke_certificate,
)
from sceau.records import departure_for, departure_of, keeper_of, obtained_under, team_of
from sceau.records.models import (
    Certificate,
    Departure,
    DepartureLine,
    Designation,
    Habilitation,
    Mail,
    TeamMember,
)
from tests.designations import (
    EDITOR,
    EDITOR_SIRET,
    SECOND_TECHNICIAN,
    TECHNICIAN,
    admitted,
    designated,
    editor_registered,
    third_party,
)
from tests.instance import ADMINISTRATOR, ALICE, NOON, REPRESENTATIVE, STRANGER, Instance, accepted
from tests.integration.test_departures import refusal
from tests.integration.test_designations import issued
from tests.postal import with_mail


@pytest.fixture
def left(instance: Instance) -> tuple[str, list[str]]:
    """A removed member, and the certificates they leave: the departure, and its certificates."""
    with_mail(instance)
    editor_registered()
    accepted()
    member = admitted()
    designated()
    admitted(SECOND_TECHNICIAN)
    certificates = [issued(which, name=f"{which}.chu-exemple.fr").line.reference for which in ("a", "b", "c")]
    remove_member(EDITOR.actor, reference=member, reason="A quitté l'entreprise")
    reference = Departure.objects.get().reference
    return reference, certificates


def keeper(certificate: str) -> str:
    return keeper_of(Certificate.objects.get(reference=certificate))


def test_what_a_member_leaves_is_listed_and_their_rights_are_gone(left: tuple[str, list[str]]) -> None:
    reference, certificates = left
    view = departure_for(reference, EDITOR.national_id.text, at=NOON)
    assert view is not None
    assert (view.team, [line.certificate for line in view.lines]) == (third_party(), certificates)
    assert {line.structure for line in view.lines} == {"Centre hospitalier de l'Exemple"}
    person = TECHNICIAN.national_id.text
    rights = Habilitation.objects.filter(person__national_id=person).exclude(state="withdrawn")
    assert not rights.exists()
    assert departure_of(person, f"3{EDITOR_SIRET}") == "", "it is no departure from the editor itself"
    assert departure_for(reference, REPRESENTATIVE.national_id.text, at=NOON) is None
    assert [one.departure for one in team_of(third_party()) if one.state == "removed"] == [reference]
    make_mails()
    mail = Mail.objects.filter(template="team-left").first()
    assert mail is not None
    assert "3 certificats à décider" in mail.text


def test_each_is_handed_over_within_the_team_to_somebody_who_could_have_obtained_it(
    left: tuple[str, list[str]],
) -> None:
    reference, (first, second, third) = left
    decide: dict[str, Any] = {"reference": reference}

    def said(by: Any, *decisions: LineDecision) -> set[str]:
        return refusal(decide_departure, by.actor, **decide, decisions=decisions)

    other = SECOND_TECHNICIAN.national_id.text
    for nobody in (STRANGER, REPRESENTATIVE, SECOND_TECHNICIAN):
        assert said(nobody, LineDecision(first, "keep")) == {"departure.unknown"}
    assert said(TECHNICIAN, LineDecision(first, "keep")) == {"departure.own"}
    outside = ADMINISTRATOR.national_id.text
    assert said(EDITOR, LineDecision(first, "hand-over", outside)) == {"departure.successor-unknown"}
    gone = TECHNICIAN.national_id.text
    assert said(EDITOR, LineDecision(first, "hand-over", gone)) == {"departure.successor-unknown"}
    assert said(EDITOR, LineDecision(first, "revoke")) == {"departure.clients-own"}
    decide_departure(
        EDITOR.actor,
        reference=reference,
        decisions=[LineDecision(first, "hand-over", other), LineDecision(second, "keep")],
    )
    assert (keeper(first), keeper(second)) == (other, gone)
    (mine, *_) = obtained_under(_designation(), at=NOON)
    assert (mine.reference, mine.person) == (first, "Chiara Clef")
    assert refusal(finish_departure, EDITOR.actor, **decide) == {"departure.undecided"}
    assert refusal(drop_departure, EDITOR.actor, **decide, reason="x") == {"departure.team-stays"}
    decide_departure(ALICE.actor, reference=reference, decisions=[LineDecision(third, "revoke")])
    assert finish_departure(EDITOR.actor, reference=reference).state == "done"
    member = TeamMember.objects.get(person__national_id=other)
    remove_member(EDITOR.actor, reference=member.reference, reason="Part aussi")
    again = Departure.objects.get(state="open")
    assert [line.certificate.reference for line in again.lines.all()] == [first]


def test_somebody_without_certificates_leaves_no_list(instance: Instance) -> None:
    editor_registered()
    accepted()
    member = admitted()
    designated()
    remove_member(EDITOR.actor, reference=member, reason="Part")
    assert not Departure.objects.exists()


def test_what_the_client_revokes_meanwhile_needs_no_decision(left: tuple[str, list[str]]) -> None:
    reference, certificates = left
    for one in certificates:
        revoke_certificate(REPRESENTATIVE.actor, reference=one, quality="representative", reason="superseded")
    assert finish_departure(EDITOR.actor, reference=reference).state == "done"
    assert set(DepartureLine.objects.values_list("answer", flat=True)) == {"ended"}


def test_the_database_ends_no_teams_departure_of_somebody_who_is_on_the_team(instance: Instance) -> None:
    editor_registered()
    accepted()
    admitted()
    designated()
    row = TeamMember.objects.get()
    made = Departure.objects.create(
        reference="DEP-1",
        structure=row.third_party.structure,
        person=row.person,
        member=row,
        state="open",
        reason="x",
        opened_by="x",
        opened_card="1",
        opened_at=NOON,
    )
    with pytest.raises(IntegrityError, match="removed"), transaction.atomic():
        Departure.objects.filter(pk=made.pk).update(state="done", ended_by="x", ended_at=NOON)


def _designation() -> str:
    return Designation.objects.get().reference
