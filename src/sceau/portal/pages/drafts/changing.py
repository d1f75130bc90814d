"""What a draft changes of the text it began with, line by line, as who signs reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.records import DraftFile, text_of_order
from sceau.registration import LineFate, TextChange, text_changes

_ORDER = (LineFate.REMOVED, LineFate.ADDED, LineFate.CHANGED, LineFate.KEPT)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A line in words: what it is, its text before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """The lines with one fate."""

    kind: str
    lines: tuple[ChangeLine, ...]


def changes_of(file: DraftFile, raw: Mapping[str, Any]) -> tuple[ChangeGroup, ...]:
    """What `raw` changes of the order that the draft corrects or amends, the heaviest first; nothing for a
    draft that began an order of its own.
    """
    base = file.line.corrects or file.line.amends
    text = text_of_order(base, version=file.from_version) if base else None
    if text is None:
        return ()
    found = text_changes(text, raw)
    groups = ((kind, tuple(_line(one) for one in found if one.fate is kind)) for kind in _ORDER)
    return tuple(ChangeGroup(str(kind), lines) for kind, lines in groups if lines)


def _line(change: TextChange) -> ChangeLine:
    if change.place == "offers":
        return ChangeLine(_("Offre"), _offer(change.before), _offer(change.after))
    if change.place == "administrators":
        return ChangeLine(_("Administrateur technique"), _person(change.before), _person(change.after))
    label = page_catalogue().label_of(change.place)
    return ChangeLine(label, _value(change.place, change.before), _value(change.place, change.after))


def _offer(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return ""
    catalogue = page_catalogue()
    offer = catalogue.offers.get(str(line.get("offer")))
    said = [str(line.get("offer")) if offer is None else offer.short]
    said += [", ".join(str(one) for one in line.get("products") or () if one)]
    said += [str(line.get("declared") or "")]
    kind = str(line.get("kind") or "")
    if kind == "mail":
        said.append(
            _("restreint à ce seul domaine") if line.get("restricted") else _("étendu aux sous-domaines")
        )
    elif kind:
        said.append(catalogue.texts.get(f"kind.{kind}", kind))
    if line.get("owner") == "holder":
        said.append(_("nom d’un autre détenteur"))
    return ", ".join(one for one in said if one)


def _person(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return ""
    name = f"{line.get('given_names') or ''} {line.get('surname') or ''}".strip()
    card = _("carte n° %(number)s") % {"number": line.get("card_number") or _("non indiqué")}
    return ", ".join(one for one in (name, card, str(line.get("email") or "")) if one)


def _value(place: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, tuple):
        return ", ".join(value)
    if place == "signatory.quality":
        return machine().catalogue.texts.get(f"signatory.{value}", str(value))
    return str(value)
