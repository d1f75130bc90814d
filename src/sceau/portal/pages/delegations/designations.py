"""A structure and its third parties: designate, look at who does what, change it, end it; the third party
accepts or declines on the same page.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    DesignationEnd,
    accept_designation,
    amend_designation,
    decline_designation,
    delegation,
    designate,
    end_designation,
    machine,
    preview_designation_end,
)
from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.hats import ENDERS, Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.stopping import pages_for, plan_of, stop_kinds
from sceau.portal.pages.delegations.terms import terms_fields, terms_from, terms_of
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import (
    ContractLine,
    DesignationView,
    ThirdPartyLine,
    certificate_file,
    designation_for,
    designations_by,
    drafts_of,
    entrusted_of,
    is_representative,
    list_third_parties,
    obtained_under,
    sides_of,
    structures_of,
    third_parties_of,
    third_party_line,
)
from sceau.registration import TermsEntry
from sceau.vocabulary import Finding, Refused

_MOST_SAID = 200
_BLANK = TermsEntry((), may_fill=True)


def delegations(request: PortalRequest) -> HttpResponse:
    """Whom the visitor's structures designated, and the third parties that the visitor is of."""
    at, viewer = machine().clock(), request.visitor.person_id
    mine = [third_party_line(one, at=at) for one in third_parties_of(viewer, at=at)]
    context = {
        "title": _("Délégations"),
        "designations": designations_by(viewer, at=at),
        "contracts": structures_of(viewer, at=at),
        "parties": [
            (one, is_representative(one.reference, viewer=viewer, at=at)) for one in mine if one is not None
        ],
    }
    return page(request, "delegations/list.html", context)


def new_designation(request: PortalRequest) -> HttpResponse:
    """Designate a third party: sending the page with one's card is the signature."""
    if request.method != "POST":
        return _new_page(request, _BLANK, (request.GET.get("contrat", "")[:40], ""))
    contract = request.POST.get("contract", "")[:40]
    third = request.POST.get("third_party", "")[:20]
    entry = terms_from(request.POST)
    if not third:
        missing = (Finding.error("portal.field-empty", "third_party", label=_("Qui désignez-vous")),)
        return _new_page(request, entry, (contract, third), missing)
    try:
        view = designate(actor_of(request), contract=contract, third_party=third, terms=entry)
    except Refused as refusal:
        return _new_page(request, entry, (contract, third), refusal.findings)
    said = _("%(name)s est désigné : il reçoit un courriel et doit accepter. Rien ne lui est donné avant.")
    messages.success(request, said % {"name": view.line.third_party_name})
    return HttpResponseRedirect(reverse("designation", args=[view.line.reference]))


def designation(request: PortalRequest, reference: str) -> HttpResponse:
    """Who is designated for what, by which acts, who is on the team, what they obtained."""
    view = _theirs(request, reference)
    if request.method != "POST":
        return _page(request, view)
    actor, action = actor_of(request), request.POST.get("action", "")
    try:
        if action == "accepter":
            accept_designation(actor, reference=reference, version=_number(request, "version"))
            said = _("Désignation acceptée : votre équipe a ses droits dès maintenant.")
        else:
            reason = request.POST.get("reason", "")[:4000]
            decline_designation(actor, reference=reference, reason=reason)
            said = _("La désignation reste sans suite : elle n’a rien donné.")
    except Refused as refusal:
        return _page(request, view, refusal.findings)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("designation", args=[reference]))


def amend(request: PortalRequest, reference: str) -> HttpResponse:
    """Other terms, signed by the structure's card."""
    view = _theirs(request, reference)
    present = view.line.terms
    if present is None or "client" not in _sides(request, reference):
        raise Http404
    if request.method != "POST":
        return _amend_page(request, view, terms_of(present))
    entry = terms_from(request.POST)
    if request.POST.get("action", "") == "revenir":
        return _amend_page(request, view, entry)
    answer = delegation.TermsAnswer(request.POST.get("seen", "")[:64], plan_of(request.POST))
    if not answer.seen:
        return _touched_page(request, view, entry)
    try:
        amend_designation(
            actor_of(request),
            reference=reference,
            version=_number(request, "version"),
            terms=entry,
            answer=answer,
        )
    except Refused as refusal:
        return _touched_page(request, view, entry, refusal.findings)
    messages.success(
        request, _("La désignation est modifiée : les droits de l’équipe suivent dès maintenant.")
    )
    return HttpResponseRedirect(reverse("designation", args=[reference]))


