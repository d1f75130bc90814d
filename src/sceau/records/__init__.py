"""The records: the only room with tables. Here one reads; only `operations` writes.

The views are plain values, importable at any time; the queries need Django to be started first, and are
looked up when they are first named (this package is itself the Django application, imported before its
tables are).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sceau.records.designation_views import (
    ClientLine,
    DesignationLine,
    DesignationVersionLine,
    DesignationView,
    MemberLine,
    ObtainedLine,
    ThirdPartyLine,
)
from sceau.records.desk_views import Found, FoundPage, LaneFigures, QueueLine, QueuePage, WeekFigures
from sceau.records.draft_views import DraftFile, DraftLine, EntrustedLine
from sceau.records.finding_views import ListedCertificate, RecordedCertificate
from sceau.records.fleet_views import FleetEnds, FleetPage, FleetWish
from sceau.records.life_views import DepartureLineView, DepartureView
from sceau.records.mail_views import ContactLine, DeadLine, MailFile, MailLine
from sceau.records.officer_views import InvitationLine, PasskeyFacts, PasskeyLine, ProposalLine
from sceau.records.register_views import (
    ChangedNumber,
    RegisterEntry,
    RegisterLine,
    RejectedLine,
    TaskLine,
)
from sceau.records.run_views import RunApproval, RunFile, RunLine, RunPreview, Share
from sceau.records.session_views import SessionLine
from sceau.records.structure_change_views import ChangeLineView, StructureChangeView
from sceau.records.views import (
    ApprovalLine,
    AttestationLine,
    CardLine,
    CaseLine,
    CertificateFile,
    CertificateLine,
    ContractActLine,
    ContractFile,
    ContractLine,
    CrlLine,
    HabilitationFile,
    HabilitationLine,
    JournalLine,
    LeaveLine,
    NoteLine,
    OrderFile,
    OrderLine,
    OrderVersionLine,
    PartyLine,
    PersonLine,
    PieceLine,
    PointLine,
    ReadingLine,
    RevocationLine,
    StructureLine,
    TokenLine,
    TreeHeadLine,
)

if TYPE_CHECKING:
    from sceau.records.queries import *  # noqa: F403 - the one list of them is `queries.__all__`

__all__ = [
    "ApprovalLine",
    "AttestationLine",
    "CardLine",
    "CaseLine",
    "CertificateFile",
    "CertificateLine",
    "ChangeLineView",
    "ChangedNumber",
    "ClientLine",
    "ContactLine",
    "ContractActLine",
    "ContractFile",
    "ContractLine",
    "CrlLine",
    "DeadLine",
    "DepartureLineView",
    "DepartureView",
    "DesignationLine",
    "DesignationVersionLine",
    "DesignationView",
    "DraftFile",
    "DraftLine",
    "EntrustedLine",
    "FleetEnds",
    "FleetPage",
    "FleetWish",
    "Found",
    "FoundPage",
    "HabilitationFile",
    "HabilitationLine",
    "InvitationLine",
    "JournalLine",
    "LaneFigures",
    "LeaveLine",
    "ListedCertificate",
    "MailFile",
    "MailLine",
    "MemberLine",
    "NoteLine",
    "ObtainedLine",
    "OrderFile",
    "OrderLine",
    "OrderVersionLine",
    "PartyLine",
    "PasskeyFacts",
    "PasskeyLine",
    "PersonLine",
    "PieceLine",
    "PointLine",
    "ProposalLine",
    "QueueLine",
    "QueuePage",
    "ReadingLine",
    "RecordedCertificate",
    "RegisterEntry",
    "RegisterLine",
    "RejectedLine",
    "RevocationLine",
    "RunApproval",
    "RunFile",
    "RunLine",
    "RunPreview",
    "SessionLine",
    "Share",
    "StructureChangeView",
    "StructureLine",
    "TaskLine",
    "ThirdPartyLine",
    "TokenLine",
    "TreeHeadLine",
    "WeekFigures",
]


def __getattr__(name: str) -> Any:
    """A query, by the list of `queries`; a module of this package is not looked for there."""
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is None:
        queries = import_module(f"{__name__}.queries")
        if name in queries.__all__:
            found = globals()[name] = getattr(queries, name)
            return found
    raise AttributeError(name)
