"""The desk's acts on an order. One verb each; a refusal comes back on the file, with every reason."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    RequestPoint,
    abandon_order,
    amend_order,
    approve_order,
    ask_for_more,
    note_order,
    refuse_order,
    settle_scope_kind,
    take_order,
)
from sceau.portal.days import day_of
from sceau.portal.pages.desk.views import POINTS, TYPED, file_page, required_file
from sceau.portal.pages.orders.checking import check_products, from_registers
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.raw import Raw, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import OrderFile
from sceau.vocabulary import Finding, Refused


def take(request: PortalRequest, reference: str) -> HttpResponse:
    """Begin, or take over, the review."""
    return act_on(
        request,
        reference,
        _("Vous examinez cette commande."),
        lambda: take_order(
            actor_of(request), reference=reference, followed=request.POST.get("followed", "")[:64]
        ),
    )


def settle(request: PortalRequest, reference: str) -> HttpResponse:
    """Say what the form did not: the kind of a scope, the restriction of a mail domain [decisions 4, 5]."""
    kind = request.POST.get("kind") or None
    restricted = {"oui": True, "non": False}.get(request.POST.get("restricted", ""))
    return act_on(
        request,
        reference,
        _("L’étendue est précisée. Les approbations déjà données ne comptent plus."),
        lambda: settle_scope_kind(
            actor_of(request),
            reference=reference,
            version=_number(request, "version"),
            offer=_number(request, "offer"),
            kind=kind,
            restricted=restricted,
        ),
    )


def ask(request: PortalRequest, reference: str) -> HttpResponse:
    """Ask the requester for what is missing."""
    return act_on(
        request,
        reference,
        _("La question est envoyée au demandeur."),
        lambda: ask_for_more(
            actor_of(request),
            reference=reference,
            text=request.POST.get("text", "")[:4000],
            due=day_of(request.POST.get("due", ""), "due"),
            points=points_of(request),
        ),
    )


def note(request: PortalRequest, reference: str) -> HttpResponse:
    """An internal note."""
    return act_on(
        request,
        reference,
        _("La note est au dossier."),
        lambda: note_order(actor_of(request), reference=reference, text=request.POST.get("note", "")[:4000]),
    )


def approve(request: PortalRequest, reference: str) -> HttpResponse:
    """One officer's yes to the version on the page."""
    return act_on(
        request,
        reference,
        _("Votre approbation est enregistrée."),
        lambda: approve_order(actor_of(request), reference=reference, version=_number(request, "version")),
    )


def refuse(request: PortalRequest, reference: str) -> HttpResponse:
    """The desk's no, with the reason for the requester. Final."""
    return act_on(
        request,
        reference,
        _("La commande est refusée ; le demandeur lit le motif."),
        lambda: refuse_order(
            actor_of(request),
            reference=reference,
            reason=request.POST.get("reason", "")[:4000],
            code=request.POST.get("code", "")[:40],
        ),
    )


def close(request: PortalRequest, reference: str) -> HttpResponse:
    """The desk gives up an order nobody answers for. Final."""
    return act_on(
        request,
        reference,
        _("La commande est classée sans suite."),
        lambda: abandon_order(
            actor_of(request), reference=reference, reason=request.POST.get("reason", "")[:4000]
        ),
    )


def edit(request: PortalRequest, reference: str) -> HttpResponse:
    """The form, corrected or completed at the desk: a new version, earlier approvals no longer count."""
    file = required_file(reference)
    if request.method != "POST":
        return _edit_page(request, file, dict(file.raw))
    raw = raw_from(request.POST, desk=True)
    action = request.POST.get("action", "verifier")
    if action == "registre":
        return _edit_page(request, file, *from_registers(request, raw, desk=True))
    findings = check_products(raw)
    if action != "envoyer" or findings:
        return _edit_page(request, file, edited(raw, action), findings, status=422 if findings else 200)
    why = request.POST.get("why", "")[:500].strip() or "Complété au guichet"
    try:
        amend_order(
            actor_of(request), reference=reference, version=_number(request, "version"), raw=raw, why=why
        )
    except Refused as refusal:
        return _edit_page(request, file, raw, refusal.findings, status=422)
    messages.success(request, _("La nouvelle version est enregistrée."))
    return HttpResponseRedirect(reverse("desk-order", args=[reference]))


def _edit_page(
    request: PortalRequest,
    file: OrderFile,
    raw: Raw,
    findings: tuple[Finding, ...] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    sheet = OrderSheet(raw, findings, desk=True)
    context = {
        "title": _("Compléter la commande {reference}").format(reference=file.line.reference),
        "file": file,
        "version": request.POST.get("version") or file.line.version,
        "sheet": sheet,
        "offers_to_add": offers_to_add(),
        **summary(findings, heading=_("La nouvelle version n’est pas enregistrée"), fields=sheet.paths),
    }
    return page(request, "desk/edit.html", context, status=status)


def act_on(request: PortalRequest, reference: str, done: str, verb: Callable[[], OrderFile]) -> HttpResponse:
    """Do one act on a file; refused, the file comes back with every reason and what was typed."""
    file = required_file(reference)
    try:
        after = verb()
    except Refused as refusal:
        typed = {key: request.POST.get(key, "") for key in TYPED}
        return file_page(request, file, refusal.findings, status=422, typed=typed)
    accepted = after.line.state == "accepted" and file.line.state != "accepted"
    messages.success(
        request, _("La commande est acceptée : les habilitations sont ouvertes.") if accepted else done
    )
    return HttpResponseRedirect(reverse("desk-order", args=[reference]))


def points_of(request: PortalRequest) -> tuple[RequestPoint, ...]:
    """The points of a request: those that have words."""
    texts = request.POST.getlist("point")[: POINTS * 2]
    paths = request.POST.getlist("path")[: POINTS * 2]
    return tuple(
        RequestPoint(text[:1000], path[:80]) for text, path in zip(texts, paths, strict=False) if text.strip()
    )


def _number(request: PortalRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 9 else -1
