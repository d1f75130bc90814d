"""Mails and calendars in a real browser, on a running instance whose clockwork writes mails to a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_legal_file_pages import CONTRACT, STRUCTURE, received
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser


def test_the_desk_follows_a_mail_that_the_clockwork_sent(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "413.json"
    signatory = {"email": "direction@trois-vallees.example.fr"}
    raw = {"edition": "web", "contract": {"number": CONTRACT}, "signatory": signatory}
    path.write_text(json.dumps(raw))
    reference = received(service, path)
    page = enter(browsers, service, "leroux")
    address = f"{service.door}/guichet/courriels/?texte={reference}"
    for _ in range(30):
        page.goto(address)
        if page.get_by_role("link", name=f"Commande {reference}").count():
            break
        page.wait_for_timeout(1000)
    look(page, "90-courriels")
    page.get_by_role("link", name=f"Commande {reference}").click()
    look(page, "91-courriel")
    expect(page.get_by_text("direction@trois-vallees.example.fr")).to_be_visible()
    press(page, "Renvoyer, une seule fois")
    expect(page.get_by_text("Une copie part")).to_be_visible()
    assert list((service.data / "mail").glob("*.eml"))


def test_a_structure_makes_a_calendar_and_revokes_it(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/echeances/{STRUCTURE}/")
    look(page, "92-calendrier")
    press(page, "Faire une adresse")
    look(page, "93-calendrier-adresse")
    expect(page.get_by_text("/calendrier/")).to_be_visible()
    press(page, "Révoquer l’adresse en cours")
    expect(page.get_by_text("L’adresse est révoquée")).to_be_visible()