def end(request: PortalRequest, reference: str) -> HttpResponse:
    """What ending it stops, with a choice for each certificate; then done."""
    view = _theirs(request, reference)
    if request.method != "POST":
        return _end_page(request, view)
    asked = DesignationEnd(
        reference=reference,
        reason=request.POST.get("reason", "")[:4000],
        seen=request.POST.get("seen", "")[:80],
        plan=plan_of(request.POST),
    )
    try:
        end_designation(actor_of(request), asked)
    except Refused as refusal:
        return _end_page(request, view, refusal.findings)
    messages.success(request, _("La désignation est terminée : l’équipe n’a plus ni habilitation ni jeton."))
    return HttpResponseRedirect(reverse("designation", args=[reference]))


def _page(request: PortalRequest, view: DesignationView, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    at, reference = machine().clock(), view.line.reference
    after = request.GET.get("apres", "")[:20]
    obtained = obtained_under(reference, at=at, after=after)
    sides = _sides(request, reference)
    sheet = Sheet({"reason": request.POST.get("reason", "")}, findings)
    context = {
        "title": _("Désignation de %(name)s") % {"name": view.line.third_party_name},
        "view": view,
        "line": view.line,
        "sides": sides,
        "is_desk": Hat.DESK in request.visitor.hats,
        "waiting": _waiting(request, view) if Hat.DESK in request.visitor.hats else {},
        "obtained": obtained,
        "after": obtained[-1].reference if len(obtained) == 50 else "",
        "parts": entrusted_of(designation=reference),
        "mine": {one.reference for one in drafts_of(request.visitor.person_id, at=at)},
        "may_accept": "representative" in sides and view.line.state == "offered",
        "may_decline": bool(sides & {"representative", "client"})
        and view.line.state in {"prepared", "offered"},
        "may_end": bool(sides & {"representative", "client"} or request.visitor.hats & ENDERS)
        and view.line.state == "active",
        "fields": [sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3)],
        **summary(findings, heading=_("Rien n’a été fait"), fields=["reason"]),
    }
    return page(request, "delegations/designation.html", context, status=422 if findings else 200)


def _waiting(request: PortalRequest, view: DesignationView) -> dict[str, Any]:
    """What the act on paper that waits for its second officer would touch; nothing where none does."""
    number = next((one.number for one in view.versions if one.waits), 0)
    if not number:
        return {}
    effects = delegation.preview_version(view.line.reference, version=number)
    return touched(effects, request.POST)


