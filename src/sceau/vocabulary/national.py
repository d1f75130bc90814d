"""The national identifiers of structures and persons: a type digit, then a number [IGC-SANTE 4.2, 4.3].

Two tables that do not agree: for a structure 3 is a SIRET and 1 a FINESS (G07); for a person 3 is a FINESS and
5 a SIRET, each with a number of the structure's own register after a ``/`` (G08). Decides the shape and the keys;
does not know whether the structure or the person exists.
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
from sceau.vocabulary.structures import Finess, Siren, Siret, read_finess, read_siren, read_siret
from sceau.vocabulary.typed_text import SPACES, IdentifierMode, as_typed, character_findings, shown

StructureNumber = AdeliRang | Finess | Siren | Siret | RppsRang
_STRUCTURE_KINDS: dict[type[StructureNumber], str] = {
    AdeliRang: "0",
    Finess: "1",
    Siren: "2",
    Siret: "3",
    RppsRang: "4",
}
_MAX_PERSON_ID = 64  # it becomes the common name of a certificate [RFC 5280 appendix A.1, ub-common-name]
_INTERNAL = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class StructureId:
    """National identifier of a structure, the subject's OU: type digit of table G07, then the number."""

    kind: str
    number: str

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
    """National identifier of a person: type digit of table G08, number, and the structure's own number for it."""

    kind: str
    number: str
    internal: str | None = None

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
    text: str, *, subject: str = "structure", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[StructureId]:
    """The national identifier of a structure in `text`, or every finding."""
    typed = as_typed(text, subject, letters=True)
    if not typed.clean:
        return read_refused(*typed.findings)
    kind, number = typed.text[0], typed.text[1:]
    reading = _read_structure_number(kind, number, subject, mode)
    if reading is None:
        return read_refused(Finding.error("structure-id.kind", subject, found=kind))
    if reading.value is None:
        return read_refused(*reading.findings, Finding.info("structure-id.within", subject, kind=kind))
    return read_ok(StructureId.of(reading.value), *reading.findings)


def read_person_id(
    text: str, *, subject: str = "person", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[PersonId]:
    """The national identifier of a person in `text`, or every finding.

    Refused by name: an MSSanté address (type 10, for mail only) and the UUID of a local Pro Santé Connect identity.
    """
    raise NotImplementedError


def _read_structure_number(
    kind: str, number: str, subject: str, mode: IdentifierMode
) -> Reading[AdeliRang] | Reading[Finess] | Reading[Siren] | Reading[Siret] | Reading[RppsRang] | None:
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
