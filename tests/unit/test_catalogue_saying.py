"""Saying a finding: French with its clause and its remedy, harmless whatever a value holds."""

from __future__ import annotations

import ast
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

import sceau
from sceau.catalogue import Catalogue, CatalogueError, harmless, load_catalogue
from sceau.vocabulary import Fault, Finding

ROW = """
["test.scope"]
sentence = "Le nom {subject} n'est pas sous {scope}."
remedy = "Demandez un nom sous {scope}."
clause = "N413 4.2"
["test.down"]
sentence = "Le signataire ne répond pas ({detail})."
remedy = "Réessayez dans quelques minutes."
clause = "décision 10"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    shipped = load_catalogue().folder
    data = Path(shutil.copytree(shipped, tmp_path / "data", ignore=shutil.ignore_patterns("communes")))
    (data / "findings" / "test.toml").write_text(ROW, encoding="utf-8")
    return load_catalogue(data)


def test_a_finding_is_said_with_its_values_its_remedy_and_its_clause(catalogue: Catalogue) -> None:
    sentence = catalogue.say(Finding.error("test.scope", "a.autre.fr", scope="mon-domaine.fr"))
    assert sentence.text == "Le nom a.autre.fr n'est pas sous mon-domaine.fr."
    assert sentence.remedy == "Demandez un nom sous mon-domaine.fr."
    assert sentence.clause == "N413 4.2"


def test_a_field_of_the_form_is_called_by_its_label(catalogue: Catalogue) -> None:
    sentence = catalogue.say(Finding.error("test.scope", "offers.1.declared", scope="x.fr"))
    assert sentence.text == "Le nom « Nom de domaine » (n° 2) n'est pas sous x.fr."
    assert catalogue.label_of("structure.siret") == "« N° SIRET »"
    assert catalogue.label_of("mon-domaine.fr") == "mon-domaine.fr"
    assert catalogue.label_of("10.0.0.1") == "10.0.0.1"
    assert (
        catalogue.label_of("offers.9999999999999999999999.declared")
        == "offers.9999999999999999999999.declared"
    )
    assert catalogue.label_of("") == ""


def test_a_missing_value_is_said_to_be_missing_and_breaks_nothing(catalogue: Catalogue) -> None:
    assert (
        catalogue.say(Finding.error("test.scope", "a.fr")).text == "Le nom a.fr n'est pas sous (non précisé)."
    )


def test_an_unknown_code_is_our_defect_not_a_persons(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match=r"test\.unknown"):
        catalogue.say(Finding.error("test.unknown", "x"))
    with pytest.raises(CatalogueError, match=r"test\.unknown"):
        catalogue.say_fault(Fault("test.unknown", retryable=False))
    with pytest.raises(CatalogueError, match=r"no\.such\.text"):
        catalogue.text("no.such.text")


def test_a_fault_is_said_too(catalogue: Catalogue) -> None:
    sentence = catalogue.say_fault(Fault("test.down", retryable=True, detail="socket absent"))
    assert sentence.text == "Le signataire ne répond pas (socket absent)."


def test_braces_in_a_value_are_only_braces(catalogue: Catalogue) -> None:
    sentence = catalogue.say(Finding.error("test.scope", "{scope}", scope="{subject}"))
    assert sentence.text == "Le nom {scope} n'est pas sous {subject}."


def test_accents_and_other_alphabets_are_shown_as_they_are() -> None:
    assert harmless("Rhône – Ελλάδα – 東京 – <b>&amp;") == "Rhône – Ελλάδα – 東京 – <b>&amp;"


@pytest.mark.parametrize(
    "character",
    [
        *("\x00", "\n", "\r", "\x1b", "\x7f", "\x85", "\u00ad", "\u061c", "\u200b", "\u200d", "\u200e"),
        *("\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\U000e0041"),
        *("\ud800", "\ue000"),
    ],
)
def test_what_cannot_be_seen_is_shown_by_its_code_point(character: str) -> None:
    shown = harmless(f"a{character}b")
    assert shown == f"a⟨U+{ord(character):04X}⟩b"
    shown.encode()


def test_no_character_at_all_survives_that_could_turn_a_sentence() -> None:
    everything = [
        chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) in {"Cc", "Cf", "Cs"}
    ]
    assert len(everything) > 2000
    for character in everything:
        assert character not in harmless(character)


def test_a_long_value_is_cut_where_one_sees_it() -> None:
    assert harmless("x" * 200) == "x" * 200
    assert harmless("x" * 201) == "x" * 200 + "…"
    assert len(harmless("\u202e" * 1_000_000)) == 201


def test_the_sentence_of_a_scope_is_said_whole_and_what_was_typed_in_it_is_cut() -> None:
    shipped = load_catalogue()
    long = ".".join(["a" * 60] * 3) + ".mon-domaine.fr"
    for name in ("mon-domaine.fr", long, "x" * 5_000 + "\u202e"):
        words = shipped.say(Finding.info("scope.words-branch", name, name=name)).text
        assert len(words) > 200
        assert len(words) < 2_000
        assert shipped.say(Finding.info("order.scope-read", "offers.0", words=words)).text == words
    assert "\u202e" not in shipped.say(Finding.info("order.scope-read", "offers.0", words="a\u202e")).text


def test_a_look_alike_name_is_a_name_that_ends_the_same() -> None:
    for code in ("scope.words-branch", "scope.words-mail"):
        said = load_catalogue().say(Finding.info(code, "mon-domaine.fr", name="mon-domaine.fr")).text
        assert "autremon-domaine.fr" in said


# The texts and the code that uses them, compared by reading the source.


def made_findings() -> Iterator[tuple[str, set[str], str]]:
    """Each `Finding.error(code, subject, name=…)` of the source: code, names of its values, place."""
    root = Path(sceau.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if (
                node.func.attr not in {"error", "warning", "info"}
                or ast.unparse(node.func.value) != "Finding"
            ):
                continue
            code = node.args[0] if node.args else None
            names = {keyword.arg for keyword in node.keywords}
            if isinstance(code, ast.Constant) and isinstance(code.value, str) and None not in names:
                yield code.value, {name for name in names if name}, f"{path.relative_to(root)}:{node.lineno}"


def test_every_place_in_a_sentence_is_filled_wherever_the_finding_is_made() -> None:
    texts = load_catalogue().findings
    lacking = [
        f"{place}: {code} gives no {', '.join(sorted(missing))}"
        for code, names, place in made_findings()
        if code in texts and (missing := texts[code].fields - names - {"subject"})
    ]
    assert lacking == []


def test_french_texts_begin_as_sentences_do_and_are_composed() -> None:
    for code, text in load_catalogue().findings.items():
        for template in (text.sentence, text.remedy):
            written = template.fill({field: "X" for field in template.fields})
            assert not written[0].islower(), (code, written)
            assert unicodedata.is_normalized("NFC", written), code
