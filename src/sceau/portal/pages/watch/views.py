"""How the authority stands, on one page: what calls for somebody first, then each list, the signer, the
clockwork, the journal and the last re-reading.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import ListState, list_states, machine
from sceau.portal.language import page_catalogue
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest
from sceau.portal.watch import watched
from sceau.records import latest_head


def state(request: PortalRequest) -> HttpResponse:
    """Everything that an officer or an auditor wants to know before trusting the service today."""
    seen = watched()
    context: dict[str, Any] = {
        "title": _("État du service"),
        "seen": seen,
        "alarms": len(seen.alarms) if seen else 0,
        "issuers": _issuers(list_states()),
        "last_head": latest_head(),
    }
    if seen:
        context.update(summary(seen.alarms, heading=_("Ce qui demande une intervention")))
        context["findings_refuse"] = False  # nothing that was sent is wrong
    return page(request, "watch/state.html", context)


def _issuers(states: tuple[ListState, ...]) -> list[dict[str, Any]]:
    """The lists by authority, what is late on top."""
    found = []
    environment = page_catalogue().environments[machine().environment]
    for (code, generation), several in groupby(states, key=lambda one: (one.issuer, one.generation)):
        lists = sorted(several, key=lambda one: not one.late)
        found.append(
            {
                "name": environment.common_name(page_catalogue().issuers[code]),
                "code": code,
                "generation": generation,
                "lists": lists,
                "late": lists[0].late,
            }
        )
    return sorted(found, key=lambda one: not one["late"])
