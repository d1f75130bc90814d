"""The beneficiary: what a form says of a structure becomes the structure that stands in certificates.

Decides which of its numbers is the national identifier (the subject's OU) and which department stands in
ST. Whether the structure exists, is open, and has this name is for the registers and the desk.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sceau.catalogue import Catalogue
from sceau.registration.facts import Structure
from sceau.vocabulary import (
    Finding,
    Finess,
    Postcode,
    Reading,
    RppsRang,
    Siret,
    StructureId,
    read_ok,
    read_refused,
)

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Declared:
    """A structure as declared, each number read already or absent. `name` and `commune` are as typed."""

    name: str
    siret: Siret | None = None
    finess: Finess | None = None
    rpps_rangs: tuple[RppsRang, ...] = ()
    postcode: Postcode | None = None
    commune: str = ""


def decide_structure(declared: Declared, *, catalogue: Catalogue) -> Reading[Structure]:
    """The structure as it will stand in certificates, or everything that is missing. Subjects are form paths.

    FINESS goes before SIRET, SIRET before RPPS-rang [IGC-SANTE 4.2]; one of them is needed [decision 15].
    """
    name = unicodedata.normalize("NFC", declared.name).strip()
    number = declared.finess or declared.siret or next(iter(declared.rpps_rangs), None)
    postcode = declared.postcode
    department = None if postcode is None else catalogue.communes.department_of(postcode, declared.commune)
    findings = []
    if not name or len(name) > MAX_NAME:
        findings.append(Finding.error("order.structure-name", "structure.name"))
    if number is None:
        findings.append(Finding.error("order.structure-number", "structure"))
    if department is None:
        findings.append(Finding.error("order.structure-place", "structure.postcode"))
    if number is None or postcode is None or department is None or findings:
        return read_refused(*findings)
    return read_ok(
        Structure(
            name=name,
            structure_id=StructureId.of(number),
            department=department,
            postcode=postcode.text,
            commune=declared.commune.strip(),
            siret=declared.siret,
            finess=declared.finess,
            rpps_rangs=declared.rpps_rangs,
        )
    )
