"""The rows of the results: one figure each, what it was compared with, its bound, and whether it holds.

A figure that could not be taken is a row too, and says why: `holds` is then null, never true.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Bound:
    """The least (or most) that a ratio may be. `aim` is what one would like, and decides nothing."""

    limit: float
    aim: float | None = None
    at_least: bool = True

    def holds(self, figure: float) -> bool:
        """Whether `figure` is on the right side."""
        return figure >= self.limit if self.at_least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    `value` is the figure of our side in `unit`; `ratio` the same over (or under) that of `peer`. The bound is
    held against the ratio where there is one, else against the value. `note` says what a reader must know. A
    `stand_in` is a figure of the bench's own code in the place of the product's: no verdict. `subject` is the
    part of the bench that took it, `revision` the product's when it did.
    """

    name: str
    value: float | str | None = None
    unit: str = ""
    ratio: float | None = None
    bound: Bound | None = None
    peer: str = ""
    note: str = ""
    stand_in: bool = False
    subject: str = ""
    revision: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None without a figure or a bound."""
        figure = self.ratio if self.ratio is not None else self.value
        if self.stand_in or self.bound is None or not isinstance(figure, int | float):
            return None
        return self.bound.holds(figure)

    def as_json(self) -> dict[str, object]:
        """The row as it stands in results.json."""
        return {
            "name": self.name,
            "value": _short(self.value),
            "unit": self.unit,
            "ratio": _short(self.ratio),
            "bound": None if self.bound is None else str(self.bound),
            "aim": None if self.bound is None else self.bound.aim,
            "holds": self.holds,
            "peer": self.peer,
            "note": self.note,
            "subject": self.subject,
            "revision": self.revision,
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Row:
        """The row that was written."""
        bound = None
        if told["bound"]:
            side, limit = str(told["bound"]).split()
            bound = Bound(float(limit), told["aim"], at_least=side == "≥")
        figure = told["ratio"] if told["ratio"] is not None else told["value"]
        return cls(
            told["name"],
            told["value"],
            told["unit"],
            told["ratio"],
            bound,
            told["peer"],
            told["note"],
            stand_in=bound is not None and told["holds"] is None and isinstance(figure, int | float),
            subject=told.get("subject", ""),
            revision=told.get("revision", ""),
        )


def missing(name: str, why: str, *, bound: Bound | None = None, peer: str = "") -> Row:
    """The row of a figure that could not be taken."""
    return Row(name, bound=bound, peer=peer, note=f"not measured: {why}")


def with_those_before(folder: Path, rows: Sequence[Row], order: Sequence[str]) -> list[Row]:
    """`rows` in the place of what the same subjects found before; the others stay; all in `order`."""
    before = folder / "results.json"
    told = json.loads(before.read_text(encoding="utf-8")) if before.exists() else []
    known = {row.subject for row in rows}
    kept = [Row.of_json(one) for one in told if not str(one["name"]).startswith("machine: ")]
    found = [*(row for row in kept if row.subject not in known), *rows]
    places = {subject: place for place, subject in enumerate(order)}
    return sorted(found, key=lambda row: places.get(row.subject, -1))


def write_results(folder: Path, rows: Sequence[Row], machine: Sequence[tuple[str, str]]) -> None:
    """Write ``results.json`` and ``results.md``. The first rows of both name the machine."""
    head = [Row(f"machine: {name}", value) for name, value in machine]
    listed = [row.as_json() for row in (*head, *rows)]
    text = json.dumps(listed, indent=1, ensure_ascii=False) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8")
    (folder / "results.md").write_text(as_table(rows, machine), encoding="utf-8")


def as_table(rows: Sequence[Row], machine: Sequence[tuple[str, str]]) -> str:
    """The readable table, with its notes below."""
    lines = ["# Results of the bench", ""]
    lines += [f"- {name}: {value}" for name, value in machine]
    lines += ["", "What the columns mean, and what is not measured: [README.md](README.md).", ""]
    lines += ["| what | ours | ratio | beside | bound | aim | holds |", "|---|---|---|---|---|---|---|"]
    notes: list[str] = []
    for row in rows:
        mark, said = "", "; ".join(filter(None, (row.note, row.revision and f"at {row.revision}")))
        if said:
            if said not in notes:
                notes.append(said)
            mark = f" [{notes.index(said) + 1}]"
        lines.append(
            f"| {row.name}{mark} | {_shown(row.value)} {row.unit} | {_shown(row.ratio)} | {row.peer} "
            f"| {row.bound or ''} | {_aim(row.bound)} | {_verdict(row)} |"
        )
    lines += ["", "Notes", ""]
    lines += [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


def _verdict(row: Row) -> str:
    if row.holds is None:
        return "–"
    return "yes" if row.holds else "**no**"


def _aim(bound: Bound | None) -> str:
    return "" if bound is None or bound.aim is None else f"{bound.aim:g}"


def _short(figure: float | str | None) -> float | str | None:
    """Four significant digits: more would be noise."""
    return float(f"{figure:.4g}") if isinstance(figure, float) else figure


def _shown(figure: float | str | None) -> str:
    if figure is None:
        return "–"
    if isinstance(figure, str):
        return figure
    if abs(figure) >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.3g}"
