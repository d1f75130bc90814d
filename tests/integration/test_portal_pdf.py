"""The authority's PDF fills the page: what it says is in the fields, what it does not say is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.instance import REPRESENTATIVE, Instance
from tests.pdfmaker import FILLED, blank, fill_with_pypdf
from tests.portal import staff_the_door, tls_layer, visitor


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def uploaded(data: bytes) -> tuple[int, str]:
    """Status and page after a PDF was given to the form."""
    browser = visitor(REPRESENTATIVE)
    file = SimpleUploadedFile("F413.pdf", data, "application/pdf")
    answer = browser.post("/commandes/nouvelle/", {"action": "lire-pdf", "once": "k", "pdf": file})
    return answer.status_code, answer.content.decode()


def check_filled(data: bytes) -> None:
    status, page = uploaded(data)
    assert status == 200
    assert "Le formulaire PDF est lu" in page
    for value in (
        FILLED["N SIRET"],
        "LEFÈVRE",
        "D&#x27;HÉROUVILLE",
        "Société Générale d’Édition",
        "a4@chu-exemple.fr",
    ):
        assert f'value="{value}"' in page, value
    assert 'name="administrators.3.card_number"' in page
    assert 'name="offers.1.offer"' in page
    assert 'name="edition" value="web"' in page


def test_a_filled_form_fills_the_page_and_is_read_again_before_it_is_sent(portal: Instance) -> None:
    check_filled(fill_with_pypdf(blank(), FILLED))


def test_a_blank_form_leaves_a_page_that_says_what_is_missing(portal: Instance) -> None:
    status, page = uploaded(blank())
    assert status in {200, 422}
    assert "constats" in page


@pytest.mark.samples
def test_the_real_form_fills_the_page(portal: Instance, shared: Path) -> None:
    check_filled(fill_with_pypdf((shared / "igc-sante" / "F413.pdf").read_bytes(), FILLED))
