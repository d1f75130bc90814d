"""The subject's distinguished name: which attributes, in which order, how written and how cut [IGC-SANTE 2.3,
2.4].

The one place where a DN is built [F32]: C in PrintableString, everything else in UTF8String, a person's GN,
CN and SN in one multi-valued RDN. The organisation's name is cut where the field ends, and that is shown
before anything is signed. Nothing else is ever cut: a value that doesn't fit is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from sceau.catalogue import Profile
from sceau.certification import encode
from sceau.registration import EmployeeSubject, ProfessionalSubject, Subject
from sceau.vocabulary import Finding, displayed

_OIDS = {
    "C": "2.5.4.6",
    "ST": "2.5.4.8",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "CN": "2.5.4.3",
    "title": "2.5.4.12",
    "GN": "2.5.4.42",
    "SN": "2.5.4.4",
}
# Upper bounds of RFC 5280 §A.1, in characters; GN and SN are held to a CN's, far below their own.
_LONGEST = {"C": 2, "ST": 128, "O": 64, "OU": 64, "CN": 64, "title": 64, "GN": 64, "SN": 64}
_TYPES = {name: encode.oid(dotted) for name, dotted in _OIDS.items()}
# The type of an attribute, then the tag of its text.
_HEADS = {name: octets + (b"\x13" if name == "C" else b"\x0c") for name, octets in _TYPES.items()}
# Nothing in it to escape: neither a special character, nor a space at an edge, nor a number sign in front.
_STANDS_FOR_ITSELF = re.compile(r'(?![# ])[^"+,;<>\\]+(?<! )')
_ESCAPED = frozenset('"+,;<>\\')

Attribute = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SubjectName:
    """A DN: its RDNs in the order they are encoded, and what was seen while writing it (errors refuse)."""

    rdns: tuple[tuple[Attribute, ...], ...]
    findings: tuple[Finding, ...] = ()

    @property
    def lines(self) -> tuple[Attribute, ...]:
        """(attribute, value) pairs, as a person reads them from top to bottom."""
        return tuple(attribute for rdn in self.rdns for attribute in rdn)

    @property
    def der(self) -> bytes:
        """DER of the Name [RFC 5280 §4.1.2.4]."""
        return encode.sequence(*[_write_rdn(rdn) for rdn in self.rdns])

    @property
    def rfc4514(self) -> str:
        """The text of the DN, last RDN first [RFC 4514 §2]."""
        return ",".join([_spell_rdn(rdn) for rdn in reversed(self.rdns)])


def subject_name(subject: Subject, profile: Profile) -> SubjectName:
    """The DN of `subject` under `profile`. Its findings hold every value that doesn't fit, and the visible
    cut.
    """
    found: list[Finding] = []
    rdns = _rdns(subject, profile, found)
    for rdn in rdns:
        for name, value in rdn:
            if not _is_plain(name, value, profile):
                found.extend(_check(name, value, profile))
    return SubjectName(rdns, tuple(found))


def _rdns(subject: Subject, profile: Profile, found: list[Finding]) -> tuple[tuple[Attribute, ...], ...]:
    country = (("C", "FR"),)
    if isinstance(subject, ProfessionalSubject):
        return country, (("title", subject.title),), _person(subject)
    structure = (
        (("ST", subject.department),),
        (("O", _fitting(subject.organisation, profile.organisation_length, found)),),
        (("OU", subject.structure_id.text),),
    )
    if isinstance(subject, EmployeeSubject):
        return country, *structure, (("title", subject.title),), _person(subject)
    return country, *structure, (("CN", subject.common_name),)


def _person(subject: ProfessionalSubject | EmployeeSubject) -> tuple[Attribute, ...]:
    return (("GN", subject.given_names), ("CN", subject.national_id.text), ("SN", subject.surname))


def _fitting(organisation: str, length: int, found: list[Finding]) -> str:
    """The name in composed form, cut at `length` characters if need be, never in a trailing space."""
    composed = unicodedata.normalize("NFC", organisation)
    if len(composed) <= length:
        return composed
    kept = composed[:length].rstrip()
    found.append(Finding.warning("draft.organisation-cut", displayed(composed), kept=kept, length=length))
    return kept


def _is_plain(name: str, value: str, profile: Profile) -> bool:
    """Whether `_check` certainly has nothing to say: all that is printable is visible."""
    longest = profile.common_name_length if name == "CN" else _LONGEST[name]
    return (
        0 < len(value) <= longest
        and value.isprintable()
        and not value[0].isspace()
        and not value[-1].isspace()
        and (value.isascii() or unicodedata.is_normalized("NFC", value))
    )


def _check(name: str, value: str, profile: Profile) -> list[Finding]:
    """Composed, visible, not empty, not too long [F33]."""
    longest = profile.common_name_length if name == "CN" else _LONGEST[name]
    found = []
    if not value or value != value.strip():
        found.append(Finding.error("draft.subject-empty", name))
    if len(value) > longest:
        found.append(Finding.error("draft.subject-too-long", name, length=len(value), longest=longest))
    if unicodedata.normalize("NFC", value) != value or any(
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in value
    ):
        found.append(Finding.error("draft.subject-character", name, value=displayed(value)))
    return found


@lru_cache(maxsize=1024)  # of one structure all but the last are always the same
def _write_rdn(rdn: tuple[Attribute, ...]) -> bytes:
    """RelativeDistinguishedName: a SET OF one attribute, or of several in the order of their encodings."""
    if len(rdn) != 1:
        return encode.set_of(*[_write(name, value) for name, value in rdn])
    ((name, value),) = rdn
    text = value.encode("ascii" if name == "C" else "utf-8")
    size = len(text)
    if size + 9 >= 0x80:
        return encode.element(0x31, _write(name, value))
    return bytes((0x31, size + 9, 0x30, size + 7)) + _HEADS[name] + bytes((size,)) + text


def _write(name: str, value: str) -> bytes:
    text = encode.printable(value) if name == "C" else encode.utf8(value)
    return encode.sequence(_TYPES[name], text)


@lru_cache(maxsize=1024)
def _spell_rdn(rdn: tuple[Attribute, ...]) -> str:
    return "+".join([_spell(name, value) for name, value in rdn])


def _spell(name: str, value: str) -> str:
    """One attribute; types outside the table of RFC 4514 §3 are written as dotted numbers with readable
    values.
    """
    if _STANDS_FOR_ITSELF.fullmatch(value):
        return f"{name}={value}"
    escaped = "".join(f"\\{char}" if char in _ESCAPED else char for char in value)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    if escaped.endswith(" ") and not escaped.endswith("\\ "):
        escaped = escaped[:-1] + "\\ "
    return f"{name}={escaped}"
