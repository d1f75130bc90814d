"""Rights, people and cards as the rows say now, decoded once for as long as the rows are the same.

The decoded value of a right hangs on every column it was made of: all are read each time, and one that
differs makes it anew [ASSURANCE T46].
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model

from sceau.records.hot.link import ask, held, instant, marks
from sceau.records.models import Card, Contract, Habilitation, HabilitationVersion, Order, Person

T = TypeVar("T")
M = TypeVar("M", bound=Model)

_MOST_KEPT = 4_096


class _Decoded:
    """The last rows decoded, by what they were read as. Full rows are the keys: a changed one is another."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def of(self, row: tuple[Any, ...]) -> Any:
        return self._kept.get(row)

    def keep(self, row: tuple[Any, ...], value: T) -> T:
        self._kept[row] = value
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return value


_people, _cards, _rights = _Decoded(), _Decoded(), _Decoded()


def person_rows(national_ids: Sequence[str]) -> dict[str, Person]:
    """The people of these identifiers (read them, never save them)."""
    if not national_ids:
        return {}
    statement = (
        f"SELECT {_columns(Person, 'p')} FROM records_person p WHERE p.national_id IN ({marks(national_ids)})"
    )
    found = (_person(row) for row in ask(statement, national_ids))
    return {person.national_id: person for person in found}


def _person(row: tuple[Any, ...]) -> Person:
    known: Person | None = _people.of(row)
    return _people.keep(row, _made(Person, row)[0]) if known is None else known


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card and whose it is."""

    person: int
    card: Card


def card_rows(numbers: Sequence[str]) -> dict[str, CardRow]:
    """The cards of these numbers, with their holders (read them, never save them)."""
    if not numbers:
        return {}
    rows = ask(
        f"SELECT p.national_id, {_columns(Card, 'c')} FROM records_card c"
        f" JOIN records_person p ON p.id = c.person_id WHERE c.number IN ({marks(numbers)})",
        numbers,
    )
    found = (_cards.of(row) or _cards.keep(row, _card(row)) for row in rows)
    return {row.card.number: row for row in found}


def _card(row: tuple[Any, ...]) -> CardRow:
    card, _ = _made(Card, row[1:])
    card.person = Person(id=card.person_id, national_id=row[0])
    return CardRow(card.person_id, card)


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the journal about a right: its kind, bytes and leaf hash."""

    kind: str
    entry: bytes
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class RightRow:
    """A right with its present version (read it, never save it), its structure as it is now called, and what
    the journal told of it, oldest first. `row` is everything that was read, to know the same again.
    """

    version: HabilitationVersion
    structure_name: str
    structure_id: str
    told: tuple[Told, ...]
    row: tuple[Any, ...]


_HELD = (
    " FROM records_habilitation h JOIN records_person p ON p.id = h.person_id"
    " JOIN records_structure s ON s.id = h.structure_id"
)
_GRANTED = (
    " FROM records_habilitationversion v JOIN records_contract c ON c.id = v.contract_id"
    " JOIN records_order o ON o.id = v.order_id"
)


def _columns(model: type[Model], alias: str) -> str:
    """Every column of a table: what is decoded hangs on all of them."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def _made(model: type[M], row: Sequence[Any]) -> tuple[M, Sequence[Any]]:
    """The row that begins here as its model, and what follows it."""
    fields = model._meta.concrete_fields
    values = {
        field.attname: _value(field.get_internal_type(), raw)
        for field, raw in zip(fields, row[: len(fields)], strict=True)
    }
    return model(**values), row[len(fields) :]


def _value(kind: str, raw: Any) -> Any:
    if raw is None:
        return None
    if kind == "DateTimeField":
        return instant(raw)
    if kind == "JSONField":
        return _json(raw)
    return bool(raw) if kind == "BooleanField" else raw


def right_rows(owners: Sequence[tuple[str, str]], kinds: Sequence[str]) -> dict[tuple[str, str], RightRow]:
    """The rights of these (reference, holder's identifier) pairs; what is somebody else's is not there.

    Held until the end of the transaction, if there is one. `kinds` are those of the entries wanted.
    """
    wanted = set(owners)
    references = sorted({reference for reference, _ in wanted})
    if not references:
        return {}
    statement = (
        "SELECT h.reference, p.national_id, s.name, s.national_id, h.id, h.current_version,"
        f" {_columns(Habilitation, 'h')}{_HELD}"
        f" WHERE h.reference IN ({marks(references)}) ORDER BY h.id{held('h')}"
    )
    rights = {(row[0], row[1]): row for row in ask(statement, references) if (row[0], row[1]) in wanted}
    if not rights:
        return {}
    versions = _versions([row[0] for row in rights.values()])
    told = _told([row[0] for row in rights.values()], kinds)
    found = {}
    for owner, row in rights.items():
        version = versions.get((row[4], row[5]))
        if version is not None:
            found[owner] = _right(row, version, told.get(row[0], ()))
    return found


def _versions(references: Sequence[str]) -> dict[tuple[int, int], tuple[Any, ...]]:
    """The versions of these rights, each with its contract and its order."""
    rows = ask(
        f"SELECT v.habilitation_id, v.number, o.reference, {_columns(Contract, 'c')},"
        f" {_columns(HabilitationVersion, 'v')}{_GRANTED} JOIN records_habilitation h"
        f" ON h.id = v.habilitation_id WHERE h.reference IN ({marks(references)})",
        references,
    )
    return {(row[0], row[1]): row for row in rows}


def _told(references: Sequence[str], kinds: Sequence[str]) -> dict[str, tuple[Told, ...]]:
    rows = ask(
        "SELECT subject, kind, entry, leaf_hash FROM records_journalentry"
        f" WHERE subject IN ({marks(references)}) AND kind IN ({marks(kinds)}) ORDER BY id",
        [*references, *kinds],
    )
    found: dict[str, tuple[Told, ...]] = {}
    for subject, kind, entry, leaf in rows:
        found[subject] = (*found.get(subject, ()), Told(kind, bytes(entry), leaf))
    return found


def _right(right: tuple[Any, ...], text: tuple[Any, ...], told: tuple[Told, ...]) -> RightRow:
    row = (*right, *text)
    version: HabilitationVersion | None = _rights.of(row)
    if version is None:
        version = _rights.keep(row, _decoded(right, text))
    return RightRow(version, right[2], right[3], told, row)


def _decoded(right: tuple[Any, ...], text: tuple[Any, ...]) -> HabilitationVersion:
    """The rows as the models have them, whose methods say what they mean."""
    habilitation, _ = _made(Habilitation, right[6:])
    habilitation.person = Person(id=habilitation.person_id, national_id=right[1])
    contract, rest = _made(Contract, text[3:])
    version, _ = _made(HabilitationVersion, rest)
    version.habilitation, version.contract = habilitation, contract
    version.order = Order(id=version.order_id, reference=text[2])
    return version


def _json(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str | bytes) else raw
