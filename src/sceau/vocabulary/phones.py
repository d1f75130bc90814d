"""French telephone numbers, overseas included: where a person is called when something goes wrong [N413 4.3].

Decides whether a number is one of the French numbering plans and whether a person can be called there at an
ordinary price. Does not know whether anyone answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.spelling import displayed
from sceau.vocabulary.typed_text import SPACES, IdentifierMode, character_findings

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber as _Parsed

_METROPOLITAN = "33"
# Beginnings of the ten-digit numbers of overseas plans, and the code each is called under from abroad.
_OVERSEAS = {
    "0262": "262",
    "0263": "262",
    "0269": "262",
    "0639": "262",
    "0692": "262",
    "0693": "262",
    "0590": "590",
    "0690": "590",
    "0691": "590",
    "0594": "594",
    "0694": "594",
    "0596": "596",
    "0696": "596",
    "0697": "596",
    "07090": "590",
    "07091": "596",
    "07092": "262",
    "07093": "594",
    "070935": "262",
    "070936": "262",
    "070937": "262",
}
_LONGEST_BEGINNING = 6
_TEN_DIGITS = frozenset({_METROPOLITAN, *_OVERSEAS.values()})
_MIQUELON = "508"
_PACIFIC = frozenset({"681", "687", "689"})  # Wallis-et-Futuna, Nouvelle-Calédonie, Polynésie française
_SEPARATORS = re.compile(f"[{SPACES}./-]")
_DIALLED = re.compile(r"\+?[0-9]+")
_TRUNK_ZERO = re.compile(r"(?<=[0-9])\(0\)(?=[0-9])")  # +33 (0)1 53 93 32 70
_LONGEST_SHORT = 6


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A French telephone number.

    `e164` is ``+33153933270``; `national` what is dialled at home: ``0153933270``, or the six to eight digits
    of the Pacific plans, which have no ten-digit form.
    """

    e164: str
    national: str


def read_phone(
    text: object,
    *,
    subject: str = "phone",
    mode: IdentifierMode = IdentifierMode.REAL,  # noqa: ARG001  # every reader has the same signature
) -> Reading[PhoneNumber]:
    """The French number in `text` (national, ``+33`` or ``0033``), or every finding."""
    if not isinstance(text, str):
        return read_refused(Finding.error("typed.not-text", subject))
    trimmed = text.strip(SPACES)
    if not trimmed:
        return read_refused(Finding.error("typed.empty", subject))
    dialled = _SEPARATORS.sub("", trimmed)
    strange = character_findings(re.sub(r"[+()]", "", dialled), subject, letters=False)
    if strange:
        return read_refused(*strange)
    dialled = _TRUNK_ZERO.sub("", dialled)
    if re.fullmatch(r"\(\+?[0-9]+\)[0-9]+", dialled):
        dialled = dialled.replace("(", "").replace(")", "")
    if not _DIALLED.fullmatch(dialled) or not dialled.strip("0"):
        return read_refused(Finding.error("phone.shape", subject, value=displayed(trimmed)))
    if dialled.startswith("00"):
        dialled = "+" + dialled[2:]
    if dialled.startswith("+"):
        return _read_international(dialled[1:], subject)
    return _read_national(dialled, subject)


def _read_national(digits: str, subject: str) -> Reading[PhoneNumber]:
    if len(digits) <= _LONGEST_SHORT and not digits.startswith("0"):
        return read_refused(Finding.error("phone.short", subject, value=digits))
    if len(digits) != 10 or not digits.startswith("0"):
        findings = [Finding.error("phone.length", subject, found=len(digits))]
        if len(digits) == 9 and digits[0] != "0":
            findings.append(Finding.info("phone.zero-missing", subject, number="0" + digits))
        elif len(digits) == 11 and digits.startswith(_METROPOLITAN):
            findings.append(Finding.info("phone.plus-missing", subject, number="+" + digits))
        return read_refused(*findings)
    if digits.startswith("0" + _MIQUELON):
        return _judge_miquelon(digits[4:], subject)
    if digits.startswith("0708"):  # mobiles of Saint-Pierre-et-Miquelon
        return _judge_miquelon(digits[1:], subject)
    return _judge(_code_of(digits), digits, subject)


