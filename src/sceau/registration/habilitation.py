"""The habilitation: this person may obtain this product, for these names, for this structure [decision 17].

Its life and how an accepted order becomes rights. Here is decided what a version of an order grants, and
nothing more: whether the right may be used now is `right.decide_right`'s, and *expired* is the date's or
the contract's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sceau.catalogue import Catalogue
from sceau.registration.facts import HolderLetter, Structure
from sceau.registration.form413 import Form413, NameOwner, OfferLine
from sceau.registration.letters import Leave, choose_leave
from sceau.registration.scope import Scope
from sceau.vocabulary import CardNumber, Finding, Life, PersonId, Refused


class HabilitationState(StrEnum):
    """Where a habilitation stands. A contract ended or a term past makes it unusable without changing it."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class HabilitationEvent(StrEnum):
    """What may happen to a habilitation."""

    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"


HABILITATION_LIFE = Life(
    noun="habilitation",
    initial=(HabilitationState.ACTIVE,),
    table={
        (HabilitationState.ACTIVE, HabilitationEvent.EXTEND): HabilitationState.ACTIVE,
        (HabilitationState.ACTIVE, HabilitationEvent.SUSPEND): HabilitationState.SUSPENDED,
        (HabilitationState.ACTIVE, HabilitationEvent.WITHDRAW): HabilitationState.WITHDRAWN,
        # A new order accepted while it is suspended brings a version, and does not lift the suspension.
        (HabilitationState.SUSPENDED, HabilitationEvent.EXTEND): HabilitationState.SUSPENDED,
        (HabilitationState.SUSPENDED, HabilitationEvent.RESUME): HabilitationState.ACTIVE,
        (HabilitationState.SUSPENDED, HabilitationEvent.WITHDRAW): HabilitationState.WITHDRAWN,
    },
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One right that a version of an order gives. `scope` is None for the products that need no name.

    `leave` is the reference of the leave it rests on, empty where none is needed.
    """

    person_id: PersonId
    card: CardNumber
    product: str
    scope: Scope | None
    structure: Structure
    holder_letter: HolderLetter
    leave: str = ""


def letter_of(
    line: OfferLine, product: str, *, leaves: Iterable[Leave], day: date
) -> tuple[HolderLetter, str]:
    """Where the leave of the name's holder stands for one product, and the reference of the leave it is
    [N413 4.2].
    """
    if not line.declared or line.owner is NameOwner.STRUCTURE:
        return HolderLetter.NOT_NEEDED, ""
    if line.owner is None:
        return HolderLetter.MISSING, ""
    standing, leave = choose_leave(leaves, scope=line.scope, product=product, day=day)
    return standing, "" if leave is None else leave.reference


def grant(
    form: Form413,
    *,
    structure: Structure,
    holders: Mapping[str, PersonId],
    catalogue: Catalogue,
    leaves: Iterable[Leave] = (),
    day: date = date.min,
) -> tuple[Grant, ...]:
    """What an accepted version gives: administrators × products × scopes, each right once, in the form's
    order.

    `holders` maps the administrators' card numbers to whose cards they are. A mail scope whose restriction
    was not answered is granted restricted [decision 5]. `leaves` are those of the holders of domain names, as
    they stand on `day`; each right is bound to the one it rests on. Raises `Refused` for a card that is
    nobody's and for a name whose kind is open: what is not understood gives no right.
    """
    findings = []
    kept = tuple(leaves)
    grants: dict[tuple[str, str, str], Grant] = {}
    for at, administrator in enumerate(form.administrators):
        person = holders.get(administrator.card_number.text)
        if person is None:
            path = f"administrators.{at}.card_number"
            findings.append(
                Finding.error("order.administrator-unknown", path, card=administrator.card_number.text)
            )
            continue
        for row, line in enumerate(form.offers):
            if catalogue.offers[line.offer].scope_family is not None and line.scope is None:
                path = f"offers.{row}.kind"
                findings.append(Finding.error("order.scope-kind-open", path, declared=line.declared))
                continue
            for product in line.products:
                letter, leave = letter_of(line, product, leaves=kept, day=day)
                given = Grant(
                    person, administrator.card_number, product, line.scope, structure, letter, leave
                )
                grants.setdefault((person.text, product, canonical_of(line.scope)), given)
    if findings:
        raise Refused(findings)
    return tuple(grants.values())


NO_SCOPE = "-"
"""The mark that stands for the scope of a product that needs no name [decision 17]."""


def canonical_of(scope: Scope | None) -> str:
    """The key of a scope in a habilitation's identity."""
    return NO_SCOPE if scope is None else scope.canonical
