"""Tokens for programs, made and ended in the portal: whose they are, and a secret that is shown once."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from sceau.operations import admit_token, issue_certificate, suspend_habilitation
from sceau.records import list_tokens
from sceau.records.models import ApiToken, JournalDisclosure, JournalEntry
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_orders import refusal
from tests.portal import DoorClient, as_holder, staff_the_door, tls_layer, visitor
from tests.rest import RestClient, rest_app

GOOD = {"label": "serveur web", "valid_until": "2027-02-22", "per_day": "20", "terms": "oui", "once": "n1"}
SECRET = re.compile(r"sceau_[A-Za-z0-9_-]{43}")


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    accepted(offer("serv-ssl"), offer("org"))
    with tls_layer():
        yield instance


def address(product: str = "SERV_SSL") -> str:
    return reverse("tokens", args=[right_for(product)])


def made_by(browser: DoorClient, **changes: str) -> tuple[Any, str]:
    """The answer to the act, and the secret in it."""
    answer = browser.post(address(), {**GOOD, **changes})
    assert answer.status_code == 200, answer.content.decode()
    return answer, SECRET.findall(answer.content.decode())[0]


def revocation(reference: str) -> str:
    return reverse("revoke-token", args=[reference])


def test_the_habilitation_leads_to_a_page_that_says_what_a_token_may_do(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    assert address() in browser.get(f"/habilitations/{right_for('SERV_SSL')}/").content.decode()
    text = browser.get(address()).content.decode()
    assert "Jetons pour programmes" in text
    assert "demander, retirer et révoquer" in text
    assert "Aucun jeton" in text
    assert "<script" not in text.partition("<main")[2]


def test_a_token_made_in_the_portal_is_as_it_was_asked_and_serves_the_rest_door(portal: Instance) -> None:
    _, secret = made_by(visitor(ADMINISTRATOR))
    token = ApiToken.objects.get()
    assert (token.label, token.per_day, token.card_number) == ("serveur web", 20, ADMINISTRATOR.card)
    assert token.valid_until.isoformat() == "2027-02-21T23:00:00+00:00"  # midnight in Paris
    assert admit_token(secret).within == right_for("SERV_SSL")
    with rest_app() as door:
        answer = RestClient(door, token=secret).get("habilitations")
    assert answer.status == 200
    assert right_for("SERV_SSL") in answer.content.decode()


def test_the_secret_is_in_one_answer_and_nowhere_else(
    portal: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = visitor(ADMINISTRATOR)
    answer, secret = made_by(browser)
    assert answer.content.decode().count(secret) == 1
    assert "no-store" in answer["Cache-Control"]
    assert secret not in str(dict(answer.headers))
    assert secret not in str(answer.cookies)
    again = browser.get(address()).content.decode()
    assert "serveur web" in again
    assert not SECRET.search(again)
    assert not any(secret in str(row.get_decoded()) for row in Session.objects.all())
    assert secret not in caplog.text
    kept = [bytes(entry.entry).decode() for entry in JournalEntry.objects.all()]
    kept += [json.dumps(one.data) for one in JournalDisclosure.objects.all()]
    assert not any(secret in line for line in kept)


def test_the_same_page_sent_twice_makes_one_token_and_shows_its_secret_once(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    made_by(browser)
    second = browser.post(address(), GOOD, follow=True)
    assert second.redirect_chain == [(address(), 302)]
    assert "déjà créé" in second.content.decode()
    assert not SECRET.search(second.content.decode())
    assert ApiToken.objects.count() == 1
    made_by(browser, once="n2")
    assert ApiToken.objects.count() == 2


def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    answer = browser.post(address(), {"label": "", "valid_until": "demain", "per_day": "beaucoup"})
    assert answer.status_code == 422
    said = {one.code: one.target for one in answer.context["said"]}
    assert said == {
        "operations.text-missing": "label",
        "token.term": "valid_until",
        "token.limits": "per_day",
        "token.terms": "terms",
    }
    text = answer.content.decode()
    assert 'id="constats"' in text
    assert 'value="demain"' in text
    assert 'value="beaucoup"' in text
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_until": "2026-11-24"}, "token.term"),
        ({"valid_until": "2027-11-27"}, "token.term"),
        ({"valid_until": "0001-01-01"}, "token.term"),
        ({"per_day": "-1"}, "token.limits"),
        ({"per_day": "9" * 300}, "token.limits"),
        ({"terms": "non"}, "token.terms"),
        ({"label": "x" * 81}, "token.label"),
        ({"label": "serveur\u202eweb"}, "operations.text-hidden"),
    ],
)
def test_what_keeps_a_token_from_being_made(portal: Instance, changes: dict[str, str], code: str) -> None:
    answer = visitor(ADMINISTRATOR).post(address(), {**GOOD, **changes})
    assert answer.status_code == 422
    assert [one.code for one in answer.context["said"]] == [code]
    assert ApiToken.objects.count() == 0


def test_a_suspended_right_offers_no_token_and_makes_none(portal: Instance) -> None:
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Doute")
    browser = visitor(ADMINISTRATOR)
    assert "Créer le jeton</button>" not in browser.get(address()).content.decode()
    answer = browser.post(address(), GOOD)
    assert [one.code for one in answer.context["said"]] == ["token.right"]
    assert ApiToken.objects.count() == 0


def test_the_list_says_when_a_token_last_asked_and_how_it_stands(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    _, secret = made_by(browser)
    assert "aucun<br>" in browser.get(address()).content.decode()
    issue_certificate(admit_token(secret), server_request(), idempotency_key="k")
    text = browser.get(address()).content.decode()
    assert "24 novembre 2026 à 13:00<br>1 en tout" in text.replace("\u00a0", " ")
    assert "utilisable" in text
    made_by(visitor(ADMINISTRATOR), label="<b>autre</b>", once="n2")
    assert "<b>autre" not in browser.get(address()).content.decode()
    assert "serveur web" not in browser.get(address("ORG_SIGN")).content.decode()


def test_a_token_is_revoked_once_confirmed_and_serves_no_more(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    _, secret = made_by(browser)
    reference = ApiToken.objects.get().reference
    assert revocation(reference) in browser.get(address()).content.decode()
    assert "définitif" in browser.get(revocation(reference)).content.decode()
    unsure = browser.post(revocation(reference))
    assert unsure.status_code == 422
    assert [one.code for one in unsure.context["said"]] == ["portal.confirm-token"]
    assert admit_token(secret).token == reference
    done = browser.post(revocation(reference), {"sure": "oui"}, follow=True)
    assert done.redirect_chain == [(address(), 302)]
    assert "révoqué" in done.content.decode()
    assert revocation(reference) not in done.content.decode()
    assert refusal(admit_token, secret) == {"token.revoked"}
    assert browser.get(revocation(reference)).status_code == 302


def test_whom_the_contract_names_sees_and_revokes_but_makes_none(portal: Instance) -> None:
    made_by(visitor(ADMINISTRATOR))
    reference = ApiToken.objects.get().reference
    browser = visitor(REPRESENTATIVE)
    text = browser.get(address()).content.decode()
    assert "serveur web" in text
    assert "Créer le jeton</button>" not in text
    assert browser.post(address(), {**GOOD, "once": "n9"}).status_code == 404
    assert ApiToken.objects.count() == 1
    assert browser.post(revocation(reference), {"sure": "oui"}).status_code == 302
    assert [line.standing for line in list_tokens(at=NOON + timedelta(hours=1))] == ["revoked"]


@pytest.mark.parametrize(
    "someone",
    [STRANGER, SECOND_ADMINISTRATOR, OTHER_REPRESENTATIVE, AUDITOR],
    ids=lambda one: one.surname,
)
def test_anothers_tokens_do_not_exist(portal: Instance, someone: Someone) -> None:
    _, secret = made_by(visitor(ADMINISTRATOR))
    reference = ApiToken.objects.get().reference
    browser = as_holder(visitor(someone))
    for asked in (address(), revocation(reference), revocation("JET-00000-00000")):
        assert browser.get(asked).status_code == 404
        assert browser.post(asked, {**GOOD, "sure": "oui"}).status_code == 404
    assert ApiToken.objects.count() == 1
    assert admit_token(secret).token == reference


def test_without_a_card_there_is_no_page_and_without_our_page_no_act(portal: Instance) -> None:
    assert DoorClient().get(address()).status_code == 403
    strict = visitor(ADMINISTRATOR)
    strict.handler.enforce_csrf_checks = True
    assert strict.post(address(), GOOD).status_code == 403
    assert ApiToken.objects.count() == 0
