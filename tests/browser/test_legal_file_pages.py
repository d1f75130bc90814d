"""The legal file in a real browser: a contract, its pieces, a leave, an act that two people decide; and the
structure's own page. Each is looked at for accessibility, at 1280 and 360 pixels.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser
CONTRACT = "C-2026-0001"
STRUCTURE = "10B0010104"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 200


def attach(page: Page, file: Path, kind: str, day: str) -> None:
    """Fill the form that puts a piece on file, and send it."""
    page.locator("#kind").select_option(kind)
    page.locator("#issued_on").fill(day)
    page.locator("#file").set_input_files(file)


def received(service: Service, path: Path) -> str:
    """An order that came by mail, by the console; its reference."""
    command = [sys.executable, "-m", "sceau.cli", "order", "receive", str(path), "--json"]
    done = subprocess.run([*command, "--data", str(service.data)], check=True, capture_output=True, text=True)
    return str(json.loads(done.stdout)["line"]["reference"])


def test_a_structure_reads_its_contract_and_brings_what_is_missing(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "kbis.png"
    file.write_bytes(PNG)
    page = enter(browsers, service, "marchand")
    page.get_by_role("link", name="Mon contrat", exact=True).click()
    look(page, "70-mes-contrats")
    page.get_by_role("link", name=f"Contrat {CONTRACT}").click()
    expect(page.get_by_text("Un extrait récent du registre")).to_be_visible()
    page.get_by_text("Déposer une pièce").click()
    look(page, "71-mon-contrat")
    page.locator("#kind").select_option("kbis")
    press(page, "Déposer")
    expect(page.locator("#constats")).to_be_visible()
    look(page, "72-depot-erreurs")
    attach(page, file, "kbis", "2026-11-02")
    press(page, "Déposer")
    expect(page.get_by_text("Un extrait récent du registre")).to_have_count(0)
    look(page, "73-mon-contrat-complet")


def test_the_desk_keeps_the_file_and_two_officers_end_a_contract(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "scan.png"
    file.write_bytes(PNG)
    page = enter(browsers, service, "leroux")
    page.goto(f"{service.door}/guichet/contrats/")
    look(page, "74-contrats")
    page.get_by_role("link", name=CONTRACT).click()
    for summary in ("Nommer une personne de plus", "Joindre une pièce"):
        page.locator("summary", has_text=summary).click()
    look(page, "75-contrat")
    attach(page, file, "identity-copy", "")
    press(page, "Mettre au dossier")
    page.get_by_role("link", name="Copie de la pièce d’identité").or_(
        page.get_by_role("link", name="Copie de la pièce d'identité")
    ).first.click()
    look(page, "76-piece-chiffree")
    page.goto(f"{service.door}/guichet/contrats/{CONTRACT}/")
    page.get_by_role("link", name="Extrait du registre du commerce (KBIS)").first.click()
    page.locator("#name").fill("CENTRE HOSPITALIER DES TROIS VALLEES")
    page.locator("#siret").fill("99900100100018")
    press(page, "Noter")
    look(page, "77-extrait")
    page.goto(f"{service.door}/guichet/accords/nouveau/?structure={STRUCTURE}")
    look(page, "78-accord-nouveau")
    page.locator("#name").fill("mairie-exemple.fr")
    page.locator("#holder").fill("Mairie d’Exemple")
    press(page, "Préparer le texte à placer")
    look(page, "79-accord-dns")
    path = tmp_path / "413.json"
    path.write_text(json.dumps({"edition": "web", "contract": {"number": CONTRACT}}))
    reference = received(service, path)
    page.goto(f"{service.door}/guichet/{reference}/")
    for summary in ("Joindre une pièce",):
        page.locator("summary", has_text=summary).click()
    attach(page, file, "form-scan", "2026-11-20")
    press(page, "Mettre au dossier")
    look(page, "84-commande-pieces")
    page.goto(f"{service.door}/guichet/contrats/{CONTRACT}/")
    page.get_by_role("link", name="Résilier le contrat").click()
    look(page, "80-resilier")
    press(page, "Résilier le contrat")
    expect(page.get_by_text(f"Rien n'est dit de {reference}")).to_be_visible()
    page.get_by_label("Pour toutes celles et tous ceux").select_option("keep")
    press(page, "Résilier le contrat")
    look(page, "81-resilier-erreurs")
    page.locator("#reason").fill("Fin d’activité")
    press(page, "Résilier le contrat")
    expect(page.get_by_text("une seconde personne doit confirmer")).to_be_visible()
    look(page, "82-contrat-attente")
    second = enter(browsers, service, "moreau")
    second.goto(f"{service.door}/guichet/contrats/{CONTRACT}/")
    second.get_by_role("link", name="Voir ce que l’acte arrête, et décider").click()
    look(second, "83-seconde-personne")
    second.get_by_text("Abandonner cet acte").click()
    second.locator("#reason").fill("À revoir")
    press(second, "Abandonner l’acte")
    expect(second.get_by_text("rien n’a changé")).to_be_visible()
