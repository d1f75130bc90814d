"""The numbers of health professionals, of their practices and of their cards [IGC-SANTE 3.1, 4.1].

Decides whether a number is well formed and its key right. Does not know whether the professional exists or
practises, nor whether a card is in force: that is asked of registers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum import luhn

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.typed_text import IdentifierMode, as_typed, is_number, require_shape

_TEN_DIGITS = re.compile(r"[0-9]{10}")
_ELEVEN_DIGITS = re.compile(r"[0-9]{11}")
_FOURTEEN_DIGITS = re.compile(r"[0-9]{14}")
# Overseas ADELI numbers begin with 9A to 9F; those of test data have a letter after any digit (0B…, 1B…).
_ADELI_REAL = re.compile(r"[0-9]{9}|2[AB][0-9]{7}|9[A-F][0-9]{7}")
_ADELI_TEST = re.compile(r"[0-9]{9}|[0-9][A-Z][0-9]{7}")
_ADELI_RANG = re.compile(rf"(?:{_ADELI_TEST.pattern})[0-9]{{2}}")
_CARD_ISSUER = "8025000001"  # stands before the card number in the card's own token identifier


@dataclass(frozen=True, slots=True)
class Rpps:
    """Number of a professional in the RPPS register: 11 digits, the last a Luhn key."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_ELEVEN_DIGITS, self.text)


@dataclass(frozen=True, slots=True)
class RppsRang:
    """Number of a practice: RPPS of its holder, 2 digits of rank and a Luhn key over the 14."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_FOURTEEN_DIGITS, self.text)

    @property
    def rpps(self) -> Rpps:
        """The professional this practice belongs to."""
        return Rpps(self.text[:11])


@dataclass(frozen=True, slots=True)
class Adeli:
    """Number in the ADELI register, being absorbed by RPPS: 9 characters, no key."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_ADELI_TEST, self.text)


@dataclass(frozen=True, slots=True)
class AdeliRang:
    """Number of a practice in ADELI: ADELI number of its holder and 2 digits of rank, no key."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_ADELI_RANG, self.text)


@dataclass(frozen=True, slots=True)
class CardNumber:
    """Number printed on the third line of a card, under the name: 10 digits, no key [N413 4.3]."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_TEN_DIGITS, self.text)


def read_rpps(
    text: object,
    *,
    subject: str = "rpps",
    mode: IdentifierMode = IdentifierMode.REAL,  # noqa: ARG001  # every reader has the same signature
) -> Reading[Rpps]:
    """The RPPS number in `text`, or every finding."""
    typed = as_typed(text, subject)
    findings = list(typed.findings)
    if typed.wrong_length(11):
        findings.append(Finding.error("rpps.length", subject, found=len(typed.text)))
        findings.extend(_other_than_rpps(typed.text, subject))
    elif typed.clean and set(typed.text) == {"0"}:
        findings.append(Finding.error("rpps.all-zero", subject))
    elif typed.clean and not luhn.is_valid(typed.text):
        findings.append(Finding.error("rpps.check-digit", subject, value=typed.text))
    return read_refused(*findings) if errors(findings) else read_ok(Rpps(typed.text))


def read_rpps_rang(
    text: object,
    *,
    subject: str = "rpps-rang",
    mode: IdentifierMode = IdentifierMode.REAL,  # noqa: ARG001  # every reader has the same signature
) -> Reading[RppsRang]:
    """The number of a practice in `text`, or every finding: its own key and that of its holder's RPPS."""
    typed = as_typed(text, subject)
    findings = list(typed.findings)
    if typed.wrong_length(14):
        findings.append(Finding.error("rpps-rang.length", subject, found=len(typed.text)))
        findings.extend(_other_than_rpps_rang(typed.text, subject))
    elif typed.clean and set(typed.text[:11]) == {"0"}:
        findings.append(Finding.error("rpps-rang.all-zero", subject))
    elif typed.clean:
        findings.extend(_rpps_rang_findings(typed.text, subject))
    return read_refused(*findings) if errors(findings) else read_ok(RppsRang(typed.text))


