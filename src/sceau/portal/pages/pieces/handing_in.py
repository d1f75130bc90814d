"""The form by which a document is put on file, the same on every page that has one."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sceau.operations import PieceEntry, add_piece
from sceau.portal.days import day_of
from sceau.portal.fields import Choice, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import PieceLine
from sceau.vocabulary import Finding, Refused

PIECE_PATHS = ("kind", "issued_on")


def piece_fields(sheet: Sheet, *, for_desk: bool) -> list[Any]:
    """Kind, date of issue, file. The structure's people have the kinds that are theirs to bring."""
    chosen = sheet.values.get("kind")
    kinds = [
        Choice(one.code, one.label, one.code == chosen)
        for one in page_catalogue().piece_kinds.values()
        if not one.by_machine and (for_desk or one.from_structure)
    ]
    return [
        sheet.field("kind", kind="select", label=_("Sorte de pièce"), choices=kinds, required=True),
        sheet.field("issued_on", kind="date", label=_("Date écrite sur la pièce"), width="w14"),
        sheet.field(
            "file", kind="file", label=_("Fichier"), required=True, help=_("PDF, JPEG ou PNG ; 5 Mo au plus.")
        ),
    ]


def hand_in(request: PortalRequest, *, contract: str = "", order: str = "", structure: str = "") -> PieceLine:
    """Put the document sent with the page on file. Raises `Refused`."""
    if too_often(request, "piece", per_minute=20):
        raise Refused([Finding.error("portal.too-often", "file")])
    sent = read_upload(request, "file")
    if sent is None:
        raise Refused([Finding.error("portal.no-file", "file")])
    entry = PieceEntry(
        kind=request.POST.get("kind", "")[:40],
        data=sent[1],
        name=sent[0][:200],
        issued_on=day_of(request.POST.get("issued_on", ""), "issued_on"),
        contract=contract,
        order=order,
        structure=structure,
    )
    return add_piece(actor_of(request), entry)
