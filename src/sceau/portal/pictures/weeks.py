"""The desk's flow over the weeks: what left its hands each week, in time and late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from sceau.portal.pictures.canvas import NARROW, Picture, Spot, box, line, words

_HEIGHT, _TOP, _GAP = 110, 18, 6


@dataclass(frozen=True, slots=True)
class Week:
    """A week, by its Monday: how many stays ended in time, and how many late."""

    monday: date
    in_time: int
    late: int

    @property
    def all(self) -> int:
        """Both."""
        return self.in_time + self.late


def weeks_picture(weeks: Sequence[Week]) -> Picture:
    """A bar for each week, the late part of it on top, hollow."""
    step = NARROW // max(1, len(weeks))
    most = max([one.all for one in weeks] + [1])
    floor = _TOP + _HEIGHT
    shapes = [line(Spot(0, floor), Spot(NARROW, floor))]
    for number, one in enumerate(weeks):
        x, wide = number * step + _GAP // 2, step - _GAP
        good, late = round(_HEIGHT * one.in_time / most), round(_HEIGHT * one.late / most)
        if good:
            shapes.append(box(Spot(x, floor - good, wide, good), "bar", round_by=0))
        if late:
            shapes.append(box(Spot(x, floor - good - late, wide, late), "late", round_by=0))
        if one.all:
            shapes.append(words(Spot(x + wide // 2, floor - good - late - 4), str(one.all), "mid small"))
        if number % 3 == 0:
            shapes.append(words(Spot(max(16, x + wide // 2), floor + 18), f"{one.monday:%d/%m}", "mid small"))
    title = _("Examens terminés au guichet, par semaine, dont les tardifs. Le tableau dit la même chose.")
    return Picture("semaines", title, floor + 26, tuple(shapes))
