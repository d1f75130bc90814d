"""The desk confirms that a person works in a structure: only then may a PRO certificate name them [decision
14].
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import confirm_employee
from sceau.portal.fields import Sheet
from sceau.portal.pages.requests.asking import HOLDER_FIELDS, holder_from, typed_holder
from sceau.portal.pages.requests.holder import holder_fields
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Finding, Refused


def people(request: PortalRequest) -> HttpResponse:
    """A form: the structure's national identifier, and who works there."""
    typed = {"structure_id": request.POST.get("structure_id", "")[:40].strip(), **typed_holder(request)}
    if request.method != "POST":
        typed["structure_id"] = request.GET.get("structure", "")[:40]
        return _page(request, typed)
    findings: list[Finding] = []
    person = holder_from(typed, findings)
    if person is not None:
        try:
            line = confirm_employee(actor_of(request), structure_id=typed["structure_id"], person=person)
        except Refused as refusal:
            findings.extend(refusal.findings)
        else:
            messages.success(
                request,
                _("{display} peut être nommé dans les certificats PRO de cette structure.").format(
                    display=line.display
                ),
            )
            return HttpResponseRedirect(reverse("desk-people"))
    return _page(request, typed, tuple(findings))


def _page(request: PortalRequest, typed: dict[str, str], findings: tuple[Finding, ...] = ()) -> HttpResponse:
    holder = {key.partition(".")[2]: typed[key] for key in HOLDER_FIELDS}
    sheet = Sheet({"structure_id": typed["structure_id"], "holder": holder}, findings)
    structure = sheet.field(
        "structure_id",
        label=_("Identifiant national de la structure"),
        help=_("Le chiffre du type puis le numéro : 1 et le FINESS, 3 et le SIRET, 4 et le RPPS-rang."),
        required=True,
        width="w20",
    )
    context = {
        "title": _("Personnes d’une structure"),
        "fields": [structure, *holder_fields(sheet)],
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    return page(request, "desk/people.html", context, status=422 if findings else 200)