def read_adeli(
    text: object, *, subject: str = "adeli", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[Adeli]:
    """The ADELI number in `text`, or every finding. No key is known; only its shape is checked."""
    typed = as_typed(text, subject, letters=True)
    findings = list(typed.findings)
    if typed.wrong_length(9):
        findings.append(Finding.error("adeli.length", subject, found=len(typed.text)))
        if _is_rpps(typed.text):
            findings.append(Finding.info("adeli.looks-like-rpps", subject))
    elif typed.clean:
        findings.extend(_adeli_findings(typed.text, subject, mode))
    return read_refused(*findings) if errors(findings) else read_ok(Adeli(typed.text))


def read_adeli_rang(
    text: object, *, subject: str = "adeli-rang", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[AdeliRang]:
    """The number of an ADELI practice in `text`, or every finding."""
    typed = as_typed(text, subject, letters=True)
    findings = list(typed.findings)
    if typed.wrong_length(11):
        findings.append(Finding.error("adeli-rang.length", subject, found=len(typed.text)))
    elif typed.clean:
        findings.extend(_adeli_findings(typed.text[:9], subject, mode))
        if not is_number(typed.text[9:], 2):
            findings.append(Finding.error("adeli-rang.rank", subject, found=typed.text[9:]))
    return read_refused(*findings) if errors(findings) else read_ok(AdeliRang(typed.text))


def read_card_number(
    text: object,
    *,
    subject: str = "card",
    mode: IdentifierMode = IdentifierMode.REAL,  # noqa: ARG001  # every reader has the same signature
) -> Reading[CardNumber]:
    """The number printed on a card, or every finding, with a word for the numbers people take for it."""
    typed = as_typed(text, subject)
    findings = list(typed.findings)
    if typed.wrong_length(10):
        findings.append(Finding.error("card-number.length", subject, found=len(typed.text)))
        findings.extend(_other_than_card(typed.text, subject))
    elif typed.clean and set(typed.text) == {"0"}:
        findings.append(Finding.error("card-number.all-zero", subject))
    elif typed.clean and typed.text == _CARD_ISSUER:
        findings.append(Finding.error("card-number.issuer-number", subject))
    return read_refused(*findings) if errors(findings) else read_ok(CardNumber(typed.text))


def rpps_rang_key_holds(text: str) -> bool:
    """Whether 14 digits have both keys of a practice: the RPPS's and their own."""
    return bool(luhn.is_valid(text)) and bool(luhn.is_valid(text[:11]))


def _rpps_rang_findings(text: str, subject: str) -> list[Finding]:
    findings = []
    if not luhn.is_valid(text):
        findings.append(Finding.error("rpps-rang.check-digit", subject, value=text))
    if not luhn.is_valid(text[:11]):
        findings.append(Finding.error("rpps-rang.rpps-check-digit", subject, rpps=text[:11]))
    return findings


def _adeli_findings(text: str, subject: str, mode: IdentifierMode) -> list[Finding]:
    if set(text) == {"0"}:
        return [Finding.error("adeli.all-zero", subject)]
    if (_ADELI_REAL if mode is IdentifierMode.REAL else _ADELI_TEST).fullmatch(text):
        return []
    if _ADELI_TEST.fullmatch(text):
        return [Finding.error("adeli.test-identifier", subject, value=text)]
    return [Finding.error("adeli.letters", subject, value=text)]


def _other_than_rpps(text: str, subject: str) -> list[Finding]:
    if _is_national_id(text):
        return [Finding.info("rpps.looks-like-national-id", subject, rpps=text[1:])]
    if is_number(text, 10):
        return [Finding.info("rpps.looks-like-card-number", subject)]
    if is_number(text, 14) and rpps_rang_key_holds(text):
        return [Finding.info("rpps.looks-like-rpps-rang", subject, rpps=text[:11])]
    return []


def _other_than_rpps_rang(text: str, subject: str) -> list[Finding]:
    if _is_rpps(text):
        return [Finding.info("rpps-rang.looks-like-rpps", subject)]
    if text.startswith("4") and is_number(text, 15) and rpps_rang_key_holds(text[1:]):
        return [Finding.info("rpps-rang.looks-like-structure-id", subject, number=text[1:])]
    return []


def _other_than_card(text: str, subject: str) -> list[Finding]:
    if _is_national_id(text):
        return [Finding.info("card-number.looks-like-national-id", subject)]
    if _is_rpps(text):
        return [Finding.info("card-number.looks-like-rpps", subject)]
    if text.startswith(_CARD_ISSUER):
        return [Finding.info("card-number.looks-like-token-id", subject)]
    return []


def _is_rpps(text: str) -> bool:
    return is_number(text, 11) and set(text) != {"0"} and bool(luhn.is_valid(text))


def _is_national_id(text: str) -> bool:
    return text.startswith("8") and _is_rpps(text[1:])
