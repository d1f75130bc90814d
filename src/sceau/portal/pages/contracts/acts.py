"""Acts on a contract: what each stops, one answer for each thing, and the second officer's look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    ContractDemand,
    act_on_contract,
    confirm_contract_act,
    drop_contract_act,
    preview_contract_act,
)
from sceau.portal.days import day_of
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import MOST_SHOWN, plan_of, stop_kinds
from sceau.portal.pages.contracts.views import required_contract
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import ContractActLine, ContractFile
from sceau.vocabulary import Finding, Refused


def act(request: PortalRequest, number: str, event: str) -> HttpResponse:
    """An act: what it stops, the answers, the reason; then done, or asked for where it takes two."""
    file = required_contract(number)
    if event not in file.events:
        raise Http404
    if request.method != "POST":
        return _act_page(request, file, event)
    try:
        demand = ContractDemand(
            number=number,
            event=event,
            reason=request.POST.get("reason", "")[:4000],
            seen=request.POST.get("seen", "")[:64],
            plan=plan_of(request.POST),
            until=day_of(request.POST.get("until", ""), "until"),
        )
        act_on_contract(actor_of(request), demand)
    except Refused as refusal:
        return _act_page(request, file, event, refusal.findings)
    two = page_catalogue().stops[event].officers > 1
    messages.success(
        request,
        _("L’acte attend une seconde personne : rien n’est encore changé.") if two else _("C’est fait."),
    )
    return HttpResponseRedirect(reverse("desk-contract", args=[number]))


def decide(request: PortalRequest, number: str, reference: str) -> HttpResponse:
    """The second officer's page: what was asked, what it stops now; confirm or drop."""
    file = required_contract(number)
    waiting = next((one for one in file.acts if one.reference == reference), None)
    if waiting is None or waiting.state != "asked":
        raise Http404
    if request.method != "POST":
        return _decide_page(request, file, waiting)
    try:
        if request.POST.get("action") == "abandonner":
            drop_contract_act(
                actor_of(request), reference=reference, reason=request.POST.get("reason", "")[:4000]
            )
            done = _("L’acte est abandonné : rien n’a changé.")
        else:
            confirm_contract_act(actor_of(request), reference=reference)
            done = _("C’est fait.")
    except Refused as refusal:
        return _decide_page(request, file, waiting, refusal.findings)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk-contract", args=[number]))


def _act_page(
    request: PortalRequest, file: ContractFile, event: str, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    stopping = page_catalogue().stops[event]
    preview = preview_contract_act(file.line.number, most=MOST_SHOWN)
    sheet = Sheet({key: request.POST.get(key, "") for key in ("reason", "until")}, findings)
    fields: list[Any] = [
        sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3),
    ]
    if event == "renew":
        fields.insert(
            0,
            sheet.field(
                "until", kind="date", label=_("Dernier jour du contrat (vide : sans terme)"), width="w14"
            ),
        )
    context = {
        "title": stopping.label,
        "line": file.line,
        "event": event,
        "stopping": stopping,
        "kinds": stop_kinds(preview.stops, stopping, request.POST, certificates=preview.certificates),
        "seen": preview.seen,
        "fields": fields,
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    return page(request, "contracts/act.html", context, status=422 if findings else 200)


def _decide_page(
    request: PortalRequest, file: ContractFile, waiting: ContractActLine, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    preview = preview_contract_act(file.line.number, most=MOST_SHOWN)
    context = {
        "title": page_catalogue().stops[waiting.event].label,
        "line": file.line,
        "waiting": waiting,
        "stopping": page_catalogue().stops[waiting.event],
        "answers": [*_answers(waiting.each), *_answers(waiting.others, kinds=True)],
        "stops": preview.stops,
        "certificates": preview.certificates,
        "mine": waiting.asked_by_id == request.visitor.person_id,
        "typed": request.POST.get("reason", ""),
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=["reason"]),
    }
    return page(request, "contracts/decide.html", context, status=422 if findings else 200)


def _answers(given: Mapping[str, str], *, kinds: bool = False) -> list[dict[str, str]]:
    """What the first officer answered: thing by thing, then for all the others of a kind."""
    texts = page_catalogue().texts
    return [
        {"what": texts.get(f"stop-others.{what}", what) if kinds else what, "answer": answer}
        for what, answer in given.items()
        if answer
    ]
