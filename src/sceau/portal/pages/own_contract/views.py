"""« Mon contrat »: who represents the structure, what is on file, what is missing; documents brought there.

For whom the contract names today; for everybody else it does not exist [ASSURANCE T18]. Copies of identity
documents are not listed: they are seen by the desk only.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import machine
from sceau.portal.fields import Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.pieces.handing_in import PIECE_PATHS, hand_in, piece_fields
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest
from sceau.records import ContractFile, contract_for, structures_of
from sceau.vocabulary import Finding, Refused


def own_contracts(request: PortalRequest) -> HttpResponse:
    """The contracts for which the visitor speaks."""
    found = structures_of(request.visitor.person_id, at=machine().clock())
    return page(request, "own_contract/list.html", {"title": _("Mon contrat"), "contracts": found})


def own_contract(request: PortalRequest, number: str) -> HttpResponse:
    """One of them; with a document, put on its file."""
    file = contract_for(number, viewer=request.visitor.person_id, at=machine().clock())
    if file is None:
        raise Http404
    if request.method != "POST":
        return _page(request, file)
    try:
        line = hand_in(request, contract=number)
    except Refused as refusal:
        return _page(request, file, refusal.findings)
    label = page_catalogue().piece_kinds[line.kind].label
    messages.success(
        request,
        _("{label} : la pièce est transmise au guichet sous le numéro {reference}.").format(
            label=label, reference=line.reference
        ),
    )
    return HttpResponseRedirect(reverse("own-contract", args=[number]))


def _page(request: PortalRequest, file: ContractFile, findings: tuple[Finding, ...] = ()) -> HttpResponse:
    today = machine().clock().date()
    sheet = Sheet({key: request.POST.get(key, "") for key in PIECE_PATHS}, findings)
    mine = [
        party
        for party in file.line.parties
        if party.person_id == request.visitor.person_id and "file" in party.powers
    ]
    context = {
        "title": _("Contrat {number}").format(number=file.line.number),
        "file": file,
        "line": file.line,
        "parties": [one for one in file.line.parties if one.valid_until is None or one.valid_until >= today],
        "pieces": [one for one in file.pieces if not one.sealed and one.kind != "dns-answer"],
        "missing": _missing(file),
        "may_bring": bool(mine),
        "fields": piece_fields(sheet, for_desk=False),
        **summary(findings, heading=_("La pièce n’est pas transmise"), fields=sheet.paths),
    }
    return page(request, "own_contract/contract.html", context, status=422 if findings else 200)


def _missing(file: ContractFile) -> list[str]:
    """What the desk will ask for, in plain words."""
    texts: dict[str, Any] = dict(page_catalogue().texts)
    kinds = page_catalogue().piece_kinds
    found = []
    if not any(kinds[one.kind].is_extract and one.believed and not one.erased_at for one in file.pieces):
        found.append(texts["file-missing.extract"])
    if not any(party.quality == "representative" for party in file.line.parties):
        found.append(texts["file-missing.representative"])
    unknown = [party for party in file.line.parties if party.card_number not in file.cards]
    if unknown:
        found.append(texts["file-missing.card"])
    if any(leave.state == "received" for leave in file.leaves):
        found.append(texts["file-missing.leave"])
    if any(leave.state in {"lapsed", "withdrawn"} or leave.ended for leave in file.leaves):
        found.append(texts["file-missing.leave-ended"])
    return found
