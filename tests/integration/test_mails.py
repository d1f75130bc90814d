"""Telling people: notices with their act, mails once each, addresses that die, reminders in time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    Delivery,
    Fate,
    ask_for_more,
    issue_certificate,
    machine,
    make_mails,
    refuse_order,
    remind,
    resend_mail,
    revive_address,
    revoke_certificate,
    send_mails,
    set_card_status,
    suspend_habilitation,
    take_order,
)
from sceau.records.models import DeadAddress, DeskTask, Mail, Notice
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    CONTRACT,
    REPRESENTATIVE,
    Instance,
    accepted,
    offer,
    right_for,
    server_request,
    set_contract_state,
    submitted,
)
from tests.postal import Desk, with_mail

ON_FORM = "contact@chu-exemple.fr"
BAD = Delivery(Fate.REFUSED, "550 5.1.1 no such user", address_is_bad=True)


def post(desk: Desk) -> list[str]:
    """Everything that leaves now, by subject."""
    desk.letters.clear()
    make_mails()
    send_mails()
    return [one.subject for one in desk.letters]


def test_each_step_of_an_order_is_told_to_who_ordered(instance: Instance) -> None:
    desk = with_mail(instance)
    order = submitted(offer("serv-ssl")).line.reference
    assert post(desk) == [f"Commande {order} : bien reçue"]
    assert desk.letters[0].to == ON_FORM
    take_order(ALICE.actor, reference=order)
    ask_for_more(ALICE.actor, reference=order, text="Il manque la lettre.\nEt la date.")
    assert post(desk) == [f"Commande {order} : le guichet attend votre réponse"]
    assert "> Il manque la lettre.\n> Et la date." in desk.letters[0].text
    assert "Il manque la lettre.<br>Et la date." in desk.letters[0].html
    refuse_order(ALICE.actor, reference=order, reason="Le nom n'est pas le vôtre.")
    assert post(desk) == [f"Commande {order} : refusée"]
    assert post(desk) == []


def test_an_acceptance_is_told_with_the_right_it_grants(instance: Instance) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    subjects = post(desk)
    assert any(one.endswith(": acceptée") for one in subjects)
    granted = [one for one in desk.letters if one.subject.startswith("Vous pouvez demander")]
    assert len(granted) == 1
    assert right_for("SERV_SSL") in granted[0].text
    assert "chu-exemple.fr" in granted[0].text


def test_nothing_is_told_of_an_act_that_was_rolled_back(instance: Instance) -> None:
    with_mail(instance)
    before = Notice.objects.count()

    with transaction.atomic():
        submitted(offer("serv-ssl"))
        assert Notice.objects.count() == before + 1
        transaction.set_rollback(True)
    assert Notice.objects.count() == before


def test_a_certificate_is_told_when_it_is_ready_and_when_it_ends(instance: Instance) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    post(desk)
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert post(desk) == ["Certificat prêt à retirer : www.chu-exemple.fr"]
    revoke_certificate(
        ADMINISTRATOR.actor, reference=file.line.reference, quality="administrator", reason="superseded"
    )
    assert post(desk) == ["Certificat révoqué : www.chu-exemple.fr"]


def test_a_suspension_a_card_and_a_contract_are_told(instance: Instance) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    post(desk)
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Vérification en cours")
    assert post(desk) == ["Habilitation suspendue : Certificat de serveur SSL"]
    assert "Vérification en cours" in desk.letters[0].text
    set_card_status(ALICE.actor, number=ADMINISTRATOR.card, status="revoked", reason="Perdue")
    assert post(desk) == ["Carte de Jean-Noël Lefèvre : mise en opposition"]
    assert ADMINISTRATOR.card not in desk.letters[0].text
    set_card_status(ALICE.actor, number=ADMINISTRATOR.card, status="valid", reason="Retrouvée")
    assert post(desk) == []
    set_contract_state(state="suspended")
    assert post(desk) in ([], [f"Contrat {CONTRACT} : suspendu"])


def test_a_server_that_is_away_is_asked_again_less_and_less_often(instance: Instance) -> None:
    desk = with_mail(instance)
    desk.answers[ON_FORM] = Delivery(Fate.LATER, "451 later")
    submitted(offer("serv-ssl"))
    assert len(post(desk)) == 1
    assert post(desk) == []
    instance.clock.forward(minutes=1)
    assert len(post(desk)) == 1
    instance.clock.forward(minutes=1)
    assert post(desk) == []
    instance.clock.forward(minutes=1)
    assert len(post(desk)) == 1
    desk.answers.clear()
    instance.clock.forward(minutes=4)
    assert len(post(desk)) == 1
    mail = Mail.objects.get()
    assert (mail.state, mail.tries) == ("sent", 4)
    assert len({one.message_id for one in desk.letters}) == 1


def test_a_mail_that_a_crash_left_on_its_way_is_presumed_sent_and_never_leaves_again(
    instance: Instance,
) -> None:
    class Crash(Exception):
        pass

    class Dying(Desk):
        def deliver(self, letter: object) -> Delivery:
            super().deliver(letter)  # type: ignore[arg-type]
            raise Crash

    desk = with_mail(instance, Dying())
    submitted(offer("serv-ssl"))
    with pytest.raises(Crash):
        post(desk)
    assert Mail.objects.get().state == "sending"
    desk = with_mail(instance)
    assert post(desk) == []
    instance.clock.forward(minutes=11)
    assert post(desk) == []
    assert Mail.objects.get().state == "presumed"


def test_a_mail_is_sent_again_once_by_the_desk_and_never_twice(instance: Instance) -> None:
    desk = with_mail(instance)
    submitted(offer("serv-ssl"))
    post(desk)
    mail = Mail.objects.get()
    with pytest.raises(Refused):
        resend_mail(REPRESENTATIVE.actor, number=mail.pk)
    copy = resend_mail(ALICE.actor, number=mail.pk)
    assert len(post(desk)) == 1
    for number in (mail.pk, copy):
        with pytest.raises(Refused) as refusal:
            resend_mail(ALICE.actor, number=number)
        assert refusal.value.findings[0].code == "mail.resent-already"
    assert len({one.message_id for one in Mail.objects.all()}) == 2


def test_a_dead_address_hands_on_to_the_next_and_at_last_to_the_desk(instance: Instance) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    post(desk)
    desk.answers[ON_FORM] = BAD
    right = right_for("SERV_SSL")
    suspend_habilitation(ALICE.actor, reference=right, reason="Essai")
    post(desk)
    post(desk)
    assert DeadAddress.objects.get().address == ON_FORM
    assert DeskTask.objects.filter(code="mail.nobody-reached").count() == 1
    task = DeskTask.objects.get(code="mail.nobody-reached")
    assert task.subject == right
    revive_address(ALICE.actor, address=ON_FORM, reason="Vérifiée au téléphone")
    assert not DeadAddress.objects.exists()


def test_what_ends_is_told_at_each_delay_once(instance: Instance) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    remind()
    post(desk)
    ends = file.line.not_after
    seen = []
    for _ in range(110):
        remind()
        for subject in post(desk):
            if subject.startswith(("À renouveler", "Expiré")):
                seen.append((ends - instance.clock.now).days)
        if instance.clock.now < ends - timedelta(days=95):
            instance.clock.now = ends - timedelta(days=95)
        else:
            instance.clock.forward(days=1)
    assert seen == [90, 60, 30, 7, -1]


def test_a_walk_ends_though_the_clock_goes_on(instance: Instance) -> None:
    with_mail(instance)
    asked = 0

    def going_on() -> datetime:
        nonlocal asked
        asked += 1
        assert asked < 100
        return instance.clock.now + timedelta(microseconds=asked)

    instance.at_another(mail=machine().mail, clock=going_on)
    assert remind() == 0


def test_a_revoked_or_replaced_certificate_has_no_reminder(instance: Instance) -> None:
    desk = with_mail(instance)
    accepted(offer("serv-ssl"))
    file = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    revoke_certificate(
        ADMINISTRATOR.actor, reference=file.line.reference, quality="administrator", reason="superseded"
    )
    remind()
    post(desk)
    instance.clock.now = file.line.not_after - timedelta(days=20)
    assert remind() >= 1
    assert [one for one in post(desk) if one.startswith("À renouveler")] == []


def test_a_mail_is_not_removed_nor_rewritten_nor_sent_anew_by_hand(instance: Instance) -> None:
    desk = with_mail(instance)
    submitted(offer("serv-ssl"))
    post(desk)
    for statement in (
        "DELETE FROM records_mail",
        "DELETE FROM records_notice",
        "UPDATE records_mail SET address = 'autre@exemple.fr'",
        "UPDATE records_mail SET state = 'waiting'",
        "UPDATE records_notice SET made_at = NULL",
    ):
        with pytest.raises(IntegrityError, match=r"never|once"), transaction.atomic():
            connection.cursor().execute(statement)
