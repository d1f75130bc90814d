"""Ordering with form 413, and following an order. Each act is one verb; the pages only read, ask and show."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from sceau.documents import read_form_pdf
from sceau.operations import abandon_order, amend_order, answer_request, machine, receive_form
from sceau.portal.limits import too_often
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.prefill import prefilled
from sceau.portal.pages.orders.raw import NO_PRODUCT, Raw, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import OrderFile, order_for, orders_of, structures_of
from sceau.vocabulary import Finding, Refused

_PAGE = 25


def orders(request: PortalRequest) -> HttpResponse:
    """The visitor's orders, newest first."""
    found = orders_of(request.visitor.person_id, after=request.GET.get("apres", "")[:80], limit=_PAGE + 1)
    context = {
        "title": "Mes commandes",
        "orders": found[:_PAGE],
        "after": found[_PAGE - 1].reference if len(found) > _PAGE else "",
    }
    return page(request, "orders/list.html", context)


def new_order(request: PortalRequest) -> HttpResponse:
    """Form 413: blank, prefilled, added to, read from a PDF, checked, sent. What was typed is never lost."""
    if request.method != "POST":
        return _new_page(
            request, prefilled(request.visitor, request.GET.get("contrat", "")), once=_fresh_key()
        )
    raw, once = raw_from(request.POST), request.POST.get("once", "")[:80] or _fresh_key()
    action = request.POST.get("action", "verifier")
    if action == "lire-pdf":
        return _read_pdf(request, raw, once)
    if action != "envoyer":
        findings = check(raw) if action == "verifier" else ()
        return _new_page(request, edited(raw, action), findings, once=once, checked=action == "verifier")
    findings = check(raw)
    if not findings:
        try:
            file = receive_form(actor_of(request), raw=raw, channel="web", idempotency_key=once)
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(request, f"Votre commande est enregistrée sous le numéro {file.line.reference}.")
            return HttpResponseRedirect(reverse("order", args=[file.line.reference]))
    return _new_page(request, raw, findings, once=once, status=422)


def order(request: PortalRequest, reference: str) -> HttpResponse:
    """Where an order stands, in plain words, and what the visitor can do now."""
    return _order_page(request, _theirs(request, reference))


def amend(request: PortalRequest, reference: str) -> HttpResponse:
    """The order's form, to be corrected by those who sent it."""
    file = _theirs(request, reference)
    if request.method != "POST":
        return _amend_page(request, file, dict(file.raw))
    raw = raw_from(request.POST)
    action = request.POST.get("action", "verifier")
    if action != "envoyer":
        findings = check(raw) if action == "verifier" else ()
        return _amend_page(request, file, edited(raw, action), findings)
    findings = check(raw)
    if not findings:
        version, why = _version(request), request.POST.get("why", "")[:500] or "Correction par le demandeur"
        try:
            amend_order(actor_of(request), reference=reference, version=version, raw=raw, why=why)
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(request, "Vos corrections sont enregistrées.")
            return HttpResponseRedirect(reverse("order", args=[reference]))
    return _amend_page(request, file, raw, findings, status=422)


def answer(request: PortalRequest, reference: str) -> HttpResponse:
    """The requester answers what the desk asked."""
    file = _theirs(request, reference)
    text = request.POST.get("text", "")[:4000]
    try:
        answer_request(actor_of(request), reference=reference, version=_version(request), text=text)
    except Refused as refusal:
        return _order_page(request, file, refusal.findings, status=422, typed=text)
    messages.success(request, "Votre réponse est transmise au guichet.")
    return HttpResponseRedirect(reverse("order", args=[reference]))


def abandon(request: PortalRequest, reference: str) -> HttpResponse:
    """The requester gives up. Final."""
    _theirs(request, reference)
    if request.POST.get("sure") != "oui":
        finding = Finding.error("portal.confirm", "sure")
        return refused(request, Refused([finding]), title="La commande n’est pas abandonnée")
    try:
        abandon_order(actor_of(request), reference=reference, reason=request.POST.get("reason", "")[:1000])
    except Refused as refusal:
        return refused(request, refusal, title="La commande n’est pas abandonnée")
    messages.success(request, "La commande est abandonnée.")
    return HttpResponseRedirect(reverse("order", args=[reference]))


def check(raw: Raw) -> tuple[Finding, ...]:
    """What only the page can know: every product of an offer unticked, which must not come to mean all of
    them.
    """
    return tuple(
        Finding.error("portal.no-product", f"offers.{index}.products")
        for index, offer in enumerate(raw["offers"])
        if NO_PRODUCT in offer["products"]
    )


def _read_pdf(request: PortalRequest, raw: Raw, once: str) -> HttpResponse:
    if too_often(request, "pdf", per_minute=10):
        return _new_page(request, raw, (Finding.error("portal.too-often", "pdf"),), once=once, status=429)
    sent = read_upload(request, "pdf")
    if sent is None:
        return _new_page(request, raw, (Finding.error("portal.no-file", "pdf"),), once=once, status=422)
    read, findings = read_form_pdf(sent[1])
    if read is None:
        return _new_page(request, raw, findings, once=once, status=422)
    return _new_page(
        request, dict(read), findings, once=once, heading="Le formulaire PDF est lu : relisez et complétez"
    )


def _new_page(
    request: PortalRequest,
    raw: Raw,
    findings: tuple[Finding, ...] = (),
    *,
    once: str,
    checked: bool = False,
    heading: str = "",
    status: int = 200,
) -> HttpResponse:
    sheet = OrderSheet(raw, findings)
    context = _form_context(sheet, findings, heading or "À corriger avant l’envoi")
    context.update(
        title="Nouvelle commande", once=once, checked=checked and not findings, contracts=_contracts(request)
    )
    return page(request, "orders/new.html", context, status=status)


def _amend_page(
    request: PortalRequest,
    file: OrderFile,
    raw: Raw,
    findings: tuple[Finding, ...] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    context = _form_context(OrderSheet(raw, findings), findings, "À corriger avant l’envoi")
    version = request.POST.get("version") or file.line.version
    context.update(title="Corriger la commande", file=file, version=version)
    return page(request, "orders/amend.html", context, status=status)


def _form_context(sheet: OrderSheet, findings: tuple[Finding, ...], heading: str) -> dict[str, Any]:
    context: dict[str, Any] = {"sheet": sheet, "offers_to_add": offers_to_add()}
    context.update(summary(findings, heading=heading, fields=[*sheet.paths, "pdf"]))
    return context


def _order_page(
    request: PortalRequest,
    file: OrderFile,
    findings: tuple[Finding, ...] = (),
    *,
    status: int = 200,
    typed: str = "",
) -> HttpResponse:
    questions = [note for note in file.notes if note.audience == "requester"]
    context = {
        "title": f"Commande {file.line.reference}",
        "file": file,
        "notes": questions,
        "typed": typed,
        **summary(findings, heading="Votre réponse n’est pas partie", fields=["text"]),
    }
    return page(request, "orders/order.html", context, status=status)


def _theirs(request: PortalRequest, reference: str) -> OrderFile:
    file = order_for(reference, viewer=request.visitor.person_id)
    if file is None:
        raise Http404
    return file


def _contracts(request: PortalRequest) -> tuple[Any, ...]:
    return structures_of(request.visitor.person_id, at=machine().clock())


def _version(request: PortalRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def _fresh_key() -> str:
    return secrets.token_urlsafe(16)
