"""The national identifiers of structures and persons: a type digit, then a number [IGC-SANTE 4.2, 4.3].

Two tables that do not agree: for a structure 3 is a SIRET and 1 a FINESS (G07); for a person 3 is a FINESS
and 5 a SIRET, each with a number of the structure's own register after a ``/`` (G08). Decides the shape and
the keys; does not know whether the structure or the person exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.professionals import (
    Adeli,
    AdeliRang,
    Rpps,
    RppsRang,
    read_adeli,
    read_adeli_rang,
    read_rpps,
    read_rpps_rang,
)
from sceau.vocabulary.spelling import displayed
from sceau.vocabulary.structures import Finess, Siren, Siret, read_finess, read_siren, read_siret
from sceau.vocabulary.typed_text import SPACES, IdentifierMode, Typed, as_typed, require_shape

StructureNumber = AdeliRang | Finess | Siren | Siret | RppsRang
_StructureReading = Reading[AdeliRang] | Reading[Finess] | Reading[Siren] | Reading[Siret] | Reading[RppsRang]
_PersonReading = _StructureReading | Reading[Adeli] | Reading[Rpps]
_STRUCTURE_KINDS: dict[type[StructureNumber], str] = {
    AdeliRang: "0",
    Finess: "1",
    Siren: "2",
    Siret: "3",
    RppsRang: "4",
}
# Table G08 names the structure of a person by other digits than table G07 names it.
_STRUCTURE_OF_PERSON = {"1": "0", "3": "1", "4": "2", "5": "3", "6": "4"}
_MAX_PERSON_ID = 64  # it becomes the common name of a certificate [RFC 5280 appendix A.1, ub-common-name]
_INTERNAL = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?")
_NINE, _ADELI_RANG = "[0-9][0-9A-Z][0-9]{7}", "[0-9][0-9A-Z][0-9]{9}"
_STRUCTURE = re.compile(f"0{_ADELI_RANG}|1{_NINE}|2[0-9]{{9}}|[34][0-9]{{14}}")
_PERSON = re.compile(
    f"0{_NINE}|8[0-9]{{11}}|(?:1{_ADELI_RANG}|3{_NINE}|4[0-9]{{9}}|[56][0-9]{{14}})/{_INTERNAL.pattern}"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class StructureId:
    """National identifier of a structure, the subject's OU: type digit of table G07, then the number."""

    kind: str
    number: str

    def __post_init__(self) -> None:
        require_shape(_STRUCTURE, self.text)

    @property
    def text(self) -> str:
        """As it stands in certificates, without separator: ``318751275100020``."""
        return self.kind + self.number

    @classmethod
    def of(cls, number: StructureNumber) -> StructureId:
        """The national identifier made of a number already read."""
        return cls(_STRUCTURE_KINDS[type(number)], number.text)


@dataclass(frozen=True, slots=True)
class PersonId:
    """National identifier of a person: type digit of table G08, number, and the structure's own number."""

    kind: str
    number: str
    internal: str | None = None

    def __post_init__(self) -> None:
        require_shape(_PERSON, self.text)

    @property
    def text(self) -> str:
        """As it stands in certificates: ``899700041983``, ``30B0057881/CPET0002``."""
        own = self.kind + self.number
        return own if self.internal is None else f"{own}/{self.internal}"

    @classmethod
    def of(cls, number: Rpps | Adeli) -> PersonId:
        """The national identifier of a professional, from a number already read."""
        return cls("8" if isinstance(number, Rpps) else "0", number.text)


