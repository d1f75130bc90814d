"""Asking with a key made in the page, the DMP's pair by keyboard alone, the files that other programs open,
the fleet and its renewal. Each page is looked at for accessibility, at 1280 and 360 pixels.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from playwright.sync_api import Page, Request, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import (
    CODE,
    DOMAIN,
    accept_by_two,
    enter,
    make_request,
    order_with_form_413,
    press,
)

pytestmark = pytest.mark.browser
PASSWORD = "Tilleul-93-vert_kayak"
SLOW = 90_000


@pytest.fixture(scope="module")
def administrator(browsers: Browsers, service: Service) -> Page:
    """The administrator, with rights to SERV_SSL and the organisation's products."""
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/demander/")
    if page.get_by_role("link", name="Demander la paire").count() == 0:
        accept_by_two(browsers, service, order_with_form_413(browsers, service))
    return page


def make_key(page: Page) -> None:
    """Choose a password, have the key made, wait for it."""
    page.locator("#cle-mot").fill(PASSWORD)
    page.locator("#cle-encore").fill(PASSWORD)
    page.locator("[data-role=make]").click()
    expect(page.locator("[data-keymaker] [data-role=said]")).to_contain_text("C’est fait", timeout=SLOW)


def hand_over(page: Page) -> None:
    page.locator("#terms").check()
    page.locator("#code").fill(CODE)
    page.locator("#code_again").fill(CODE)
    page.get_by_role("button", name="Retirer").click()


def built(page: Page, button: str, path: Path) -> Path:
    """The file that a button of the page makes."""
    with page.expect_download(timeout=SLOW) as download:
        page.locator(f"[data-role={button}]").click()
    download.value.save_as(path)
    return path


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def private_key(p12: Path, *options: str) -> bytes:
    """The private key inside (PKCS#8, DER), as OpenSSL takes it out."""
    opened = run("openssl", "pkcs12", "-in", str(p12), "-passin", f"pass:{PASSWORD}", "-nodes", *options)
    key = load_pem_private_key(opened[opened.index("-----BEGIN PRIVATE") :].encode(), None)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def opens_elsewhere(p12: Path, folder: Path) -> None:
    """Java's keytool and NSS's pk12util take the file, key and chain."""
    told = run(
        "keytool", "-list", "-v", "-keystore", str(p12), "-storetype", "PKCS12", "-storepass", PASSWORD
    )
    assert "PrivateKeyEntry" in told
    assert "Certificate chain length: 3" in told
    base = folder / f"nss-{p12.stem}"
    base.mkdir()
    run("certutil", "-d", f"sql:{base}", "-N", "--empty-password")
    assert "SUCCESSFUL" in run("pk12util", "-d", f"sql:{base}", "-i", str(p12), "-W", PASSWORD, "-K", "")


def never_left(key: bytes, sent: list[bytes]) -> bool:
    """Whether neither the password nor any part of the private key is in what the browser sent."""
    secret = key[60:]  # past what only says that this is an RSA key, and into its numbers
    number = load_private_exponent(key)
    marks = [PASSWORD.encode(), b"PRIVATE KEY", number, number.hex().encode()]
    marks += [base64.b64encode(number[shift : shift + 48]) for shift in range(3)]
    marks += [base64.b64encode(secret[-300 + shift : -252 + shift]) for shift in range(3)]
    return not any(mark in body for body in sent for mark in marks)


