"""What every page shows: who visits, the menu of what they may open, how to get help, where the journal
stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.portal.language import page_catalogue
from sceau.portal.psc_door import psc_door
from sceau.portal.visitor import NOBODY, Visitor, facts_of
from sceau.records import latest_head

_MENU = (
    ("home", gettext_noop("Accueil")),
    ("orders", gettext_noop("Commandes")),
    ("habilitations", gettext_noop("Habilitations")),
    ("certificates", gettext_noop("Certificats")),
    ("own-contracts", gettext_noop("Mon contrat")),
    ("delegations", gettext_noop("Délégations")),
    ("desk", gettext_noop("Guichet")),
    ("desk-revocations", gettext_noop("Révocations")),
    ("officers", gettext_noop("Agents")),
    ("watch", gettext_noop("État du service")),
    ("how", gettext_noop("Comment ça marche")),
    ("glossary", gettext_noop("Glossaire")),
)
_BEFORE_ONE_IS_KNOWN = {"how", "glossary"}  # later they are at the foot of the page: the menu is for work
_SHOWN_CONTACTS = ("email", "phone", "hours", "post")


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu."""

    label: str
    address: str
    current: bool
    exact: bool


def page(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    from sceau.portal.urls import page_named

    visitor: Visitor = getattr(request, "visitor", NOBODY)
    name = (request.resolver_match.url_name or "") if request.resolver_match else ""
    menu = []
    for entry, label in _MENU:
        shown = page_named(entry)
        if visitor.known and entry in _BEFORE_ONE_IS_KNOWN:
            continue
        if shown is not None and shown.hats & visitor.hats:
            menu.append(_entry(_(label), reverse(entry), request.path))
    return {
        "visitor": visitor,
        "menu": menu,
        "page_name": name,
        "contacts": _contacts(),
        "place": {
            "is_development": settings.SCEAU_ENVIRONMENT == "development",
            "test_cards": settings.SCEAU_TEST_CARDS,
            "psc": psc_door() is not None and not facts_of(request).asks_for_cards,
            "door_address": settings.SCEAU_DOOR_ADDRESS,
            "portal_address": settings.SCEAU_PORTAL_ADDRESS,
            "publication_address": settings.SCEAU_PUBLICATION_ADDRESS,
        },
        "head": latest_head(),
    }


def _contacts() -> list[tuple[str, str]]:
    """How to get help: the operator's values; what the operator did not say is left out, but the mail
    address.
    """
    known, given = page_catalogue().contacts, settings.SCEAU_CONTACTS
    shown = [(known[code].label, given[code]) for code in _SHOWN_CONTACTS if code in given]
    return shown or [(known["email"].label, known["email"].value)]


def _entry(label: str, address: str, here: str) -> MenuEntry:
    current = here == address or (address != "/" and here.startswith(address))
    return MenuEntry(label, address, current, exact=here == address)
