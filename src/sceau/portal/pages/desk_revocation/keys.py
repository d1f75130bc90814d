"""Officers look a public key up, in whatever form it is brought, and report it: blocked, everything on it
ended.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import Quality
from sceau.operations import KeyLook, look_up_key, report_key
from sceau.portal.fields import Field, Sheet
from sceau.portal.pages.desk_revocation.asking import officer_qualities
from sceau.portal.pages.revocation.asking import quality_fields, sure_field, unsure
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Finding, Refused

_LONGEST = 16 * 1024


def keys(request: PortalRequest) -> HttpResponse:
    """Look a key up; with the button *signaler*, report it."""
    if request.method != "POST":
        return _page(request, None)
    try:
        look = look_up_key(_brought(request))
    except Refused as refusal:
        return _page(request, None, refusal.findings)
    if request.POST.get("action") != "signaler":
        return _page(request, look)
    findings = unsure(request)
    if not request.POST.get("explanation", "").strip():
        findings = (Finding.error("revocation.explanation-missing", "explanation"), *findings)
    if not findings:
        try:
            told = report_key(
                actor_of(request),
                key=look.key,
                quality=request.POST.get("quality", "")[:40],
                explanation=request.POST.get("explanation", "")[:4000],
            )
        except Refused as refusal:
            findings = refusal.findings
        else:
            count = len(told.ended)
            messages.success(
                request,
                _("La clé est bloquée pour toujours ; certificats révoqués : {count}.").format(count=count),
            )
            return HttpResponseRedirect(reverse("desk-revocations"))
    return _page(request, look, findings)


def _brought(request: PortalRequest) -> bytes:
    sent = read_upload(request, "key_file")
    return sent[1] if sent is not None else request.POST.get("key", "")[:_LONGEST].encode()


def _page(request: PortalRequest, look: KeyLook | None, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    typed: dict[str, Any] = {
        "key": look.key if look else "",  # never what was pasted: it could have been a private key
        "explanation": request.POST.get("explanation", ""),
        "quality": request.POST.get("quality", ""),
    }
    sheet = Sheet(typed, findings)
    held = officer_qualities(request)
    context = {
        "title": _("Clés"),
        "look": look,
        "key": sheet.field(
            "key",
            kind="pem",
            label=_("Clé publique"),
            help=_(
                "Clé publique, certificat ou demande (CSR) en PEM, clé JWK, ou empreinte SHA-256 de la clé"
                " publique. Jamais une clé privée."
            ),
            required=True,
            rows=6,
        ),
        "fields": _report_fields(sheet, held),
        "quality": held[0].value if len(held) == 1 else "",
        "sure": sure_field(sheet),
        **summary(findings, heading=_("Rien n’a été fait"), fields=sheet.paths),
    }
    return page(request, "desk_revocation/keys.html", context, status=422 if findings else 200)


def _report_fields(sheet: Sheet, held: list[Quality]) -> list[Field]:
    return [
        *quality_fields(sheet, held),
        sheet.field(
            "explanation",
            kind="textarea",
            label=_("Ce qui s’est passé, et qui l’a signalé"),
            required=True,
            rows=4,
        ),
    ]
