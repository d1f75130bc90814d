"""The first start of a development instance: its hierarchy, its keys, its made-up people with their cards.

Done once, in a folder that has no hierarchy. Everything goes the way it would in production: the ceremony
makes the hierarchy, verbs register people, and the cards are read at the door like any card.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from sceau.catalogue import load_catalogue
from sceau.custody import (
    CardPress,
    SignerFolder,
    TestCard,
    passphrase_from_file,
)
from sceau.operations import (
    Actor,
    ContractEntry,
    PartyEntry,
    appoint_officer,
    register_card,
    register_person,
    register_structure_contract,
    register_third_party,
)
from sceau.registration import Card, CardStatus, Person
from sceau.site.drawer import DrawerLine, drawer_lines, write_drawer
from sceau.site.people import (
    EDITOR,
    EDITOR_CONTRACT,
    HOSPITAL,
    HOSPITAL_CONTRACT,
    PEOPLE,
    PRACTICE,
    PRACTICE_CONTRACT,
    TestPerson,
)
from sceau.vocabulary import IdentifierMode, read_card_number, read_person_id

_SYSTEM = Actor.system("first-start")


def create_people(data: Path, *, at: datetime, say: Callable[[str], None]) -> None:
    """The test people, in the registers and in the drawer. Needs `start`; done once."""
    if drawer_lines(data):
        return
    say("Création des personnes fictives et de leurs cartes de test…")
    catalogue = load_catalogue()
    folder = SignerFolder(data / "signer")
    press = CardPress(
        data,
        passphrase_from_file(folder.passphrase),
        catalogue=catalogue,
        environment=folder.environment(catalogue),
    )
    lines = []
    for person in PEOPLE:
        card = press.press(person.card, at=at - timedelta(minutes=5))
        press.write(card, person.slug)
        if person.known:
            _register(person, card)
        lines.append(DrawerLine(person.slug, person.display, person.role, person.card.type))
    _register_contracts(at)
    write_drawer(data, lines)  # last: it says that all the rest is there


def _register(person: TestPerson, pressed: TestCard) -> None:
    order = person.card
    national_id = read_person_id(order.national_id, mode=IdentifierMode.TEST).require()
    number = read_card_number(order.number, mode=IdentifierMode.TEST).require()
    register_person(
        _SYSTEM,
        Person(
            national_id=national_id,
            surname=order.surname,
            given_names=order.given_names,
            title=order.title,
            profession_code=order.profession_code,
            specialities=order.specialities,
        ),
    )
    card = Card(number, order.type, CardStatus.VALID, national_id)
    ends = x509.load_der_x509_certificate(pressed.certificate).not_valid_after_utc
    register_card(_SYSTEM, card, not_after=ends)
    if person.quality:
        appoint_officer(_SYSTEM, person_id=national_id.text, quality=person.quality)


def _register_contracts(at: datetime) -> None:
    contracts = (
        (HOSPITAL_CONTRACT, HOSPITAL),
        (PRACTICE_CONTRACT, PRACTICE),
        (EDITOR_CONTRACT, EDITOR),
    )
    for number, structure in contracts:
        parties = [_party(person) for person in PEOPLE if person.contract == number]
        begins = (at - timedelta(days=1)).date()
        register_structure_contract(_SYSTEM, ContractEntry(number, structure, begins, parties=parties))
    register_third_party(_SYSTEM, contract=EDITOR_CONTRACT, kind="editor")


def _party(person: TestPerson) -> PartyEntry:
    return PartyEntry(
        quality=person.party,
        surname=person.card.surname,
        given_names=person.card.given_names,
        card_number=person.card.number,
        email=person.email,
        phone=person.phone,
    )
