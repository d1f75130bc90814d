"""The life of an order through the verbs: received, completed, decided by two people, granted."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from sceau.operations import (
    Actor,
    abandon_order,
    amend_order,
    answer_request,
    approve_order,
    ask_for_more,
    examination_of,
    note_order,
    receive_form,
    refuse_order,
    register_card,
    register_structure_contract,
    set_card_status,
    settle_scope_kind,
    sign_order,
    take_order,
)
from sceau.records import OrderFile, desk_page, habilitations_of, order_file, order_for, orders_of
from sceau.records.models import OrderParty
from sceau.registration import Light
from sceau.vocabulary import Refused, errors
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    CHLOE,
    MANDATAIRE,
    NOON,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    contract_entry,
    form,
    give_role,
    offer,
    set_contract_state,
    submitted,
)

PAPER = {"date": "24/11/2026", "signed": True, "stamped": True}
UNSETTLED = offer("serv-ssl", kind=None)
OLD = "N413"  # an edition that does not ask what a name is: the desk does


def refusal(act: Any, *args: Any, **kwargs: Any) -> set[str]:
    """The codes with which an act is refused."""
    with pytest.raises(Refused) as caught:
        act(*args, **kwargs)
    return {finding.code for finding in errors(caught.value.findings)}


def by_mail(*offers: dict[str, Any], **changes: Any) -> OrderFile:
    """A form that came by mail, and that nobody in person brought in."""
    return receive_form(Actor.system("mail-room"), raw=form(*offers, **changes), channel="pdf")


def test_an_order_accepted_by_two_officers_gives_its_habilitations(instance: Instance) -> None:
    order = accepted(offer("serv-ssl"), offer("org"))
    assert order.line.state == "accepted"
    rights = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert [line.product for line in rights] == ["SERV_SSL", "ORG_AUTH_CLI", "ORG_SIGN", "ORG_CONF"]
    assert {line.usable for line in rights} == {"approved"}
    assert {(line.order_reference, line.order_version) for line in rights} == {(order.line.reference, 1)}
    assert rights[0].structure.name == "Centre hospitalier de l'Exemple"
    assert rights[0].structure.department == "Rhône (69)"


def test_every_administrator_gets_every_product_of_every_offer(instance: Instance) -> None:
    accepted(offer("serv-mail"), offer("pro"), administrators=(ADMINISTRATOR, SECOND_ADMINISTRATOR))
    for someone in (ADMINISTRATOR, SECOND_ADMINISTRATOR):
        products = [line.product for line in habilitations_of(someone.national_id.text, at=NOON)]
        assert products == ["SERV_S/MIME", "SERV_SIGN", "SERV_CONF", "PRO_AUTH", "PRO_SIGN", "PRO_CONF"]


def test_f40_one_officer_alone_accepts_nothing(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    once = approve_order(ALICE.actor, reference=reference, version=1)
    twice = approve_order(ALICE.actor, reference=reference, version=1)
    assert once.line.state == twice.line.state == "under-review"
    assert twice.line.approvals == 1
    assert habilitations_of(ADMINISTRATOR.national_id.text, at=NOON) == ()


def second_card_of(someone: Someone, number: str) -> Actor:
    """The same person, who comes with another card of theirs, registered and valid."""
    register_card(Actor.system(), replace(someone, card=number).card_facts())
    return replace(someone.actor, card=number)


def test_an_officer_with_two_cards_is_one_officer(instance: Instance) -> None:
    other = second_card_of(ALICE, "2700000011")
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    approve_order(ALICE.actor, reference=reference, version=1)
    again = approve_order(other, reference=reference, version=1)
    assert (again.line.state, again.line.approvals) == ("under-review", 1)
    take_order(other, reference=reference)
    assert approve_order(BRUNO.actor, reference=reference, version=1).line.state == "accepted"


def test_the_second_card_of_a_party_is_that_party(instance: Instance) -> None:
    other = second_card_of(ALICE, "2700000011")
    reference = by_mail(administrators=(ADMINISTRATOR, ALICE)).line.reference
    take_order(BRUNO.actor, reference=reference)
    assert "order.own-order" in refusal(approve_order, other, reference=reference, version=1)


def test_an_officer_without_a_card_in_hand_approves_nothing(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    bare = replace(ALICE.actor, card=None)
    assert refusal(approve_order, bare, reference=reference, version=1) == {"order.card-needed"}


@pytest.mark.parametrize(
    "changes",
    [
        {"signatory": ALICE},
        {"administrators": (ADMINISTRATOR, ALICE)},
    ],
    ids=["signs it", "is an administrator of it"],
)
def test_an_officer_decides_nothing_on_an_order_they_are_part_of(
    instance: Instance, changes: dict[str, Any]
) -> None:
    reference = by_mail(visa=PAPER, **changes).line.reference
    assert refusal(take_order, ALICE.actor, reference=reference) == {"order.own-order"}
    take_order(BRUNO.actor, reference=reference)
    assert "order.own-order" in refusal(approve_order, ALICE.actor, reference=reference, version=1)
    assert refusal(ask_for_more, ALICE.actor, reference=reference, text="Quoi ?") == {"order.own-order"}
    assert refusal(refuse_order, ALICE.actor, reference=reference, reason="Non") == {"order.own-order"}


def test_an_officer_does_not_decide_on_an_order_signed_with_a_card_the_records_do_not_know(
    instance: Instance,
) -> None:
    unknown = replace(ALICE, card="2700000055")
    register_structure_contract(
        Actor.system(), contract_entry("C-ALICE", "35600000000055", "Sienne", representative=unknown)
    )
    reference = by_mail(signatory=unknown, contract={"number": "C-ALICE"}).line.reference
    take_order(ALICE.actor, reference=reference)
    found = refusal(approve_order, ALICE.actor, reference=reference, version=1)
    assert "order.signatory-card-unknown" in found
    register_card(Actor.system(), unknown.card_facts())
    assert "order.own-order" in refusal(approve_order, ALICE.actor, reference=reference, version=1)
    assert refusal(take_order, ALICE.actor, reference=reference) == {"order.own-order"}


def test_who_brings_a_form_in_does_not_decide_on_it(instance: Instance) -> None:
    reference = receive_form(ALICE.actor, raw=form(), channel="desk").line.reference
    assert refusal(take_order, ALICE.actor, reference=reference) == {"order.own-order"}
    take_order(BRUNO.actor, reference=reference)
    approve_order(BRUNO.actor, reference=reference, version=1)
    assert approve_order(CHLOE.actor, reference=reference, version=1).line.state == "accepted"


def test_an_officer_the_contract_names_does_not_decide_on_its_orders(instance: Instance) -> None:
    reference = submitted().line.reference
    with_role = Actor(MANDATAIRE.national_id.text, MANDATAIRE.card)
    give_role(MANDATAIRE, "desk")
    assert refusal(take_order, with_role, reference=reference) == {"order.own-order"}


@pytest.mark.parametrize("someone", [STRANGER, AUDITOR, REPRESENTATIVE, ADMINISTRATOR])
def test_only_the_desk_decides(instance: Instance, someone: Any) -> None:
    reference = submitted().line.reference
    assert "order.not-desk" in refusal(take_order, someone.actor, reference=reference)
    take_order(ALICE.actor, reference=reference)
    assert "order.not-desk" in refusal(approve_order, someone.actor, reference=reference, version=1)
    assert "order.not-desk" in refusal(refuse_order, someone.actor, reference=reference, reason="Non")
    assert refusal(note_order, someone.actor, reference=reference, text="Note") == {"order.not-desk"}


def test_an_edit_cancels_the_approvals_given_before(instance: Instance) -> None:
    reference = by_mail(UNSETTLED, offer("org"), edition=OLD).line.reference
    take_order(ALICE.actor, reference=reference)
    settle_scope_kind(ALICE.actor, reference=reference, version=1, offer=0, kind="domain")
    approve_order(ALICE.actor, reference=reference, version=2)
    settled = settle_scope_kind(BRUNO.actor, reference=reference, version=2, offer=0, kind="server")
    assert settled.line.version == 3
    assert settled.line.approvals == 0
    assert [given.counts for given in settled.approvals] == [False]
    second = approve_order(BRUNO.actor, reference=reference, version=3)
    assert second.line.state == "under-review"
    assert approve_order(ALICE.actor, reference=reference, version=3).line.state == "accepted"


def test_a_version_not_seen_is_not_approved(instance: Instance) -> None:
    reference = by_mail(UNSETTLED, edition=OLD).line.reference
    take_order(ALICE.actor, reference=reference)
    settle_scope_kind(ALICE.actor, reference=reference, version=1, offer=0, kind="domain")
    assert refusal(approve_order, BRUNO.actor, reference=reference, version=1) == {"order.version-changed"}
    stale = {"reference": reference, "version": 1, "offer": 0, "kind": "server"}
    assert refusal(settle_scope_kind, BRUNO.actor, **stale) == {"order.version-changed"}


def test_an_edit_that_changes_nothing_makes_no_version(instance: Instance) -> None:
    order = by_mail()
    take_order(ALICE.actor, reference=order.line.reference)
    approve_order(ALICE.actor, reference=order.line.reference, version=1)
    same = amend_order(BRUNO.actor, reference=order.line.reference, version=1, raw=order.raw, why="Relecture")
    assert same.line.version == 1
    assert same.line.approvals == 1


def test_a_red_check_stops_the_approval_and_says_every_reason(instance: Instance) -> None:
    reference = by_mail(UNSETTLED, edition=OLD, visa=PAPER | {"signed": False}).line.reference
    take_order(ALICE.actor, reference=reference)
    assert refusal(approve_order, ALICE.actor, reference=reference, version=1) == {
        "order.scope-kind-open",
        "order.visa-not-signed",
    }


@pytest.mark.parametrize(
    ("state", "code"),
    [("suspended", "order.contract-suspended"), ("terminated", "order.contract-terminated")],
)
def test_a_contract_that_is_not_in_force_stops_the_approval(
    instance: Instance, state: str, code: str
) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    approve_order(ALICE.actor, reference=reference, version=1)
    set_contract_state(state=state)
    assert code in refusal(approve_order, BRUNO.actor, reference=reference, version=1)


def test_the_card_of_an_administrator_must_be_valid_when_the_order_is_accepted(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    set_card_status(Actor.system(), number=ADMINISTRATOR.card, status="lost", reason="Perdue")
    assert refusal(approve_order, ALICE.actor, reference=reference, version=1) == {
        "order.administrator-card-status"
    }


def test_the_signatory_must_be_of_the_contract(instance: Instance) -> None:
    reference = by_mail(signatory=STRANGER).line.reference
    take_order(ALICE.actor, reference=reference)
    assert refusal(approve_order, ALICE.actor, reference=reference, version=1) == {
        "order.signatory-not-in-contract"
    }


def test_an_order_on_line_is_signed_by_the_card_at_the_door_only(instance: Instance) -> None:
    by_administrator = receive_form(ADMINISTRATOR.actor, raw=form(), channel="web")
    assert by_administrator.raw["visa"]["signed"] is False
    reference = by_administrator.line.reference
    assert refusal(sign_order, ADMINISTRATOR.actor, reference=reference, version=1) == {"order.not-signatory"}
    signed = sign_order(REPRESENTATIVE.actor, reference=reference, version=1)
    assert signed.raw["visa"] == {"date": "2026-11-24", "signed": True, "stamped": False}
    assert signed.line.version == 2


def visa_of(reference: str) -> tuple[Light, set[str]]:
    (check,) = (check for check in examination_of(reference).checks if check.kind == "visa")
    return check.light, {finding.code for finding in check.findings}


def test_a_visa_made_by_card_is_of_one_text_and_is_asked_again_for_another(instance: Instance) -> None:
    order = submitted()
    reference = order.line.reference
    signed = {"order.visa-not-stamped"}
    assert visa_of(reference)[1] == signed
    take_order(ALICE.actor, reference=reference)
    other = dict(order.raw) | {
        "administrators": form(administrators=(SECOND_ADMINISTRATOR,))["administrators"]
    }
    kept = amend_order(ALICE.actor, reference=reference, version=1, raw=other, why="Autre administrateur")
    assert kept.raw["visa"] == order.raw["visa"]
    assert visa_of(reference) == (Light.AMBER, signed | {"order.visa-of-another-text"})
    approve_order(BRUNO.actor, reference=reference, version=2)
    assert kept.signs_again
    again = sign_order(REPRESENTATIVE.actor, reference=reference, version=2)
    assert (again.line.version, again.line.approvals, again.signs_again) == (3, 0, False)
    assert visa_of(reference)[1] == signed
    assert sign_order(REPRESENTATIVE.actor, reference=reference, version=3).line.version == 3


def test_the_text_that_was_signed_is_signed_when_it_comes_back(instance: Instance) -> None:
    order = submitted()
    reference = order.line.reference
    take_order(ALICE.actor, reference=reference)
    settle_scope_kind(ALICE.actor, reference=reference, version=1, offer=0, kind="server")
    assert "order.visa-of-another-text" in visa_of(reference)[1]
    amend_order(ALICE.actor, reference=reference, version=2, raw=order.raw, why="Comme avant")
    assert "order.visa-of-another-text" not in visa_of(reference)[1]


def test_a_visa_on_paper_is_not_asked_again(instance: Instance) -> None:
    reference = by_mail(UNSETTLED, edition=OLD, visa=PAPER).line.reference
    take_order(ALICE.actor, reference=reference)
    settle_scope_kind(ALICE.actor, reference=reference, version=1, offer=0, kind="domain")
    assert visa_of(reference) == (Light.AMBER, {"order.visa-without-piece"})  # and never "signed anew"


@pytest.mark.parametrize("place", ["signatory", "administrator"])
def test_a_mistyped_card_number_opens_nothing_once_it_is_corrected(instance: Instance, place: str) -> None:
    wrong = {"signatory": STRANGER} if place == "signatory" else {"administrators": (STRANGER,)}
    reference = by_mail(**wrong).line.reference
    stranger = STRANGER.national_id.text
    assert order_for(reference, viewer=stranger) is not None
    take_order(ALICE.actor, reference=reference)
    amend_order(ALICE.actor, reference=reference, version=1, raw=form(), why="Numéro mal lu")
    assert order_for(reference, viewer=stranger) is None
    assert orders_of(stranger) == ()
    assert refusal(abandon_order, STRANGER.actor, reference=reference) == {"order.unknown"}
    assert order_for(reference, viewer=ADMINISTRATOR.national_id.text) is not None
    assert order_for(reference, viewer=REPRESENTATIVE.national_id.text) is not None


def test_orders_made_before_are_seen_by_the_parties_of_their_present_text(instance: Instance) -> None:
    reference = by_mail(administrators=(STRANGER,)).line.reference
    take_order(ALICE.actor, reference=reference)
    amend_order(ALICE.actor, reference=reference, version=1, raw=form(), why="Numéro mal lu")
    with connection.cursor() as cursor:  # as it was: parties without the version they are of
        for refused in ("update", "delete"):
            drop = f"DROP TRIGGER sceau_orderparty_no_{refused}"
            cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_orderparty")
    old = OrderParty.objects.filter(version=2)
    old.exclude(role="administrator").delete()  # they were written once, for the first version
    old.update(version=1)
    assert order_for(reference, viewer=ADMINISTRATOR.national_id.text) is None
    migration = import_module("sceau.records.migrations.0005_present_parties_signed_text")
    migration.name_present_parties(apps, None)
    for someone, sees in (
        (ADMINISTRATOR, True),
        (REPRESENTATIVE, True),
        (MANDATAIRE, True),
        (STRANGER, False),
    ):
        assert (order_for(reference, viewer=someone.national_id.text) is not None) is sees


def test_who_was_part_of_an_earlier_version_still_decides_nothing(instance: Instance) -> None:
    reference = by_mail(administrators=(ADMINISTRATOR, ALICE)).line.reference
    take_order(BRUNO.actor, reference=reference)
    amend_order(BRUNO.actor, reference=reference, version=1, raw=form(), why="Sans Alice")
    assert refusal(approve_order, ALICE.actor, reference=reference, version=2) == {"order.own-order"}


def test_what_a_form_says_of_a_letter_is_worth_nothing_without_the_letter(instance: Instance) -> None:
    letter = {"received": True, "signed": True, "id_copy": True, "purpose": ""}
    lent = offer("serv-ssl", declared="autre-exemple.fr", owner="holder", letter=letter)
    order = submitted(lent)
    reference = order.line.reference
    assert "order.letter-missing" in {finding.code for finding in examination_of(reference).reds}
    again = amend_order(REPRESENTATIVE.actor, reference=reference, version=1, raw=form(lent), why="lettre")
    assert again.line.version == 1
    take_order(ALICE.actor, reference=reference)
    seen = dict(order.raw) | {"offers": [lent]}
    amend_order(ALICE.actor, reference=reference, version=1, raw=seen, why="lettre reçue")
    assert "order.letter-missing" in {finding.code for finding in examination_of(reference).reds}


def test_a_form_with_errors_is_refused_on_line_and_kept_when_it_came_by_mail(instance: Instance) -> None:
    wrong = form(structure=form()["structure"] | {"siret": "18751275100021"})
    assert "siret.check-digit" in refusal(receive_form, REPRESENTATIVE.actor, raw=wrong, channel="web")
    kept = receive_form(Actor.system("mail-room"), raw=wrong, channel="pdf")
    checks = examination_of(kept.line.reference).checks
    assert [(check.kind, check.light) for check in checks] == [("form", Light.RED)]


def test_the_same_submission_twice_is_one_order(instance: Instance) -> None:
    first = receive_form(REPRESENTATIVE.actor, raw=form(), channel="web", idempotency_key="abc")
    second = receive_form(REPRESENTATIVE.actor, raw=form(), channel="web", idempotency_key="abc")
    other = receive_form(ADMINISTRATOR.actor, raw=form(), channel="web", idempotency_key="abc")
    assert first.line.reference == second.line.reference != other.line.reference


def test_another_form_sent_again_is_not_taken_for_the_first(instance: Instance) -> None:
    def send(*offers: dict[str, Any]) -> OrderFile:
        return receive_form(REPRESENTATIVE.actor, raw=form(*offers), channel="web", idempotency_key="page")

    first = send()
    assert refusal(send, offer("org")) == {"order.key-for-another"}
    assert send().line.reference == first.line.reference
    assert len(orders_of(REPRESENTATIVE.national_id.text)) == 1


def test_what_is_missing_is_asked_and_answered(instance: Instance) -> None:
    reference = by_mail(UNSETTLED, edition=OLD).line.reference
    take_order(ALICE.actor, reference=reference)
    asked = ask_for_more(ALICE.actor, reference=reference, text="Domaine ou serveur ?")
    assert asked.line.state == "incomplete"
    answered = answer_request(
        REPRESENTATIVE.actor, reference=reference, version=1, text="Le domaine.", raw=form(offer("serv-ssl"))
    )
    assert answered.line.state == "under-review"
    assert answered.line.version == 2
    assert [(note.kind, note.answered_at is not None) for note in answered.notes] == [
        ("request", True),
        ("answer", False),
    ]


def test_the_requester_edits_nothing_during_the_review(instance: Instance) -> None:
    order = submitted()
    reference = order.line.reference
    take_order(ALICE.actor, reference=reference)
    edit = {"reference": reference, "version": 1, "raw": form(offer("org")), "why": "Autre offre"}
    assert refusal(amend_order, REPRESENTATIVE.actor, **edit) == {"order.under-review"}


def test_an_officer_who_is_part_of_an_order_does_not_edit_it_as_the_desk(instance: Instance) -> None:
    reference = by_mail(signatory=ALICE).line.reference
    take_order(BRUNO.actor, reference=reference)
    edit = {"reference": reference, "version": 1, "raw": form(), "why": "Visa"}
    assert refusal(amend_order, ALICE.actor, **edit) == {"order.under-review"}
    settle = {"reference": reference, "version": 1, "offer": 0, "kind": "server"}
    assert refusal(settle_scope_kind, ALICE.actor, **settle) == {"order.own-order"}


def test_a_refused_order_is_final_and_its_reason_is_told(instance: Instance) -> None:
    reference = submitted().line.reference
    take_order(ALICE.actor, reference=reference)
    refuse_order(ALICE.actor, reference=reference, reason="La structure n'existe plus.")
    seen = order_for(reference, viewer=REPRESENTATIVE.national_id.text)
    assert seen is not None
    assert seen.reason == "La structure n'existe plus."
    assert seen.events == ()
    for act in (take_order, abandon_order):
        assert refusal(act, BRUNO.actor, reference=reference) == {"order.decided-already"}
    assert refusal(approve_order, BRUNO.actor, reference=reference, version=1) == {"order.decided-already"}


def test_the_requester_gives_up(instance: Instance) -> None:
    reference = submitted().line.reference
    assert abandon_order(REPRESENTATIVE.actor, reference=reference).line.state == "abandoned"


def test_an_order_is_nobody_elses(instance: Instance) -> None:
    reference = submitted().line.reference
    assert order_for(reference, viewer=STRANGER.national_id.text) is None
    assert order_for("CMD-00000-00000", viewer=STRANGER.national_id.text) is None
    assert orders_of(STRANGER.national_id.text) == ()
    for act, more in (
        (abandon_order, {}),
        (amend_order, {"version": 1, "raw": form(), "why": "Moi"}),
        (answer_request, {"version": 1, "text": "Moi"}),
    ):
        unknown = refusal(act, STRANGER.actor, reference="CMD-00000-00000", **more)
        assert refusal(act, STRANGER.actor, reference=reference, **more) == unknown == {"order.unknown"}


def test_internal_notes_are_for_the_desk_only(instance: Instance) -> None:
    reference = submitted().line.reference
    note_order(ALICE.actor, reference=reference, text="Rappeler le contrat.")
    seen = order_for(reference, viewer=REPRESENTATIVE.national_id.text)
    file = order_file(reference)
    assert seen is not None
    assert file is not None
    assert seen.notes == ()
    assert [note.text for note in file.notes] == ["Rappeler le contrat."]


def test_the_queue_shows_what_waits_oldest_first_page_by_page(instance: Instance) -> None:
    references = []
    for _ in range(5):
        references.append(submitted().line.reference)
        instance.clock.forward(minutes=1)
    take_order(ALICE.actor, reference=references[0])
    seen: dict[str, Any] = {"officer": ALICE.national_id.text, "at": instance.clock.now, "limit": 3}
    first = desk_page(which="todo", **seen)
    rest = desk_page(which="todo", after=first.after, **seen)
    assert [line.order.reference for line in (*first.lines, *rest.lines)] == references
    mine = desk_page(which="mine", **seen)
    assert [line.order.reference for line in mine.lines] == references[:1]


def test_a_second_order_for_the_same_right_is_a_further_version(instance: Instance) -> None:
    accepted()
    again = accepted()
    (right,) = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert right.version == 2
    assert right.order_reference == again.line.reference


def test_the_restriction_nobody_answered_stays(instance: Instance) -> None:
    reference = by_mail(offer("serv-mail", restricted=None), edition="2024-03").line.reference
    take_order(ALICE.actor, reference=reference)
    file = order_file(reference)
    assert file is not None
    ambers = {finding.code for finding in examination_of(reference).ambers}
    assert "order.restriction-open" in ambers
    approve_order(ALICE.actor, reference=reference, version=1)
    approve_order(BRUNO.actor, reference=reference, version=1)
    rights = habilitations_of(ADMINISTRATOR.national_id.text, at=NOON)
    assert {line.scope_restricted for line in rights} == {True}


def test_a_machine_has_no_hand_in_decisions(instance: Instance) -> None:
    reference = submitted().line.reference
    assert refusal(take_order, Actor.system(), reference=reference) == {"operations.person-unknown"}
