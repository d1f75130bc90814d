"""One service and one Chromium driver for the browser tests of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.looking import write_looks
from tests.browser.service import Browsers, Service, chooses_by_itself, running, why_not


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    lacking = why_not()
    if lacking:
        pytest.skip(lacking)
    with running(tmp_path_factory.mktemp("service")) as started:
        yield started


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """The one Playwright of a run: a second beside it would not start."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browsers(
    service: Service, driver: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browsers]:
    with chooses_by_itself(service):
        opened = Browsers(driver, service, tmp_path_factory.mktemp("browsers"))
        try:
            yield opened
        finally:
            opened.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys on one service are chapters: told in the order they are written in, file by file."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    told = iter(sorted(mine, key=_chapter))
    items[:] = [next(told) if here in item.path.parents else item for item in items]


def _chapter(item: pytest.Item) -> tuple[str, str, int]:
    """File, then the instance it is told on where the file has several, then line."""
    told_on = (
        item.callspec.params.get("seen", "")
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else ""
    )
    return item.path.name, str(told_on), item.reportinfo()[1] or 0


def pytest_sessionfinish() -> None:
    """What was looked at, written for who asks: `make browser`."""
    write_looks()
