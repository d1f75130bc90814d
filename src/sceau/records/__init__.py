"""The records: the only room with tables. Here one reads; only `operations` writes.

The views are plain values, importable at any time; the queries need Django to be started first, and are
looked up when they are first named (this package is itself the Django application, imported before its
tables are).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sceau.records.views import (
    ApprovalLine,
    CardLine,
    CertificateFile,
    CertificateLine,
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
    StructureLine,
    TreeHeadLine,
)

if TYPE_CHECKING:
    from sceau.records.queries import (
        StatusRecords,
        Turn,
        card_line,
        cards_of,
        certificate_by_serial,
        certificate_file,
        certificate_for,
        certificates_of,
        contract_line,
        desk_queue,
        find_certificates,
        habilitation_file,
        habilitation_for,
        habilitations_of,
        is_serial_given,
        journal_disclosures,
        journal_entries,
        journal_heads,
        journal_leaves,
        journal_lines,
        latest_crl,
        latest_head,
        list_habilitations,
        missing_triggers,
        officers,
        order_file,
        order_for,
        orders_of,
        person_line,
        revoked_entries,
        roles_of,
        structures_of,
        take_turn,
    )

__all__ = [
    "ApprovalLine",
    "CardLine",
    "CertificateFile",
    "CertificateLine",
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
    "StatusRecords",
    "StructureLine",
    "TreeHeadLine",
    "Turn",
    "card_line",
    "cards_of",
    "certificate_by_serial",
    "certificate_file",
    "certificate_for",
    "certificates_of",
    "contract_line",
    "desk_queue",
    "find_certificates",
    "habilitation_file",
    "habilitation_for",
    "habilitations_of",
    "is_serial_given",
    "journal_disclosures",
    "journal_entries",
    "journal_heads",
    "journal_leaves",
    "journal_lines",
    "latest_crl",
    "latest_head",
    "list_habilitations",
    "missing_triggers",
    "officers",
    "order_file",
    "order_for",
    "orders_of",
    "person_line",
    "revoked_entries",
    "roles_of",
    "structures_of",
    "take_turn",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("sceau.records.queries"), name)
    raise AttributeError(name)
