"""My connections: where, since when, by what; end one, or all but this one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import end_every_session, end_session, machine
from sceau.portal.refusals import not_found
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import session_reference, sessions_of
from sceau.vocabulary import Refused


def sessions(request: PortalRequest) -> HttpResponse:
    """The visitor's own sessions, this one marked."""
    context = {
        "title": _("Mes connexions"),
        "sessions": sessions_of(request.visitor.person_id, at=machine().clock()),
        "this": session_reference(request.session.session_key or ""),
        "rules": machine().catalogue.entrance.session,
    }
    return page(request, "entrance/sessions.html", context)


def end(request: PortalRequest, reference: str) -> HttpResponse:
    """End one. Somebody else's does not exist."""
    try:
        end_session(actor_of(request), reference=reference)
    except Refused:
        return not_found(request)
    if reference == session_reference(request.session.session_key or ""):
        request.session.flush()
        return HttpResponseRedirect(reverse("home"))
    messages.success(request, _("La connexion est terminée."))
    return HttpResponseRedirect(reverse("sessions"))


def end_others(request: PortalRequest) -> HttpResponse:
    """End all but this one."""
    ended = end_every_session(actor_of(request), but=request.session.session_key or "")
    said = (
        _("Aucune autre connexion n’était ouverte.")
        if not ended
        else _("Connexions terminées : {ended}.").format(ended=ended)
    )
    messages.success(request, said)
    return HttpResponseRedirect(reverse("sessions"))
