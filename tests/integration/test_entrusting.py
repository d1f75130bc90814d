"""Section 4 of an order in a designated team's hands and back: the same door as for a named person, at any
moment before the order is decided; who had it, and who wrote, is told and kept.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sceau.operations import (
    EntrustTo,
    Written,
    accept_designation,
    amend_designation,
    approve_order,
    ask_for_more,
    delete_draft,
    entrust_technical_part,
    expire_drafts,
    give_back_technical_part,
    make_mails,
    open_correction,
    open_draft,
    part_digest,
    receive_form,
    remind,
    save_draft,
    send_draft,
    send_mails,
    take_back_technical_part,
    take_order,
)
from sceau.records import DraftFile, draft_for, drafts_of, entrusted_of, order_for
from sceau.records.models import (
    Approval,
    ContractParty,
    Entrusting,
    JournalEntry,
    Order,
    OrderDraft,
    OrderParty,
)
from sceau.vocabulary import Refused, errors
from tests.designations import EDITOR, TECHNICIAN, admitted, designated, editor_registered, offered, terms
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    MANDATAIRE,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    form,
    give_role,
    offer,
)
from tests.integration.test_designations import ended
from tests.postal import Desk, with_mail


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


def begun(by: Someone = REPRESENTATIVE, **changes: Any) -> str:
    """A draft of which the structure wrote its own part only."""
    raw = form(**changes) | {"offers": [], "administrators": [], "usage": {}}
    return open_draft(by.actor, raw=raw, origin="blank").line.reference


def entrusted(designation: str = "", *, by: Someone = REPRESENTATIVE, word: str = "") -> str:
    reference = begun(by)
    to = EntrustTo(designation=designation or designated())
    return entrust_technical_part(by.actor, reference=reference, to=to, word=word).line.reference


def seen(reference: str, someone: Someone, instance: Instance) -> DraftFile | None:
    return draft_for(reference, viewer=someone.national_id.text, at=instance.clock())


def write(someone: Someone, reference: str, section: str, value: Any) -> DraftFile:
    before = json_of(reference).get(section)
    written = Written({section: value}, {section: part_digest(before)}, section)
    return save_draft(someone.actor, reference=reference, written=written)


def json_of(reference: str) -> dict[str, Any]:
    return dict(json.loads(OrderDraft.objects.get(reference=reference).raw))


def filled(reference: str, by: Someone = TECHNICIAN) -> None:
    whole = form(offer("serv-ssl"), administrators=(ADMINISTRATOR,))
    for section in ("usage", "offers", "administrators"):
        write(by, reference, section, whole[section])


def test_handed_over_filled_given_back_read_again_and_sent_by_the_structure(editor: Instance) -> None:
    designation = designated()
    reference = entrusted(designation, word="Pour notre portail")
    theirs = seen(reference, TECHNICIAN, editor)
    assert theirs is not None
    assert (theirs.line.writer, theirs.in_hand and theirs.in_hand.word) == ("helper", "Pour notre portail")
    assert set(theirs.raw) == {"edition", "structure", "usage", "offers", "administrators"}
    assert REPRESENTATIVE.card not in repr(theirs)
    assert [one.reference for one in drafts_of(TECHNICIAN.national_id.text, at=editor.clock())] == [reference]
    filled(reference)
    give_back_technical_part(EDITOR.actor, reference=reference, word="C’est prêt")
    assert seen(reference, TECHNICIAN, editor) is None
    mine = seen(reference, REPRESENTATIVE, editor)
    assert mine is not None
    assert mine.came_back is not None
    assert (mine.came_back.answer, mine.came_back.writers) == ("C’est prêt", ("Rémi Réseau",))
    file = send_draft(REPRESENTATIVE.actor, reference=reference)
    assert file.raw["visa"]["signed"] is True
    assert file.raw["offers"][0]["declared"] == "chu-exemple.fr"
    (line,) = entrusted_of(order=file.line.reference)
    assert (line.third_party, line.returned) == ("Éditeur de l'Exemple", "given-back")
    assert entrusted_of(designation=designation) == (line,)
    told = JournalEntry.objects.filter(subject=reference).values_list("kind", flat=True)
    assert {"draft.entrusted", "draft.saved", "draft.given-back", "draft.sent"} <= set(told)
    take_order(ALICE.actor, reference=file.line.reference)
    approve_order(ALICE.actor, reference=file.line.reference, version=1)
    assert approve_order(BRUNO.actor, reference=file.line.reference, version=1).line.state == "accepted"


@pytest.mark.parametrize("place", ["structure", "contract", "signatory", "declarations"])
def test_the_structures_own_places_are_not_the_teams_to_write(editor: Instance, place: str) -> None:
    reference = entrusted()
    assert refusal(write, TECHNICIAN, reference, place, form()[place]) & {
        "order-draft.not-yours-to-write",
        "technical.not-yours",
    }
    assert json_of(reference)[place] == form()[place]


def test_only_the_team_fills_and_only_within_its_designation(editor: Instance) -> None:
    reference = entrusted(designated(names=("chu-exemple.fr",)))
    for nobody in (STRANGER, ADMINISTRATOR, ALICE, OTHER_REPRESENTATIVE, MANDATAIRE):
        assert refusal(write, nobody, reference, "offers", []) == {"order-draft.unknown"}
    outside = [offer("org") | {"products": ["ORG_SIGN"]}]
    elsewhere = [offer("serv-ssl", declared="autre.fr")]
    for lines, code in ((outside, "technical.product"), (elsewhere, "technical.name")):
        assert refusal(write, TECHNICIAN, reference, "offers", lines) == {code}
    filled(reference)
    filled(reference, EDITOR)
    assert Entrusting.objects.get().writers == [TECHNICIAN.national_id.text]  # the other changed nothing


def test_the_team_never_sends_deletes_or_takes_back_nor_sees_it_afterwards(editor: Instance) -> None:
    reference = entrusted()
    for verb in (send_draft, delete_draft, take_back_technical_part):
        assert refusal(verb, TECHNICIAN.actor, reference=reference) == {"order-draft.not-yours-to-do"}
    assert refusal(send_draft, REPRESENTATIVE.actor, reference=reference) == {"life.not-now"}
    take_back_technical_part(REPRESENTATIVE.actor, reference=reference)
    assert refusal(write, TECHNICIAN, reference, "offers", []) == {"order-draft.unknown"}
    assert seen(reference, TECHNICIAN, editor) is None
    assert not Order.objects.exists()


def test_it_goes_to_a_person_then_to_a_team_and_the_whole_way_is_kept(editor: Instance) -> None:
    reference, designation = begun(), designated()
    by_card = EntrustTo(person=ADMINISTRATOR.card)
    entrust_technical_part(REPRESENTATIVE.actor, reference=reference, to=by_card, word="")
    again = EntrustTo(designation=designation)
    assert refusal(entrust_technical_part, REPRESENTATIVE.actor, reference=reference, to=again) == {
        "life.not-now"
    }
    take_back_technical_part(REPRESENTATIVE.actor, reference=reference)
    entrust_technical_part(REPRESENTATIVE.actor, reference=reference, to=again)
    filled(reference)
    give_back_technical_part(TECHNICIAN.actor, reference=reference)
    order = send_draft(REPRESENTATIVE.actor, reference=reference).line.reference
    assert [(one.helper, one.third_party, one.returned) for one in entrusted_of(order=order)] == [
        (ADMINISTRATOR.card, "", "taken-back"),
        ("", "Éditeur de l'Exemple", "given-back"),
    ]
    named = OrderParty.objects.filter(order__reference=order, role="technical")
    assert set(named.values_list("card_number", "person_id")) == {
        (ADMINISTRATOR.card, ""),
        ("", TECHNICIAN.national_id.text),
    }


def test_a_designation_that_ends_or_does_not_say_so_lets_nobody_fill(editor: Instance) -> None:
    offer_made = offered()
    designation = offer_made.line.reference
    assert refusal(entrusted, designation) == {"technical.not-designated"}
    accept_designation(EDITOR.actor, reference=designation, version=1)
    other = begun(contract="C-9")
    to = EntrustTo(designation=designation)
    assert refusal(entrust_technical_part, REPRESENTATIVE.actor, reference=other, to=to) == {
        "technical.other-contract"
    }
    for nobody in (STRANGER, OTHER_REPRESENTATIVE):
        theirs = begun(nobody)
        assert refusal(entrust_technical_part, nobody.actor, reference=theirs, to=to) == {
            "designation.unknown"
        }
    reference = entrusted(designation)
    assert refusal(write, REPRESENTATIVE, reference, "contract", {"number": "C-9"}) == {
        "technical.other-contract"
    }
    amend_designation(REPRESENTATIVE.actor, reference=designation, version=1, terms=terms(may_fill=False))
    assert refusal(write, TECHNICIAN, reference, "offers", []) == {"order-draft.unknown"}
    assert seen(reference, TECHNICIAN, editor) is None
    ended(designation)
    assert OrderDraft.objects.get(reference=reference).state == "writing"
    (line,) = entrusted_of(draft=reference)
    assert line.returned == "ended"


def test_an_order_that_was_sent_is_entrusted_by_the_same_door_until_it_is_decided(editor: Instance) -> None:
    designation = designated()
    raw = form(offer("serv-ssl", declared="mauvais-exemple.fr"))
    order = receive_form(REPRESENTATIVE.actor, raw=raw, channel="web").line.reference
    take_order(ALICE.actor, reference=order)
    draft = open_correction(REPRESENTATIVE.actor, reference=order).line.reference  # under review already
    to = EntrustTo(designation=designation)
    entrust_technical_part(REPRESENTATIVE.actor, reference=draft, to=to)
    write(TECHNICIAN, draft, "offers", [offer("serv-ssl")])
    give_back_technical_part(TECHNICIAN.actor, reference=draft)
    assert refusal(send_draft, REPRESENTATIVE.actor, reference=draft) == {"order.under-review"}
    ask_for_more(ALICE.actor, reference=order, text="Quel nom ?")
    file = send_draft(REPRESENTATIVE.actor, reference=draft)
    assert (file.line.reference, file.line.version) == (order, 2)
    assert file.raw["offers"][0]["declared"] == "chu-exemple.fr"
    assert [one.third_party for one in entrusted_of(order=order)] == ["Éditeur de l'Exemple"]


def test_who_wrote_the_technical_part_decides_nothing_on_the_order_and_sees_nothing_of_it(
    editor: Instance,
) -> None:
    reference = entrusted()
    filled(reference)
    give_back_technical_part(TECHNICIAN.actor, reference=reference)
    order = send_draft(REPRESENTATIVE.actor, reference=reference).line.reference
    assert order_for(order, viewer=TECHNICIAN.national_id.text) is None
    give_role(TECHNICIAN, "desk")
    assert "order.own-order" in refusal(take_order, TECHNICIAN.actor, reference=order)
    take_order(ALICE.actor, reference=order)
    row = Order.objects.get(reference=order)
    with pytest.raises(IntegrityError, match="nobody decides on their own order"), transaction.atomic():
        Approval.objects.create(
            order=row,
            version=1,
            officer=TECHNICIAN.national_id.text,
            card_number=TECHNICIAN.card,
            at=editor.clock(),
        )


def test_the_database_keeps_how_each_time_ended(editor: Instance) -> None:
    reference = entrusted()
    take_back_technical_part(REPRESENTATIVE.actor, reference=reference)
    for change in ({"returned": "given-back"}, {"number": 7}, {"digest": "0" * 64}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entrusting.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entrusting.objects.all().delete()


OWNER = "contact@chu-exemple.fr"  # beside the owner's own card on the form
TYPED = "ingenieur@hebergeur-exemple.fr"


def told(desk: Desk) -> set[tuple[str, str]]:
    make_mails()
    send_mails()
    found = {(one.to, one.subject) for one in desk.letters}
    desk.letters.clear()
    return found


def test_each_party_is_told_by_mail_at_each_turn(editor: Instance) -> None:
    designation = designated()
    desk = with_mail(editor)
    reference = entrusted(designation)
    (mail,) = told(desk)
    assert "vous confie la partie technique" in mail[1]
    give_back_technical_part(TECHNICIAN.actor, reference=reference, word="Prêt")
    (mail,) = told(desk)
    assert mail == (OWNER, "Partie technique rendue : à relire")
    to = EntrustTo(person="2600301752", email=TYPED)
    entrust_technical_part(REPRESENTATIVE.actor, reference=reference, to=to, word="Secret de la structure")
    (mail,) = told(desk)
    assert mail[0] == TYPED
    take_back_technical_part(REPRESENTATIVE.actor, reference=reference)
    (mail,) = told(desk)
    assert mail == (TYPED, f"La partie technique {reference} n'est plus à remplir")


def test_a_draft_about_to_go_and_gone_is_told_to_its_owner_and_to_who_has_it_in_hand(
    editor: Instance,
) -> None:
    ContractParty.objects.filter(card_number=REPRESENTATIVE.card).update(email="direction@chu-exemple.fr")
    desk = with_mail(editor)
    remind()
    reference = begun()
    to = EntrustTo(person="2600301752", email=TYPED)
    entrust_technical_part(REPRESENTATIVE.actor, reference=reference, to=to)
    told(desk)
    editor.clock.forward(days=51)
    remind()
    found = told(desk)
    assert {one for one, _ in found} == {OWNER, TYPED}
    assert all("il sera effacé" in subject for _, subject in found)
    editor.clock.forward(days=10)
    expire_drafts()
    found = told(desk)
    assert found == {
        ("direction@chu-exemple.fr", f"Brouillon {reference} : effacé"),  # what stood in it is gone
        (TYPED, f"La partie technique {reference} n'est plus à remplir"),
    }
    assert Entrusting.objects.get().word == ""


def test_a_draft_that_is_deleted_is_told_to_who_had_it_in_hand_only(editor: Instance) -> None:
    desk = with_mail(editor)
    reference = begun()
    to = EntrustTo(person="2600301752", email=TYPED)
    entrust_technical_part(REPRESENTATIVE.actor, reference=reference, to=to, word="Mot")
    told(desk)
    delete_draft(REPRESENTATIVE.actor, reference=reference)
    assert {one for one, _ in told(desk)} == {TYPED}
    row = Entrusting.objects.get()
    assert (row.word, row.returned) == ("", "deleted")
