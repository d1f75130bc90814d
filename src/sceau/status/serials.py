"""A serial number in any spelling a person copies it in, read into the one number it can be.

OpenSSL prints `serial=1D5DE2…`, a browser `1d:5d:e2…`, a mail client spaces, a database perhaps decimal.
Digits alone can be hexadecimal or decimal and nothing in the text tells which: both are candidates, and the
one that an issuer really gave is meant. When both were given, nobody guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sceau.vocabulary import Finding, Reading, read_ok, read_refused

_PREFIX = re.compile(r"(?:serial(?:\s*number)?|num[ée]ro(?:\s+de\s+s[ée]rie)?|n°)\s*[:=]?\s*", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s:.\-\u00a0\u202f\u2009]+")
_LARGEST = (1 << 160) - 1
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class SerialCandidates:
    """What a text can mean, likeliest first; one number unless it is digits only. `text` is as it was
    typed.
    """

    text: str
    numbers: tuple[int, ...]


def spell_serial(serial: int) -> str:
    """The one spelling we print: hexadecimal, upper case, whole octets."""
    text = f"{serial:X}"
    return text if len(text) % 2 == 0 else "0" + text


def read_serial(text: str, *, subject: str = "serial") -> Reading[SerialCandidates]:
    """What `text` can mean: hexadecimal (with 0x, colons, spaces, dashes, any case, leading zeros) or
    decimal.

    Refuses, with `serial.empty`, `serial.unreadable`, `serial.negative` or `serial.out-of-range`, what can
    be no serial of ours: 1 to 20 octets, positive [RFC 5280 §4.1.2.2].
    """
    if len(text) > _LONGEST:
        return read_refused(Finding.error("serial.out-of-range", subject))
    bare = _PREFIX.sub("", text.strip(), count=1) if _PREFIX.match(text.strip()) else text.strip()
    if bare.startswith(("-", "\u2212")):
        return read_refused(Finding.error("serial.negative", subject, text=text.strip()))
    marked = bare[:2].lower() == "0x" or ":" in bare
    digits = _SEPARATORS.sub("", bare[2:] if bare[:2].lower() == "0x" else bare)
    if not digits:
        return read_refused(Finding.error("serial.empty", subject))
    if not _HEX.fullmatch(digits):
        return read_refused(Finding.error("serial.unreadable", subject, text=text.strip()))
    meanings = [int(digits, 16)]
    if digits.isdecimal() and not marked:
        meanings.append(int(digits))
    numbers = tuple(dict.fromkeys(number for number in meanings if 0 < number <= _LARGEST))
    if not numbers:
        return read_refused(Finding.error("serial.out-of-range", subject))
    return read_ok(SerialCandidates(text.strip(), numbers))


def choose_serial(
    candidates: SerialCandidates, is_known: Callable[[int], bool], *, subject: str = "serial"
) -> Reading[int]:
    """The one candidate that was really given. `serial.unknown` if none was, `serial.ambiguous` if both
    were.
    """
    known = [number for number in candidates.numbers if is_known(number)]
    if not known:
        return read_refused(Finding.error("serial.unknown", subject, text=candidates.text))
    if len(known) > 1:
        spelled = " / ".join("0x" + spell_serial(number) for number in known)
        return read_refused(
            Finding.error("serial.ambiguous", subject, text=candidates.text, candidates=spelled)
        )
    return read_ok(known[0])
