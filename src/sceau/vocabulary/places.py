"""Where a structure stands: the French postcode and the name of its commune [N413 1].

Decides the shape, and whether a department can have such a code. Whether the code exists and which communes
it serves is said by the table of communes in `catalogue`, which warns and never refuses (decision 11).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.typed_text import (
    SPACES,
    IdentifierMode,
    as_typed,
    listed,
    require_shape,
    unseen_findings,
)

_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_LONGEST_COMMUNE = 100  # the longest French one has 45 characters
_OVERSEAS = frozenset({"971", "972", "973", "974", "975", "976", "977", "978"})
_PACIFIC_AND_SOUTH = frozenset({"984", "986", "987", "988"})
_MONACO = "980"
# By the third digit of 20xxx; the others are CEDEX codes of either department: only the commune tells which.
_CORSICA = {"0": "2A", "1": "2A", "2": "2B", "6": "2B"}
_PUNCTUATION = frozenset(" '’-./(),")
_CORSICAN_COMMUNE_CODE = re.compile(r"2[AB][0-9]{3}")


@dataclass(frozen=True, slots=True)
class Postcode:
    """A French postcode: 5 digits, in a range that French departments, territories or Monaco have."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_FIVE_DIGITS, self.text)

    @property
    def department(self) -> str | None:
        """Code of the department that the digits name (``69``, ``2A``, ``974``).

        None when they name none: Monaco, and CEDEX codes of Corsica. A few codes serve a commune of the next
        department: where the commune is known, ask the table of communes instead.
        """
        if self.text.startswith("20"):
            return _CORSICA.get(self.text[2])
        if self.text.startswith(_MONACO):
            return None
        return self.text[:3] if self.text[:2] in ("97", "98") else self.text[:2]


def read_postcode(
    text: object,
    *,
    subject: str = "postcode",
    mode: IdentifierMode = IdentifierMode.REAL,  # noqa: ARG001  # every reader has the same signature
) -> Reading[Postcode]:
    """The postcode in `text`, or every finding."""
    corsican = isinstance(text, str) and _CORSICAN_COMMUNE_CODE.fullmatch(text.strip(SPACES).upper())
    if corsican:
        return read_refused(Finding.error("postcode.corsican-commune-code", subject, value=corsican[0]))
    typed = as_typed(text, subject)
    findings = list(typed.findings)
    if typed.wrong_length(5):
        findings.append(Finding.error("postcode.length", subject, found=len(typed.text)))
        if typed.clean and len(typed.text) == 4:
            findings.append(Finding.info("postcode.zero-missing", subject, value="0" + typed.text))
    elif typed.clean and not _has_territory(typed.text):
        findings.append(Finding.error("postcode.no-department", subject, value=typed.text))
    elif typed.clean and typed.text.startswith(_MONACO):
        findings.append(Finding.warning("postcode.monaco", subject, value=typed.text))
    return read_refused(*findings) if errors(findings) else read_ok(Postcode(typed.text), *findings)


def read_commune(text: object, *, subject: str = "commune") -> Reading[str]:
    """The name of a commune as typed, its edges trimmed, or every finding: letters a French name can have.

    Whether there is such a commune is not decided here.
    """
    if not isinstance(text, str):
        return read_refused(Finding.error("typed.not-text", subject))
    name = unicodedata.normalize("NFC", text.strip(SPACES))
    if not name:
        return read_refused(Finding.error("typed.empty", subject))
    findings = []
    if len(name) > _LONGEST_COMMUNE:
        findings.append(Finding.error("commune.too-long", subject, found=len(name)))
    unseen = unseen_findings(name, subject)
    strange = [char for char in dict.fromkeys(name) if not unseen_findings(char, "") and not _in_a_name(char)]
    findings.extend(unseen)
    if strange:
        findings.append(Finding.error("commune.character", subject, characters=listed(strange)))
    return read_refused(*findings) if findings else read_ok(name)


def _has_territory(text: str) -> bool:
    if text[:2] == "97":
        return text[:3] in _OVERSEAS
    if text[:2] == "98":
        return text[:3] in _PACIFIC_AND_SOUTH or text[:3] == _MONACO
    return "01" <= text[:2] <= "95"


def _in_a_name(character: str) -> bool:
    if character in _PUNCTUATION or character in SPACES:
        return True
    if character.isascii():
        return character.isalnum()
    return unicodedata.name(character, "").startswith("LATIN ") and character.isalpha()
