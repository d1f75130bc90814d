"""Revoking: the reasons that this visitor may invoke, in plain words, what it does, and that it is final."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import Quality
from sceau.certification import KEY_PROOF_TEXT
from sceau.operations import (
    report_key_by_proof,
    revocation_qualities,
    revoke_by_code,
)
from sceau.portal.fields import Sheet
from sceau.portal.limits import too_often
from sceau.portal.pages.certificates.views import theirs
from sceau.portal.pages.revocation.asking import (
    end_as_asked,
    quality_fields,
    reason_field,
    reasons_for,
    sure_field,
    unsaid,
    unsure,
)
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile
from sceau.vocabulary import Finding, Refused

_OWN = (Quality.HOLDER, Quality.ADMINISTRATOR, Quality.REPRESENTATIVE, Quality.MANDATAIRE)
_LONGEST_PROOF = 16 * 1024


def revoke(request: PortalRequest, reference: str) -> HttpResponse:
    """Revoke with the card: reason, quality, confirmation."""
    file = theirs(request, reference)
    held = revocation_qualities(actor_of(request), reference=reference)
    qualities = [quality for quality in held if quality in _OWN]
    if not qualities:
        raise Http404
    if request.method != "POST":
        return _page(request, file, qualities)
    findings = end_as_asked(request, reference, explained=False)
    if not findings:
        messages.success(
            request, _("Le certificat est révoqué. Les services qui le vérifient le refusent désormais.")
        )
        return HttpResponseRedirect(reverse("certificate", args=[reference]))
    return _page(request, file, qualities, findings)


def by_code(request: PortalRequest) -> HttpResponse:
    """Revoke with the serial number and the code chosen at collection; no card, no login."""
    if request.method != "POST":
        return _code_page(request)
    if too_often(request, "code", per_minute=10):
        return _code_page(request, (Finding.error("portal.too-often", "code"),), status=429)
    findings = (*unsaid(request, explained=False), *unsure(request))
    if not findings:
        try:
            file = revoke_by_code(
                serial=request.POST.get("serial", "")[:200],
                code=request.POST.get("code", "")[:200],
                reason=request.POST.get("reason", "")[:40],
            )
        except Refused as refusal:
            findings = refusal.findings
        else:
            context = {"title": _("Le certificat est révoqué"), "line": file.line}
            return page(request, "revocation/done.html", context)
    return _code_page(request, findings, status=422)


def by_key(request: PortalRequest) -> HttpResponse:
    """Revoke with the proof that one holds the private key; no card, no login, whoever one is."""
    if request.method != "POST":
        return _key_page(request)
    if too_often(request, "key", per_minute=10):
        return _key_page(request, (Finding.error("portal.too-often", "proof"),), status=429)
    findings = unsure(request)
    if not findings:
        try:
            report = report_key_by_proof(_proof(request))
        except Refused as refusal:
            findings = _about_proof(refusal.findings)
        else:
            context = {"title": _("La clé est bloquée"), "report": report}
            return page(request, "revocation/key_done.html", context)
    return _key_page(request, findings, status=422)


def _proof(request: PortalRequest) -> bytes:
    sent = read_upload(request, "proof_file")
    return sent[1] if sent is not None else request.POST.get("proof", "").encode()


def _about_proof(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What is wrong with a request is wrong with the proof: the page has one field for it."""
    return tuple(replace(one, subject="proof") if one.subject in {"csr", "key"} else one for one in findings)


def _page(
    request: PortalRequest,
    file: CertificateFile,
    qualities: list[Quality],
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    sheet = Sheet(_typed(request), findings)
    fields = [reason_field(sheet, reasons_for(qualities)), *quality_fields(sheet, qualities)]
    fields.append(sheet.field("explanation", kind="textarea", label=_("Précisions (facultatif)"), rows=3))
    context = {
        "title": _("Révoquer ce certificat"),
        "file": file,
        "line": file.line,
        "quality": qualities[0].value if len(qualities) == 1 else "",
        "fields": fields,
        "sure": sure_field(sheet),
        **summary(findings, heading=_("Le certificat n’est pas révoqué"), fields=sheet.paths),
    }
    return page(request, "revocation/revoke.html", context, status=422 if findings else 200)


def _code_page(
    request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    sheet = Sheet(_typed(request), findings)
    fields = [
        sheet.field(
            "serial",
            label=_("Numéro de série ou de dossier"),
            required=True,
            help=_(
                "Le numéro de dossier (CRT-…) est dans le courriel qui annonçait le certificat ; le numéro"
                " de série est écrit dans le certificat lui-même."
            ),
            example="CRT-7K3QZ-9F2M4",
            autocomplete="off",
        ),
        sheet.field(
            "code",
            kind="password",
            label=_("Code de révocation"),
            help=_(
                "Celui que vous avez choisi en retirant le certificat. Nous ne pouvons pas vous le redire."
            ),
            required=True,
            value="",
            width="w20",
            autocomplete="off",
        ),
        reason_field(sheet, reasons_for([Quality.HOLDER])),
    ]
    context = {
        "title": _("Révoquer avec le code"),
        "fields": fields,
        "sure": sure_field(sheet),
        **summary(findings, heading=_("Rien n’a été révoqué"), fields=sheet.paths),
    }
    return page(request, "revocation/by_code.html", context, status=status)


def _key_page(
    request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    sheet = Sheet({"proof": _shown_again(request)}, findings)
    fields = [
        sheet.field(
            "proof", kind="pem", label=_("La demande (CSR) qui fait la preuve"), required=True, rows=8
        )
    ]
    context = {
        "title": _("Signaler une clé compromise"),
        "fields": fields,
        "text": KEY_PROOF_TEXT,
        "sure": sure_field(sheet, _("J’ai compris que la clé ne pourra plus jamais être certifiée")),
        **summary(findings, heading=_("Rien n’a été révoqué"), fields=sheet.paths),
    }
    return page(request, "revocation/by_key.html", context, status=status)


def _shown_again(request: PortalRequest) -> str:
    """What was pasted, if it is a request: a private key sent by mistake is not written on any page."""
    typed = request.POST.get("proof", "")[:_LONGEST_PROOF]
    return typed if "BEGIN CERTIFICATE REQUEST" in typed and "PRIVATE" not in typed else ""


def _typed(request: PortalRequest) -> dict[str, Any]:
    return {key: request.POST.get(key, "") for key in ("serial", "reason", "explanation", "quality")}
