"""Who is known: structures under contract, people, cards, officers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sceau.operations.machine import Actor
from sceau.records import CardLine, ContractLine, PersonLine

if TYPE_CHECKING:
    from sceau.registration import Card, Person


@dataclass(frozen=True, slots=True)
class ContractParty:
    """A person the contract names. `quality`: `representative` or `mandataire`."""

    quality: str
    surname: str
    given_names: str
    card_number: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class StructureEntry:
    """A structure as typed at the desk; identifiers are text and are read again."""

    name: str
    postcode: str
    commune: str
    siret: str = ""
    finess: str = ""
    rpps_rangs: tuple[str, ...] = ()


def register_structure_contract(
    actor: Actor,
    *,
    structure: StructureEntry,
    number: str,
    valid_from: date,
    valid_until: date | None = None,
    parties: Sequence[ContractParty] = (),
) -> ContractLine:
    """A structure and its ordering contract. By the authority, the desk, or the machine at set-up."""
    raise NotImplementedError


def set_contract_state(actor: Actor, *, number: str, state: str, reason: str) -> ContractLine:
    """`active`, `suspended` or `terminated`. Ending is final."""
    raise NotImplementedError


def register_person(actor: Actor, person: Person) -> PersonLine:
    """A person, by national identifier; a second call brings names and profession up to date."""
    raise NotImplementedError


def register_card(actor: Actor, card: Card, *, not_after: datetime | None = None) -> CardLine:
    """A card and its holder (already registered). A number never changes holder."""
    raise NotImplementedError


def set_card_status(actor: Actor, *, number: str, status: str, reason: str) -> CardLine:
    """A card was opposed, lost, suspended, or is valid again."""
    raise NotImplementedError


def appoint_officer(actor: Actor, *, person_id: str, quality: str) -> PersonLine:
    """Give `desk`, `auditor` or `authority`. By the authority; by the machine while nobody holds the
    role of authority.
    """
    raise NotImplementedError


def dismiss_officer(actor: Actor, *, person_id: str, quality: str) -> PersonLine:
    """Take a role back. By the authority."""
    raise NotImplementedError


def welcome(person: Person, card: Card, *, not_after: datetime | None = None) -> Actor:
    """A validated card is at the door: note its holder if new, and say who acts, with the roles held now.

    A card that the records know as opposed, or as somebody else's, is refused.
    """
    raise NotImplementedError
