"""Ordering with form 413, and following an order. Each act is one verb; the pages only read, ask and show."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.documents import fill_form, read_form_pdf
from sceau.operations import (
    FormFile,
    abandon_order,
    amend_order,
    answer_request,
    machine,
    receive_form,
    receive_form_file,
    sign_order,
)
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.orders.answering import answers_from, open_points, timeline_of
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.from_registers import filled
from sceau.portal.pages.orders.prefill import prefilled
from sceau.portal.pages.orders.raw import NO_PRODUCT, Raw, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import OrderFile, order_for, orders_of, structures_of
from sceau.registration import read_form
from sceau.vocabulary import Finding, IdentifierMode, Refused, errors

_PAGE = 25


def orders(request: PortalRequest) -> HttpResponse:
    """The visitor's orders, newest first."""
    found = orders_of(request.visitor.person_id, after=request.GET.get("apres", "")[:80], limit=_PAGE + 1)
    context = {
        "title": _("Mes commandes"),
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
    if action == "verifier":
        return _new_page(request, raw, check_all(raw), once=once, checked=True)
    if action != "envoyer":
        raw, findings = from_registers(request, raw) if action == "registre" else (edited(raw, action), ())
        return _new_page(request, raw, findings, once=once, heading=_("Les registres"))
    findings = check_products(raw)
    if not findings:
        try:
            file = receive_form(actor_of(request), raw=raw, channel="web", idempotency_key=once)
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(
                request,
                _("Votre commande est enregistrée sous le numéro {reference}.").format(
                    reference=file.line.reference
                ),
            )
            return HttpResponseRedirect(reverse("order", args=[file.line.reference]))
    return _new_page(request, raw, findings, once=once, status=422)


def order(request: PortalRequest, reference: str) -> HttpResponse:
    """Where an order stands, in plain words, and what the visitor can do now."""
    return _order_page(request, _theirs(request, reference))


def amend(request: PortalRequest, reference: str) -> HttpResponse:
    """The order's form, to be corrected, or signed, by those who are part of it."""
    file = _theirs(request, reference)
    if request.method != "POST":
        return _amend_page(request, file, dict(file.raw))
    raw = raw_from(request.POST)
    action = request.POST.get("action", "verifier")
    if action == "verifier":
        return _amend_page(request, file, raw, check_all(raw))
    if action == "registre":
        return _amend_page(request, file, *from_registers(request, raw))
    if action != "envoyer":
        return _amend_page(request, file, edited(raw, action))
    findings = check_products(raw)
    if not findings:
        version, why = _version(request), request.POST.get("why", "")[:500] or "Correction par le demandeur"
        try:
            amend_order(actor_of(request), reference=reference, version=version, raw=raw, why=why)
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(request, _("Vos corrections sont enregistrées."))
            return HttpResponseRedirect(reverse("order", args=[reference]))
    return _amend_page(request, file, raw, findings, status=422)


def sign(request: PortalRequest, reference: str) -> HttpResponse:
    """The signatory signs the present version with the card at the door."""
    file = _theirs(request, reference)
    try:
        sign_order(actor_of(request), reference=reference, version=_version(request))
    except Refused as refusal:
        return _order_page(request, file, refusal.findings, status=422)
    messages.success(request, _("La commande est signée avec votre carte."))
    return HttpResponseRedirect(reverse("order", args=[reference]))


def answer(request: PortalRequest, reference: str) -> HttpResponse:
    """The requester answers what the desk asked."""
    file = _theirs(request, reference)
    text = request.POST.get("text", "")[:4000]
    answers, raw = answers_from(request.POST, file)
    try:
        answer_request(
            actor_of(request),
            reference=reference,
            version=_version(request),
            text=text,
            raw=raw,
            answers=answers,
        )
    except Refused as refusal:
        return _order_page(request, file, refusal.findings, status=422, typed=text, answers=answers)
    messages.success(request, _("Votre réponse est transmise au guichet."))
    return HttpResponseRedirect(reverse("order", args=[reference]))


def abandon(request: PortalRequest, reference: str) -> HttpResponse:
    """The requester gives up. Final."""
    _theirs(request, reference)
    if request.POST.get("sure") != "oui":
        finding = Finding.error("portal.confirm", "sure")
        return refused(request, Refused([finding]), title=_("La commande n’est pas abandonnée"))
    try:
        abandon_order(actor_of(request), reference=reference, reason=request.POST.get("reason", "")[:1000])
    except Refused as refusal:
        return refused(request, refusal, title=_("La commande n’est pas abandonnée"))
    messages.success(request, _("La commande est abandonnée."))
    return HttpResponseRedirect(reverse("order", args=[reference]))


def from_registers(
    request: PortalRequest, raw: Raw, *, desk: bool = False
) -> tuple[Raw, tuple[Finding, ...]]:
    """The form filled from the registers, so many times a minute."""
    if too_often(request, "registre", per_minute=30):
        return raw, (Finding.error("portal.too-often", "registre"),)
    return filled(raw, desk=desk)


def check_products(raw: Raw) -> tuple[Finding, ...]:
    """An offer of which every product was unticked."""
    return tuple(
        Finding.error("portal.no-product", f"offers.{index}.products")
        for index, offer in enumerate(raw["offers"])
        if NO_PRODUCT in offer["products"]
    )


def check_all(raw: Raw) -> tuple[Finding, ...]:
    """Everything that can be said of the form before it is sent."""
    catalogue = page_catalogue()
    mode = IdentifierMode(catalogue.environments[machine().environment].identifier_mode)
    read = read_form(raw, catalogue=catalogue, mode=mode)
    return tuple(dict.fromkeys((*check_products(raw), *read.findings)))


def _read_pdf(request: PortalRequest, raw: Raw, once: str) -> HttpResponse:
    if too_often(request, "pdf", per_minute=10):
        return _new_page(request, raw, (Finding.error("portal.too-often", "pdf"),), once=once, status=429)
    sent = read_upload(request, "pdf")
    if sent is None:
        return _new_page(request, raw, (Finding.error("portal.no-file", "pdf"),), once=once, status=422)
    read = read_form_pdf(sent[1])
    if read.raw is not None and read.signature is not None:
        return _take_signed(request, sent)
    if read.raw is None:
        return _new_page(request, raw, read.findings, once=once, status=422)
    form = {
        **read.raw,
        "edition": "web",
        "visa": raw["visa"],
    }  # what the page asks more, the page now has a place for
    heading = _("Le formulaire PDF est lu : relisez et complétez")
    return _new_page(request, form, (*read.findings, *check_all(form)), once=once, heading=heading)


def _take_signed(request: PortalRequest, sent: tuple[str, bytes]) -> HttpResponse:
    """A signed form is not typed again: it is taken in as it is, and its signature with it."""
    try:
        taken = receive_form_file(actor_of(request), FormFile(sent[1], sent[0]))
    except Refused as refusal:
        return refused(request, refusal, title=_("Le formulaire n’est pas pris"))
    if taken.signed:
        messages.success(
            request, _("Le formulaire signé vaut visa de la commande {order}.").format(order=taken.order)
        )
    else:
        messages.success(
            request,
            _("Le formulaire est à la commande {order} ; le guichet constate le visa.").format(
                order=taken.order
            ),
        )
    if order_for(taken.order, viewer=request.visitor.person_id) is None:
        return HttpResponseRedirect(reverse("orders"))
    return HttpResponseRedirect(reverse("order", args=[taken.order]))


def form_pdf(request: PortalRequest, reference: str) -> HttpResponse:
    """The order's form 413, to print and sign, or to sign with a card."""
    return form_response(request, _theirs(request, reference))


def form_response(request: PortalRequest, file: OrderFile) -> HttpResponse:
    """Form 413 of an order, as a file to save; the reason, when the pages have no place for all of it."""
    try:
        made = fill_form(file.raw, order=file.line.reference, version=file.line.version)
    except Refused as refusal:
        return refused(request, refusal, title=_("Le formulaire imprimé n’est pas fait"))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="F413-{file.line.reference}.pdf"'
    return response


def _theirs_to_mend(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Without the visa's questions: on line the card signs, and paper is for the desk to see."""
    return tuple(finding for finding in findings if not finding.subject.startswith("visa."))


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
    findings = _theirs_to_mend(findings)
    sheet = OrderSheet(raw, findings, card=request.visitor.card_number)
    context = _form_context(sheet, findings, heading or _("À corriger avant l’envoi"))
    context.update(
        title=_("Nouvelle commande"),
        once=once,
        checked=checked and not errors(findings),
        contracts=_contracts(request),
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
    context = _form_context(
        OrderSheet(raw, findings, card=request.visitor.card_number), findings, _("À corriger avant l’envoi")
    )
    version = request.POST.get("version") or file.line.version
    context.update(title=_("Corriger la commande"), file=file, version=version)
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
    answers: Mapping[int, str] | None = None,
) -> HttpResponse:
    questions = [note for note in file.notes if note.audience == "requester"]
    points = open_points(file, answers or {})
    context = {
        "title": _("Commande {reference}").format(reference=file.line.reference),
        "file": file,
        "notes": questions,
        "typed": typed,
        "points": points,
        "timeline": timeline_of(file),
        "may_sign": _may_sign(request, file),
        **summary(
            findings,
            heading=_("Cela n’a pas été fait"),
            fields=["text", *(point["field"] for point in points)],
            places={point["field"]: point["field"] for point in points},
        ),
    }
    return page(request, "orders/order.html", context, status=status)


def _may_sign(request: PortalRequest, file: OrderFile) -> bool:
    """Whether to show the signature: an open order, not signed (or its text changed since by another), whose
    signatory's card is at the door.
    """
    visa, signatory = file.raw.get("visa") or {}, file.raw.get("signatory") or {}
    number = "".join(str(signatory.get("card_number") or "").split())
    unsigned = not visa.get("signed") or file.signs_again
    return "amend" in file.events and unsigned and number == request.visitor.card_number


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