def load_private_exponent(key: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    loaded = load_der_private_key(key, None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert loaded.key_size == 3072
    number = loaded.private_numbers().d
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def test_the_key_is_made_in_the_page_and_never_leaves_it(
    administrator: Page, service: Service, tmp_path: Path
) -> None:
    page, sent = administrator, []

    def hear(request: Request) -> None:
        sent.append(request.url.encode() + b"\n" + (request.post_data_buffer or b""))

    page.context.on("request", hear)
    page.goto(f"{service.door}/demander/")
    look(page, "90-demander")
    page.get_by_role("link", name="Demander SERV_SSL").first.click()
    page.locator("#names").fill(f"cle.{DOMAIN}")
    expect(page.locator("#verdict")).to_contain_text("Oui, ce certificat peut être délivré")
    expect(page.locator("#commande")).to_contain_text(f"cle.{DOMAIN}-serv-ssl.csr")
    page.locator("#cle-mot").fill("motdepasse2026")
    expect(page.locator("#cle-force")).to_have_text("Trop facile à deviner.")
    page.locator("[data-role=make]").click()
    expect(page.locator("[data-keymaker] [data-role=said]")).to_contain_text("refusé")
    look(page, "91-cle-refusee")
    make_key(page)
    look(page, "92-cle-faite")
    press(page, "Demander le certificat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer le certificat")
    hand_over(page)
    expect(page.get_by_role("heading", name="La clé est dans ce navigateur")).to_be_visible()
    look(page, "93-certificat-cle")
    typed = page.locator("[data-keyholder] [data-role=password]")
    typed.fill("pas celui-là du tout")
    page.locator("[data-role=p12]").click()
    expect(page.locator("[data-keyholder] [data-role=said]")).to_contain_text("Ce n’est pas", timeout=SLOW)
    typed.fill(PASSWORD)
    modern = built(page, "p12", tmp_path / "moderne.p12")
    page.locator("[data-role=old]").check()
    old = built(page, "p12", tmp_path / "ancien.p12")
    lone = built(page, "pem", tmp_path / "cle.pem")
    key = private_key(modern)
    assert private_key(old, "-legacy") == key
    opened = load_pem_private_key(lone.read_bytes(), PASSWORD.encode())
    assert opened.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) == key
    for file in (modern, old):
        opens_elsewhere(file, tmp_path)
    assert len(sent) > 10
    assert never_left(key, sent)
    assert not never_left(key, [*sent, b"code=" + PASSWORD.encode()])
    page.context.remove_listener("request", hear)
    page.get_by_text("Effacer la clé de ce navigateur").click()
    page.locator("[data-role=sure]").check()
    page.locator("[data-role=forget]").click()
    expect(page.locator("[data-keyholder] [data-role=said]")).to_contain_text("n’est plus dans ce navigateur")
    page.reload()
    expect(page.get_by_role("heading", name="La clé est dans ce navigateur")).to_be_hidden()
    for guide in page.locator("details:visible > summary").all():
        guide.click()
    look(page, "94-guides")


def tab_to(page: Page, selector: str) -> None:
    """Reach an element as somebody without a mouse does."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("chosen => document.activeElement?.matches(chosen)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_the_pair_of_the_dmp_is_asked_and_collected_by_keyboard_alone(
    administrator: Page, service: Service
) -> None:
    page = administrator
    page.goto(f"{service.door}/demander/")
    tab_to(page, "a[href*='/demander/paire/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Demander la paire du DMP")
    tab_to(page, "#names")
    page.keyboard.type("DPI Trois Vallées")
    expect(page.locator("#verdict")).to_contain_text("Oui, ce certificat peut être délivré")
    look(page, "95-paire")
    for selector in ("#cle-mot", "#cle-encore"):
        tab_to(page, selector)
        page.keyboard.type(PASSWORD)
    tab_to(page, "[data-role=make]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-keymaker] [data-role=said]")).to_contain_text("C’est fait", timeout=SLOW)
    look(page, "96-paire-cles")
    page.locator("[data-role=make]").focus()
    tab_to(page, "button[name=action][value=demander]:not(.unseen)")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer les deux certificats")
    look(page, "97-paire-retrait")
    tab_to(page, "#terms")
    page.keyboard.press("Space")
    for selector in ("#code", "#code_again"):
        tab_to(page, selector)
        page.keyboard.type(CODE)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Les deux certificats sont à vous")).to_be_visible()
    first = page.locator("p.dn").first.inner_text()
    expect(page.get_by_role("heading", name="La clé est dans ce navigateur")).to_be_visible()
    look(page, "98-paire-certificat")
    page.get_by_role("link", name="l’autre certificat").click()
    expect(page.get_by_role("heading", name="La clé est dans ce navigateur")).to_be_visible()
    assert page.locator("p.dn").first.inner_text() == first


def test_the_fleet_is_filtered_taken_away_and_renewed(
    administrator: Page, service: Service, tmp_path: Path
) -> None:
    page = administrator
    page.goto(f"{service.door}/certificats/")
    look(page, "100-parc")
    page.locator("#texte").fill(f"cle.{DOMAIN}")
    press(page, "Filtrer")
    expect(page.locator("tbody tr")).to_have_count(1)
    look(page, "101-parc-filtre")
    page.locator("#texte").fill("nulle-part")
    press(page, "Filtrer")
    expect(page.get_by_text("Aucun certificat ne correspond")).to_be_visible()
    look(page, "102-parc-vide")
    page.goto(f"{service.door}/certificats/echeances/")
    look(page, "103-echeances")
    page.goto(f"{service.door}/certificats/renouveler/")
    look(page, "104-renouveler")
    press(page, "Renouveler")
    expect(page.locator("#constats")).to_contain_text("conditions")
    look(page, "105-renouveler-erreurs")
    bundle = tmp_path / "demandes.zip"
    with ZipFile(bundle, "w") as archive:
        archive.write(make_request(tmp_path, "neuf"), f"cle.{DOMAIN}.csr")
        archive.writestr("inconnu.example.csr", "AAAA")
    page.locator("#requests").set_input_files(bundle)
    page.locator("#terms").check()
    page.locator("#code").fill(CODE)
    page.locator("#code_again").fill(CODE)
    press(page, "Renouveler")
    expect(page.get_by_text("1 renouvelé sur 2")).to_be_visible()
    look(page, "106-renouveles")
    with page.expect_download() as download:
        press(page, "Télécharger les certificats")
    download.value.save_as(tmp_path / "neufs.zip")
    with ZipFile(tmp_path / "neufs.zip") as archive:
        assert [archive.read(name).count(b"BEGIN CERTIFICATE") for name in archive.namelist()] == [2]
    assert shutil.which("openssl")
