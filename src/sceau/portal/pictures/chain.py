"""The chain of a certificate: its root, the authority that signed it, itself; who they are, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from sceau.portal.pictures.canvas import NARROW, Picture, Spot, arrow_down, box, shortened, words

_HEIGHT, _GAP, _MOST = 64, 34, 40


@dataclass(frozen=True, slots=True)
class Link:
    """One certificate of a chain, as it is told. `tone` is of the theme: empty for what stands as it should;
    `state` says why not.
    """

    role: str
    name: str
    until: datetime
    tone: str = ""
    state: str = ""

    @property
    def term(self) -> str:
        """Until when, and what else is to be known."""
        day = localtime(self.until)
        return _("jusqu’au %(day)s") % {"day": f"{day:%d/%m/%Y}"} + (f", {self.state}" if self.state else "")


@dataclass(frozen=True, slots=True)
class Chain:
    """The links from the root down, and their picture."""

    links: tuple[Link, ...]
    picture: Picture


def chain_picture(links: Sequence[Link], *, slug: str = "chaine") -> Chain:
    """The picture of `links`, from the root down."""
    shapes = []
    for number, one in enumerate(links):
        y = 2 + number * (_HEIGHT + _GAP)
        shapes.append(box(Spot(2, y, NARROW - 4, _HEIGHT), one.tone or "plain"))
        shapes.append(words(Spot(14, y + 19), one.role, "small"))
        shapes.append(words(Spot(14, y + 38), shortened(one.name, _MOST), "strong"))
        shapes.append(words(Spot(14, y + 55), one.term, "small"))
        if number + 1 < len(links):
            shapes.append(arrow_down(Spot(28, y + _HEIGHT), Spot(28, y + _HEIGHT + _GAP)))
            shapes.append(words(Spot(42, y + _HEIGHT + 21), _("a signé"), "small"))
    height = len(links) * (_HEIGHT + _GAP) - _GAP + 4
    title = _("La chaîne de ce certificat, de la racine à lui. La liste dit la même chose.")
    return Chain(tuple(links), Picture(slug, title, height, tuple(shapes)))