def read_structure_id(
    text: object, *, subject: str = "structure", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[StructureId]:
    """The national identifier of a structure in `text`, or every finding."""
    typed = as_typed(text, subject, letters=True)
    if not typed.text:
        return read_refused(*typed.findings)
    kind, number = typed.text[0], typed.text[1:]
    reading = _read_structure_number(kind, number, subject, mode)
    if reading is None:
        unknown = Finding.error("structure-id.kind", subject, found=displayed(kind))
        return read_refused(*typed.findings, unknown, *_bare_number(typed.text, subject))
    findings = tuple(dict.fromkeys((*typed.findings, *reading.findings)))
    if reading.value is None or errors(findings):
        within = Finding.info("structure-id.within", subject, kind=kind)
        return read_refused(*findings, within, *_bare_number(typed.text, subject))
    return read_ok(StructureId.of(reading.value), *findings)


def read_person_id(
    text: object, *, subject: str = "person", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[PersonId]:
    """The national identifier of a person in `text`, or every finding.

    Refused by name: an MSSanté address (type 10, for mail only) and the UUID of a Pro Santé Connect identity.
    """
    if not isinstance(text, str):
        return read_refused(Finding.error("typed.not-text", subject))
    if "@" in text:
        return read_refused(Finding.error("person-id.mail-address", subject, value=displayed(text)))
    if _UUID.fullmatch(text.strip(SPACES)):
        return read_refused(Finding.error("person-id.local-identity", subject))
    head, slash, internal = text.partition("/")
    typed = as_typed(head, subject, letters=True)
    if not typed.text:
        return read_refused(*typed.findings)
    return _read_typed_person(typed, internal.strip(SPACES) if slash else None, subject, mode)


def _read_typed_person(
    typed: Typed, own: str | None, subject: str, mode: IdentifierMode
) -> Reading[PersonId]:
    kind, number = typed.text[0], typed.text[1:]
    reading = _read_person_number(kind, number, subject, mode)
    if reading is None:
        unknown = Finding.error("person-id.kind", subject, found=displayed(kind))
        return read_refused(*typed.findings, unknown, *_bare_rpps(typed.text, subject))
    merged = (*typed.findings, *reading.findings, *_internal_findings(kind, own, subject))
    findings = tuple(dict.fromkeys(merged))
    if reading.value is None:
        within = Finding.info("person-id.within", subject, kind=kind)
        return read_refused(*findings, within, *_bare_rpps(typed.text, subject))
    if errors(findings):
        return read_refused(*findings)
    person = PersonId(kind, reading.value.text, own)
    if len(person.text) > _MAX_PERSON_ID:
        return read_refused(*findings, Finding.error("person-id.too-long", subject, found=len(person.text)))
    return read_ok(person, *findings)


def _read_structure_number(
    kind: str, number: str, subject: str, mode: IdentifierMode
) -> _StructureReading | None:
    """Table G07. None for a digit that the table does not have."""
    if kind == "0":
        return read_adeli_rang(number, subject=subject, mode=mode)
    if kind == "1":
        return read_finess(number, subject=subject, mode=mode)
    if kind == "2":
        return read_siren(number, subject=subject, mode=mode)
    if kind == "3":
        return read_siret(number, subject=subject, mode=mode)
    if kind == "4":
        return read_rpps_rang(number, subject=subject, mode=mode)
    return None


def _read_person_number(kind: str, number: str, subject: str, mode: IdentifierMode) -> _PersonReading | None:
    """Table G08. None for a digit that the table does not have."""
    if kind == "0":
        return read_adeli(number, subject=subject, mode=mode)
    if kind == "8":
        return read_rpps(number, subject=subject, mode=mode)
    same_number = _STRUCTURE_OF_PERSON.get(kind)
    return None if same_number is None else _read_structure_number(same_number, number, subject, mode)


def _internal_findings(kind: str, internal: str | None, subject: str) -> tuple[Finding, ...]:
    """What follows the ``/``: the number that the structure itself gave to the person."""
    if kind not in _STRUCTURE_OF_PERSON:
        return () if internal is None else (Finding.error("person-id.internal-unexpected", subject),)
    if not internal:
        return (Finding.error("person-id.internal-missing", subject, kind=kind),)
    if not _INTERNAL.fullmatch(internal):
        return (Finding.error("person-id.internal", subject, value=displayed(internal)),)
    return ()


def _bare_number(text: str, subject: str) -> tuple[Finding, ...]:
    """A word for the person who gave the number without its type digit."""
    if len(text) == 14 and read_siret(text).value:
        return (Finding.info("structure-id.looks-like-siret", subject, siret=text),)
    if len(text) == 9 and read_finess(text).value:
        return (Finding.info("structure-id.looks-like-finess", subject, finess=text),)
    return ()


def _bare_rpps(text: str, subject: str) -> tuple[Finding, ...]:
    if len(text) == 11 and read_rpps(text).value:
        return (Finding.info("person-id.looks-like-rpps", subject, rpps=text),)
    return ()
