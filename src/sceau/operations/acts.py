"""One act: its transaction, its entry in the journal, and the entry of its refusal.

Every verb runs inside `acting`. What it changed and what the journal says of it are committed together, or
not at all; when it is refused, nothing is changed and the refusal has an entry of its own. Personal data go
into an entry as salted commitments; what opens them is kept beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from sceau.journal import SALT_BYTES, canonical, commit_to, leaf_hash, mould_of
from sceau.operations.announcing import announce
from sceau.operations.machine import Actor, Machine, machine
from sceau.records import hot
from sceau.vocabulary import Fault, Finding, Refused, errors


@dataclass(slots=True)
class Telling:
    """What one entry will say: `kind` (`order.received`), references, public data, personal data by name."""

    kind: str
    about: tuple[str, ...]
    public: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Act:
    """An act under way: who, when, with which machine, and what the journal will be told of it."""

    machine: Machine
    actor: Actor
    at: datetime
    telling: Telling
    others: list[Telling] = field(default_factory=list)
    silent: bool = False

    @classmethod
    def at_now(cls, actor: Actor, kind: str, *about: str) -> Act:
        """An act that begins now."""
        present = machine()
        return cls(present, actor, present.clock(), Telling(kind, about))

    def about(self, *references: str) -> None:
        """The references the entry is about; the first is its subject."""
        self.telling.about = tuple(references)

    def tell(self, **public: Any) -> None:
        """Plain data anybody may read."""
        self.telling.public.update(public)

    def keep(self, **personal: Any) -> None:
        """Personal data: committed in the entry, disclosed beside it."""
        self.telling.personal.update(personal)

    def also(
        self, kind: str, *about: str, public: Mapping[str, Any], personal: Mapping[str, Any] | None = None
    ) -> None:
        """A further entry, for another object changed by the same act."""
        self.others.append(Telling(kind, about, dict(public), dict(personal or {})))

    def rename(self, kind: str) -> None:
        """What it turned out to be (an approval that accepted)."""
        self.telling.kind = kind

    def unchanged(self) -> None:
        """Nothing changed (a second click): no entry."""
        self.silent = True

    def tellings(self) -> list[tuple[Act, Telling]]:
        """Everything that the journal is to be told of this act."""
        return [] if self.silent else [(self, telling) for telling in (self.telling, *self.others)]


@contextmanager
def acting(actor: Actor, kind: str, *about: str) -> Iterator[Act]:
    """The transaction of one act. `kind` says what will have happened; `about` names the object when it is
    known.

    Raises what the body raises; a refusal is journaled apart. A database that cannot be reached or stays
    locked is a `Fault` (``operations.database``, retryable): nothing was changed.
    """
    act = Act.at_now(actor, kind, *about)
    try:
        with writing() as at:
            act.at = at
            yield act
            append_entries(act.tellings())
    except Refused as refused:
        append_refusal(act, refused)
        raise


@contextmanager
def writing() -> Iterator[datetime]:
    """One write transaction, of one act or of several; gives the instant of what is done in it.

    What the database refuses is a `Fault`: ``operations.conflict`` when two met (may be tried again),
    ``operations.database-refused`` when a trigger stopped it, ``operations.database`` when it is away.
    """
    try:
        with transaction.atomic():
            yield machine().clock()  # now: the wait for the database's lock may have been long
    except IntegrityError as error:
        raise _refused_by_database(error) from error
    except (OperationalError, InterfaceError) as error:
        if getattr(error.__cause__, "sqlstate", None) in _MET:
            raise Fault("operations.conflict", retryable=True, detail=str(error)) from error
        raise Fault("operations.database", retryable=True, detail=str(error)) from error


_MET = ("40001", "40P01")  # PostgreSQL: could not serialise, deadlock: one of the two was sent away


@contextmanager
def considering(actor: Actor, kind: str, *about: str) -> Iterator[Act]:
    """An act being weighed, before it changes anything: no transaction, and the entry of its refusal if
    refused.
    """
    act = Act.at_now(actor, kind, *about)
    try:
        yield act
    except Refused as refused:
        append_refusal(act, refused)
        raise
    except (OperationalError, InterfaceError) as error:
        raise Fault("operations.database", retryable=True, detail=str(error)) from error


def _refused_by_database(error: IntegrityError) -> Fault:
    """Two acts met (a unique constraint: ask again), or a trigger stopped what our rules should have
    stopped.
    """
    if "sceau " in str(error):
        return Fault("operations.database-refused", retryable=False, detail=str(error).splitlines()[0])
    return Fault("operations.conflict", retryable=True, detail=str(error).splitlines()[0])


def append_entry(act: Act, telling: Telling) -> None:
    """Write one entry, inside the transaction of what it tells."""
    append_entries([(act, telling)])


def append_entries(told: Iterable[tuple[Act, Telling]]) -> None:
    """Write entries in their order, and what is to be told of them, inside the transaction of what they
    tell.
    """
    several = list(told)
    count = sum(1 + len(telling.personal) for _, telling in several)
    salts = _salts(several[0][0].machine, count) if several else iter(())
    actors: dict[int, bytes] = {}  # a batch is nearly always one actor's
    hot.append_entries([_entry_of(act, telling, salts, actors) for act, telling in several])
    announce(several)


def _salts(present: Machine, count: int) -> Iterator[bytes]:
    """`count` salts, each of its own octets, drawn at once: the generator costs by the call."""
    drawn = present.random(count * SALT_BYTES)
    return (drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES))


def _entry_of(act: Act, telling: Telling, salts: Iterator[bytes], actors: dict[int, bytes]) -> hot.NewEntry:
    """The entry with its salts: what is committed here is disclosed beside it."""
    actor, personal = act.actor, telling.personal
    public = {**telling.public, "hat": actor.hat} if actor.hat else telling.public
    mould = mould_of(
        telling.kind,
        tuple(public),
        tuple(personal),
        catalogue=act.machine.catalogue.digest,
        machine="" if actor.person_id else f"machine:{actor.display or 'instance'}",
    )
    opened = []
    if actor.person_id:
        described = actors.get(id(actor))
        if described is None:
            described = actors[id(actor)] = _described(actor)
        opened.append(("actor", described))
    opened += [(name, canonical(personal[name])) for name in mould.personal]
    commitments, disclosures = [], []
    for name, text in opened:
        salt = next(salts)
        commitments.append(commit_to(text, salt=salt))
        disclosures.append(hot.NewDisclosure(name, salt, text.decode()))
    data = mould.write(at=act.at, about=telling.about, public=public, commitments=commitments)
    subject = telling.about[0] if telling.about else ""
    return hot.NewEntry(act.at, telling.kind, subject, data, leaf_hash(data).hex(), disclosures)


def refusal_of(act: Act, refused: Refused) -> Telling:
    """What the journal is told of a refusal: the codes for anybody, the findings as a commitment."""
    return Telling(
        kind=f"refused.{act.telling.kind}",
        about=act.telling.about,
        public={"findings": sorted({finding.code for finding in errors(refused.findings)})},
        personal={"findings": [_said(finding) for finding in refused.findings[:50]]},
    )


def append_refusal(act: Act, refused: Refused) -> None:
    """The entry of a refusal, in a transaction of its own: the act's own was rolled back."""
    try:
        with transaction.atomic():
            append_entry(act, refusal_of(act, refused))
    except (OperationalError, InterfaceError) as error:
        raise Fault("operations.database", retryable=True, detail=str(error)) from error


def refuse_with(findings: Sequence[Finding]) -> None:
    """Raise `Refused` if there is anything to refuse for."""
    if findings:
        raise Refused(findings)


def _described(actor: Actor) -> bytes:
    return canonical(
        {
            "person": actor.person_id,
            "card": actor.card or "",
            "qualities": sorted(actor.qualities),
            "display": actor.display,
            **({"token": actor.token} if actor.token else {}),
            **({"passkey": actor.passkey} if actor.passkey else {}),
        }
    )


def _said(finding: Finding) -> list[Any]:
    return [finding.code, finding.subject[:200], [[name, value[:200]] for name, value in finding.details]]
