"""The main journey in a real browser that chooses a real card certificate: order, two approvals,
certificate, hand-over, revocation. Each page on the way is looked at for accessibility, at 1280 and 360
pixels.
"""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service

pytestmark = pytest.mark.browser

DOMAIN = "ch-trois-vallees.fr"
CODE = "Vallee-2026-portail"


def fill(page: Page, **values: str) -> None:
    for path, value in values.items():
        page.locator(f"[id='{path.replace('__', '.')}']").fill(value)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def enter(browsers: Browsers, service: Service, slug: str) -> Page:
    """Come in by the card door with the real certificate."""
    page = browsers.with_card(slug)
    page.goto(f"{service.door}/porte/")
    press(page, "Entrer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    return page


def make_request(folder: Path, stem: str) -> Path:
    """A key and a request, with the very command that the page shows."""
    made = folder / f"{stem}.csr"
    command = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "rsa:3072",
        "-nodes",
        "-keyout",
        str(folder / f"{stem}.key"),
    ]
    subprocess.run([*command, "-subj", "/", "-out", str(made)], check=True, capture_output=True)
    return made


def test_pages_for_anybody(browsers: Browsers, service: Service) -> None:
    page = browsers.without_card()
    pages = (
        "",
        "comment-ca-marche/",
        "glossaire/",
        "accessibilite/",
        "revoquer/",
        "porte/",
        "courriels-de-test/",
    )
    for number, address in enumerate(pages):
        page.goto(f"{service.portal}/{address}")
        look(page, f"0{number}-{address.strip('/') or 'accueil'}")
    page.goto(f"{service.portal}/nulle-part/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page introuvable")
    look(page, "08-introuvable")
    page.goto(f"{service.portal}/commandes/")
    look(page, "09-carte-demandee")
    page.goto(f"{service.door}/porte/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aucune carte reçue")
    look(page, "10-aucune-carte")


def test_a_service_card_gets_a_page_that_says_why(browsers: Browsers, service: Service) -> None:
    page = browsers.with_card("service")
    page.goto(f"{service.door}/porte/")
    expect(page.locator("#constats")).to_contain_text("carte de service")
    look(page, "11-carte-de-service")


def test_the_whole_journey(browsers: Browsers, service: Service, tmp_path: Path) -> None:
    order = order_with_form_413(browsers, service)
    accept_by_two(browsers, service, order)
    certificate, chain = request_and_collect(browsers, service, tmp_path)
    verify_with_openssl(service, tmp_path, chain)
    revoke(browsers, service, certificate)


def order_with_form_413(browsers: Browsers, service: Service) -> str:
    """The representative's part; the order's reference."""
    page = browsers.with_card("marchand")
    page.goto(f"{service.door}/porte/")
    expect(page.locator("main")).to_contain_text("Hélène MARCHAND")
    look(page, "12-carte-lue")
    press(page, "Entrer")
    look(page, "13-accueil-connu")
    page.get_by_role("link", name="Commandes").first.click()
    look(page, "14-commandes-vides")
    page.get_by_role("link", name="Nouvelle commande").click()
    look(page, "15-commande-debut")
    press(page, "Commencer la commande")
    go_on(page, "1. Structure bénéficiaire", "15a-etape-structure")
    go_on(page, "2. Contrat", "15b-etape-contrat")
    go_on(page, "3. Visa", "15c-etape-signataire")
    go_on(page, "4.1. Usage", "15d-etape-usage")
    page.locator("#constats a").first.click()
    expect(page.locator("[id='usage.description']")).to_be_focused()
    look(page, "16-etape-usage-erreurs")
    fill(page, usage__description="Portail des patients et messagerie")
    press(page, "Enregistrer et continuer")
    for offer in ("Serveur SSL", "Serveur SMIME", "Organisation", "Professionnel dans"):
        press(page, f"Ajouter : {offer}")
    fill(page, offers__0__declared=DOMAIN, offers__1__declared=f"@{DOMAIN}", offers__3__declared=f"@{DOMAIN}")
    page.get_by_label("Un domaine entier").check()
    expect(page.locator("#verdict")).to_contain_text("Ce que couvriront ces noms")
    go_on(page, "4.2. Offres", "16a-etape-offres")
    fill(
        page,
        administrators__0__card_number="2600900104",
        administrators__0__surname="BENALI",
        administrators__0__given_names="Karim",
        administrators__0__phone="04 78 00 01 04",
        administrators__0__email=f"systemes@{DOMAIN}",
    )
    go_on(page, "4.3. Administrateurs", "16b-etape-administrateurs")
    look(page, "17-etape-envoi")
    press(page, "Signer avec ma carte et envoyer")
    look(page, "17a-etape-envoi-erreurs")
    page.locator("[id='declarations.terms']").check()
    page.locator("[id='declarations.exact']").check()
    press(page, "Signer avec ma carte et envoyer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Commande CMD-")
    look(page, "18-commande-recue")
    return urlsplit(page.url).path.rstrip("/").split("/")[-1]


