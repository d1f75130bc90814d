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
from sceau.registration import EmployeeSubject, ProfessionalSubject, StructureSubject, Subject
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
Rdn = tuple[Attribute, ...]
_COUNTRY: Rdn = (("C", "FR"),)


@dataclass(frozen=True, slots=True)
class SubjectName:
    """A DN: its RDNs in the order they are encoded, and what was seen while writing it (errors refuse)."""

    rdns: tuple[Rdn, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def lines(self) -> Rdn:
        """(attribute, value) pairs, as a person reads them from top to bottom."""
        return tuple(attribute for rdn in self.rdns for attribute in rdn)

    @property
    def der(self) -> bytes:
        """DER of the Name [RFC 5280 §4.1.2.4]."""
        return encode.sequence(_write_rdns(self.rdns[:-1]), _write_rdn(self.rdns[-1]))

    @property
    def rfc4514(self) -> str:
        """The text of the DN, last RDN first [RFC 4514 §2]."""
        return _spell_rdn(self.rdns[-1]) + _spell_rdns(self.rdns[:-1])


def subject_name(subject: Subject, profile: Profile) -> SubjectName:
    """The DN of `subject` under `profile`. Its findings hold every value that doesn't fit, and the visible
    cut.
    """
    if isinstance(subject, ProfessionalSubject):
        rdns = _COUNTRY, (("title", subject.title),), _person(subject)
        return SubjectName(rdns, _check_all(rdns, profile))
    structure, found = _structure(
        subject.department, subject.organisation, subject.structure_id.text, profile.organisation_length
    )
    own: tuple[Rdn, ...] = ((("CN", subject.common_name),),) if isinstance(subject, StructureSubject) else ()
    if isinstance(subject, EmployeeSubject):
        own = (("title", subject.title),), _person(subject)
    return SubjectName(structure + own, found + _check_all(own, profile))


@lru_cache(maxsize=256)  # a structure asks for many
def _structure(
    department: str, organisation: str, identifier: str, length: int
) -> tuple[tuple[Rdn, ...], tuple[Finding, ...]]:
    """The RDNs that all certificates of a structure have, and what is to be said of them; `length` is the
    longest name of an organisation.
    """
    found: list[Finding] = []
    name = _fitting(organisation, length, found)
    rdns = _COUNTRY, (("ST", department),), (("O", name),), (("OU", identifier),)
    return rdns, (*found, *_check_all(rdns, None))


def _check_all(rdns: tuple[Rdn, ...], profile: Profile | None) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for rdn in rdns:
        for name, value in rdn:
            longest = profile.common_name_length if name == "CN" and profile is not None else _LONGEST[name]
            if not _is_plain(value, longest):
                found.extend(_check(name, value, longest))
    return tuple(found)


def _person(subject: ProfessionalSubject | EmployeeSubject) -> Rdn:
    return (("GN", subject.given_names), ("CN", subject.national_id.text), ("SN", subject.surname))


def _fitting(organisation: str, length: int, found: list[Finding]) -> str:
    """The name in composed form, cut at `length` characters if need be, never in a trailing space."""
    composed = unicodedata.normalize("NFC", organisation)
    if len(composed) <= length:
        return composed
    kept = composed[:length].rstrip()
    found.append(Finding.warning("draft.organisation-cut", displayed(composed), kept=kept, length=length))
    return kept


def _is_plain(value: str, longest: int) -> bool:
    """Whether `_check` certainly has nothing to say: all that is printable is visible."""
    return (
        0 < len(value) <= longest
        and value.isprintable()
        and not value[0].isspace()
        and not value[-1].isspace()
        and (value.isascii() or unicodedata.is_normalized("NFC", value))
    )


def _check(name: str, value: str, longest: int) -> list[Finding]:
    """Composed, visible, not empty, not too long [F33]."""
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


@lru_cache(maxsize=256)  # of one structure all but the last are always the same
def _write_rdns(rdns: tuple[Rdn, ...]) -> bytes:
    return b"".join([_write_rdn(rdn) for rdn in rdns])


@lru_cache(maxsize=1024)
def _write_rdn(rdn: Rdn) -> bytes:
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


@lru_cache(maxsize=256)
def _spell_rdns(rdns: tuple[Rdn, ...]) -> str:
    """What follows the last RDN."""
    return "".join([f",{_spell_rdn(rdn)}" for rdn in reversed(rdns)])


@lru_cache(maxsize=1024)
def _spell_rdn(rdn: Rdn) -> str:
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
