"""The third party's side: its clients, hundreds of them, key by key; and its team."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import machine, propose_member, remove_member
from sceau.portal.fields import Sheet
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import (
    clients_of,
    is_representative,
    team_of,
    third_parties_of,
    third_party_line,
)
from sceau.vocabulary import Finding, Refused

_PAGE = 50
_STATES = ("offered", "active", "ended")


def clients(request: PortalRequest) -> HttpResponse:
    """Per client: what is designated, what waits for its technical part, what was obtained and what ends."""
    at = machine().clock()
    mine = third_parties_of(request.visitor.person_id, at=at)
    chosen = request.GET.get("tiers", "")[:20]
    reference = chosen if chosen in mine else next(iter(mine), "")
    text, after = request.GET.get("texte", "")[:80].strip(), request.GET.get("apres", "")[:20]
    state = request.GET.get("etat", "") if request.GET.get("etat", "") in _STATES else ""
    found = (
        clients_of(reference, at=at, text=text, state=state, after=after, limit=_PAGE) if reference else ()
    )
    parties = [third_party_line(one, at=at) for one in mine]
    context = {
        "title": _("Mes clients"),
        "parties": [one for one in parties if one is not None],
        "party": next((one for one in parties if one is not None and one.reference == reference), None),
        "clients": found,
        "text": text,
        "state": state,
        "states": _STATES,
        "after": found[-1].designation.reference if len(found) == _PAGE else "",
    }
    return page(request, "delegations/clients.html", context)


def team(request: PortalRequest, reference: str) -> HttpResponse:
    """The team: who is on it, who waits for the desk; its representative adds and takes away."""
    at = machine().clock()
    if reference not in third_parties_of(request.visitor.person_id, at=at):
        raise Http404
    if request.method != "POST":
        return _team_page(request, reference)
    actor, member = actor_of(request), request.POST.get("member", "")[:20]
    try:
        if member:
            remove_member(actor, reference=member, reason=request.POST.get("reason", "")[:4000])
            said = _("La personne est retirée : elle n’a plus aucun droit pour vos clients.")
        else:
            propose_member(
                actor,
                third_party=reference,
                card_number=request.POST.get("card_number", "")[:40],
                email=request.POST.get("email", "")[:254],
            )
            said = _("La personne est proposée : deux agents du guichet la vérifient, une fois pour toutes.")
    except Refused as refusal:
        return _team_page(request, reference, refusal.findings)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("team", args=[reference]))


def _team_page(request: PortalRequest, reference: str, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    at = machine().clock()
    sheet = Sheet({key: request.POST.get(key, "") for key in ("card_number", "email")}, findings)
    members = team_of(reference)
    context = {
        "title": _("Mon équipe"),
        "party": third_party_line(reference, at=at),
        "present": [one for one in members if one.state in {"proposed", "active"}],
        "before": [one for one in members if one.state not in {"proposed", "active"}],
        "may": is_representative(reference, viewer=request.visitor.person_id, at=at),
        "fields": [
            sheet.field(
                "card_number",
                label=_("Numéro de sa carte"),
                help=_("Sur la 3ᵉ ligne de la carte, sous le nom."),
                width="w14",
                inputmode="numeric",
                required=True,
            ),
            sheet.field(
                "email", kind="email", label=_("Adresse électronique professionnelle"), required=True
            ),
        ],
        **summary(findings, heading=_("Rien n’a été fait"), fields=["card_number", "email"]),
    }
    return page(request, "delegations/team.html", context, status=422 if findings else 200)
