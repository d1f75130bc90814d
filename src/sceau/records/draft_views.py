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


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A whole draft. To a helper, `raw` holds the technical part and the structure's name, and no more."""

    line: DraftLine
    raw: Mapping[str, Any]
    visited: frozenset[str]
    origin: str
    from_version: int
    helper: str
    entrusted_at: datetime | None
    told: str
    answered: str
