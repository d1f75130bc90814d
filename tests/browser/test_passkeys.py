"""An officer without a card, in a real browser with an authenticator of its own: invited by two, registered,
in, asked again before a decision, and helped by two colleagues when the key is lost.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.looking import look
from tests.browser.service import Browsers, Service
from tests.browser.test_main_journey import enter, press

pytestmark = pytest.mark.browser

PAULA = "500000101600013/G0077"
_AGE = """
from datetime import timedelta
from sceau.site import start
start()
from django.contrib.sessions.models import Session
from django.contrib.sessions.backends.db import SessionStore
from datetime import datetime
for one in Session.objects.all():
    kept = one.get_decoded()
    told = kept.get("visitor")
    if isinstance(told, dict):
        told["proven"] = (datetime.fromisoformat(told["proven"]) - timedelta(minutes=16)).isoformat()
        one.session_data = SessionStore().encode(kept)
        one.save()
"""


def a_quarter_of_an_hour_passes(service: Service) -> None:
    """For every proof that was given so far; sessions stand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCEAU_")}
    settings = {"SCEAU_DATA": str(service.data), "DJANGO_SETTINGS_MODULE": "sceau.site.settings"}
    subprocess.run([sys.executable, "-c", _AGE], check=True, env={**kept, **settings})


def authenticator(page: Page, *, verified: bool = True) -> tuple[CDPSession, str]:
    """A device in the browser that knows its holder (or does not: `verified`)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verified,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


def board(page: Page, address: str) -> Page:
    page.goto(f"{address}/agents/")
    return page


def invitation(browsers: Browsers, service: Service, *, recovers: bool) -> tuple[str, str]:
    """The code that the first officer sees, and the link that the second one does."""
    first = board(enter(browsers, service, "leroux"), service.door)
    first.locator("[id='key.person']").select_option(PAULA)
    if recovers:
        first.get_by_label("Clés perdues ou volées").check()
    first.locator("[id='key.reason']").fill("Pas de carte")
    press(first, "Demander l’invitation")
    code = first.locator("#code").inner_text().strip()
    look(first, "p-invitation-demandee")
    second = board(enter(browsers, service, "moreau"), service.door)
    look(second, "p-agents-a-confirmer")
    second.locator("form[action*='/invitations/'][action$='/confirmer/'] button").click()
    link = second.locator("#lien").inner_text().strip()
    look(second, "p-invitation-ouverte")
    return code, link


def registers(page: Page, code: str, link: str, name: str) -> None:
    page.goto(link)
    look(page, "p-code")
    page.locator("#code").fill("AAAAA-AAAAA")
    press(page, "Continuer")
    expect(page.get_by_text("Ce n'est pas le code").first).to_be_visible()
    look(page, "p-code-faux")
    page.locator("#code").fill(code)
    press(page, "Continuer")
    expect(page.get_by_text("Paula SANSCARTE")).to_be_visible()
    look(page, "p-creer")
    page.locator("#name").fill(name)
    press(page, "Créer ma clé d’accès")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre clé d’accès est enregistrée")
    look(page, "p-enregistree")


def test_two_officers_and_the_authority_make_an_officer_who_has_no_card(
    browsers: Browsers, service: Service
) -> None:
    desk = board(enter(browsers, service, "leroux"), service.door)
    look(desk, "p-agents")
    desk.locator("[id='person.national_id']").fill(PAULA)
    press(desk, "Enregistrer la personne")
    look(desk, "p-agents-erreur")
    desk.locator("[id='person.national_id']").fill(PAULA)
    desk.locator("[id='person.surname']").fill("SANSCARTE")
    desk.locator("[id='person.given_names']").fill("Paula")
    press(desk, "Enregistrer la personne")
    expect(desk.get_by_text("La personne est connue")).to_be_visible()
    chief = board(enter(browsers, service, "dubois"), service.door)
    chief.locator("[id='role.person']").fill(PAULA)
    chief.locator("[id='role.quality']").select_option("desk")
    chief.locator("[id='role.reason']").fill("Arrivée au guichet")
    press(chief, "Proposer")
    expect(chief.get_by_text("attend la confirmation")).to_be_visible()
    expect(chief.get_by_role("button", name="Confirmer")).to_have_count(0)
    look(chief, "p-agents-propose")
    board(desk, service.door).get_by_role("button", name="Confirmer").click()
    expect(desk.get_by_text("a pris effet")).to_be_visible()


def test_the_officer_registers_a_passkey_comes_in_and_is_asked_again(
    browsers: Browsers, service: Service
) -> None:
    code, link = invitation(browsers, service, recovers=False)
    page = browsers.without_card()
    session, device = authenticator(page)
    registers(page, code, link, "Portable du guichet")
    page.goto(f"{service.portal}/cle-acces/?suite=/guichet/")
    look(page, "p-entree")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    press(page, "Utiliser ma clé d’accès")
    expect(page.get_by_text("n’a pas répondu")).to_be_visible()
    look(page, "p-entree-refusee")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    press(page, "Utiliser ma clé d’accès")
    expect(page.get_by_role("heading", level=1)).to_have_text("Guichet")
    look(page, "p-guichet")
    page.goto(f"{service.portal}/mes-cles/")
    expect(page.get_by_role("rowheader", name="Portable du guichet")).to_be_visible()
    look(page, "p-mes-cles")
    page.goto(f"{service.portal}/connexions/")
    look(page, "p-connexions")
    page.goto(f"{service.portal}/agents/")
    page.locator("[id='person.national_id']").fill("500000101600013/G0088")
    page.locator("[id='person.surname']").fill("AUTRE")
    page.locator("[id='person.given_names']").fill("Agathe")
    a_quarter_of_an_hour_passes(service)
    press(page, "Enregistrer la personne")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmez que c’est vous")
    look(page, "p-preuve")
    press(page, "Confirmer avec ma clé d’accès")
    expect(page.get_by_text("La personne est connue")).to_be_visible()
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    session.detach()


def test_a_lost_key_is_replaced_by_two_colleagues_and_the_old_one_opens_nothing(
    browsers: Browsers, service: Service
) -> None:
    page = browsers.without_card()
    session, device = authenticator(page)
    code, link = invitation(browsers, service, recovers=True)
    page.goto(f"{service.portal}/guichet/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cette page demande votre carte")
    look(page, "p-session-finie")
    registers(page, code, link, "Portable neuf")
    page.goto(f"{service.portal}/cle-acces/")
    press(page, "Utiliser ma clé d’accès")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    press(page, "Sortir")
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    session.detach()


def test_at_the_door_of_cards_and_without_javascript_the_page_says_where_to_go(
    browsers: Browsers, service: Service
) -> None:
    page = enter(browsers, service, "leroux")
    page.goto(f"{service.door}/cle-acces/")
    expect(page.get_by_role("link", name="Aller à l’entrée publique")).to_be_visible()
    look(page, "p-porte-des-cartes")
