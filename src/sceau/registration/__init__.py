"""The registration authority: form 413 → order → habilitation → warrant, leave to certify these names.

Decides who may have what, and says why not. Knows no cryptography, no database and no clock.
"""

from sceau.registration.declaration import read_scope
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
from sceau.registration.habilitation import (
    HABILITATION_LIFE,
    HabilitationEvent,
    HabilitationState,
)
from sceau.registration.naming import Name, decide_name, decide_names
from sceau.registration.order import (
    ORDER_LIFE,
    GivenApproval,
    Officer,
    OrderEvent,
    OrderFacts,
    OrderState,
    Party,
    check_officer,
    decide_approval,
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
    "HABILITATION_LIFE",
    "ORDER_LIFE",
    "Card",
    "CardStatus",
    "Channel",
    "ConfirmedMailbox",
    "ContractState",
    "EmployeeSubject",
    "GivenApproval",
    "Habilitation",
    "HabilitationEvent",
    "HabilitationState",
    "HabilitationStatus",
    "HolderLetter",
    "HolderSource",
    "Name",
    "NamedHolder",
    "Officer",
    "OrderEvent",
    "OrderFacts",
    "OrderState",
    "Party",
    "Person",
    "ProfessionalSubject",
    "RightQuestion",
    "Scope",
    "ScopeKind",
    "Structure",
    "StructureSubject",
    "Subject",
    "Warrant",
    "check_officer",
    "decide_approval",
    "decide_name",
    "decide_names",
    "decide_narrowing",
    "decide_right",
    "in_words",
    "own_card_warrant",
    "read_scope",
    "warrant_for",
]
