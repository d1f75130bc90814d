"""Officers find any certificate, see it, and end it ex officio: reason, explanation, confirmation."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import Quality
from sceau.operations import find_certificate, machine, revocation_qualities
from sceau.portal.fields import Sheet
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.revocation.asking import (
    end_as_asked,
    quality_fields,
    reason_field,
    reasons_for,
    sure_field,
)
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, certificate_file, find_certificates, journal_lines
from sceau.vocabulary import Finding, Refused

_PAGE = 25
_EX_OFFICIO = (Quality.DESK, Quality.AUTHORITY, Quality.JUDGE)
_TYPED = ("reason", "quality", "explanation")


def certificates(request: PortalRequest) -> HttpResponse:
    """Certificates by serial in any spelling, reference, name or structure; one that is named goes straight
    to its page.
    """
    text = request.GET.get("texte", "")[:200].strip()
    if text:
        with suppress(Refused):
            return HttpResponseRedirect(reverse("desk-certificate", args=[find_certificate(text)]))
    after = request.GET.get("apres", "")[:80]
    found = find_certificates(at=machine().clock(), text=text, after=after, limit=_PAGE + 1)
    context = {
        "title": _("Certificats"),
        "certificates": found[:_PAGE],
        "after": found[_PAGE - 1].reference if len(found) > _PAGE else "",
        "text": text,
    }
    return page(request, "desk_revocation/certificates.html", context)


def file(request: PortalRequest, reference: str) -> HttpResponse:
    """One certificate, with what can be done with it."""
    found = _required(reference)
    line = found.line
    context = {
        "title": _("Certificat {reference}").format(reference=line.reference),
        "file": found,
        "line": line,
        "product": page_catalogue().products[line.product],
        "reason": page_catalogue().reasons[line.revocation.reason] if line.revocation else None,
        "journal": journal_lines(subject=line.reference),
        "may_end": "revoke" in found.events and bool({Hat.DESK, Hat.AUTHORITY} & request.visitor.hats),
    }
    return page(request, "desk_revocation/certificate.html", context)


def revoke(request: PortalRequest, reference: str) -> HttpResponse:
    """End it ex officio. What the officer says of it is part of the record."""
    found = _required(reference)
    held = [one for one in _held(request, reference) if one in _EX_OFFICIO]
    if not held:
        raise Http404
    if request.method != "POST":
        return _page(request, found, held)
    findings = end_as_asked(request, reference, explained=True)
    if not findings:
        messages.success(request, _("Le certificat est révoqué, définitivement."))
        return HttpResponseRedirect(reverse("desk-certificate", args=[reference]))
    return _page(request, found, held, findings)


def _held(request: PortalRequest, reference: str) -> tuple[Quality, ...]:
    return revocation_qualities(actor_of(request), reference=reference)


def _required(reference: str) -> CertificateFile:
    found = certificate_file(reference, at=machine().clock())
    if found is None:
        raise Http404
    return found


def _page(
    request: PortalRequest,
    found: CertificateFile,
    held: list[Quality],
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    typed: dict[str, Any] = {key: request.POST.get(key, "") for key in _TYPED}
    sheet = Sheet(typed, findings)
    fields = [
        reason_field(sheet, reasons_for(held)),
        *quality_fields(sheet, held),
        sheet.field(
            "explanation",
            kind="textarea",
            label=_("Ce qui s’est passé, et qui l’a signalé"),
            help=_("Gardé au dossier et au journal ; le titulaire ne le lit pas ici."),
            required=True,
            rows=4,
        ),
    ]
    context = {
        "title": _("Révoquer d’office"),
        "file": found,
        "line": found.line,
        "quality": held[0].value if len(held) == 1 else "",
        "fields": fields,
        "sure": sure_field(sheet),
        **summary(findings, heading=_("Le certificat n’est pas révoqué"), fields=sheet.paths),
    }
    return page(request, "desk_revocation/revoke.html", context, status=422 if findings else 200)
