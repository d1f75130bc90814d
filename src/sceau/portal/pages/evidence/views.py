"""An evidence file, for whoever may have it: the verb decides, whole or their own."""

from __future__ import annotations

from django.http import HttpResponse

from sceau.operations import export_evidence
from sceau.portal.hats import Hat
from sceau.portal.visitor import PortalRequest, actor_of


def evidence(request: PortalRequest, reference: str) -> HttpResponse:
    """Make it, and give it as a file. An officer of the desk may ask for copies of identity documents."""
    identities = request.POST.get("identites") == "oui" and Hat.DESK in request.visitor.hats
    made = export_evidence(actor_of(request), reference=reference, identities=identities)
    response = HttpResponse(made.octets, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response