def _code_of(national: str) -> str:
    """The country code of a ten-digit number, by the longest beginning that is overseas'."""
    beginnings = (national[:length] for length in range(_LONGEST_BEGINNING, 3, -1))
    return next((_OVERSEAS[begin] for begin in beginnings if begin in _OVERSEAS), _METROPOLITAN)


def _read_international(digits: str, subject: str) -> Reading[PhoneNumber]:
    for code in _TEN_DIGITS:
        if digits.startswith(code):
            return _read_ten_digits(code, digits[len(code) :], subject)
    if digits.startswith(_MIQUELON):
        own = digits.removeprefix(_MIQUELON)
        return _judge_miquelon(own[1:] if len(own) in (7, 10) and own[0] == "0" else own, subject)
    if digits[:3] in _PACIFIC:
        return _judge_pacific(digits[:3], digits[3:], subject)
    return read_refused(Finding.error("phone.foreign", subject, value=displayed("+" + digits)))


def _read_ten_digits(code: str, rest: str, subject: str) -> Reading[PhoneNumber]:
    national = rest if rest.startswith("0") else "0" + rest
    if len(national) != 10:
        return read_refused(Finding.error("phone.length-after-code", subject, prefix=code, found=len(rest)))
    if _code_of(national) != code:
        return read_refused(Finding.error("phone.wrong-code", subject, prefix=code, number=national))
    return _judge(code, national, subject)


def _judge(code: str, national: str, subject: str) -> Reading[PhoneNumber]:
    """A ten-digit number under its country code: does it exist in its plan, what does calling it cost?"""
    from phonenumbers import is_valid_number  # late: its tables are heavy, and most questions never need them

    number = PhoneNumber(f"+{code}{national[1:]}", national)
    findings = _price_findings(national, subject)
    if not is_valid_number(_parsed(code, national[1:])) and not errors(findings):
        # Overseas blocks are opened one by one, and the library's list of them ages: a person looks.
        findings.append(
            Finding.error("phone.not-assigned", subject, number=national)
            if code == _METROPOLITAN
            else Finding.warning("phone.unknown-block", subject, number=national)
        )
    return read_refused(*findings) if errors(findings) else read_ok(number, *findings)


def _price_findings(national: str, subject: str) -> list[Finding]:
    from phonenumbers import PhoneNumberType, number_type

    if not national.startswith("08"):
        return []
    kind = number_type(_parsed(_METROPOLITAN, national[1:]))
    if kind == PhoneNumberType.PREMIUM_RATE:
        return [Finding.error("phone.premium", subject, number=national)]
    if kind == PhoneNumberType.SHARED_COST:
        return [Finding.warning("phone.shared-cost", subject, number=national)]
    return []


def _judge_miquelon(own: str, subject: str) -> Reading[PhoneNumber]:
    """Saint-Pierre-et-Miquelon: ``0508`` and six digits; for its newer mobiles a zero and nine digits."""
    from phonenumbers import is_valid_number

    national = "0" + (own if len(own) == 9 else _MIQUELON + own)
    number = PhoneNumber(f"+{_MIQUELON}{own}", national)
    if len(own) in (6, 9) and is_valid_number(_parsed(_MIQUELON, own)):
        return read_ok(number)
    return read_refused(Finding.error("phone.not-assigned", subject, number=displayed(national)))


def _judge_pacific(code: str, own: str, subject: str) -> Reading[PhoneNumber]:
    from phonenumbers import is_valid_number

    number = f"+{code}{own}"
    if not 6 <= len(own) <= 8 or not is_valid_number(_parsed(code, own)):
        return read_refused(Finding.error("phone.not-assigned", subject, number=displayed(number)))
    return read_ok(PhoneNumber(number, own), Finding.warning("phone.pacific", subject, number=number))


def _parsed(code: str, own: str) -> _Parsed:
    from phonenumbers import PhoneNumber as Parsed

    return Parsed(country_code=int(code), national_number=int(own))