def go_on(page: Page, title: str, state: str) -> None:
    """Look at a step as it stands, and go on."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    look(page, state)
    press(page, "Enregistrer et continuer")


def accept_by_two(browsers: Browsers, service: Service, order: str) -> None:
    """The desk's part."""
    first = enter(browsers, service, "leroux")
    first.goto(f"{service.door}/guichet/")
    look(first, "20-guichet")
    first.get_by_role("link", name=order).click()
    press(first, "Commencer l’examen")
    look(first, "21-dossier")
    first.get_by_role("link", name="Compléter le formulaire").click()
    look(first, "22-dossier-completer")
    first.go_back()
    press(first, "Approuver la version")
    expect(first.get_by_text("il faut maintenant une autre personne")).to_be_visible()
    look(first, "23-dossier-approuve-une-fois")
    second = enter(browsers, service, "moreau")
    second.goto(f"{service.door}/guichet/{order}/")
    press(second, "Approuver la version")
    expect(second.get_by_text("les habilitations sont ouvertes")).to_be_visible()
    look(second, "24-dossier-accepte")
    auditor = enter(browsers, service, "garnier")
    auditor.goto(f"{service.door}/guichet/{order}/")
    expect(auditor.get_by_text("La commande est close")).to_be_visible()
    look(auditor, "25-dossier-auditeur")


def leave_to_a_program(page: Page) -> None:
    """From the habilitation: a token made, its secret seen once, revoked; and back."""
    here = page.url
    page.get_by_role("link", name="Jetons pour programmes").click()
    press(page, "Créer le jeton")
    look(page, "31a-jetons-refuse")
    page.locator("#label").fill("serveur de messagerie")
    page.locator("#valid_until").fill(f"{datetime.now(tz=UTC) + timedelta(days=30):%Y-%m-%d}")
    page.locator("#terms").check()
    press(page, "Créer le jeton")
    expect(page.locator("#secret")).to_contain_text("sceau_")
    look(page, "31b-jeton-cree")
    page.get_by_role("link", name="J’ai copié le secret").click()
    look(page, "31c-jetons")
    page.get_by_role("link", name="Révoquer le jeton").click()
    look(page, "31d-jeton-revoquer")
    page.locator("#sure").check()
    press(page, "Révoquer définitivement")
    expect(page.get_by_text("Le jeton est révoqué")).to_be_visible()
    page.goto(here)


