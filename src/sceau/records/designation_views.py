"""Third parties as people see them: the party and its team, a designation, a client in the list of hundreds,
a technical part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ThirdPartyLine:
    """A third party: what it is called, under which contract, whether that is in force."""

    reference: str
    name: str
    structure_id: str
    kind: str
    contract: str
    is_in_force: bool
    clients: int = 0
    members: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody of a team. `checks` are the names of the officers who checked them, `departure` the reference
    of the list of what they left (empty: nothing).
    """

    reference: str
    third_party: str
    third_party_name: str
    person_id: str
    person: str
    card_number: str
    email: str
    state: str
    proposed_by: str
    proposed_at: datetime
    changed_at: datetime
    checks: tuple[str, ...]
    checked_by: tuple[str, ...]
    reason: str
    departure: str = ""


@dataclass(frozen=True, slots=True)
class DesignationVersionLine:
    """One signed act. `attested` are the names of the officers who attested an act on paper."""

    number: int
    products: tuple[str, ...]
    names: tuple[str, ...]
    may_fill: bool
    may_administer: bool
    until: date
    signatory: str
    quality: str
    signed_on: date
    signed_card: str
    piece: str
    attested: tuple[str, ...]
    attested_by: tuple[str, ...]
    digest: str
    is_present: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class DesignationLine:
    """A designation in a list, with its present terms (None: nothing signed yet)."""

    reference: str
    state: str
    structure: str
    structure_id: str
    contract: str
    third_party: str
    third_party_name: str
    is_in_force: bool
    version: int
    terms: DesignationVersionLine | None
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class DesignationView:
    """The whole of a designation: every act, who is on the team, how many rights it gives."""

    line: DesignationLine
    versions: tuple[DesignationVersionLine, ...]
    team: tuple[MemberLine, ...]
    accepted_by: str
    accepted_at: datetime | None
    ended_by: str
    ended_as: str
    ended_at: datetime | None
    reason: str
    rights: int
    certificates: int
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A client as its third party sees it: what is designated, what waits, what was obtained, what ends."""

    designation: DesignationLine
    waiting: int
    certificates: int
    ending: int
    next_end: datetime | None


@dataclass(frozen=True, slots=True)
class ObtainedLine:
    """A certificate that a team obtained for a client, under which right and which version of the
    designation, and who of the team looks after it.
    """

    reference: str
    product: str
    names: tuple[str, ...]
    not_after: datetime
    is_live: bool
    right: str
    person: str
    designation_version: int
