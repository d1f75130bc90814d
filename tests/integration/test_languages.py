"""The pages in two languages: French unless asked, English whole when asked, and what is kept is French."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import Morsel
from typing import Any

import pytest
from django.http import QueryDict
from django.test import override_settings
from django.urls import reverse
from django.utils import translation

from sceau.operations import issue_certificate
from sceau.portal.hats import Page
from sceau.portal.pages.needs.asking import with_needs
from sceau.portal.urls import PAGES
from sceau.records import order_for
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    DOCTOR,
    REPRESENTATIVE,
    Instance,
    Someone,
    accepted,
    offer,
    right_for,
    server_request,
    submitted,
)
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor
from tests.wording import is_french, said_by

COOKIE = "__Host-sceau-langue"
ROLES: dict[str, Someone | None] = {
    "nobody": None,
    "representative": REPRESENTATIVE,
    "administrator": ADMINISTRATOR,
    "professional": DOCTOR,
    "desk": ALICE,
    "auditor": AUDITOR,
    "authority": AUTHORITY,
}
# What an English page may say in French: names of people, places and things, and the law's own words.
NAMES = re.compile(
    r"CENTRE HOSPITALIER DE L.EXEMPLE|Dossier Médical Partagé|Dossier Pharmaceutique|Défenseur des droits"
    r"|Personnel santé ou social|Pro Santé Connect|Annuaire Santé|Carte d\w+ [^)]*|PlateForme[^)]*|Hub Santé"
)


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def english(browser: DoorClient) -> DoorClient:
    browser.cookies[COOKIE] = "en"
    return browser


def objects() -> dict[str, str]:
    """An instance that has something to show on most pages."""
    accepted(offer("serv-ssl"))
    waiting = submitted(offer("serv-ssl"))
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    right = right_for("SERV_SSL")
    return {
        "commandes": waiting.line.reference,
        "guichet": waiting.line.reference,
        "habilitations": right,
        "demander": right,
        "certificats": issued.line.reference,
        "revocations": issued.line.reference,
    }


def addresses(known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each page that is read: its name, and an address of it."""
    for page in PAGES:
        values = _values(page, known)
        if "GET" in page.methods and values is not None and page.name != "language":
            yield page.name, reverse(page.name, kwargs=values)


def _values(page: Page, known: dict[str, str]) -> dict[str, str] | None:
    names = re.findall(r"<\w+:(\w+)>", page.route)
    if not names:
        return {}
    family = page.route.split("/")[0]
    if names == ["reference"] and family in known:
        return {"reference": known[family]}
    if names == ["code"]:
        return {"code": "PS_AUTH"}
    return None


def test_pages_are_french_unless_somebody_asks(portal: Instance) -> None:
    answer = DoorClient().get("/", headers={"accept-language": "en"})
    assert '<html lang="fr">' in answer.content.decode()
    assert answer["Content-Language"] == "fr"
    assert COOKIE not in answer.cookies


def test_the_switch_is_kept_in_a_cookie_that_says_nothing_of_who_reads(portal: Instance) -> None:
    browser = DoorClient()
    home = browser.get("/").content.decode()
    assert '<a href="/langue/en/" hreflang="en" lang="en">English</a>' in home
    before = {"referer": "https://testserver/glossaire/?a=1", "host": "testserver"}
    answer = browser.get("/langue/en/", headers=before)
    assert (answer.status_code, answer["Location"]) == (302, "/glossaire/?a=1")
    kept: Morsel[str] = answer.cookies[COOKIE]
    assert (kept.value, kept["path"], kept["domain"]) == ("en", "/", "")
    assert kept["secure"]
    assert kept["httponly"]
    assert kept["samesite"] == "Lax"
    assert '<html lang="en">' in browser.get("/").content.decode()
    browser.get("/langue/fr/")
    assert '<html lang="fr">' in browser.get("/").content.decode()


@pytest.mark.parametrize(
    "before",
    [
        "https://ailleurs.example/glossaire/",
        "//ailleurs.example/",
        "http://testserver/glossaire/",
        "https://testserver@ailleurs.example/",
        "https://testserver/inconnue/",
        "https://testserver/sortie/",  # answers POST only
        "javascript:alert(1)",
        "",
    ],
)
def test_the_switch_leads_nowhere_but_to_a_page_of_ours(portal: Instance, before: str) -> None:
    answer = DoorClient().get("/langue/en/", headers={"referer": before, "host": "testserver"})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize("code", ["de", "EN", "en-US", "../etc", "é"])
def test_what_is_not_a_language_of_ours_is_french(portal: Instance, code: str) -> None:
    browser = DoorClient()
    browser.cookies[COOKIE] = code if code.isascii() else "x"
    assert '<html lang="fr">' in browser.get("/").content.decode()
    answer = browser.get("/langue/de/")
    assert answer.cookies[COOKIE].value == "fr"


@override_settings(SCEAU_CONTACTS={"email": "aide@exemple.fr"})
def test_every_page_reads_in_english_without_french_left_over(portal: Instance) -> None:
    known, left, looked = objects(), [], set()
    for role, someone in ROLES.items():
        browser = english(visitor(someone) if someone else DoorClient())
        for name, address in addresses(known):
            answer = browser.get(address)
            kind = answer.get("Content-Type", "")
            if answer.status_code == 302 or not kind.startswith("text/html"):
                continue
            text = b"".join(answer).decode()
            if "<html" in text:
                assert '<html lang="en">' in text, name
            looked.add((role, name))
            left += [(name, one) for one in said_by(text) if is_french(NAMES.sub("", one))]
    assert len(looked) > 150
    assert sorted(set(left)) == []


def test_a_refusal_is_said_in_english_with_its_remedy(portal: Instance) -> None:
    page = english(DoorClient()).post("/revoquer/", {"number": "zz", "code": "x"}).content.decode()
    assert "Nothing was revoked" in page
    assert "This is final: tick the box to confirm." in page
    assert [one for one in said_by(page) if is_french(NAMES.sub("", one))] == []


def test_what_one_needs_makes_the_same_order_in_both_languages(portal: Instance) -> None:
    """An order is a French form, whatever the page was read in."""
    asked = QueryDict("usage=dmp&reponse.dmp=usual&nombre.dmp=2")
    raw: dict[str, Any] = {"structure": {}, "usage": {}, "offers": []}
    with translation.override("fr"):
        french = with_needs(raw, asked)
    with translation.override("en"):
        assert with_needs(raw, asked) == french
    assert "DMP" in french["usage"]["description"]


def test_what_is_recorded_on_english_pages_is_what_french_ones_record(portal: Instance) -> None:
    kept = []
    for browser in (visitor(REPRESENTATIVE), english(visitor(REPRESENTATIVE))):
        order = submitted(offer("serv-ssl"))
        address = f"/commandes/{order.line.reference}/abandonner/"
        assert browser.post(address, {"sure": "oui", "reason": ""}).status_code == 302
        file = order_for(order.line.reference, viewer=REPRESENTATIVE.actor.person_id)
        assert file is not None
        kept.append((file.line.state, file.reason, [version.why for version in file.versions]))
    assert kept[0] == kept[1]
