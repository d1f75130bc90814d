"""Reporting a compromised key by a signature: the key is named, words are given, the signature comes back."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from sceau.operations import KeyChallenge, challenge_key, report_key_by_signature
from sceau.portal.fields import Sheet
from sceau.portal.limits import KEY_TRIES, too_often
from sceau.portal.pages.revocation.asking import sure_field, unsure
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest
from sceau.vocabulary import Finding, Refused

_LONGEST = 16 * 1024
_LONGEST_SIGNATURE = 2048


def by_signature(request: PortalRequest) -> HttpResponse:
    """First the key, then the signature of its words; no card, no login, whoever one is."""
    if request.method != "POST":
        return _key_page(request)
    if too_often(request, "key", per_minute=KEY_TRIES):
        return _key_page(request, (Finding.error("portal.too-often", "key"),), status=429)
    named = request.POST.get("key", "")[:_LONGEST]
    try:
        challenge = challenge_key(named.encode())
    except Refused as refusal:
        return _key_page(request, refusal.findings, status=422)
    if request.POST.get("act") != "report":
        return _words_page(request, challenge)
    findings = unsure(request)
    if not findings:
        try:
            report = report_key_by_signature(challenge.key.encode(), _signature(request))
        except Refused as refusal:
            findings = refusal.findings
        else:
            context = {"title": _("La clé est bloquée"), "report": report}
            return page(request, "revocation/key_done.html", context)
    return _words_page(request, challenge, findings, status=422)


def _signature(request: PortalRequest) -> bytes:
    sent = read_upload(request, "signature_file")
    return sent[1] if sent is not None else request.POST.get("signature", "").encode()


def _key_page(
    request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    typed = request.POST.get("key", "")[:_LONGEST]
    sheet = Sheet({"key": "" if "PRIVATE" in typed else typed}, findings)
    fields = [
        sheet.field(
            "key",
            kind="pem",
            label=_("La clé publique, ou un certificat fait sur elle"),
            help=_("En PEM ; ou l’empreinte SHA-256 de la clé publique."),
            required=True,
            rows=8,
        )
    ]
    context = {
        "title": _("Signaler une clé par une signature"),
        "fields": fields,
        **summary(findings, heading=_("Rien n’a été révoqué"), fields=sheet.paths),
    }
    return page(request, "revocation/by_signature.html", context, status=status)


def _words_page(
    request: PortalRequest,
    challenge: KeyChallenge,
    findings: tuple[Finding, ...] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    typed = request.POST.get("signature", "")[:_LONGEST_SIGNATURE]
    sheet = Sheet({"signature": typed}, findings)
    fields = [
        sheet.field("signature", kind="textarea", label=_("La signature, en base64"), required=True, rows=6)
    ]
    context = {
        "title": _("Signer le défi"),
        "challenge": challenge,
        "fields": fields,
        "sure": sure_field(sheet, _("J’ai compris que la clé ne pourra plus jamais être certifiée")),
        **summary(findings, heading=_("Rien n’a été révoqué"), fields=sheet.paths),
    }
    return page(request, "revocation/sign_words.html", context, status=status)
