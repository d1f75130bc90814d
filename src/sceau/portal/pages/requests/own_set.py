"""The doctor's three certificates in three steps: the mailbox confirmed, a key for each, terms and a code.

The card is the right: no form, no order. All three are weighed before any is asked, and those
issued are handed over with the one code.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.certification import read_csr
from sceau.operations import (
    Ask,
    CertificateRequest,
    HandOver,
    Preview,
    issue_all,
    machine,
    preview_certificate,
)
from sceau.portal.fields import Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.certificates.files import stem_of
from sceau.portal.pages.requests.asking import csr_from, lacking_csr, shown_again
from sceau.portal.pages.requests.commands import stem_for
from sceau.portal.pages.requests.mailbox import ACTIONS, act_on_mailbox, code_field
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, certificate_for
from sceau.vocabulary import Finding, Refused, errors

_MOST_SHOWN = 3


def request_set(request: PortalRequest) -> HttpResponse:
    """The three steps on one page; what was done stays, and what is wrong is said where it is."""
    if request.method != "POST":
        return _page(request, once=secrets.token_urlsafe(16))
    once = request.POST.get("once", "")[:60] or secrets.token_urlsafe(16)
    found: list[Finding] = []
    action = request.POST.get("action")
    if action in ACTIONS:
        found += act_on_mailbox(request)
    elif action == "demander":
        given = _ask(request, once, found)
        if given:
            obtained = urlencode([("c", reference) for reference in given])
            return HttpResponseRedirect(f"{reverse('own-set-done')}?{obtained}")
    return _page(request, once=once, findings=tuple(found))


def own_set_done(request: PortalRequest) -> HttpResponse:
    """What was obtained, each with its file to make where its key waits."""
    now, viewer = machine().clock(), request.visitor.person_id
    references = request.GET.getlist("c")[:_MOST_SHOWN]
    files = [certificate_for(one[:20], viewer=viewer, at=now) for one in references]
    kept = [(file, file.line, stem_of(file)) for file in files if file is not None and file.der]
    context = {"title": _("Vos certificats"), "obtained": kept, "expected": len(_products())}
    return page(request, "requests/own_set_done.html", context)


def _products() -> tuple[str, ...]:
    return page_catalogue().offers["ps"].products


def _field_of(product: str) -> str:
    return f"csr_{page_catalogue().products[product].slug.replace('-', '_')}"


def _wanted(request: PortalRequest, found: list[Finding]) -> list[CertificateRequest]:
    """A request for each product; those without a CSR are found wanting by `_ask`."""
    name = request.POST.get("names", "")[:300].strip()
    names = (name,) if name else ()
    return [
        CertificateRequest(product, names, csr=csr_from(request, _field_of(product), found))
        for product in _products()
    ]


def _ask(request: PortalRequest, once: str, found: list[Finding]) -> list[str]:
    """The references of what was issued: of all three, or of none when anything is known against one."""
    wanted = _wanted(request, found)
    found += lacking_csr([(_field_of(one.product), one) for one in wanted], found)
    handing = _handing_over(request, found)
    found += [finding for one in wanted for finding in _against(request, one)]
    found += _same_keys(wanted)
    if errors(found):
        return []
    asks = [Ask(actor_of(request), one, f"{once}/{one.product}", hand_over=handing) for one in wanted]
    given = []
    for answer in issue_all(asks):
        if isinstance(answer, CertificateFile):
            given.append(answer.line.reference)
        elif isinstance(answer, Refused):
            found += answer.findings
        else:
            raise answer
    return given if not errors(found) else []


def _against(request: PortalRequest, wanted: CertificateRequest) -> tuple[Finding, ...]:
    return errors(preview_certificate(actor_of(request), wanted).findings)


def _same_keys(wanted: list[CertificateRequest]) -> list[Finding]:
    """A key serves one product: said before any of the three is asked."""
    seen: set[str] = set()
    found = []
    for one in wanted:
        read = read_csr(one.csr).value
        if read is not None and read.key.sha256 in seen:
            found.append(Finding.error("issuance.pair-keys", _field_of(one.product)))
        elif read is not None:
            seen.add(read.key.sha256)
    return found


def _handing_over(request: PortalRequest, found: list[Finding]) -> HandOver:
    code = request.POST.get("code", "")[:200]
    if request.POST.get("terms") != "oui":
        found.append(Finding.error("collection.terms", "terms"))
    if code != request.POST.get("code_again", "")[:200]:
        found.append(Finding.error("collection.codes-differ", "code_again"))
    handing = HandOver(terms_accepted=True, code=code)
    try:
        handing.check(actor_of(request))
    except Refused as refused:
        found += refused.findings
    return handing


def _preview(request: PortalRequest) -> Preview | None:
    name = request.POST.get("names", "")[:300].strip()
    if not name:
        return None
    return preview_certificate(actor_of(request), CertificateRequest(_products()[0], (name,)))


def _page(request: PortalRequest, *, once: str, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    fields = [_field_of(product) for product in _products()]
    values: dict[str, Any] = {one: shown_again(request, one) for one in (*fields, "names")}
    sheet = Sheet({**values, "terms": request.POST.get("terms") == "oui"}, findings)
    preview = _preview(request)
    label, advice = _("Votre adresse de messagerie"), _("Celle que porteront les certificats.")
    context = {
        "title": _("Mes certificats de professionnel"),
        "once": once,
        "name": sheet.field("names", kind="email", label=label, help=advice, required=True),
        "mailbox_code": code_field(sheet),
        "confirmed": preview is not None and not errors(preview.findings),
        "preview": preview,
        "sides": [_side(sheet, product) for product in _products()],
        "targets": " ".join(fields),
        "fields": _last_fields(sheet),
        **summary(findings, heading=_("Il reste quelque chose à faire"), fields=sheet.paths),
    }
    return page(request, "requests/own_set.html", context, status=422 if findings else 200)


def _side(sheet: Sheet, product: str) -> tuple[Field, str, str]:
    """The field of a product's CSR, what the product is for, and the command that makes one."""
    known = page_catalogue().products[product]
    stem = stem_for(CertificateRequest(product, ()))
    command = f"openssl req -new -newkey rsa:3072 -nodes -keyout {stem}.key -subj / -out {stem}.csr"
    field = sheet.field(
        _field_of(product),
        kind="pem",
        label=_("Demande {product}").format(product=product),
        required=True,
        rows=6,
    )
    return field, known.label, command


def _last_fields(sheet: Sheet) -> list[Field]:
    secret: dict[str, Any] = {"kind": "password", "required": True, "value": ""}
    secret |= {"autocomplete": "new-password", "width": "w20"}
    terms = _("J’accepte les conditions générales d’utilisation et la politique de certification")
    advice = _("Il révoque chacun d’eux à toute heure, sans carte. Huit caractères au moins.")
    return [
        sheet.field("terms", kind="checkbox", label=terms, required=True),
        sheet.field("code", label=_("Code de révocation, le même pour les trois"), help=advice, **secret),
        sheet.field("code_again", label=_("Le même code, une seconde fois"), **secret),
    ]
