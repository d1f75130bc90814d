"""Gather what the pages say, keep the English beside it, and make the file that Django reads (`make words`).

    python tools/words.py            write the English django.po and .mo again, and the French .mo, which only
                                     says how French counts
    python tools/words.py --missing  list what has no English yet, there and in the catalogue

The French texts are the keys: those of the templates as Django compiles them, those of the pages' code as
Python parses it. Nothing else has to be installed: GNU gettext is not used.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polib

ROOT = Path(__file__).parents[1]
PORTAL = ROOT / "src" / "sceau" / "portal"
TEMPLATES = PORTAL / "templates"
PO = PORTAL / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
FRENCH_MO = PORTAL / "locale" / "fr" / "LC_MESSAGES" / "django.mo"
CATALOGUE = ROOT / "src" / "sceau" / "catalogue"
_IN_FILTER = re.compile(r"_\(\"((?:[^\"\\]|\\.)*)\"\)")
_CALLS = {"_": 1, "gettext": 1, "gettext_noop": 1, "gettext_lazy": 1, "ngettext": 2}


@dataclass(slots=True)
class Message:
    """One French text, its plural if it has one, and where it stands."""

    french: str
    plural: str = ""
    places: list[str] = field(default_factory=list)


def messages() -> dict[str, Message]:
    """Every text of the pages that is to be translated, by its French."""
    found: dict[str, Message] = {}
    for french, plural, place in [*_of_templates(), *_of_python()]:
        one = found.setdefault(french, Message(french, plural))
        one.plural = one.plural or plural
        if place not in one.places:
            one.places.append(place)
    return found


def _of_templates() -> Iterator[tuple[str, str, str]]:
    _start_django()
    from django.template import engines

    engine: Any = engines["django"]
    for path in sorted([*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]):
        place = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        for node in _nodes(engine.from_string(text).template.nodelist):
            for french, plural in _of_node(node):
                yield french, plural, place
        for match in _IN_FILTER.finditer(text):
            yield match[1], "", place


def _nodes(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        yield node
        for name in getattr(node, "child_nodelists", ()):
            yield from _nodes(getattr(node, name, None) or ())
        if hasattr(node, "conditions_nodelists"):
            for _, inner in node.conditions_nodelists:
                yield from _nodes(inner)


def _of_node(node: Any) -> Iterator[tuple[str, str]]:
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    if isinstance(node, TranslateNode):
        said = node.filter_expression.var
        if getattr(said, "literal", None) is not None and isinstance(said.literal, str):
            yield str(said.literal).replace("%", "%%"), ""
    elif isinstance(node, BlockTranslateNode):
        singular, _ = node.render_token_list(node.singular)
        plural = node.render_token_list(node.plural)[0] if node.plural else ""
        yield singular, plural


def _of_python() -> Iterator[tuple[str, str, str]]:
    for path in sorted(PORTAL.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            count = _CALLS.get(node.func.id, 0)
            said = [one.value for one in node.args[:count] if isinstance(one, ast.Constant)]
            texts = [one for one in said if isinstance(one, str)]
            if count and len(texts) == count:
                yield texts[0], texts[1] if count > 1 else "", place


def _start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sceau.site.settings")
    import django

    django.setup()


def written() -> polib.POFile:
    """The English there is."""
    return polib.pofile(str(PO), wrapwidth=100) if PO.is_file() else polib.POFile(wrapwidth=100)


def gathered(before: polib.POFile) -> polib.POFile:
    """A file of every text of today, with the English that `before` had for it."""
    english = {entry.msgid: entry for entry in before if not entry.obsolete}
    after = polib.POFile(wrapwidth=100)
    after.metadata = {
        "Project-Id-Version": "sceau",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for french, message in sorted(messages().items()):
        entry = polib.POEntry(msgid=french, occurrences=[(place, "") for place in message.places])
        kept = english.get(french)
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = dict(kept.msgstr_plural) if kept and kept.msgstr_plural else {0: "", 1: ""}
        else:
            entry.msgstr = kept.msgstr if kept else ""
        after.append(entry)
    return after


def french_counts(po: polib.POFile) -> bytes:
    """The French file: each text that counts as it stands, for « 0 certificat » is singular in French, and
    gettext without a file counts as English does.
    """
    after = polib.POFile()
    after.metadata = {**po.metadata, "Language": "fr", "Plural-Forms": "nplurals=2; plural=(n > 1);"}
    for one in po:
        if one.msgid_plural:
            said = {0: one.msgid, 1: one.msgid_plural}
            after.append(polib.POEntry(msgid=one.msgid, msgid_plural=one.msgid_plural, msgstr_plural=said))
    return bytes(after.to_binary())


def untranslated(po: polib.POFile) -> list[polib.POEntry]:
    """The entries without English, or with half of it."""
    return [
        entry
        for entry in po
        if not (all(entry.msgstr_plural.values()) if entry.msgid_plural else entry.msgstr)
    ]


def catalogue_missing() -> list[tuple[str, str]]:
    """The catalogue's texts that people read and that have no English twin: place and French."""
    from sceau.catalogue.languages import is_word

    found = []
    for path in sorted((CATALOGUE / "data").rglob("*.toml")):
        name = path.relative_to(CATALOGUE / "data").as_posix()
        twin = CATALOGUE / "english" / name
        words = tomllib.loads(twin.read_text(encoding="utf-8")) if twin.is_file() else {}
        french = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [(f"{name}{place}", text) for place, text in _without_twin(name, french, words)]
    return [(place, text) for place, text in found if is_word(*_split(place))]


def _split(place: str) -> tuple[str, str]:
    name, _, path = place.partition(".toml")
    return f"{name}.toml", path


def _without_twin(name: str, french: Any, words: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(french, dict):
        for key, value in french.items():
            twin = words.get(key) if isinstance(words, dict) else None
            yield from _without_twin(name, value, twin, f"{path}/{key}")
    elif isinstance(french, list):
        for index, value in enumerate(french):
            twin = words[index] if isinstance(words, list) and index < len(words) else None
            yield from _without_twin(name, value, twin, f"{path}/{index}")
    elif isinstance(french, str) and french and not isinstance(words, str):
        yield path, french


def main() -> int:
    """Exit status: with `--missing`, whether anything is."""
    asked = argparse.ArgumentParser(description="Gather the pages' texts and compile their English.")
    asked.add_argument("--missing", action="store_true", help="list what has no English; change nothing")
    answer = asked.parse_args()
    po = gathered(written())
    if answer.missing:
        lines = [f"page: {entry.msgid}" for entry in untranslated(po)]
        lines += [f"catalogue: {place}: {text}" for place, text in catalogue_missing()]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return 1 if lines else 0
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_text(str(po), encoding="utf-8")
    MO.write_bytes(po.to_binary())
    FRENCH_MO.parent.mkdir(parents=True, exist_ok=True)
    FRENCH_MO.write_bytes(french_counts(po))
    sys.stdout.write(f"{len(po)} texts, {len(untranslated(po))} without English\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
