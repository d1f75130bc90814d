"""Third parties in a real browser: designated, accepted, a team built and checked, section 4 handed over and
back, and ended, each by its own card.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser


def told(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words).first).to_be_visible()


def test_a_structure_designates_its_editor_and_ends_it(browsers: Browsers, service: Service) -> None:
    client = enter(browsers, service, "marchand")
    client.goto(f"{service.door}/delegations/nouvelle/")
    look(client, "100-designer")
    client.get_by_label("Qui désignez-vous").select_option(index=1)
    client.locator("input[name=products][value=SERV_SSL]").check()
    client.get_by_label("Son équipe peut obtenir").check()
    client.get_by_label("Jusqu’au").fill("2030-12-31")
    press(client, "Signer la désignation")
    told(client, "est désigné")
    address = client.url
    look(client, "101-designation-a-accepter")

    editor = enter(browsers, service, "renaud")
    editor.goto(address)
    press(editor, "Accepter la désignation")
    told(editor, "Désignation acceptée")
    editor.goto(f"{service.door}/delegations/")
    look(editor, "102-delegations-de-l-editeur")
    editor.get_by_role("link", name="Bâtir l’équipe").click()
    editor.get_by_label("Numéro de sa carte").fill("2600900306")
    editor.get_by_label("Adresse électronique").fill("certificats@logiciels-sante-ouest.example.fr")
    press(editor, "Proposer cette personne")
    told(editor, "La personne est proposée")
    look(editor, "103-equipe")

    for slug, button in (("leroux", "Vérifiée"), ("moreau", "Admettre")):
        desk = enter(browsers, service, slug)
        desk.goto(f"{service.door}/guichet/tiers/")
        look(desk, f"104-guichet-tiers-{slug}")
        press(desk, button)
    told(desk, "est admis")
    desk.get_by_role("link", name="LOGICIELS SANTE").first.click()
    look(desk, "105-guichet-un-tiers")
    desk.goto(f"{service.door}/guichet/tiers/papier/")
    look(desk, "106-designation-sur-papier")

    client.goto(address)
    press(client, "Lui confier la partie technique")
    look(client, "107-confier")
    client.get_by_label("Un mot").fill("Le serveur de notre portail patient.")
    press(client, "Confier la partie technique")
    part = client.url
    look(client, "108-partie-confiee")

    team = enter(browsers, service, "petit")
    team.goto(f"{service.door}/clients/")
    look(team, "109-clients")
    team.goto(part)
    look(team, "110-a-remplir")
    team.goto(f"{part}etape/offres/")
    press(team, "Ajouter : Serveur SSL")
    press(team, "Enregistrer et continuer")
    look(team, "111-remplir-a-corriger")
    team.goto(part)
    press(team, "Rendre la partie technique")

    client.goto(address)
    look(client, "112-designation-active")
    client.get_by_role("link", name="Modifier").click()
    look(client, "113-modifier")
    client.get_by_label("Son équipe peut obtenir").uncheck()
    press(client, "Voir ce que cela change")
    look(client, "117-ce-que-cela-change")
    press(client, "Revenir aux termes")
    expect(client.get_by_role("button", name="Voir ce que cela change")).to_be_visible()
    client.goto(f"{address}fin/")
    look(client, "114-fin")
    client.get_by_label("Motif").fill("Nous changeons d’éditeur.")
    press(client, "Mettre fin à la désignation")
    told(client, "La désignation est terminée")
    look(client, "115-terminee")
    client.goto(f"{service.door}/delegations/")
    look(client, "116-delegations")
