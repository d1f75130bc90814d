"""How it works, the words, accessibility: read by anybody."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from sceau.portal.language import page_catalogue
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest


def how(request: PortalRequest) -> HttpResponse:
    """The path from the form to a certificate in service, the offers and the products."""
    catalogue = page_catalogue()
    offers = [
        {"offer": offer, "products": [catalogue.products[code] for code in offer.products]}
        for offer in catalogue.offers.values()
    ]
    context = {
        "title": _("Comment ça marche"),
        "offers": offers,
        "cards": [card for card in catalogue.cards.values() if card.eligible],
        "presets": list(catalogue.presets.values()),
    }
    return page(request, "reading/how.html", context)


def glossary(request: PortalRequest) -> HttpResponse:
    """The notice's words, and ours."""
    terms = sorted(page_catalogue().glossary.values(), key=lambda term: term.term.casefold())
    return page(request, "reading/glossary.html", {"title": _("Glossaire"), "terms": terms})


def accessibility(request: PortalRequest) -> HttpResponse:
    """What was checked of these pages' accessibility, and how to say what does not work."""
    return page(request, "reading/accessibility.html", {"title": _("Déclaration d’accessibilité")})
