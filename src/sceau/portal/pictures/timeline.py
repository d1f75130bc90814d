"""The expiries to come on a line of a year, each with what has already taken its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from sceau.portal.pictures.canvas import NARROW, Picture, Spot, box, line, shortened, words

_ROW, _TOP, _EDGE, _MOST = 44, 26, 4, 30
_SPAN = timedelta(days=365)
_QUARTER = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A certificate that ends within the year: its name, its end, and its successor's end (None: none)."""

    name: str
    end: datetime
    successor_end: datetime | None = None


def timeline_picture(lives: Sequence[Lifetime], *, now: datetime) -> Picture:
    """A bar to each end, another from there for the successor; the months are at the top."""
    height = _TOP + len(lives) * _ROW
    shapes = []
    for step in range(4):
        moment = now + step * _QUARTER
        x = _x(moment, now)
        shapes.append(line(Spot(x, _TOP - 6), Spot(x, height), "thin"))
        shapes.append(
            words(Spot(x + 2, 14), _("aujourd’hui") if not step else f"{localtime(moment):%m/%Y}", "small")
        )
    for number, one in enumerate(lives):
        y = _TOP + number * _ROW
        end = _x(one.end, now)
        shapes.append(words(Spot(_EDGE, y + 14), shortened(one.name, _MOST)))
        shapes.append(words(Spot(NARROW - _EDGE, y + 14), f"{localtime(one.end):%d/%m/%Y}", "small end"))
        shapes.append(box(Spot(_EDGE, y + 21, max(3, end - _EDGE), 12), "bar", round_by=2))
        if one.successor_end is not None:
            after = _x(one.successor_end, now)
            shapes.append(box(Spot(end, y + 21, max(3, after - end), 12), "next", round_by=2))
    title = _(
        "Les premières échéances de l’année, et ce qui a déjà pris la suite. La liste dit la même chose."
    )
    return Picture("suites", title, height, tuple(shapes))


def _x(moment: datetime, now: datetime) -> int:
    part = min(1.0, max(0.0, (moment - now) / _SPAN))
    return _EDGE + round(part * (NARROW - 2 * _EDGE))
