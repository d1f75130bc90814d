"""Who issues, and where its certificates and status are found: issuers, their calendar, the environments.

The hierarchy has one shape; each environment (production, test, development) gives it names and addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote

from sceau.vocabulary import IdentifierMode


class Range(StrEnum):
    """Assurance range (*gamme*) of an issuer [IGC-SANTE 1.1]."""

    ELEMENTARY = "elementaire"
    STANDARD = "standard"
    STRONG = "fort"


class Realm(StrEnum):
    """What an issuing authority certifies."""

    ORGANISATIONS = "organisations"
    PERSONS = "persons"


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

    def of_generation(self, number: int) -> Issuer:
        """The same authority under a later key: its public files, and so its addresses, are its own
        (``ACI-EL-ORG-G2``), as two keys cannot share one list.
        """
        return self if number == 1 else replace(self, file=f"{self.file}-G{number}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """When status is published: a CRL each `crl_every_hours`, good for `crl_valid_hours` [IGC-SANTE 1.4], a
    delta each `delta_every_hours`. After a revocation, a list of up to `crl_prompt_entries` at once, a larger
    one within `crl_changed_minutes`.
    """

    crl_every_hours: int
    crl_valid_hours: int
    crl_prompt_entries: int
    crl_changed_minutes: int
    delta_every_hours: int
    delta_valid_hours: int
    ocsp_valid_hours: int
    ocsp_responder_days: int
    clause: str


@dataclass(frozen=True, slots=True)
class Environment:
    """One twin of the hierarchy: production, test or development. They share nothing but the shape.

    Addresses are templates over the bases `publication` and `ldap_base`, which an operator may move.
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
    identifier_mode: IdentifierMode
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
        """The same environment published elsewhere. None leaves an address; `ldap` "" takes LDAP away."""
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

    def crl_uri(self, issuer: Issuer, *, partition: int | None = None, delta: bool = False) -> str:
        """Where the authority's complete CRL lies, in DER: the one of all its certificates, or of a
        `partition` of them (1, 2…); with `delta`, what was added to it since.
        """
        part = "" if partition is None else f"-P{partition}"
        return f"{self.crl_base}/{self.file(issuer)}{part}{'-DELTA' if delta else ''}.crl"

    def ldap_uri(self, issuer: Issuer, parent: Issuer | None, *, delta: bool = False) -> str | None:
        """Where the authority's CRL lies in the directory, or None where there is none [IGC-SANTE 1.3].

        An issuing authority's entry is under its root's; a delta CRL is another attribute of the same entry.
        """
        if self.ldap_base is None:
            return None
        units = [self.common_name(parent)] if parent else []
        units += reversed(self.organisational_units)
        entry = ",".join(
            [f"cn={quote(self.common_name(issuer))}"]
            + [f"ou={quote(unit)}" for unit in units]
            + [f"o={quote(self.organisation)}", "c=FR"]
        )
        attribute = "deltarevocationlist" if delta else "certificaterevocationlist"
        return f"{self.ldap_base}/{entry}?{attribute};binary?base?objectClass=pkiCA"

    def key_of(self, issuer: Issuer) -> str:
        """The kind of key the authority has in this environment."""
        return self.authority_key or issuer.key
