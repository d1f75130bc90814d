"""Who is known: people, cards, structures, contracts, officers; who may say so, and what never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from sceau.operations import (
    Actor,
    ContractDemand,
    ContractEntry,
    PartyEntry,
    StructureEntry,
    act_on_contract,
    appoint_officer,
    preview_contract_act,
    register_card,
    register_person,
    register_structure_contract,
    resume_habilitation,
    set_card_status,
    suspend_habilitation,
    take_order,
    welcome,
    withdraw_habilitation,
)
from sceau.records import (
    card_line,
    contract_line,
    habilitation_for,
    habilitations_of,
    officers,
    person_line,
    roles_of,
    structures_of,
)
from sceau.records.models import JournalEntry
from sceau.registration import CardStatus
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    BRUNO,
    CONTRACT,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    SIRET,
    STRANGER,
    Instance,
    Someone,
    accepted,
    contract_entry,
    give_role,
    right_for,
    set_contract_state,
    submitted,
    take_role,
)
from tests.integration.test_orders import refusal

SYSTEM = Actor.system("setup")


@pytest.mark.parametrize("someone", [STRANGER, ADMINISTRATOR, REPRESENTATIVE, AUDITOR])
def test_only_the_desk_and_the_authority_keep_the_registers(instance: Instance, someone: Someone) -> None:
    actor = someone.actor
    for act in (
        lambda: register_person(actor, STRANGER.person),
        lambda: register_card(actor, STRANGER.card_facts()),
        lambda: set_card_status(actor, number=ADMINISTRATOR.card, status="lost", reason="x"),
        lambda: register_structure_contract(actor, contract_entry("C-9", SIRET, "Autre")),
        lambda: act_on_contract(
            actor, ContractDemand(CONTRACT, "suspend", "x", preview_contract_act(CONTRACT).seen)
        ),
    ):
        assert refusal(act) == {"operations.role-missing"}


def test_roles_are_given_and_taken_by_two_people_once_there_is_an_authority(instance: Instance) -> None:
    person = STRANGER.national_id.text
    assert refusal(appoint_officer, SYSTEM, person_id=person, quality="desk") == {"operations.roles-by-two"}
    assert refusal(appoint_officer, AUTHORITY.actor, person_id=person, quality="desk") == {
        "operations.roles-by-two"
    }
    give_role(STRANGER, "desk")
    assert roles_of(person) == {"desk"}
    assert person in {line.national_id for line in officers()}
    take_role(STRANGER, "desk")
    assert roles_of(person) == frozenset()


def test_a_role_taken_back_stops_at_once(instance: Instance) -> None:
    reference = submitted().line.reference
    take_role(ALICE, "desk")
    stale = Actor(ALICE.national_id.text, ALICE.card, frozenset({"desk"}), "Alice")
    assert refusal(take_order, stale, reference=reference) == {"order.not-desk"}


def test_t03_a_card_opposed_in_mid_session_stops_at_once(instance: Instance) -> None:
    reference = submitted().line.reference
    set_card_status(SYSTEM, number=ALICE.card, status="revoked", reason="Volée")
    assert refusal(take_order, ALICE.actor, reference=reference) == {"operations.card-not-valid"}
    other = Actor(ALICE.national_id.text, BRUNO.card, frozenset({"desk"}), "Alice")
    assert refusal(take_order, other, reference=reference) == {"operations.card-not-yours"}


def test_a_card_never_changes_holder(instance: Instance) -> None:
    assert refusal(
        register_card,
        SYSTEM,
        STRANGER.card_facts().__class__(
            ADMINISTRATOR.card_facts().number, "CPA", CardStatus.VALID, STRANGER.national_id
        ),
    ) == {"operations.card-holder"}


def test_a_card_ends_at_its_date(instance: Instance) -> None:
    register_card(SYSTEM, ADMINISTRATOR.card_facts(), not_after=NOON + timedelta(days=1))
    for days, status in ((0, "valid"), (2, "expired")):
        line = card_line(ADMINISTRATOR.card, at=NOON + timedelta(days=days))
        assert line is not None
        assert line.status == status


def test_a_holder_met_at_the_door_is_noted_once(bare_instance: Instance) -> None:
    first = welcome(ADMINISTRATOR.person, ADMINISTRATOR.card_facts(), not_after=NOON + timedelta(days=9))
    entries = JournalEntry.objects.count()
    second = welcome(ADMINISTRATOR.person, ADMINISTRATOR.card_facts())
    assert first == second
    assert first.person_id == ADMINISTRATOR.national_id.text
    assert (entries, JournalEntry.objects.count()) == (1, 1)
    bare_instance.clock.forward(days=10)
    assert refusal(welcome, ADMINISTRATOR.person, ADMINISTRATOR.card_facts()) == {"operations.card-not-valid"}


def test_a_holder_at_the_door_gets_the_roles_held_now(instance: Instance) -> None:
    assert welcome(ALICE.person, ALICE.card_facts()).qualities == {"desk"}
    assert welcome(STRANGER.person, STRANGER.card_facts()).qualities == frozenset()
    set_card_status(SYSTEM, number=ALICE.card, status="lost", reason="Perdue")
    assert refusal(welcome, ALICE.person, ALICE.card_facts()) == {"operations.card-not-valid"}


def test_somebody_elses_number_at_the_door_is_refused(instance: Instance) -> None:
    forged = ADMINISTRATOR.card_facts().__class__(
        ADMINISTRATOR.card_facts().number, "CPS", CardStatus.VALID, STRANGER.national_id
    )
    assert refusal(welcome, STRANGER.person, forged) == {"operations.card-not-yours"}


def test_a_contract_says_who_signs_for_a_structure(instance: Instance) -> None:
    line = contract_line(CONTRACT, at=NOON)
    assert line is not None
    assert line.state == "active"
    assert [(party.quality, party.person_id) for party in line.parties] == [
        ("representative", REPRESENTATIVE.national_id.text),
        ("mandataire", MANDATAIRE.national_id.text),
    ]
    assert [one.number for one in structures_of(MANDATAIRE.national_id.text, at=NOON)] == [CONTRACT]
    assert structures_of(STRANGER.national_id.text, at=NOON) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": CONTRACT}, "operations.contract-number"),
        ({"number": " "}, "operations.contract-number"),
        ({"valid_until": date(2025, 1, 1)}, "operations.contract-dates"),
        ({"structure": StructureEntry("", "69003", "Lyon", siret=SIRET)}, "order.structure-name"),
        ({"structure": StructureEntry("X", "69003", "Lyon")}, "order.structure-number"),
        ({"structure": StructureEntry("X", "", "Lyon", siret=SIRET)}, "typed.empty"),
        ({"parties": (PartyEntry("ami", "A", "B", "2500000001"),)}, "operations.party-quality"),
        ({"parties": (PartyEntry("mandataire", "A", "B", "12"),)}, "card-number.length"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused_whole(
    instance: Instance, changes: dict[str, Any], code: str
) -> None:
    entry = contract_entry("C-2026-0777", SIRET, "Centre hospitalier de l'Exemple")
    wanted = replace(entry, **changes)
    assert code in refusal(register_structure_contract, SYSTEM, wanted)
    assert contract_line("C-2026-0777", at=NOON) is None


def test_contracts_begin_and_end_by_the_calendar_of_paris(instance: Instance) -> None:
    entry = contract_entry("C-2026-0888", SIRET, "Centre hospitalier de l'Exemple")
    register_structure_contract(
        SYSTEM,
        ContractEntry(entry.number, entry.structure, date(2026, 12, 1), valid_until=date(2026, 12, 31)),
    )
    for at, state in (
        (NOON, "none"),
        (NOON.replace(day=30, hour=22, minute=59), "none"),
        (NOON.replace(day=30, hour=23, minute=1), "active"),
        (NOON.replace(month=12, day=31, hour=22, minute=59), "active"),
        (NOON.replace(month=12, day=31, hour=23, minute=1), "expired"),
    ):
        line = contract_line(entry.number, at=at)
        assert line is not None
        assert line.state == state, at


def test_a_terminated_contract_stays_terminated(instance: Instance) -> None:
    set_contract_state(state="terminated")
    for event in ("suspend", "resume", "renew", "terminate"):
        demand = ContractDemand(CONTRACT, event, "Non", preview_contract_act(CONTRACT).seen)
        assert refusal(act_on_contract, ALICE.actor, demand) == {"life.not-now"}


@pytest.mark.parametrize("someone", [ALICE, AUTHORITY, REPRESENTATIVE, MANDATAIRE])
def test_who_may_stop_a_right_stops_it(instance: Instance, someone: Someone) -> None:
    accepted()
    right = right_for("SERV_SSL")
    assert suspend_habilitation(someone.actor, reference=right, reason="Doute").line.usable == "suspended"
    assert withdraw_habilitation(someone.actor, reference=right, reason="Fin").line.usable == "withdrawn"


@pytest.mark.parametrize("someone", [STRANGER, AUDITOR, OTHER_REPRESENTATIVE])
def test_for_everybody_else_a_right_does_not_exist(instance: Instance, someone: Someone) -> None:
    accepted()
    right = right_for("SERV_SSL")
    for verb in (suspend_habilitation, withdraw_habilitation):
        assert refusal(verb, someone.actor, reference=right, reason="x") == {"habilitation.unknown"}
        assert refusal(verb, someone.actor, reference="HAB-00000-00000", reason="x") == {
            "habilitation.unknown"
        }
    assert habilitation_for(right, viewer=someone.national_id.text, at=NOON) is None


def test_a_holder_gives_a_right_up_and_does_not_suspend_it(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    assert refusal(suspend_habilitation, ADMINISTRATOR.actor, reference=right, reason="x") == {
        "habilitation.unknown"
    }
    assert withdraw_habilitation(ADMINISTRATOR.actor, reference=right, reason="Je pars").events == ()


def test_only_the_desk_resumes_a_right(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="Doute")
    for someone in (ADMINISTRATOR, REPRESENTATIVE, AUTHORITY, STRANGER):
        assert refusal(resume_habilitation, someone.actor, reference=right, reason="x") == {
            "habilitation.not-yours-to-resume"
        }
    assert resume_habilitation(BRUNO.actor, reference=right, reason="Levé").line.usable == "approved"


def test_a_new_order_does_not_lift_a_suspension(instance: Instance) -> None:
    accepted()
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="Doute")
    accepted()
    (line,) = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert (line.reference, line.version, line.usable) == (right, 2, "suspended")


def test_a_new_order_after_a_withdrawal_makes_another_right(instance: Instance) -> None:
    accepted()
    first = right_for("SERV_SSL")
    withdraw_habilitation(ALICE.actor, reference=first, reason="Fin")
    accepted()
    lines = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert [(line.version, line.usable) for line in lines] == [(1, "withdrawn"), (1, "approved")]


def test_a_person_brought_up_to_date_keeps_rights_and_certificates(instance: Instance) -> None:
    accepted()
    register_person(SYSTEM, replace(ADMINISTRATOR.person, surname="Lefèvre-Martin"))
    line = person_line(ADMINISTRATOR.national_id.text)
    assert line is not None
    assert line.surname == "Lefèvre-Martin"
    assert right_for("SERV_SSL")
