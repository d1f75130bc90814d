"""A session as its owner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One open session: how it was opened (`card`, `drawer`, `psc`), when (UTC), from which address and
    browser. It ends by itself at `silent_until` if nothing more is asked in it.
    """

    reference: str
    means: str
    card_number: str
    opened_at: datetime
    silent_until: datetime
    place: str
    device: str
