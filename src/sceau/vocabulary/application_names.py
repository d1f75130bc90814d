"""Application names: the common name of an ORG certificate, chosen by the administrator [decision 13].

Decides the shape: 1 to 64 characters, letters of the Latin alphabet (accents too), digits, space and ``. _
- '``. A name shaped like a host name is text all the same and never becomes a SAN.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.spelling import characters_named, displayed, is_control, is_space

MAX_APPLICATION_NAME = 64  # ub-common-name [RFC 5280 appendix A]
_MARKS = frozenset("._-' ")
_IMPOSED = ("INSI-AUTO", "INSI-MANU")  # read letter by letter by the INSi teleservice [IGC-SANTE 6]
_LOOK_ALIKE = str.maketrans({"0": "O", "1": "I", "L": "I", "|": "I", "5": "S", "4": "A", "Ø": "O", "ı": "I"})


@dataclass(frozen=True, slots=True)
class ApplicationName:
    """The name of an application, as it will stand in CN. Made by `read_application_name`."""

    text: str

    def __post_init__(self) -> None:
        if errors(_check(self.text, self.text)):
            raise ValueError(f"not an application name: {self.text!r}")

    def __str__(self) -> str:
        return self.text


def read_application_name(text: str, *, subject: str | None = None) -> Reading[ApplicationName]:
    """The application name in `text`, kept exactly as written, or every finding."""
    about = subject or displayed(text)
    found = _check(text, about)
    if errors(found):
        return read_refused(*found)
    return read_ok(ApplicationName(text), *found, *_remarks(text, about))


def _check(text: str, about: str) -> tuple[Finding, ...]:
    if not text:
        return (Finding.error("application.empty", about),)
    if len(text) > MAX_APPLICATION_NAME:
        return (Finding.error("application.too-long", about, length=len(text)),)
    found: list[Finding] = []
    if not unicodedata.is_normalized("NFC", text):
        found.append(Finding.error("application.not-composed", about))
    if any(is_control(char) for char in text):
        found.append(
            Finding.error("application.control", about, characters=characters_named(text, is_control))
        )
    if text != text.strip(" ") or "  " in text:
        found.append(Finding.error("application.spaces", about))
    others = characters_named(text, _is_other)
    if others:
        found.append(Finding.error("application.character", about, characters=others))
    return tuple(found)


def _is_other(char: str) -> bool:
    return not (is_control(char) or char in _MARKS or _is_digit(char) or _is_latin_letter(char))


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdigit()


def _is_latin_letter(char: str) -> bool:
    """A letter of a European Latin alphabet: no ligature of typography, no full width, no other alphabet."""
    if char.isascii():
        return char.isalpha()
    if not char.isalpha() or unicodedata.normalize("NFKC", char) != char:
        return False
    return "\u00c0" <= char <= "\u017f" or unicodedata.normalize("NFD", char)[0].isascii()


def _remarks(text: str, about: str) -> tuple[Finding, ...]:
    found: list[Finding] = []
    imposed = _imposed_look_alike(text)
    if imposed:
        found.append(Finding.warning("application.look-alike", about, imposed=imposed))
    if not any(char.isalnum() for char in text):
        found.append(Finding.warning("application.no-letter", about))
    if "." in text.strip(".") and not any(is_space(char) for char in text):
        found.append(Finding.info("application.host-shaped", about))
    return tuple(found)


def _imposed_look_alike(text: str) -> str:
    """The imposed name that `text` could be taken for, or nothing when it is that name or none of them."""
    if text in _IMPOSED:
        return ""
    bare = _skeleton(text)
    return next((name for name in _IMPOSED if _skeleton(name) == bare), "")


def _skeleton(text: str) -> str:
    """Upper case, accents, dashes, dots and spaces off, digits as the letters they imitate."""
    letters = unicodedata.normalize("NFD", text.upper())
    kept = "".join(char for char in letters if char.isalnum())
    return kept.translate(_LOOK_ALIKE)
