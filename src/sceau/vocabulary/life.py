"""A life as a table: which event leads from which state to which, and nothing else.

The rooms that own a noun (order, habilitation, certificate) write its life as such a table. From it come the
constraint in the database, the buttons a page may show, the diagram in the documentation and the machine of
the property tests. It has no effect and decides no right: *who* may bring an event about is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from sceau.vocabulary.findings import Finding, Reading, read_ok, read_refused

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Life(Generic[S, E]):
    """The life of a noun. `table` maps (state, event) to the next state; `initial` are where a life may
    begin.

    Raises `ValueError` when a state is never reached from `initial`: a table that promises what cannot be.
    """

    noun: str
    initial: tuple[S, ...]
    table: Mapping[tuple[S, E], S]

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", MappingProxyType(dict(self.table)))
        unreached = set(type(self.initial[0])) - self._reached()
        if unreached:
            raise ValueError(f"{self.noun}: nothing leads to {sorted(unreached)}")

    def after(self, state: S, event: E, *, subject: str) -> Reading[S]:
        """The state that `event` leads to, or a finding that says it cannot happen now."""
        following = self.table.get((state, event))
        if following is None:
            return read_refused(Finding.error("life.not-now", subject, state=state, event=event))
        return read_ok(following)

    def events(self, state: S) -> tuple[E, ...]:
        """What may happen to a noun in this state, in the order of the table."""
        return tuple(event for (before, event) in self.table if before == state)

    def states(self) -> tuple[S, ...]:
        """Every state, in the order they are declared."""
        return tuple(type(self.initial[0]))

    def final(self) -> tuple[S, ...]:
        """The states that nothing leads out of."""
        return tuple(
            state
            for state in self.states()
            if all(after == state for (before, _), after in self.table.items() if before == state)
        )

    def values(self) -> tuple[str, ...]:
        """The states as text, for the database's constraint."""
        return tuple(str(state) for state in self.states())

    def mermaid(self) -> str:
        """The life as a Mermaid state diagram, the same text for the same table."""
        lines = ["stateDiagram-v2"]
        lines += [f"    [*] --> {_node(state)}" for state in self.initial]
        lines += [
            f"    {_node(before)} --> {_node(after)}: {event}"
            for (before, event), after in self.table.items()
        ]
        lines += [f"    {_node(state)} --> [*]" for state in self.final()]
        return "\n".join(lines) + "\n"

    def _reached(self) -> set[S]:
        reached: set[S] = set()
        ahead = list(self.initial)
        while ahead:
            state = ahead.pop()
            if state not in reached:
                reached.add(state)
                ahead += [after for (before, _), after in self.table.items() if before == state]
        return reached


def _node(state: StrEnum) -> str:
    """Mermaid takes no hyphen in the name of a state."""
    return str(state).replace("-", "_")
