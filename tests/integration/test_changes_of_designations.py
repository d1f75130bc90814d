"""What a structure's change does to its designations, line by line, as the client and as the third party."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from sceau.journal import open_evidence, verify_evidence
from sceau.operations import (
    PieceEntry,
    StructureEntry,
    add_piece,
    export_evidence,
    make_mails,
    seal_journal,
)
from sceau.operations.structure_change import (
    ChangeEntry,
    ThingAnswer,
    advance_structure_changes,
    answer_structure_change,
    attach_change_evidence,
    confirm_structure_change,
    open_structure_change,
    propose_structure_change,
)
from sceau.records import designation_view, third_party_line
from sceau.records.models import (
    Designation,
    DesignationVersion,
    Habilitation,
    JournalEntry,
    Mail,
    Piece,
    StructureChange,
    ThirdParty,
)
from tests.designations import (
    EDITOR_CONTRACT,
    EDITOR_SIRET,
    TECHNICIAN,
    admitted,
    designated,
    editor_registered,
    third_party,
)
from tests.instance import ALICE, AUDITOR, BRUNO, NOON, OTHER_SIRET, Instance, accepted
from tests.integration.test_departures import refusal
from tests.integration.test_evidence import verifier
from tests.integration.test_structure_changes import (
    NEW,
    OLD,
    PNG,
    TODAY,
    answered,
    confirmed,
    opened,
    seen,
    taken_over,
    with_extract,
)
from tests.postal import with_mail

EDITOR = f"3{EDITOR_SIRET}"
EDITOR_BECOMES = StructureEntry(
    name="Éditeur Nouveau", postcode="75014", commune="Paris", siret="73282932000082"
)


def team_rights() -> set[tuple[str, str]]:
    """(structure, state) of what the technician holds."""
    rows = Habilitation.objects.filter(person__national_id=TECHNICIAN.national_id.text)
    return set(rows.values_list("structure__national_id", "state"))


def ready(**terms: object) -> tuple[str, str]:
    editor_registered()
    base = accepted().line.reference
    admitted()
    return base, designated(**terms)


def test_a_designation_follows_its_structure_word_for_word_and_gives_what_a_signed_act_gives(
    instance: Instance,
) -> None:
    with_mail(instance)
    base, before = ready()
    reference = opened()
    things = {(line.thing, line.reference) for line in seen(reference).lines}
    assert ("designation", before) in things
    rights = [line.reference for line in seen(reference).lines if line.thing == "right"]
    held = Habilitation.objects.get(reference=rights[0])
    assert len(rights) == 1, "the team's rights follow the designation"
    assert held.person.national_id != TECHNICIAN.national_id.text
    with_extract(reference)
    answered(reference, designation="follow")
    confirmed(reference)
    line = next(one for one in seen(reference).lines if one.thing == "designation")
    after = line.outcome
    old, new = (designation_view(one, at=NOON) for one in (before, after))
    assert old is not None
    assert new is not None
    assert (old.line.state, old.ended_as) == ("ended", "change")
    assert (new.line.state, new.line.structure_id, new.rights) == ("active", NEW, 0)
    assert team_rights() == {(OLD, "withdrawn")}
    versions = DesignationVersion.objects.order_by("id")
    first, second = versions
    assert second.carries == first
    told = ("products", "names", "may_fill", "may_administer", "until", "signatory", "signed_on")
    assert [getattr(first, one) for one in told] == [getattr(second, one) for one in told]
    assert second.signed_card == ""
    assert second.content()["carries"] == first.digest
    taken_over(reference, base)
    assert team_rights() == {(OLD, "withdrawn"), (NEW, "active")}
    right = Habilitation.objects.get(person__national_id=TECHNICIAN.national_id.text, state="active")
    seal_journal()
    sealed = open_evidence(export_evidence(AUDITOR.actor, reference=right.reference).octets).require()
    verdict = verify_evidence(sealed, verifiers=[verifier()])
    assert verdict.findings == ()
    assert {point.name: point.count for point in verdict.points}["designations"] == 2
    make_mails()
    assert Mail.objects.filter(template="designation-carried").exists()
    assert JournalEntry.objects.filter(kind="designation.carried", subject=after).exists()


def test_a_designation_that_is_to_end_ends_on_the_day_and_not_before(instance: Instance) -> None:
    _, before = ready()
    reference = opened(effective=date(2026, 12, 1))
    with_extract(reference)
    answered(reference, designation="end")
    confirmed(reference)
    assert team_rights() == {(OLD, "active")}
    instance.clock.forward(days=8)
    advance_structure_changes()
    assert team_rights() == {(OLD, "withdrawn")}
    assert Designation.objects.get(reference=before).state == "ended"


def test_a_designation_made_after_the_confirmation_gives_nothing_for_an_identity_that_is_no_more(
    instance: Instance,
) -> None:
    editor_registered()
    accepted()
    admitted()
    reference = opened(effective=date(2026, 12, 1))
    with_extract(reference)
    answered(reference)
    confirmed(reference)
    late = designated()
    assert team_rights() == {(OLD, "active")}
    instance.clock.forward(days=8)
    advance_structure_changes()
    assert team_rights() == {(OLD, "suspended")}
    assert [one.thing for one in seen(reference).lines if not one.answer] == ["designation"]
    answer_structure_change(
        ALICE.actor, reference=reference, answers=[ThingAnswer("designation", late, "end")]
    )
    advance_structure_changes()
    assert team_rights() == {(OLD, "withdrawn")}


def test_a_designation_follows_with_its_contract_only(instance: Instance) -> None:
    ready()
    reference = opened()
    with_extract(reference)
    answered(reference, contract="terminate", designation="follow")
    version = seen(reference).version
    assert refusal(propose_structure_change, ALICE.actor, reference=reference, version=version) == {
        "change.designation-contract"
    }


def test_a_structure_that_closes_ends_its_designations(instance: Instance) -> None:
    _, before = ready()
    reference = opened("closed")
    with_extract(reference)
    line = next(one for one in seen(reference).lines if one.thing == "designation")
    follow = [ThingAnswer("designation", line.reference, "follow")]
    assert refusal(answer_structure_change, ALICE.actor, reference=reference, answers=follow) == {
        "change.answer"
    }
    answered(reference, contract="terminate", right="withdraw", designation="end")
    assert confirmed(reference).state == "done"
    assert Designation.objects.get(reference=before).state == "ended"
    assert team_rights() == {(OLD, "withdrawn")}


def test_an_absorbed_structures_designation_gives_nothing_of_what_the_absorbing_one_has(
    instance: Instance,
) -> None:
    ready(products=("SERV_SSL", "ORG_SIGN"))
    other = StructureEntry(name="Clinique voisine", postcode="69003", commune="Lyon", siret=OTHER_SIRET)
    reference = opened("absorbed", becomes=other)
    with_extract(reference)
    answered(reference, designation="follow")
    confirmed(reference)
    carried = DesignationVersion.objects.get(carries__isnull=False)
    assert (carried.products, carried.names) == (["SERV_SSL"], ["chu-exemple.fr"])


def test_a_third_party_that_changes_keeps_its_reference_its_team_and_its_clients_that_follow(
    instance: Instance,
) -> None:
    with_mail(instance)
    _, mine = ready()
    reference = _editor_changes("follow")
    assert seen(reference).state == "done"
    party = third_party_line(third_party())
    assert party is not None
    assert (party.structure_id, party.members) == ("373282932000082", 1)
    view = designation_view(mine, at=NOON)
    assert view is not None
    assert (view.line.state, view.rights, view.line.is_in_force) == ("active", 1, True)
    version = DesignationVersion.objects.get()
    assert version.content()["third_party"] == EDITOR  # what was signed stays what it was
    make_mails()
    assert Mail.objects.filter(template="designation-carried", subject__contains="Éditeur Nouveau").exists()


def test_a_third_party_that_changes_loses_the_clients_whose_line_says_so(instance: Instance) -> None:
    _, mine = ready()
    _editor_changes("end")
    assert Designation.objects.get(reference=mine).state == "ended"
    assert team_rights() == {(OLD, "withdrawn")}


def test_the_database_lets_nobody_move_a_third_party_or_repeat_an_act_without_a_confirmed_change(
    instance: Instance,
) -> None:
    ready()
    reference = opened()
    with pytest.raises(IntegrityError, match="confirmed change"), transaction.atomic():
        ThirdParty.objects.update(structure=Designation.objects.get().structure)
    version = offered_version()
    version.carries = DesignationVersion.objects.get()
    version.save(force_insert=True)
    with pytest.raises(IntegrityError, match="signed by card"), transaction.atomic():
        Designation.objects.filter(pk=version.designation_id).update(current_version=9)
    assert reference


def offered_version() -> DesignationVersion:
    """A version like the present one, that nobody signed."""
    version = DesignationVersion.objects.get()
    version.pk, version.number, version.signed_card = None, 9, ""
    with_extract(seen_open())
    version.piece = Piece.objects.get()
    return version


def seen_open() -> str:
    return StructureChange.objects.get().reference


def _editor_changes(designation: str) -> str:
    entry = ChangeEntry(EDITOR, "renamed", TODAY, "Avis de situation", EDITOR_BECOMES)
    reference = open_structure_change(ALICE.actor, entry).reference
    piece = add_piece(ALICE.actor, PieceEntry("kbis", PNG, "k.png", TODAY, contract=EDITOR_CONTRACT))
    attach_change_evidence(ALICE.actor, reference=reference, piece=piece.reference)
    assert {line.thing for line in seen(reference).lines} == {"contract", "designation"}
    answered(reference, ALICE, designation=designation)
    version = seen(reference).version
    propose_structure_change(ALICE.actor, reference=reference, version=version)
    confirm_structure_change(BRUNO.actor, reference=reference, version=version)
    return reference
