"""The tables. Columns, constraints and `facts()`; no rule, no `save()` of our own, no signal.

What the database itself refuses (histories that change, an acceptance without two approvals, a revocation
undone) is in the triggers of the migrations; what is allowed is decided in the decision rooms; writing is
`operations`'.
"""

from sceau.records.models.certificates import (
    BlockedKey,
    Certificate,
    CertificateName,
    CrlIssue,
    CrlSegment,
    FormerKeyUse,
    KeptRequest,
    KeyUse,
    ResponderCertificate,
    Revocation,
)
from sceau.records.models.changes import Amendment, Custody, Departure, DepartureLine
from sceau.records.models.designations import (
    Designation,
    DesignationAttestation,
    DesignationVersion,
    TeamCheck,
    TeamMember,
    ThirdParty,
)
from sceau.records.models.desk import ApprovalRules, DeskCase, RequestItem, SearchWord, StayCount
from sceau.records.models.drafts import Entrusting, OrderDraft
from sceau.records.models.habilitations import ON_LEAVE, Habilitation, HabilitationVersion
from sceau.records.models.journal import (
    JournalDisclosure,
    JournalEntry,
    JournalLeaf,
    JournalPending,
    Setting,
    TreeHead,
)
from sceau.records.models.leaves import Leave
from sceau.records.models.mails import CalendarFeed, DeadAddress, Mail, MailContact, Notice
from sceau.records.models.officers import KeptForm, Passkey, PasskeyInvitation, RoleProposal, SpentChallenge
from sceau.records.models.orders import Approval, Order, OrderNote, OrderParty, OrderVersion
from sceau.records.models.people import (
    PARIS,
    Card,
    Contract,
    ContractParty,
    Employment,
    MailboxConfirmation,
    Person,
    Role,
    Structure,
)
from sceau.records.models.pieces import ContractAct, ExtractReading, FormReceipt, Piece, VisaAttestation
from sceau.records.models.registers import (
    DeskTask,
    RegisterChange,
    RegisterImport,
    RegisterReject,
    RegisterRow,
)
from sceau.records.models.revocation_runs import (
    IssuerStop,
    RevocationRun,
    RevocationRunApproval,
    RevocationRunLine,
    RevocationRunMember,
    SharedFactor,
)
from sceau.records.models.sessions import OpenSession
from sceau.records.models.structure_changes import ChangeGrace, StructureChange, StructureChangeLine
from sceau.records.models.texts import as_structure_facts, structure_as_stored
from sceau.records.models.tokens import ApiToken, ApiTokenUse

__all__ = [
    "ON_LEAVE",
    "PARIS",
    "Amendment",
    "ApiToken",
    "ApiTokenUse",
    "Approval",
    "ApprovalRules",
    "BlockedKey",
    "CalendarFeed",
    "Card",
    "Certificate",
    "CertificateName",
    "ChangeGrace",
    "Contract",
    "ContractAct",
    "ContractParty",
    "CrlIssue",
    "CrlSegment",
    "Custody",
    "DeadAddress",
    "Departure",
    "DepartureLine",
    "Designation",
    "DesignationAttestation",
    "DesignationVersion",
    "DeskCase",
    "DeskTask",
    "Employment",
    "Entrusting",
    "ExtractReading",
    "FormReceipt",
    "FormerKeyUse",
    "Habilitation",
    "HabilitationVersion",
    "IssuerStop",
    "JournalDisclosure",
    "JournalEntry",
    "JournalLeaf",
    "JournalPending",
    "KeptForm",
    "KeptRequest",
    "KeyUse",
    "Leave",
    "Mail",
    "MailContact",
    "MailboxConfirmation",
    "Notice",
    "OpenSession",
    "Order",
    "OrderDraft",
    "OrderNote",
    "OrderParty",
    "OrderVersion",
    "Passkey",
    "PasskeyInvitation",
    "Person",
    "Piece",
    "RegisterChange",
    "RegisterImport",
    "RegisterReject",
    "RegisterRow",
    "RequestItem",
    "ResponderCertificate",
    "Revocation",
    "RevocationRun",
    "RevocationRunApproval",
    "RevocationRunLine",
    "RevocationRunMember",
    "Role",
    "RoleProposal",
    "SearchWord",
    "Setting",
    "SharedFactor",
    "SpentChallenge",
    "StayCount",
    "Structure",
    "StructureChange",
    "StructureChangeLine",
    "TeamCheck",
    "TeamMember",
    "ThirdParty",
    "TreeHead",
    "VisaAttestation",
    "as_structure_facts",
    "structure_as_stored",
]
