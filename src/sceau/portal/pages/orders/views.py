"""Following an order that was sent. Each act is one verb; the pages only read, ask and show. An order is
written in `drafts`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.documents import fill_form
from sceau.operations import abandon_order, answer_request, machine, sign_order
from sceau.portal.language import page_catalogue
from sceau.portal.pages.orders.answering import answers_from, open_points, timeline_of
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import OrderFile, drafts_of, order_for, orders_of
from sceau.vocabulary import Finding, Refused

_PAGE = 25


def orders(request: PortalRequest) -> HttpResponse:
    """The visitor's orders, newest first."""
    found = orders_of(request.visitor.person_id, after=request.GET.get("apres", "")[:80], limit=_PAGE + 1)
    context = {
        "title": _("Mes commandes"),
        "drafts": drafts_of(
            request.visitor.person_id, at=machine().clock(), gone=page_catalogue().drafts.gone
        ),
        "orders": found[:_PAGE],
        "after": found[_PAGE - 1].reference if len(found) > _PAGE else "",
    }
    return page(request, "orders/list.html", context)


def order(request: PortalRequest, reference: str) -> HttpResponse:
    """Where an order stands, in plain words, and what the visitor can do now."""
    return _order_page(request, _theirs(request, reference))


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


def _version(request: PortalRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0
