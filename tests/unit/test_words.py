"""The English words: all there, with the places of the French ones, and compiled from what is written."""

from __future__ import annotations

import ast
import gettext
import io
import re
import shutil
import tomllib
from pathlib import Path

import polib
import pytest
from tools import words

from sceau.catalogue import CatalogueError, Language, load_catalogue
from sceau.catalogue.languages import ENGLISH_WORDS, is_word, with_words
from sceau.catalogue.saying import Template
from sceau.vocabulary import Finding
from tests.wording import is_french

FRENCH = load_catalogue()
ENGLISH = load_catalogue(language=Language.ENGLISH)
_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
_TAG = re.compile(r"</?\w+")
_OURS = re.compile(
    r"Dossier|Défenseur|Libre réponse|Carte d[^)]*|PlateForme|mandataire|Annuaire Santé|Pro Santé"
)
# Words of a page that are the same in every language: names, codes, and the marks between them.
_SAME = {
    "Sceau",
    "Français",
    "English",
    "Pro Santé Connect",
    "SHA",
    "CN",
    "OU",
    "– Sceau",
    "Pro Santé Connect ·",
}


def entries() -> polib.POFile:
    return words.written()


def english_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_the_written_file_has_every_text_of_the_pages_and_none_too_many() -> None:
    """When this fails: `make words`, then write the English."""
    assert {entry.msgid: entry.msgid_plural or "" for entry in entries()} == {
        french: message.plural for french, message in words.messages().items()
    }


def test_every_text_of_the_pages_has_its_english() -> None:
    assert [entry.msgid for entry in words.untranslated(entries())] == []


def test_the_compiled_file_is_that_of_the_written_one() -> None:
    assert words.MO.read_bytes() == entries().to_binary()


def test_french_counts_as_french_does() -> None:
    assert words.french_counts(entries()) == words.FRENCH_MO.read_bytes()
    said = gettext.GNUTranslations(io.BytesIO(words.FRENCH_MO.read_bytes()))
    one = next(entry for entry in entries() if entry.msgid_plural)
    counted = [said.ngettext(one.msgid, one.msgid_plural, number) for number in (0, 1, 2)]
    assert counted == [one.msgid, one.msgid, one.msgid_plural]


def test_english_has_the_places_and_the_tags_of_the_french() -> None:
    wrong = []
    for entry in entries():
        french = entry.msgid_plural or entry.msgid
        for index, english in enumerate(english_of(entry)):
            wanted = set(_PLACE.findall(french))
            found = set(_PLACE.findall(english))
            counts = bool(entry.msgid_plural) and index == 0  # « one » may be a word
            if not (found <= wanted if counts else found == wanted):
                wrong.append((french, english, "places"))
            if sorted(_TAG.findall(english)) != sorted(_TAG.findall(french)):
                wrong.append((french, english, "tags"))
    assert wrong == []


def test_no_english_text_is_french() -> None:
    said = [english for entry in entries() for english in english_of(entry)]
    said += [
        " ".join(literal for one in (text.sentence, text.remedy) for literal, _ in one.parts)
        for text in ENGLISH.findings.values()
    ]
    assert [one for one in said if is_french(_OURS.sub("", re.sub(r"<[^>]*>|https?:\S+", "", one)))] == []


def test_every_text_of_the_catalogue_that_people_read_has_its_english() -> None:
    assert words.catalogue_missing() == []


def test_every_finding_has_the_same_places_in_both_languages() -> None:
    for code, text in FRENCH.findings.items():
        assert ENGLISH.findings[code].fields == text.fields, code
        assert text.clause == ENGLISH.findings[code].clause


def test_english_changes_words_and_nothing_else() -> None:
    """What a certificate is made of, who may do what and how long: the same objects, the same digest."""
    assert ENGLISH.digest == FRENCH.digest
    for part in (
        "profiles",
        "issuers",
        "environments",
        "departments",
        "calendar",
        "editions",
        "entrance",
        "lookup",
    ):
        assert getattr(ENGLISH, part) == getattr(FRENCH, part), part
    assert [one.title for one in ENGLISH.professions.values()] == [
        one.title for one in FRENCH.professions.values()
    ]
    assert ENGLISH.domain_proof == FRENCH.domain_proof
    assert all(
        ENGLISH.mail.mails[code].subject == mail.subject and ENGLISH.mail.mails[code].text == mail.text
        for code, mail in FRENCH.mail.mails.items()
    )
    assert ENGLISH.texts["policy.title"] == FRENCH.texts["policy.title"]


def test_every_english_file_holds_words_only() -> None:
    for path in sorted(ENGLISH_WORDS.rglob("*.toml")):
        name = path.relative_to(ENGLISH_WORDS).as_posix()
        assert all(is_word(name, place) for place in _places(tomllib.loads(path.read_text("utf-8")))), name


