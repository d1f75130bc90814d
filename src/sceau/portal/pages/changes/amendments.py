"""Changing what an accepted order gave: the draft it is written in; and, for the desk, what that takes
away, with an answer for each thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    answer_amendment,
    machine,
    open_amendment,
    preview_amendment,
    start_amendment,
    structure_change,
)
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import plan_of, stop_kinds
from sceau.portal.pages.orders.raw import Raw, blank_form
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateLine, certificate_file, drafts_of, habilitation_file, order_file
from sceau.vocabulary import Finding, Refused

_MOST_SAID = 200


def modify(request: PortalRequest, reference: str) -> HttpResponse:
    """What modifying means, and the draft it is written in: the same steps as an order, filled with the text
    that the rights stand on.
    """
    change = request.GET.get("changement", "")[:20]
    try:
        raw = (
            structure_change.start_following(actor_of(request), reference=change, order=reference)
            if change
            else start_amendment(actor_of(request), reference=reference)
        )
        if request.method == "POST":
            return _begin(request, reference, raw)
    except Refused as refusal:
        if any(finding.code in {"order.unknown", "change.unknown"} for finding in refusal.findings):
            raise Http404 from refusal
        return _refused(request, reference, refusal.findings)
    at = machine().clock()
    known = (one for one in drafts_of(request.visitor.person_id, at=at) if one.amends == reference)
    context = {
        "title": _("Modifier ce que la commande a donné"),
        "amends": reference,
        "known": None if change else next(known, None),
    }
    return page(request, "changes/modify.html", context)


def _begin(request: PortalRequest, reference: str, raw: Raw) -> HttpResponse:
    file = order_file(reference)
    version = 0 if file is None else file.line.version
    drafted = open_amendment(
        actor_of(request), reference=reference, raw={**blank_form(), **raw}, version=version
    )
    return HttpResponseRedirect(reverse("draft", args=[drafted.line.reference]))


def effects(request: PortalRequest, reference: str) -> HttpResponse:
    """What accepting this order changes, and what becomes of each certificate whose right goes."""
    if request.method != "POST":
        return _effects_page(request, reference)
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 0
    try:
        answer_amendment(
            actor_of(request),
            reference=reference,
            version=version,
            seen=request.POST.get("seen", "")[:64],
            plan=plan_of(request.POST),
        )
    except Refused as refusal:
        return _effects_page(request, reference, refusal.findings)
    messages.success(request, _("Les effets ont leur réponse : la commande peut être approuvée."))
    return HttpResponseRedirect(reverse("desk-order", args=[reference]))


def _refused(request: PortalRequest, reference: str, findings: tuple[Finding, ...]) -> HttpResponse:
    context = {
        "title": _("Cette commande ne se modifie pas"),
        "amends": reference,
        **summary(findings, heading=_("Cette commande ne se modifie pas")),
    }
    return page(request, "changes/not_now.html", context, status=422)


def _effects_page(request: PortalRequest, reference: str, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    file = order_file(reference)
    try:
        found = None if file is None else preview_amendment(reference)
    except Refused as refusal:
        found, findings = None, refusal.findings
    if file is None or (found is None and not findings):
        raise Http404
    at = machine().clock()
    rights = [] if found is None else [habilitation_file(one, at=at) for one in found.effects.lost]
    outside = [] if found is None else [one for one in found.effects.certificates if not one.is_covered]
    stopping = page_catalogue().stops["amendment"]
    kinds = [] if found is None else stop_kinds(found.effects.stops, stopping, request.POST)
    context = {
        "title": _("Effets de la commande {reference}").format(reference=reference),
        "file": file,
        "found": found,
        "rights": [one.line for one in rights if one is not None],
        "outside": _lines(one.reference for one in outside[:_MOST_SAID]),
        "kinds": [kind for kind in kinds if kind.code != "rights"],
        **summary(findings, heading=_("Rien n’a été répondu")),
    }
    return page(request, "changes/effects.html", context, status=422 if findings else 200)


def _lines(references: Iterable[str]) -> list[CertificateLine]:
    at = machine().clock()
    files = (certificate_file(one, at=at) for one in references)
    return [file.line for file in files if file is not None]
