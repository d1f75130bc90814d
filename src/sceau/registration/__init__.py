"""The registration authority: form 413 → order → habilitation → warrant, leave to certify these names.

Decides who may have what, and says why not. Knows no cryptography, no database and no clock.
"""

from sceau.registration.beneficiary import (
    Declared,
    decide_structure,
)
from sceau.registration.declaration import read_scope
from sceau.registration.examination import (
    Check,
    CheckKind,
    Examination,
    Light,
    OrderRecords,
    declared_of,
    examine_order,
)
from sceau.registration.examination_people import (
    KnownCard,
)
from sceau.registration.examination_terms import (
    ContractFacts,
    ContractPartyFacts,
)
from sceau.registration.facts import (
    Card,
    CardStatus,
    Channel,
    ConfirmedMailbox,
    ContractState,
    Habilitation,
    HabilitationStatus,
    HolderLetter,
    HolderSource,
    NamedHolder,
    Person,
    Structure,
)
from sceau.registration.form413 import (
    Form413,
    Letter,
    NameOwner,
    OfferLine,
    PersonOnForm,
    SignatoryQuality,
    open_questions,
)
from sceau.registration.form413_reading import read_form
from sceau.registration.habilitation import (
    HABILITATION_LIFE,
    Grant,
    HabilitationEvent,
    HabilitationState,
    canonical_of,
    grant,
)
from sceau.registration.naming import Name, decide_declared_names, decide_name, decide_names, read_name
from sceau.registration.order import (
    APPROVALS_NEEDED,
    ORDER_LIFE,
    GivenApproval,
    Officer,
    OrderEvent,
    OrderFacts,
    OrderState,
    Party,
    card_at,
    check_officer,
    decide_approval,
    parties_of,
    text_at,
)
from sceau.registration.right import RightQuestion, decide_right
from sceau.registration.scope import Scope, ScopeKind, decide_narrowing, in_words
from sceau.registration.warrant import (
    EmployeeSubject,
    ProfessionalSubject,
    StructureSubject,
    Subject,
    Warrant,
    own_card_warrant,
    warrant_for,
)

__all__ = [
    "APPROVALS_NEEDED",
    "HABILITATION_LIFE",
    "ORDER_LIFE",
    "Card",
    "CardStatus",
    "Channel",
    "Check",
    "CheckKind",
    "ConfirmedMailbox",
    "ContractFacts",
    "ContractPartyFacts",
    "ContractState",
    "Declared",
    "EmployeeSubject",
    "Examination",
    "Form413",
    "GivenApproval",
    "Grant",
    "Habilitation",
    "HabilitationEvent",
    "HabilitationState",
    "HabilitationStatus",
    "HolderLetter",
    "HolderSource",
    "KnownCard",
    "Letter",
    "Light",
    "Name",
    "NameOwner",
    "NamedHolder",
    "OfferLine",
    "Officer",
    "OrderEvent",
    "OrderFacts",
    "OrderRecords",
    "OrderState",
    "Party",
    "Person",
    "PersonOnForm",
    "ProfessionalSubject",
    "RightQuestion",
    "Scope",
    "ScopeKind",
    "SignatoryQuality",
    "Structure",
    "StructureSubject",
    "Subject",
    "Warrant",
    "canonical_of",
    "card_at",
    "check_officer",
    "decide_approval",
    "decide_declared_names",
    "decide_name",
    "decide_names",
    "decide_narrowing",
    "decide_right",
    "decide_structure",
    "declared_of",
    "examine_order",
    "grant",
    "in_words",
    "open_questions",
    "own_card_warrant",
    "parties_of",
    "read_form",
    "read_name",
    "read_scope",
    "text_at",
    "warrant_for",
]
