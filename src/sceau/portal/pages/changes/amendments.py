"""Changing what an accepted order gave: its text to be changed and sent; and, for the desk, what that takes
away, with an answer for each thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    amend_grants,
    answer_amendment,
    machine,
    preview_amendment,
    start_amendment,
    structure_change,
)
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import plan_of, stop_kinds
from sceau.portal.pages.orders.checking import check_all, check_products, from_registers
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.raw import Raw, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateLine, certificate_file, habilitation_file, order_file
from sceau.vocabulary import Finding, Refused, errors

_MOST_SAID = 200


def modify(request: PortalRequest, reference: str) -> HttpResponse:
    """The text that the rights stand on, to be changed and sent as an order that takes its place."""
    try:
        change = request.GET.get("changement", "")[:20]
        kept = (
            structure_change.start_following(actor_of(request), reference=change, order=reference)
            if change
            else start_amendment(actor_of(request), reference=reference)
        )
    except Refused as refusal:
        if any(finding.code in {"order.unknown", "change.unknown"} for finding in refusal.findings):
            raise Http404 from refusal
        return _refused(request, reference, refusal.findings)
    if request.method != "POST":
        return _page(request, reference, kept, once=machine().random(12).hex())
    raw, once = raw_from(request.POST), request.POST.get("once", "")[:80]
    if request.POST.get("action", "verifier") != "envoyer":
        changed, found = _worked_on(request, raw)
        return _page(request, reference, changed, found, once=once)
    findings = check_products(raw)
    if not findings:
        try:
            file = amend_grants(actor_of(request), amends=reference, raw=raw, idempotency_key=once)
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(
                request,
                _("La modification est envoyée sous le numéro {reference}.").format(
                    reference=file.line.reference
                ),
            )
            return HttpResponseRedirect(reverse("order", args=[file.line.reference]))
    return _page(request, reference, raw, findings, once=once)


def _worked_on(request: PortalRequest, raw: Raw) -> tuple[Raw, tuple[Finding, ...]]:
    """The form checked, filled from the registers, or with a line more or less."""
    action = request.POST.get("action", "verifier")
    if action == "verifier":
        return raw, check_all(raw)
    if action == "registre":
        return from_registers(request, raw)
    return edited(raw, action), ()


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


def _page(
    request: PortalRequest, reference: str, raw: Raw, findings: tuple[Finding, ...] = (), *, once: str
) -> HttpResponse:
    theirs = tuple(one for one in findings if not one.code.startswith("order.visa"))
    sheet = OrderSheet(raw, theirs, card=request.visitor.card_number)
    context = {
        "title": _("Modifier ce que la commande a donné"),
        "amends": reference,
        "once": once,
        "sheet": sheet,
        "offers_to_add": offers_to_add(),
        **summary(theirs, heading=_("À corriger avant l’envoi"), fields=sheet.paths),
    }
    return page(request, "changes/modify.html", context, status=422 if errors(theirs) else 200)


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
