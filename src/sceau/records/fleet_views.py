"""What is wished of a fleet of certificates, and a page of it. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sceau.records.views import CertificateLine

LONGEST_LIFE = timedelta(days=3 * 366 + 1)  # three calendar years at most [ASSURANCE decision 12]


@dataclass(frozen=True, slots=True)
class FleetWish:
    """What to keep: part of a name, of the subject or of the structure's name (or one exact name,
    reference or serial); a product; a standing; those that end within so many days; who asked; one structure.

    `longest_life`: no certificate lives longer, whatever its profile.
    """

    text: str = ""
    product: str = ""
    standing: str = ""
    within_days: int | None = None
    administrator: str = ""
    structure: str = ""
    longest_life: timedelta = LONGEST_LIFE

    @property
    def asks_something(self) -> bool:
        """Whether anything is left out."""
        words = (self.text, self.product, self.standing, self.administrator, self.structure)
        return any(words) or self.within_days is not None


@dataclass(frozen=True, slots=True)
class FleetPage:
    """Certificates that fit; `more` whether the looking stopped before the end, and then `after` goes on.

    `successors`: by the reference of a certificate replaced, that of its latest successor.
    """

    lines: tuple[CertificateLine, ...]
    after: str
    more: bool
    successors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FleetEnds:
    """When certificates in service end, in the order of their numbers; `more` when not all were looked at."""

    instants: tuple[datetime, ...]
    more: bool
