"""Choosing what to ask, the request page with its live verdict, and the request itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import NameNeed, Product
from sceau.operations import (
    CertificateRequest,
    Preview,
    doubts_about_names,
    issue_certificate,
    machine,
    preview_certificate,
)
from sceau.portal.fields import Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.habilitations.views import by_structure, tree_of
from sceau.portal.pages.requests.asking import Asked, asked_from, names_of, needs_holder, past_its_twin
from sceau.portal.pages.requests.commands import commands_for
from sceau.portal.pages.requests.earlier import names_of_earlier, names_to_take
from sceau.portal.pages.requests.holder import holder_fields
from sceau.portal.pages.requests.mailbox import ACTIONS, act_on_mailbox, code_field
from sceau.portal.pages.requests.pairs import pairs_among
from sceau.portal.pictures import ScopeTree
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import CertificateFile, HabilitationLine, habilitation_for, habilitations_of
from sceau.vocabulary import Finding, Refused, errors

_MOST_TRIED = 10


@dataclass(frozen=True, slots=True)
class Right:
    """What a request page is for: a product, and the habilitation that opens it (None: the visitor's own
    card).
    """

    product: Product
    line: HabilitationLine | None

    @property
    def reference(self) -> str | None:
        """The habilitation's reference."""
        return self.line.reference if self.line else None


def request_choice(request: PortalRequest) -> HttpResponse:
    """What the visitor may ask for, and nothing else."""
    lines = habilitations_of(request.visitor.person_id, at=machine().clock())
    card = page_catalogue().cards.get(request.visitor.card_type)
    own = page_catalogue().offers["ps"].products if card is not None and card.own_card else ()
    context = {
        "title": _("Demander un certificat"),
        "structures": by_structure(tuple(line for line in lines if line.usable == "approved")),
        "own": [page_catalogue().products[code] for code in own],
        "blocked": sum(line.usable != "approved" for line in lines),
        "pairs": pairs_among(lines),
    }
    return page(request, "requests/choice.html", context)


def request_certificate(request: PortalRequest, reference: str) -> HttpResponse:
    """Ask under a habilitation of the visitor."""
    return _request(request, _right_by_habilitation(request, reference))


def request_own(request: PortalRequest, code: str) -> HttpResponse:
    """Ask with one's own CPS card, without a form."""
    return _request(request, _own_right(code))


def verdict(request: PortalRequest, reference: str) -> HttpResponse:
    """The verdict alone, for the page that shows it while one types. Issues nothing."""
    return _verdict(request, _right_by_habilitation(request, reference))


def verdict_own(request: PortalRequest, code: str) -> HttpResponse:
    """The verdict alone, for a product of the visitor's own card."""
    return _verdict(request, _own_right(code))


def _right_by_habilitation(request: PortalRequest, reference: str) -> Right:
    file = habilitation_for(reference, viewer=request.visitor.person_id, at=machine().clock())
    if file is None or file.line.person_id != request.visitor.person_id:
        raise Http404
    return Right(page_catalogue().products[file.line.product], file.line)


def _own_right(code: str) -> Right:
    if code not in page_catalogue().offers["ps"].products:
        raise Http404
    return Right(page_catalogue().products[code], None)


def _request(request: PortalRequest, right: Right) -> HttpResponse:
    if request.method != "POST":
        return _blank(request, right)
    once = request.POST.get("once", "")[:80] or secrets.token_urlsafe(16)
    asked = asked_from(request, right.product, right.reference)
    action = request.POST.get("action")
    if right.line is None and action in ACTIONS:
        findings = act_on_mailbox(request)
    elif action == "demander":
        issued = _ask(request, asked, once)
        if isinstance(issued, CertificateFile):
            messages.success(request, _("Votre certificat est prêt : il ne reste qu’à le retirer."))
            return HttpResponseRedirect(reverse("collect", args=[issued.line.reference]))
        findings = issued
    else:
        findings = ()
    preview = None if errors(asked.findings) else _preview(request, asked)
    status = 422 if findings else 200
    return _page(request, right, asked, once=once, preview=preview, findings=findings, status=status)


def _blank(request: PortalRequest, right: Right) -> HttpResponse:
    """The page before anything was typed; the names of the certificate renewed, or picked, are there."""
    asked = None
    names = names_to_take(request, right.product)
    if names:
        several = names_of(right.product, names)
        wanted = CertificateRequest(right.product.code, several, habilitation=right.reference)
        asked = Asked(wanted, {"names": names, "csr": ""}, ())
    preview = _preview(request, asked) if asked else None
    return _page(request, right, asked, once=secrets.token_urlsafe(16), preview=preview)


def _ask(request: PortalRequest, asked: Asked, once: str) -> CertificateFile | tuple[Finding, ...]:
    """The certificate, or everything that keeps it from being one."""
    if errors(asked.findings):
        return asked.findings
    if not asked.request.csr:
        return (Finding.error("portal.no-csr", "csr"),)
    try:
        return past_its_twin(
            partial(issue_certificate, actor_of(request), asked.request, idempotency_key=once)
        )
    except Refused as refusal:
        return refusal.findings


