"""What the names of a draft cover, and what is odd about them, while one types. Keeps nothing."""

from __future__ import annotations

from django.http import HttpResponse

from sceau.portal.limits import too_often
from sceau.portal.pages.drafts.naming import names_context
from sceau.portal.pages.drafts.progress import whole
from sceau.portal.pages.drafts.views import theirs
from sceau.portal.pages.orders.raw import raw_from
from sceau.portal.rendering import page
from sceau.portal.visitor import PortalRequest


def verdict(request: PortalRequest, reference: str) -> HttpResponse:
    """What the names on the page would cover."""
    if too_often(request, "verdict", per_minute=120):
        return HttpResponse(status=429)
    file = theirs(request, reference)
    raw = {**whole(file), "offers": raw_from(request.POST)["offers"]}
    return page(request, "drafts/verdict.html", names_context(request, raw))
