"""One service and one Chromium driver for the browser tests of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.service import Browsers, Service, chooses_by_itself, running, why_not


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    lacking = why_not()
    if lacking:
        pytest.skip(lacking)
    with running(tmp_path_factory.mktemp("service")) as started:
        yield started


@pytest.fixture(scope="session")
def browsers(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    with chooses_by_itself(service), sync_playwright() as playwright:
        opened = Browsers(playwright, service, tmp_path_factory.mktemp("browsers"))
        try:
            yield opened
        finally:
            opened.close()
