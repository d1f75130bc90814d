"""What tests of third parties share: an editor with its team, and what a structure designates it for."""

from __future__ import annotations

from datetime import date
from typing import Any

from sceau.operations import (
    Actor,
    ContractEntry,
    PartyEntry,
    StructureEntry,
    accept_designation,
    amend_designation,
    check_member,
    delegation,
    designate,
    machine,
    propose_member,
    register_card,
    register_person,
    register_structure_contract,
    register_third_party,
)
from sceau.records import DesignationView, designation_view, list_third_parties
from sceau.registration import StopPlan, TermsEntry
from sceau.vocabulary import PersonId
from tests.instance import ALICE, BRUNO, CONTRACT, NOON, REPRESENTATIVE, Someone

EDITOR_CONTRACT, EDITOR_SIRET = "E-2026-0001", "73282932000074"
LAST_DAY = date(2027, 12, 31)


def _of_editor(number: str, surname: str, given: str, card: str, type_: str = "CPE_NOMINATIVE") -> Someone:
    return Someone(PersonId("3", "690000005", number), surname, given, card, type_, "Éditeur")


EDITOR = _of_editor("EDT01", "Logiciel", "Léa", "2500000050", "CDE")
TECHNICIAN = _of_editor("EDT02", "Réseau", "Rémi", "2600000050")
SECOND_TECHNICIAN = _of_editor("EDT03", "Clef", "Chiara", "2600000051")
TEAM = (EDITOR, TECHNICIAN, SECOND_TECHNICIAN)


def editor_registered() -> str:
    """The editor with its contract and its people; the reference of the third party."""
    system = Actor.system("setup")
    for someone in TEAM:
        register_person(system, someone.person)
        register_card(system, someone.card_facts())
    register_structure_contract(
        system,
        ContractEntry(
            number=EDITOR_CONTRACT,
            structure=StructureEntry(
                name="Éditeur de l'Exemple", postcode="75014", commune="Paris", siret=EDITOR_SIRET
            ),
            valid_from=date(2026, 1, 1),
            parties=[
                PartyEntry(
                    "representative",
                    EDITOR.surname,
                    EDITOR.given_names,
                    EDITOR.card,
                    email="contact@editeur.fr",
                )
            ],
        ),
    )
    return register_third_party(ALICE.actor, contract=EDITOR_CONTRACT, kind="editor").reference


def third_party() -> str:
    """The reference of the editor."""
    return list_third_parties(at=NOON)[0].reference


def proposed(who: Someone = TECHNICIAN) -> str:
    """Somebody that the editor puts on its team; the member's reference."""
    return propose_member(
        EDITOR.actor, third_party=third_party(), card_number=who.card, email="equipe@editeur.fr"
    ).reference


def admitted(who: Someone = TECHNICIAN) -> str:
    """The same, checked by two officers."""
    member = proposed(who)
    check_member(ALICE.actor, reference=member)
    check_member(BRUNO.actor, reference=member)
    return member


def terms(**changes: Any) -> TermsEntry:
    """What the hospital designates the editor for."""
    entry: dict[str, Any] = {
        "products": ("SERV_SSL",),
        "names": (),
        "may_fill": True,
        "may_administer": True,
        "until": LAST_DAY,
    }
    return TermsEntry(**(entry | changes))


def offered(by: Someone = REPRESENTATIVE, contract: str = CONTRACT, **changes: Any) -> DesignationView:
    """A designation that the structure signed."""
    return designate(by.actor, contract=contract, third_party=third_party(), terms=terms(**changes))


def designated(**changes: Any) -> str:
    """A designation signed and accepted; its reference."""
    view = offered(**changes)
    return accept_designation(
        EDITOR.actor, reference=view.line.reference, version=view.line.version
    ).line.reference


def terms_changed(
    reference: str, by: Someone = REPRESENTATIVE, plan: StopPlan | None = None, **changes: Any
) -> DesignationView:
    """Other terms, signed by somebody who looked at what they touch."""
    entry = terms(**changes)
    view = designation_view(reference, at=machine().clock())
    assert view is not None
    seen = delegation.preview_terms(reference, terms=entry).seen
    answer = delegation.TermsAnswer(seen, plan or StopPlan(others={"certificates": "keep"}))
    return amend_designation(
        by.actor, reference=reference, version=view.line.version, terms=entry, answer=answer
    )
