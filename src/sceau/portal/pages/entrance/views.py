"""The home page, the door that reads a card, the test-card drawer of a development instance, and the way
out.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from sceau.identity import PresentedCertificate, describe_presented
from sceau.operations import Actor, card_type_of, machine
from sceau.portal.door import TestCard, doorkeeper
from sceau.portal.entry import enter, read_presented
from sceau.portal.kept import KEPT, hand_on
from sceau.portal.pages.entrance.waiting import doings_of, waiting_for
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, facts_of, show_out
from sceau.vocabulary import Finding


def home(request: PortalRequest) -> HttpResponse:
    """Who are you, what can you do here; for a known visitor, what waits for them."""
    visitor = request.visitor
    context: dict[str, Any] = {"title": _("Accueil"), "drawer": drawer()}
    if not visitor.known:
        return page(request, "entrance/home.html", context)
    context.update(waiting=waiting_for(visitor, at=machine().clock()), doings=doings_of(visitor))
    return page(request, "entrance/desk_top.html", context)


def door(request: PortalRequest) -> HttpResponse:
    """What card came with this connection: whose it is and « Entrer », or why it does not open, and what to
    do.
    """
    facts = facts_of(request)
    context: dict[str, Any] = {
        "title": _("Entrer avec ma carte"),
        "suite": way_on(request),
        "drawer": drawer(),
    }
    if not facts.asks_for_cards:
        return page(request, "entrance/door_elsewhere.html", context)
    reading = read_presented(facts.peer_certificate)
    if reading.value is None:
        return _turned_away(request, reading.findings, presented=facts.peer_certificate)
    if request.method == "POST":
        findings = enter(request, reading.value, by_drawer=False)
        if findings:
            return _turned_away(request, findings, presented=facts.peer_certificate)
        return go_on(request, reading.value.national_id.text)
    context.update(holder=reading.value, card_type=card_type_of(reading.value))
    context.update(summary(reading.findings, heading=_("À savoir")))
    response = page(request, "entrance/door.html", context)
    if request.visitor.known:  # come back to be recognised anew: the next connection shows the card again
        response["Connection"] = "close"
    return response


def diagnosis(request: PortalRequest) -> HttpResponse:
    """Why my card does not open the service: what came with this connection, what is wrong with it, what to
    do. Says nothing that is not in the certificate presented, and opens nothing.
    """
    facts = facts_of(request)
    reading = read_presented(facts.peer_certificate) if facts.asks_for_cards else None
    context: dict[str, Any] = {
        "title": _("Diagnostic de ma carte"),
        "asks": facts.asks_for_cards,
        "presented": facts.peer_certificate is not None,
        "certificate": _described(facts.peer_certificate),
        "opens": reading is not None and reading.value is not None,
    }
    if reading is not None and facts.peer_certificate is not None:
        context.update(summary(reading.findings, heading=_("Ce certificat n’ouvre pas le service")))
    return page(request, "entrance/diagnosis.html", context)


def insert(request: PortalRequest) -> HttpResponse:
    """A test card of the drawer is inserted: read like a card at the door, from its stored certificate."""
    card = next((card for card in drawer() if card.slug == request.POST.get("carte")), None)
    if card is None:
        raise Http404
    reading = read_presented(card.certificate)
    if reading.value is None:
        return _turned_away(request, reading.findings, presented=card.certificate)
    findings = enter(request, reading.value, by_drawer=True)
    if findings:
        return _turned_away(request, findings, presented=card.certificate)
    return go_on(request, reading.value.national_id.text)


def test_mails(request: PortalRequest) -> HttpResponse:
    """What a development instance has mailed: kept here, sent to nobody."""
    mails = doorkeeper().mails() if settings.SCEAU_TEST_CARDS else ()
    return page(request, "entrance/mails.html", {"title": _("Courriels de test"), "mails": mails})


def leave(request: PortalRequest) -> HttpResponse:
    """The end of the session; the connection is closed too, so that the next card is asked for anew [T07]."""
    show_out(request.session)
    response = HttpResponseRedirect(reverse("home"))
    response["Connection"] = "close"
    return response


def go_on(request: PortalRequest, person_id: str) -> HttpResponse:
    """Once in: to the form that was sent after the last session had ended, if this person has one kept; else
    where they came from.
    """
    ticket = request.POST.get(KEPT, "")[:64]
    path = hand_on(request, Actor(person_id), ticket)
    if not path:
        return HttpResponseRedirect(way_on(request))
    context = {"title": _("Vous êtes entré"), "way_on": path, "ticket": ticket}
    return page(request, "entrance/resumed.html", context)


def drawer() -> tuple[TestCard, ...]:
    """The test cards, none but where the setting says so."""
    return doorkeeper().drawer if settings.SCEAU_TEST_CARDS else ()


def _turned_away(
    request: PortalRequest, findings: tuple[Finding, ...], *, presented: bytes | None
) -> HttpResponse:
    heading = _("Aucune carte reçue") if presented is None else _("Cette carte n’ouvre pas le service")
    context = {
        "title": heading,
        "presented": presented is not None,
        "certificate": _described(presented),
        "drawer": drawer(),
        **summary(findings, heading=heading),
    }
    return page(request, "entrance/turned_away.html", context, status=403)


def _described(presented: bytes | None) -> PresentedCertificate | None:
    return None if presented is None else describe_presented(presented)


def way_on(request: PortalRequest) -> str:
    """Where to go once in: the page one came from if it is ours, else home."""
    asked = request.POST.get("suite") or request.GET.get("suite") or ""
    ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if ours else reverse("home")
