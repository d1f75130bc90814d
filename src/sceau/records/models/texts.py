"""Identifiers that were read once and stored, back into their types without being judged again."""

from __future__ import annotations

from sceau.vocabulary import PersonId, StructureId


def as_person_id(text: str) -> PersonId:
    """A national person identifier as `PersonId.text` wrote it."""
    number, slash, internal = text[1:].partition("/")
    return PersonId(text[0], number, internal if slash else None)


def as_structure_id(text: str) -> StructureId:
    """A national structure identifier as `StructureId.text` wrote it."""
    return StructureId(text[0], text[1:])
