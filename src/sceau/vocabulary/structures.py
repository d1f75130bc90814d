"""The numbers of structures: SIREN, SIRET and FINESS [IGC-SANTE 4.1].

Decides whether a number is well formed and its key right. Does not know whether the structure exists, nor,
for a FINESS, whether it is legal or geographic: both look alike, the kind comes from a register or a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum import luhn

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.professionals import rpps_rang_key_holds
from sceau.vocabulary.typed_text import IdentifierMode, as_typed, is_number, require_shape

LA_POSTE = "356000000"
_NO_SIREN = "000000000"
_NINE_DIGITS = re.compile(r"[0-9]{9}")
_FOURTEEN_DIGITS = re.compile(r"[0-9]{14}")
_FINESS_REAL = re.compile(r"[0-9]{9}|2[AB][0-9]{7}")
_FINESS_TEST = re.compile(r"[0-9]{9}|[0-9][AB][0-9]{7}")
_FINESS_DEPARTMENTS = frozenset(
    [f"{number:02d}" for number in range(1, 96) if number != 20] + ["2A", "2B", "97", "98"]
)
_SUBSTITUTED = str.maketrans("AB", "12")  # decision 11


@dataclass(frozen=True, slots=True)
class Siren:
    """Number of an enterprise in the SIRENE register: 9 digits, the last a Luhn key."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_NINE_DIGITS, self.text)


