"""Beginning an order: from nothing, from the contract, from what one needs, from a PDF already filled in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.documents import read_form_pdf
from sceau.operations import FormFile, machine, open_correction, open_draft, receive_form_file
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.drafts.progress import address_of
from sceau.portal.pages.needs.asking import with_needs
from sceau.portal.pages.orders.prefill import prefilled
from sceau.portal.pages.orders.raw import Raw, blank_form
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import say, summary
from sceau.portal.typography import typeset
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import DraftFile, drafts_of, order_for, structures_of
from sceau.registration import STEPS
from sceau.vocabulary import Finding, Refused


def new_order(request: PortalRequest) -> HttpResponse:
    """The ways to begin; what was begun already comes first."""
    if request.method != "POST":
        return _page(request)
    if request.POST.get("action") == "lire-pdf":
        return _read_pdf(request)
    raw = prefilled(request.visitor, request.POST.get("contrat", "")[:40])
    if request.POST.get("action") == "confier":
        return _begin_in_other_hands(request, raw)
    if request.POST.get("action") == "besoin":
        return begin(request, with_needs(raw, request.POST), "needs")
    return begin(request, raw, "blank")


def begin(request: PortalRequest, raw: Raw, origin: str) -> HttpResponse:
    """Keep the form as a draft and go to its first step."""
    try:
        file = open_draft(actor_of(request), raw=raw, origin=origin)
    except Refused as refusal:
        return _page(request, refusal.findings, status=422)
    return HttpResponseRedirect(address_of(file.line.reference, STEPS[0].code))


def _begin_in_other_hands(request: PortalRequest, raw: Raw) -> HttpResponse:
    """A new draft, of which the first thing is to say who fills its technical part."""
    try:
        file = open_draft(actor_of(request), raw=raw | {"administrators": []}, origin="blank")
    except Refused as refusal:
        return _page(request, refusal.findings, status=422)
    return HttpResponseRedirect(_to_entrust(file, request.POST.get("designation", "")[:20]))


def entrust(request: PortalRequest, reference: str) -> HttpResponse:
    """Take up the text of an order that was sent, and say who fills its technical part: as for a draft."""
    if order_for(reference, viewer=request.visitor.person_id) is None:
        raise Http404
    try:
        file = open_correction(actor_of(request), reference=reference)
    except Refused as refusal:
        return refused(request, refusal, title=_("La partie technique n’est pas confiée"))
    if file.in_hand is not None:
        return HttpResponseRedirect(reverse("draft", args=[file.line.reference]))
    return HttpResponseRedirect(_to_entrust(file, ""))


def _to_entrust(file: DraftFile, designation: str) -> str:
    address = reverse("entrust-draft", args=[file.line.reference])
    return f"{address}?{urlencode({'designation': designation})}" if designation else address


def correct(request: PortalRequest, reference: str) -> HttpResponse:
    """Take up the text of an order that was sent, in the same steps."""
    if order_for(reference, viewer=request.visitor.person_id) is None:
        raise Http404
    try:
        file = open_correction(actor_of(request), reference=reference)
    except Refused as refusal:
        return refused(request, refusal, title=_("La commande ne se corrige pas"))
    return HttpResponseRedirect(reverse("draft", args=[file.line.reference]))


def _page(request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200) -> HttpResponse:
    now, rules = machine().clock(), page_catalogue().drafts
    context: dict[str, Any] = {
        "title": _("Nouvelle commande"),
        "contracts": structures_of(request.visitor.person_id, at=now),
        "chosen": request.GET.get("contrat", "")[:40],
        "drafts": drafts_of(request.visitor.person_id, at=now, gone=rules.gone),
        "days": rules.kept.days,
        **summary(findings, heading=_("La commande n’est pas commencée"), fields=["pdf"]),
    }
    return page(request, "drafts/start.html", context, status=status)


def _read_pdf(request: PortalRequest) -> HttpResponse:
    if too_often(request, "pdf", per_minute=10):
        return _page(request, (Finding.error("portal.too-often", "pdf"),), status=429)
    sent = read_upload(request, "pdf")
    if sent is None:
        return _page(request, (Finding.error("portal.no-file", "pdf"),), status=422)
    read = read_form_pdf(sent[1])
    if read.raw is None:
        return _page(request, read.findings, status=422)
    if read.signature is not None:
        return _take_signed(request, sent)
    try:
        file = open_draft(actor_of(request), raw=_as_draft(read.raw), origin="pdf")
    except Refused as refusal:
        return _page(request, refusal.findings, status=422)
    messages.success(
        request, _("Le formulaire PDF est lu : relisez ce qui en vient, et complétez ce qui manque.")
    )
    for one in say((*read.findings, *_not_ticked(read.raw))):
        messages.warning(request, f"{one.text} {one.remedy}")
    return HttpResponseRedirect(reverse("draft", args=[file.line.reference]))


def _as_draft(raw: Raw) -> Raw:
    """What the file says, with places for what the page asks more; a name beside an empty box is no order."""
    ticked = [one for one in raw.get("offers", []) if one.get("ticked") is not False]
    offers = [{key: value for key, value in one.items() if key != "ticked"} for one in ticked]
    return {**blank_form(), **raw, "edition": "web", "visa": blank_form()["visa"], "offers": offers}


def _not_ticked(raw: Raw) -> list[Finding]:
    return [
        Finding.warning("form.offer-not-ticked", f"offers.{index}.declared", name=str(one.get("declared")))
        for index, one in enumerate(raw.get("offers", []))
        if one.get("ticked") is False and one.get("declared")
    ]


def _take_signed(request: PortalRequest, sent: tuple[str, bytes]) -> HttpResponse:
    """A signed form is not typed again: it is taken in as it is, and its signature with it."""
    try:
        taken = receive_form_file(actor_of(request), FormFile(sent[1], sent[0]))
    except Refused as refusal:
        return refused(request, refusal, title=_("Le formulaire n’est pas pris"))
    text = (
        _("Le formulaire signé vaut visa de la commande %(order)s.")
        if taken.signed
        else _("Le formulaire est à la commande %(order)s ; le guichet constate le visa.")
    )
    messages.success(request, typeset(text % {"order": taken.order}))
    if order_for(taken.order, viewer=request.visitor.person_id) is None:
        return HttpResponseRedirect(reverse("orders"))
    return HttpResponseRedirect(reverse("order", args=[taken.order]))
