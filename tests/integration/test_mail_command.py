"""`sceau mail`, typed as an operator types it: the outbox and its fates, one copy, dead addresses, trials."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sceau.cli import mail
from sceau.operations import Delivery, Fate, make_mails, send_mails
from sceau.records.models import DeadAddress, JournalEntry, Mail
from sceau.vocabulary import Fault, Refused, errors
from tests.instance import ALICE, REPRESENTATIVE, Instance, Someone, offer, submitted
from tests.postal import Desk, with_mail

Run = Callable[..., Result]
ON_FORM = "contact@chu-exemple.fr"
BAD = Delivery(Fate.REFUSED, "550 5.1.1 no such user", address_is_bad=True)


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own instance, which is open already."""
    monkeypatch.setattr(mail, "open_instance", lambda data: None)

    def typed(*arguments: str, who: Someone | None = None) -> Result:
        acting = ["--as", who.national_id.text] if who else []
        return CliRunner().invoke(mail.app, [*arguments, *acting])

    return typed


@pytest.fixture
def postman(instance: Instance) -> Desk:
    return with_mail(instance)


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output or result.exception
    return json.loads(result.stdout)


def refused(result: Result) -> set[str]:
    assert isinstance(result.exception, Refused), result.output
    return {finding.code for finding in errors(result.exception.findings)}


def test_mails_are_found_by_fate_recipient_object_and_event(run: Run, postman: Desk) -> None:
    first = submitted(offer("serv-ssl")).line.reference
    make_mails()
    send_mails()
    postman.answers[ON_FORM] = Delivery(Fate.LATER, "451 plus tard")
    second = submitted(offer("serv-ssl")).line.reference
    make_mails()
    send_mails()
    assert [one["about"] for one in answer(run("list", "--json"))] == [second, first]
    assert [one["about"] for one in answer(run("list", "--state", "waiting", "--json"))] == [second]
    assert [one["about"] for one in answer(run("list", "--about", first, "--json"))] == [first]
    assert len(answer(run("list", "--to", ON_FORM, "--json"))) == 2
    assert answer(run("list", "--to", "autre@chu-exemple.fr", "--json")) == []
    for event in ("order.received", "order-received"):
        assert len(answer(run("list", "--event", event, "--json"))) == 2
    assert answer(run("list", "--event", "order.refused", "--json")) == []
    assert refused(run("list", "--event", "order.taken")) == {"mail.event-unknown"}
    assert run("list", "--state", "parti").exit_code == 2
    newest = answer(run("list", "--limit", "1", "--json"))[0]["number"]
    assert [one["about"] for one in answer(run("list", "--before", str(newest), "--json"))] == [first]
    assert f"Commande {first} : bien reçue" in run("list").stdout


def test_a_mail_is_shown_and_sent_once_more(run: Run, postman: Desk) -> None:
    order = submitted(offer("serv-ssl")).line.reference
    make_mails()
    send_mails()
    number = str(Mail.objects.get().pk)
    shown = run("show", number).stdout
    assert "envoyé, 1 essai(s) ; réponse : 250 OK" in shown
    assert f"Commande {order}" in shown
    assert refused(run("show", "999999")) == {"mail.unknown"}
    assert refused(run("resend", number, who=REPRESENTATIVE)) == {"operations.role-missing"}
    copy = answer(run("resend", number, "--json", who=ALICE))["copy"]
    assert f"Renvoyé : courriel {copy}" in run("show", number).stdout
    assert refused(run("resend", number, who=ALICE)) == {"mail.resent-already"}
    send_mails()
    assert len({one.message_id for one in postman.letters}) == 2


def test_dead_addresses_are_listed_and_revived_with_a_reason(run: Run, postman: Desk) -> None:
    assert run("dead").stdout == "Aucune.\n"
    postman.answers[ON_FORM] = BAD
    submitted(offer("serv-ssl"))
    make_mails()
    send_mails()
    assert ON_FORM in run("dead").stdout
    assert refused(run("revive", ON_FORM, "--reason", "  ", who=ALICE)) == {"operations.text-missing"}
    assert run("revive", ON_FORM, "--reason", "Vérifiée au téléphone", who=ALICE).exit_code == 0
    assert not DeadAddress.objects.exists()


def test_a_trial_leaves_at_once_says_what_the_server_answered_and_is_in_the_outbox(
    run: Run, postman: Desk
) -> None:
    good = run("test", "essai@chu-exemple.fr", who=ALICE)
    assert good.exit_code == 0
    assert "Réponse : 250 OK" in good.stdout
    (letter,) = postman.letters
    assert letter.subject == "Courriel d'essai de autorite.example"
    assert "l'envoi fonctionne" in letter.text
    assert Mail.objects.get().state == "sent"
    assert JournalEntry.objects.get(kind="mail.tried").subject == f"mail/{Mail.objects.get().pk}"
    postman.answers["essai@chu-exemple.fr"] = Delivery(Fate.LATER, "451 plus tard")
    bad = run("test", "essai@chu-exemple.fr", who=ALICE)
    assert bad.exit_code == 3
    assert "451 plus tard" in bad.stdout
    assert refused(run("test", "a@b\nBcc: c@d.fr", who=ALICE))
    assert refused(run("test", "essai@chu-exemple.fr", who=REPRESENTATIVE)) == {"operations.role-missing"}


def test_an_instance_that_writes_to_nobody_says_so(run: Run) -> None:
    result = run("test", "essai@chu-exemple.fr", who=ALICE)
    assert isinstance(result.exception, Fault)
    assert result.exception.code == "mail.no-postman"


def test_what_is_told_and_what_is_not_is_listed(run: Run) -> None:
    said = answer(run("events", "--json"))
    assert "departure-opened" in said["told"]["departure.opened"]
    assert "order.taken" in said["silent"]
    assert "departure.opened" in run("events").stdout
