"""How long an order being written is kept, as data. Values only: the rules are `registration`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sceau.catalogue.reading import Row

_DAYS = range(1, 366)


@dataclass(frozen=True, slots=True)
class DraftRules:
    """`kept`: from the last change to the erasure; `told`: how long before it the owner reads of it; `gone`:
    how long after it the owner still reads that it was erased; `most`: how many one person may have.
    """

    kept: timedelta
    told: timedelta
    gone: timedelta
    most: int
    clause: str


def read_draft_rules(row: Row) -> DraftRules:
    """The whole table. A draft is told of before it goes."""
    kept, told, gone = (
        timedelta(days=row.number(f"{name}_days", within=_DAYS)) for name in ("kept", "told", "gone")
    )
    rules = DraftRules(kept, told, gone, row.number("most", within=range(1, 1001)), row.text("clause"))
    if rules.told >= rules.kept:
        row.problem("told before it is even kept", "told_days")
    row.close()
    return rules
