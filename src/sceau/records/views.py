"""What the rooms to the right may see of the records: small frozen values, already joined, ready to show.

No rule and no table here. Identifiers are the text a person reads; instants are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StructureLine:
    """A structure as last accepted; `national_id` is the type digit and number that stand in the
    subject's OU.
    """

    national_id: str
    name: str
    department: str
    postcode: str
    commune: str
    siret: str
    finess: str


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A legal representative or *mandataire* of a contract. `quality` is a quality of the catalogue."""

    quality: str
    surname: str
    given_names: str
    card_number: str
    person_id: str
    email: str
    phone: str
    valid_from: date
    valid_until: date | None
    powers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractLine:
    """An ordering contract. `state` is derived at the instant asked: `active`, `suspended`, `expired`,
    `terminated`; `standing` is what is stored, and its life's. `parties` are all it names, now or before.
    """

    number: str
    state: str
    structure: StructureLine
    valid_from: date
    valid_until: date | None
    parties: tuple[PartyLine, ...]
    standing: str = "active"
    invoiceable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A natural person. `roles` are the desk's qualities held now: `desk`, `auditor`, `authority`."""

    national_id: str
    surname: str
    given_names: str
    title: str
    profession_code: int | None
    roles: frozenset[str]

    @property
    def display(self) -> str:
        """Given names and surname, as one would write them in a letter."""
        return f"{self.given_names} {self.surname}".strip()