def _verdict(request: PortalRequest, right: Right) -> HttpResponse:
    if too_often(request, "verdict", per_minute=120):
        return HttpResponse(status=429)
    asked = asked_from(request, right.product, right.reference)
    context = {
        **_verdict_context(asked, _preview(request, asked)),
        "tree": _tree(right, asked),
        "alone": True,
    }
    return page(request, "requests/verdict.html", context)


def _preview(request: PortalRequest, asked: Asked) -> Preview | None:
    """What would be issued; None as long as nothing was typed."""
    needs_name = page_catalogue().products[asked.request.product].name_need is not NameNeed.NONE
    if needs_name and not asked.request.names:
        return None
    return preview_certificate(actor_of(request), asked.request)


def _tree(right: Right, asked: Asked | None) -> ScopeTree | None:
    """What the right covers, with the first name that it does not; else with the first one typed."""
    if right.line is None:
        return None
    trees = [tree_of(right.line, name) for name in asked.request.names[:_MOST_TRIED]] if asked else []
    return next((one for one in trees if one and not one.covered), None) or next(
        iter(trees), tree_of(right.line, "")
    )


def _verdict_context(asked: Asked, preview: Preview | None) -> dict[str, Any]:
    odd = doubts_about_names(asked.request.names, habilitation=asked.request.habilitation)
    findings = (*asked.findings, *(preview.findings if preview else ()), *odd)
    context: dict[str, Any] = {"preview": preview, "would": preview is not None and not errors(findings)}
    context.update(commands_for(asked.request))
    context.update(summary(findings, heading="", fields=()))
    context["findings_refuse"] = False
    return context


def _page(
    request: PortalRequest,
    right: Right,
    asked: Asked | None = None,
    *,
    once: str,
    preview: Preview | None = None,
    findings: tuple[Finding, ...] = (),
    status: int = 200,
) -> HttpResponse:
    said = tuple(dict.fromkeys((*(asked.findings if asked else ()), *findings)))
    sheet = Sheet(_nested(asked.typed) if asked else {}, said)
    fields = _fields(sheet, right)
    address = (
        reverse("verdict", args=[right.reference])
        if right.line
        else reverse("verdict-own", args=[right.product.code])
    )
    context = {
        "title": _("Demander {code}").format(code=right.product.code),
        "product": right.product,
        "line": right.line,
        "fields": fields,
        "csr": _csr_field(sheet),
        "mailbox_code": code_field(sheet) if right.line is None else None,
        "replaces": request.POST.get("replaces") or request.GET.get("remplace", ""),
        "once": once,
        "verdict_address": address,
        "presets": _presets(right.product),
        "earlier": names_of_earlier(right.product, right.reference),
        **commands_for(asked.request if asked else _empty(right)),
        "tree": _tree(right, asked),
        "verdict": _verdict_context(asked, preview) if asked and not errors(asked.findings) else None,
        **summary(
            findings,
            heading=_("Le certificat n’est pas délivré"),
            fields=[*sheet.paths, "csr_file"],
            places=dict.fromkeys(asked.request.names, "names") if asked else None,
        ),
    }
    return page(request, "requests/request.html", context, status=status)


def _empty(right: Right) -> CertificateRequest:
    return CertificateRequest(right.product.code, (), habilitation=right.reference)


def _fields(sheet: Sheet, right: Right) -> list[Field]:
    fields = []
    need = right.product.name_need
    if need is NameNeed.HOST:
        help_text = _("Un nom par ligne. Le premier devient le nom commun (CN).")
        fields.append(_name(sheet, _("Noms de serveur"), help_text, kind="textarea", rows=3))
    elif need is NameNeed.MAILBOX:
        fields.append(
            _name(sheet, _("Boîte aux lettres"), _("L’adresse que portera le certificat."), kind="email")
        )
    elif need is NameNeed.APPLICATION:
        help_text = _("De 1 à 64 caractères : c’est à ce nom que les services vous reconnaissent.")
        fields.append(_name(sheet, _("Nom de l’application"), help_text))
    if needs_holder(right.product):
        fields += holder_fields(sheet)
    return fields


def _name(sheet: Sheet, label: str, help_text: str, **look: Any) -> Field:
    return sheet.field("names", label=label, help=help_text, required=True, **look)


def _csr_field(sheet: Sheet) -> Field:
    return sheet.field("csr", kind="pem", label=_("Demande de certificat (CSR)"), required=True, rows=9)


def _presets(product: Product) -> list[Any]:
    return [preset for preset in page_catalogue().presets.values() if product.code in preset.products]


def _nested(typed: dict[str, Any]) -> dict[str, Any]:
    holder = {key.partition(".")[2]: value for key, value in typed.items() if key.startswith("holder.")}
    return {**typed, "holder": holder}
