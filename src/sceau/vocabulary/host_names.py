"""Host names: what a DNS name may look like in a certificate, read once into one canonical form.

Decides the *shape* of a name only: letters, digits and hyphens, ASCII lower case, no trailing dot, label by
label. Whose name it is, and who may ask for it, is decided by the scope (`registration`).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.labels import a_label_of, check_a_label, check_written_label
from sceau.vocabulary.spelling import characters_named, displayed, is_control, is_space

MAX_NAME = 253  # octets, dots included [RFC 1035 §2.3.4]
MAX_LABEL = 63
_LONGEST_WORTH_READING = 1_000

_LDH_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
# Canonical already, and none of the cases that have a sentence: no label with hyphens in third and fourth
# place (A-labels among them), a last label that begins with a letter.
_PLAIN_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_NAME = re.compile(rf"(?:{_PLAIN_LABEL}\.)+(?=[a-z]){_PLAIN_LABEL}")
_LDH_AND_DOTS = re.compile(r"[A-Za-z0-9.-]*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SPELT_APART = frozenset("*@_:/\\?#[]")  # each has its own sentence


@dataclass(frozen=True, slots=True)
class HostName:
    """A host or domain name of two labels or more: LDH, lower case, no final dot. By `read_host_name`."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > MAX_NAME or not _LDH_NAME.fullmatch(self.text):
            raise ValueError(f"not a canonical host name: {self.text!r}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, leftmost first."""
        return tuple(self.text.split("."))

    def lies_under(self, branch: HostName) -> bool:
        """Whether this is `branch` or a name below it, compared label by label, never as a suffix of text."""
        mine, theirs = self.labels, branch.labels
        return mine[-len(theirs) :] == theirs

    def __str__(self) -> str:
        return self.text


def read_host_name(text: str, *, subject: str | None = None) -> Reading[HostName]:
    """A name as it will stand in a certificate: LDH only; a U-label is refused, its A-label told [T12].

    ASCII case and one trailing dot are folded; nothing else is. Every finding at once.
    """
    if len(text) <= MAX_NAME and _PLAIN_NAME.fullmatch(text):
        return Reading(HostName(text))
    return _read_spelt(text, subject or displayed(text))


def _read_spelt(text: str, about: str) -> Reading[HostName]:
    """Any text, step by step; what the plain way accepts is accepted here without a word (tested)."""
    refusal = _check_spelling(text, about)
    if not text.isascii():
        refusal += (_not_ascii(text, about),)
    return _finish(text, about, refusal)


def read_declared_host_name(text: str, *, subject: str | None = None) -> Reading[HostName]:
    """A name as a person declares it: U-labels become A-labels by IDNA 2008, strictly, and this is said."""
    about = subject or displayed(text)
    refusal = _check_spelling(text, about)
    if refusal or text.isascii():
        return _checking_scripts(_finish(text, about, refusal), about)
    mapped = a_label_of(_fold(text).split("."), about)
    if mapped.value is None:
        return read_refused(*mapped.findings)
    reading = _finish(mapped.value, about, ())
    if reading.value is None:
        return reading
    told = Finding.info("host.a-label", about, a_label=reading.value.text)
    return _checking_scripts(read_ok(reading.value, *reading.findings, told), about)


def _finish(text: str, about: str, refusal: tuple[Finding, ...]) -> Reading[HostName]:
    if refusal:
        return read_refused(*refusal)
    folded = _fold(text)
    findings = _check_labels(folded, about)
    if errors(findings):
        return read_refused(*findings)
    return read_ok(HostName(folded), *findings)


def _checking_scripts(reading: Reading[HostName], about: str) -> Reading[HostName]:
    """A declared name is read by people: what it looks like counts, in whichever form it was written."""
    if reading.value is None:
        return reading
    found: tuple[Finding, ...] = ()
    for depth, label in enumerate(reversed(reading.value.labels)):
        tld = reading.value.labels[-1] if depth == 1 else None
        found += check_written_label(label, about, registered_under=tld)
    if errors(found):
        return read_refused(*found)
    kept = tuple(finding for finding in reading.findings if finding.code != "host.mixed-scripts-below")
    return read_ok(reading.value, *kept, *found)


def _fold(text: str) -> str:
    """ASCII-only lower case, one trailing dot away. A Kelvin sign stays a Kelvin sign."""
    lowered = "".join(chr(ord(char) + 32) if "A" <= char <= "Z" else char for char in text)
    return lowered[:-1] if lowered.endswith(".") else lowered


def _check_spelling(text: str, about: str) -> tuple[Finding, ...]:
    """What can be said of the text before it is cut into labels."""
    if not text or text == ".":
        return (Finding.error("host.empty", about),)
    if len(text) > _LONGEST_WORTH_READING:
        return (Finding.error("host.too-long", about, length=len(text)),)
    address = _check_address(text, about)
    if address:
        return address
    return _check_characters(text, about)


def _check_characters(text: str, about: str) -> tuple[Finding, ...]:
    if _LDH_AND_DOTS.fullmatch(text):
        return ()
    found: list[Finding] = []
    if any(is_control(char) for char in text):
        found.append(Finding.error("host.control", about, characters=characters_named(text, is_control)))
    if any(is_space(char) for char in text):
        found.append(Finding.error("host.space", about))
    if "*" in text:
        found.append(Finding.error("host.wildcard", about))
    if "@" in text:
        found.append(Finding.error("host.at", about))
    if "_" in text:
        found.append(Finding.error("host.underscore", about))
    found += _check_url(text, about)
    others = sorted({char for char in text if _is_foreign(char)})
    if others:
        found.append(Finding.error("host.character", about, characters=" ".join(others)))
    return tuple(found)


def _is_foreign(char: str) -> bool:
    """An ASCII character that no host name holds and that has no sentence of its own."""
    if not char.isascii() or char.isalnum() or char in "-." or char in _SPELT_APART:
        return False
    return not is_control(char) and not is_space(char)


def _check_url(text: str, about: str) -> tuple[Finding, ...]:
    if any(mark in text for mark in "/\\?#"):
        return (Finding.error("host.url", about),)
    if ":" in text:
        return (Finding.error("host.port", about),)
    if "[" in text or "]" in text:
        return (Finding.error("host.ip-address", about),)
    return ()


def _check_address(text: str, about: str) -> tuple[Finding, ...]:
    """IP addresses in every spelling that software understands: dotted, short, hexadecimal, bracketed, v6."""
    folded = _fold(text)
    if all(_NUMBER.fullmatch(label) for label in folded.split(".")):
        return (Finding.error("host.ip-address", about),)
    if ":" not in folded:
        return ()
    try:
        ipaddress.ip_address(folded.strip("[]").partition("%")[0])
    except ValueError:
        return ()
    return (Finding.error("host.ip-address", about),)


def _not_ascii(text: str, about: str) -> Finding:
    characters = characters_named(text, lambda char: not char.isascii())
    mapped = a_label_of(_fold(text).split("."), about)
    if mapped.value is None:
        return Finding.error("host.not-ascii", about, characters=characters)
    return Finding.error("host.u-label", about, characters=characters, a_label=mapped.value)


def _check_labels(folded: str, about: str) -> tuple[Finding, ...]:
    labels = folded.split(".")
    found: list[Finding] = []
    if "" in labels:
        found.append(Finding.error("host.empty-label", about))
    if len(folded) > MAX_NAME:
        found.append(Finding.error("host.too-long", about, length=len(folded)))
    if len(labels) == 1:
        found.append(Finding.error("host.single-label", about))
    elif _NUMBER.fullmatch(labels[-1]):
        found.append(Finding.error("host.numeric-tld", about, label=labels[-1]))
    for label in labels:
        found += _check_label(label, about)
    return tuple(found)


def _check_label(label: str, about: str) -> tuple[Finding, ...]:
    if len(label) > MAX_LABEL:
        return (Finding.error("host.label-too-long", about, label=displayed(label), length=len(label)),)
    if label.startswith("-") or label.endswith("-"):
        return (Finding.error("host.hyphen-edge", about, label=label),)
    if label.startswith("xn--"):
        return check_a_label(label, about)
    if label[2:4] == "--":
        return (Finding.error("host.reserved-hyphens", about, label=label),)
    return ()
