"""Every page under the State's theme: the same words and forms as under ours, with its classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.contrib.staticfiles import finders
from django.core.checks import run_checks
from django.test import override_settings
from django.test.signals import setting_changed

from sceau.portal.themes import files
from sceau.site.looks import finders_of, templates_of
from tests.instance import ADMINISTRATOR, ALICE, DOCTOR, REPRESENTATIVE, Instance, Someone
from tests.integration.test_languages import addresses, objects
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor
from tests.wording import said_by

DSFR = override_settings(
    SCEAU_THEME="dsfr", TEMPLATES=templates_of("dsfr"), STATICFILES_FINDERS=finders_of("dsfr")
)
ROLES: tuple[Someone | None, ...] = (None, REPRESENTATIVE, ADMINISTRATOR, DOCTOR, ALICE)
_DRAWN_ONCE = re.compile(r'name="(csrfmiddlewaretoken|once)" value="[^"]*"')


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance
    setting_changed.send(sender=None, setting="TEMPLATES", value=None, enter=False)


class _Controls(HTMLParser):
    """What a page can send, in order: tags that carry a name, an address or an action."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        keys = ("name", "type", "href", "action", "method", "for", "role", "aria-describedby", "aria-label")
        kept = tuple(f"{key}={given[key]}" for key in keys if key in given)
        if kept and tag not in {"link", "meta", "nav"}:
            self.found.append((tag, *kept))


def body_of(text: str) -> str:
    main = re.search(r"<main\b.*</main>", _DRAWN_ONCE.sub("", text), re.DOTALL)
    return main[0] if main else ""


def controls_of(text: str) -> list[tuple[str, ...]]:
    reader = _Controls()
    reader.feed(text)
    return reader.found


def pages_of(browser: DoorClient, known: dict[str, str]) -> dict[str, str]:
    """The pages that somebody reads, by name."""
    found = {}
    for name, address in addresses(known):
        answer = browser.get(address)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[name] = b"".join(answer).decode()
    return found


def test_every_page_says_and_offers_the_same_under_both_themes(portal: Instance) -> None:
    known = objects()
    compared = 0
    for someone in ROLES:
        browser = visitor(someone) if someone else DoorClient()
        ours = pages_of(browser, known)
        with DSFR:
            theirs = pages_of(browser, known)
        assert set(theirs) == set(ours)
        for name, page in theirs.items():
            assert said_by(body_of(page)) == said_by(body_of(ours[name])), name
            assert controls_of(body_of(page)) == controls_of(body_of(ours[name])), name
            assert "dsfr/dsfr.main.min.css" in page, name
            assert "sceau/theme.css" not in page, name
            assert 'class="fr-header"' in page, name
            assert "style=" not in page.replace("data-fr-scheme=", ""), name
            assert not re.search(r"\son[a-z]+=", page), name
            compared += 1
    assert compared > 60


@DSFR
def test_a_form_with_errors_bears_the_systems_classes(portal: Instance) -> None:
    page = DoorClient().post("/revoquer/", {}).content.decode()
    assert 'class="note fr-alert bad fr-alert--error"' in page
    assert "fr-input-group--error" in page
    assert "fr-error-text" in page
    assert "fr-radio-group" in page
    assert re.search(r'<button class="danger fr-btn"', page)


@DSFR
def test_only_what_the_pages_use_of_the_package_is_served() -> None:
    assert finders.find("dsfr/dsfr.main.min.css")
    assert finders.find("dsfr/fonts/Marianne-Regular.woff2")
    assert finders.find("dsfr/icons/system/fr--warning-fill.svg")
    assert not finders.find("dsfr/dsfr.module.min.js")
    for other in ("dsfr/artwork/../dsfr.main.min.css", "dsfr/../../dsfr_version", "dsfr/icons/../x.svg"):
        assert not files.DsfrFinder().find(other), other
    listed = {name for name, _ in files.DsfrFinder().list(None)}
    assert "dsfr.main.min.css" in listed
    assert not [name for name in listed if name.endswith((".js", ".woff"))]


def test_without_the_theme_nothing_of_the_package_is_served() -> None:
    assert not finders.find("dsfr/dsfr.main.min.css")


def test_an_instance_that_asks_for_a_theme_it_does_not_have_does_not_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with override_settings(SCEAU_THEME="dsfr"):
        assert not [one for one in run_checks(tags=["sceau"]) if one.id == "sceau.E010"]
        monkeypatch.setattr("sceau.site.checks.dsfr_folder", lambda: None)
        assert [one.id for one in run_checks(tags=["sceau"]) if one.id == "sceau.E010"] == ["sceau.E010"]
