"""Looking at a page: no accessibility violation, nothing wider than the screen, and pictures when asked for.

Every look is kept, and those of the session are written as `axe.json`. With `SCEAU_TEST_SHOTS` set (`make
browser` sets it), each page is pictured at 1280 and 360 pixels in that folder, and `axe.json` stands beside
it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

WIDE, NARROW = 1280, 360
ANSWERED = frozenset({200, 422})
MOST_OCTETS = 100_000
_WEIGHT = """
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter(one => ["navigation", "script", "img", "other"].includes(one.initiatorType))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One page as it stood: its name in the table of pages (empty where the table has none), the state that
    the journey was in, the HTTP status it came with, the width, the octets that it took to show it (the
    theme's styles and fonts apart), and what axe found.
    """

    page: str
    state: str
    status: int
    width: int
    weight: int
    violations: list[dict[str, Any]]


LOOKS: list[Look] = []
FETCHED: dict[str, int] = {}  # pages that are files: their name in the table, the status they came with


def look(page: Page, state: str) -> None:
    """Check the page as it stands now, at both widths: accessible, no wider than the screen, no heavier than
    a slow network bears.
    """
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        violations = _violations(page)
        weight = int(page.evaluate(_WEIGHT))
        LOOKS.append(Look(page_name(page.url), state, status_of(page), width, weight, violations))
        folder = os.environ.get("SCEAU_TEST_SHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"{state}-{width}.png", full_page=True)
        assert violations == [], f"{state} at {width}: {violations}"
        assert weight < MOST_OCTETS, f"{state} weighs {weight} octets"
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{state} is {overflow} px wider than {width}"
    page.set_viewport_size({"width": WIDE, "height": 900})


def page_name(address: str) -> str:
    """The name, in the table of pages, of an address of the portal or of its card door; empty for others."""
    try:
        return str(resolve(urlsplit(address).path).url_name or "")
    except Resolver404:
        return ""


def status_of(page: Page) -> int:
    """The HTTP status that the page shown came with."""
    return int(page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus"))


def seen() -> set[str]:
    """The names of the pages that were looked at, or fetched, and that answered."""
    looked = {one.page for one in LOOKS if one.status in ANSWERED}
    return looked | {name for name, status in FETCHED.items() if status in ANSWERED}


def write_looks() -> None:
    """Write every look of the session beside the folder of pictures, when there is one."""
    folder = os.environ.get("SCEAU_TEST_SHOTS")
    if folder and LOOKS:
        told = json.dumps([asdict(one) for one in LOOKS], ensure_ascii=False, indent=1)
        (Path(folder).parent / "axe.json").write_text(told + "\n")


def _violations(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        {"rule": one["id"], "help": one["help"], "nodes": [node["html"][:160] for node in one["nodes"]][:5]}
        for one in found
    ]
