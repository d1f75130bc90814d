"""Renew one certificate or two hundred in one act: a request (CSR) for each, as files, a ZIP or a table.

A file is matched with the certificate it renews by its name: the certificate's reference, or a name it
carries. Each is then asked for under its own right and handed over with the same code; each has its own
answer. Nothing is unpacked on a disk.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from zipfile import ZIP_DEFLATED, ZipFile

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.operations import Answer, Ask, CertificateRequest, HandOver, issue_all, machine
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.certificates.files import file_of, form_named
from sceau.portal.pages.certificates.renewing_shown import Result, shown_as_they_come
from sceau.portal.pages.certificates.requests_sent import MOST_REQUESTS, Sent, sent_requests
from sceau.portal.pages.requests.asking import needs_holder
from sceau.portal.rendering import page
from sceau.portal.saying import say, summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import (
    CertificateFile,
    CertificateLine,
    FleetWish,
    certificate_for,
    digests_under,
    fleet_page,
)
from sceau.vocabulary import Fault, Finding, Refused, errors

_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Matched:
    """A file sent, the certificate it would renew (None: none), and what keeps it from being asked."""

    sent: Sent
    line: CertificateLine | None
    findings: tuple[Finding, ...]


def renew_many(request: PortalRequest) -> HttpResponseBase:
    """The requests, the terms and a code; then a result for each, shown as they come when there are many."""
    if request.method != "POST":
        return _page(request, once=secrets.token_urlsafe(16))
    once = request.POST.get("once", "")[:40] or secrets.token_urlsafe(16)
    found: list[Finding] = []
    sent = sent_requests(request, found)
    handing = _handing_over(request, found)
    if not sent and not errors(found):
        found.append(Finding.error("portal.no-requests", "requests"))
    if errors(found) or handing is None:
        return _page(request, once=once, findings=tuple(found))
    if len(sent) <= _AT_ONCE:
        return _page(request, once=once, results=_renew(request, sent, once, handing))
    parts = [sent[first : first + _AT_ONCE] for first in range(0, len(sent), _AT_ONCE)]
    batches = [partial(_renew, request, part, once, handing) for part in parts]
    return shown_as_they_come(request, batches, expected=len(sent))


def files(request: PortalRequest) -> HttpResponse:
    """The certificates just obtained, each with its chain, in one ZIP."""
    references = request.POST.get("references", "").split()[:MOST_REQUESTS]
    now, written = machine().clock(), BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as bundle:
        for reference in dict.fromkeys(references):
            file = certificate_for(reference[:20], viewer=request.visitor.person_id, at=now)
            form = form_named("chaine")
            if file is None or form is None or file.line.state != "collected":
                raise Http404
            bundle.writestr(*file_of(file, form))
    response = HttpResponse(written.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="certificats.zip"'
    return response


def _handing_over(request: PortalRequest, found: list[Finding]) -> HandOver | None:
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
    return None if errors(found) else handing


def _match(request: PortalRequest, sent: Sent, once: str) -> Matched:
    """The certificate that this file renews: by reference, else the latest that carries the name. The one
    that this very form renewed already, when the form is sent again: it is then answered the same.
    """
    wish, person = FleetWish(text=sent.stem), request.visitor.person_id
    lines = fleet_page(person, wish, at=machine().clock(), limit=50).lines
    exact = [
        line
        for line in sorted(lines, key=lambda one: one.not_after, reverse=True)
        if (line.reference == sent.stem.upper() or sent.stem.lower() in line.names)
        and line.standing in {"in-service", "expired"}
    ]
    asked = digests_under(person, [_key(once, line) for line in exact])
    again = [line for line in exact if _key(once, line) in asked]
    for line in again or exact:
        return Matched(sent, line, _why_not(line))
    return Matched(sent, None, (Finding.error("portal.nothing-to-renew", sent.stem),))


def _key(once: str, line: CertificateLine) -> str:
    return f"{once}/{line.reference}"


def _why_not(line: CertificateLine) -> tuple[Finding, ...]:
    """What keeps this certificate from being renewed with others."""
    product = page_catalogue().products[line.product]
    if needs_holder(product) or not line.habilitation:
        return (Finding.error("portal.renew-alone", line.reference),)
    return ()


def _renew(
    request: PortalRequest, sent: tuple[Sent, ...], once: str, handing: HandOver
) -> tuple[Result, ...]:
    """Ask for all that may be asked, in one go; an answer each, in the order of the files."""
    matched = [_match(request, one, once) for one in sent]
    asked = [(one, one.line) for one in matched if one.line is not None and not one.findings]
    asks = [_ask(request, one.sent, line, _key(once, line), handing=handing) for one, line in asked]
    answers = dict(zip((id(one) for one, _ in asked), issue_all(asks), strict=True))
    return tuple(_result(one, answers.get(id(one))) for one in matched)


def _ask(request: PortalRequest, sent: Sent, line: CertificateLine, key: str, *, handing: HandOver) -> Ask:
    wanted = CertificateRequest(
        line.product, line.names, csr=sent.csr, habilitation=line.habilitation, replaces=line.reference
    )
    return Ask(actor_of(request), wanted, key, hand_over=handing)


def _result(one: Matched, answer: Answer | None) -> Result:
    old = one.line.reference if one.line else ""
    if isinstance(answer, CertificateFile):
        return Result(one.sent.name, old, answer.line.reference, ())
    return Result(one.sent.name, old, "", _why(one, answer))


def _why(one: Matched, answer: Exception | None) -> tuple[tuple[str, str], ...]:
    """What kept it from being issued; a defect is raised."""
    if isinstance(answer, Fault):
        sentence = page_catalogue().say_fault(answer)
        return ((sentence.text, sentence.remedy),)
    if answer is not None and not isinstance(answer, Refused):
        raise answer
    findings = one.findings if answer is None else answer.findings
    return tuple((said.text, said.remedy) for said in say(findings))


def _page(
    request: PortalRequest,
    *,
    once: str,
    findings: tuple[Finding, ...] = (),
    results: tuple[Result, ...] = (),
) -> HttpResponse:
    sheet = Sheet({"terms": request.POST.get("terms") == "oui"}, findings)
    secret: dict[str, Any] = {"kind": "password", "required": True, "value": ""}
    secret |= {"autocomplete": "new-password", "width": "w20"}
    fields = [
        sheet.field("terms", kind="checkbox", required=True, label=_(_TERMS)),
        sheet.field("code", label=_("Code de révocation, le même pour tous"), help=_(_CODE_HELP), **secret),
        sheet.field("code_again", label=_("Le même code, une seconde fois"), **secret),
    ]
    new = [one.new for one in results if one.new]
    context: dict[str, Any] = {
        "title": _("Renouveler plusieurs certificats"),
        "fields": fields,
        "most": MOST_REQUESTS,
        "once": once,
        "results": results,
        "new": new,
        "references": " ".join(new),
        "soon": urlencode({"dans": 90}),
        **summary(findings, heading=_("Rien n’a été demandé"), fields=[*sheet.paths, "requests"]),
    }
    return page(request, "certificates/renew_many.html", context, status=422 if findings else 200)


_TERMS = gettext_noop("J’accepte les conditions générales d’utilisation et la politique de certification")
_CODE_HELP = gettext_noop("Il révoque chacun d’eux à toute heure, sans carte. Huit caractères au moins.")
