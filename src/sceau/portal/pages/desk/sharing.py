"""How officers share the desk's work: give, give back, put aside, write to the requester."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import (
    Hold,
    assign_order,
    comment_order,
    hold_order,
    release_order,
    unhold_order,
)
from sceau.portal.days import day_of
from sceau.portal.pages.desk.acts import act_on
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import OrderFile


def assign(request: PortalRequest, reference: str) -> HttpResponse:
    """Give the order to another officer, or to nobody."""
    to = request.POST.get("to", "")[:64]
    if not to:
        return act_on(
            request,
            reference,
            _("Plus personne ne suit cette commande : elle est à prendre."),
            lambda: release_order(actor_of(request), reference=reference),
        )
    return act_on(
        request,
        reference,
        _("La commande est confiée."),
        lambda: assign_order(actor_of(request), reference=reference, to=to),
    )


def hold(request: PortalRequest, reference: str) -> HttpResponse:
    """Put the order aside until a day or an event."""

    def held() -> OrderFile:
        asked = Hold(
            why=request.POST.get("why", "")[:1000],
            until=day_of(request.POST.get("until", ""), "until"),
            event=request.POST.get("event", "")[:8],
        )
        return hold_order(actor_of(request), reference=reference, hold=asked)

    done = _("La commande est mise en attente : elle reviendra d’elle-même dans la file.")
    return act_on(request, reference, done, held)


def unhold(request: PortalRequest, reference: str) -> HttpResponse:
    """Look at the order again before its day."""
    return act_on(
        request,
        reference,
        _("La commande est de nouveau à traiter."),
        lambda: unhold_order(actor_of(request), reference=reference),
    )


def comment(request: PortalRequest, reference: str) -> HttpResponse:
    """Tell the requester something that asks for no answer."""
    return act_on(
        request,
        reference,
        _("Le message est au dossier ; le demandeur le lit."),
        lambda: comment_order(
            actor_of(request), reference=reference, text=request.POST.get("comment", "")[:4000]
        ),
    )
