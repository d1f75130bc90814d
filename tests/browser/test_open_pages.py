"""The pages that anybody opens, and the diagnosis of a card, in a real browser at 1280 and 360 pixels."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser

OPEN = {
    "accueil": "/",
    "porte": "/porte/",
    "diagnostic": "/diagnostic/",
    "comment": "/comment-ca-marche/",
    "glossaire": "/glossaire/",
    "accessibilite": "/accessibilite/",
    "revoquer": "/revoquer/",
    "trouver": "/trouver/",
    "verifier": "/verifier/",
}


def test_the_pages_open_to_anybody_are_sound(browsers: Browsers, service: Service) -> None:
    page = browsers.without_card()
    for name, path in OPEN.items():
        page.goto(f"{service.portal}{path}")
        look(page, f"80-{name}")


def test_a_certificate_that_was_given_is_said_in_words(browsers: Browsers, service: Service) -> None:
    page = browsers.without_card()
    page.goto(f"{service.portal}/trouver/")
    page.locator("input[type=text], input[type=search]").first.fill("personne@nulle-part.example")
    page.locator("main button").first.click()
    look(page, "81-trouver-rien")
    page.goto(f"{service.portal}/verifier/")
    page.locator("textarea").first.fill((service.data / "tls" / "ca.pem").read_text())
    page.locator("main button").first.click()
    look(page, "82-verifier-etranger")
    page.goto(f"{service.portal}/verifier/")
    page.locator("textarea").first.fill("ce n’est pas un certificat")
    page.locator("main button").first.click()
    look(page, "83-verifier-erreur")


def test_the_diagnosis_of_a_card_and_the_list_of_sessions(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/diagnostic/")
    expect(page.get_by_text("Cette carte est acceptée")).to_be_visible()
    look(page, "84-diagnostic-carte")
    page.goto(f"{service.door}/connexions/")
    look(page, "85-connexions")
    press(page, "Sortir")
