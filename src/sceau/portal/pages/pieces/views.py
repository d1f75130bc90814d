"""A piece at the desk: what is known of it, what was read on it, its bytes; and the pieces of an order.

Bytes are always given as a file to save, never shown in a page: what a stranger sent opens nowhere by itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from sceau.catalogue import Medium
from sceau.documents import CONTENT_TYPES
from sceau.operations import ExtractEntry, VisaEntry, attest_visa, machine, open_piece, read_extract
from sceau.portal.days import day_of
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.contracts.views import is_desk
from sceau.portal.pages.desk.views import file_page, required_file
from sceau.portal.pages.pieces.handing_in import hand_in
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import PieceLine, piece_line
from sceau.vocabulary import Finding, Refused

_READ = ("name", "siret", "legal_form", "postcode", "commune")


def piece(request: PortalRequest, reference: str) -> HttpResponse:
    """What is known of a piece."""
    return _page(request, _required(reference))


def read(request: PortalRequest, reference: str) -> HttpResponse:
    """Write down what stands on an extract."""
    line = _required(reference)
    typed = {key: request.POST.get(key, "")[:300] for key in _READ}
    try:
        read_extract(actor_of(request), ExtractEntry(piece=reference, **typed))
    except Refused as refusal:
        return _page(request, line, refusal.findings)
    messages.success(request, _("Ce qui est écrit sur l’extrait est noté ; les commandes y sont comparées."))
    return HttpResponseRedirect(reverse("desk-piece", args=[reference]))


def download(request: PortalRequest, reference: str) -> HttpResponse:
    """The bytes, as a file to save. A sealed one is asked for by a button, never by a link."""
    line = _required(reference)
    if line.sealed and request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        line, data = open_piece(actor_of(request), reference=reference)
    except Refused as refusal:
        return _page(request, line, refusal.findings)
    response = HttpResponse(data, content_type=CONTENT_TYPES[Medium(line.medium)])
    response["Content-Disposition"] = content_disposition_header(True, _file_name(line)) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def attach(request: PortalRequest, reference: str) -> HttpResponse:
    """Put a document on the file of an order."""
    file = required_file(reference)
    try:
        line = hand_in(request, order=reference)
    except Refused as refusal:
        return file_page(request, file, refusal.findings, status=422)
    messages.success(
        request, _("La pièce {reference} est au dossier de la commande.").format(reference=line.reference)
    )
    return HttpResponseRedirect(reverse("desk-order", args=[reference]))


def visa(request: PortalRequest, reference: str) -> HttpResponse:
    """Attest the visa that a scan bears."""
    file = required_file(reference)
    version = request.POST.get("version", "")
    try:
        signed_on = day_of(request.POST.get("signed_on", ""), "signed_on")
        attest_visa(
            actor_of(request),
            VisaEntry(
                order=reference,
                version=int(version) if version.isdecimal() and len(version) < 9 else 0,
                piece=request.POST.get("piece", "")[:20],
                signed_on=_required_day(signed_on),
                stamped=request.POST.get("stamped") == "oui",
            ),
        )
    except Refused as refusal:
        return file_page(request, file, refusal.findings, status=422)
    messages.success(
        request, _("Le visa est attesté sur cette version. Les approbations d’avant ne comptent plus.")
    )
    return HttpResponseRedirect(reverse("desk-order", args=[reference]))


def _required_day(day: date | None) -> date:
    if day is None:
        raise Refused([Finding.error("order.visa-not-dated", "signed_on")])
    return day


def _required(reference: str) -> PieceLine:
    line = piece_line(reference, at=machine().clock())
    if line is None:
        raise Http404
    return line


def _page(request: PortalRequest, line: PieceLine, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    kind = page_catalogue().piece_kinds[line.kind]
    typed: dict[str, Any] = {key: getattr(line.reading, key) for key in _READ} if line.reading else {}
    if findings:
        typed = {key: request.POST.get(key, "") for key in _READ}
    sheet = Sheet(typed, findings)
    context = {
        "title": _("Pièce {reference}").format(reference=line.reference),
        "piece": line,
        "kind": kind,
        "acts": is_desk(request),
        "fields": _read_fields(sheet) if kind.is_extract and not line.erased_at else [],
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    return page(request, "pieces/piece.html", context, status=422 if findings else 200)


def _read_fields(sheet: Sheet) -> list[Any]:
    return [
        sheet.field("name", label=_("Dénomination, telle que sur l’extrait"), required=True),
        sheet.field(
            "siret", label=_("SIRET de l’établissement"), required=True, width="w20", inputmode="numeric"
        ),
        sheet.field("legal_form", label=_("Forme juridique (facultatif)")),
        sheet.field("postcode", label=_("Code postal (facultatif)"), width="w8", inputmode="numeric"),
        sheet.field("commune", label=_("Commune (facultatif)")),
    ]


def _file_name(line: PieceLine) -> str:
    """The reference and the ending of what the bytes are, whatever the file was called."""
    endings = {"pdf": "pdf", "jpeg": "jpg", "png": "png", "tiff": "tiff", "json": "json"}
    return f"{line.reference}-{line.kind}.{endings[line.medium]}"
