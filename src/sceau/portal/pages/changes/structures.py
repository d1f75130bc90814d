"""A structure closes, is absorbed or changes identity: what happened, the plan thing by thing, and, for the
desk, the two yeses. What is answered is kept at once, so that the page may be left and come back to.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.operations import StructureEntry, machine, structure_change
from sceau.portal.fields import Choice, Sheet
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.pieces.handing_in import hand_in, piece_fields
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import ChangeLineView, StructureChangeView, list_structure_changes
from sceau.records import structure_change as change_for
from sceau.registration import ChangeKind, ChangeThing, answers_of
from sceau.vocabulary import Finding, Refused

MOST_SHOWN = 100
_TEXTS = ("structure", "kind", "effective_on", "reason", "name", "siret", "finess", "postcode", "commune")
_LONG = {"reason": 1000}


def changes(request: PortalRequest) -> HttpResponse:
    """The changes that the visitor may see."""
    after = request.GET.get("apres", "")[:20]
    found = list_structure_changes(request.visitor.person_id, at=machine().clock(), after=after)
    context = {"title": _("Changements de structures"), "changes": found}
    return page(request, "changes/structures.html", context)


_ASKED = {
    "structure": gettext_noop("Identifiant national de la structure"),
    "kind": gettext_noop("Ce qui s’est passé"),
    "reason": gettext_noop("D’où on le sait"),
}


def new_change(request: PortalRequest) -> HttpResponse:
    """What happened, to whom, from which day, and what it becomes."""
    source = request.POST if request.method == "POST" else request.GET
    typed = {key: source.get(key, "")[: _LONG.get(key, 200)].strip() for key in (*_TEXTS, "task")}
    if request.method != "POST":
        return _new_page(request, typed)
    effective = _day(typed["effective_on"])
    missing = [
        Finding.error("portal.field-empty", key, label=_(label))
        for key, label in _ASKED.items()
        if not typed[key]
    ]
    if effective is None:
        missing.append(Finding.error("portal.day-missing", "effective_on"))
    if missing or effective is None:
        return _new_page(request, typed, tuple(missing))
    becomes = StructureEntry(
        name=typed["name"],
        postcode=typed["postcode"],
        commune=typed["commune"],
        siret=typed["siret"],
        finess=typed["finess"],
    )
    entry = structure_change.ChangeEntry(
        structure_id=typed["structure"],
        kind=typed["kind"],
        effective_on=effective,
        reason=typed["reason"],
        becomes=None if typed["kind"] == ChangeKind.CLOSED else becomes,
        task=typed["task"],
    )
    try:
        view = structure_change.open_structure_change(actor_of(request), entry)
    except Refused as refusal:
        return _new_page(request, typed, refusal.findings)
    messages.success(
        request, _("Rien n’est encore changé. Joignez l’extrait, puis répondez pour chaque chose.")
    )
    return HttpResponseRedirect(reverse("structure-change", args=[view.reference]))


def change(request: PortalRequest, reference: str) -> HttpResponse:
    """The plan; its answers and its decisions are sent from here."""
    view = change_for(reference, request.visitor.person_id, at=machine().clock())
    if view is None:
        raise Http404
    if request.method != "POST":
        return _page(request, view)
    try:
        said = _act(request, view)
    except Refused as refusal:
        return _page(request, view, refusal.findings)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("structure-change", args=[reference]))


def _act(request: PortalRequest, view: StructureChangeView) -> str:
    """Do what the button says; what is then told."""
    actor, action, reference = actor_of(request), request.POST.get("action", ""), view.reference
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 0
    reason = request.POST.get("reason", "")[:1000]
    if action == "extrait":
        contract = next((one.reference for one in view.lines if one.thing == ChangeThing.CONTRACT), "")
        piece = hand_in(request, contract=contract, structure="" if contract else view.structure_id)
        structure_change.attach_change_evidence(actor, reference=reference, piece=piece.reference)
        return _("L’extrait est joint.")
    if action == "proposer":
        done = structure_change.propose_structure_change(actor, reference=reference, version=version)
        return _("Le plan attend une seconde personne.") if done.state == "proposed" else _lengthened()
    if action == "confirmer":
        done = structure_change.confirm_structure_change(actor, reference=reference, version=version)
        return _lengthened() if done.state == "open" else _("Le changement est confirmé.")
    if action == "reprendre":
        structure_change.reopen_structure_change(actor, reference=reference, reason=reason)
        return _("Le plan est rouvert.")
    if action == "annuler":
        structure_change.drop_structure_change(actor, reference=reference, reason=reason)
        return _("Le changement est annulé : rien n’a été changé.")
    answers = _answers(request, view)
    structure_change.answer_structure_change(actor, reference=reference, answers=answers)
    return _("Réponses gardées : {count}.").format(count=len(answers))


def _lengthened() -> str:
    return _("La structure a obtenu autre chose depuis : complétez le plan.")


def _answers(request: PortalRequest, view: StructureChangeView) -> list[structure_change.ThingAnswer]:
    """The answers of the page, each with its days; what is left to « plus tard » is not among them."""
    found = []
    before = _day(request.POST.get("all.before", ""))
    ends = _day(request.POST.get("all.ends", ""))
    for line in view.lines:
        answer = request.POST.get(f"line.{line.thing}.{line.reference}", "")
        if not answer or (line.answer and view.state != "open"):
            continue
        dated = line.thing == ChangeThing.CERTIFICATE and answer != "keep"
        own_before = _day(request.POST.get(f"before.{line.reference}", "")) or before
        own_ends = _day(request.POST.get(f"ends.{line.reference}", "")) or ends
        found.append(
            structure_change.ThingAnswer(
                line.thing,
                line.reference,
                answer,
                own_before if dated and answer == "replace" else None,
                own_ends if dated else None,
            )
        )
    return found


def _page(
    request: PortalRequest, view: StructureChangeView, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    is_desk = Hat.DESK in request.visitor.hats
    sheet = Sheet({"reason": request.POST.get("reason", "")}, findings)
    extracts = {one.code for one in page_catalogue().piece_kinds.values() if one.is_extract}
    kinds = piece_fields(sheet, for_desk=is_desk)
    for at, field in enumerate(kinds):
        if field.path == "kind":
            choices = [choice for choice in field.choices if choice.value in extracts]
            kinds[at] = sheet.field("kind", kind="select", label=field.label, choices=choices, required=True)
    context = {
        "title": _("Changement de {structure}").format(structure=view.structure),
        "change": view,
        "groups": _groups(request, view),
        "may_answer": view.state == "open" or (view.state == "confirmed" and view.waiting),
        "is_desk": is_desk,
        "has_days": view.state == "confirmed"
        and any(one.revoke_on and not one.done_at for one in view.lines),
        "asked": any(one.state == "asked" for one in view.graces),
        "mine": view.proposed_by_id == request.visitor.person_id,
        "whole": not view.waiting and bool(view.piece),
        "piece_fields": kinds,
        "fields": [sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=2)],
        **summary(findings, heading=_("Rien n’a été changé"), fields=["reason"]),
    }
    return page(request, "changes/structure.html", context, status=422 if findings else 200)


def _groups(request: PortalRequest, view: StructureChangeView) -> list[dict[str, Any]]:
    """The plan by kind of thing, in a reader's order, with what may be answered for each."""
    stopping = page_catalogue().stops[f"structure-{view.kind}"]
    found = []
    for thing in ChangeThing:
        lines = [one for one in view.lines if one.thing == thing]
        if lines:
            answers = answers_of(stopping, thing)
            shown = [_shown(request, view, one, answers) for one in lines[:MOST_SHOWN]]
            more = max(0, len(lines) - MOST_SHOWN)
            found.append({"thing": str(thing), "lines": shown, "more": more, "count": len(lines)})
    return found


