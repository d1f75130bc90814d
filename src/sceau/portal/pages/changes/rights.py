"""A right suspended, let serve again, or withdrawn: what goes with it first, with an answer for each
certificate in service; then the act.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    machine,
    preview_right_act,
    resume_habilitation,
    right_acts,
    suspend_habilitation,
    withdraw_habilitation,
)
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import pages_for, plan_of, stop_kinds
from sceau.portal.pages.habilitations.views import seen_right
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import HabilitationFile, certificate_lines
from sceau.registration import Stops
from sceau.vocabulary import Finding, Refused

_MOST_SHOWN = 100


def act(request: PortalRequest, reference: str, event: str) -> HttpResponse:
    """One act on a right: `suspend`, `resume` or `withdraw`."""
    seen = seen_right(request, reference)
    if seen is None or event not in right_acts(actor_of(request), reference=reference):
        raise Http404
    if request.method != "POST":
        return _page(request, seen, event)
    try:
        _act_of(request, reference, event)()
    except Refused as refusal:
        return _page(request, seen, event, refusal.findings)
    messages.success(request, page_catalogue().text(f"right-done.{event}"))
    return HttpResponseRedirect(reverse(seen[1], args=[reference]))


def _act_of(request: PortalRequest, reference: str, event: str) -> Callable[[], object]:
    actor, reason = actor_of(request), request.POST.get("reason", "")[:1000]
    if event == "resume":
        return partial(resume_habilitation, actor, reference=reference, reason=reason)
    verb = suspend_habilitation if event == "suspend" else withdraw_habilitation
    return partial(verb, actor, reference=reference, reason=reason, plan=plan_of(request.POST))


def _page(
    request: PortalRequest,
    seen: tuple[HabilitationFile, str],
    event: str,
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    file, way_back = seen
    stopping = page_catalogue().stops[f"right-{event}"]
    found = preview_right_act(file.line.reference, most=_MOST_SHOWN)
    only = Stops((), (), found.stops.certificates if event != "resume" else ())
    sheet = Sheet({"reason": request.POST.get("reason", "")}, findings)
    context = {
        "title": stopping.label,
        "line": file.line,
        "back": reverse(way_back, args=[file.line.reference]),
        "event": event,
        "stopping": stopping,
        "found": found,
        "kinds": stop_kinds(
            only, stopping, request.POST, pages=pages_for(request), certificates=found.certificates
        ),
        "certificates": certificate_lines(only.certificates[:_MOST_SHOWN], at=machine().clock()),
        "fields": [sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3)],
        **summary(findings, heading=_("Rien n’a été fait"), fields=["reason"]),
    }
    return page(request, "changes/right_act.html", context, status=422 if findings else 200)
