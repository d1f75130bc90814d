"""Finding anything by any of its identifiers: one look into the index of words, and exact numbers by their
own indexes. Nothing is read through, whatever the number of orders.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from sceau.records.desk_views import Found, FoundPage
from sceau.records.models import (
    Certificate,
    Contract,
    Habilitation,
    Leave,
    Order,
    Person,
    Piece,
    SearchWord,
    Structure,
)
from sceau.records.search_words import SHORTEST, word_of

_GENERATIONS = range(1, 33)


def search(text: str, *, issuers: Iterable[str], after: str = "", limit: int = 25) -> FoundPage:
    """What `text` names, or begins to name: references, SIRET, FINESS, RPPS, card and contract numbers, names
    of people and structures, domains, serials of certificates (hexadecimal) under these `issuers`.

    Fewer than three letters find nothing. `after` is a page's own.
    """
    word = word_of(text)
    if len(word) < SHORTEST:
        return FoundPage((), "")
    rows = SearchWord.objects.filter(word__gte=word, word__lt=word + b"\x7f").order_by("word", "id")
    place = _place(after)
    if place is not None:
        rows = rows.filter(word__gte=place[0]).filter(Q(word__gt=place[0]) | Q(id__gt=place[1]))
    kept = list(rows[: limit + 1])
    exact = () if place else tuple(_exact(text, issuers))
    pairs = dict.fromkeys((row.kind, row.target) for row in kept[:limit])
    last = kept[limit - 1] if len(kept) > limit else None
    more = f"{bytes(last.word).decode()}_{last.pk}" if last is not None else ""
    return FoundPage((*exact, *_described(list(pairs))), more)


def words_beginning(text: str, *kinds: str, most: int) -> dict[str, list[int]]:
    """The rows of these kinds that a word beginning with `text` finds, no more than `most` in all."""
    word = word_of(text)
    found: dict[str, list[int]] = {kind: [] for kind in kinds}
    if len(word) >= SHORTEST:
        rows = SearchWord.objects.filter(word__gte=word, word__lt=word + b"\x7f", kind__in=kinds)
        for kind, target in rows.order_by("word").values_list("kind", "target")[:most]:
            found[kind].append(target)
    return found


def _place(after: str) -> tuple[bytes, int] | None:
    word, _, number = after.rpartition("_")
    if not word or not (number.isdecimal() and number.isascii() and len(number) < 19):
        return None
    return word_of(word), int(number)


def _exact(text: str, issuers: Iterable[str]) -> Iterable[Found]:
    """Certificates, rights, leaves and pieces, which have one number and an index of it."""
    said = text.strip()
    upper, serial = said.upper(), "".join(said.replace(":", " ").split())
    by_number = Q(reference=upper)
    if serial and len(serial) <= 40 and all(letter in "0123456789abcdefABCDEF" for letter in serial):
        forms = {serial.lower(), serial.upper()}
        by_number |= Q(issuer__in=list(issuers), generation__in=_GENERATIONS, serial__in=forms)
    found = [*Certificate.objects.filter(by_number)[:25]]
    found += Certificate.objects.filter(names__value=said.lower()).order_by("-id")[:25]
    for row in {row.pk: row for row in found}.values():
        yield Found("certificate", row.reference, row.subject, row.serial, row.state)
    for right in Habilitation.objects.select_related("structure").filter(reference=upper):
        yield Found("habilitation", right.reference, right.structure.name, right.product, right.state)
    for leave in Leave.objects.filter(reference=upper):
        yield Found("leave", leave.reference, leave.reference, "", leave.state)
    for piece in Piece.objects.filter(reference=upper):
        yield Found("piece", piece.reference, piece.name, "", "")


def _described(pairs: list[tuple[str, int]]) -> Iterable[Found]:
    """The things behind the words, in the words' order."""
    wanted: dict[str, set[int]] = {}
    for kind, target in pairs:
        wanted.setdefault(kind, set()).add(target)
    found: dict[tuple[str, int], Found] = {}
    for order in Order.objects.filter(pk__in=wanted.get("order", ())):
        detail = " · ".join(filter(None, (order.structure_number, order.contract_number)))
        found["order", order.pk] = Found("order", order.reference, order.structure_name, detail, order.state)
    for person in Person.objects.filter(pk__in=wanted.get("person", ())):
        name = f"{person.given_names} {person.surname}".strip()
        found["person", person.pk] = Found("person", person.national_id, name, person.national_id, "")
    for one in Structure.objects.filter(pk__in=wanted.get("structure", ())):
        found["structure", one.pk] = Found("structure", one.national_id, one.name, one.national_id, "")
    for contract in Contract.objects.select_related("structure").filter(pk__in=wanted.get("contract", ())):
        name = contract.structure.name
        found["contract", contract.pk] = Found("contract", contract.number, name, "", contract.state)
    return [found[pair] for pair in pairs if pair in found]
