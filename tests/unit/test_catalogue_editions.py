"""Editions of form 413 as data: what ships is sound, and a mistake in a new one is said before it is used."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import sceau.catalogue
from sceau.catalogue import CatalogueError, load_catalogue

DATA = Path(sceau.catalogue.__file__).parent / "data"


def test_the_shipped_editions_are_sound() -> None:
    editions = load_catalogue().editions
    assert {code: bool(edition.pdf) for code, edition in editions.items()} == {
        "2024-03": True,
        "2026-11": True,
        "N413": False,
        "web": False,
    }


def test_every_path_of_an_edition_has_its_help_on_the_page() -> None:
    help_of = load_catalogue().help
    for edition in load_catalogue().editions.values():
        known = {path for path in edition.fields if path in help_of or f"{path}.received" in help_of}
        assert known == edition.fields


def test_the_offers_of_a_fillable_edition_are_offers_of_the_form() -> None:
    offers = load_catalogue().offers
    for edition in load_catalogue().editions.values():
        for offer in edition.pdf.offers if edition.pdf else ():
            assert offers[offer.offer].how == "form413"
            assert bool(offer.names) == (offers[offer.offer].scope_family is not None)


def test_the_2024_edition_lacks_what_the_desk_completes() -> None:
    edition = load_catalogue().editions["2024-03"]
    assert not edition.has("offers.0.restricted")
    assert not edition.has("structure.postcode")
    assert edition.has("administrators.3.card_number")
    assert load_catalogue().editions["N413"].has("offers.restricted")
    assert not load_catalogue().editions["N413"].has("offers.kind")


def test_the_editions_are_part_of_what_the_catalogues_digest_names(tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    before = load_catalogue(copy).digest
    other = tmp_path / "other"
    shutil.copytree(copy, other)
    web = other / "editions" / "web.toml"
    web.write_text(web.read_text(encoding="utf-8") + "# a word more\n", encoding="utf-8")
    assert load_catalogue(other).digest != before


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('title = "Formulaire F413', 'titel = "Formulaire F413', "titel: unknown key"),
        ('"structure.name",', "", "is on every edition, and missing here"),
        ('"usage.editor",', '"usage.editeur",', "'usage.editeur' is no path of the form"),
        ('= "visa.date"', '= "structure.postcode"', "does not have"),
        ('= "visa.date"', '= "usage.editor"', "two fields for 'usage.editor'"),
        ('"N SIRET" =', '"Check Box9" =', "'Check Box9' is read twice"),
        ('"Group8", "Check Box9"', '"Group9", "Check Box9"', "'Group9' is a mark, and no field"),
        ('kind = "server"', 'kind = "serveur"', "'serveur' is no kind of scope"),
        ('"mandataire", "holder"]', '"roi", "holder"]', "'roi' is no quality"),
        ('["Choix1", "Choix2", "2"]', '["Choix1", "Choix2"]', "as many values as states"),
        ("placeholder = true", "", "placeholder: missing key"),
        ("pages = 2", 'pages = "2"', "int expected"),
        ("[pdf]", "[pdf", "editions/2024-03.toml"),
    ],
)
def test_a_mistake_in_an_edition_is_said_with_its_place(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    file = folder / "editions" / "2024-03.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    assert any(problem in line for line in caught.value.problems), caught.value.problems


def test_a_catalogue_without_an_edition_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(
        DATA,
        folder,
        ignore=lambda place, _: (
            ["2024-03.toml", "2026-11.toml", "N413.toml", "web.toml"] if place.endswith("editions") else []
        ),
    )
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    assert "editions: no edition of the form" in caught.value.problems
