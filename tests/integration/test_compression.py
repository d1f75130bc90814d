"""What leaves compressed and what does not, and that it is the same once opened."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.instance import REPRESENTATIVE, Instance
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

SCRIPT = f"{settings.STATIC_URL}sceau/keymaker.js"
SOURCE = Path(__file__).parents[2] / "src/sceau/portal/static/sceau/keymaker.js"
ACCEPTED = {"accept-encoding": "gzip, deflate, br"}


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def test_a_page_is_compressed_for_who_can_read_it_and_is_the_same_page(portal: Instance) -> None:
    browser = DoorClient(None, at_door=False)
    plain, zipped = browser.get("/glossaire/"), browser.get("/glossaire/", headers=ACCEPTED)
    assert not plain.has_header("Content-Encoding")
    assert zipped["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped["Vary"]
    assert gzip.decompress(zipped.content) == plain.content
    assert len(zipped.content) < len(plain.content) / 2


def test_the_size_of_a_page_says_nothing_exact_of_what_it_holds(portal: Instance) -> None:
    browser = DoorClient(None, at_door=False)
    assert len({len(browser.get("/glossaire/", headers=ACCEPTED).content) for _ in range(20)}) > 5


def test_our_own_script_is_compressed_once_and_is_the_same_script(portal: Instance) -> None:
    browser = DoorClient(None, at_door=False)
    zipped = browser.get(f"{SCRIPT}?v=digest", headers=ACCEPTED)
    assert (zipped["Content-Encoding"], zipped["Content-Type"]) == ("gzip", "text/javascript")
    assert "max-age=86400" in zipped["Cache-Control"]
    assert gzip.decompress(zipped.content) == SOURCE.read_bytes()
    assert len(zipped.content) < 30_000
    plain = browser.get(SCRIPT)
    assert not plain.has_header("Content-Encoding")
    assert int(plain["Content-Length"]) == len(SOURCE.read_bytes())


@pytest.mark.parametrize("path", ["../settings.py", "sceau/%2e%2e/%2e%2e/urls.py", "rien.js"])
def test_nothing_but_our_own_files_is_to_be_had_there(portal: Instance, path: str) -> None:
    assert (
        DoorClient(None, at_door=False).get(f"{settings.STATIC_URL}{path}", headers=ACCEPTED).status_code
        == 404
    )


def test_no_page_that_a_card_opens_may_be_kept_compressed_or_not(portal: Instance) -> None:
    answer = visitor(REPRESENTATIVE).get("/commandes/", headers=ACCEPTED)
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Cache-Control"] == "private, no-store"
