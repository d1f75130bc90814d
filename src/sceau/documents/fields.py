"""The fields of a PDF form, as the child saw them: typed here, and trusted no further than that.

Decides only what a box or a radio button says: where the stored value and what the page shows disagree,
nobody can know what the person saw, and nothing is taken for said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FieldKind(StrEnum):
    """What a field can hold."""

    TEXT = "text"
    BOX = "box"
    RADIO = "radio"
    SIGNATURE = "signature"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Widget:
    """One box on the page: the states it can show, and the one it shows (None when the file doesn't say)."""

    states: tuple[str, ...]
    shown: str | None


@dataclass(frozen=True, slots=True)
class PdfField:
    """A field: its full name, its value as text, and for boxes and buttons what stands on the page, left to
    right.
    """

    name: str
    kind: FieldKind
    value: str | None
    cut: bool = False
    widgets: tuple[Widget, ...] = ()
    looks: tuple[str | bool | None, ...] = ()

    @property
    def ticked(self) -> bool | None:
        """Whether a box is ticked; None when its value and its look disagree, or it has no look to agree
        with.
        """
        shown = [widget.shown for widget in self.widgets if widget.shown is not None]
        by_look = any(state != "Off" for state in shown) if shown else None
        by_value = None if self.value is None else self.value not in ("", "Off")
        if by_look is None or by_value is None:
            return by_look if by_value is None else by_value
        return by_value if by_value == by_look else None

    @property
    def chosen(self) -> tuple[int, str] | None:
        """Which button of a radio is chosen: its place from the left (-1 unknown) and its state's name.

        None when none is. A value that the page contradicts is returned with an empty name.
        """
        lit = [index for index, widget in enumerate(self.widgets) if widget.shown not in (None, "Off")]
        value = self.value if self.value not in (None, "", "Off") else None
        if value is None:
            return (
                None if not lit else (lit[0], self.widgets[lit[0]].shown or "") if len(lit) == 1 else (-1, "")
            )
        places = [index for index, widget in enumerate(self.widgets) if value in widget.states]
        place = places[0] if len(places) == 1 else -1
        says = [widget for widget in self.widgets if widget.shown is not None]
        if says and lit != [place]:
            return (-1, "")
        return (place, value)


def read_answer(answer: Mapping[str, Any]) -> tuple[PdfField, ...]:
    """The fields in the child's answer. Raises `ValueError` when it is not what the child writes."""
    try:
        return tuple(
            PdfField(
                name=_text(raw["name"]),
                kind=FieldKind(raw["kind"]),
                value=None if raw["value"] is None else _text(raw["value"]),
                cut=raw.get("cut") is True,
                widgets=tuple(_widget(widget) for widget in raw.get("widgets", ())),
                looks=tuple(_look(look) for look in raw.get("looks", ())),
            )
            for raw in answer["fields"]
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError("not an answer of the PDF reader") from problem


def _look(value: Any) -> str | bool | None:
    return value if value is None or value is False else _text(value)


def _widget(raw: Any) -> Widget:
    shown = raw["shown"]
    return Widget(tuple(_text(state) for state in raw["states"]), None if shown is None else _text(shown))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
