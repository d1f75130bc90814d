"""Section 4 of form 413, handed to a designated third party and back: the structure entrusts it, the team
fills it, the structure reviews and sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    entrust_technical_part,
    fill_technical_part,
    give_back_technical_part,
    machine,
    return_technical_part,
    send_technical_part,
    take_back_technical_part,
    technical_findings,
    technical_form,
)
from sceau.portal.fields import Choice, Sheet
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.prefill import prefilled
from sceau.portal.pages.orders.raw import Raw, blank_form, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import TechnicalView, designations_by, technical_sides, technical_view
from sceau.registration import TECHNICAL_PLACES, technical_of
from sceau.vocabulary import Finding, Refused

_SAVED = ("garder", "rendre")


def entrust(request: PortalRequest) -> HttpResponse:
    """Choose whom to entrust section 4 to; the rest of the form comes from the contract."""
    at = machine().clock()
    lines = designations_by(request.visitor.person_id, at=at)
    may = [line for line in lines if line.is_in_force and line.terms is not None and line.terms.may_fill]
    chosen = (request.POST.get("designation") or request.GET.get("designation", ""))[:20]
    if request.method != "POST":
        return _entrust_page(request, may, chosen)
    contract = next((line.contract for line in may if line.reference == chosen), "")
    raw = prefilled(request.visitor, contract)
    raw |= {"administrators": [], "offers": []}
    message = request.POST.get("message", "")[:4000]
    try:
        view = entrust_technical_part(actor_of(request), designation=chosen, raw=raw, message=message)
    except Refused as refusal:
        return _entrust_page(request, may, chosen, refusal.findings)
    messages.success(request, _("La partie technique est confiée. Vous serez averti quand elle sera rendue."))
    return HttpResponseRedirect(reverse("technical", args=[view.line.reference]))


def review(request: PortalRequest, reference: str) -> HttpResponse:
    """The structure's side: what was filled, to send, to return or to take back."""
    view, sides = _theirs(request, reference)
    if "client" in sides:
        return _of_the_structure(request, view)
    return HttpResponseRedirect(reverse("fill-technical", args=[reference]))


def fill(request: PortalRequest, reference: str) -> HttpResponse:
    """The third party's side: section 4, kept as it goes, then given back."""
    view, sides = _theirs(request, reference)
    if "third-party" not in sides:
        raise Http404
    return _of_the_third_party(request, view)


def _theirs(request: PortalRequest, reference: str) -> tuple[TechnicalView, frozenset[str]]:
    at = machine().clock()
    view = technical_view(reference, at=at)
    sides = technical_sides(reference, viewer=request.visitor.person_id, at=at)
    if view is None or not sides:
        raise Http404
    return view, sides


def _of_the_third_party(request: PortalRequest, view: TechnicalView) -> HttpResponse:
    if request.method != "POST":
        found = technical_findings(actor_of(request), reference=view.line.reference)
        return _fill_page(request, view, _with(view.part), found if view.version > 1 else ())
    raw, action = raw_from(request.POST), request.POST.get("action", "garder")
    if action not in _SAVED:
        return _fill_page(request, view, edited(raw, action))
    actor, reference = actor_of(request), view.line.reference
    try:
        kept = fill_technical_part(
            actor, reference=reference, version=_version(request), part=technical_of(raw)
        )
        if action == "rendre":
            give_back_technical_part(actor, reference=reference, version=kept.version)
    except Refused as refusal:
        now = technical_view(reference, at=machine().clock()) or view
        return _fill_page(request, now, raw, refusal.findings, typed=True)
    said = _("La partie technique est rendue : la structure la relit et la signe.")
    messages.success(request, said if action == "rendre" else _("Gardé. Vous pourrez continuer plus tard."))
    return HttpResponseRedirect(reverse("fill-technical", args=[reference]))


