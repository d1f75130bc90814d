"""A draft as its owner, or who helps with it, sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in a list. `writer` is what the viewer is to it (`owner`, `helper`); `structure_name` as typed
    so far; `became` the reference of the order that it was sent as.
    """

    reference: str
    state: str
    writer: str
    owner: str
    structure_name: str
    step: str
    changed_at: datetime
    expires_at: datetime
    given_back_at: datetime | None
    by_time: bool
    became: str
    corrects: str
    amends: str


@dataclass(frozen=True, slots=True)
class EntrustedLine:
    """Section 4 in somebody's hands: `helper` a number as its owner typed it, or `third_party` under a
    `designation`, with the names of those of its team who wrote; `returned` how it came back (empty: it has
    not), `order` what the draft was sent as.
    """

    draft: str
    state: str
    order: str
    owner: str
    helper: str
    designation: str
    third_party: str
    writers: tuple[str, ...]
    at: datetime
    ended_at: datetime | None
    returned: str
    word: str
    answer: str


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A whole draft. To who has its technical part in hand, `raw` holds that part and the structure's name,
    and `entrusted` the present time only; to its owner, all of it.
    """

    line: DraftLine
    raw: Mapping[str, Any]
    visited: frozenset[str]
    origin: str
    from_version: int
    entrusted: tuple[EntrustedLine, ...]

    @property
    def in_hand(self) -> EntrustedLine | None:
        """In whose hands section 4 is now."""
        return next((one for one in self.entrusted if one.ended_at is None), None)

    @property
    def came_back(self) -> EntrustedLine | None:
        """The last time that it was given back, if it is nobody else's now."""
        last = self.entrusted[-1] if self.entrusted else None
        return last if last is not None and last.returned == "given-back" else None
