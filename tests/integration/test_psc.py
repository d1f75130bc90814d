"""Pro Santé Connect, against a provider in a process of its own: who gets in, how far; lies are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sceau.operations import issue_certificate, set_card_status
from sceau.portal import post_brakes, post_psc
from sceau.portal.hats import Hat
from sceau.portal.proofs import WITHOUT_CARD
from sceau.portal.psc import COOKIE
from sceau.portal.urls import PAGES
from sceau.records import certificates_of, sessions_of
from sceau.records.models import JournalEntry, Revocation
from sceau.site.psc_link import psc_door_of
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    DOCTOR,
    NOON,
    Instance,
    Someone,
    accepted,
    csr,
    give_role,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_portal_rights import address_of
from tests.portal import DoorClient, staff_the_door, tls_layer
from tests.psc_kit import Provider, provider

BACK = "https://testserver/pro-sante-connect/retour/"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("psc"), back=BACK) as one:
        yield one


@pytest.fixture
def psc(instance: Instance, running: Provider) -> Iterator[Provider]:
    post_brakes(None)  # the brakes of the test before
    staff_the_door()
    post_psc(psc_door_of(running.settings(), back=BACK, is_production=False))
    says(running, instance)
    with tls_layer():
        yield running
    post_psc(None)


def says(one: Provider, instance: Instance, who: Someone = ADMINISTRATOR, **lies: Any) -> None:
    """What the provider answers, by the instance's own clock."""
    now = int(instance.clock().timestamp())
    one.told(**{"now": now, "person": who.national_id.text, **lies})


def text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("&#x27;", "'")


def sent(browser: DoorClient, way_on: str = "/habilitations/") -> str:
    answer = browser.post("/pro-sante-connect/", {"suite": way_on})
    assert answer.status_code == 302, text(answer)
    return str(answer["Location"])


def back(browser: DoorClient, location: str) -> Any:
    parts = urlsplit(location)
    return browser.get(f"{parts.path}?{parts.query}")


def comes_in(one: Provider, browser: DoorClient | None = None) -> DoorClient:
    browser = browser or DoorClient(at_door=False)
    answer = back(browser, one.browse(sent(browser)))
    assert answer.status_code == 200, text(answer)
    return browser


def stays_out(browser: DoorClient, answer: Any, sentence: str, *, status: int = 403) -> None:
    assert (answer.status_code, sentence in text(answer)) == (status, True), text(answer)
    assert browser.get("/habilitations/").status_code == 403


