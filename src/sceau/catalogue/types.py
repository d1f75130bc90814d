"""What the catalogue's rows are: offers, products, profiles, issuers, environments, cards, reasons, presets, helps.

Frozen values without rules of their own. They say *what* may be ordered and what a certificate contains; who may
order it is decided in `registration`, how it is written in `certification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Mark(StrEnum):
    """How a value is known: decoded from a real certificate, or our own reading where none could be had."""

    SEEN = "seen"
    INFERRED = "inferred"


class How(StrEnum):
    """How an offer is ordered: through form 413, or directly with the professional's own card [N413 part 1]."""

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
    """What the subject alternative name holds. `UPN` is the otherName 1.3.6.1.4.1.311.20.2.3 with an e-mail address."""

    DNS = "dns"
    RFC822 = "rfc822"
    UPN = "upn"
    NONE = "none"


class Range(StrEnum):
    """Assurance range (*gamme*) of an issuer [IGC-SANTE 1.1]."""

    ELEMENTARY = "elementaire"
    STANDARD = "standard"
    STRONG = "fort"


class Realm(StrEnum):
    """What an issuing authority certifies."""

    ORGANISATIONS = "organisations"
    PERSONS = "persons"


class Quality(StrEnum):
    """In what quality somebody asks for a revocation [IGC-SANTE 5.1]."""

    HOLDER = "holder"
    ADMINISTRATOR = "administrator"
    REPRESENTATIVE = "representative"
    MANDATAIRE = "mandataire"
    DESK = "desk"
    AUTHORITY = "authority"
    JUDGE = "judge"


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
    """One of the thirteen products. `code` is as the notice writes it, `slug` is the same for addresses and files."""

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
    """What a certificate of one product contains, one version of it. Never edited once used: a new version is added.

    `key_usage` holds RFC 5280 names (``digitalSignature``), `extended_key_usage` and `policy_oid` dotted OIDs,
    lengths are in characters; `sources` has one entry for each value, under the value's own name.
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
class Issuer:
    """A certification authority of the hierarchy, the same in each environment.

    `key` is ``rsa:4096``, ``rsa:3072``, ``ec:P-256``…; `file` the stem of its public files (``ACI-EL-ORG``);
    `years` its life, `days_before_parent` how many days earlier than its parent it ends.
    """

    code: str
    parent: str | None
    common_name: str
    file: str
    range: Range
    realm: Realm | None
    key: str
    products: tuple[str, ...]
    cards: tuple[str, ...]
    years: int
    days_before_parent: int
    path_length: int | None
    clause: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """When status is published: a CRL each `crl_every_hours`, good for `crl_valid_hours` [IGC-SANTE 1.4]."""

    crl_every_hours: int
    crl_valid_hours: int
    ocsp_valid_hours: int
    ocsp_responder_days: int
    clause: str


@dataclass(frozen=True, slots=True)
class Environment:
    """One twin of the hierarchy: production, test or development. Nothing is shared between them but the shape.

    Addresses are templates over the bases `publication` and `ldap_base`, which an operator may move (`moved`).
    """

    code: str
    label: str
    organisation: str
    organisational_units: tuple[str, ...]
    common_name_prefix: str
    file_suffix: str
    publication: str
    policy_template: str
    ca_issuers_template: str
    crl_template: str
    ocsp_template: str
    ldap_base: str | None
    single_policy_oid: str | None
    category_offset: int
    identifier_mode: str
    authority_key: str | None
    test_people: bool
    clause: str

    @property
    def policy_uri(self) -> str:
        """Address of the certification policy, written in certificatePolicies."""
        return self.policy_template.format(publication=self.publication)

    @property
    def ca_issuers_base(self) -> str:
        """Folder address of the authorities' certificates, without a final slash."""
        return self.ca_issuers_template.format(publication=self.publication)

    @property
    def crl_base(self) -> str:
        """Folder address of the CRLs, without a final slash."""
        return self.crl_template.format(publication=self.publication)

    @property
    def ocsp(self) -> str:
        """Address of the OCSP responder."""
        return self.ocsp_template.format(publication=self.publication)

    def moved(
        self, *, publication: str | None = None, ocsp: str | None = None, ldap: str | None = None
    ) -> Environment:
        """The same environment published elsewhere. None leaves an address as it is; `ldap` "" takes LDAP away."""
        return replace(
            self,
            publication=self.publication if publication is None else publication.rstrip("/"),
            ocsp_template=self.ocsp_template if ocsp is None else ocsp.replace("{", "{{").replace("}", "}}"),
            ldap_base=self.ldap_base if ldap is None else ldap.rstrip("/") or None,
        )

    def common_name(self, issuer: Issuer) -> str:
        """The authority's CN in this environment, e.g. ``TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS``."""
        return self.common_name_prefix + issuer.common_name

    def file(self, issuer: Issuer) -> str:
        """Stem of the authority's public files, e.g. ``ACI-EL-ORG-TEST``."""
        return issuer.file + self.file_suffix

    def ca_issuers_uri(self, issuer: Issuer) -> str:
        """Where the authority's certificate lies, in DER."""
        return f"{self.ca_issuers_base}/{self.file(issuer)}.cer"

    def crl_uri(self, issuer: Issuer) -> str:
        """Where the authority's complete CRL lies, in DER."""
        return f"{self.crl_base}/{self.file(issuer)}.crl"

    def key_of(self, issuer: Issuer) -> str:
        """The kind of key the authority has in this environment."""
        return self.authority_key or issuer.key


@dataclass(frozen=True, slots=True)
class CardType:
    """A kind of card and what it opens. `ias_type` is extension 1.2.250.1.71.1.2.2; several kinds share a value."""

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


@dataclass(frozen=True, slots=True)
class Preset:
    """A known use: which products it takes, which names it imposes (`common_names`, exact; empty = free)."""

    code: str
    label: str
    sentence: str
    products: tuple[str, ...]
    common_names: tuple[str, ...]
    same_subject: bool
    advice: str
    source: str
    clause: str


@dataclass(frozen=True, slots=True)
class Usage:
    """One usage sentence of the notice, and the products that serve it (the products are our reading)."""

    sentence: str
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """A group of usage sentences [N413 4.1]."""

    code: str
    label: str
    usages: tuple[Usage, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """A field of the form: its label, the notice's help, the expected format. `length` 0 = not stated."""

    path: str
    label: str
    text: str
    example: str
    length: int
    required: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the notice's glossary. `number` is its footnote, 0 for a word defined elsewhere in the notice."""

    code: str
    number: int
    term: str
    definition: str
    clause: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the authority: the neutral value shipped, and the notice's own as an example."""

    code: str
    label: str
    value: str
    example: str
    clause: str


@dataclass(frozen=True, slots=True)
class Profession:
    """A profession of table G15, as it stands in `title` and in extension 1.2.250.1.71.1.2.7."""

    code: int
    label: str
    title: str
    source: Source


@dataclass(frozen=True, slots=True)
class Department:
    """A French department or overseas territory; `text` is what stands in the subject's ST [IGC-SANTE 2.3]."""

    code: str
    label: str

    @property
    def text(self) -> str:
        """Label and code: ``Rhône (69)``."""
        return f"{self.label} ({self.code})"


@dataclass(frozen=True, slots=True)
class DomainList:
    """Names that can't be anybody's scope, with the reason why."""

    code: str
    label: str
    why: str
    names: frozenset[str]
    clause: str