def _shown(
    request: PortalRequest, view: StructureChangeView, line: ChangeLineView, answers: tuple[str, ...]
) -> dict[str, Any]:
    allowed = [one for one in answers if not (one == "keep" and line.carries)]
    open_now = view.state == "open" or (view.state == "confirmed" and not line.answer)
    return {
        "line": line,
        "answers": allowed if open_now else [],
        "answer": request.POST.get(f"line.{line.thing}.{line.reference}", line.answer),
        "before": request.POST.get(f"before.{line.reference}", ""),
        "ends": request.POST.get(f"ends.{line.reference}", ""),
        "to_sign": line.order
        and line.answer == "follow"
        and view.state == "confirmed"
        and view.applied_at
        and not line.done_at,
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _new_page(
    request: PortalRequest, typed: dict[str, str], findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    texts = page_catalogue().texts
    sheet = Sheet(typed, findings)
    kinds = [Choice(one, texts[f"change-kind.{one}"], one == typed["kind"]) for one in ChangeKind]
    context = {
        "title": _("Une structure ferme, est absorbée ou change d’identité"),
        "task": typed["task"],
        "fields": [
            sheet.field(
                "structure", label=_("Identifiant national de la structure"), required=True, width="w20"
            ),
            sheet.field("kind", kind="radio", label=_("Ce qui s’est passé"), choices=kinds, required=True),
            sheet.field("effective_on", kind="date", label=_("À compter du"), required=True, width="w14"),
            sheet.field("reason", kind="textarea", label=_("D’où on le sait"), required=True, rows=2),
        ],
        "identity": [
            sheet.field("name", label=_("Nouveau nom, ou nom de la structure qui absorbe"), required=False),
            sheet.field("siret", label="SIRET", required=False, width="w20", help=""),
            sheet.field("finess", label="FINESS", required=False, width="w14", help=""),
            sheet.field("postcode", label=_("Code postal"), required=False, width="w14", help=""),
            sheet.field("commune", label=_("Commune"), required=False, help=""),
        ],
        **summary(findings, heading=_("Le changement n’est pas ouvert"), fields=sheet.paths),
    }
    return page(request, "changes/new_structure.html", context, status=422 if findings else 200)
