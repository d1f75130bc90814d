"""Finding anything at the desk by any of its identifiers, and the desk's figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.portal.pictures import Week, weeks_picture
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest
from sceau.records import Found, desk_weeks, lane_figures, search

_PAGE = 25
_WINDOWS = (30, 90)
_WEEKS_DRAWN = 13
_PAGES = {
    "order": "desk-order",
    "contract": "desk-contract",
    "certificate": "desk-certificate",
    "habilitation": "desk-habilitation",
    "leave": "desk-leave",
    "piece": "desk-piece",
}


def find(request: PortalRequest) -> HttpResponse:
    """What a number or a name leads to."""
    text = request.GET.get("texte", "")[:100].strip()
    after = request.GET.get("apres", "")[:120]
    found = search(text, issuers=list(page_catalogue().issuers), after=after, limit=_PAGE)
    context = {
        "title": _("Chercher"),
        "text": text,
        "found": [{"one": one, "address": _address(one)} for one in found.found],
        "after": found.after,
    }
    return page(request, "desk/search.html", context)


def figures(request: PortalRequest) -> HttpResponse:
    """How long orders stay where they are, over a month and a quarter."""
    at = machine().clock()
    windows = [{"days": days, "lanes": _lanes(lane_figures(at=at, days=days))} for days in _WINDOWS]
    weeks = [
        Week(one.monday, one.ended - one.late, one.late) for one in desk_weeks(at=at, weeks=_WEEKS_DRAWN)
    ]
    context = {
        "title": _("Délais du guichet"),
        "windows": windows,
        "weeks": weeks[::-1],
        "flow": weeks_picture(weeks),
    }
    return page(request, "desk/figures.html", context)


def duration(seconds: int | None) -> str:
    """A length of time as a person says it."""
    if seconds is None:
        return "—"
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 48 * 3600:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} jours"


def _lanes(lanes: tuple[Any, ...]) -> list[dict[str, Any]]:
    stays = page_catalogue().desk.stays
    return [
        {
            "label": stays[one.lane].label,
            "days": stays[one.lane].days,
            "ended": one.ended,
            "median": duration(one.ended.median),
            "ninth": duration(one.ended.ninth),
            "late_now": one.late_now,
        }
        for one in lanes
    ]


def _address(one: Found) -> str:
    """Where a found thing is read; a person and a structure lead to what names them."""
    if one.kind in _PAGES:
        return reverse(_PAGES[one.kind], args=[one.reference])
    if one.kind == "structure":
        return f"{reverse('desk-contracts')}?texte={one.reference}"
    return ""
