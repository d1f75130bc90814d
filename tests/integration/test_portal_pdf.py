"""The authority's PDF fills the page: what it says is in the fields, what it does not say is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.instance import REPRESENTATIVE, Instance
from tests.ordering import CODES
from tests.pdfmaker import FILLED, blank, fill_with_pypdf
from tests.portal import staff_the_door, tls_layer, visitor


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def uploaded(data: bytes) -> tuple[str, str]:
    """The draft's page after a PDF was given, and the pages of all its steps."""
    browser = visitor(REPRESENTATIVE)
    file = SimpleUploadedFile("F413.pdf", data, "application/pdf")
    answer = browser.post("/commandes/nouvelle/", {"action": "lire-pdf", "pdf": file})
    assert answer.status_code == 302, answer.content.decode()
    address = answer["Location"]
    draft = browser.get(address).content.decode()
    return draft, "".join(browser.get(f"{address}etape/{code}/").content.decode() for code in CODES)


def check_filled(data: bytes) -> None:
    draft, page = uploaded(data)
    assert "Le formulaire PDF est lu" in draft
    assert "Ce qui manque encore" in draft
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
    draft, _ = uploaded(blank())
    assert "Ce qui manque encore" in draft
    assert "#structure.name" in draft


@pytest.mark.samples
def test_the_real_form_fills_the_page(portal: Instance, shared: Path) -> None:
    check_filled(fill_with_pypdf((shared / "igc-sante" / "F413.pdf").read_bytes(), FILLED))