@dataclass(frozen=True, slots=True)
class CardLine:
    """A card and its status at the instant asked; `person` holds it."""

    number: str
    type: str
    status: str
    not_after: datetime | None
    person: PersonLine


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One officer's yes to one version. `counts` says whether it is about the order's present version."""

    officer_id: str
    officer: str
    version: int
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class PointLine:
    """One point of a request for more: its number, its place in the form (or empty), and its answer."""

    number: int
    path: str
    text: str
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note on the file. `audience` is `desk` (between officers) or `requester`; `kind` says what it was."""

    kind: str
    audience: str
    author: str
    text: str
    at: datetime
    due: date | None
    answered_at: datetime | None
    points: tuple[PointLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseLine:
    """An order on the desk: whom it waits for (`lane`), by when; `rule` is the label of the rule frozen with
    it, `needed` the officers it asks, `with_role` the role one of them holds. What it is held for, until when
    and why; who decided, and when.
    """

    lane: str
    due_at: datetime | None
    entered_at: datetime
    rule: str
    needed: int
    with_role: str
    held_for: str
    held_why: str
    held_by: str
    assigned_id: str
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in a list."""

    reference: str
    state: str
    version: int
    structure_name: str
    structure_id: str
    contract_number: str
    channel: str
    submitted_at: datetime
    changed_at: datetime
    submitted_by: str
    assigned_to: str
    approvals: int


@dataclass(frozen=True, slots=True)
class OrderVersionLine:
    """One text of an order. `digest` is the hex SHA-256 of its canonical JSON."""

    number: int
    made_by: str
    made_at: datetime
    why: str
    digest: str


@dataclass(frozen=True, slots=True)
class OrderFile:
    """An order with everything on file. `events` are the acts its life allows now (the buttons of a page).

    `signs_again`: the signatory's card signed a text of this order, and the present one differs. `case` is
    what the desk keeps of it; the requester sees only whom it waits for and until when.
    """

    line: OrderLine
    raw: Mapping[str, Any]
    digest: str
    versions: tuple[OrderVersionLine, ...]
    approvals: tuple[ApprovalLine, ...]
    notes: tuple[NoteLine, ...]
    parties: frozenset[str]
    habilitations: tuple[str, ...]
    reason: str
    events: tuple[str, ...]
    signs_again: bool
    case: CaseLine | None = None


@dataclass(frozen=True, slots=True)
class HabilitationLine:
    """A right in a list. `usable` is its status in the words of `registration.HabilitationStatus`.

    `scope_words` is the scope in the holder's words, empty for the products that need no name.
    """

    reference: str
    version: int
    state: str
    usable: str
    product: str
    scope_kind: str
    scope_name: str
    scope_restricted: bool
    scope_words: str
    structure: StructureLine
    person_id: str
    person: str
    card_number: str
    order_reference: str
    order_version: int
    contract_number: str
    valid_until: datetime | None
    designation: str = ""
    designation_version: int = 0


@dataclass(frozen=True, slots=True)
class HabilitationFile:
    """A right with its history and what came of it."""

    line: HabilitationLine
    versions: tuple[int, ...]
    certificates: tuple[str, ...]
    reason: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevocationLine:
    """The end of a certificate: final. `reason` is a code of the catalogue's reasons."""

    reason: str
    at: datetime
    quality: str
    by: str


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate in a list. `serial` is upper-case hexadecimal; `state` is of its life.

    `standing` is what a person wants to know: `to-collect`, `in-service`, `expired`, `revoked`, `failed`,
    `in-progress`.
    """

    reference: str
    product: str
    issuer: str
    generation: int
    serial: str
    state: str
    standing: str
    subject: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    structure_name: str
    structure_id: str
    asked_by: str
    habilitation: str
    revocation: RevocationLine | None


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate with everything on file. `der` is empty as long as nothing was recorded as signed."""

    line: CertificateLine
    der: bytes
    profile: str
    spki_sha256: str
    habilitation_version: int | None
    holder: str
    collected_at: datetime | None
    replaces: str
    replaced_by: str
    has_code: bool
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token of the machine door, without anything secret. `used` counts the certificates it asked for.

    `standing` says why it serves or not, now: `usable`, `revoked`, `expired`, `card` (its maker's card is not
    valid), `right` (the habilitation is suspended or withdrawn).
    """

    reference: str
    label: str
    habilitation: str
    product: str
    created_by: str
    card_number: str
    created_at: datetime
    valid_until: datetime
    per_day: int
    used: int
    last_used: datetime | None
    revoked_at: datetime | None
    standing: str


@dataclass(frozen=True, slots=True)
class CrlLine:
    """A list published. `der` is the whole list; `base` is the number of the list that a delta adds to,
    `partition` the part of the issuer's list that it is.
    """

    issuer: str
    generation: int
    number: int
    this_update: datetime
    next_update: datetime
    entries: int
    der: bytes
    partition: int | None = None
    base: int | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry of the journal, sequenced or not yet (`position` is None until it has its leaf)."""

    position: int | None
    at: datetime
    kind: str
    subject: str
    entry: bytes
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class TreeHeadLine:
    """A signed head of the journal's tree: its size, and the signed note as text."""

    size: int
    root_hash: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class PieceLine:
    """A document of a legal file, without its bytes. `kind` is a row of ``pieces.toml``; `believed` whether
    its date of issue still lets it be believed on the day asked.
    """

    reference: str
    kind: str
    medium: str
    sha256: str
    size: int
    name: str
    sealed: bool
    structure: str
    contract: str
    order: str
    brought_by: str
    brought_as: str
    received_at: datetime
    issued_on: date | None
    valid_until: date | None
    erase_after: date | None
    erased_at: datetime | None
    believed: bool
    reading: ReadingLine | None


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """What an officer read on an extract, last."""

    name: str
    siret: str
    legal_form: str
    postcode: str
    commune: str
    read_by: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """A leave of a domain's holder. `state` is its life's; `ended` whether its last day is past; `events`
    what its life allows now.
    """

    reference: str
    structure: str
    structure_name: str
    form: str
    state: str
    ended: bool
    name: str
    whole: bool
    use: str
    products: tuple[str, ...]
    holder: str
    begins: date
    ends: date | None
    signed: bool
    letter: str
    identity: str
    identity_erased: bool
    challenge: str
    proven_at: datetime | None
    checked_at: datetime | None
    reason: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractActLine:
    """An act on a contract: asked for, done or dropped. `stops` are the references it touched when asked;
    `each` and `others` what was answered, for one thing and for all the others of a kind.
    """

    reference: str
    event: str
    state: str
    officers: int
    reason: str
    until: date | None
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    stops: tuple[str, ...]
    each: Mapping[str, str]
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract with everything on its file. `events` are the acts that its life allows now."""

    line: ContractLine
    cards: Mapping[str, CardLine]
    pieces: tuple[PieceLine, ...]
    leaves: tuple[LeaveLine, ...]
    acts: tuple[ContractActLine, ...]
    events: tuple[str, ...]
    orders: tuple[tuple[str, str], ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AttestationLine:
    """An officer's word on the visa of a scan. `counts`: the order's present text is the one attested."""

    piece: str
    version: int
    signed_on: date
    stamped: bool
    officer: str
    at: datetime
    counts: bool
