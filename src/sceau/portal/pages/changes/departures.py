"""An administrator leaves: said by them, the structure or the desk; then one decision for each certificate.

Who may, the verb says; what is decided is kept at once, so that the page may be left and come back to.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.operations import (
    LineDecision,
    decide_departure,
    departure_quality,
    drop_departure,
    finish_departure,
    machine,
    open_departure,
)
from sceau.portal.fields import Sheet
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import DepartureView, departure_for, list_departures, list_habilitations, team_of
from sceau.vocabulary import Finding, Refused

MOST_SHOWN = 100


_PERSON = gettext_noop("Identifiant national de la personne")
_STRUCTURE = gettext_noop("Identifiant national de la structure")
_REASON = gettext_noop("Motif")


def departures(request: PortalRequest) -> HttpResponse:
    """The departures that the visitor may see."""
    after = request.GET.get("apres", "")[:20]
    found = list_departures(request.visitor.person_id, at=machine().clock(), after=after)
    context = {"title": _("Départs d’administrateurs"), "departures": found}
    return page(request, "changes/departures.html", context)


def new_departure(request: PortalRequest) -> HttpResponse:
    """Somebody leaves. The rights stop as soon as this is sent."""
    source = request.POST if request.method == "POST" else request.GET
    typed = {key: source.get(key, "")[:200].strip() for key in ("person", "structure", "reason")}
    if request.method != "POST":
        return _new_page(request, typed)
    labels = {"person": _PERSON, "structure": _STRUCTURE, "reason": _REASON}
    missing = tuple(
        Finding.error("portal.field-empty", key, label=_(label))
        for key, label in labels.items()
        if not typed[key]
    )
    if missing:
        return _new_page(request, typed, missing)
    try:
        view = open_departure(
            actor_of(request),
            person_id=typed["person"],
            structure_id=typed["structure"],
            reason=typed["reason"],
        )
    except Refused as refusal:
        return _new_page(request, typed, refusal.findings)
    messages.success(request, _("Ses habilitations sont suspendues. Décidez maintenant de ses certificats."))
    return HttpResponseRedirect(reverse("departure", args=[view.reference]))


def departure(request: PortalRequest, reference: str) -> HttpResponse:
    """The list, what was decided, and what waits; decisions are sent from here."""
    view = departure_for(reference, request.visitor.person_id, at=machine().clock(), most=MOST_SHOWN)
    if view is None:
        raise Http404
    if request.method != "POST":
        return _page(request, view)
    try:
        said = _act(request, reference)
    except Refused as refusal:
        return _page(request, view, refusal.findings)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("departure", args=[reference]))


def _act(request: PortalRequest, reference: str) -> str:
    """Do what the button says; what is then told."""
    actor, action = actor_of(request), request.POST.get("action", "")
    if action == "terminer":
        view = finish_departure(actor, reference=reference)
        return (
            _("Le départ est terminé.")
            if view.state == "done"
            else _("La liste s’est allongée : décidez encore.")
        )
    if action == "annuler":
        drop_departure(actor, reference=reference, reason=request.POST.get("reason", "")[:500])
        return _("Le départ est annulé. Les habilitations restent suspendues : le guichet peut les rétablir.")
    decisions = _decisions(request)
    decide_departure(actor, reference=reference, decisions=decisions)
    return _("Décisions gardées : {decisions}.").format(decisions=len(decisions))


def _decisions(request: PortalRequest) -> list[LineDecision]:
    """The answers of the page; a successor is written after the answer (``hand-over:<person>``)."""
    found = []
    for key, value in request.POST.items():
        if key.startswith("line.") and value:
            answer, _, successor = str(value).partition(":")
            found.append(LineDecision(key[5:25], answer, successor))
    return found


def _page(request: PortalRequest, view: DepartureView, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    waiting = [line for line in view.lines if not line.answer]
    quality = departure_quality(actor_of(request), structure_id=view.structure_id)
    is_own = view.person_id == request.visitor.person_id
    sheet = Sheet({"reason": request.POST.get("reason", "")}, findings)
    context = {
        "title": _("Départ de {person}").format(person=view.person),
        "departure": view,
        "waiting": [
            (line, request.POST.get(f"line.{line.certificate}", "")) for line in waiting[:MOST_SHOWN]
        ],
        "more": max(0, view.waiting - MOST_SHOWN),
        "earlier": max(0, view.decided - MOST_SHOWN),
        "decided": [line for line in view.lines if line.answer],
        "successors": _successors(view),
        "may": view.state == "open" and quality is not None and not is_own,
        "is_own": is_own,
        "may_revoke": not view.team or quality in {"desk", "authority"},
        "fields": [sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3)],
        **summary(findings, heading=_("Rien n’a été décidé"), fields=["reason"]),
    }
    return page(request, "changes/departure.html", context, status=422 if findings else 200)


def _successors(view: DepartureView) -> list[tuple[str, str]]:
    """(national identifier, name) of who else holds a right for the structure, or is of the team."""
    if view.team:
        team = [one for one in team_of(view.team) if one.state == "active"]
        return sorted(((one.person_id, one.person) for one in team), key=lambda one: one[1])
    lines = list_habilitations(
        at=machine().clock(), structure_id=view.structure_id, state="active", limit=1000
    )
    people = {line.person_id: line.person for line in lines if line.person_id != view.person_id}
    return sorted(people.items(), key=lambda one: one[1])


def _new_page(
    request: PortalRequest, typed: dict[str, str], findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    sheet = Sheet(typed, findings)
    context = {
        "title": _("Un administrateur quitte la structure"),
        "fields": [
            sheet.field(
                "person",
                label=_(_PERSON),
                help=_("Le chiffre 8 puis le RPPS, ou ce qui est écrit sur sa carte."),
                required=True,
                width="w20",
            ),
            sheet.field(
                "structure", label=_("Identifiant national de la structure"), required=True, width="w20"
            ),
            sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=3),
        ],
        **summary(findings, heading=_("Le départ n’est pas ouvert"), fields=sheet.paths),
    }
    return page(request, "changes/leaving.html", context, status=422 if findings else 200)
