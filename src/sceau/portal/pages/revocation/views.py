"""Revoking: the reasons that this visitor may invoke, in plain words, what it does, and that it is final."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from sceau.catalogue import Quality, Reason, load_catalogue
from sceau.operations import machine, revoke_by_code, revoke_certificate
from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.limits import too_often
from sceau.portal.pages.certificates.views import theirs
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, structures_of
from sceau.vocabulary import Finding, Refused


def revoke(request: PortalRequest, reference: str) -> HttpResponse:
    """Revoke with the card: reason, quality, confirmation."""
    file = theirs(request, reference)
    qualities = _qualities(request, file)
    if request.method != "POST":
        return _page(request, file, qualities)
    findings = _unsure(request)
    if not findings:
        try:
            revoke_certificate(
                actor_of(request),
                reference=reference,
                reason=request.POST.get("reason", "")[:40],
                quality=request.POST.get("quality", "")[:40],
                explanation=request.POST.get("explanation", "")[:1000],
            )
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(
                request, "Le certificat est révoqué. Les services qui le vérifient le refusent désormais."
            )
            return HttpResponseRedirect(reverse("certificate", args=[reference]))
    return _page(request, file, qualities, findings)


def by_code(request: PortalRequest) -> HttpResponse:
    """Revoke with the serial number and the code chosen at collection; no card, no login."""
    if request.method != "POST":
        return _code_page(request)
    if too_often(request, "code", per_minute=10):
        return _code_page(request, (Finding.error("portal.too-often", "code"),), status=429)
    findings = _unsure(request)
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
            context = {"title": "Le certificat est révoqué", "line": file.line}
            return page(request, "revocation/done.html", context)
    return _code_page(request, findings, status=422)


def _unsure(request: PortalRequest) -> tuple[Finding, ...]:
    sure = request.POST.get("sure") == "oui"
    return () if sure else (Finding.error("portal.confirm", "sure"),)


def _qualities(request: PortalRequest, file: CertificateFile) -> list[Quality]:
    """In what quality the visitor may ask; the verb checks it again against the records."""
    contracts = structures_of(request.visitor.person_id, at=machine().clock())
    named = {
        party.quality
        for contract in contracts
        if contract.structure.national_id == file.line.structure_id
        for party in contract.parties
        if party.person_id == request.visitor.person_id
    }
    found = [Quality(name) for name in ("representative", "mandataire") if name in named]
    if file.line.habilitation:
        if not found or file.line.asked_by == request.visitor.display:
            found.insert(0, Quality.ADMINISTRATOR)
    else:
        found.insert(0, Quality.HOLDER)
    return found


def _page(
    request: PortalRequest,
    file: CertificateFile,
    qualities: list[Quality],
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    sheet = Sheet(_typed(request), findings)
    texts = load_catalogue().texts
    reasons = [reason for reason in load_catalogue().reasons.values() if set(reason.who) & set(qualities)]
    chosen = request.POST.get("quality") or qualities[0].value
    choices = [Choice(one.value, texts.get(f"quality.{one}", one), one.value == chosen) for one in qualities]
    fields: list[Field] = [_reason_field(sheet, reasons)]
    if len(qualities) > 1:
        fields.append(
            sheet.field("quality", kind="radio", label="J’agis comme", choices=choices, required=True)
        )
    fields.append(sheet.field("explanation", kind="textarea", label="Précisions (facultatif)", rows=3))
    context = {
        "title": "Révoquer ce certificat",
        "file": file,
        "line": file.line,
        "quality": qualities[0].value if len(qualities) == 1 else "",
        "fields": fields,
        "sure": _sure_field(sheet),
        **summary(findings, heading="Le certificat n’est pas révoqué", fields=sheet.paths),
    }
    return page(request, "revocation/revoke.html", context, status=422 if findings else 200)


def _code_page(
    request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    sheet = Sheet(_typed(request), findings)
    reasons = [reason for reason in load_catalogue().reasons.values() if Quality.HOLDER in reason.who]
    fields = [
        sheet.field(
            "serial",
            label="Numéro de série ou de dossier",
            required=True,
            help="Écrit dans le certificat : openssl x509 -noout -serial -in certificat.pem",
            autocomplete="off",
        ),
        sheet.field(
            "code",
            kind="password",
            label="Code de révocation",
            required=True,
            value="",
            width="w20",
            autocomplete="off",
        ),
        _reason_field(sheet, reasons),
    ]
    context = {
        "title": "Révoquer avec le code",
        "fields": fields,
        "sure": _sure_field(sheet),
        **summary(findings, heading="Rien n’a été révoqué", fields=sheet.paths),
    }
    return page(request, "revocation/by_code.html", context, status=status)


def _reason_field(sheet: Sheet, reasons: list[Reason]) -> Field:
    chosen = sheet.values.get("reason")
    choices = [Choice(one.code, one.label, one.code == chosen, one.plain) for one in reasons]
    return sheet.field("reason", kind="radio", label="Motif", choices=choices, required=True)


def _sure_field(sheet: Sheet) -> Field:
    label = "J’ai compris que c’est définitif"
    return sheet.field("sure", kind="checkbox", label=label, required=True, value=False)


def _typed(request: PortalRequest) -> dict[str, Any]:
    return {key: request.POST.get(key, "") for key in ("serial", "reason", "explanation")}
