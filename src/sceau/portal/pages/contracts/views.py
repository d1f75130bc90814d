"""Contracts at the desk: the list, the file of one, its people and pieces. What stops things is in `acts`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import PartyEntry, add_party, end_party, machine
from sceau.portal.days import day_of
from sceau.portal.fields import Choice, Sheet
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.pages.pieces.handing_in import PIECE_PATHS, hand_in, piece_fields
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import ContractFile, contract_file, list_contracts
from sceau.vocabulary import Finding, Refused

_PAGE = 25
_PARTY = ("quality", "surname", "given_names", "card_number", "email", "phone", "valid_from", "valid_until")


def contracts(request: PortalRequest) -> HttpResponse:
    """Contracts by number, or those that a text finds."""
    text = request.GET.get("texte", "")[:100].strip()
    after = request.GET.get("apres", "")[:40]
    found = list_contracts(at=machine().clock(), text=text, after=after, limit=_PAGE + 1)
    context = {
        "title": _("Contrats"),
        "contracts": found[:_PAGE],
        "after": found[_PAGE - 1].number if len(found) > _PAGE else "",
        "text": text,
    }
    return page(request, "contracts/list.html", context)


def contract(request: PortalRequest, number: str) -> HttpResponse:
    """The whole file of a contract."""
    return file_page(request, required_contract(number))


def required_contract(number: str) -> ContractFile:
    """The file, or 404."""
    file = contract_file(number, at=machine().clock())
    if file is None:
        raise Http404
    return file


def party(request: PortalRequest, number: str) -> HttpResponse:
    """Name somebody more, or end a mandate."""
    file = required_contract(number)
    try:
        if request.POST.get("action") == "fin":
            done = _end(request, number)
        else:
            add_party(actor_of(request), number=number, party=_party_from(request))
            done = _("Cette personne peut agir pour la structure, dans la limite de ses pouvoirs.")
    except Refused as refusal:
        return file_page(request, file, refusal.findings, status=422)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk-contract", args=[number]))


def piece(request: PortalRequest, number: str) -> HttpResponse:
    """Put a document on the contract's file."""
    file = required_contract(number)
    try:
        line = hand_in(request, contract=number)
    except Refused as refusal:
        return file_page(request, file, refusal.findings, status=422)
    messages.success(request, _("La pièce {reference} est au dossier.").format(reference=line.reference))
    return HttpResponseRedirect(reverse("desk-contract", args=[number]))


def file_page(
    request: PortalRequest, file: ContractFile, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    """The page of a contract; with `findings`, those of an act that was refused."""
    today = machine().clock().date()
    sheet = Sheet({key: request.POST.get(key, "") for key in (*_PARTY, *PIECE_PATHS)}, findings)
    context = {
        "title": _("Contrat {number}").format(number=file.line.number),
        "file": file,
        "line": file.line,
        "parties": [{"party": one, "now": _runs(one, today)} for one in file.line.parties],
        "waiting": next((one for one in file.acts if one.state == "asked"), None),
        "acts": is_desk(request),
        "fields": _party_fields(sheet),
        "powers": _powers(request),
        "piece_fields": piece_fields(sheet, for_desk=True),
        "yesterday": (today - timedelta(days=1)).isoformat(),
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=sheet.paths),
    }
    return page(request, "contracts/contract.html", context, status=status)


def is_desk(request: PortalRequest) -> bool:
    """Whether to show buttons: an auditor reads."""
    return Hat.DESK in request.visitor.hats


def _runs(one: Any, today: date) -> bool:
    return one.valid_from <= today and (one.valid_until is None or today <= one.valid_until)


def _end(request: PortalRequest, number: str) -> str:
    until = day_of(request.POST.get("until", ""), "until")
    if until is None:
        raise Refused(
            [Finding.error("contract.party-dates", request.POST.get("card_number", "")[:20] or "—")]
        )
    end_party(
        actor_of(request),
        number=number,
        card_number=request.POST.get("card_number", "")[:20],
        quality=request.POST.get("quality", "")[:20],
        until=until,
        reason=request.POST.get("reason", "")[:1000],
    )
    return _("Le mandat prend fin. Ce qui a été signé avant reste signé.")


def _party_from(request: PortalRequest) -> PartyEntry:
    typed = {key: request.POST.get(key, "")[:254].strip() for key in _PARTY}
    return PartyEntry(
        quality=typed["quality"],
        surname=typed["surname"][:80],
        given_names=typed["given_names"][:80],
        card_number=typed["card_number"],
        email=typed["email"],
        phone=typed["phone"][:20],
        valid_from=day_of(typed["valid_from"], "valid_from"),
        valid_until=day_of(typed["valid_until"], "valid_until"),
        powers=tuple(request.POST.getlist("powers"))[:20],
    )


def _party_fields(sheet: Sheet) -> list[Any]:
    texts = page_catalogue().texts
    chosen = sheet.values.get("quality") or "mandataire"
    qualities = [
        Choice(one, texts[f"signatory.{one}"], one == chosen) for one in ("representative", "mandataire")
    ]
    return [
        sheet.field("quality", kind="radio", label=_("Qualité"), choices=qualities, required=True),
        sheet.field("surname", label=_("Nom"), required=True, autocomplete="off"),
        sheet.field("given_names", label=_("Prénoms"), required=True, autocomplete="off"),
        sheet.field(
            "card_number",
            label=_("Numéro de carte"),
            help=_("Troisième ligne de la carte, sous le nom."),
            required=True,
            width="w14",
            inputmode="numeric",
        ),
        sheet.field("email", kind="email", label=_("Courriel (facultatif)")),
        sheet.field("phone", kind="tel", label=_("Téléphone (facultatif)"), width="w14"),
        sheet.field(
            "valid_from", kind="date", label=_("Depuis le (vide : le début du contrat)"), width="w14"
        ),
        sheet.field("valid_until", kind="date", label=_("Jusqu’au (vide : sans terme)"), width="w14"),
    ]


def _powers(request: PortalRequest) -> list[Choice]:
    given = request.POST.getlist("powers") or list(page_catalogue().powers)
    return [Choice(one.code, one.label, one.code in given) for one in page_catalogue().powers.values()]
