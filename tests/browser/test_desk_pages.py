"""The decision desk in a real browser: the queue, a file whose checks are red, amber and green, points asked
and answered in place, an order put aside, search and figures. Each is looked at, at 1280 and 360 pixels.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sceau.cli.demo_story import FORM
from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_legal_file_pages import received
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser


def test_the_desk_asks_point_by_point_and_the_requester_answers_in_place(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "413.json"
    raw = deepcopy(FORM)
    raw["contract"] = {"number": "C-INCONNU"}
    path.write_text(json.dumps(raw))
    reference = received(service, path)
    desk = enter(browsers, service, "leroux")
    desk.goto(f"{service.door}/guichet/")
    look(desk, "90-file")
    desk.get_by_role("link", name=reference).click()
    press(desk, "Commencer l’examen")
    for summary in ("contrôles verts", "Demander un complément", "Refuser la commande", "Mettre en attente"):
        desk.locator("summary", has_text=summary).click()
    look(desk, "91-dossier")
    press(desk, "Mettre en attente")
    expect(desk.locator("#constats")).to_be_visible()
    look(desk, "92-attente-erreurs")
    desk.locator("summary", has_text="Demander un complément").click()
    desk.locator("#path-1").select_option("contract.number")
    desk.locator("#point-1").fill("Ce numéro de contrat est inconnu : lequel est le bon ?")
    desk.locator("#point-2").fill("Qui peut être appelé ?")
    press(desk, "Envoyer la question")
    expect(desk.get_by_text("La question est envoyée au demandeur")).to_be_visible()
    requester = enter(browsers, service, "marchand")
    requester.goto(f"{service.door}/commandes/{reference}/")
    look(requester, "93-repondre")
    press(requester, "Envoyer la réponse")
    expect(requester.locator("#constats")).to_be_visible()
    look(requester, "94-repondre-erreurs")
    requester.locator("[id^='value-']").first.fill("C-2026-0001")
    requester.locator("[id^='answer-']").nth(1).fill("La directrice, au 04 78 00 01 01.")
    press(requester, "Envoyer la réponse")
    expect(requester.get_by_text("Votre réponse est transmise")).to_be_visible()
    look(requester, "95-histoire")
    desk.goto(f"{service.door}/guichet/{reference}/")
    desk.locator("summary", has_text="Mettre en attente").click()
    desk.locator("#why").fill("Le registre arrive")
    desk.locator("#event").select_option("piece")
    press(desk, "Mettre en attente")
    look(desk, "96-mise-en-attente")
    desk.goto(f"{service.door}/guichet/?file=held")
    look(desk, "97-file-attente")
    desk.goto(f"{service.door}/guichet/recherche/?texte=ch-trois")
    expect(desk.get_by_role("link", name=reference)).to_be_visible()
    look(desk, "98-recherche")
    desk.goto(f"{service.door}/guichet/delais/")
    look(desk, "99-delais")
