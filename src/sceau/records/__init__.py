"""The records: the only room with tables. Here one reads; only `operations` writes.

The views are plain values, importable at any time; the queries need Django to be started first, and are looked up
when they are first named (this package is itself the Django application, and is imported before its tables are).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sceau.records.views import (
    ApprovalLine,
    CardLine,
    CertificateFile,
    CertificateLine,
    CertificateStatus,
    ContractLine,
    CrlLine,
    HabilitationFile,
    HabilitationLine,
    JournalLine,
    NoteLine,
    OrderFile,
    OrderLine,
    OrderVersionLine,
    PartyLine,
    PersonLine,
    RevocationLine,
    RevokedEntry,
    StructureLine,
    TreeHeadLine,
)

if TYPE_CHECKING:
    from sceau.records.queries import (
        card_line,
        certificate_by_serial,
        certificate_file,
        certificate_for,
        certificate_status,
        certificates_of,
        contract_line,
        desk_queue,
        find_certificates,
        habilitation_file,
        habilitation_for,
        habilitations_of,
        journal_lines,
        latest_crl,
        latest_head,
        list_habilitations,
        officers,
        order_file,
        order_for,
        orders_of,
        person_line,
        revoked_entries,
        roles_of,
        structures_of,
    )

_QUERIES = (
    "card_line",
    "certificate_by_serial",
    "certificate_file",
    "certificate_for",
    "certificate_status",
    "certificates_of",
    "contract_line",
    "desk_queue",
    "find_certificates",
    "habilitation_file",
    "habilitation_for",
    "habilitations_of",
    "journal_lines",
    "latest_crl",
    "latest_head",
    "list_habilitations",
    "officers",
    "order_file",
    "order_for",
    "orders_of",
    "person_line",
    "revoked_entries",
    "roles_of",
    "structures_of",
)

__all__ = [
    "ApprovalLine",
    "CardLine",
    "CertificateFile",
    "CertificateLine",
    "CertificateStatus",
    "ContractLine",
    "CrlLine",
    "HabilitationFile",
    "HabilitationLine",
    "JournalLine",
    "NoteLine",
    "OrderFile",
    "OrderLine",
    "OrderVersionLine",
    "PartyLine",
    "PersonLine",
    "RevocationLine",
    "RevokedEntry",
    "StructureLine",
    "TreeHeadLine",
    "card_line",
    "certificate_by_serial",
    "certificate_file",
    "certificate_for",
    "certificate_status",
    "certificates_of",
    "contract_line",
    "desk_queue",
    "find_certificates",
    "habilitation_file",
    "habilitation_for",
    "habilitations_of",
    "journal_lines",
    "latest_crl",
    "latest_head",
    "list_habilitations",
    "officers",
    "order_file",
    "order_for",
    "orders_of",
    "person_line",
    "revoked_entries",
    "roles_of",
    "structures_of",
]


def __getattr__(name: str) -> Any:
    if name in _QUERIES:
        return getattr(import_module("sceau.records.queries"), name)
    raise AttributeError(name)
