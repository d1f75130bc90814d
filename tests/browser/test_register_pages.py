"""Registers and tasks in a real browser: nothing loaded, an import, a look-up, a task, a form filled. Each
is looked at for accessibility, at 1280 and 360 pixels.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import enter, press
from tests.register_files import many_sites, site, sites

pytestmark = pytest.mark.browser
FINESS = "0B0010104"


def bring(service: Service, path: Path) -> None:
    """Import a file as an operator does."""
    command = [sys.executable, "-m", "sceau.cli", "register", "import", "finess-et", str(path)]
    subprocess.run([*command, "--data", str(service.data)], check=True, capture_output=True, text=True)


def test_the_desk_reads_registers_and_does_its_tasks(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    page = enter(browsers, service, "leroux")
    page.goto(f"{service.door}/guichet/registres/")
    look(page, "80-registres-vides")
    ours = site(FINESS, "CENTRE HOSPITALIER DE L'EXEMPLE")
    bring(service, sites(tmp_path / "a.csv", [*many_sites(60), ours, "structureet;court"]))
    page.reload()
    look(page, "81-registres")
    page.locator("#texte").fill("centre hospitalier de l'ex")
    press(page, "Chercher")
    expect(page.get_by_role("rowheader", name=FINESS)).to_be_visible()
    look(page, "82-registres-recherche")
    bring(service, sites(tmp_path / "b.csv", many_sites(60), dated="2026-11-21"))
    page.goto(f"{service.door}/guichet/registres/")
    page.locator("tbody a").first.click()
    expect(page.get_by_text("0 numéros changés, 1 disparus")).to_be_visible()
    look(page, "83-import")
    page.goto(f"{service.door}/guichet/taches/")
    # Other journeys raise tasks too (an address gone dead): this one is found by what it says.
    task = page.locator(".box").filter(has_text="est fermée depuis le")
    expect(task).to_be_visible()
    look(page, "84-taches")
    task.locator("textarea").fill("Structure jointe : erreur du registre, signalée.")
    task.get_by_role("button", name="C’est fait").click()
    page.goto(f"{service.door}/guichet/taches/?faites=oui")
    look(page, "85-taches-faites")


def test_a_form_is_filled_from_a_finess(browsers: Browsers, service: Service, tmp_path: Path) -> None:
    named = site(FINESS, "CENTRE HOSPITALIER")
    bring(service, sites(tmp_path / "c.csv", [*many_sites(61), named], dated="2026-11-22"))
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/commandes/nouvelle/?contrat=aucun")
    press(page, "Commencer la commande")
    page.locator('[id="structure.name"]').fill("")
    page.locator('[id="structure.finess"]').fill(FINESS)
    press(page, "Remplir d’après les registres")
    expect(page.locator('[id="structure.name"]')).to_have_value("CENTRE HOSPITALIER")
    look(page, "86-formulaire-rempli")
