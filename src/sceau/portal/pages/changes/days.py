"""More time for certificates of a confirmed plan: an officer moves their days away; past its last day to be
replaced, one gets more by two officers.
"""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import machine, structure_change
from sceau.portal.fields import Field, Sheet
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import ChangeLineView, StructureChangeView
from sceau.records import structure_change as change_for
from sceau.vocabulary import Finding, Refused

_MOST_SHOWN = 200
_PATHS = ["revoke_on", "replace_before", "reason"]


def days(request: PortalRequest, reference: str) -> HttpResponse:
    """The certificates that still wait for their day, and the ways to give them more time."""
    view = change_for(reference, request.visitor.person_id, at=machine().clock())
    if view is None or view.state != "confirmed":
        raise Http404
    if request.method != "POST":
        return _page(request, view)
    try:
        said = _act(request, view)
    except Refused as refusal:
        return _page(request, view, refusal.findings)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("structure-change-days", args=[reference]))


def _act(request: PortalRequest, view: StructureChangeView) -> str:
    """Do what the button says; what is then told."""
    actor, action, reference = actor_of(request), request.POST.get("action", ""), view.reference
    if action in {"accorder", "refuser"}:
        structure_change.decide_grace(
            actor,
            reference=reference,
            grace=request.POST.get("grace", "")[:20],
            granted=action == "accorder",
        )
        return (
            _("Le sursis est accordé : les personnes concernées reçoivent la nouvelle date.")
            if action == "accorder"
            else _("Le sursis est refusé : la date annoncée reste.")
        )
    revoke_on, reason = _day(request.POST.get("revoke_on", "")), request.POST.get("reason", "")[:1000]
    if revoke_on is None:
        raise Refused([Finding.error("portal.day-missing", "revoke_on")])
    chosen = tuple(one[:40] for one in request.POST.getlist("certificates")[:_MOST_SHOWN])
    if action == "sursis":
        entry = structure_change.GraceEntry(chosen, revoke_on, reason)
        structure_change.ask_grace(actor, reference=reference, entry=entry)
        return _("Le sursis est demandé : un second agent l’accorde ici.")
    later = structure_change.LaterDays(
        chosen, revoke_on, reason, _day(request.POST.get("replace_before", ""))
    )
    structure_change.move_change_days(actor, reference=reference, later=later)
    return _("Les dates sont éloignées : les personnes concernées reçoivent les nouvelles.")


def _page(
    request: PortalRequest, view: StructureChangeView, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    dated = [one for one in view.lines if one.revoke_on is not None and one.done_at is None]
    asked = [one for one in view.graces if one.state == "asked"]
    waiting = {one.certificate for one in asked}
    late = [one for one in dated if one.warned_at is not None]
    context = {
        "title": _("Donner plus de temps"),
        "change": view,
        "movable": _shown(request, [one for one in dated if one.warned_at is None]),
        "late": _shown(request, [one for one in late if one.reference not in waiting]),
        "asked": asked,
        "decided": [one for one in view.graces if one.state != "asked"],
        "viewer": request.visitor.person_id,
        "fields": _fields(request, findings),
        **summary(findings, heading=_("Rien n’a été changé"), fields=_PATHS),
    }
    return page(request, "changes/days.html", context, status=422 if findings else 200)


def _shown(request: PortalRequest, lines: list[ChangeLineView]) -> list[tuple[ChangeLineView, bool]]:
    chosen = set(request.POST.getlist("certificates"))
    return [(one, one.reference in chosen) for one in lines[:_MOST_SHOWN]]


def _fields(request: PortalRequest, findings: tuple[Finding, ...]) -> list[Field]:
    sheet = Sheet({name: request.POST.get(name, "") for name in _PATHS}, findings)
    return [
        sheet.field(
            "replace_before",
            kind="date",
            label=_("Remplacer avant le"),
            help=_("Laissez vide : inchangé. Sans effet sur un sursis."),
            required=False,
            width="w14",
        ),
        sheet.field("revoke_on", kind="date", label=_("Révoquer le"), required=True, width="w14", help=""),
        sheet.field("reason", kind="textarea", label=_("Motif"), required=True, rows=2),
    ]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
