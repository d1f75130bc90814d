"""A fleet as an authority of some years has one: structures with their contracts and people, orders, rights,
and certificates under them, few for most, many for some.

Everything but certificates is copied from rows that the verbs wrote, with other names and numbers, so that
each page finds what it looks for. A million certificates: about a hundred thousand structures, one of twenty
thousand certificates, an administrator of five thousand.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.database import CertificateMaker, connect, filling, revocation

_FIRST = 1_000_000  # what is copied is numbered from here on: before it are the rows of the verbs
_EACH = 10
_LARGE, _OWN = 50, 200  # one certificate in fifty is of the large structure, one in two hundred of its first
_LARGE_HOLDERS = 10
_SLICE = 5_000
_YEARS = timedelta(days=1_500)
_LIFE = timedelta(days=1_095)
_SKEW = 1.7
_OPEN_EVERY, _DRAFT_EVERY = 50, 20
_OF_ORDER = ("orderversion", "orderparty", "approval", "deskcase")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Right:
    """A right that gives certificates, with the rows it stands on."""

    habilitation: int
    structure: int
    contract: int
    person_id: str


@dataclass
class Fleet:
    """The database being filled: `right` is the model, granted by the verbs."""

    connection: sqlite3.Connection
    count: int
    now: datetime
    columns: dict[str, list[str]] = field(default_factory=dict)

    def one(self, table: str, where: str, *values: object) -> Row:
        """One row, whole."""
        return self.several(table, where, *values)[0]

    def several(self, table: str, where: str, *values: object) -> list[Row]:
        """Rows of a table."""
        found = self.connection.execute(f'SELECT * FROM "records_{table}" WHERE {where}', values)
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def put(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Rows into a table; those of one call have the same columns."""
        kept = list(rows)
        if kept:
            names = list(kept[0])
            marks = ", ".join("?" * len(names))
            listed = ", ".join(f'"{name}"' for name in names)
            self.connection.executemany(
                f'INSERT INTO "records_{table}" ({listed}) VALUES ({marks})',
                [tuple(row.values()) for row in kept],
            )


