"""Everything done with the keyboard alone: Tab, Enter, Space, arrows. Where the focus is, is always seen; it
is never caught. And what people change in their browser (size, spacing, colours, paper) loses nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sceau.cli.demo_story import FORM
from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_legal_file_pages import received
from tests.browser.test_main_journey import CODE, DOMAIN, enter, make_request

pytestmark = pytest.mark.browser

FOCUS = """
() => {
  const here = document.activeElement;
  const told = getComputedStyle(here), place = here.getBoundingClientRect();
  return {
    tag: here.tagName, id: here.id, name: here.name || here.innerText || "",
    outline: told.outlineStyle === "none" ? 0 : parseFloat(told.outlineWidth), colour: told.outlineColor,
    shown: place.width > 0 && place.height > 0,
  };
}
"""
SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }
"""
SPACE = """
css => {
  const sheet = new CSSStyleSheet();  // a reader's own: the policy of the page does not bind the browser
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}
"""
CUT = """
() => [...document.querySelectorAll("main *")].filter(one => {
  const told = getComputedStyle(one);
  const clipped = told.overflow === "hidden" || told.overflowX === "hidden";
  return clipped && !one.closest(".unseen, thead") && one.scrollWidth > one.clientWidth + 1 && one.innerText;
}).map(one => one.outerHTML.slice(0, 120))
"""
PLACES = {
    "leroux": ("guichet/", "guichet/delais/", "guichet/contrats/", "revocations/"),
    "benali": ("", "habilitations/", "certificats/", "certificats/renouveler/", "demander/"),
    "marchand": ("commandes/", "commandes/nouvelle/", "mon-contrat/"),
    "nobody": ("", "revoquer/", "verifier/", "trouver/", "accessibilite/", "comment-ca-marche/"),
}


def luminance(colour: str) -> float:
    """Of ``rgb(r, g, b)`` [WCAG 2.2, relative luminance]."""
    parts = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_on_white(colour: str) -> float:
    return 1.05 / (luminance(colour) + 0.05)


def tab_to(page: Page, selector: str, *, most: int = 150) -> None:
    """Reach an element by Tab, and see on the way that the focus is seen wherever it rests."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["tag"] == "BODY":
            continue
        assert focus["outline"] >= 2, focus
        assert contrast_on_white(focus["colour"]) >= 3, focus
        assert focus["shown"], focus
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard on {page.url}")


def type_into(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def open_by_keyboard(page: Page, summary: str) -> None:
    """Open a folded part."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if summary in page.evaluate("document.activeElement.innerText || ''") and page.evaluate(
            "document.activeElement.matches('summary')"
        ):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{summary} cannot be opened by keyboard")


def test_the_way_to_the_content_is_the_first_stop_and_nothing_catches_the_focus(
    browsers: Browsers, service: Service
) -> None:
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/certificats/renouveler/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert any("skip" in stop for stop in stops), "the focus never came round again: something holds it"
    assert all(first != second for first, second in pairwise(stops))


def test_a_certificate_is_asked_collected_and_revoked_by_keyboard_alone(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/habilitations/")
    tab_to(page, "main a[href*='/demander/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Demander")
    type_into(page, "#names", f"clavier.{DOMAIN}")
    expect(page.locator("#verdict")).to_contain_text("Oui, ce certificat peut être délivré")
    expect(page.locator("#arbre")).to_contain_text(f"clavier.{DOMAIN}")
    type_into(page, "#csr", make_request(tmp_path, "clavier").read_text())
    tab_to(page, "button[name=action][value=demander]:not(.unseen)")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer le certificat")
    tab_to(page, "#terms")
    page.keyboard.press("Space")
    for field in ("#code", "#code_again"):
        type_into(page, field, CODE)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Le certificat est à vous")).to_be_visible()
    tab_to(page, "a[href$='/revoquer/']:not(nav a):not(footer a)")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Révoquer")
    tab_to(page, "input[name=reason]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    tab_to(page, "#sure")
    page.keyboard.press("Space")
    tab_to(page, "main button.danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("révoqué")


def test_the_desk_searches_and_decides_by_keyboard_alone(
    browsers: Browsers, service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "413.json"
    path.write_text(json.dumps({**FORM, "usage": {"description": "Au clavier"}}))
    reference = received(service, path)
    page = enter(browsers, service, "leroux")
    page.goto(f"{service.door}/guichet/recherche/")
    type_into(page, "main input[name=texte]", reference)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=reference)).to_be_visible()
    tab_to(page, f"main a[href*='{reference}']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference)
    tab_to(page, "main form[action$='/prendre/'] button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Vous examinez cette commande")).to_be_visible()
    open_by_keyboard(page, "Refuser la commande")
    type_into(page, "form[action$='/refuser/'] textarea, form[action$='/refuser/'] input[type=text]", "Essai")
    tab_to(page, "form[action$='/refuser/'] button")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("refus")


@contextmanager
def as_they_like(page: Page, *, css: str = "", width: int = 1280) -> Iterator[None]:
    """The page with a reader's own styles, in a window of that width."""
    page.set_viewport_size({"width": width, "height": 800})
    if css:
        page.evaluate(SPACE, css)
    yield
    page.evaluate("document.adoptedStyleSheets = []")
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("slug", PLACES)
def test_twice_the_size_or_wider_spaces_lose_nothing(browsers: Browsers, service: Service, slug: str) -> None:
    """Zoom is a window of half the width [WCAG 1.4.4, 1.4.10]; spacing is a reader's own style [1.4.12]."""
    page = browsers.without_card() if slug == "nobody" else enter(browsers, service, slug)
    origin = service.portal if slug == "nobody" else service.door
    for path in PLACES[slug]:
        page.goto(f"{origin}/{path}")
        buttons = page.locator("main button:visible, main a:visible").count()
        for css, width in (("", 640), ("", 320), (SPACED, 1280), (SPACED, 360)):
            with as_they_like(page, css=css, width=width):
                where = f"{path or 'accueil'} at {width} px{', spaced' if css else ''}"
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
                assert page.evaluate(CUT) == [], where
                assert page.locator("main button:visible, main a:visible").count() == buttons, where


def test_forced_colours_still_motion_and_paper_are_sane(browsers: Browsers, service: Service) -> None:
    page = enter(browsers, service, "benali")
    page.goto(f"{service.door}/habilitations/")
    page.locator("main a[href*='/habilitations/']").first.click()
    page.emulate_media(forced_colors="active")
    look(page, "k-couleurs-forcees")
    assert page.evaluate("getComputedStyle(document.querySelector('.tag')).borderTopStyle") == "solid"
    drawn = "getComputedStyle(document.querySelector('.picture rect.good')).fill"
    assert page.evaluate(drawn) == page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(forced_colors="none", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference", media="print")
    look(page, "k-imprime")
    for hidden in (".nav", ".skip", ".acts"):
        assert page.evaluate("one => getComputedStyle(document.querySelector(one)).display", hidden) == "none"
    page.emulate_media(media="screen")
