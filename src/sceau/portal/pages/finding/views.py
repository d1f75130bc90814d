"""Find the certificate of a correspondent; check one that was given. No card, nothing kept.

A name is asked for in the body of a request, so that no log or history keeps it. Whether a name is unknown,
or has only certificates that are not listed, ended or revoked, looks the same [ASSURANCE T18].
"""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from sceau.certification import Presented, read_presented
from sceau.operations import machine
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.finding.asking import FIELD, read_name
from sceau.portal.pages.finding.verdicts import verdict_on
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest
from sceau.records import ListedCertificate, listed_certificate, listed_certificates
from sceau.vocabulary import Finding, Reading

_FORMS = {
    "pem": (Encoding.PEM, ".pem", "application/x-pem-file"),
    "der": (Encoding.DER, ".cer", "application/pkix-cert"),
}
_LONGEST_NAME = 400


def find(request: PortalRequest) -> HttpResponse:
    """The encryption certificates in service under an exact name."""
    if request.method != "POST":
        return _find_page(request)
    rules = page_catalogue().lookup.listed
    if too_often(request, "find", per_minute=rules.per_minute):
        return _find_page(request, (Finding.error("portal.too-often", FIELD),), status=429)
    reading = read_name(request.POST.get(FIELD, "")[:_LONGEST_NAME])
    if reading.value is None:
        return _find_page(request, reading.findings, status=422)
    found = listed_certificates(reading.value, products=rules.products, at=machine().clock(), most=rules.most)
    return _find_page(request, found=found)


def download(request: PortalRequest, issuer: str, serial: str, form: str) -> HttpResponse:
    """The file of a certificate that may be found; anything else does not exist."""
    rules = page_catalogue().lookup.listed
    if too_often(request, "find-file", per_minute=rules.files_per_minute):
        return _find_page(request, (Finding.error("portal.too-often", FIELD),), status=429)
    one = listed_certificate(issuer[:16], serial[:40], products=rules.products, at=machine().clock())
    if one is None or form not in _FORMS:
        raise Http404
    encoding, ending, content_type = _FORMS[form]
    data = x509.load_der_x509_certificate(one.der).public_bytes(encoding)
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{_stem(one)}{ending}"'
    return response


def check(request: PortalRequest) -> HttpResponse:
    """What is said of the certificates in a file that somebody was given."""
    if request.method != "POST":
        return _check_page(request)
    if too_often(request, "check", per_minute=page_catalogue().lookup.given.per_minute):
        return _check_page(request, (Finding.error("portal.too-often", "given"),), status=429)
    reading = _given(request)
    return _check_page(
        request, reading.findings, read=reading.value or (), status=200 if reading.value else 422
    )


def _given(request: PortalRequest) -> Reading[tuple[Presented, ...]]:
    rules = page_catalogue().lookup.given
    sent = read_upload(request, "given_file")
    data = sent[1] if sent is not None else request.POST.get("given", "").encode()
    return read_presented(data, octets=rules.octets, certificates=rules.certificates)


def _find_page(
    request: PortalRequest,
    findings: tuple[Finding, ...] = (),
    *,
    found: tuple[ListedCertificate, ...] | None = None,
    status: int = 200,
) -> HttpResponse:
    rules = page_catalogue().lookup.listed
    asked = request.POST.get(FIELD, "")[:_LONGEST_NAME]
    sheet = Sheet({FIELD: asked}, findings)
    field = sheet.field(
        FIELD,
        label=_("Adresse électronique, ou nom d’hôte ou d’application, en entier"),
        help=_("Le nom exact, tel que votre correspondant vous l’a donné."),
        example="contact@chu-exemple.fr",
        required=True,
        autocomplete="off",
    )
    context = {
        "title": _("Trouver un certificat"),
        "fields": [field],
        "asked": asked.strip() if found is not None else "",
        "answered": found is not None,
        "found": found or (),
        "most": rules.most,
        "products": [page_catalogue().products[code] for code in rules.products],
        **summary(findings, heading=_("La recherche n’a pas été faite"), fields=sheet.paths),
    }
    return page(request, "finding/find.html", context, status=status)


def _check_page(
    request: PortalRequest,
    findings: tuple[Finding, ...] = (),
    *,
    read: tuple[Presented, ...] = (),
    status: int = 200,
) -> HttpResponse:
    sheet = Sheet({}, findings)
    at = machine().clock()
    context = {
        "title": _("Vérifier un certificat"),
        "fields": [sheet.field("given", kind="pem", label=_("Le certificat reçu, collé ici"), rows=8)],
        "verdicts": [verdict_on(one, at=at, number=number) for number, one in enumerate(read, 1)],
        "at": at,
        "kibibytes": page_catalogue().lookup.given.octets // 1024,
        **summary(findings, heading=_("Rien n’a pu être vérifié"), fields=sheet.paths),
    }
    return page(request, "finding/check.html", context, status=status)


def _stem(one: ListedCertificate) -> str:
    """A plain name for the file: the first name it carries, and its product."""
    first = one.names[0] if one.names else "certificat"
    plain = re.sub(r"[^a-z0-9.]+", "-", first.lower()).strip("-.")[:40] or "certificat"
    return f"{plain}-{page_catalogue().products[one.product].slug}-{one.serial[:8]}"
