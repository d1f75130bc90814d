"""Last of all: what the journeys did not look at. Each person walks from link to link through all that the
service shows them; each page of the table was then looked at, by somebody, in at least one state.

Told last, for what the journeys left (orders, certificates, contracts, runs) is what there is to walk on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from sceau.portal.urls import pages
from tests.browser.looking import FETCHED, LOOKS, look, page_name, seen
from tests.browser.service import Browsers, Service
from tests.browser.test_legal_file_pages import CONTRACT, PNG, STRUCTURE, attach
from tests.browser.test_main_journey import CODE, enter, make_request, press

pytestmark = pytest.mark.browser

PEOPLE = ("marchand", "benali", "lefevre", "leroux", "garnier")
NOT_LOOKED_AT = {
    "language": "keeps a choice and goes back to the page one was on",
    "psc-return": "answers Pro Santé Connect, which this instance is not joined to",
    "calendar-feed": "its address is secret; the calendar journey of the integration tests reads it",
    "find-file": "a certificate's file, no page: test_portal_finding reads it",
    "desk-order-form": "a form's PDF, no page: test_form_doors reads it",
    "desk-register-rejects": "the lines a register import left, no page: test_portal_registers reads them",
}
READ_LINKS = """
async (address) => {
  const answer = await fetch(address, {credentials: "same-origin"});
  const kind = (answer.headers.get("content-type") || "").split(";")[0];
  if (kind !== "text/html") return {status: answer.status, kind, links: []};
  const there = new DOMParser().parseFromString(await answer.text(), "text/html");
  const links = [...there.querySelectorAll("a[href]")].map(one => one.getAttribute("href"));
  return {status: answer.status, kind, links};
}
"""
EMPTY_FOR_SOMEBODY_NEW = (
    "commandes/",
    "habilitations/",
    "demander/",
    "certificats/",
    "certificats/echeances/",
    "mon-contrat/",
    "departs/",
)


def walk(page: Page, door: str, *, most: int = 400) -> dict[str, str]:
    """Every page that links lead to from the first one: its name → an address of it that answers."""
    found: dict[str, str] = {}
    tried: set[str] = set()
    waiting = ["/"]
    while waiting and len(tried) < most:
        address = waiting.pop(0)
        name = page_name(address)
        if address in tried or not name or name in found or name in NOT_LOOKED_AT:
            continue
        tried.add(address)
        answer: dict[str, Any] = page.evaluate(READ_LINKS, address)
        if answer["status"] != 200:
            continue
        found[name] = address
        if answer["kind"] != "text/html":
            FETCHED[name] = answer["status"]
        waiting += [one for link in answer["links"] if (one := _ours(link, address, door))]
    return found


def _ours(link: str, here: str, door: str) -> str:
    """The address as this service's own path; empty for another's."""
    whole = urlsplit(urljoin(f"{door}{here}", link))
    if whole.scheme not in {"http", "https"} or whole.hostname != urlsplit(door).hostname:
        return ""
    return f"{whole.path}?{whole.query}" if whole.query else whole.path


@pytest.mark.parametrize("slug", PEOPLE)
def test_each_person_looks_at_all_that_is_shown_to_them(
    browsers: Browsers, service: Service, slug: str
) -> None:
    page = enter(browsers, service, slug)
    look(page, f"w-accueil-{slug}")
    found = walk(page, service.door)
    assert len(found) > 15
    for name, address in found.items():
        if name not in seen():
            page.goto(f"{service.door}{address}")
            look(page, f"w-{name}-{slug}")


def test_somebody_new_reads_what_to_do_where_there_is_nothing_yet(
    browsers: Browsers, service: Service
) -> None:
    page = enter(browsers, service, "petit")
    for path in EMPTY_FOR_SOMEBODY_NEW:
        page.goto(f"{service.door}/{path}")
        look(page, f"w-vide-{path.strip('/').replace('/', '-')}")
        assert page.locator("main p, main li").count() >= 1


def leave_by_letter(desk: Page, service: Service, file: Path) -> None:
    """A domain's holder has written: both pieces on file, then the leave; the desk is left on its page."""
    file.write_bytes(PNG + b"accord")  # octets already on file would make no new piece
    kept = {}
    for kind, field in (("holder-letter", "letter"), ("identity-copy", "identity")):
        desk.goto(f"{service.door}/guichet/contrats/{CONTRACT}/")
        before = set(desk.locator("a[href*='/pieces/PIE-']").evaluate_all("all => all.map(one => one.href)"))
        desk.locator("summary", has_text="Joindre une pièce").click()
        attach(desk, file, kind, "2026-11-02" if kind == "holder-letter" else "")
        with desk.expect_navigation():
            press(desk, "Mettre au dossier")
        now = set(desk.locator("a[href*='/pieces/PIE-']").evaluate_all("all => all.map(one => one.href)"))
        (added,) = now - before
        kept[field] = added.rstrip("/").rpartition("/")[2]
    desk.goto(f"{service.door}/guichet/accords/nouveau/?structure={STRUCTURE}")
    desk.locator("#name").fill("mairie-lettre.fr")
    desk.locator("#holder").fill("Mairie d’Exemple")
    for field, reference in kept.items():
        there = desk.locator(f"[name={field}]")
        if there.evaluate("one => one.tagName") == "SELECT":
            there.select_option(reference)
        else:
            there.fill(reference)
    desk.locator("[name=signed]").check()
    press(desk, "Enregistrer le courrier")
    expect(desk.get_by_text("L’accord est au dossier")).to_be_visible()
    look(desk, "w-accord-lettre")


