"""The words by which orders, people, structures and contracts are found, written in the transaction that
writes them. Words only come: an order is found by what it said before, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sceau.records import search_words as words
from sceau.records.models import Card, Contract, Order, Person, SearchWord, Structure
from sceau.registration import Form413, card_at, text_at


def index_order(order: Order, raw: Mapping[str, Any], form: Form413 | None) -> None:
    """An order by its reference, its contract, its structure's names and numbers, its people, its domains."""
    texts = [order.reference, order.contract_number, order.structure_number]
    texts += [text_at(raw, "structure", key) for key in ("siret", "finess")]
    if form is not None:
        texts += [number.text for number in form.structure.rpps_rangs]
    found = {words.word_of(text) for text in texts} | words.words_of_name(order.structure_name)
    people = raw.get("administrators")
    for person in (raw.get("signatory"), *(people if isinstance(people, list) else ())):
        found |= _of_person(person)
    lines = raw.get("offers")
    for line in lines if isinstance(lines, list) else ():
        found |= words.words_of_domain(text_at(line, "declared"))
    _keep("order", order.pk, found)


def index_person(row: Person) -> None:
    """A person by name and by national identifier."""
    found = words.words_of_person(row.surname, row.given_names) | {words.word_of(row.national_id)}
    _keep("person", row.pk, found)


def index_card(row: Card) -> None:
    """A person by the number of a card."""
    _keep("person", row.person_id, {words.word_of(row.number)})


def index_structure(row: Structure) -> None:
    """A structure by name and numbers."""
    numbers = (row.national_id, row.siret, row.finess, *row.rpps_rangs)
    _keep("structure", row.pk, {words.word_of(text) for text in numbers} | words.words_of_name(row.name))


def index_contract(row: Contract) -> None:
    """A contract by its number."""
    _keep("contract", row.pk, {words.word_of(row.number)})


def _of_person(person: object) -> set[bytes]:
    names = (text_at(person, "surname"), text_at(person, "given_names"))
    return words.words_of_person(*names) | {words.word_of(card_at(person))}


def _keep(kind: str, target: int, found: Iterable[bytes]) -> None:
    rows = [SearchWord(word=word, kind=kind, target=target) for word in sorted(words.real(found))]
    SearchWord.objects.bulk_create(rows, ignore_conflicts=True)
