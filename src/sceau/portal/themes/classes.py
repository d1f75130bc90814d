"""From our vocabulary of classes to the French State's design system (DSFR 1.14): one map, over any template.

Works on a template's source. What stands between braces is left alone: a class that depends on a condition is
mapped where it is written, inside the condition. What is translated is left alone too, for it is found by its
exact text: our style sheet for this theme draws the few classes that stand there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.conf import settings

_BRACED = r"\{%.*?%\}|\{\{.*?\}\}"
_BRACES = re.compile(f"({_BRACED})", re.DOTALL)
_SAID = re.compile(
    r"(\{% (?:blocktranslate|comment)\b.*?\{% end(?:blocktranslate|comment) %\})",
    re.DOTALL,
)
_ELEMENT = re.compile(
    rf"<(?P<name>[a-z][a-z0-9]*)\b(?P<rest>(?:{_BRACED}|\"(?:{_BRACED}|[^\"])*\"|[^>\"])*)>", re.DOTALL
)
_CLASS = re.compile(rf"\bclass=\"(?P<words>(?:{_BRACED}|[^\"])*)\"", re.DOTALL)
_KIND = re.compile(r"\btype=\"([^\"]*)\"")
_WORD = re.compile(r"[a-z][\w-]*")
_PICK = re.compile(r"(<div class=\"pick)(\">\s*<input type=\"((?:\{%.*?%\}|[a-z])+)\")")

_CLASSES = {
    "lead": "fr-text--lead",
    "hint": "fr-hint-text",
    "unseen": "fr-sr-only",
    "note": "fr-alert",
    "tag": "fr-badge fr-badge--no-icon",
    "field": "fr-input-group",
    "error": "fr-error-text",
    "button": "fr-btn",
    "small": "fr-btn--sm",
    "quiet": "fr-btn--secondary",
}
_TONES = {
    "note": {"bad": "fr-alert--error", "warn": "fr-alert--warning", "good": "fr-alert--success"},
    "tag": {"bad": "fr-badge--error", "warn": "fr-badge--warning", "good": "fr-badge--success"},
    "field": {"wrong": "fr-input-group--error"},
}
_ELEMENTS = {"button": "fr-btn", "select": "fr-select", "textarea": "fr-input", "label": "fr-label"}
_TYPED = frozenset(
    {"text", "email", "tel", "date", "password", "search", "number", "time", "{{ field.kind }}"}
)


def dressed(source: str) -> str:
    """A template's source with the design system's classes beside ours."""
    pieces = _SAID.split(source)
    return "".join(piece if _SAID.fullmatch(piece) else _dressed(piece) for piece in pieces)


def tag_classes(tone: str) -> str:
    """The classes of a state's tag of that tone, under the theme in force."""
    words = f"tag {tone}".rstrip()
    return _mapped(words) if settings.SCEAU_THEME == "dsfr" else words


def _dressed(source: str) -> str:
    source = _PICK.sub(r"\1 fr-\3-group\2", source)
    return _ELEMENT.sub(_element, source)


def _element(found: re.Match[str]) -> str:
    name, rest = found["name"], found["rest"]
    given = _CLASS.search(rest)
    words = given["words"] if given else ""
    classes = " ".join(one for one in (_mapped(words), _of_element(name, rest)) if one)
    if not classes or classes == words:
        return found[0]
    if given is None:
        return f'<{name} class="{classes}"{rest}>'
    return f'<{name}{rest[: given.start()]}class="{classes}"{rest[given.end() :]}>'


def _of_element(name: str, rest: str) -> str:
    if name != "input":
        return _ELEMENTS.get(name, "")
    kind = _KIND.search(rest)
    if kind is None:
        return ""
    return "fr-upload" if kind[1] == "file" else "fr-input" if kind[1] in _TYPED else ""


def _mapped(words: str) -> str:
    plain = set(_WORD.findall(_BRACES.sub(" ", words)))
    tones = {tone: added for one in plain & _TONES.keys() for tone, added in _TONES[one].items()}
    known = {**_CLASSES, **tones}

    def beside(found: re.Match[str]) -> str:
        return f"{found[0]} {known[found[0]]}" if found[0] in known else found[0]

    return "".join(
        _told_later(piece, tones) if _BRACES.fullmatch(piece) else _WORD.sub(beside, piece)
        for piece in _BRACES.split(words)
    )


def _told_later(braced: str, tones: Mapping[str, str]) -> str:
    """A tone that the page only knows when it is shown (``note {{ tone }}``): the same map, asked then."""
    if not tones or not braced.startswith("{{"):
        return braced
    value = braced.strip("{} ")
    cases = (f'{{% if {value} == "{tone}" %}} {added}{{% endif %}}' for tone, added in tones.items())
    return braced + "".join(cases)
