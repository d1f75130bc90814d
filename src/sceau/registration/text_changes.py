"""What a new text of a form changes, line by line: added, removed, changed, kept.

An offer is the same line when its code, its kind and its name are; an administrator, when the card is; every
other place of the form is a line of its own. Nothing is left out: what stays is said too, so that who signs
sees the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_PLACES = {
    "structure": ("name", "siret", "finess", "postcode", "commune", "takes_charge"),
    "contract": ("number",),
    "signatory": ("quality", "surname", "given_names", "phone", "email", "card_number"),
    "usage": ("description", "editor", "solution"),
}
_OFFER_SAYS = ("products", "restricted", "owner", "letter")
_PERSON_SAYS = ("surname", "given_names", "phone", "email")


class LineFate(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class TextChange:
    """One line. `place` is a path of the form without index (``offers``, ``administrators``,
    ``structure.name``); `before` and `after` are its values as they stand in the raw forms, None where it is
    not.
    """

    place: str
    fate: LineFate
    before: Any
    after: Any


def text_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[TextChange, ...]:
    """Every line of both texts, in the order of the form. The visa and the declarations are no part of it:
    they are made anew with each text.
    """
    found = [
        _line(f"{section}.{name}", _value(before, section, name), _value(after, section, name))
        for section, names in _PLACES.items()
        for name in names
    ]
    rangs = [tuple(_rangs(one)) for one in (before, after)]
    if any(rangs):
        found.append(_line("structure.rpps_rangs", rangs[0] or None, rangs[1] or None))
    found += _pairs("offers", before, after, _offer_key)
    found += _pairs("administrators", before, after, _person_key)
    return tuple(one for one in found if one.before is not None or one.after is not None)


def _line(place: str, old: Any, new: Any) -> TextChange:
    if old == new:
        return TextChange(place, LineFate.KEPT, old, new)
    if old is None:
        return TextChange(place, LineFate.ADDED, old, new)
    return TextChange(place, LineFate.REMOVED if new is None else LineFate.CHANGED, old, new)


def _pairs(
    group: str, before: Mapping[str, Any], after: Mapping[str, Any], key: Callable[[Mapping[str, Any]], Any]
) -> list[TextChange]:
    """Lines of a group, matched by what makes them the same; those that only one text has, after."""
    old, new = _by_key(before.get(group), key), _by_key(after.get(group), key)
    said = {"offers": _OFFER_SAYS, "administrators": _PERSON_SAYS}[group]
    found = []
    for one in [*old, *(name for name in new if name not in old)]:
        was, now = old.get(one), new.get(one)
        if was is not None and now is not None:
            same = all(_plain(was.get(name)) == _plain(now.get(name)) for name in said)
            found.append(TextChange(group, LineFate.KEPT if same else LineFate.CHANGED, was, now))
        else:
            found.append(TextChange(group, LineFate.REMOVED if now is None else LineFate.ADDED, was, now))
    return found


def _by_key(lines: Any, key: Callable[[Mapping[str, Any]], Any]) -> dict[tuple[Any, int], Mapping[str, Any]]:
    """Lines under their keys; the same line twice counts twice."""
    found: dict[tuple[Any, int], Mapping[str, Any]] = {}
    for one in _mappings(lines):
        name = key(one)
        found[name, sum(1 for known, _ in found if known == name)] = one
    return found


def _mappings(lines: Any) -> Iterable[Mapping[str, Any]]:
    return (one for one in (lines if isinstance(lines, list) else ()) if isinstance(one, Mapping))


def _offer_key(line: Mapping[str, Any]) -> tuple[str, str, str]:
    declared = str(line.get("declared") or "").strip().lower().removeprefix("@")
    return str(line.get("offer") or ""), str(line.get("kind") or ""), declared


def _person_key(line: Mapping[str, Any]) -> str:
    digits = "".join(one for one in str(line.get("card_number") or "") if one.isalnum())
    return digits or f"{line.get('surname')}/{line.get('given_names')}".lower()


def _value(raw: Mapping[str, Any], section: str, name: str) -> Any:
    part = raw.get(section)
    value = part.get(name) if isinstance(part, Mapping) else None
    return _plain(value)


def _rangs(raw: Mapping[str, Any]) -> list[str]:
    part = raw.get("structure")
    rangs = part.get("rpps_rangs") if isinstance(part, Mapping) else None
    return [str(one) for one in rangs] if isinstance(rangs, list) else []


def _plain(value: Any) -> Any:
    """Nothing typed is nothing, however it is written; spaces around do not count."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, Mapping):
        return {
            name: kept for name, one in value.items() if (kept := _plain(one)) not in {None, False}
        } or None
    if isinstance(value, list):
        return sorted(str(one) for one in value) or None
    return value
