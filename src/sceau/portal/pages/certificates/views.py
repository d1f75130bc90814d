"""My certificates: the list, one certificate with its trace, its collection, its files."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from sceau.catalogue import load_catalogue
from sceau.operations import collect_certificate, machine
from sceau.portal.fields import Sheet
from sceau.portal.pages.certificates.files import FORMS, file_of, form_named, stem_of
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, CertificateLine, certificate_for, certificates_of, journal_lines
from sceau.vocabulary import Finding, Refused

_PAGE = 25
_LOOKED_AT = 1000
_STANDINGS = ("to-collect", "in-service", "expired", "revoked")


def certificates(request: PortalRequest) -> HttpResponse:
    """The visitor's certificates, newest first, by standing and by text."""
    text, standing = request.GET.get("texte", "")[:100].strip(), request.GET.get("etat", "")
    standing = standing if standing in _STANDINGS else ""
    found, after = _found(request, text=text.casefold(), standing=standing)
    context = {
        "title": "Mes certificats",
        "certificates": found,
        "after": after,
        "text": text,
        "standing": standing,
        "standings": _STANDINGS,
    }
    return page(request, "certificates/list.html", context)


def _found(request: PortalRequest, *, text: str, standing: str) -> tuple[list[CertificateLine], str]:
    """A page of what fits, and where to go on; looks at no more than a bounded number of lines."""
    now, after = machine().clock(), request.GET.get("apres", "")[:80]
    found: list[CertificateLine] = []
    looked = 0
    while looked < _LOOKED_AT:
        lines = certificates_of(request.visitor.person_id, at=now, after=after, limit=100)
        for line in lines:
            looked, after = looked + 1, line.reference
            if _fits(line, text, standing):
                found.append(line)
            if len(found) == _PAGE:
                return found, after if line is not lines[-1] or len(lines) == 100 else ""
        if len(lines) < 100:
            return found, ""
    return found, after


def _fits(line: CertificateLine, text: str, standing: str) -> bool:
    if standing and line.standing != standing:
        return False
    said = " ".join(
        (line.reference, line.product, line.subject, line.structure_name, line.serial, *line.names)
    )
    return text in said.casefold()


def certificate(request: PortalRequest, reference: str) -> HttpResponse:
    """One certificate: what it says, where it comes from, what can be done with it."""
    file = theirs(request, reference)
    collected = file.line.state == "collected"
    context = {
        "title": f"Certificat {file.line.product}",
        "file": file,
        "line": file.line,
        "product": load_catalogue().products[file.line.product],
        "reason": load_catalogue().reasons[file.line.revocation.reason] if file.line.revocation else None,
        "forms": FORMS if collected else (),
        "stem": stem_of(file),
        "journal": journal_lines(subject=reference),
    }
    return page(request, "certificates/certificate.html", context)


def collect(request: PortalRequest, reference: str) -> HttpResponse:
    """Terms accepted, revocation code chosen twice: the certificate is handed over."""
    file = theirs(request, reference)
    if file.line.state == "collected":
        return HttpResponseRedirect(reverse("certificate", args=[reference]))
    if request.method != "POST":
        return _collect_page(request, file)
    try:
        collect_certificate(
            actor_of(request),
            reference=reference,
            terms_accepted=request.POST.get("terms") == "oui",
            code=request.POST.get("code", "")[:200],
            code_again=request.POST.get("code_again", "")[:200],
        )
    except Refused as refusal:
        return _collect_page(request, file, refusal.findings)
    messages.success(
        request, "Le certificat est à vous. Téléchargez-le ci-dessous, et gardez le code en lieu sûr."
    )
    return HttpResponseRedirect(reverse("certificate", args=[reference]))


def download(request: PortalRequest, reference: str, form: str) -> HttpResponse:
    """A file of the certificate, once it is collected."""
    file, wanted = theirs(request, reference), form_named(form)
    if wanted is None or file.line.state != "collected":
        raise Http404
    name, data = file_of(file, wanted)
    response = HttpResponse(data, content_type=wanted.content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def theirs(request: PortalRequest, reference: str) -> CertificateFile:
    """The certificate if the visitor may see it; else 404, as for one that does not exist [ASSURANCE T18]."""
    file = certificate_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    if file is None or not file.der:
        raise Http404
    return file


def _collect_page(
    request: PortalRequest, file: CertificateFile, findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    sheet = Sheet({"terms": request.POST.get("terms") == "oui"}, findings)
    fields = [
        sheet.field(
            "terms",
            kind="checkbox",
            label="J’accepte les conditions générales d’utilisation et la politique de certification",
            required=True,
        ),
        sheet.field(
            "code",
            kind="password",
            label="Code de révocation",
            required=True,
            value="",
            autocomplete="new-password",
            width="w20",
            help="Il révoque le certificat à toute heure, sans carte. Huit caractères au moins.",
        ),
        sheet.field(
            "code_again",
            kind="password",
            label="Le même code, une seconde fois",
            required=True,
            value="",
            autocomplete="new-password",
            width="w20",
        ),
    ]
    context = {
        "title": "Retirer le certificat",
        "file": file,
        "line": file.line,
        "fields": fields,
        **summary(findings, heading="Le certificat n’est pas encore remis", fields=sheet.paths),
    }
    return page(request, "certificates/collect.html", context, status=422 if findings else 200)