def fill_fleet(data: Path, count: int, *, right: str, person: str) -> None:
    """`count` certificates and all that belongs to them, beside what the verbs made in `data`: `right` (its
    reference) is the one whose holder, `person`, has one certificate in two hundred.
    """
    connection = connect(data)
    with contextlib.closing(connection), filling(connection):
        fleet = Fleet(connection, count, datetime.now(UTC).replace(microsecond=0))
        own = _right(fleet, right, person)
        large = [own, *_colleagues(fleet, own, _LARGE_HOLDERS)]
        small = max(count // _EACH, 10)
        for first in range(0, small, _SLICE):
            connection.execute("BEGIN")
            _structures(fleet, own, range(first, min(first + _SLICE, small)))
            connection.execute("COMMIT")
        for first in range(1, count + 1, _SLICE):
            connection.execute("BEGIN")
            _certificates(fleet, range(first, min(first + _SLICE, count + 1)), large, small)
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _right(fleet: Fleet, reference: str, person: str) -> Right:
    right = fleet.one("habilitation", "reference = ?", reference)
    version = fleet.one("habilitationversion", "habilitation_id = ?", right["id"])
    return Right(right["id"], right["structure_id"], version["contract_id"], person)


def _colleagues(fleet: Fleet, own: Right, many: int) -> list[Right]:
    """Other administrators of the large structure, each with a right of their own."""
    fleet.connection.execute("BEGIN")
    found = []
    for place in range(many):
        number = _FIRST - many + place
        _person(fleet, number)
        found.append(_granted(fleet, own, number, structure=own.structure, contract=own.contract))
    fleet.connection.execute("COMMIT")
    return found


def _structures(fleet: Fleet, own: Right, numbers: Iterable[int]) -> None:
    """Small structures: contract, representative and administrator, an order accepted, its rights, mails; one
    in fifty has another order open, one in twenty a draft.
    """
    structure = fleet.one("structure", "id = ?", own.structure)
    contract = fleet.one("contract", "id = ?", own.contract)
    party = fleet.one("contractparty", "contract_id = ?", own.contract)
    for place in numbers:
        number = _FIRST + place
        name = f"ETABLISSEMENT {place * 7919 % 1_000_003:07d} DE L'EXEMPLE"
        siret = f"{80_000_000_000_000 + place}"
        named = {"national_id": f"3{siret}", "name": name, "siret": siret, "finess": ""}
        fleet.put("structure", [structure | {"id": number, **named}])
        fleet.put("contract", [contract | {"id": number, "number": f"C-{number}", "structure_id": number}])
        card = _person(fleet, number)
        fleet.put("contractparty", [party | {"id": number, "contract_id": number, "card_number": card}])
        _granted(fleet, own, number, structure=number, contract=number)
        _words(fleet, number, name, siret)
        if place % _OPEN_EVERY == 0:
            _order(fleet, number + _FIRST, number, is_open=True)
        if place % _DRAFT_EVERY == 0:
            _draft(fleet, number)
        _mail(fleet, number)


def _person(fleet: Fleet, number: int) -> str:
    """An administrator and their card; the number printed on it."""
    person = fleet.one("person", "id = (SELECT MAX(id) FROM records_person WHERE id < ?)", 1_000)
    card = fleet.one("card", "person_id = ?", person["id"])
    printed = f"27{number:08d}"
    who = {"id": number, "national_id": _person_id(number), "surname": f"DUPONT{number}"}
    fleet.put("person", [person | who])
    fleet.put("card", [card | {"id": number, "number": printed, "person_id": number}])
    return printed


def _person_id(number: int) -> str:
    return f"39{number:08d}/ADM"


def _granted(fleet: Fleet, own: Right, number: int, *, structure: int, contract: int) -> Right:
    """An order accepted and the right it gave to the person of this number."""
    _order(fleet, number, number, is_open=False)
    right = fleet.one("habilitation", "id = ?", own.habilitation)
    version = fleet.one("habilitationversion", "habilitation_id = ?", own.habilitation)
    of = {"person_id": number, "structure_id": structure}
    fleet.put("habilitation", [right | {"id": number, "reference": f"HAB-{number}", **of}])
    under = {"habilitation_id": number, "contract_id": contract, "order_id": number}
    fleet.put("habilitationversion", [version | {"id": number, "card_number": f"27{number:08d}", **under}])
    return Right(number, structure, contract, _person_id(number))


def _order(fleet: Fleet, number: int, who: int, *, is_open: bool) -> None:
    order = fleet.one("order", "id = (SELECT MIN(id) FROM records_order)")
    changed = {
        "id": number,
        "reference": f"CMD-{number}",
        "submitted_by": _person_id(who),
        "idempotency_key": None,
        "contract_number": f"C-{who}",
        "structure_number": f"{80_000_000_000_000 + who - _FIRST}",
        "state": "under-review" if is_open else order["state"],
    }
    fleet.put("order", [order | changed])
    for table in _OF_ORDER:
        found = fleet.several(table, "order_id = ?", order["id"])
        rows = []
        for place, row in enumerate(found):
            kept = row | {"order_id": number, "id": number * 10 + place}
            if table == "orderparty":
                kept |= {"person_id": _person_id(who), "card_number": f"27{who:08d}{place}"[:10]}
                kept["version"] = 1 + place
            if table == "deskcase" and is_open:
                at = _text(fleet.now - timedelta(days=number % 30))
                kept |= {"lane": "todo", "wake_at": at, "due_at": at, "decided_at": None, "decided_by": ""}
            rows.append(kept)
        if table != "approval" or not is_open:
            fleet.put(table, rows)


def _draft(fleet: Fleet, number: int) -> None:
    draft = fleet.one("orderdraft", "id = (SELECT MIN(id) FROM records_orderdraft)")
    changed = {"id": number, "reference": f"BRO-{number}", "owner": _person_id(number)}
    fleet.put("orderdraft", [draft | changed])


def _mail(fleet: Fleet, number: int) -> None:
    at = _text(fleet.now - timedelta(hours=number % 9_000))
    fleet.put(
        "mail",
        [
            {
                "id": number,
                "key": f"bench-{number}",
                "template": "order-accepted",
                "role": "signatory",
                "about": f"CMD-{number}",
                "address": f"direction@client-{number}.example",
                "step": 0,
                "subject": "Votre commande est acceptée",
                "text": "Votre commande est acceptée. " * 30,
                "html": "<p>Votre commande est acceptée.</p>" * 30,
                "message_id": f"<bench-{number}@sceau.example>",
                "state": "sent",
                "made_at": at,
                "next_at": at,
                "tries": 1,
                "sent_at": at,
                "changed_at": at,
                "reply": "",
            }
        ],
    )


def _words(fleet: Fleet, number: int, name: str, siret: str) -> None:
    from sceau.records.search_words import word_of, words_of_name

    of_order = [word_of(text) for text in (f"CMD-{number}", f"C-{number}", siret, f"27{number:08d}")]
    rows = [(word, "order", number) for word in dict.fromkeys(of_order)]
    rows += [(word, "structure", number) for word in sorted(words_of_name(name))]
    rows += [(word_of(f"DUPONT{number}"), "person", number), (word_of(f"C-{number}"), "contract", number)]
    fleet.put("searchword", [dict(zip(("word", "kind", "target"), row, strict=True)) for row in rows])


def _certificates(fleet: Fleet, numbers: range, large: list[Right], small: int) -> None:
    """Certificates of these numbers, the oldest first; one in fifty to collect, one in twenty revoked."""
    step = _YEARS / fleet.count
    maker = CertificateMaker(began=fleet.now - _YEARS - step * _FIRST, step=step)
    certificates, names, keys, ends, told = [], [], [], [], []
    entry = fleet.one("journalentry", "kind = 'certificate.issued' LIMIT 1")
    for number in numbers:
        key_of = _FIRST + number
        at = maker.at(key_of)
        row, name, key = maker.rows(key_of, state="issued")
        kept = dict(zip(_CERTIFICATE, row, strict=True)) | _belongs(number, large, small)
        waits = number % 50 == 7 or fleet.now - at < timedelta(hours=12)
        kept |= {"id": key_of, "state": "issued" if waits else "collected"}
        kept |= {"collected_at": None if waits else _text(at), "not_after": _text(at + _LIFE)}
        certificates.append(kept)
        names.append(dict(zip(_NAME, name, strict=True)))
        keys.append(dict(zip(_KEY_USE, key, strict=True)))
        if number % 20 == 3:
            end = revocation(maker.serial(key_of), key_of)
            ends.append(dict(zip(_REVOCATION, end, strict=True)) | {"at": _text(at + timedelta(hours=1))})
        told.append(entry | {"id": key_of, "subject": kept["reference"], "at": _text(at)})
    fleet.put("certificate", certificates)
    fleet.put("certificatename", names)
    fleet.put("keyuse", keys)
    fleet.put("revocation", ends)
    fleet.put("journalentry", told)


def _belongs(number: int, large: list[Right], small: int) -> Row:
    """Under which right the certificate of this number is."""
    if number % _OWN == 0:
        right = large[0]
    elif number % _LARGE == 0:
        right = large[1 + number // _LARGE % (len(large) - 1)]
    else:
        share = number * 2_654_435_761 % (1 << 32) / (1 << 32)
        place = _FIRST + int(small * share**_SKEW)
        right = Right(place, place, place, _person_id(place))
    return {
        "structure_id": right.structure,
        "habilitation_id": right.habilitation,
        "habilitation_version": 1,
        "contract_id": right.contract,
        "asked_by": right.person_id,
    }


def _text(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(sep=" ")


def _split(columns: str) -> Iterator[str]:
    return (one.strip() for one in columns.split(","))


def _columns() -> tuple[tuple[str, ...], ...]:
    from bench.database import CERTIFICATE, KEY_USE, NAME, REVOCATION

    return tuple(tuple(_split(one.replace('"', ""))) for one in (CERTIFICATE, NAME, KEY_USE, REVOCATION))


_CERTIFICATE, _NAME, _KEY_USE, _REVOCATION = _columns()
