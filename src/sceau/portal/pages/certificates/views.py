"""One certificate of mine with its trace, its collection, its files."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.operations import collect_certificate, machine
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.certificates.chains import chain_of_file
from sceau.portal.pages.certificates.files import FORMS, file_of, form_named, stem_of
from sceau.portal.pages.certificates.guides import guides_for
from sceau.portal.pages.certificates.renewing import renewal_of
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, certificate_for, journal_lines
from sceau.vocabulary import Finding, Refused

_YOURS = gettext_noop("Le certificat est à vous. Téléchargez-le ci-dessous, et gardez le code en lieu sûr.")
_BOTH_YOURS = gettext_noop(
    "Les deux certificats sont à vous. Téléchargez-les, et gardez le code en lieu sûr."
)


def certificate(request: PortalRequest, reference: str) -> HttpResponse:
    """One certificate: what it says, where it comes from, what can be done with it."""
    file = theirs(request, reference)
    collected, other = file.line.state == "collected", _other(request)
    context = {
        "title": _("Certificat {product}").format(product=file.line.product),
        "file": file,
        "line": file.line,
        "product": page_catalogue().products[file.line.product],
        "chain": chain_of_file(file),
        "reason": page_catalogue().reasons[file.line.revocation.reason] if file.line.revocation else None,
        "forms": FORMS if collected else (),
        "stem": stem_of(file),
        "guides": guides_for(file) if collected else (),
        "other": other.line.reference if other else "",
        **renewal_of(file, at=machine().clock()),
        "journal": journal_lines(subject=reference),
    }
    return page(request, "certificates/certificate.html", context)


def collect(request: PortalRequest, reference: str) -> HttpResponse:
    """Terms accepted, revocation code chosen twice: the certificate is handed over."""
    file = theirs(request, reference)
    other = _other(request)
    waiting = [one for one in (file, other) if one is not None and one.line.state != "collected"]
    if not waiting:
        return HttpResponseRedirect(_address(reference, other))
    if request.method != "POST":
        return _collect_page(request, file, other)
    for one in waiting:
        try:
            _collect(request, one.line.reference)
        except Refused as refusal:
            return _collect_page(request, file, other, findings=refusal.findings)
    messages.success(request, _(_BOTH_YOURS if other else _YOURS))
    return HttpResponseRedirect(_address(reference, other))


def _collect(request: PortalRequest, reference: str) -> None:
    collect_certificate(
        actor_of(request),
        reference=reference,
        terms_accepted=request.POST.get("terms") == "oui",
        code=request.POST.get("code", "")[:200],
        code_again=request.POST.get("code_again", "")[:200],
    )


def _other(request: PortalRequest) -> CertificateFile | None:
    """The second certificate of a pair asked together, handed over with the first."""
    asked = request.POST if request.method == "POST" else request.GET
    reference = asked.get("avec", "")[:20]
    return theirs(request, reference) if reference else None


def _address(reference: str, other: CertificateFile | None) -> str:
    address = reverse("certificate", args=[reference])
    return f"{address}?avec={other.line.reference}" if other else address


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
    request: PortalRequest,
    file: CertificateFile,
    other: CertificateFile | None = None,
    *,
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    sheet = Sheet({"terms": request.POST.get("terms") == "oui"}, findings)
    fields = [
        sheet.field(
            "terms",
            kind="checkbox",
            label=_("J’accepte les conditions générales d’utilisation et la politique de certification"),
            required=True,
        ),
        sheet.field(
            "code",
            kind="password",
            label=_("Code de révocation"),
            required=True,
            value="",
            autocomplete="new-password",
            width="w20",
            help=_("Il révoque le certificat à toute heure, sans carte. Huit caractères au moins."),
        ),
        sheet.field(
            "code_again",
            kind="password",
            label=_("Le même code, une seconde fois"),
            required=True,
            value="",
            autocomplete="new-password",
            width="w20",
        ),
    ]
    context = {
        "title": _("Retirer les deux certificats") if other else _("Retirer le certificat"),
        "file": file,
        "other": other,
        "line": file.line,
        "fields": fields,
        **summary(findings, heading=_("Le certificat n’est pas encore remis"), fields=sheet.paths),
    }
    return page(request, "certificates/collect.html", context, status=422 if findings else 200)
