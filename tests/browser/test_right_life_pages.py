"""The life of rights in a real browser: a right stopped and let serve again, an administrator who leaves, an
order that amends another, a paper form keyed, a structure that changes identity. Each is looked at, at both
widths.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_legal_file_pages import PNG, STRUCTURE, attach
from tests.browser.test_main_journey import (
    DOMAIN,
    accept_by_two,
    enter,
    make_request,
    order_with_form_413,
    press,
)

pytestmark = pytest.mark.browser
_USUAL = {"contract": "follow", "order": "keep", "right": "follow", "designation": "follow"}


@dataclass(frozen=True)
class Lived:
    """A right of the administrator, the order that gave it, and a certificate under it."""

    right: str
    order: str
    person: str
    certificate: str


def told(service: Service, *arguments: str) -> Any:
    """What a command of the console answers."""
    command = [sys.executable, "-m", "sceau.cli", *arguments, "--data", str(service.data), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def lived(browsers: Browsers, service: Service, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    def found() -> dict[str, Any] | None:
        lines = told(service, "habilitation", "list", "--state", "active", "--limit", "200")
        mine = [one for one in lines if one["product"] == "SERV_SSL" and "BENALI" in one["person"].upper()]
        return mine[-1] if mine else None

    right = found()
    if right is None:
        accept_by_two(browsers, service, order_with_form_413(browsers, service))
        right = found()
    assert right is not None
    csr = make_request(tmp_path_factory.mktemp("life"), "life")
    wanted = ["--product", "SERV_SSL", "--name", f"vie.{DOMAIN}", "--habilitation", right["reference"]]
    made = told(service, "certificate", "issue", *wanted, "--csr", str(csr), "--as", right["person_id"])
    return Lived(right["reference"], right["order_reference"], right["person_id"], made["line"]["reference"])


def let_serve_again(desk: Page, service: Service, lived: Lived) -> None:
    """The desk lets every right of the administrator serve again."""
    for one in told(service, "habilitation", "list", "--state", "suspended", "--limit", "200"):
        if one["person_id"] == lived.person:
            desk.goto(f"{service.door}/habilitations/{one['reference']}/acte/resume/")
            desk.locator("#reason").fill("C’était un essai")
            press(desk, "Rétablir l'habilitation")
            expect(desk.get_by_text("est rétablie")).to_be_visible()


def test_a_right_is_stopped_with_what_goes_with_it_and_let_serve_again(
    browsers: Browsers, service: Service, lived: Lived
) -> None:
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/habilitations/{lived.right}/")
    look(page, "200-habilitation")
    page.get_by_role("link", name="Retirer", exact=True).click()
    expect(page.get_by_text(lived.certificate).first).to_be_visible()
    look(page, "201-retirer")
    press(page, "Retirer l'habilitation")
    expect(page.locator("#constats")).to_be_visible()
    look(page, "202-retirer-erreurs")
    page.goto(f"{service.door}/habilitations/{lived.right}/acte/suspend/")
    page.locator("[id='others.certificates']").select_option("keep")
    page.locator("#reason").fill("Poste volé")
    press(page, "Suspendre l'habilitation")
    expect(page.get_by_text("est suspendue").first).to_be_visible()
    desk = enter(browsers, service, "leroux")
    desk.goto(f"{service.door}/guichet/habilitations/{lived.right}/")
    look(desk, "203-habilitation-guichet")
    desk.get_by_role("link", name="Rétablir", exact=True).click()
    look(desk, "204-retablir")
    let_serve_again(desk, service, lived)


def test_an_administrator_leaves_one_decision_for_each_certificate(
    browsers: Browsers, service: Service, lived: Lived
) -> None:
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/departs/")
    look(page, "210-departs")
    asked = f"person={quote(lived.person)}&structure={quote(STRUCTURE)}"
    page.goto(f"{service.door}/departs/nouveau/?{asked}")
    look(page, "211-nouveau-depart")
    press(page, "Ouvrir le départ")
    expect(page.locator("#constats")).to_be_visible()
    look(page, "212-nouveau-depart-erreurs")
    page.locator("#reason").fill("Change d’établissement")
    press(page, "Ouvrir le départ")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Départ de")
    look(page, "213-depart")
    page.locator(f"[id='line.{lived.certificate}']").select_option("keep")
    press(page, "Garder ces décisions")
    expect(page.get_by_text("Décisions gardées : 1")).to_be_visible()
    page.get_by_text("C’était une erreur").click()
    look(page, "214-depart-decide")
    page.locator("#reason").fill("Elle reste")
    press(page, "Annuler le départ")
    expect(page.get_by_text("Le départ est annulé")).to_be_visible()
    page.goto(f"{service.door}/departs/")
    look(page, "215-departs-liste")
    let_serve_again(enter(browsers, service, "leroux"), service, lived)


def test_an_order_amends_another_and_what_it_takes_away_is_answered(
    browsers: Browsers, service: Service, lived: Lived
) -> None:
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/commandes/{lived.order}/modifier/")
    look(page, "220-modifier")
    press(page, "Commencer la modification")
    look(page, "220-modification-brouillon")
    draft = page.url
    page.goto(f"{draft}etape/offres/")
    page.locator("[name='offers.0.declared']").fill(f"api.{DOMAIN}")
    page.get_by_label("Un seul serveur").first.check()
    press(page, "Enregistrer et continuer")
    page.goto(f"{draft}etape/envoi/")
    look(page, "220-modification-ce-qui-change")
    for box in ("terms", "exact"):
        page.locator(f"[id='declarations.{box}']").check()
    press(page, "Signer et envoyer la modification")
    expect(page.get_by_text("La modification est envoyée")).to_be_visible()
    order = page.url.rstrip("/").rsplit("/", 1)[1]
    desk = enter(browsers, service, "leroux")
    desk.goto(f"{service.door}/guichet/{order}/")
    press(desk, "Commencer l’examen")
    desk.goto(f"{service.door}/guichet/{order}/effets/")
    look(desk, "221-effets")
    press(desk, "Répondre")
    expect(desk.locator("#constats")).to_be_visible()
    look(desk, "222-effets-erreurs")
    desk.locator("[id='others.certificates']").select_option("keep")
    press(desk, "Répondre")
    expect(desk.get_by_text("Les effets ont leur réponse")).to_be_visible()
    look(desk, "223-modification-au-guichet")
    page.goto(f"{service.door}/commandes/{lived.order}/modifier/")
    look(page, "224-ne-se-modifie-pas")


def test_a_paper_form_is_keyed_with_its_numbers_twice(browsers: Browsers, service: Service) -> None:
    desk = enter(browsers, service, "leroux")
    desk.goto(f"{service.door}/guichet/courrier/")
    look(desk, "230-courrier")
    press(desk, "Enregistrer la commande")
    expect(desk.locator("#constats")).to_be_visible()
    look(desk, "231-courrier-erreurs")


def test_a_structure_changes_identity_by_a_plan_that_two_officers_confirm(
    browsers: Browsers, service: Service, lived: Lived, tmp_path: Path
) -> None:
    extract = tmp_path / "kbis.png"
    extract.write_bytes(PNG + b"changement")
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/changements/")
    look(page, "240-changements")
    page.goto(f"{service.door}/changements/nouveau/?structure={quote(STRUCTURE)}")
    look(page, "241-nouveau-changement")
    press(page, "Lister ce que tient la structure")
    expect(page.locator("#constats")).to_be_visible()
    look(page, "242-nouveau-changement-erreurs")
    page.get_by_label("nouvelle identité").check()
    page.locator("#effective_on").fill("2027-06-01")
    page.locator("#reason").fill("Avis de situation au répertoire SIRENE")
    page.locator("#name").fill("HOPITAL DES QUATRE VALLEES")
    page.locator("#siret").fill("99900100100018")
    page.locator("#finess").fill("0B0010104")
    page.locator("#postcode").fill("69003")
    page.locator("#commune").fill("LYON")
    press(page, "Lister ce que tient la structure")
    expect(page.get_by_text("Rien n’est encore changé")).to_be_visible()
    look(page, "243-plan-ouvert")
    attach(page, extract, "kbis", "2026-11-02")
    press(page, "Joindre")
    expect(page.get_by_text("L’extrait est joint")).to_be_visible()
    for select in page.locator("select[name^='line.']").all():
        name = str(select.get_attribute("name"))
        answer = _USUAL.get(name.split(".")[1], "replace")
        select.select_option(answer)
    press(page, "Garder ces réponses")
    expect(page.locator("#constats")).to_be_visible()
    look(page, "244-plan-sans-dates")
    page.locator("[id='all.before']").fill("2027-07-01")
    page.locator("[id='all.ends']").fill("2027-09-01")
    press(page, "Garder ces réponses")
    expect(page.get_by_text("Réponses gardées")).to_be_visible()
    look(page, "245-plan-complet")
    address = page.url
    first, second = enter(browsers, service, "leroux"), enter(browsers, service, "moreau")
    first.goto(address)
    press(first, "Proposer ce plan")
    expect(first.get_by_text("Le plan attend une seconde personne")).to_be_visible()
    look(first, "246-plan-propose")
    second.goto(address)
    look(second, "247-plan-a-confirmer")
    press(second, "Confirmer ce plan")
    expect(second.get_by_text("Le changement est confirmé")).to_be_visible()
    look(second, "248-plan-confirme")
    second.get_by_role("link", name="Donner plus de temps").click()
    look(second, "250-plus-de-temps")
    second.get_by_role("checkbox").first.check()
    press(second, "Éloigner les dates")
    expect(second.locator("#constats")).to_be_visible()
    look(second, "251-plus-de-temps-erreurs")
    second.locator("#revoke_on").fill("2027-10-01")
    second.locator("#reason").fill("Migration retardée")
    press(second, "Éloigner les dates")
    expect(second.get_by_text("Les dates sont éloignées")).to_be_visible()
    look(second, "252-dates-eloignees")
    second.goto(f"{service.door}/changements/")
    look(second, "249-changements-liste")
