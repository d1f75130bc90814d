"""Putting a draft's technical part in somebody's hands, and back; throwing a draft away."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    delete_draft,
    entrust_technical_part_of_draft,
    give_back_draft,
    take_back_draft,
)
from sceau.portal.fields import Sheet
from sceau.portal.limits import too_often
from sceau.portal.pages.drafts.views import theirs
from sceau.portal.refusals import refused
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import DraftFile
from sceau.registration import DraftState, Writer
from sceau.vocabulary import Finding, Refused

_WORD = 2000


def entrust(request: PortalRequest, reference: str) -> HttpResponse:
    """To whom, and a word to them. They see section 4 and the structure's name."""
    file = _owned(request, reference)
    if request.method != "POST":
        return _entrust_page(request, file)
    if too_often(request, "confier", per_minute=20):
        return _entrust_page(request, file, (Finding.error("portal.too-often", "to"),))
    try:
        entrust_technical_part_of_draft(
            actor_of(request),
            reference=reference,
            to=request.POST.get("to", "")[:60],
            word=request.POST.get("word", "")[:_WORD],
        )
    except Refused as refusal:
        return _entrust_page(request, file, refusal.findings)
    messages.success(
        request, _("La partie technique est confiée : la personne la trouve en entrant avec sa carte.")
    )
    return HttpResponseRedirect(reverse("draft", args=[reference]))


def take_back(request: PortalRequest, reference: str) -> HttpResponse:
    """The owner takes section 4 back, as it stands."""
    theirs(request, reference)
    try:
        take_back_draft(actor_of(request), reference=reference)
    except Refused as refusal:
        return refused(request, refusal, title=_("La partie technique n’est pas reprise"))
    messages.success(request, _("La partie technique est de nouveau la vôtre. Relisez-la avant d’envoyer."))
    return HttpResponseRedirect(reverse("draft", args=[reference]))


def give_back(request: PortalRequest, reference: str) -> HttpResponse:
    """The helper has done."""
    theirs(request, reference)
    try:
        give_back_draft(actor_of(request), reference=reference, word=request.POST.get("word", "")[:_WORD])
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
    request: PortalRequest, file: DraftFile, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    sheet = Sheet({"to": request.POST.get("to", ""), "word": request.POST.get("word", "")}, findings)
    who = sheet.field(
        "to",
        label=_("Numéro de sa carte, ou son identifiant national"),
        help=_("Dix chiffres, troisième ligne de la carte, sous le nom : demandez-les à la personne."),
        example="2600301752",
        required=True,
        width="w20",
        autocomplete="off",
    )
    word = sheet.field(
        "word",
        kind="textarea",
        rows=4,
        label=_("Un mot pour elle (facultatif)"),
        help=_("Ce que vous attendez d’elle, et pour quand."),
    )
    context = {
        "title": _("Confier la partie technique"),
        "file": file,
        "who": who,
        "word": word,
        **summary(findings, heading=_("La partie technique n’est pas confiée"), fields=sheet.paths),
    }
    return page(request, "drafts/entrust.html", context, status=422 if findings else 200)
