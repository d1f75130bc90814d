"""What one needs, and the order in steps: by a real card, by keyboard alone, without a script, with section 4
in somebody else's hands. Each page is looked at for accessibility, at 1280 and 360 pixels.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from playwright.sync_api import Page, expect

from tests.browser.looking import FETCHED, look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import DOMAIN, enter, fill, press

pytestmark = pytest.mark.browser
HELPER_CARD = "2600900104"


def draft_of(page: Page) -> str:
    """The address of the draft whose step is shown."""
    return page.url.split("etape/")[0]


def begin(page: Page, service: Service) -> str:
    page.goto(f"{service.door}/commandes/nouvelle/")
    press(page, "Commencer la commande")
    return draft_of(page)


def test_anybody_finds_what_they_need_and_the_order_is_already_filled_in(
    browsers: Browsers, service: Service
) -> None:
    stranger = browsers.without_card()
    stranger.goto(f"{service.portal}/besoin/")
    look(stranger, "o-besoin")
    press(stranger, "Continuer")
    expect(stranger.locator("#constats")).to_contain_text("Rien n’est coché")
    look(stranger, "o-besoin-rien")
    stranger.get_by_label(re.compile("Se connecter au DMP")).check()
    stranger.get_by_label("Sécuriser notre serveur web").check()
    press(stranger, "Continuer")
    look(stranger, "o-besoin-questions")
    stranger.get_by_label("Combien de serveurs").fill("3")
    for label in ("Oui", "À la structure", "Notre éditeur, notre distributeur ou notre hébergeur"):
        stranger.get_by_label(label, exact=True).first.check()
    press(stranger, "Voir ce qu’il me faut")
    expect(stranger.locator("main")).to_contain_text("5 certificats.")
    look(stranger, "o-besoin-reponse")
    shared = stranger.url.removeprefix(service.portal)
    stranger.go_back()
    expect(stranger.get_by_label("Combien de serveurs")).to_have_value("3")
    stranger.go_forward()
    expect(stranger.locator("main")).to_contain_text("5 certificats.")
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}{shared}")
    press(page, "Préparer cette commande")
    address = draft_of(page)
    page.goto(f"{address}etape/offres/")
    expect(page.locator("fieldset.item")).to_have_count(2)
    expect(page.get_by_label("ORG_CONF")).not_to_be_checked()
    page.goto(f"{address}etape/usage/")
    expect(page.locator("[id='usage.description']")).to_have_value(re.compile("Se connecter au DMP"))
    throw_away(page, address)


def throw_away(page: Page, address: str) -> None:
    page.goto(f"{address}supprimer/")
    look(page, "o-brouillon-supprimer")
    press(page, "Supprimer définitivement")
    look(page, "o-brouillon-supprimer-erreurs")
    page.locator("#sure").check()
    press(page, "Supprimer définitivement")
    expect(page.get_by_text("Le brouillon est supprimé")).to_be_visible()


def test_the_technical_part_goes_to_somebody_elses_hands_and_back(
    browsers: Browsers, service: Service
) -> None:
    owner = enter(browsers, service, "marchand")
    address = begin(owner, service)
    owner.goto(address)
    look(owner, "o-brouillon")
    owner.get_by_role("link", name="La confier à quelqu’un").click()
    look(owner, "o-confier")
    press(owner, "Confier la partie technique")
    look(owner, "o-confier-erreurs")
    owner.locator("#to").fill(HELPER_CARD)
    owner.locator("#word").fill("Le portail des patients, avant vendredi.")
    press(owner, "Confier la partie technique")
    look(owner, "o-confiee")
    owner.goto(f"{address}etape/offres/")
    look(owner, "o-etape-confiee")
    owner.goto(f"{address}etape/envoi/")
    look(owner, "o-envoi-attend")
    helper = enter(browsers, service, "benali")
    look(helper, "o-accueil-aide")
    helper.get_by_role("link", name=re.compile("partie technique")).first.click()
    look(helper, "o-aide")
    assert "MARCHAND" in helper.locator("main").inner_text()
    assert helper.goto(f"{address}etape/contrat/").status == 404  # type: ignore[union-attr]
    helper.goto(f"{address}etape/usage/")
    fill(helper, usage__description="Portail des patients")
    press(helper, "Enregistrer et continuer")
    press(helper, "Ajouter : Serveur SSL")
    fill(helper, offers__0__declared=f"www.{DOMAIN}")
    helper.get_by_label("Un seul serveur").check()
    press(helper, "Enregistrer et continuer")
    helper.goto(address)
    helper.locator("#word").fill("C’est fait.")
    press(helper, "Rendre la partie technique")
    expect(helper.get_by_text("La partie technique est rendue")).to_be_visible()
    owner.goto(address)
    expect(owner.locator("main")).to_contain_text("C’est fait.")
    look(owner, "o-rendue")
    owner.goto(f"{address}etape/envoi/")
    look(owner, "o-envoi-a-relire")
    kind = owner.evaluate("async it => (await fetch(it)).headers.get('content-type')", f"{address}apercu/")
    assert kind == "application/pdf"
    FETCHED["draft-preview"] = 200


def test_an_order_is_written_by_keyboard_alone(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "marchand")
    page.goto(f"{service.door}/commandes/nouvelle/")

    def tab_to(selector: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid", selector
                return
        raise AssertionError(f"{selector} cannot be reached by keyboard on {page.url}")

    def press_key(selector: str) -> None:
        tab_to(selector)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    def tick(selector: str) -> None:
        tab_to(selector)
        page.keyboard.press("Space")

    def write(selector: str, text: str) -> None:
        tab_to(selector)
        page.keyboard.press("Control+a")
        page.keyboard.type(text)

    def heading(title: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)

    go_on = "button[value=suivant]:not(.unseen)"
    press_key("button[value=commencer]")
    for title in ("1. Structure", "2. Contrat", "3. Visa"):
        heading(title)
        press_key(go_on)
    heading("4.1. Usage")
    write("[id='usage.description']", "Portail des patients")
    press_key(go_on)
    heading("4.2. Offres")
    press_key("button[value='ajouter-offre:serv-ssl']")
    write("[id='offers.0.declared']", DOMAIN)
    tick("[id='offers.0.kind-1']")
    press_key(go_on)
    heading("4.3. Administrateurs")
    for name, text in (
        ("card_number", HELPER_CARD),
        ("surname", "BENALI"),
        ("given_names", "Karim"),
        ("phone", "0478000104"),
        ("email", f"systemes@{DOMAIN}"),
    ):
        write(f"[id='administrators.0.{name}']", text)
    press_key(go_on)
    heading("Relire, signer, envoyer")
    tick("[id='declarations.terms']")
    tick("[id='declarations.exact']")
    press_key("form[action$='/envoyer/'] button")
    heading("Commande CMD-")


def test_an_order_is_written_without_a_script_and_taken_up_again(
    browsers: Browsers, service: Service
) -> None:
    page = enter(browsers, service, "marchand")
    scripts = page.context.new_cdp_session(page)
    scripts.send("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        address = begin(page, service)
        for _ in range(3):
            press(page, "Enregistrer et continuer")
        fill(page, usage__description="Messagerie")
        press(page, "Enregistrer et revenir plus tard")
        expect(page.get_by_text("est gardé")).to_be_visible()
        page.goto(f"{service.door}/")
        page.get_by_role("link", name="Reprendre la commande").first.click()
        page.goto(f"{address}etape/usage/")
        expect(page.locator("[id='usage.description']")).to_have_value("Messagerie")
        press(page, "Enregistrer et continuer")
        press(page, "Ajouter : Organisation")
        expect(page.get_by_label("ORG_SIGN")).to_be_checked()
        press(page, "Enregistrer et continuer")
        page.goto(f"{address}etape/offres/")
        expect(page.get_by_label("ORG_SIGN")).to_be_checked()
        page.goto(f"{address}etape/envoi/")
        expect(page.locator("#constats")).to_contain_text("N° de carte")
    finally:
        scripts.send("Emulation.setScriptExecutionDisabled", {"value": False})
        scripts.detach()


def test_a_private_key_never_leaves_the_page(browsers: Browsers, service: Service, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    page = browsers.without_card()
    page.goto(f"{service.portal}/revoquer/cle/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    warning = page.locator("[data-key-warning]")
    expect(warning).to_be_hidden()
    page.locator("#proof").fill(pem.decode())
    expect(page.locator("#proof")).to_have_value("")
    expect(warning).to_contain_text("C’était une clé privée")
    look(page, "o-cle-collee")
    for name, data in (
        ("cle.pem", pem),
        ("cle.der", key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        ("cle.p12", serialize_key_and_certificates(None, key, None, None, BestAvailableEncryption(b"x"))),
    ):
        page.reload()
        (tmp_path / name).write_bytes(data)
        page.locator("#proof_file").set_input_files(tmp_path / name)
        expect(warning).to_be_visible()
        expect(page.locator("#proof_file")).to_have_value("")
    (tmp_path / "demande.csr").write_text("-----BEGIN CERTIFICATE REQUEST-----")
    page.locator("#proof_file").set_input_files(tmp_path / "demande.csr")
    expect(page.locator("#proof_file")).not_to_have_value("")
    assert not any("PRIVATE" in one for one in sent)


def test_a_word_of_the_glossary_opens_where_it_stands_by_keyboard(
    browsers: Browsers, service: Service
) -> None:
    page = browsers.without_card()
    page.goto(f"{service.portal}/besoin/reponse/?usage=dmp&patients=oui")
    word = page.locator("button.word", has_text="DMP").first
    told = page.locator(f"[id='{word.get_attribute('popovertarget')}']")
    expect(told).to_be_hidden()
    word.focus()
    page.keyboard.press("Enter")
    expect(told).to_contain_text("Dossier Médical Partagé")
    look(page, "o-mot-ouvert")
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
