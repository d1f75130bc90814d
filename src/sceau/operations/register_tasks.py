"""After an import: what the register now says, compared with what is live here, becomes tasks for the desk.

Structures under contract or with a right in force, professionals who hold something, and every card that the
records know are looked at, a few hundred at a time. A fact makes one task, however often it is imported. An
opposed card is opposed here at once, by the machine; everything else waits for a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from sceau.catalogue import RegisterSubject
from sceau.operations.acts import acting
from sceau.operations.machine import Actor, machine
from sceau.operations.people import set_card_status
from sceau.operations.references import TASK, draw_reference
from sceau.operations.register_facts import STRUCTURES, facts_of, structure_facts_of
from sceau.records.models import (
    Card,
    Certificate,
    Contract,
    ContractParty,
    DeskTask,
    Habilitation,
    Person,
    RegisterImport,
    Structure,
)
from sceau.registration import (
    CardAsKept,
    CardStatus,
    RegisterFact,
    card_tasks,
    opposition,
    professional_tasks,
    structure_tasks,
)
from sceau.vocabulary import Finding

REGISTERS = Actor.system("registers")
_TASKS = Actor.system("tasks")
_SLICE = 200
_WORDS_OF_DAY = ("source", "name")  # details that change without the fact changing
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task to raise: why (a finding, whose code has its sentence and what to do), and the references of
    what it concerns.
    """

    why: Finding
    about: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Names the fact: its code, its subject, and what makes it another fact."""
        told = "\n".join(f"{name}={value}" for name, value in self.why.details if name not in _WORDS_OF_DAY)
        return f"{self.why.code}/{self.why.subject[:80]}/{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def raise_register_tasks(row: RegisterImport) -> int:
    """Compare an import that stands with what is live; how many tasks it made. May be done again."""
    about = machine().catalogue.registers[row.layout].about
    raised = 0
    for entries in _entries(about):
        raised += raise_tasks(entries, raised_by=row.reference, actor=REGISTERS)
    if about is RegisterSubject.CARD:
        _oppose_cards(row)
    now = machine().clock()
    RegisterImport.objects.filter(pk=row.pk, compared_at=None).update(compared_at=now)
    return raised


def raise_tasks(entries: Sequence[TaskEntry], *, raised_by: str, actor: Actor = _TASKS) -> int:
    """Write the tasks among `entries` whose fact is new, in one act of the machine; how many they are.
    `raised_by` is what raised them: the reference of an import, of a mail.
    """
    if not entries:
        return 0
    with acting(actor, "task.raised") as act:
        keys = {entry.key: entry for entry in entries}
        known = set(DeskTask.objects.filter(key__in=list(keys)).values_list("key", flat=True))
        rows = [
            DeskTask(
                reference=draw_reference(TASK, act.machine.random),
                key=key,
                code=entry.why.code,
                subject=entry.why.subject[:80],
                details=[list(pair) for pair in entry.why.details],
                about=list(entry.about),
                raised_at=act.at,
                raised_by=raised_by,
            )
            for key, entry in keys.items()
            if key not in known
        ]
        if not rows:
            act.unchanged()
            return 0
        DeskTask.objects.bulk_create(rows)
        act.about(raised_by, *(row.reference for row in rows))
        act.tell(codes=sorted({row.code for row in rows}), tasks=len(rows))
        act.keep(tasks=[[row.reference, row.subject, row.details] for row in rows])
    return len(rows)


def _entries(about: RegisterSubject) -> Iterator[list[TaskEntry]]:
    if about is RegisterSubject.PROFESSIONAL:
        yield from _professionals()
    elif about is RegisterSubject.CARD:
        for cards in _slices(Card.objects.select_related("person")):
            yield _card_entries(cards)
    else:
        yield from _structures()


def _slices(rows: QuerySet[M]) -> Iterator[list[M]]:
    """All rows by key, a few hundred at a time."""
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:_SLICE]):
        yield found
        last = found[-1].pk


def _structures() -> Iterator[list[TaskEntry]]:
    contracts = Contract.objects.exclude(state="terminated").values("structure_id")
    rights = Habilitation.objects.exclude(state="withdrawn").values("structure_id")
    live = Structure.objects.filter(Q(pk__in=contracts) | Q(pk__in=rights))
    for structures in _slices(live):
        numbers = [number for one in structures for number in (one.siret, one.finess) if number]
        facts = structure_facts_of(numbers)
        entries = []
        for one in structures:
            keys = [(subject, number) for subject in STRUCTURES for number in (one.siret, one.finess)]
            found = [facts[key] for key in keys if key in facts]
            about = Contract.objects.filter(structure=one).exclude(state="terminated")
            references = tuple(f"contract/{number}" for number in about.values_list("number", flat=True))
            entries += [TaskEntry(why, references) for why in structure_tasks(one.facts(), found)]
        yield entries


def _professionals() -> Iterator[list[TaskEntry]]:
    known = Person.objects.filter(Q(national_id__startswith="8") | Q(national_id__startswith="0"))
    for people in _slices(known.exclude(national_id__contains="/")):
        facts = facts_of(RegisterSubject.PROFESSIONAL, [person.national_id for person in people])
        entries = []
        for person in people:
            fact = facts.get(person.national_id)
            name = f"{person.given_names} {person.surname}".strip()
            asked = [] if fact is None else professional_tasks(fact, name=name)
            if asked and (held := _held_by(person)):
                entries += [TaskEntry(why, held) for why in asked]
        yield entries


def _held_by(person: Person) -> tuple[str, ...]:
    """What somebody holds that is live: rights, certificates, mandates."""
    now = machine().clock()
    rights = Habilitation.objects.filter(person=person).exclude(state="withdrawn")
    certificates = Certificate.objects.filter(
        asked_by=person.national_id, not_after__gt=now, revocation=None, state__in=("issued", "collected")
    )
    cards = Card.objects.filter(person=person).values("number")
    mandates = ContractParty.objects.filter(card_number__in=cards, valid_until=None)
    return (
        *rights.values_list("reference", flat=True)[:20],
        *certificates.values_list("reference", flat=True)[:20],
        *(f"contract/{number}" for number in mandates.values_list("contract__number", flat=True)[:20]),
    )


def _card_entries(cards: Iterable[Card]) -> list[TaskEntry]:
    catalogue = machine().catalogue
    return [
        TaskEntry(why)
        for card, fact in _known_cards(list(cards))
        for why in card_tasks(_as_kept(card), fact, catalogue=catalogue)
    ]


def _known_cards(cards: Collection[Card]) -> list[tuple[Card, RegisterFact]]:
    facts = facts_of(RegisterSubject.CARD, [card.number for card in cards])
    return [(card, facts[card.number]) for card in cards if card.number in facts]


def _as_kept(card: Card) -> CardAsKept:
    return CardAsKept(
        number=card.number,
        type=card.type,
        surname=card.person.surname,
        holder=card.person.national_id,
        is_live=card.status == CardStatus.VALID,
    )


def _oppose_cards(row: RegisterImport) -> None:
    """Every card valid here and opposed there ends now: the tasks that say so are written already."""
    valid = Card.objects.select_related("person").filter(status=CardStatus.VALID)
    for cards in _slices(valid):
        for card, fact in _known_cards(cards):
            status = opposition(fact)
            if status is not None:
                reason = f"{fact.source}, import {row.reference}"
                set_card_status(REGISTERS, number=card.number, status=status, reason=reason)
