"""Leaves of the holders of domain names: put on file, verified, looked up in the DNS, ended."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    LeaveEnd,
    LeaveEntry,
    challenge_domain,
    check_domain,
    complete_leave,
    machine,
    preview_leave_end,
    receive_leave,
    record_name,
    refuse_leave,
    verify_leave,
    withdraw_leave,
)
from sceau.portal.days import day_of
from sceau.portal.fields import Choice, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import plan_of, stop_kinds
from sceau.portal.pages.contracts.views import is_desk
from sceau.portal.pages.leaves.paper import paper_fields
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import LeaveLine, leave_line
from sceau.vocabulary import Finding, Refused

_TYPED = ("structure", "order", "name", "holder", "use", "begins", "ends", "letter", "identity")


def new_leave(request: PortalRequest) -> HttpResponse:
    """A letter that came in, or a record to ask for in the DNS."""
    if request.method != "POST":
        return _new_page(
            request, {key: request.GET.get(key, "")[:100] for key in ("structure", "order", "name")}
        )
    typed = {key: request.POST.get(key, "")[:253].strip() for key in _TYPED}
    by_dns = request.POST.get("action") == "dns"
    try:
        entry = _entry_of(request, typed)
        line = (
            challenge_domain(actor_of(request), entry) if by_dns else receive_leave(actor_of(request), entry)
        )
    except Refused as refusal:
        return _new_page(request, typed, refusal.findings)
    messages.success(
        request, _("Le texte à placer dans le DNS est prêt.") if by_dns else _("L’accord est au dossier.")
    )
    return HttpResponseRedirect(reverse("desk-leave", args=[line.reference]))


def _entry_of(request: PortalRequest, typed: dict[str, str]) -> LeaveEntry:
    return LeaveEntry(
        name=typed["name"],
        holder=typed["holder"],
        use=typed["use"],
        whole=request.POST.get("whole", "oui") == "oui",
        products=tuple(request.POST.getlist("products"))[:20],
        structure=typed["structure"],
        order=typed["order"],
        begins=day_of(typed["begins"], "begins"),
        ends=day_of(typed["ends"], "ends"),
        letter=typed["letter"],
        identity=typed["identity"],
        signed=request.POST.get("signed") == "oui",
    )


def leave(request: PortalRequest, reference: str) -> HttpResponse:
    """The page of a leave."""
    return _page(request, _required(reference))


def act(request: PortalRequest, reference: str) -> HttpResponse:
    """Verify, refuse, complete, look up: one verb each."""
    line = _required(reference)
    actor = actor_of(request)
    try:
        match request.POST.get("action", ""):
            case "verifier":
                verify_leave(actor, reference=reference)
                done = _("L’accord est vérifié. La copie d’identité sera effacée à son terme.")
            case "refuser":
                refuse_leave(actor, reference=reference, reason=request.POST.get("reason", "")[:4000])
                done = _("L’accord est refusé.")
            case "completer":
                complete_leave(
                    actor,
                    reference=reference,
                    letter=request.POST.get("letter", "")[:20],
                    identity=request.POST.get("identity", "")[:20],
                    signed=True if request.POST.get("signed") == "oui" else None,
                )
                done = _("L’accord est complété.")
            case "dns":
                after = check_domain(actor, reference=reference)
                found = after.state == "standing"
                done = (
                    _("L’enregistrement est là.")
                    if found
                    else _("L’enregistrement attendu n’a pas été trouvé.")
                )
            case _:
                raise Http404
    except Refused as refusal:
        return _page(request, line, refusal.findings)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk-leave", args=[reference]))


def end(request: PortalRequest, reference: str) -> HttpResponse:
    """End a leave: what rests on it is shown, and each thing asked for."""
    line = _required(reference)
    if "withdraw" not in line.events:
        raise Http404
    if request.method != "POST":
        return _end_page(request, line)
    asked = LeaveEnd(
        reference=reference,
        reason=request.POST.get("reason", "")[:4000],
        seen=request.POST.get("seen", "")[:64],
        plan=plan_of(request.POST),
    )
    try:
        withdraw_leave(actor_of(request), asked)
    except Refused as refusal:
        return _end_page(request, line, refusal.findings)
    messages.success(request, _("L’accord a pris fin : plus rien n’est délivré sur lui."))
    return HttpResponseRedirect(reverse("desk-leave", args=[reference]))


def _required(reference: str) -> LeaveLine:
    line = leave_line(reference, at=machine().clock())
    if line is None:
        raise Http404
    return line


def _page(request: PortalRequest, line: LeaveLine, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    uses = page_catalogue().leave_uses
    context = {
        "title": _("Accord {reference}").format(reference=line.reference),
        "leave": line,
        "use": uses[line.use].label if line.use in uses else "autre usage",
        "record": record_name(line.name),
        "acts": is_desk(request),
        "paper": paper_fields(_completing(request, line, findings), structure=line.structure),
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=["reason", "letter", "identity"]),
    }
    return page(request, "leaves/leave.html", context, status=422 if findings else 200)


def _completing(request: PortalRequest, line: LeaveLine, findings: tuple[Finding, ...]) -> Sheet:
    """What was typed, or is there already."""
    there = {"letter": line.letter or "", "identity": line.identity or ""}
    return Sheet({name: request.POST.get(name, held)[:20] for name, held in there.items()}, findings)


def _end_page(request: PortalRequest, line: LeaveLine, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    stopping = page_catalogue().stops["letter"]
    stops, seen = preview_leave_end(line.reference)
    sheet = Sheet({"reason": request.POST.get("reason", "")}, findings)
    context = {
        "title": stopping.label,
        "leave": line,
        "kinds": stop_kinds(stops, stopping, request.POST),
        "seen": seen,
        "fields": [sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3)],
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    return page(request, "leaves/end.html", context, status=422 if findings else 200)


def _new_page(
    request: PortalRequest, typed: dict[str, str], findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    sheet = Sheet(typed, findings)
    uses = page_catalogue().leave_uses.values()
    chosen = typed.get("use") or "any"
    choices = [Choice(one.code, one.label, one.code == chosen) for one in uses]
    whole = request.POST.get("whole", "oui")
    extent = [
        Choice("oui", _("Le nom et tout ce qui est en dessous"), whole == "oui"),
        Choice("non", _("Ce nom seul"), whole == "non"),
    ]
    fields: list[Any] = [
        sheet.field(
            "name", label=_("Nom de domaine accordé"), help=_("Tel que l’écrit le détenteur."), required=True
        ),
        sheet.field("whole", kind="radio", label=_("Étendue"), choices=extent, required=True),
        sheet.field("holder", label=_("Détenteur du nom"), required=True),
        sheet.field("use", kind="select", label=_("Usage accordé"), choices=choices, required=True),
        sheet.field("begins", kind="date", label=_("À partir du (vide : aujourd’hui)"), width="w14"),
        sheet.field("ends", kind="date", label=_("Jusqu’au (vide : sans terme)"), width="w14"),
    ]
    file = {"structure": typed.get("structure", ""), "order": typed.get("order", "")}
    paper = [
        *paper_fields(sheet, **file),
        sheet.field(
            "signed",
            kind="checkbox",
            label=_("Le courrier est signé par le détenteur"),
            value=request.POST.get("signed") == "oui",
        ),
    ]
    context = {
        "title": _("Nouvel accord d’un détenteur"),
        "typed": typed,
        "fields": fields,
        "paper": paper,
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    return page(request, "leaves/new.html", context, status=422 if findings else 200)
