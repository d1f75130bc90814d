"""The DMP's pair: ORG_AUTH_CLI and ORG_SIGN of one structure, asked in one go, one subject, two keys.

Shows what both would say; the verb weighs both before either is intended.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.operations import (
    CertificateRequest,
    Preview,
    doubts_about_names,
    issue_pair,
    machine,
    preview_certificate,
)
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.requests.asking import csr_from, lacking_csr, past_its_twin, shown_again
from sceau.portal.pages.requests.commands import stem_for
from sceau.portal.pages.requests.earlier import names_of_earlier
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, HabilitationLine, habilitations_of
from sceau.vocabulary import Finding, Refused, errors

AUTH, SIGN = "ORG_AUTH_CLI", "ORG_SIGN"
_SIDES = (("csr_auth", AUTH, gettext_noop("Authentification")), ("csr_sign", SIGN, gettext_noop("Cachet")))


@dataclass(frozen=True, slots=True)
class Pair:
    """The two rights of one structure that serve together."""

    auth: HabilitationLine
    sign: HabilitationLine

    @property
    def rights(self) -> tuple[str, str]:
        """The two references, in the order of the pair."""
        return self.auth.reference, self.sign.reference


def pairs_among(lines: tuple[HabilitationLine, ...]) -> tuple[Pair, ...]:
    """One pair for each structure that has both rights usable."""
    usable = [line for line in lines if line.usable == "approved"]
    signs = {line.structure.national_id: line for line in reversed(usable) if line.product == SIGN}
    auths = {line.structure.national_id: line for line in reversed(usable) if line.product == AUTH}
    return tuple(Pair(auths[one], signs[one]) for one in sorted(auths.keys() & signs.keys()))


def request_pair(request: PortalRequest, reference: str) -> HttpResponse:
    """Ask for both certificates under the ORG_AUTH_CLI right `reference` and its structure's ORG_SIGN."""
    pair = _pair(request, reference)
    if request.method != "POST":
        return _page(request, pair, name=request.GET.get("nom", "")[:80], once=secrets.token_urlsafe(16))
    once = request.POST.get("once", "")[:60] or secrets.token_urlsafe(16)
    found: list[Finding] = []
    asked = _asked(request, pair, found)
    if request.POST.get("action") == "demander":
        given = _ask(request, asked, once, found)
        if given:
            messages.success(
                request, _("Les deux certificats sont prêts : il reste à les retirer, ensemble.")
            )
            first, second = (file.line.reference for file in given)
            address = reverse("collect", args=[first])
            return HttpResponseRedirect(f"{address}?{urlencode({'avec': second})}")
    name = request.POST.get("names", "")[:200]
    return _page(request, pair, name=name, once=once, asked=asked, findings=tuple(found))


def verdict_pair(request: PortalRequest, reference: str) -> HttpResponse:
    """What both would say, while one types. Issues nothing."""
    pair = _pair(request, reference)
    if too_often(request, "verdict", per_minute=120):
        return HttpResponse(status=429)
    context = _verdict(request, _asked(request, pair, []))
    return page(request, "requests/verdict.html", context)


def _pair(request: PortalRequest, reference: str) -> Pair:
    lines = habilitations_of(request.visitor.person_id, at=machine().clock())
    found = (pair for pair in pairs_among(lines) if pair.auth.reference == reference)
    pair = next(found, None)
    if pair is None:
        raise Http404
    return pair


def _asked(
    request: PortalRequest, pair: Pair, found: list[Finding]
) -> tuple[CertificateRequest, CertificateRequest]:
    name = request.POST.get("names", "")[:200].strip()
    names = (name,) if name else ()
    first, second = (
        CertificateRequest(product, names, csr=csr_from(request, field, found), habilitation=right)
        for (field, product, _), right in zip(_SIDES, pair.rights, strict=True)
    )
    return first, second


def _ask(
    request: PortalRequest,
    asked: tuple[CertificateRequest, CertificateRequest],
    once: str,
    found: list[Finding],
) -> tuple[CertificateFile, CertificateFile] | None:
    pairs = zip(_SIDES, asked, strict=True)
    found += lacking_csr([(field, one) for (field, _, _), one in pairs], found)
    if errors(found):
        return None
    try:
        return past_its_twin(partial(issue_pair, actor_of(request), asked, idempotency_key=once))
    except Refused as refusal:
        found += refusal.findings
        return None


def _verdict(request: PortalRequest, asked: tuple[CertificateRequest, CertificateRequest]) -> dict[str, Any]:
    previews: list[Preview] = []
    if asked[0].names:
        previews = [preview_certificate(actor_of(request), one) for one in asked]
    odd = [found for one in asked for found in doubts_about_names(one.names, habilitation=one.habilitation)]
    found = [finding for preview in previews for finding in preview.findings]
    said = tuple(dict.fromkeys([*found, *odd]))
    context: dict[str, Any] = {"preview": previews[0] if previews else None}
    context["would"] = bool(previews) and not errors(said)
    context.update(summary(said, heading="", fields=()))
    context["findings_refuse"] = False
    return context


def _page(
    request: PortalRequest,
    pair: Pair,
    *,
    name: str,
    once: str,
    asked: tuple[CertificateRequest, CertificateRequest] | None = None,
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    texts = {field: shown_again(request, field) for field, _, _ in _SIDES}
    sheet = Sheet({"names": name, **texts}, findings)
    label, advice = (
        _("Nom de l’application"),
        _("Le même pour les deux certificats : le DMP compare leurs DN."),
    )
    names = sheet.field("names", label=label, help=advice, required=True)
    sides = [
        (
            sheet.field(
                field,
                kind="pem",
                label=_("Demande {product} ({use})").format(product=product, use=_(use).lower()),
                required=True,
                rows=7,
            ),
            product,
            f"openssl req -new -newkey rsa:3072 -nodes -keyout {stem}.key -subj / -out {stem}.csr",
        )
        for field, product, use in _SIDES
        for stem in (stem_for(CertificateRequest(product, (name,) if name else ())),)
    ]
    context = {
        "title": _("Demander la paire du DMP"),
        "pair": pair,
        "names": names,
        "sides": sides,
        "once": once,
        "advice": page_catalogue().presets["dmp"].advice,
        "earlier": names_of_earlier(page_catalogue().products[AUTH], pair.auth.reference),
        "verdict": _verdict(request, asked) if asked else None,
        **summary(findings, heading=_("Les certificats ne sont pas délivrés"), fields=sheet.paths),
    }
    return page(request, "requests/pair.html", context, status=422 if findings else 200)
