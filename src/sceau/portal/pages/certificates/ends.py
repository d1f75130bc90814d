"""The months to come and how many certificates end in each: the numbers, and a picture of them as SVG.

The picture says nothing that the table beside it does not say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.dates import MONTHS
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_MONTHS = 13
_STEP, _HEIGHT, _GAP = 48, 120, 10
_SHORT = (
    *(gettext_noop("janv."), gettext_noop("févr."), gettext_noop("mars"), gettext_noop("avr.")),
    *(gettext_noop("mai"), gettext_noop("juin"), gettext_noop("juil."), gettext_noop("août")),
    *(gettext_noop("sept."), gettext_noop("oct."), gettext_noop("nov."), gettext_noop("déc.")),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A month: its names, how many end in it, and where its bar stands (pixels of the picture)."""

    short: str
    long: str
    count: int
    left: int
    top: int
    height: int

    @property
    def middle(self) -> int:
        """Where its words stand."""
        return self.left + (_STEP - _GAP) // 2

    @property
    def above(self) -> int:
        """Where its number stands."""
        return self.top - 5


@dataclass(frozen=True, slots=True)
class Picture:
    """A bar for each month, from the present one."""

    bars: tuple[Bar, ...]
    total: int
    width: int = _MONTHS * _STEP
    height: int = _HEIGHT + 50
    floor: int = _HEIGHT + 20
    words: int = _HEIGHT + 40
    bar: int = _STEP - _GAP


def picture_of(instants: Iterable[datetime], now: datetime) -> Picture:
    """How many of `instants` fall in each month here, from that of `now` to the same one next year."""
    days = [localtime(one) for one in instants]
    counts = Counter((one.year, one.month) for one in days)
    here = localtime(now)
    months = [divmod(here.year * 12 + here.month - 1 + step, 12) for step in range(_MONTHS)]
    most = max([counts[year, month + 1] for year, month in months] + [1])
    bars = []
    for place, (year, month) in enumerate(months):
        count = counts[year, month + 1]
        height = round(_HEIGHT * count / most)
        top = _HEIGHT + 20 - height
        names = _(_SHORT[month]), f"{MONTHS[month + 1]} {year}"
        bars.append(Bar(*names, count, place * _STEP, top, height))
    return Picture(tuple(bars), sum(bar.count for bar in bars))
