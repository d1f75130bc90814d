"""Coming in by Pro Santé Connect: the browser is sent to ask, and comes back with an answer.

Off where the settings have none: then these pages do not exist.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from sceau.identity import PscHolder
from sceau.operations import Actor, welcome_without_card
from sceau.portal.kept import KEPT, hand_on
from sceau.portal.limits import too_often
from sceau.portal.pages.entrance.views import way_on
from sceau.portal.psc import COOKIE, address_to_ask, ask, keep_cookie, read_answer, take
from sceau.portal.psc_door import PscDoor, psc_door
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import Means, PortalRequest, facts_of, let_in_by_psc
from sceau.vocabulary import Finding, Refused


def begin(request: PortalRequest) -> HttpResponse:
    """Send the browser to Pro Santé Connect with a question of its own."""
    door = _door(request)
    if too_often(request, "psc", per_minute=20):
        return _turned_away(request, (Finding.error("portal.too-often", "psc"),), status=429)
    again = request.visitor.means is Means.PSC
    ticket = request.POST.get(KEPT, "")[:64]
    asked = ask(way_on=way_on(request), again=again, kept=ticket)
    response = HttpResponseRedirect(address_to_ask(door, asked))
    keep_cookie(response, asked)
    return response


def come_back(request: PortalRequest) -> HttpResponse:
    """The answer: a session begins, or a page says every reason why not. The page leads on by a link of ours:
    a browser does not send the session's cookie on a redirection that began elsewhere.
    """
    door = _door(request)
    if too_often(request, "psc-return", per_minute=30):
        return _turned_away(request, (Finding.error("portal.too-often", "psc"),), status=429)
    asked = take(request)
    if asked is None:
        return _turned_away(request, (Finding.error("psc.state", "psc"),))
    reading = read_answer(door, request, asked)
    if reading.value is None:
        return _turned_away(request, reading.findings)
    try:
        actor = _enter(request, reading.value)
    except Refused as refusal:
        return _turned_away(request, refusal.findings)
    name = f"{reading.value.given_names} {reading.value.surname}".strip()
    context = {"title": _("Vous êtes entré"), "name": name, "way_on": asked.way_on}
    path = hand_on(request, actor, asked.kept)
    if path:
        context.update(way_on=path, ticket=asked.kept)
    response = page(request, "entrance/psc_in.html", context)
    response.delete_cookie(COOKIE, samesite="Lax")
    return response


def _door(request: HttpRequest) -> PscDoor:
    door = psc_door()
    if door is None or facts_of(request).asks_for_cards:
        raise Http404
    return door


def _enter(request: PortalRequest, holder: PscHolder) -> Actor:
    actor = welcome_without_card(holder.national_id.text)
    let_in_by_psc(request, actor=actor, proven_at=holder.proven_at)
    return actor


def _turned_away(request: PortalRequest, findings: tuple[Finding, ...], *, status: int = 403) -> HttpResponse:
    heading = _("Pro Santé Connect ne vous a pas ouvert le service")
    context = {"title": heading, **summary(findings, heading=heading)}
    response = page(request, "entrance/psc_turned_away.html", context, status=status)
    response.delete_cookie(COOKIE, samesite="Lax")
    return response
