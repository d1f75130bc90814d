"""The pages of the door that nobody hopes to see: refusals, proofs asked in the middle of a form, hats; and
the way by Pro Santé Connect, with a provider that runs beside. Looked at like the others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service, free_ports, running
from tests.browser.test_main_journey import enter, press
from tests.browser.test_passkeys import a_quarter_of_an_hour_passes
from tests.psc_kit import Provider, provider

pytestmark = pytest.mark.browser


def test_a_card_that_is_refused_and_its_diagnosis(browsers: Browsers, service: Service) -> None:
    page = browsers.with_card("service")
    page.goto(f"{service.door}/porte/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cette carte n’ouvre pas le service")
    look(page, "d-carte-refusee")
    page.goto(f"{service.door}/diagnostic/")
    look(page, "d-diagnostic-refus")
    page = browsers.without_card()
    page.goto(f"{service.door}/porte/")
    look(page, "d-sans-carte")
    page.goto(f"{service.door}/diagnostic/")
    look(page, "d-diagnostic-sans-carte")
    page.goto(f"{service.portal}/certificats/")
    look(page, "d-carte-demandee")
    page.goto(f"{service.portal}/nulle-part/")
    look(page, "d-introuvable")


def test_a_hat_is_changed_in_the_header_and_on_the_page_that_asks_for_it(
    browsers: Browsers, service: Service
) -> None:
    page = enter(browsers, service, "leroux")
    look(page, "d-accueil-guichet")
    page.goto(f"{service.door}/commandes/")
    look(page, "d-autre-role")
    page.get_by_role("button", name="Agir comme").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ommandes")
    page.get_by_label("J’agis comme").select_option("desk")
    press(page, "Changer")
    page.goto(f"{service.door}/guichet/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Guichet")
    auditor = enter(browsers, service, "garnier")
    auditor.goto(f"{service.door}/connexions/")
    _post(auditor, "/departs/nouveau/")
    expect(auditor.get_by_role("heading", level=1)).to_contain_text("L’audit voit tout")
    look(auditor, "d-audit-ne-change-rien")
    benali = enter(browsers, service, "benali")
    benali.goto(f"{service.door}/agents/")
    look(benali, "d-pas-pour-moi")


def test_a_proof_asked_in_the_middle_of_a_form_loses_nothing(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "leroux")
    page.goto(f"{service.door}/agents/")
    page.locator("[id='person.national_id']").fill("500000101600013/G0066")
    page.locator("[id='person.surname']").fill("GARDÉE")
    page.locator("[id='person.given_names']").fill("Aurore")
    a_quarter_of_an_hour_passes(service)
    press(page, "Enregistrer la personne")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmez que c’est vous")
    look(page, "d-preuve-carte")
    press(page, "Confirmer et continuer")
    expect(page.get_by_text("La personne est connue")).to_be_visible()
    _post(page, "/agents/personnes/", gardee="x" * 43)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui était gardé ne l’est plus")
    look(page, "d-plus-garde")


def test_a_page_out_of_date_says_so(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "leroux")
    page.goto(f"{service.door}/connexions/")
    page.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(one => one.value = 'x')")
    press(page, "Terminer toutes les autres")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cette page est périmée")
    look(page, "d-perimee")


def _post(page: Page, path: str, **fields: str) -> None:
    """Send a form that no page offers, with the page's own token."""
    page.evaluate(
        """([path, fields]) => {
          const form = document.createElement("form");
          form.method = "post"; form.action = path;
          const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
          for (const [name, value] of Object.entries({...fields, csrfmiddlewaretoken: token})) {
            const one = document.createElement("input");
            one.type = "hidden"; one.name = name; one.value = value; form.append(one);
          }
          document.body.append(form); form.submit();
        }""",
        [path, fields],
    )
    page.wait_for_load_state()


# -- by Pro Santé Connect


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Provider]]:
    """An instance that is joined to a provider."""
    ports = free_ports(4)
    back = f"https://localhost:{ports[0]}/pro-sante-connect/retour/"
    folder = tmp_path_factory.mktemp("joined")
    with (
        provider(folder / "psc", back=back) as one,
        running(folder, ports=ports, **one.environ()) as service,
    ):
        yield service, one


def test_pro_sante_connect_from_the_button_to_the_form_that_waited(
    joined: tuple[Service, Provider], service: Service, tmp_path: Path, browsers: Browsers
) -> None:
    there, one = joined
    context = browsers.playwright.chromium.launch_persistent_context(
        str(tmp_path / "psc"),
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--disable-gpu", "--disable-quic"],
        locale="fr-FR",
        ignore_https_errors=True,
    )
    page = context.pages[0]

    page.goto(f"{there.portal}/porte/")
    look(page, "d-psc-porte")
    one.told(now=int(time.time()), person="899700101019")
    press(page, "S’identifier avec Pro Santé Connect")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous êtes entré")
    look(page, "d-psc-entre")
    page.goto(f"{there.portal}/commandes/")
    look(page, "d-psc-commandes")
    _post(page, "/commandes/CMD-00000-00000/signer/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cet acte demande votre carte")
    look(page, "d-psc-carte-demandee")
    page.goto(f"{there.portal}/connexions/")
    a_quarter_of_an_hour_passes(there)
    _post(page, "/certificats/CRT-00000-00000/revoquer/", explanation="gardé")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmez que c’est vous")
    look(page, "d-psc-preuve")
    one.told(now=int(time.time()), person="899700101019")
    press(page, "Confirmer avec Pro Santé Connect")
    expect(page.get_by_role("button", name="Reprendre et envoyer")).to_be_visible()
    look(page, "d-psc-reprise")
    page.goto(f"{there.portal}/pro-sante-connect/retour/?code=x&state=y")
    look(page, "d-psc-refus")
    context.close()
