"""The desk's figures: how long orders stay, told from counts by size of stay, and never from the orders.

A stay falls into one of some hundred sizes, each a fifth longer than the one before: a median read from such
counts is right to a tenth, and costs the same at ten orders and at a million.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_GROWTH = 1.2
LARGEST = 130
"""More than six hundred years."""


@dataclass(frozen=True, slots=True)
class StayFigures:
    """Of the stays that ended in a window: how many, how many too late, half of them within `median`
    seconds, nine in ten within `ninth` (None: there was none).
    """

    count: int
    late: int
    median: int | None
    ninth: int | None


def size_of(seconds: float) -> int:
    """The size that a stay of so many seconds falls into."""
    return min(LARGEST, max(0, math.ceil(math.log(seconds, _GROWTH)))) if seconds > 1 else 0


def seconds_of(size: int) -> int:
    """The middle of the stays of this size, in seconds."""
    return round(_GROWTH ** (size - 0.5)) if size > 0 else 0


def figures_of(counts: Mapping[int, int], *, late: int) -> StayFigures:
    """Median and ninth decile of the stays counted by size."""
    total = sum(counts.values())
    return StayFigures(total, late, _within(counts, total, 0.5), _within(counts, total, 0.9))


def _within(counts: Mapping[int, int], total: int, share: float) -> int | None:
    """The shortest time within which at least `share` of them ended."""
    seen = 0
    for size in sorted(counts):
        seen += counts[size]
        if seen >= share * total:
            return seconds_of(size)
    return None
