"""Runs of mass revocation: the list, a new one with its preview, its approvals, its progress, its report.

The page of a run may ask the browser to load it again every ten seconds, when its reader asked for that: a
header, no script.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import CriterionKind
from sceau.operations import approve_run, drop_run, machine, pause_run, prepare_run, resume_run
from sceau.portal.fields import Sheet
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.desk_revocation.asking import asked_run, officer_qualities, run_fields
from sceau.portal.pages.revocation.asking import sure_field, unsure
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import RunFile, journal_lines, list_runs, run_file, run_preview, run_report
from sceau.vocabulary import Finding, Refused

_PAGE = 25
_STATES = ("prepared", "running", "paused", "done", "dropped")
_FOLLOW = "10"


def runs(request: PortalRequest) -> HttpResponse:
    """Every run, newest first."""
    state = request.GET.get("etat", "")
    state = state if state in _STATES else ""
    found = list_runs(state=state, after=request.GET.get("apres", "")[:80], limit=_PAGE + 1)
    context = {
        "title": _("Opérations de révocation"),
        "runs": found[:_PAGE],
        "after": found[_PAGE - 1].reference if len(found) > _PAGE else "",
        "states": _STATES,
        "state": state,
        "may_act": _may_act(request),
    }
    return page(request, "desk_revocation/runs.html", context)


def new(request: PortalRequest) -> HttpResponse:
    """A new run: first by what it chooses, then the form for that. Sending it shows what it would do."""
    asked = request.POST.get("par") or request.GET.get("par", "")
    kind = CriterionKind(asked) if asked in set(CriterionKind) else None
    if kind is None:
        criteria = page_catalogue().runs.criteria.values()
        held = set(officer_qualities(request))
        context = {
            "title": _("Nouvelle opération de révocation"),
            "criteria": [one for one in criteria if held & set(one.who)],
        }
        return page(request, "desk_revocation/new_choice.html", context)
    if request.method != "POST":
        return _new_page(request, kind, {})
    run_asked = asked_run(request, kind)
    findings = run_asked.findings
    if not findings:
        try:
            made = prepare_run(actor_of(request), run_asked.request)
        except Refused as refusal:
            findings = refusal.findings
        else:
            return HttpResponseRedirect(reverse("desk-run", args=[made.line.reference]))
    return _new_page(request, kind, run_asked.typed, findings)


def run(request: PortalRequest, reference: str) -> HttpResponse:
    """One run: what it would do, or where it is."""
    return _run_page(request, _required(reference))


def report(request: PortalRequest, reference: str) -> HttpResponseBase:
    """What it ended, as CSV."""
    del request  # who may, the table of pages says
    _required(reference)
    response = StreamingHttpResponse(run_report(reference), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{reference}.csv"'
    return response


def approve(request: PortalRequest, reference: str) -> HttpResponse:
    """An officer's yes: read, and understood to be final."""
    findings = unsure(request)
    if findings:
        return _run_page(request, _required(reference), findings)
    return _act(
        request,
        reference,
        _("Votre accord est enregistré."),
        lambda: approve_run(actor_of(request), reference=reference),
    )


def pause(request: PortalRequest, reference: str) -> HttpResponse:
    """Stop after the slice under way."""
    return _act(
        request,
        reference,
        _("L’opération est en pause. Ce qui est révoqué le reste."),
        lambda: pause_run(actor_of(request), reference=reference),
    )


def resume(request: PortalRequest, reference: str) -> HttpResponse:
    """Go on."""
    return _act(
        request,
        reference,
        _("L’opération reprend où elle s’était arrêtée."),
        lambda: resume_run(actor_of(request), reference=reference),
    )


def drop(request: PortalRequest, reference: str) -> HttpResponse:
    """Give it up, for good."""
    why = request.POST.get("why", "")[:4000]
    return _act(
        request,
        reference,
        _("L’opération est abandonnée."),
        lambda: drop_run(actor_of(request), reference=reference, reason=why),
    )


def _act(request: PortalRequest, reference: str, done: str, verb: Callable[[], RunFile]) -> HttpResponse:
    before = _required(reference)
    try:
        after = verb()
    except Refused as refusal:
        return _run_page(request, before, refusal.findings)
    started = before.line.state == "prepared" and after.line.state == "running"
    messages.success(request, _("L’opération est lancée.") if started else done)
    return HttpResponseRedirect(reverse("desk-run", args=[reference]))


def _required(reference: str) -> RunFile:
    file = run_file(reference)
    if file is None:
        raise Http404
    return file


def _may_act(request: PortalRequest) -> bool:
    return bool({Hat.DESK, Hat.AUTHORITY} & request.visitor.hats)


def _new_page(
    request: PortalRequest, kind: CriterionKind, typed: dict[str, Any], findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    sheet = Sheet(typed, findings)
    row = page_catalogue().runs.criteria[kind]
    held = [quality for quality in officer_qualities(request) if quality in row.who]
    context = {
        "title": _("Révoquer par : {lower}").format(lower=row.label.lower()),
        "criterion": row,
        "fields": run_fields(sheet, kind, held),
        "quality": held[0].value if len(held) == 1 else "",
        "takes_file": kind in {CriterionKind.LIST, CriterionKind.KEY},
        **summary(findings, heading=_("L’opération n’est pas préparée"), fields=sheet.paths),
    }
    return page(request, "desk_revocation/new.html", context, status=422 if findings else 200)


def _run_page(request: PortalRequest, file: RunFile, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    catalogue, line = page_catalogue(), file.line
    is_over = line.state in {"done", "dropped"}
    follows = line.state == "running" and request.GET.get("suivre") == "oui"
    sheet = Sheet({"why": request.POST.get("why", "")}, findings)
    context = {
        "title": _("Opération {reference}").format(reference=line.reference),
        "file": file,
        "line": line,
        "criterion": catalogue.runs.criteria[CriterionKind(line.kind)],
        "reason": catalogue.reasons[line.reason],
        "preview": None if is_over else run_preview(line.reference, at=machine().clock()),
        "approved": any(one.officer_id == request.visitor.person_id for one in file.approvals),
        "missing": max(0, file.deciders_needed - len(file.approvals)),
        "may_act": _may_act(request),
        "follows": follows,
        "sure": sure_field(sheet, _("J’ai lu ce qui sera révoqué, et que c’est définitif")),
        "why": sheet.field("why", label=_("Motif de l’abandon"), required=True),
        "journal": journal_lines(subject=line.reference),
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    response = page(request, "desk_revocation/run.html", context, status=422 if findings else 200)
    if follows:
        response["Refresh"] = _FOLLOW
    return response