def _of_the_structure(request: PortalRequest, view: TechnicalView) -> HttpResponse:
    if request.method != "POST":
        return _review_page(request, view)
    actor, action, reference = actor_of(request), request.POST.get("action", ""), view.line.reference
    try:
        if action == "reprendre":
            take_back_technical_part(actor, reference=reference)
            messages.success(request, _("La partie technique est reprise : le tiers ne la voit plus."))
        elif action == "renvoyer":
            message = request.POST.get("message", "")[:4000]
            return_technical_part(actor, reference=reference, message=message)
            messages.success(request, _("La partie technique est renvoyée au tiers, avec votre demande."))
        else:
            return _send(request, view)
    except Refused as refusal:
        return _review_page(request, view, refusal.findings)
    return HttpResponseRedirect(reverse("technical", args=[reference]))


def _send(request: PortalRequest, view: TechnicalView) -> HttpResponse:
    declared = {key: request.POST.get(f"declarations.{key}") == "oui" for key in ("terms", "exact")}
    file = send_technical_part(
        actor_of(request),
        reference=view.line.reference,
        version=_version(request),
        changes={"declarations": declared},
    )
    messages.success(
        request, _("La commande est envoyée sous le numéro %(order)s.") % {"order": file.line.reference}
    )
    return HttpResponseRedirect(reverse("order", args=[file.line.reference]))


def _fill_page(
    request: PortalRequest,
    view: TechnicalView,
    raw: Raw,
    findings: tuple[Finding, ...] = (),
    *,
    typed: bool = False,
) -> HttpResponse:
    sheet = OrderSheet(raw, findings)
    shown = [path for path in sheet.paths if path.partition(".")[0] in TECHNICAL_PLACES]
    context = {
        "title": _("Partie technique pour %(name)s") % {"name": view.line.structure},
        "view": view,
        "line": view.line,
        "sheet": sheet,
        "offers_to_add": offers_to_add(),
        "may": "fill" in view.events,
        **summary(
            findings,
            heading=_("À corriger avant de rendre") if typed else _("Reste à compléter avant de rendre"),
            fields=shown,
        ),
    }
    return page(request, "delegations/fill.html", context, status=422 if typed and findings else 200)


def _review_page(
    request: PortalRequest, view: TechnicalView, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    raw = technical_form(actor_of(request), reference=view.line.reference)
    values = {
        "declarations": {key: request.POST.get(f"declarations.{key}") == "oui" for key in ("terms", "exact")},
        "message": request.POST.get("message", ""),
    }
    sheet = Sheet(values, findings)
    declarations = [sheet.field(f"declarations.{key}", kind="checkbox") for key in ("terms", "exact")]
    context = {
        "title": _("Partie technique confiée à %(name)s") % {"name": view.line.third_party_name},
        "view": view,
        "line": view.line,
        "raw": raw,
        "filled": bool(raw.get("offers")),
        "declarations": declarations,
        "fields": [_message(sheet, _("Ce que vous demandez"), required=True)],
        **summary(
            findings,
            heading=_("Rien n’a été envoyé"),
            fields=["message", *(one.path for one in declarations)],
        ),
    }
    return page(request, "delegations/review.html", context, status=422 if findings else 200)


def _entrust_page(
    request: PortalRequest, may: list[Any], chosen: str, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    sheet = Sheet({"message": request.POST.get("message", "")}, findings)
    choices = [
        Choice(
            line.reference, line.third_party_name, line.reference == chosen or len(may) == 1, line.contract
        )
        for line in may
    ]
    context = {
        "title": _("Confier la partie technique"),
        "may": may,
        "fields": [
            sheet.field(
                "designation", kind="radio", label=_("À qui"), choices=choices, required=True, value=chosen
            ),
            _message(sheet, _("Ce dont vous avez besoin"), required=False),
        ],
        **summary(findings, heading=_("Rien n’est confié"), fields=["designation", "message"]),
    }
    return page(request, "delegations/entrust.html", context, status=422 if findings else 200)


def _message(sheet: Sheet, label: str, *, required: bool) -> Any:
    return sheet.field(
        "message",
        kind="textarea",
        label=label,
        required=required,
        rows=3,
        help=_("Le tiers le lit tel quel."),
    )


def _with(part: Mapping[str, Any]) -> Raw:
    """A whole form for the page, of which only section 4 is shown."""
    raw = blank_form()
    for place in TECHNICAL_PLACES:
        if part.get(place):
            raw[place] = part[place]
    return raw


def _version(request: PortalRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
