"""The tasks of the desk: why, what to do, and what was done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import finish_task
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.rendering import page
from sceau.portal.saying import Said, say, summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import TaskLine, list_tasks, register_import
from sceau.vocabulary import Finding, Refused

_PAGE = 25


def tasks(request: PortalRequest) -> HttpResponse:
    """What is to be done, the oldest first; or what was done."""
    return _page(request)


def finish(request: PortalRequest, reference: str) -> HttpResponse:
    """Say what was done of a task."""
    try:
        finish_task(actor_of(request), reference=reference, outcome=request.POST.get("outcome", "")[:4000])
    except Refused as refusal:
        return _page(request, refusal.findings, status=422)
    messages.success(request, _("La tâche {reference} est faite.").format(reference=reference))
    return HttpResponseRedirect(reverse("desk-tasks"))


def _page(request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200) -> HttpResponse:
    done = request.GET.get("faites", "") == "oui"
    found = list_tasks(done=done, after=request.GET.get("apres", "")[:20], limit=_PAGE + 1)
    context: dict[str, Any] = {
        "title": _("Tâches du guichet"),
        "tasks": [_shown(one) for one in found[:_PAGE]],
        "after": found[_PAGE - 1].reference if len(found) > _PAGE else "",
        "done": done,
        "may_finish": bool({Hat.DESK, Hat.AUTHORITY} & request.visitor.hats),
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=["outcome"]),
    }
    return page(request, "registers/tasks.html", context, status=status)


def _shown(one: TaskLine) -> dict[str, Any]:
    said: Said = say([one.why])[0]
    contracts = [about.removeprefix("contract/") for about in one.about if about.startswith("contract/")]
    others = [about for about in one.about if not about.startswith("contract/")]
    is_import = register_import(one.raised_by) is not None
    return {
        "task": one,
        "said": said,
        "contracts": contracts,
        "others": others,
        "is_import": is_import,
        "change": _change(one),
    }


def _change(one: TaskLine) -> str:
    """How the path of a structure's change is begun from a task that says it; empty for any other task."""
    kinds = {"task.structure-closed": "closed", "task.structure-merged": "absorbed"}
    kind = kinds.get(one.why.code)
    if kind is None or one.done_at is not None:
        return ""
    told = {name: str(value) for name, value in one.why.details}
    reason = page_catalogue().say(one.why).text
    number = told.get("successor", "")
    asked = {
        "structure": one.why.subject.removeprefix("structure/"),
        "kind": kind,
        "task": one.reference,
        "reason": reason,
        **({"siret": number} if len(number) == 14 else {}),
        **({"finess": number} if len(number) == 9 else {}),
    }
    return urlencode(asked)
