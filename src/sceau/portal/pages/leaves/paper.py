"""Which of the pieces on file are a leave's letter and identity copy: chosen, where there are any to choose
from; typed, where the file is not known yet.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from sceau.operations import machine
from sceau.portal.fields import Choice, Field, Sheet
from sceau.records import PieceLine, pieces_of_kind


def paper_fields(sheet: Sheet, *, structure: str = "", order: str = "") -> list[Field]:
    """The two fields. A single piece of its kind is chosen beforehand; of several the officer chooses."""
    labels = (
        ("letter", "holder-letter", _("Pièce : courrier du détenteur")),
        ("identity", "identity-copy", _("Pièce : copie d’identité")),
    )
    at = machine().clock()
    return [
        _field(sheet, path, label, pieces_of_kind(kind, structure=structure, order=order, at=at))
        for path, kind, label in labels
    ]


def _field(sheet: Sheet, path: str, label: str, found: tuple[PieceLine, ...]) -> Field:
    if not found:
        return sheet.field(path, label=label, width="w20", example="PIE-…")
    typed = str(sheet.values.get(path) or "")
    chosen = typed or (found[0].reference if len(found) == 1 else "")
    choices = [Choice("", _("Pas encore arrivée"), not chosen)]
    choices += [Choice(one.reference, _named(one), one.reference == chosen) for one in found]
    if typed and all(one.reference != typed for one in found):
        choices.append(Choice(typed, typed, True))
    return sheet.field(path, kind="select", label=label, choices=choices)


def _named(piece: PieceLine) -> str:
    return _("{reference} : {name}, reçue le {day}").format(
        reference=piece.reference, name=piece.name, day=f"{piece.received_at:%d/%m/%Y}"
    )
