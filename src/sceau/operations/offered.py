"""What a form would give if it were accepted now: read, not written."""

from __future__ import annotations

from datetime import datetime

from sceau.operations.machine import machine
from sceau.operations.order_facts import known_cards, leaves_of
from sceau.records.models import PARIS
from sceau.records.models import Structure as StructureRow
from sceau.registration import Form413, Grant, Structure, decide_structure, declared_of, grant


def beneficiary_of(form: Form413) -> Structure:
    """The structure that a form is for, as decided. Raises `Refused` when it cannot be."""
    return decide_structure(declared_of(form), catalogue=machine().catalogue).require()


def grants_of(form: Form413, structure: Structure, at: datetime) -> tuple[Grant, ...]:
    """Every right that this form gives, by what is known at `at`. Raises `Refused` as `grant` does."""
    cards = known_cards((person.card_number.text for person in form.administrators), at)
    row = StructureRow.objects.filter(national_id=structure.structure_id.text).first()
    return grant(
        form,
        structure=structure,
        holders={number: known.holder.national_id for number, known in cards.items()},
        catalogue=machine().catalogue,
        leaves=leaves_of(row),
        day=at.astimezone(PARIS).date(),
    )
