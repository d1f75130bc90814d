"""The pages under both themes, in both languages: accessible, as narrow as a phone, asking nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.looking import look
from tests.browser.service import ARGS, CHROMIUM, Service, running, why_not

pytestmark = pytest.mark.browser

OPEN = {
    "accueil": "/",
    "comment": "/comment-ca-marche/",
    "besoin": "/besoin/",
    "glossaire": "/glossaire/",
    "accessibilite": "/accessibilite/",
    "revoquer": "/revoquer/",
    "trouver": "/trouver/",
    "verifier": "/verifier/",
    "introuvable": "/nulle-part/",
}
OF_ROLES = {
    "marchand": {
        "accueil": "/",
        "commandes": "/commandes/",
        "contrat": "/mon-contrat/",
        "departs": "/departs/",
    },
    "benali": {
        "habilitations": "/habilitations/",
        "certificats": "/certificats/",
        "demander": "/demander/",
        "connexions": "/connexions/",
    },
    "leroux": {
        "guichet": "/guichet/",
        "contrats": "/guichet/contrats/",
        "papier": "/guichet/courrier/",
        "courriels": "/guichet/courriels/",
        "revocations": "/revocations/",
    },
}


@dataclass
class Seen:
    """A browser on one theme's instance, and what it asked and complained of."""

    service: Service
    context: BrowserContext
    asked: list[str]
    complaints: list[str]

    def page(self) -> Page:
        return self.context.pages[0] if self.context.pages else self.context.new_page()

    def inserts(self, slug: str) -> Page:
        """Insert a test card from the drawer, on the public listener."""
        page = self.page()
        self.context.clear_cookies(name="__Host-sceau")
        page.goto(f"{self.service.portal}/")
        page.locator(f"form:has(input[name=carte][value={slug}]) button").click()
        return page


def _seen(browser: Browser, service: Service) -> Seen:
    context = browser.new_context(ignore_https_errors=True, locale="fr-FR")
    seen = Seen(service, context, [], [])
    page = context.new_page()
    page.on("request", lambda one: seen.asked.append(one.url))
    page.on("console", lambda one: seen.complaints.append(one.text) if one.type == "error" else None)
    return seen


@pytest.fixture(scope="module", params=["neutral", "dsfr"])
def seen(
    request: pytest.FixtureRequest, driver: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    lacking = why_not()
    if lacking:
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp(str(request.param))
    with running(folder, SCEAU_THEME=request.param) as service:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGS))
        one = _seen(browser, service)
        one.context.set_default_timeout(20_000)
        yield one
        browser.close()


def _name(seen: Seen, language: str, page: str) -> str:
    theme = "dsfr" if "dsfr" in "".join(seen.asked) else "neutre"
    return f"95-{theme}-{language}-{page}"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_open_to_anybody_are_sound_under_each_theme(seen: Seen, language: str) -> None:
    page = seen.page()
    page.goto(f"{seen.service.portal}/langue/{language}/")
    for name, path in OPEN.items():
        page.goto(f"{seen.service.portal}{path}")
        assert page.locator("html").get_attribute("lang") == language
        look(page, _name(seen, language, name))
    page.goto(f"{seen.service.portal}/revoquer/")
    page.locator("main button").first.click()
    look(page, _name(seen, language, "revoquer-erreurs"))


@pytest.mark.parametrize("slug", list(OF_ROLES))
def test_the_pages_of_each_role_are_sound_under_each_theme(seen: Seen, slug: str) -> None:
    page = seen.page()
    page.goto(f"{seen.service.portal}/langue/fr/")
    page = seen.inserts(slug)
    for name, path in OF_ROLES[slug].items():
        page.goto(f"{seen.service.portal}{path}")
        look(page, _name(seen, "fr", f"{slug}-{name}"))


def test_nobody_else_is_asked_for_anything_and_the_policy_is_never_broken(seen: Seen) -> None:
    hosts = {urlsplit(one).netloc for one in seen.asked if not one.startswith("data:")}
    assert hosts == {urlsplit(seen.service.portal).netloc}
    assert [one for one in seen.complaints if "Content Security Policy" in one] == []
