"""Looking at a page: no accessibility violation, nothing wider than the screen, and pictures when asked for.

With `SCEAU_TEST_SHOTS` set, each page is pictured at 1280 and 360 pixels in that folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, NARROW = 1280, 360


def look(page: Page, name: str) -> None:
    """Check the page as it stands now, at both widths."""
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        violations = _violations(page)
        assert violations == [], f"{name} at {width}: {violations}"
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px wider than {width}"
        folder = os.environ.get("SCEAU_TEST_SHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": WIDE, "height": 900})


def _violations(page: Page) -> list[tuple[str, list[str]]]:
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found]
