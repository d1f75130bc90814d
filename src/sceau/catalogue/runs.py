"""Mass revocation as data: by what a run may choose, who may, what it stops, when two decide.

The table is `data/revocation_runs.toml`. What is done with it, `status` decides and `operations` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sceau.catalogue.reading import Row
from sceau.catalogue.types import Quality

MOST_ALONE = 100
"""No table may let one person end more certificates than that: the database holds it too."""


class CriterionKind(StrEnum):
    """By what a run chooses its certificates."""

    LIST = "list"
    KEY = "key"
    ADMINISTRATOR = "administrator"
    STRUCTURE = "structure"
    CONTRACT = "contract"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class RunCriterion:
    """One way to choose. `stops` says what is stopped before the first certificate ends; `two_people`:
    whatever the number.
    """

    kind: CriterionKind
    label: str
    plain: str
    stops: str
    who: tuple[Quality, ...]
    two_people: bool
    clause: str


@dataclass(frozen=True, slots=True)
class RunRules:
    """`alone_up_to`: how many certificates one person may end with one run; `slice`: how many end in one
    transaction.
    """

    alone_up_to: int
    slice: int
    criteria: Mapping[CriterionKind, RunCriterion]


def read_runs(row: Row) -> RunRules:
    """The whole table. Every criterion must be there."""
    criteria: dict[CriterionKind, RunCriterion] = {}
    table = row.row("criteria")
    for kind in CriterionKind:
        one = table.row(kind.value)
        criteria[kind] = RunCriterion(
            kind=kind,
            label=one.text("label"),
            plain=one.text("plain"),
            stops=one.text("stops"),
            who=one.choices("who", Quality),
            two_people=one.flag("two_people"),
            clause=one.text("clause"),
        )
        one.close()
    table.close()
    rules = RunRules(
        alone_up_to=row.number("alone_up_to", within=range(MOST_ALONE + 1)),
        slice=row.number("slice", within=range(1, 5001)),
        criteria=MappingProxyType(criteria),
    )
    row.close()
    return rules