def request_and_collect(browsers: Browsers, service: Service, folder: Path) -> tuple[str, Path]:
    """The administrator's part: the certificate's address and the downloaded chain."""
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/habilitations/")
    look(page, "30-habilitations")
    page.get_by_role("link", name="SERV_SSL").first.click()
    look(page, "31-habilitation")
    leave_to_a_program(page)
    page.get_by_role("link", name="Demander un certificat").click()
    look(page, "32-demande-vierge")
    page.locator("#names").press_sequentially(f"www.evil-{DOMAIN}")
    expect(page.locator("#verdict")).to_contain_text("Non, pas tel quel")
    look(page, "33-demande-non")
    page.locator("#names").fill(f"portail.{DOMAIN}\nwww.{DOMAIN}")
    expect(page.locator("#verdict")).to_contain_text("Oui, ce certificat peut être délivré")
    expect(page.locator("#verdict .dn")).to_contain_text(f"portail.{DOMAIN}")
    look(page, "34-demande-oui")
    press(page, "Demander le certificat")
    expect(page.locator("#constats")).to_contain_text("CSR")
    look(page, "35-demande-sans-csr")
    page.locator("#csr").fill(make_request(folder, "serveur").read_text())
    press(page, "Demander le certificat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer le certificat")
    look(page, "36-retrait")
    press(page, "Retirer le certificat")
    look(page, "37-retrait-erreurs")
    page.locator("#terms").check()
    page.locator("#code").fill(CODE)
    page.locator("#code_again").fill(CODE)
    press(page, "Retirer le certificat")
    expect(page.get_by_text("Le certificat est à vous")).to_be_visible()
    look(page, "38-certificat")
    for link, name in (("Certificat (PEM)", "serveur.pem"), ("Autorités (PEM)", "autorites.pem")):
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
        download.value.save_as(folder / name)
    address = page.url
    page.goto(f"{service.door}/certificats/")
    look(page, "39-certificats")
    return address, folder / "autorites.pem"


def verify_with_openssl(service: Service, folder: Path, authorities: Path) -> None:
    """The certificate that came through the browser holds for a program that is not ours."""
    leaf = str(folder / "serveur.pem")
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        str(authorities),
        leaf,
    ]
    assert "OK" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
    public = ["openssl", "x509", "-in", leaf, "-noout", "-pubkey"]
    own = ["openssl", "pkey", "-in", str(folder / "serveur.key"), "-pubout"]
    certified = subprocess.run(public, check=True, capture_output=True).stdout
    assert certified == subprocess.run(own, check=True, capture_output=True).stdout
    assert service.process.poll() is None


def revoke(browsers: Browsers, service: Service, certificate: str) -> None:
    """The end, by the administrator."""
    page = browsers.with_card("benali")
    page.goto(certificate)
    page.get_by_role("link", name="Révoquer ce certificat").click()
    look(page, "40-revocation")
    press(page, "Révoquer définitivement")
    look(page, "41-revocation-erreurs")
    page.get_by_label("Certificat remplacé").check()
    page.locator("#sure").check()
    press(page, "Révoquer définitivement")
    expect(page.get_by_role("heading", level=1)).to_contain_text("révoqué")
    look(page, "42-revoque")
    assert service.process.poll() is None


def test_a_doctor_confirms_a_mailbox_in_the_browser(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    page = enter(browsers, service, "lefevre")
    page.goto(f"{service.door}/demander/")
    look(page, "50-ps-choix")
    page.get_by_role("link", name="Demander PS_SIGN").click()
    page.locator("#names").fill("claire@cabinet-lefevre.fr")
    press(page, "Envoyer un code à cette adresse")
    look(page, "51-ps-code")
    mails = page.context.new_page()
    mails.goto(f"{service.door}/courriels-de-test/")
    text = mails.locator("pre").first.inner_text()
    look(mails, "52-courriels")
    mails.close()
    code = next(
        word.strip(".") for word in text.split() if word.strip(".").isdigit() and len(word.strip(".")) >= 6
    )
    page.locator("#mailbox_code").fill(code)
    press(page, "Confirmer le code")
    expect(page.get_by_text("est confirmée")).to_be_visible()
    page.locator("#csr").fill(make_request(tmp_path, "ps").read_text())
    press(page, "Demander le certificat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer le certificat")
    look(page, "53-ps-retrait")


def test_the_drawer_inserts_a_card_with_one_click(browsers: Browsers, service: Service) -> None:
    page = browsers.without_card()
    page.goto(service.portal)
    press(page, "Insérer la carte de Karim BENALI")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Karim BENALI")
    press(page, "Sortir")
    expect(page.get_by_role("heading", level=2, name="Tiroir de cartes de test")).to_be_visible()
