"""The pages of revocation in a real browser: a key proved, a certificate ended ex officio, a run from its
preview to its report. Each is looked at for accessibility, at 1280 and 360 pixels.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from playwright.sync_api import Page, expect

from sceau.certification import KEY_PROOF_TEXT
from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser
DOCTOR, MAILBOX = "899700101019", "claire@cabinet-lefevre.fr"


@pytest.fixture(scope="module", autouse=True)
def _mailbox(browsers: Browsers, service: Service) -> None:
    """The doctor's mailbox, confirmed with the code that was mailed to it."""
    page = enter(browsers, service, "lefevre")
    page.goto(f"{service.door}/demander/")
    page.get_by_role("link", name="Demander PS_SIGN").click()
    page.locator("#names").fill(MAILBOX)
    press(page, "Envoyer un code à cette adresse")
    mails = page.context.new_page()
    mails.goto(f"{service.door}/courriels-de-test/")
    words = [word.strip(".") for word in mails.locator("pre").first.inner_text().split()]
    mails.close()
    page.locator("#mailbox_code").fill(next(one for one in words if one.isdigit() and len(one) >= 6))
    press(page, "Confirmer le code")
    expect(page.get_by_text("est confirmée")).to_be_visible()


def csr(key: ec.EllipticCurvePrivateKey, text: str = "") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM)


def sceau(service: Service, *arguments: str) -> str:
    command = [sys.executable, "-m", "sceau.cli", *arguments, "--data", str(service.data)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def issued(service: Service, folder: Path, key: ec.EllipticCurvePrivateKey, number: int) -> str:
    """A certificate of the doctor's own card, by the console of the development instance; its reference."""
    path = folder / f"{number}.csr"
    path.write_bytes(csr(key))
    asked = ("certificate", "issue", "--product", "PS_AUTH", "--name", MAILBOX, "--csr", str(path))
    told = sceau(service, *asked, "--as", DOCTOR, "--json")
    return str(json.loads(told)["line"]["reference"])


def test_whoever_holds_a_key_proves_it_in_the_browser(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issued(service, tmp_path, key, 1)
    page = browsers.without_card()
    page.goto(f"{service.portal}/revoquer/cle/")
    look(page, "60-cle")
    page.locator("#proof").fill(csr(key).decode())
    press(page, "Révoquer tous les certificats de cette clé")
    look(page, "61-cle-erreurs")
    page.locator("#proof").fill(csr(key, KEY_PROOF_TEXT).decode())
    page.locator("#sure").check()
    press(page, "Révoquer tous les certificats de cette clé")
    expect(page.get_by_text("1 certificat révoqué")).to_be_visible()
    look(page, "62-cle-bloquee")


def test_an_officer_ends_one_and_two_end_many(browsers: Browsers, service: Service, tmp_path: Path) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    references = [issued(service, tmp_path, key, at) for at, key in enumerate(keys, start=10)]
    page = enter(browsers, service, "leroux")
    page.get_by_role("link", name="Révocations").first.click()
    look(page, "70-revocations")
    end_one(page, references[0])
    look_up(page, csr(keys[1]).decode())
    end_many(page, service, references[1:])


def end_one(page: Page, reference: str) -> None:
    page.get_by_role("link", name="Chercher un certificat").click()
    look(page, "71-certificats")
    page.locator("#texte").fill(reference.lower())
    press(page, "Chercher")
    look(page, "72-certificat")
    page.get_by_role("link", name="Révoquer d’office").click()
    press(page, "Révoquer définitivement")
    look(page, "73-revoquer-erreurs")
    page.get_by_label("Clé perdue, volée ou compromise").check()
    page.locator("#explanation").fill("Signalé par téléphone : ordinateur volé.")
    page.locator("#sure").check()
    press(page, "Révoquer définitivement")
    expect(page.get_by_role("heading", level=1)).to_contain_text("révoqué")
    look(page, "74-revoque")


def look_up(page: Page, text: str) -> None:
    page.get_by_role("link", name="Révocations").first.click()
    page.get_by_role("link", name="Chercher une clé").click()
    look(page, "75-cles")
    page.locator("#key").fill(text)
    press(page, "Chercher")
    expect(page.get_by_text("non bloquée")).to_be_visible()
    look(page, "76-cle-trouvee")


def end_many(page: Page, service: Service, references: list[str]) -> None:
    page.get_by_role("link", name="Révocations").first.click()
    page.get_by_role("link", name="Préparer une opération").click()
    look(page, "80-choix")
    page.get_by_role("link", name="Choisir : Une liste").click()
    press(page, "Voir ce qui serait révoqué")
    look(page, "81-liste-erreurs")
    page.locator("#listed").fill("\n".join(references))
    page.locator("#title").fill("Ordinateurs volés au cabinet")
    page.get_by_label("Clé perdue, volée ou compromise").check()
    page.locator("#explanation").fill("Trois ordinateurs volés dans la nuit.")
    press(page, "Voir ce qui serait révoqué")
    expect(page.get_by_text("Ce qui serait révoqué\u00a0: 2")).to_be_visible()
    look(page, "82-apercu")
    press(page, "Approuver")
    look(page, "83-approuver-erreurs")
    page.locator("#sure").check()
    press(page, "Approuver")
    expect(page.get_by_text("L’opération est lancée")).to_be_visible()
    limit = time.monotonic() + 60
    while "terminée" not in page.get_by_role("heading", level=1).inner_text():
        assert time.monotonic() < limit
        page.goto(page.url.split("?")[0] + "?suivre=oui")
        page.wait_for_timeout(500)
    look(page, "84-terminee")
    with page.expect_download() as download:
        page.get_by_role("link", name="Rapport (CSV)").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 3
    page.get_by_role("link", name="Révocations").first.click()
    look(page, "85-operations")
    assert service.process.poll() is None
