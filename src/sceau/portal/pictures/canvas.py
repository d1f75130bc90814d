"""What pictures are drawn with: boxes, lines, words, as inline SVG with classes of the theme.

No inline style and no library. A picture has a title that says what it shows; the page beside it says the
same in words. Widths are those of a narrow screen, so that words stay legible there.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NARROW = 360
LINE = 20


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture. `slug` is unique on its page; lengths are units of the picture."""

    slug: str
    title: str
    height: int
    shapes: tuple[SafeString, ...]
    width: int = NARROW

    @property
    def svg(self) -> SafeString:
        """The element, to be put in a page as it is."""
        return format_html(
            '<svg viewBox="0 0 {w} {h}" role="img" aria-labelledby="{s}-titre"><title id="{s}-titre">{t}'
            "</title>{shapes}</svg>",
            w=self.width,
            h=self.height,
            s=self.slug,
            t=self.title,
            shapes=format_html_join("", "{}", ((shape,) for shape in self.shapes)),
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """A place and a size in a picture."""

    x: int
    y: int
    w: int = 0
    h: int = 0


def box(at: Spot, look: str, *, round_by: int = 4) -> SafeString:
    """A rectangle in the look of a class."""
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="{}" class="{}"/>',
        at.x,
        at.y,
        at.w,
        at.h,
        round_by,
        look,
    )


def line(start: Spot, end: Spot, look: str = "axis") -> SafeString:
    """A straight line."""
    return format_html(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>', start.x, start.y, end.x, end.y, look
    )


def arrow_down(start: Spot, end: Spot) -> SafeString:
    """A line downwards with a head at its end."""
    head = f"{end.x - 5},{end.y - 7} {end.x + 5},{end.y - 7} {end.x},{end.y}"
    return format_html('{}<polygon points="{}" class="head"/>', line(start, Spot(end.x, end.y - 6)), head)


def dot(at: Spot, look: str) -> SafeString:
    """A station: a disc of radius `at.w`."""
    return format_html('<circle cx="{}" cy="{}" r="{}" class="{}"/>', at.x, at.y, at.w, look)


def words(at: Spot, text: str, look: str = "") -> SafeString:
    """A line of words, whose foot is at `at`."""
    return format_html('<text x="{}" y="{}" class="{}">{}</text>', at.x, at.y, look, text)


def shortened(text: str, most: int) -> str:
    """The text when it fits, else its beginning and its end around an ellipsis."""
    if len(text) <= most:
        return text
    keep = most - 1
    return f"{text[: keep - keep // 2]}…{text[len(text) - keep // 2 :]}"
