"""What may be ordered and what it holds: offers, products, profiles, cards, reasons; their closed sets.

Frozen values without rules of their own. Who may order is decided in `registration`, how a certificate is
written in `certification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a value is known: decoded from a real certificate, or our own reading where none could be had."""

    SEEN = "seen"
    INFERRED = "inferred"


class How(StrEnum):
    """How an offer is ordered: by form 413, or directly with the professional's own card [N413 1]."""

    FORM_413 = "form413"
    PS_DIRECT = "ps-direct"


class Holder(StrEnum):
    """What a product's certificate identifies."""

    SERVER = "server"
    APPLICATION = "application"
    PERSON = "person"


class NameNeed(StrEnum):
    """The kind of name that each request for a product gives."""

    HOST = "host"
    MAILBOX = "mailbox"
    APPLICATION = "application"
    NONE = "none"


class ScopeFamily(StrEnum):
    """The kind of domain that an offer asks for on the form [N413 4.2]."""

    HOST = "host"
    MAIL = "mail"


class SubjectLayout(StrEnum):
    """Which of the three subject layouts a profile writes [IGC-SANTE 2.3, 2.4]."""

    STRUCTURE = "structure"
    PROFESSIONAL = "professional"
    EMPLOYEE = "employee"


class SanRule(StrEnum):
    """What the subject alternative name holds.

    `UPN` is the otherName 1.3.6.1.4.1.311.20.2.3, here with an e-mail address.
    """

    DNS = "dns"
    RFC822 = "rfc822"
    UPN = "upn"
    NONE = "none"


class Quality(StrEnum):
    """In what quality somebody asks for a revocation [IGC-SANTE 5.1].

    `KEY_HOLDER` is whoever proves that they hold the private key, and nothing else of them is known.
    """

    HOLDER = "holder"
    ADMINISTRATOR = "administrator"
    REPRESENTATIVE = "representative"
    MANDATAIRE = "mandataire"
    DESK = "desk"
    AUTHORITY = "authority"
    JUDGE = "judge"
    KEY_HOLDER = "key-holder"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value of a profile comes from: a sample's name, a paragraph of the reference, or an RFC."""

    mark: Mark
    reference: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finding as it is said to a person: what is wrong, what to do next, and the clause it rests on."""

    text: str
    remedy: str
    clause: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One of the five offers of the notice. `how_to_declare` are the notice's paragraphs about its names."""

    code: str
    title: str
    usage: str
    short: str
    how: How
    products: tuple[str, ...]
    scope_family: ScopeFamily | None
    how_to_declare: tuple[str, ...]
    examples: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class Product:
    """One of the thirteen products.

    `code` is as the notice writes it, `slug` the same for addresses and file names.
    """

    code: str
    slug: str
    offer: str
    label: str
    description: str
    holder: Holder
    name_need: NameNeed
    scope_family: ScopeFamily | None
    issuer: str
    profile: str
    clause: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a certificate of one product contains, in one version. Never edited once used: a version is added.

    `key_usage` holds RFC 5280 names (``digitalSignature``), `extended_key_usage` and `policy_oid` dotted
    OIDs, lengths are in characters; `profession` and `specialities` say whether those private extensions are
    written when the holder has them; `sources` has one entry for each value, under the value's own name.
    """

    id: str
    product: str
    subject: SubjectLayout
    key_usage: tuple[str, ...]
    extended_key_usage: tuple[str, ...]
    policy_oid: str
    san: SanRule
    private_key_usage_period: bool
    product_category: int
    profession: bool
    specialities: bool
    validity_years: int
    organisation_length: int
    common_name_length: int
    basic_constraints_empty: bool
    subject_key_identifier: bool
    authority_key_identifier: bool
    crl_distribution_points: tuple[str, ...]
    freshest_crl: bool
    authority_information_access: tuple[str, ...]
    sources: Mapping[str, Source]
    note: str
    clause: str


@dataclass(frozen=True, slots=True)
class CardType:
    """A kind of card and what it opens. `ias_type` is extension 1.2.250.1.71.1.2.2; kinds share values."""

    code: str
    label: str
    long_label: str
    eligible: bool
    own_card: bool
    ias_type: int | None
    nominative: bool
    may_represent: bool
    may_be_mandataire: bool
    issuer: str
    note: str
    clause: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to revoke, under its RFC 5280 name, and the qualities in which it may be invoked."""

    code: str
    rfc5280: int
    label: str
    plain: str
    evidence: str
    who: tuple[Quality, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class ReasonNotOffered:
    """A reason that the standard knows and nobody can invoke here, and why."""

    code: str
    rfc5280: int
    why: str
    clause: str
