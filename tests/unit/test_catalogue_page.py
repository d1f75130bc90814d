"""docs/profiles.md is the catalogue's own page."""

from __future__ import annotations

from tools import document_catalogue

from sceau.catalogue import load_catalogue


def test_the_committed_page_is_the_one_the_catalogue_gives() -> None:
    assert document_catalogue.PAGE.read_text(encoding="utf-8") == document_catalogue.page(load_catalogue()), (
        "run python tools/document_catalogue.py"
    )


def test_the_page_shows_every_product_reason_and_card() -> None:
    catalogue, text = load_catalogue(), document_catalogue.page(load_catalogue())
    for code in (*catalogue.products, *catalogue.reasons, *catalogue.reasons_not_offered, *catalogue.cards):
        assert f"`{code}`" in text, code
    for profile in catalogue.profiles.values():
        assert all(source.reference in text for source in profile.sources.values()), profile.id
