"""The facts that registration's rules are given: who, for which structure, by which card and contract.

Small frozen values, built by `operations` from the records (or by `explain` from a question). No rule here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sceau.registration.scope import Scope
from sceau.vocabulary import CardNumber, Finess, Mailbox, PersonId, RppsRang, Siret, StructureId


class ContractState(StrEnum):
    """State of the ordering contract [N413 part 2, prerequisites]. Only `ACTIVE` lets anything be ordered."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    NONE = "none"


class CardStatus(StrEnum):
    """What is known of a card now. Only `VALID` opens anything; `UNKNOWN` is doubt, and doubt refuses."""

    VALID = "valid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    LOST = "lost"
    NOT_YET_VALID = "not-yet-valid"
    UNKNOWN = "unknown"


class HabilitationStatus(StrEnum):
    """How far a right has come, its order's life included. Only `APPROVED` gives it."""

    APPROVED = "approved"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED_BY_ONE = "approved-by-one-of-two"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NONE = "none"


class HolderLetter(StrEnum):
    """Where the domain holder's letter stands, when the structure does not own the name [N413 4.2]."""

    NOT_NEEDED = "not-needed"
    MISSING = "missing"
    RECEIVED_UNSIGNED = "received-unsigned"
    RECEIVED_NO_ID_COPY = "received-no-id-copy"
    RECEIVED_UNVERIFIED = "received-unverified"
    VERIFIED = "verified"
    VERIFIED_OTHER_USE = "verified-other-use"
    VERIFIED_OTHER_DOMAIN = "verified-other-domain"
    VERIFIED_THEN_WITHDRAWN = "verified-then-withdrawn"
    VERIFIED_THEN_ENDED = "verified-then-ended"


class Channel(StrEnum):
    """The way a certificate is asked for: a habilitation born of form 413, or the professional's own card."""

    FORM_413 = "form413"
    PS_DIRECT = "ps-direct"


@dataclass(frozen=True, slots=True)
class Structure:
    """The beneficiary of a habilitation, as the desk accepted it [N413 1].

    `department` is the label and code that stand in the subject's ST, e.g. ``Rhône (69)``.
    """

    name: str
    structure_id: StructureId
    department: str
    postcode: str
    commune: str
    siret: Siret | None = None
    finess: Finess | None = None
    rpps_rangs: tuple[RppsRang, ...] = ()

    @property
    def identifiers(self) -> frozenset[StructureId]:
        """Every national identifier that names this structure."""
        numbers = (self.siret, self.finess, *self.rpps_rangs)
        return frozenset((self.structure_id, *(StructureId.of(number) for number in numbers if number)))


@dataclass(frozen=True, slots=True)
class Person:
    """A natural person, known by the national identifier [IGC-SANTE 4.3].

    `profession_code` is the code of table G15 for a health professional (10 = doctor), None for an employee.
    """

    national_id: PersonId
    surname: str
    given_names: str
    title: str
    profession_code: int | None = None
    specialities: tuple[str, ...] = ()


class HolderSource(StrEnum):
    """Who says that the holder of a PRO certificate is that person, and works there [decision 14].

    `UNCONFIRMED` is a name as typed by the administrator: it gives nothing.
    """

    REGISTER = "register"
    DESK = "desk"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class NamedHolder:
    """The person a PRO certificate will name, where they work, and who vouches for both [decision 14]."""

    person: Person
    works_for: StructureId
    source: HolderSource


@dataclass(frozen=True, slots=True)
class ConfirmedMailbox:
    """A professional's own mailbox, reached by a code mailed to it at `confirmed_at` (UTC) [decision 14]."""

    mailbox: Mailbox
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it stands now: its printed number, its type (a code of the catalogue) and its status."""

    number: CardNumber
    type: str
    status: CardStatus
    person_id: PersonId


@dataclass(frozen=True, slots=True)
class Habilitation:
    """One right as it stands now: this person may obtain this product for this structure, for these names.

    `reference` and `version` name the exact text of the right, so that each certificate can be traced to it.
    `scope` is None for the products that need no name (ORG).
    """

    reference: str
    version: int
    status: HabilitationStatus
    person_id: PersonId
    structure: Structure
    product: str
    scope: Scope | None
    contract: ContractState
    holder_letter: HolderLetter
    valid_until: datetime | None = None