def _places(value: object, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [place for key, one in value.items() for place in _places(one, f"{path}/{key}")]
    if isinstance(value, list):
        return [place for index, one in enumerate(value) for place in _places(one, f"{path}/{index}")]
    return [path]


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ({"a": {"text": "un"}}, {"b": {"text": "one"}}),
        ({"a": {"text": "un"}}, {"a": {"text": 1}}),
        ({"a": {"texts": ["un", "deux"]}}, {"a": {"texts": ["one"]}}),
    ],
)
def test_a_word_without_its_french_is_told_with_its_place(french: object, english: object) -> None:
    problems: list[str] = []
    assert with_words(french, english, "x.toml", problems) == french
    assert len(problems) == 1
    assert problems[0].startswith("english/x.toml.")


def test_an_english_word_is_put_in_its_place_and_what_has_none_stays_french() -> None:
    problems: list[str] = []
    french = {"a": {"label": "un", "hint": "deux", "days": 3}}
    assert with_words(french, {"a": {"label": "one"}}, "x", problems) == {
        "a": {"label": "one", "hint": "deux", "days": 3}
    }
    assert problems == []


def test_what_was_already_said_in_french_is_told_again_in_english() -> None:
    covers = FRENCH.say(Finding.info("scope.words-branch", "x", name="chu-exemple.fr")).text
    again = ENGLISH.say(Finding.info("order.scope-read", "offers.0", words=covers)).text
    assert again.startswith("chu-exemple.fr covers this name, all its servers and all its subdomains")
    status = FRENCH.text("card-status.suspended")
    assert (
        "it is suspended" in ENGLISH.say(Finding.error("operations.card-not-valid", "1", status=status)).text
    )
    assert ENGLISH.retold("Un mot de quelqu'un") == "Un mot de quelqu'un"
    assert FRENCH.retold(covers) == covers


def test_what_somebody_typed_is_never_translated() -> None:
    typed = FRENCH.text("card-status.suspended")
    assert ENGLISH.retelling is not None
    assert ENGLISH.retelling.of({"value": typed, "status": typed}) == {"value": typed, "status": "suspended"}


def test_a_label_is_quoted_as_its_language_quotes() -> None:
    assert FRENCH.label_of("offers.0.declared") == "« Nom de domaine » (n° 1)"
    assert ENGLISH.label_of("offers.0.declared") == "“Domain name” (no. 1)"
    assert ENGLISH.label_of("unknown.place") == "unknown.place"


def test_no_text_of_a_template_is_said_in_one_language_only() -> None:
    bare = []
    for path in sorted(words.TEMPLATES.rglob("*.html")):
        text = path.read_text("utf-8")
        text = re.sub(r"\{% (comment|blocktranslate|pre)\b.*?\{% end\1 %\}", "", text, flags=re.DOTALL)
        text = re.sub(r"<pre\b.*?</pre>", "", text, flags=re.DOTALL)
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.DOTALL)
        attributes = re.findall(r'(?:aria-label|data-label|placeholder|title|alt)="([^"]*)"', text)
        said = [*re.split(r"<[^>]*>", text), *attributes]
        bare += [
            (path.name, one.strip())
            for one in said
            if re.search(r"[A-Za-zÀ-ÿ]{2}", one) and one.strip() not in _SAME and not _is_code(one.strip())
        ]
    assert bare == []


def _is_code(text: str) -> bool:
    """A file's ending, a command, a product's code: said alike in every language."""
    return bool(re.fullmatch(r"[\w./@:-]*[._/@:\d][\w./@:-]*|[A-Z0-9_-]{2,}", text))


def test_no_text_of_the_pages_code_is_said_in_one_language_only() -> None:
    """But what is recorded or written in a certificate, which is French for everybody."""
    kept = {"Personnel santé ou social", "Correction par le demandeur", "Complété au guichet"}
    kept |= {"par son titulaire", "révoquée par un collègue"}
    bare = []
    for path in sorted(words.PORTAL.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        said = _said_through_gettext(tree)
        for node in ast.walk(tree):
            said_here = node.value if isinstance(node, ast.Constant) and node not in said else None
            if isinstance(said_here, str) and is_french(said_here) and said_here not in kept:
                bare.append((path.name, said_here))
    assert bare == []


def _said_through_gettext(tree: ast.Module) -> set[ast.AST]:
    calls = {"_", "gettext", "gettext_noop", "gettext_lazy", "ngettext"}
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls
        for inner in ast.walk(node)
    }


def test_a_template_never_fails_for_a_value_that_lacks() -> None:
    assert Template((("a ", "x"),)).fill({}) == "a (non précisé)"


def test_a_catalogue_that_is_wrong_in_english_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sceau.catalogue import languages

    (tmp_path / "cards.toml").write_text('[CPS]\nno_such_key = "x"\n', encoding="utf-8")
    monkeypatch.setattr(languages, "ENGLISH_WORDS", tmp_path)
    copy = tmp_path / "data"

    shutil.copytree(FRENCH.folder, copy, ignore=shutil.ignore_patterns("communes"))
    with pytest.raises(CatalogueError, match=r"english/cards.toml.CPS.no_such_key"):
        load_catalogue(copy, language=Language.ENGLISH)
