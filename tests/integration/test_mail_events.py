"""Each step of a life is told to who it concerns: the desk's acts, departures, amendments, cards, tokens; and
the desk's own deadlines are recalled, to the requester and to its officers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sceau.catalogue import MailRole
from sceau.operations import (
    Hold,
    LineDecision,
    answer_request,
    ask_for_more,
    assign_order,
    comment_order,
    create_token,
    decide_departure,
    drop_departure,
    finish_departure,
    hold_order,
    machine,
    make_mails,
    release_order,
    remind,
    revoke_token,
    send_mails,
    take_order,
    unhold_order,
    untold_officers,
    welcome_card,
)
from sceau.operations.addressees import addresses_of
from sceau.operations.matters import matter_of
from sceau.operations.post import MailRoom
from sceau.records.models import ContractParty, DeskCase, MailboxConfirmation, Person
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CONTRACT,
    NOON,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    Instance,
    Someone,
    accepted,
    offer,
    right_for,
    submitted,
)
from tests.integration.test_amendments import amended, answered, approved
from tests.integration.test_card_continuity import holder_of
from tests.integration.test_departures import BOTH, issued, leaving
from tests.postal import Desk, with_mail

ON_FORM = "contact@chu-exemple.fr"
DIRECTION = "direction@chu-exemple.fr"
SHARED = "guichet@ans-exemple.fr"


@pytest.fixture
def desk(instance: Instance) -> Desk:
    """People are written to; the representative and two officers have addresses of their own."""
    postman = with_mail(instance)
    room = machine().mail
    assert room is not None
    instance.at_another(mail=MailRoom(postman, room.domain, room.portal, room.contact, desk=SHARED))
    ContractParty.objects.filter(contract__number=CONTRACT, quality="representative").update(email=DIRECTION)
    for officer in (ALICE, BRUNO):
        confirm(officer)
    return postman


def confirm(someone: Someone) -> str:
    mailbox = f"{someone.surname.lower()}@ans-exemple.fr"
    MailboxConfirmation.objects.create(
        person=Person.objects.get(national_id=someone.national_id.text),
        mailbox=mailbox,
        code_hash="x",
        sent_at=NOON,
        confirmed_at=NOON,
    )
    return mailbox


def post(desk: Desk) -> dict[tuple[str, str], str]:
    """Everything that leaves now: (to, subject) → text on one line."""
    desk.letters.clear()
    make_mails()
    send_mails()
    return {(one.to, one.subject): " ".join(one.text.split()) for one in desk.letters}


def order_with(desk: Desk) -> str:
    order = submitted(offer("serv-ssl")).line.reference
    post(desk)
    return order


def test_a_comment_is_told_in_its_own_words_and_asks_for_nothing(desk: Desk) -> None:
    order = order_with(desk)
    take_order(ALICE.actor, reference=order)
    comment_order(ALICE.actor, reference=order, text="Premier message.")
    first = post(desk)
    assert list(first) == [(ON_FORM, f"Commande {order} : un message du guichet")]
    comment_order(ALICE.actor, reference=order, text="Second message.")
    (text,) = post(desk).values()
    assert "> Second message." in text
    assert "Premier" not in text
    assert "aucune réponse n'est attendue" in text


def test_an_order_given_is_told_to_who_is_given_it_not_to_who_takes_it(desk: Desk) -> None:
    order = order_with(desk)
    take_order(ALICE.actor, reference=order)
    assign_order(ALICE.actor, reference=order, to=ALICE.national_id.text)
    assert post(desk) == {}
    assign_order(ALICE.actor, reference=order, to=BRUNO.national_id.text)
    told = post(desk)
    assert list(told) == [("second@ans-exemple.fr", f"Commande {order} : elle vous est confiée")]
    assert f"/guichet/{order}/" in next(iter(told.values()))
    release_order(ALICE.actor, reference=order)
    assert list(post(desk)) == [("second@ans-exemple.fr", f"Commande {order} : vous ne la suivez plus")]


def test_an_officer_without_an_address_is_written_to_at_the_desks_and_never_at_the_structures(
    desk: Desk,
) -> None:
    MailboxConfirmation.objects.all().delete()
    order = order_with(desk)
    assign_order(ALICE.actor, reference=order, to=BRUNO.national_id.text)
    assert [to for to, _ in post(desk)] == [SHARED]


def test_an_order_put_aside_and_taken_up_again_is_told_without_the_desks_reasons(desk: Desk) -> None:
    order = order_with(desk)
    take_order(ALICE.actor, reference=order)
    hold_order(ALICE.actor, reference=order, hold=Hold("Doute sur la signature", date(2026, 12, 4), "piece"))
    ((to, subject), text) = next(iter(post(desk).items()))
    assert (to, subject) == (ON_FORM, f"Commande {order} : examen en attente")
    assert "en attente jusqu'au 4 décembre 2026 ou jusqu'à l'arrivée d'une pièce" in text
    assert "Doute" not in text
    unhold_order(ALICE.actor, reference=order)
    assert list(post(desk)) == [(ON_FORM, f"Commande {order} : l'examen reprend")]


def days_on(instance: Instance, desk: Desk, days: int) -> list[tuple[int, str, str]]:
    """What leaves on each of the days to come: (day, to, subject)."""
    seen = []
    for day in range(1, days + 1):
        instance.clock.forward(days=1)
        remind()
        seen += [(day, to, subject) for to, subject in post(desk)]
    return seen


def test_an_awaited_answer_is_recalled_by_the_desks_own_deadline(instance: Instance, desk: Desk) -> None:
    order = order_with(desk)
    take_order(ALICE.actor, reference=order)
    ask_for_more(ALICE.actor, reference=order, text="Il manque la lettre.", due=date(2026, 12, 4))
    remind()
    assert [to for to, _ in post(desk)] == [ON_FORM]
    seen = days_on(instance, desk, 14)
    awaited = f"Commande {order} : votre réponse est attendue le 4 décembre 2026"
    late = f"Commande {order} : sans réponse, elle peut être classée"
    assert [one for one in seen if one[1] == ON_FORM] == [
        (4, ON_FORM, awaited),
        (9, ON_FORM, awaited),
        (12, ON_FORM, late),
    ]
    assert {one for one in seen if one[1] != ON_FORM} == {
        (12, "premier@ans-exemple.fr", f"Commande {order} : en retard"),
        (12, SHARED, f"Commande {order} : en retard"),
    }


def test_an_answer_that_came_is_no_longer_recalled_and_is_told_to_the_officer(
    instance: Instance, desk: Desk
) -> None:
    order = order_with(desk)
    take_order(ALICE.actor, reference=order)
    ask_for_more(ALICE.actor, reference=order, text="Il manque la lettre.", due=date(2026, 12, 4))
    post(desk)
    remind()
    answer_request(REPRESENTATIVE.actor, reference=order, version=1, text="La voici.")
    assert list(post(desk)) == [("premier@ans-exemple.fr", f"Commande {order} : du nouveau")]
    assert [one for one in days_on(instance, desk, 4) if "réponse" in one[2]] == []


def test_a_late_order_is_recalled_to_its_officer_once(instance: Instance, desk: Desk) -> None:
    order = order_with(desk)
    take_order(BRUNO.actor, reference=order)
    post(desk)
    remind()
    assert DeskCase.objects.get().due_at == NOON + timedelta(days=5)
    seen = days_on(instance, desk, 9)
    assert {(day, to) for day, to, _ in seen} == {(6, "second@ans-exemple.fr"), (6, SHARED)}
    assert {subject for *_, subject in seen} == {f"Commande {order} : en retard"}


def test_a_departure_is_told_at_each_step_to_who_leaves_and_who_decides(
    instance: Instance, desk: Desk
) -> None:
    accepted(administrators=BOTH)
    first = issued("first")
    successor = confirm(SECOND_ADMINISTRATOR)
    post(desk)
    departure = leaving(ALICE)
    told = post(desk)
    opened = "Départ de Jean-Noël Lefèvre : 1 certificat à décider"
    assert {(ON_FORM, opened), (DIRECTION, opened)} <= set(told)
    assert f"/departs/{departure}/" in told[DIRECTION, opened]
    assert "Change d'établissement" not in told[ON_FORM, opened]
    decide_departure(
        ALICE.actor,
        reference=departure,
        decisions=[LineDecision(first, "hand-over", SECOND_ADMINISTRATOR.national_id.text)],
    )
    told = post(desk)
    assert [subject for _, subject in told] == ["Un certificat vous est confié : www.chu-exemple.fr"]
    assert {to for to, _ in told} <= {ON_FORM, successor}
    finish_departure(ALICE.actor, reference=departure)
    finished = {(to, subject) for to, subject in post(desk) if subject.startswith("Départ")}
    assert finished == {(to, "Départ de Jean-Noël Lefèvre : terminé") for to in (ON_FORM, DIRECTION)}


def test_a_dropped_departure_is_told(instance: Instance, desk: Desk) -> None:
    accepted(administrators=BOTH)
    issued("first")
    post(desk)
    departure = leaving(ALICE)
    drop_departure(ALICE.actor, reference=departure, reason="Erreur de personne")
    dropped = {(to, subject) for to, subject in post(desk) if "annulé" in subject}
    assert dropped == {(to, "Départ de Jean-Noël Lefèvre : annulé") for to in (ON_FORM, DIRECTION)}


def test_what_was_handed_over_is_recalled_to_who_took_it_over(instance: Instance, desk: Desk) -> None:
    accepted(administrators=BOTH)
    first = issued("first")
    successor = confirm(SECOND_ADMINISTRATOR)
    departure = leaving(ALICE)
    decision = LineDecision(first, "hand-over", SECOND_ADMINISTRATOR.national_id.text)
    decide_departure(ALICE.actor, reference=departure, decisions=[decision])
    matter = matter_of(first)
    assert matter is not None
    assert successor in addresses_of(matter, MailRole.ADMINISTRATOR, at=NOON)


def test_an_amendment_is_told_when_it_comes_and_when_it_is_done_once(instance: Instance, desk: Desk) -> None:
    base = accepted(offer("serv-ssl"), administrators=BOTH).line.reference
    post(desk)
    order = amended(base, offer("serv-ssl"), administrators=(SECOND_ADMINISTRATOR,))
    told = post(desk)
    assert set(told) == {
        (ON_FORM, f"Commande {order} : bien reçue"),
        (DIRECTION, f"Commande {order} : elle modifie {base}"),
    }
    answered(order)
    assert post(desk) == {}
    approved(order)
    done = {(to, subject): text for (to, subject), text in post(desk).items() if order in subject}
    assert set(done) == {
        (to, f"Commande {order} : acceptée, la modification est faite") for to in (ON_FORM, DIRECTION)
    }
    assert all("nouvelles : 0, gardées : 1, retirées : 1." in text for text in done.values())


def test_a_card_that_is_held_and_a_token_are_told_to_whose_they_are(instance: Instance, desk: Desk) -> None:
    accepted()
    post(desk)
    with pytest.raises(Refused):
        welcome_card(holder_of(ADMINISTRATOR))
    told = post(desk)
    held = "Une nouvelle carte de Jean-Noël Lefèvre attend d'être vérifiée"
    assert {subject for _, subject in told} == {held}
    assert "Carte se terminant par 0777" in told[ON_FORM, held]
    assert "2600000777" not in told[ON_FORM, held]
    token = create_token(
        ADMINISTRATOR.actor,
        habilitation=right_for("SERV_SSL"),
        label="machine",
        valid_until=instance.clock.now + timedelta(days=9),
        terms_accepted=True,
    ).line.reference
    ((to, subject), text) = next(iter(post(desk).items()))
    assert (to, subject) == (
        ON_FORM,
        "Un programme peut demander des certificats en votre nom : Certificat de serveur SSL",
    )
    assert f"Jeton {token}" in text
    revoke_token(ADMINISTRATOR.actor, reference=token)
    assert [subject for _, subject in post(desk)] == [f"Jeton révoqué : {token}"]


def test_an_officer_whom_no_mail_reaches_is_seen_until_a_mailbox_is_behind_them(instance: Instance) -> None:
    def names() -> set[str]:
        return {one.national_id for one in untold_officers()}

    assert names() == set()  # an instance that writes to nobody has no such matter
    with_mail(instance)
    both = {ALICE.national_id.text, BRUNO.national_id.text}
    assert both <= names()
    MailboxConfirmation.objects.create(
        person=Person.objects.get(national_id=ALICE.national_id.text),
        mailbox="alice@autorite.example",
        code_hash="x",
        sent_at=NOON,
        confirmed_at=NOON,
    )
    assert ALICE.national_id.text not in names()
    assert BRUNO.national_id.text in names()
    room = machine().mail
    assert room is not None
    instance.at_another(mail=replace(room, desk="guichet@autorite.example"))
    assert names() == set()
