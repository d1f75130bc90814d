"""How long and how large a run is: everything that a run may be asked to change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVER_CORE = 0
LOAD_CORE = 1 if (os.cpu_count() or 1) > 1 else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` is the length of one sample; `scale` the rows of the large database; `folder` what may be
    thrown away.
    """

    rounds: int = 7
    seconds: float = 1.5
    scale: int = 1_000_000
    names: int = 1_000_000
    crl_entries: int = 1_000_000
    quick: bool = False
    folder: Path = ROOT / "build" / "bench"

    @classmethod
    def short(cls) -> Plan:
        """A look that takes two minutes: fewer rounds, smaller databases. No truth to publish."""
        return cls(rounds=3, seconds=0.5, scale=50_000, names=50_000, crl_entries=50_000, quick=True)
