"""Which hat is worn, for who has several."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from sceau.portal.pages.entrance.views import go_on
from sceau.portal.visitor import PortalRequest, actor_of, wear


def put_on(request: PortalRequest) -> HttpResponse:
    """Act in another of one's roles from now on."""
    if not wear(request, request.POST.get("role", "")):
        raise Http404
    return go_on(request, actor_of(request).person_id)
