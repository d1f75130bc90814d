"""The door of Pro Santé Connect in this process: there, or not. What goes through it is `psc`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sceau.catalogue import PscPlace
from sceau.identity import PscAnswer
from sceau.vocabulary import IdentifierMode


@dataclass(frozen=True, slots=True)
class PscDoor:
    """One Pro Santé Connect: where, who we are there, the address it answers at, and how a code is exchanged
    (`Fault` ``psc.unreachable`` when it cannot be).
    """

    place: PscPlace
    client: str
    back: str
    exchange: Callable[[str, str], PscAnswer]
    mode: IdentifierMode = IdentifierMode.REAL


_posted: list[PscDoor] = []


def post_psc(door: PscDoor | None) -> None:
    """Open the door of Pro Santé Connect, in place of any before; None: there is none."""
    _posted[:] = [] if door is None else [door]


def psc_door() -> PscDoor | None:
    """The door in place, None where the settings have none."""
    return _posted[0] if _posted else None