@dataclass(frozen=True, slots=True)
class Siret:
    """Number of an establishment: SIREN, 4 digits of order and a key over the 14 [N413 1]."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_FOURTEEN_DIGITS, self.text)

    @property
    def siren(self) -> Siren:
        """The enterprise this establishment belongs to."""
        return Siren(self.text[:9])


@dataclass(frozen=True, slots=True)
class Finess:
    """Number of a legal entity or of a site in the FINESS register: 9 characters [N413 1]."""

    text: str

    def __post_init__(self) -> None:
        require_shape(_FINESS_TEST, self.text)


def read_siren(
    text: object,
    *,
    subject: str = "siren",
    mode: IdentifierMode = IdentifierMode.REAL,  # noqa: ARG001  # every reader has the same signature
) -> Reading[Siren]:
    """The SIREN in `text`, or every finding. Nine zeros are refused in both modes."""
    typed = as_typed(text, subject)
    findings = list(typed.findings)
    if typed.wrong_length(9):
        findings.append(Finding.error("siren.length", subject, found=len(typed.text)))
        findings.extend(_other_than_siren(typed.text, subject))
    elif typed.clean and typed.text == _NO_SIREN:
        findings.append(Finding.error("siren.all-zero", subject))
    elif typed.clean and not luhn.is_valid(typed.text):
        findings.append(Finding.error("siren.check-digit", subject, value=typed.text))
    return read_refused(*findings) if errors(findings) else read_ok(Siren(typed.text))


def read_siret(
    text: object, *, subject: str = "siret", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[Siret]:
    """The SIRET in `text`, or every finding. Test mode accepts the dummy SIREN 000000000 of the test data."""
    typed = as_typed(text, subject)
    findings = list(typed.findings)
    if typed.wrong_length(14):
        findings.append(Finding.error("siret.length", subject, found=len(typed.text)))
        findings.extend(_other_than_siret(typed.text, subject))
    elif typed.clean and set(typed.text) == {"0"}:
        findings.append(Finding.error("siret.all-zero", subject))
    elif typed.clean:
        findings.extend(_siret_findings(typed.text, subject, mode))
    return read_refused(*findings) if errors(findings) else read_ok(Siret(typed.text))


def read_finess(
    text: object, *, subject: str = "finess", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[Finess]:
    """The FINESS in `text`, or every finding.

    Corsica (2A, 2B) counts A as 1 and B as 2, and a key that does not match warns only (decision 11); so do
    the lettered numbers of test data (0B…, 1B…), which test mode alone accepts.
    """
    typed = as_typed(text, subject, letters=True)
    findings = list(typed.findings)
    if typed.wrong_length(9):
        findings.append(Finding.error("finess.length", subject, found=len(typed.text)))
        findings.extend(_other_than_finess(typed.text, subject))
    elif typed.clean and set(typed.text) == {"0"}:
        findings.append(Finding.error("finess.all-zero", subject))
    elif typed.clean:
        findings.extend(_finess_findings(typed.text, subject, mode))
    return read_refused(*findings) if errors(findings) else read_ok(Finess(typed.text), *findings)


def siret_key_holds(text: str) -> bool:
    """Whether 14 digits have a right key: Luhn, or for La Poste a plain sum that is a multiple of 5."""
    if luhn.is_valid(text):
        return True
    return text.startswith(LA_POSTE) and sum(map(int, text)) % 5 == 0


def _siret_findings(text: str, subject: str, mode: IdentifierMode) -> list[Finding]:
    findings = []
    if not siret_key_holds(text):
        findings.append(Finding.error("siret.check-digit", subject, value=text))
    if not luhn.is_valid(text[:9]):
        findings.append(Finding.error("siret.siren-check-digit", subject, siren=text[:9]))
    elif text[:9] == _NO_SIREN and mode is IdentifierMode.REAL:
        findings.append(Finding.error("siret.test-identifier", subject, value=text))
    if text[9:13] == "0000":
        findings.append(Finding.error("siret.no-establishment", subject, siren=text[:9]))
    if findings and rpps_rang_key_holds(text):
        findings.append(Finding.info("siret.looks-like-rpps-rang", subject))
    return findings


def _finess_findings(text: str, subject: str, mode: IdentifierMode) -> list[Finding]:
    lettered = not text.isdigit()
    if not (_FINESS_REAL if mode is IdentifierMode.REAL else _FINESS_TEST).fullmatch(text):
        if _FINESS_TEST.fullmatch(text):
            return [Finding.error("finess.test-identifier", subject, value=text)]
        return [Finding.error("finess.letters", subject, value=text)]
    findings = []
    if text[:2] not in _FINESS_DEPARTMENTS and not lettered:
        findings.append(Finding.error("finess.department", subject, department=text[:2]))
    if not luhn.is_valid(text.translate(_SUBSTITUTED)):
        findings.append(
            Finding.warning("finess.lettered-check-digit", subject, value=text)
            if lettered
            else Finding.error("finess.check-digit", subject, value=text)
        )
    if text[2] != "0":
        findings.append(Finding.warning("finess.third-position", subject, value=text, found=text[2]))
    return findings


def _other_than_siren(text: str, subject: str) -> list[Finding]:
    if _is_siret(text):
        return [Finding.info("siren.looks-like-siret", subject, siren=text[:9])]
    if text.startswith("2") and _is_siren(text[1:]):
        return [Finding.info("siren.looks-like-structure-id", subject, siren=text[1:])]
    return []


def _other_than_siret(text: str, subject: str) -> list[Finding]:
    findings = []
    if _is_finess(text):
        findings.append(Finding.info("siret.looks-like-finess", subject))
    if _is_siren(text):
        findings.append(Finding.info("siret.looks-like-siren", subject))
    if text.startswith("3") and _is_siret(text[1:]):
        findings.append(Finding.info("siret.looks-like-structure-id", subject, siret=text[1:]))
    return findings


def _other_than_finess(text: str, subject: str) -> list[Finding]:
    if _is_siret(text):
        return [Finding.info("finess.looks-like-siret", subject)]
    if text.startswith("1") and _is_finess(text[1:]):
        return [Finding.info("finess.looks-like-structure-id", subject, finess=text[1:])]
    return []


def _is_siren(text: str) -> bool:
    return is_number(text, 9) and text != _NO_SIREN and bool(luhn.is_valid(text))


def _is_siret(text: str) -> bool:
    return is_number(text, 14) and _is_siren(text[:9]) and siret_key_holds(text)


def _is_finess(text: str) -> bool:
    plain = text.translate(_SUBSTITUTED)
    return bool(_FINESS_REAL.fullmatch(text)) and text[2] == "0" and bool(luhn.is_valid(plain))
