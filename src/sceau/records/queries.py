"""Read queries: frozen views of the records. Nothing here changes anything.

`*_for` queries take the national identifier of who asks and give None for what is not theirs, exactly as for what does
not exist (a page then answers 404 in both cases). The others are for the desk, status services and the operator.
Every list is paged by key: pass the last line's reference as `after`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sceau.records.views import (
    CardLine,
    CertificateFile,
    CertificateLine,
    CertificateStatus,
    ContractLine,
    CrlLine,
    HabilitationFile,
    HabilitationLine,
    JournalLine,
    OrderFile,
    OrderLine,
    PersonLine,
    RevokedEntry,
    StructureLine,
    TreeHeadLine,
)


# --- orders ---------------------------------------------------------------------------------------------------


def desk_queue(
    *, states: Collection[str] = (), assigned_to: str = "", text: str = "", after: str = "", limit: int = 50
) -> tuple[OrderLine, ...]:
    """Orders, oldest change first; open ones when `states` is empty. `text` looks in names and identifiers."""
    raise NotImplementedError


def order_file(reference: str) -> OrderFile | None:
    """The whole file of an order, for the desk."""
    raise NotImplementedError


def order_for(reference: str, *, viewer: str) -> OrderFile | None:
    """The order as its submitter, signatory or administrators may see it (no internal notes)."""
    raise NotImplementedError


def orders_of(person_id: str, *, after: str = "", limit: int = 50) -> tuple[OrderLine, ...]:
    """Orders that this person submitted, signed or is named in, newest first."""
    raise NotImplementedError


# --- habilitations --------------------------------------------------------------------------------------------


def habilitations_of(person_id: str, *, at: datetime) -> tuple[HabilitationLine, ...]:
    """The rights of a person, those that no longer serve included, with what they are worth at `at`."""
    raise NotImplementedError


def list_habilitations(
    *, at: datetime, structure_id: str = "", state: str = "", after: str = "", limit: int = 50
) -> tuple[HabilitationLine, ...]:
    """Rights, for the desk."""
    raise NotImplementedError


def habilitation_file(reference: str, *, at: datetime) -> HabilitationFile | None:
    """A right with its history, for the desk."""
    raise NotImplementedError


def habilitation_for(reference: str, *, viewer: str, at: datetime) -> HabilitationFile | None:
    """The right if it belongs to `viewer`, or to a structure whose contract names `viewer`."""
    raise NotImplementedError


# --- certificates ---------------------------------------------------------------------------------------------


def certificates_of(
    person_id: str, *, at: datetime, after: str = "", limit: int = 50
) -> tuple[CertificateLine, ...]:
    """Certificates that this person asked for or may revoke (their structures' contract names them), newest first."""
    raise NotImplementedError


def certificate_for(reference: str, *, viewer: str, at: datetime) -> CertificateFile | None:
    """The certificate if `viewer` asked for it or represents its structure."""
    raise NotImplementedError


def certificate_file(reference: str, *, at: datetime) -> CertificateFile | None:
    """A certificate with everything on file, for the desk."""
    raise NotImplementedError


def certificate_by_serial(serial: int, *, issuer: str = "", at: datetime) -> CertificateFile | None:
    """The certificate of this number (read it with `status.read_serial`); `issuer` when several could have it."""
    raise NotImplementedError


def find_certificates(
    *, at: datetime, text: str = "", structure_id: str = "", after: str = "", limit: int = 50
) -> tuple[CertificateLine, ...]:
    """Certificates by name, subject or reference, for the desk and the operator."""
    raise NotImplementedError


# --- people and contracts -------------------------------------------------------------------------------------


def person_line(national_id: str) -> PersonLine | None:
    """A person by national identifier, with the roles held now."""
    raise NotImplementedError


def roles_of(person_id: str) -> frozenset[str]:
    """The qualities `desk`, `auditor`, `authority` that this person holds now."""
    raise NotImplementedError


def officers() -> tuple[PersonLine, ...]:
    """Everybody who holds a role."""
    raise NotImplementedError


def card_line(number: str, *, at: datetime) -> CardLine | None:
    """A card by the number printed on it."""
    raise NotImplementedError


def contract_line(number: str, *, at: datetime) -> ContractLine | None:
    """A contract by its number, with the people it names."""
    raise NotImplementedError


def structures_of(person_id: str, *, at: datetime) -> tuple[ContractLine, ...]:
    """The contracts that name this person as representative or *mandataire*."""
    raise NotImplementedError


# --- status and publication -----------------------------------------------------------------------------------


def certificate_status(issuer: str, generation: int, serial: int) -> CertificateStatus:
    """Good only for what was recorded as issued; `unknown` for what never was, and for an intent not yet signed."""
    raise NotImplementedError


def revoked_entries(issuer: str, generation: int, *, at: datetime) -> tuple[RevokedEntry, ...]:
    """What the list of this issuer must hold at `at`, by serial: kept until one list after the certificate's end."""
    raise NotImplementedError


def latest_crl(issuer: str, generation: int) -> CrlLine | None:
    """The last list signed for this issuer."""
    raise NotImplementedError


# --- journal --------------------------------------------------------------------------------------------------


def journal_lines(*, start: int = 0, limit: int = 100, subject: str = "") -> tuple[JournalLine, ...]:
    """Sequenced entries from position `start`; with `subject`, those about it (not yet sequenced ones included)."""
    raise NotImplementedError


def latest_head() -> TreeHeadLine | None:
    """The last signed head."""
    raise NotImplementedError