def _new_page(
    request: PortalRequest,
    entry: TermsEntry,
    between: tuple[str, str],
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    """`between`: the contract (number) and the third party (reference) chosen so far."""
    contracts = structures_of(request.visitor.person_id, at=machine().clock())
    contract, third = between
    chosen = contract or (contracts[0].number if len(contracts) == 1 else "")
    fields = [*_between(contracts, (chosen, third), findings), *terms_fields(entry, findings)]
    context = {
        "title": _("Désigner un éditeur ou un distributeur"),
        "fields": fields,
        "contracts": contracts,
        **summary(findings, heading=_("La désignation n’est pas signée"), fields=_paths(fields)),
    }
    return page(request, "delegations/new.html", context, status=422 if findings else 200)


def _between(
    contracts: tuple[ContractLine, ...], chosen: tuple[str, str], findings: tuple[Finding, ...]
) -> list[Field]:
    sheet = Sheet({}, findings)
    nothing = Choice("", _("Choisir…"))
    contract, third = chosen
    ours = [
        Choice(one.number, f"{one.number}, {one.structure.name}", one.number == contract) for one in contracts
    ]
    known = list_third_parties(at=machine().clock(), in_force=True)
    theirs = [Choice(one.reference, _called(one), one.reference == third) for one in known]
    return [
        sheet.field(
            "contract",
            kind="select",
            label=_("Sous quel contrat"),
            required=True,
            choices=[nothing, *ours],
        ),
        sheet.field(
            "third_party",
            kind="select",
            label=_("Qui désignez-vous"),
            required=True,
            help=_("S’il n’est pas dans la liste, demandez-lui de se faire connaître du guichet."),
            choices=[nothing, *theirs],
        ),
    ]


def _called(line: ThirdPartyLine) -> str:
    kind = page_catalogue().texts[f"third-party.{line.kind}"]
    return f"{line.name} ({kind})"


def _amend_page(
    request: PortalRequest, view: DesignationView, entry: TermsEntry, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    fields = terms_fields(entry, findings)
    context = {
        "title": _("Modifier la désignation de %(name)s") % {"name": view.line.third_party_name},
        "view": view,
        "line": view.line,
        "fields": fields,
        **summary(findings, heading=_("La modification n’est pas signée"), fields=_paths(fields)),
    }
    return page(request, "delegations/amend.html", context, status=422 if findings else 200)


def _touched_page(
    request: PortalRequest, view: DesignationView, entry: TermsEntry, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    """What these terms change, line by line, with an answer for each certificate; or what is wrong with
    them.
    """
    try:
        effects = delegation.preview_terms(view.line.reference, terms=entry)
    except Refused as refusal:
        return _amend_page(request, view, entry, refusal.findings)
    context = {
        "title": _("Ce que change la modification"),
        "view": view,
        "line": view.line,
        "terms": entry,
        **touched(effects, request.POST),
        **summary(findings, heading=_("La modification n’est pas signée")),
    }
    return page(request, "delegations/touched_page.html", context, status=422 if findings else 200)


def touched(effects: delegation.TermsEffects, typed: QueryDict) -> dict[str, Any]:
    """What `delegations/touched.html` draws."""
    kinds = stop_kinds(effects.stops, page_catalogue().stops["designation"], typed)
    files = [certificate_file(one, at=machine().clock()) for one in effects.stops.certificates[:_MOST_SAID]]
    return {
        "effects": effects,
        "certificates": [one.line for one in files if one is not None],
        "kinds": [kind for kind in kinds if kind.code == "certificates"],
    }


def _end_page(
    request: PortalRequest, view: DesignationView, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    effects = preview_designation_end(view.line.reference)
    sides = _sides(request, view.line.reference)
    theirs = "representative" in sides and "client" not in sides
    kinds = stop_kinds(
        effects.stops, page_catalogue().stops["designation"], request.POST, pages=pages_for(request)
    )
    sheet = Sheet({"reason": request.POST.get("reason", "")}, findings)
    context: dict[str, Any] = {
        "title": _("Mettre fin à la désignation de %(name)s") % {"name": view.line.third_party_name},
        "line": view.line,
        "effects": effects,
        "theirs": theirs,
        "kinds": [] if theirs else [kind for kind in kinds if kind.code == "certificates"],
        "obtained": obtained_under(view.line.reference, at=machine().clock(), live=True, limit=100),
        "fields": [sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3)],
        **summary(findings, heading=_("Rien n’a été fait"), fields=["reason"]),
    }
    return page(request, "delegations/end.html", context, status=422 if findings else 200)


def _theirs(request: PortalRequest, reference: str) -> DesignationView:
    view = designation_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    if view is None:
        raise Http404
    return view


def _sides(request: PortalRequest, reference: str) -> frozenset[str]:
    return sides_of(reference, viewer=request.visitor.person_id, at=machine().clock())


def _number(request: PortalRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else -1


def _paths(fields: list[Any]) -> list[str]:
    return [field.path for field in fields]
