"""Section 4 of form 413 handed to the third party and back: who wrote what is kept, and only the structure
sends.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    accept_designation,
    amend_designation,
    approve_order,
    ask_for_more,
    entrust_technical_part,
    fill_technical_part,
    give_back_technical_part,
    receive_form,
    return_technical_part,
    send_technical_part,
    take_back_technical_part,
    take_order,
    technical_findings,
    technical_form,
)
from sceau.records import (
    TechnicalView,
    list_designations,
    order_file,
    technical_parts,
    technical_sides,
    technical_view,
)
from sceau.records.models import Approval, JournalEntry, Order, TechnicalText
from sceau.vocabulary import Refused, errors
from tests.designations import EDITOR, TECHNICIAN, admitted, designated, editor_registered, offered, terms
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    form,
    give_role,
    offer,
)
from tests.integration.test_designations import ended


@pytest.fixture
def editor(instance: Instance) -> Instance:
    """An instance where an editor is registered and has one member."""
    editor_registered()
    admitted()
    return instance


def refusal(verb: Any, *args: Any, **named: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        verb(*args, **named)
    return {finding.code for finding in errors(refused.value.findings)}


def begun(**changes: Any) -> dict[str, Any]:
    """A form of which the structure wrote its own part only."""
    return form(**changes) | {"offers": [], "administrators": [], "usage": {}}


def technical(**changes: Any) -> dict[str, Any]:
    """Section 4 as the third party fills it."""
    whole = form(offer("serv-ssl"), administrators=(ADMINISTRATOR,))
    part = {place: whole[place] for place in ("usage", "offers", "administrators")}
    return deepcopy(part) | changes


def entrusted(**changes: Any) -> TechnicalView:
    named = {"raw": begun(), "message": "Pour notre portail"} | changes
    reference = named.pop("designation", None) or designated()
    return entrust_technical_part(REPRESENTATIVE.actor, designation=reference, **named)


def given_back(view: TechnicalView) -> TechnicalView:
    reference = view.line.reference
    filled = fill_technical_part(
        TECHNICIAN.actor, reference=reference, version=view.version, part=technical()
    )
    return give_back_technical_part(EDITOR.actor, reference=reference, version=filled.version)


def test_handed_over_filled_given_back_reviewed_and_sent_by_the_structure(editor: Instance) -> None:
    view = entrusted()
    reference = view.line.reference
    assert (view.line.state, view.version, view.part["offers"]) == ("entrusted", 1, [])
    back = given_back(view)
    assert (back.line.state, back.version) == ("given-back", 2)
    assert [(text.by, text.made_as) for text in back.texts] == [
        ("Élodie Désirée", "structure"),
        ("Rémi Réseau", "third-party"),
    ]
    file = send_technical_part(REPRESENTATIVE.actor, reference=reference, version=2)
    assert file.raw["visa"]["signed"] is True
    assert file.raw["offers"][0]["declared"] == "chu-exemple.fr"
    after = technical_view(reference, at=NOON)
    assert after is not None
    assert (after.line.state, after.line.order) == ("signed", file.line.reference)
    kinds = set(JournalEntry.objects.filter(subject=reference).values_list("kind", flat=True))
    assert kinds == {"technical.entrusted", "technical.filled", "technical.given-back", "technical.signed"}
    take_order(ALICE.actor, reference=file.line.reference)
    approve_order(ALICE.actor, reference=file.line.reference, version=1)
    assert approve_order(BRUNO.actor, reference=file.line.reference, version=1).line.state == "accepted"


def test_what_the_third_party_is_shown_holds_nothing_of_the_structures_own_sections(
    editor: Instance,
) -> None:
    view = entrusted()
    assert set(view.part) == {"usage", "offers", "administrators"}
    assert REPRESENTATIVE.card not in repr((view.line, view.part, view.message, view.texts))
    assert refusal(technical_form, TECHNICIAN.actor, reference=view.line.reference) == {"designation.unknown"}
    assert technical_form(REPRESENTATIVE.actor, reference=view.line.reference)["signatory"]


@pytest.mark.parametrize("place", ["structure", "contract", "signatory", "visa", "declarations", "edition"])
def test_the_structures_own_places_are_not_the_third_partys_to_write(editor: Instance, place: str) -> None:
    view = entrusted()
    part = technical() | {place: form()[place]}
    assert refusal(
        fill_technical_part, TECHNICIAN.actor, reference=view.line.reference, version=1, part=part
    ) == {"technical.not-yours"}
    assert TechnicalText.objects.count() == 1


def test_only_the_team_fills_and_only_within_its_designation(editor: Instance) -> None:
    view = entrusted(designation=designated(names=("chu-exemple.fr",)))
    reference = view.line.reference
    for nobody in (STRANGER, REPRESENTATIVE, ADMINISTRATOR, ALICE, OTHER_REPRESENTATIVE):
        assert refusal(
            fill_technical_part, nobody.actor, reference=reference, version=1, part=technical()
        ) == {"designation.unknown"}
    outside = technical(offers=[offer("org") | {"products": ["ORG_SIGN"]}])
    elsewhere = technical(offers=[offer("serv-ssl", declared="autre.fr")])
    for part, code in ((outside, "technical.product"), (elsewhere, "technical.name")):
        assert refusal(fill_technical_part, TECHNICIAN.actor, reference=reference, version=1, part=part) == {
            code
        }
    fill_technical_part(TECHNICIAN.actor, reference=reference, version=1, part=technical())
    assert refusal(fill_technical_part, EDITOR.actor, reference=reference, version=1, part=technical()) == {
        "technical.version"
    }


def test_what_is_unfinished_is_kept_but_not_given_back(editor: Instance) -> None:
    reference = entrusted().line.reference
    half = technical(administrators=[])
    assert fill_technical_part(TECHNICIAN.actor, reference=reference, version=1, part=half).version == 2
    assert fill_technical_part(TECHNICIAN.actor, reference=reference, version=2, part=half).version == 2
    lacks = {one.code for one in technical_findings(TECHNICIAN.actor, reference=reference)}
    assert lacks
    assert refusal(give_back_technical_part, TECHNICIAN.actor, reference=reference, version=2) == lacks
    assert refusal(technical_findings, STRANGER.actor, reference=reference) == {"designation.unknown"}


def test_the_third_party_never_sends_signs_or_takes_back(editor: Instance) -> None:
    reference = given_back(entrusted()).line.reference
    for theirs in (TECHNICIAN, EDITOR, STRANGER):
        assert refusal(send_technical_part, theirs.actor, reference=reference, version=2) == {
            "designation.unknown"
        }
        assert refusal(take_back_technical_part, theirs.actor, reference=reference) == {"designation.unknown"}
    assert refusal(send_technical_part, REPRESENTATIVE.actor, reference=reference, version=1) == {
        "technical.version"
    }
    assert not Order.objects.exists()


def test_the_structure_asks_again_or_takes_back(editor: Instance) -> None:
    reference = given_back(entrusted()).line.reference
    asked = return_technical_part(MANDATAIRE.actor, reference=reference, message="Un seul serveur suffit")
    assert (asked.line.state, asked.message) == ("entrusted", "Un seul serveur suffit")
    assert technical_sides(reference, viewer=TECHNICIAN.national_id.text, at=NOON) == {"third-party"}
    assert take_back_technical_part(MANDATAIRE.actor, reference=reference).line.state == "taken-back"
    assert technical_sides(reference, viewer=TECHNICIAN.national_id.text, at=NOON) == frozenset()
    assert refusal(
        fill_technical_part, TECHNICIAN.actor, reference=reference, version=2, part=technical()
    ) == {"life.not-now"}


def test_a_designation_that_ends_or_does_not_say_so_lets_nobody_fill(editor: Instance) -> None:
    view = offered()
    assert refusal(entrusted, designation=view.line.reference) == {"technical.not-designated"}
    accept_designation(EDITOR.actor, reference=view.line.reference, version=1)
    other = begun() | {"contract": {"number": "C-9"}}
    assert refusal(entrusted, designation=view.line.reference, raw=other) == {"technical.other-contract"}
    for nobody in (STRANGER, TECHNICIAN, EDITOR, OTHER_REPRESENTATIVE):
        assert refusal(
            entrust_technical_part, nobody.actor, designation=view.line.reference, raw=begun()
        ) == {"designation.unknown"}
    part = entrusted(designation=view.line.reference).line.reference
    amend_designation(
        REPRESENTATIVE.actor, reference=view.line.reference, version=1, terms=terms(may_fill=False)
    )
    assert refusal(fill_technical_part, TECHNICIAN.actor, reference=part, version=1, part=technical()) == {
        "technical.not-designated"
    }
    ended(view.line.reference)
    (line,) = technical_parts(designation=view.line.reference, at=NOON)
    assert line.state == "taken-back"


def test_an_order_that_the_desk_asks_about_is_mended_by_the_third_party(editor: Instance) -> None:
    raw = form(offer("serv-ssl", declared="mauvais-exemple.fr"))
    order = receive_form(REPRESENTATIVE.actor, raw=raw, channel="web").line.reference
    take_order(ALICE.actor, reference=order)
    assert refusal(entrusted, raw=raw, order=order) == {"life.not-now"}
    ask_for_more(ALICE.actor, reference=order, text="Quel nom ?")
    view = entrusted(raw=raw, order=order, designation=_designation())
    assert view.part["offers"][0]["declared"] == "mauvais-exemple.fr"
    back = given_back(view)
    file = send_technical_part(REPRESENTATIVE.actor, reference=back.line.reference, version=back.version)
    assert (file.line.reference, file.line.version) == (order, 2)
    assert file.raw["offers"][0]["declared"] == "chu-exemple.fr"
    found = order_file(order)
    assert found is not None
    assert "Éditeur de l'Exemple" in found.versions[-1].why


def _designation() -> str:
    return list_designations(at=NOON)[0].reference


def test_who_wrote_the_technical_part_decides_nothing_on_the_order(editor: Instance) -> None:
    reference = given_back(entrusted()).line.reference
    order = send_technical_part(REPRESENTATIVE.actor, reference=reference, version=2).line.reference
    give_role(TECHNICIAN, "desk")
    assert "order.own-order" in refusal(take_order, TECHNICIAN.actor, reference=order)
    row = Order.objects.get(reference=order)
    take_order(ALICE.actor, reference=order)
    with pytest.raises(IntegrityError, match="not by who wrote"), transaction.atomic():
        Approval.objects.create(
            order=row, version=1, officer=TECHNICIAN.national_id.text, card_number=TECHNICIAN.card, at=NOON
        )
    with pytest.raises(IntegrityError, match="technicaltext: never changed"), transaction.atomic():
        connection.cursor().execute("UPDATE records_technicaltext SET made_by = 'x'")
