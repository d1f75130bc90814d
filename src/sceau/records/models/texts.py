"""Identifiers that were read once and stored, back into their types without being judged again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sceau.registration import Structure
from sceau.vocabulary import Finess, PersonId, RppsRang, Siret, StructureId


def as_person_id(text: str) -> PersonId:
    """A national person identifier as `PersonId.text` wrote it."""
    number, slash, internal = text[1:].partition("/")
    return PersonId(text[0], number, internal if slash else None)


def as_structure_id(text: str) -> StructureId:
    """A national structure identifier as `StructureId.text` wrote it."""
    return StructureId(text[0], text[1:])


def as_structure_facts(stored: Mapping[str, Any]) -> Structure:
    """A structure as a version of a habilitation keeps it (see `structure_as_stored`)."""
    return Structure(
        name=stored["name"],
        structure_id=as_structure_id(stored["national_id"]),
        department=stored["department"],
        postcode=stored["postcode"],
        commune=stored["commune"],
        siret=Siret(stored["siret"]) if stored["siret"] else None,
        finess=Finess(stored["finess"]) if stored["finess"] else None,
        rpps_rangs=tuple(RppsRang(number) for number in stored["rpps_rangs"]),
    )


def structure_as_stored(structure: Structure) -> dict[str, Any]:
    """A structure as the JSON that a version of a habilitation keeps."""
    return {
        "name": structure.name,
        "national_id": structure.structure_id.text,
        "department": structure.department,
        "postcode": structure.postcode,
        "commune": structure.commune,
        "siret": structure.siret.text if structure.siret else "",
        "finess": structure.finess.text if structure.finess else "",
        "rpps_rangs": [number.text for number in structure.rpps_rangs],
    }
