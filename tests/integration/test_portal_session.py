"""The card at the door and the session that hangs on it: bound, short, ended by what ends the card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from sceau.identity import CardTrust, RevocationLookup, lookup_from_lists
from sceau.operations import Actor, set_card_status
from sceau.portal import Doorkeeper, post
from tests.cardmaker import NOW, CardPlan, authority, card, octet
from tests.instance import ADMINISTRATOR, ALICE, DOCTOR, NOON, Instance, Someone, take_role
from tests.portal import (
    STANDARD,
    STANDARD_ROOT,
    STRONG,
    STRONG_ROOT,
    TRUST,
    DoorClient,
    certificate_of,
    der,
    issuer_of,
    lists,
    plan_of,
    staff_the_door,
    tls_layer,
    visitor,
)


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")


def test_the_clock_of_the_cards_and_of_the_instance_agree() -> None:
    assert NOW == NOON


def test_a_card_is_shown_before_it_opens_and_opens_by_a_button(portal: Instance) -> None:
    browser = DoorClient(der(certificate_of(ADMINISTRATOR)))
    shown = text(browser.get("/porte/"))
    assert "Jean-Noël Lefèvre" in shown
    assert "Carte CPE nominative n° 2600000001" in shown
    assert browser.get("/habilitations/").status_code == 403
    assert browser.post("/porte/", {"suite": "/habilitations/"})["Location"] == "/habilitations/"
    assert browser.get("/habilitations/").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "evil"],
)
def test_the_door_only_leads_back_to_our_own_pages(portal: Instance, elsewhere: str) -> None:
    browser = DoorClient(der(certificate_of(ADMINISTRATOR)))
    assert browser.post("/porte/", {"suite": elsewhere})["Location"] == "/"


def test_the_register_tells_a_directors_card_from_an_employees(portal: Instance) -> None:
    from tests.instance import REPRESENTATIVE

    assert "Carte CDE n°" in text(DoorClient(der(certificate_of(REPRESENTATIVE))).get("/porte/"))


def test_without_a_certificate_the_door_explains_what_to_check(portal: Instance) -> None:
    answer = DoorClient(None).get("/porte/")
    assert answer.status_code == 403
    assert "Aucune carte n&#x27;a été présentée" in text(answer)
    assert "Le lecteur est-il branché" in text(answer)


def test_on_the_public_listener_no_card_is_ever_read(portal: Instance) -> None:
    browser = DoorClient(der(certificate_of(ADMINISTRATOR)), at_door=False)
    assert "Présenter ma carte" in text(browser.get("/porte/"))
    assert browser.post("/porte/").status_code == 200
    assert browser.get("/habilitations/").status_code == 403


def refused(answer: Any, sentence: str) -> None:
    assert answer.status_code == 403
    assert sentence in text(answer)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"marker": octet(0x83)}, "certificat logiciel"),
        ({"surname": None, "pseudonym": "EMPLOYE000000018"}, "carte de service"),
        ({"end": NOW - timedelta(days=1)}, "plus valable depuis"),
        ({"start": NOW + timedelta(days=1)}, "ne sera valable"),
        ({"usages": None}, "pas prévu pour"),
    ],
)
def test_a_refused_card_gets_a_page_with_the_reason(
    portal: Instance, changes: dict[str, Any], sentence: str
) -> None:
    browser = DoorClient(der(certificate_of(ADMINISTRATOR, **changes)))
    refused(browser.get("/porte/"), sentence)
    refused(browser.post("/porte/"), sentence)
    assert browser.get("/habilitations/").status_code == 403


def test_a_look_alike_authority_opens_nothing(portal: Instance) -> None:
    root = authority("TEST AC RACINE IGC-SANTE STANDARD", key_name="forged root")
    forged = authority("TEST AC IGC-SANTE STANDARD PERSONNES", root, key_name="forged issuer")
    browser = DoorClient(der(card(plan_of(ADMINISTRATOR), forged)))
    refused(browser.post("/porte/"), "pas signé par cette autorité")


def test_a_listed_card_opens_nothing(portal: Instance) -> None:
    certificate = certificate_of(ADMINISTRATOR)
    staff_the_door(revoked=(certificate.serial_number,))
    refused(DoorClient(der(certificate)).post("/porte/"), "mise en opposition")


def test_a_number_that_belongs_to_somebody_else_opens_nothing(portal: Instance) -> None:
    plan = plan_of(ADMINISTRATOR, token=plan_of(ALICE).token)
    browser = DoorClient(der(card(plan, issuer_of(ADMINISTRATOR))))
    assert browser.post("/porte/").status_code == 403
    assert browser.get("/commandes/").status_code == 403


def test_a_card_the_register_does_not_know_comes_in_with_no_right(portal: Instance) -> None:
    plan: CardPlan = plan_of(
        ADMINISTRATOR, common_name="3690000005/NEW01", token=b"\x13\x158025000001/2600000777"
    )
    browser = DoorClient(der(card(plan, issuer_of(ADMINISTRATOR)))).enters()
    assert browser.get("/commandes/").status_code == 200
    assert browser.get("/guichet/").status_code == 403


# -- the session hangs on the card [ASSURANCE T03, T07]


def test_a_stolen_cookie_opens_nothing_without_the_card(portal: Instance) -> None:
    owner = visitor(ALICE)
    thief = DoorClient(None, at_door=False)
    thief.cookies = owner.cookies
    assert thief.get("/guichet/").status_code == 403
    assert owner.get("/guichet/").status_code == 200  # and the owner is not put out by the thief


def test_another_card_on_the_same_session_ends_it(portal: Instance) -> None:
    browser = visitor(ALICE)
    browser.facts = DoorClient(der(certificate_of(DOCTOR))).facts
    refused(browser.get("/guichet/"), "Ce n&#x27;est plus la même carte")
    browser.facts = DoorClient(der(certificate_of(ALICE))).facts
    assert browser.get("/guichet/").status_code == 403


def test_a_renewed_certificate_of_the_same_person_is_another_card_for_the_session(portal: Instance) -> None:
    browser = visitor(ALICE)
    browser.facts = DoorClient(der(certificate_of(ALICE))).facts
    assert browser.get("/guichet/").status_code == 403


def test_a_removed_card_ends_the_session(portal: Instance) -> None:
    browser = visitor(ALICE)
    browser.facts = DoorClient(None).facts
    refused(browser.get("/guichet/"), "La carte n&#x27;est plus présentée")


def test_a_card_opposed_in_mid_session_opens_nothing_more(portal: Instance) -> None:
    browser = visitor(ALICE)
    assert browser.get("/guichet/").status_code == 200
    set_card_status(Actor.system("test"), number=ALICE.card, status="revoked", reason="volée")
    refused(browser.get("/guichet/"), "opposition")


def test_a_card_put_on_a_list_in_mid_session_opens_nothing_more(portal: Instance) -> None:
    certificate = certificate_of(ALICE)
    known = lists()
    post(Doorkeeper(trust=TRUST, lists=lambda: known))
    browser = DoorClient(der(certificate)).enters()
    assert browser.get("/guichet/").status_code == 200
    known[:] = [
        STRONG_ROOT.crl(),
        STRONG.crl(),
        STANDARD_ROOT.crl(),
        issuer_of(ALICE).crl(certificate.serial_number),
    ]
    refused(browser.get("/guichet/"), "mise en opposition")
    known[:] = lists()
    assert browser.get("/guichet/").status_code == 403  # that session is over


def test_lists_that_run_out_in_mid_session_end_it(portal: Instance) -> None:
    short = [
        one.crl(end=NOW + timedelta(minutes=5)) for one in (STRONG_ROOT, STRONG, STANDARD_ROOT, STANDARD)
    ]
    post(Doorkeeper(trust=TRUST, lists=lambda: short))
    browser = visitor(ALICE)
    assert browser.get("/guichet/").status_code == 200
    portal.clock.forward(minutes=7)
    assert browser.get("/guichet/").status_code == 403


def test_lists_are_read_once_while_they_are_the_same(
    portal: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(known: Iterable[bytes], *, trust: CardTrust, at: datetime) -> RevocationLookup:
        read.append(1)
        return lookup_from_lists(known, trust=trust, at=at)

    monkeypatch.setattr("sceau.portal.door.lookup_from_lists", counted)
    browser = visitor(ALICE)
    for _ in range(5):
        assert browser.get("/guichet/").status_code == 200
    assert len(read) == 1


def test_a_role_taken_back_is_gone_at_the_next_page(portal: Instance) -> None:
    browser = visitor(ALICE)
    take_role(ALICE, "desk")
    assert browser.get("/guichet/").status_code == 403
    assert browser.get("/commandes/").status_code == 200


def test_a_session_ends_after_half_an_hour_of_silence(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    for _ in range(3):
        portal.clock.forward(minutes=20)
        assert browser.get("/commandes/").status_code == 200
    portal.clock.forward(minutes=31)
    refused(browser.get("/commandes/"), "Votre session est terminée")


def test_a_session_ends_after_four_hours_whatever_one_does(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    for _ in range(12):
        portal.clock.forward(minutes=20)
        browser.get("/commandes/")
    portal.clock.forward(minutes=1)
    assert browser.get("/commandes/").status_code == 403


def test_a_session_never_outlives_the_card(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR, end=NOW + timedelta(minutes=10))
    assert browser.get("/commandes/").status_code == 200
    portal.clock.forward(minutes=11)
    assert browser.get("/commandes/").status_code == 403


def test_going_out_ends_the_session_and_asks_for_a_new_connection(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    answer = browser.post("/sortie/")
    assert answer["Connection"] == "close"
    assert browser.get("/commandes/").status_code == 403


def test_entering_gives_a_new_session_key(portal: Instance) -> None:
    browser = DoorClient(der(certificate_of(ADMINISTRATOR)))
    planted = browser.session
    planted["visitor"] = "planted"
    planted.save()
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    browser.enters()
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before


def test_the_session_cookie_is_for_us_alone(portal: Instance) -> None:
    cookie = visitor(ADMINISTRATOR).cookies[settings.SESSION_COOKIE_NAME]
    assert settings.SESSION_COOKIE_NAME.startswith("__Host-")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
        True,
        True,
        "Strict",
        "/",
    )


# -- what a browser is told, and what it may not do


@pytest.mark.parametrize(
    "header",
    [
        "X-SSL-Client-Cert",
        "X-SSL-Client-Verify",
        "X-Client-Verify",
        "X-Client-Cert",
        "SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
        "X-ARR-ClientCert",
    ],
)
def test_a_header_that_claims_a_certificate_opens_nothing(portal: Instance, header: str) -> None:
    from urllib.parse import quote

    from cryptography.hazmat.primitives.serialization import Encoding

    pem = certificate_of(ALICE).public_bytes(Encoding.PEM).decode()
    for value in ("SUCCESS", quote(pem), pem.replace("\n", "")):
        for at_door in (True, False):
            browser = DoorClient(None, at_door=at_door)
            assert browser.get("/guichet/", headers={header: value}).status_code == 403
            assert "Premier" not in text(browser.get("/porte/", headers={header: value}))


def test_no_change_is_made_without_our_own_token(portal: Instance) -> None:
    browser = DoorClient(der(certificate_of(ALICE)), enforce_csrf_checks=True)
    answer = browser.post("/porte/")
    assert answer.status_code == 403
    assert "périmée" in text(answer)
    here = {"host": "localhost", "origin": "https://localhost"}
    sent = {"csrfmiddlewaretoken": str(browser.get("/porte/", headers=here).context["csrf_token"])}
    assert (
        browser.post("/porte/", sent, headers={**here, "origin": "https://evil.example"}).status_code == 403
    )
    assert browser.post("/porte/", sent, headers={**here, "origin": "null"}).status_code == 403
    assert browser.post("/porte/", sent, headers=here).status_code == 302


@pytest.mark.parametrize("address", ["/", "/porte/", "/glossaire/", "/commandes/", "/nulle-part/"])
def test_every_answer_carries_the_strict_policy(portal: Instance, address: str) -> None:
    answer = DoorClient().get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert "<style" not in text(answer)
    assert "style=" not in text(answer)
    assert "onclick" not in text(answer)


def test_production_promises_https_for_two_years(portal: Instance) -> None:
    assert DoorClient().get("/", secure=True)["Strict-Transport-Security"].startswith("max-age=63072000")


def test_an_unknown_host_is_refused(portal: Instance) -> None:
    assert DoorClient().get("/", headers={"host": "evil.example"}).status_code == 400


def someone_named(name: str) -> Someone:
    from dataclasses import replace

    return replace(ADMINISTRATOR, surname=name)


def test_a_name_on_a_card_is_text_and_never_markup(portal: Instance) -> None:
    browser = DoorClient(der(certificate_of(someone_named("<script>alert(1)</script>"))))
    shown = text(browser.get("/porte/"))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_the_diagnosis_tells_what_arrived_why_it_is_refused_and_what_to_do(portal: Instance) -> None:
    stranger = authority("AC DE PERSONNE")
    plan = plan_of(ADMINISTRATOR)
    told = DoorClient(der(card(plan, stranger))).get("/diagnostic/")
    shown = text(told)
    assert told.status_code == 200
    assert "Ce que nous avons reçu" in shown
    assert "Délivré par</dt><dd>AC DE PERSONNE" in shown
    assert "pas une autorité délivrant des cartes" in shown
    assert "Entrer avec cette carte" not in shown


def test_the_diagnosis_of_a_good_card_says_so_and_tells_nothing_of_the_register(portal: Instance) -> None:
    known, unknown = (
        DoorClient(der(certificate_of(one))).get("/diagnostic/") for one in (ADMINISTRATOR, ALICE)
    )
    for told, one in ((known, ADMINISTRATOR), (unknown, ALICE)):
        assert "Cette carte est acceptée" in text(told)
        assert one.surname in text(told)
    assert "sessionid" not in str(known.cookies)
    assert DoorClient(None).get("/habilitations/").status_code == 403


def test_without_a_certificate_the_diagnosis_says_that_the_machine_is_at_fault(portal: Instance) -> None:
    assert "Aucun certificat n’est arrivé" in text(DoorClient(None).get("/diagnostic/"))
    elsewhere = text(DoorClient(None, at_door=False).get("/diagnostic/"))
    assert "Commencer le diagnostic" in elsewhere


@pytest.mark.parametrize("hostile", [b"\x30\x80\x00\x00", b"\x00" * 20_000, b"\x30\x03\x02\x01\x01"])
def test_a_certificate_that_cannot_be_read_gets_a_page_too(portal: Instance, hostile: bytes) -> None:
    told = DoorClient(hostile).get("/diagnostic/")
    assert told.status_code == 200
    assert "ne peut pas être lu" in text(told)
    assert DoorClient(hostile).get("/porte/").status_code == 403


def test_what_stands_in_a_hostile_certificate_is_told_as_text(portal: Instance) -> None:
    plan = plan_of(ADMINISTRATOR, surname="<script>alert(1)</script>\u202e")
    shown = text(DoorClient(der(card(plan, STRONG))).get("/diagnostic/"))
    assert "<script>alert" not in shown
    assert "\u202e" not in shown