def test_what_few_links_lead_to_is_looked_at(browsers: Browsers, service: Service, tmp_path: Path) -> None:
    """The confirmation of an employee, the end of a leave."""
    desk = enter(browsers, service, "leroux")
    desk.goto(f"{service.door}/guichet/personnes/")
    look(desk, "w-personnes")
    leave_by_letter(desk, service, tmp_path / "lettre.png")
    press(desk, "J’ai vérifié cet accord")
    desk.goto(f"{desk.url.split('?')[0]}fin/")
    look(desk, "w-accord-fin")


def test_a_doctor_obtains_three_certificates(browsers: Browsers, service: Service, tmp_path: Path) -> None:
    page = enter(browsers, service, "lefevre")
    page.goto(f"{service.door}/demander/mes-certificats/")
    page.locator("#names").fill("claire@cabinet-lefevre.fr")
    press(page, "Envoyer un code à cette adresse")
    mails = page.context.new_page()
    mails.goto(f"{service.door}/courriels-de-test/")
    words = [word.strip(".") for word in mails.locator("pre").first.inner_text().split()]
    mails.close()
    if page.locator("#mailbox_code").count():
        page.locator("#mailbox_code").fill(next(one for one in words if one.isdigit() and len(one) >= 6))
        press(page, "Confirmer le code")
    page.locator("summary", has_text="J’ai les demandes").click()
    for number, field in enumerate(page.locator("textarea[name^=csr_]").all()):
        field.fill(make_request(tmp_path, f"trois-{number}").read_text())
    page.locator("#terms").check()
    page.locator("#code").fill(CODE)
    page.locator("#code_again").fill(CODE)
    press(page, "Obtenir mes trois certificats")
    expect(page.get_by_role("heading", level=1)).to_contain_text("certificats sont prêts")
    look(page, "w-trois-certificats")


def test_a_page_that_is_not_for_me_says_so(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/guichet/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    look(page, "w-pas-pour-moi")
    page.goto(f"{service.door}/certificats/CRT-00000-00000/")
    look(page, "w-inconnu")


def test_every_form_says_what_is_missing_when_it_is_sent_empty(browsers: Browsers, service: Service) -> None:
    """Forms that no journey sent wrong: pressed as they are, where something is required and empty."""
    told = {one.page for one in LOOKS if one.status == 422}
    forms = [page for page in pages() if "POST" in page.methods and "GET" in page.methods]
    for slug in PEOPLE:
        page = enter(browsers, service, slug)
        found = walk(page, service.door)
        for form in forms:
            if form.name in told or form.name not in found or form.name in FETCHED:
                continue
            page.goto(f"{service.door}{found[form.name]}")
            empty = page.locator("main form[method=post]:has([aria-required=true]) button:visible")
            if empty.count():
                empty.last.click()
                page.wait_for_load_state()
                told.add(form.name)
                look(page, f"w-{form.name}-erreurs")


def test_somebody_leaves_and_the_structure_decides(browsers: Browsers, service: Service) -> None:
    """The last thing done: it stops the rights that the journeys used."""
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/habilitations/")
    page.locator("main a[href*='/habilitations/']").first.click()
    page.get_by_role("link", name="Ouvrir son départ").click()
    look(page, "w-depart-nouveau")
    page.locator("[id='reason']").fill("Change d’établissement")
    page.locator("main form button").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Départ de")
    look(page, "w-depart-le-mien")
    address = page.url
    representative = enter(browsers, service, "marchand")
    representative.goto(address)
    look(representative, "w-depart-a-decider")
    representative.goto(f"{service.door}/departs/")
    look(representative, "w-departs")


def test_every_page_of_the_table_was_looked_at(request: pytest.FixtureRequest) -> None:
    here = Path(__file__).parent
    told = {item.path.name for item in request.session.items}
    if not {file.name for file in here.glob("test_*.py")} <= told:
        pytest.skip("only some of the journeys were told")
    asked = {page.name for page in pages() if "GET" in page.methods} - set(NOT_LOOKED_AT)
    missing = sorted(asked - seen())
    assert missing == [], f"looked at by nobody: {', '.join(missing)}"
