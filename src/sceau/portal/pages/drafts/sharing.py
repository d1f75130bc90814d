"""Putting a draft's technical part in somebody's hands, and back; throwing a draft away."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    delete_draft,
    entrust_technical_part,
    give_back_technical_part,
    take_back_technical_part,
)
from sceau.portal.fields import Sheet
from sceau.portal.limits import too_often
from sceau.portal.pages.drafts.hands import fields_of, fillers_of, to_whom, word_of
from sceau.portal.pages.drafts.views import theirs
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import DraftFile
from sceau.registration import DraftState, Writer
from sceau.vocabulary import Finding, Refused


def entrust(request: PortalRequest, reference: str) -> HttpResponse:
    """To whom, and a word to them. They see section 4 and the structure's name."""
    file = _owned(request, reference)
    if request.method != "POST":
        return _entrust_page(request, file)
    if too_often(request, "confier", per_minute=20):
        return _entrust_page(request, file, (Finding.error("portal.too-often", "to"),), status=429)
    try:
        entrust_technical_part(
            actor_of(request),
            reference=reference,
            to=to_whom(request.POST),
            word=word_of(request.POST),
        )
    except Refused as refusal:
        return _entrust_page(request, file, refusal.findings)
    messages.success(
        request,
        _("La partie technique est confiée : on la trouve en entrant sur ce portail avec sa carte."),
    )
    return HttpResponseRedirect(reverse("draft", args=[reference]))


def take_back(request: PortalRequest, reference: str) -> HttpResponse:
    """The owner takes section 4 back, as it stands."""
    theirs(request, reference)
    try:
        take_back_technical_part(actor_of(request), reference=reference)
    except Refused as refusal:
        return refused(request, refusal, title=_("La partie technique n’est pas reprise"))
    messages.success(request, _("La partie technique est de nouveau la vôtre. Relisez-la avant d’envoyer."))
    return HttpResponseRedirect(reverse("draft", args=[reference]))


def give_back(request: PortalRequest, reference: str) -> HttpResponse:
    """The helper has done."""
    theirs(request, reference)
    try:
        give_back_technical_part(actor_of(request), reference=reference, word=word_of(request.POST))
    except Refused as refusal:
        return refused(request, refusal, title=_("La partie technique n’est pas rendue"))
    messages.success(
        request, _("La partie technique est rendue : la structure la relit, la signe et l’envoie.")
    )
    return HttpResponseRedirect(reverse("orders"))


def delete(request: PortalRequest, reference: str) -> HttpResponse:
    """Throw the draft away, once it is confirmed."""
    file = _owned(request, reference)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        if request.POST.get("sure") != "oui":
            findings = (Finding.error("order-draft.not-sure", "sure"),)
        else:
            try:
                delete_draft(actor_of(request), reference=reference)
            except Refused as refusal:
                findings = refusal.findings
            else:
                messages.success(request, _("Le brouillon est supprimé, avec tout ce qui y était tapé."))
                return HttpResponseRedirect(reverse("orders"))
    sheet = Sheet({}, findings)
    label = _("Je supprime ce brouillon et tout ce que j’y ai tapé")
    context = {
        "title": _("Supprimer un brouillon"),
        "file": file,
        "sure": sheet.field("sure", kind="checkbox", label=label, required=True, value=False),
        **summary(findings, heading=_("Le brouillon n’est pas supprimé"), fields=sheet.paths),
    }
    return page(request, "drafts/delete.html", context, status=422 if findings else 200)


def _owned(request: PortalRequest, reference: str) -> DraftFile:
    file = theirs(request, reference)
    if file.line.writer != Writer.OWNER or file.line.state not in {DraftState.WRITING, DraftState.ENTRUSTED}:
        raise Http404
    return file


def _entrust_page(
    request: PortalRequest, file: DraftFile, findings: tuple[Finding, ...] = (), *, status: int = 422
) -> HttpResponse:
    fillers = fillers_of(request, file)
    fields = fields_of(request, fillers, findings)
    context = {
        "title": _("Confier la partie technique"),
        "file": file,
        "fields": fields,
        "fillers": fillers,
        **summary(
            findings,
            heading=_("La partie technique n’est pas confiée"),
            fields=[one.path for one in fields],
        ),
    }
    return page(request, "drafts/entrust.html", context, status=status if findings else 200)