def test_a_person_known_here_comes_in_and_sees_their_pages(psc: Provider, instance: Instance) -> None:
    browser = DoorClient(at_door=False)
    assert "S’identifier avec Pro Santé Connect" in text(browser.get("/porte/"))
    address = sent(browser)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert (asked["acr_values"], asked["code_challenge_method"]) == ("eidas1", "S256")
    cookie = browser.cookies[COOKIE]
    assert (cookie["samesite"], cookie["httponly"], cookie["secure"]) == ("Lax", True, True)
    assert asked["state"] not in cookie.value
    answer = back(browser, psc.browse(address))
    assert 'href="/habilitations/">Continuer' in text(answer)
    page = browser.get("/habilitations/")
    assert page.status_code == 200
    assert "Pro Santé Connect" in text(page)
    (line,) = sessions_of(ADMINISTRATOR.national_id.text, at=instance.clock())
    assert (line.means, line.card_number) == ("psc", "")


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another nonce": ({"claims": {"nonce": "x" * 43}}, "une autre demande"),
    "no nonce": ({"claims": {"nonce": None}}, "une autre demande"),
    "another level": ({"claims": {"acr": "eidas2"}}, "niveau exigé"),
    "no level": ({"claims": {"acr": None}}, "niveau exigé"),
    "another audience": ({"claims": {"aud": "another-client"}}, "destinée à un autre"),
    "shared audience": ({"claims": {"aud": ["sceau-essai", "x"], "azp": "x"}}, "destinée à un autre"),
    "shared, of nobody": ({"claims": {"aud": ["sceau-essai", "x"], "azp": None}}, "destinée à un autre"),
    "another issuer": ({"claims": {"iss": "https://evil.example/realm"}}, "un autre fournisseur"),
    "unsigned": ({"sign": "none"}, "pas signée"),
    "the public key as a secret": ({"sign": "HS256"}, "pas signée"),
    "another key": ({"sign": "another-key"}, "pas signée"),
    "a key brought along": ({"sign": "embedded"}, "pas signée"),
    "another access token": ({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, "ne vont pas ensemble"),
    "another subject": ({"userinfo": {"sub": "f:realm:2"}}, "la même personne"),
    "two identifiers": ({"userinfo": {"preferred_username": "899700041984"}}, "identifiant national"),
    "a local identity": (
        {"person": "0f0e0d0c-1111-4222-8333-444455556666"},
        "identifiant national",
    ),
    "no end": ({"claims": {"exp": None}}, "périmée"),
    "an end that is no number": ({"claims": {"exp": "demain"}}, "périmée"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_false_answer_opens_nothing(psc: Provider, instance: Instance, lie: str) -> None:
    twist, sentence = LIES[lie]
    says(psc, instance, **twist)
    browser = DoorClient(at_door=False)
    stays_out(browser, back(browser, psc.browse(sent(browser))), sentence)


@pytest.mark.parametrize(("made", "ends"), [(-700, 300), (-400, -120), (600, 900)])
def test_an_answer_of_another_time_opens_nothing(
    psc: Provider, instance: Instance, made: int, ends: int
) -> None:
    now = int(instance.clock().timestamp())
    says(psc, instance, claims={"iat": now + made, "exp": now + ends})
    browser = DoorClient(at_door=False)
    stays_out(browser, back(browser, psc.browse(sent(browser))), "périmée")


def test_an_answer_serves_once_and_in_the_browser_that_asked(psc: Provider) -> None:
    browser, other = DoorClient(at_door=False), DoorClient(at_door=False)
    location = psc.browse(sent(browser))
    stays_out(other, back(other, location), "ne répond à aucune demande")
    kept = browser.cookies[COOKIE].value
    assert back(browser, location).status_code == 200
    other.cookies[COOKIE] = kept
    stays_out(other, back(other, location), "ne répond à aucune demande")


def test_a_state_that_was_not_sent_spends_the_question(psc: Provider) -> None:
    browser = DoorClient(at_door=False)
    location = psc.browse(sent(browser))
    kept = browser.cookies[COOKIE].value
    state = parse_qs(urlsplit(location).query)["state"][0]
    for forged in (location.replace(state, "x" * 43), location.replace("state=", "etat=")):
        stays_out(browser, back(browser, forged), "ne répond à aucune demande")
    browser.cookies[COOKIE] = kept
    stays_out(browser, back(browser, location), "ne répond à aucune demande")


def test_an_answer_that_comes_after_ten_minutes_is_refused(psc: Provider, instance: Instance) -> None:
    browser = DoorClient(at_door=False)
    location = psc.browse(sent(browser))
    instance.clock.forward(minutes=11)
    stays_out(browser, back(browser, location), "ne répond à aucune demande")


def test_the_answer_of_another_provider_is_not_exchanged(psc: Provider, instance: Instance) -> None:
    says(psc, instance, back={"iss": "https://evil.example/realm"})
    browser = DoorClient(at_door=False)
    stays_out(browser, back(browser, psc.browse(sent(browser))), "un autre fournisseur")


def test_a_code_of_ours_in_anothers_answer_is_refused_by_the_provider(psc: Provider) -> None:
    victim, thief = DoorClient(at_door=False), DoorClient(at_door=False)
    stolen = parse_qs(urlsplit(psc.browse(sent(victim))).query)["code"][0]
    own = psc.browse(sent(thief))
    code = parse_qs(urlsplit(own).query)["code"][0]
    stays_out(thief, back(thief, own.replace(code, stolen)), "ne répond pas comme", status=503)


def test_a_refusal_is_said_and_never_repeated(psc: Provider, instance: Instance) -> None:
    says(psc, instance, back={"error": "access_denied", "error_description": "<b>evil</b>\r\nlog"})
    browser = DoorClient(at_door=False)
    answer = back(browser, psc.browse(sent(browser)))
    stays_out(browser, answer, "n'a pas confirmé")
    assert "evil" not in text(answer)


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil"])
def test_the_way_on_is_one_of_our_pages(psc: Provider, away: str) -> None:
    browser = DoorClient(at_door=False)
    page = text(back(browser, psc.browse(sent(browser, away))))
    assert 'href="/">Continuer' in page
    assert "evil" not in page


def test_without_our_certificate_the_provider_gives_nothing(psc: Provider, running: Provider) -> None:
    post_psc(psc_door_of(running.settings("another-client"), back=BACK, is_production=False))
    browser = DoorClient(at_door=False)
    stays_out(browser, back(browser, psc.browse(sent(browser))), "ne répond pas comme", status=503)


def test_a_new_key_of_the_provider_is_fetched(psc: Provider, instance: Instance) -> None:
    comes_in(psc)
    says(psc, instance, rotate=True)
    comes_in(psc)


def test_a_session_that_was_there_before_is_not_continued(psc: Provider) -> None:
    browser = DoorClient(at_door=False)
    location = psc.browse(sent(browser))
    browser.cookies["__Host-sceau"] = "a" * 32
    back(browser, location)
    key = browser.cookies["__Host-sceau"].value
    assert key != "a" * 32
    thief = DoorClient(at_door=False)
    thief.cookies["__Host-sceau"] = browser.cookies[COOKIE].value or "b" * 32
    assert thief.get("/habilitations/").status_code == 403


def test_who_was_never_met_with_a_card_stays_out(psc: Provider, instance: Instance) -> None:
    says(psc, instance, person="899700366240")
    browser = DoorClient(at_door=False)
    stays_out(browser, back(browser, psc.browse(sent(browser))), "Aucune carte à ce nom")
    assert JournalEntry.objects.order_by("-pk")[0].kind == "refused.person.met"


def test_a_session_ends_with_the_last_valid_card(psc: Provider) -> None:
    browser = comes_in(psc)
    set_card_status(ALICE.actor, number=ADMINISTRATOR.card, status="lost", reason="perdue")
    assert browser.get("/habilitations/").status_code == 403
    answer = back(browser, psc.browse(sent(browser)))
    stays_out(browser, answer, "Aucune de vos cartes")


# -- how far [decision 16]


def test_roles_and_the_profession_stay_with_the_card(psc: Provider, instance: Instance) -> None:
    give_role(DOCTOR, "auditor")
    theirs = {ALICE: ["/guichet/", "/revocations/"], DOCTOR: ["/demander/ps/PS_AUTH/", "/guichet/"]}
    for who, pages in theirs.items():
        says(psc, instance, who)
        browser = comes_in(psc)
        assert browser.get("/certificats/").status_code == 200
        assert [browser.get(page).status_code for page in pages] == [403] * len(pages)


def test_every_page_answers_who_has_no_card_as_decision_16_says(psc: Provider) -> None:
    browser, wrong = comes_in(psc), []
    for page in PAGES:
        if Hat.ANYBODY in page.hats:
            continue
        for method in set(page.methods) - {"HEAD"}:
            status = browser.generic(method, address_of(page)).status_code
            is_open = Hat.HOLDER in page.hats and (method == "GET" or page.name in WITHOUT_CARD)
            if (status == 403) == is_open:
                wrong.append((page.name, method, status))
    assert wrong == []


def test_an_order_and_a_token_ask_for_the_card(psc: Provider) -> None:
    accepted(offer("serv-ssl"))
    reference = right_for("SERV_SSL")
    browser = comes_in(psc)
    for address in ("/commandes/nouvelle/", f"/habilitations/{reference}/jetons/"):
        assert browser.get(address).status_code == 200
        answer = browser.post(address, {})
        assert answer.status_code == 403
        assert "Cet acte demande votre carte" in text(answer)


def test_a_habilitation_is_first_used_with_the_card_and_then_without(psc: Provider) -> None:
    accepted(offer("serv-ssl"))
    reference = right_for("SERV_SSL")
    browser = comes_in(psc)
    typed = {"names": "www.chu-exemple.fr", "csr": csr("other").decode(), "action": "demander", "once": "k"}
    first = browser.post(f"/demander/{reference}/", typed)
    assert "demandent la carte elle-même" in text(first), text(first)
    assert issued() == 0
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="by-card")
    then = browser.post(f"/demander/{reference}/", typed | {"once": "k2"})
    assert then.status_code == 302, text(then)
    assert issued() == 2
    set_card_status(ALICE.actor, number=ADMINISTRATOR.card, status="lost", reason="perdue")
    assert browser.post(f"/demander/{reference}/", typed | {"once": "k3"}).status_code == 403
    assert issued() == 2


def issued() -> int:
    return len(certificates_of(ADMINISTRATOR.national_id.text, at=NOON, limit=10))


def test_an_act_asks_for_a_proof_that_is_new_and_not_only_answered_anew(
    psc: Provider, instance: Instance
) -> None:
    browser = comes_in(psc)
    proven = int(instance.clock().timestamp())
    instance.clock.forward(minutes=16)
    asked = browser.post("/certificats/XXX-00000-00000/revoquer/", {})
    assert asked.status_code == 403
    assert "Confirmer avec Pro Santé Connect" in text(asked)
    address = sent(browser)
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    says(psc, instance, claims={"auth_time": proven - 60})
    stale = back(browser, psc.browse(address))
    assert "il y a trop longtemps" in text(stale)
    says(psc, instance)
    comes_in(psc, browser)
    assert browser.post("/certificats/XXX-00000-00000/revoquer/", {}).status_code == 404


def test_at_the_card_door_and_without_settings_there_is_none(psc: Provider) -> None:
    browser = comes_in(psc)
    cookie = browser.cookies["__Host-sceau"].value
    at_door = DoorClient()
    at_door.cookies["__Host-sceau"] = cookie
    assert at_door.get("/habilitations/").status_code == 403
    assert at_door.post("/pro-sante-connect/").status_code == 404
    post_psc(None)
    assert browser.get("/habilitations/").status_code == 403
    outside = DoorClient(at_door=False)
    assert outside.post("/pro-sante-connect/").status_code == 404
    assert outside.get("/pro-sante-connect/retour/").status_code == 404
    assert "Pro Santé Connect" not in text(outside.get("/porte/"))


def test_a_question_cannot_be_asked_from_another_site(psc: Provider) -> None:
    browser = DoorClient(at_door=False, enforce_csrf_checks=True)
    assert browser.post("/pro-sante-connect/").status_code == 403


def test_questions_are_braked(psc: Provider) -> None:
    browser = DoorClient(at_door=False)
    answers = [browser.post("/pro-sante-connect/").status_code for _ in range(25)]
    assert answers[:20] == [302] * 20
    assert set(answers[20:]) == {429}


def test_a_form_that_waited_for_pro_sante_connect_is_sent_after_it(psc: Provider, instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line.reference
    browser = comes_in(psc)
    collected = {"terms": "oui", "code": "corail-4-galets", "code_again": "corail-4-galets"}
    assert browser.post(f"/certificats/{issued}/retirer/", collected).status_code == 302
    instance.clock.forward(minutes=16)
    address = f"/certificats/{issued}/revoquer/"
    typed = {"reason": "superseded", "explanation": "mot à mot", "sure": "oui", "quality": "administrator"}
    asked = text(browser.post(address, typed))
    ticket = re.findall(r'name="gardee" value="([^"]+)"', asked)[0]
    says(psc, instance)
    answer = browser.post("/pro-sante-connect/", {"suite": address, "gardee": ticket})
    came_back = text(back(browser, psc.browse(str(answer["Location"]))))
    assert f'action="{address}"' in came_back
    assert f'value="{ticket}"' in came_back
    assert Revocation.objects.count() == 0
    assert browser.post(address, {"gardee": ticket}).status_code != 403
    assert Revocation.objects.get().explanation == "mot à mot"


def test_a_form_that_waits_is_not_handed_on_to_somebody_else(psc: Provider, instance: Instance) -> None:
    browser = comes_in(psc)
    instance.clock.forward(minutes=16)
    asked = text(browser.post("/certificats/CRT-00000-00000/revoquer/", {"explanation": "à moi"}))
    ticket = re.findall(r'name="gardee" value="([^"]+)"', asked)[0]
    says(psc, instance, who=DOCTOR)
    answer = browser.post("/pro-sante-connect/", {"suite": "/", "gardee": ticket})
    came_back = text(back(browser, psc.browse(str(answer["Location"]))))
    assert ticket not in came_back
    assert browser.post("/certificats/CRT-00000-00000/revoquer/", {"gardee": ticket}).status_code == 410
