"""The catalogue: what may be ordered, what each certificate contains, and every word a person reads.

All of it is data (TOML under `data/`), checked as a whole when loaded, each row with its source clause. No
rule is decided here: who may order is `registration`'s, how a certificate is built is `certification`'s.
"""

from sceau.catalogue.authorities import Calendar, Environment, Issuer, Range, Realm
from sceau.catalogue.catalogue import Catalogue
from sceau.catalogue.communes import Communes, load_communes
from sceau.catalogue.desk import (
    FEWEST_OFFICERS,
    ApprovalRule,
    DeskRules,
    Lane,
    RefusalReason,
    Risk,
    Stay,
)
from sceau.catalogue.drafts import DraftRules
from sceau.catalogue.editions import (
    Edition,
    PdfChoice,
    PdfLayout,
    PdfName,
    PdfOffer,
    TemplateText,
)
from sceau.catalogue.entrance import EntranceRules, PscPlace, SessionRules
from sceau.catalogue.guidance import (
    Contact,
    Department,
    DomainList,
    FieldHelp,
    Preset,
    Profession,
    Term,
    Usage,
    UsageGroup,
)
from sceau.catalogue.languages import Language
from sceau.catalogue.legal_file import DomainProof, LeaveUse, Medium, PieceKind, Power, StoppingAct
from sceau.catalogue.loading import load_catalogue
from sceau.catalogue.lookup import GivenRules, ListedRules, LookupRules
from sceau.catalogue.mails import (
    OF_THE_DESK,
    MailRole,
    MailRules,
    MailTemplate,
    Reminder,
    ReminderOf,
    SendingRules,
)
from sceau.catalogue.needs import (
    NeedAdvice,
    NeededProduct,
    NeedQuestion,
    NeedRules,
    Per,
    Use,
    UseAnswer,
)
from sceau.catalogue.reading import CatalogueError
from sceau.catalogue.registers import (
    KeyShape,
    RegisterLayout,
    RegisterNames,
    RegisterState,
    RegisterSubject,
)
from sceau.catalogue.runs import MOST_ALONE, CriterionKind, RunCriterion, RunRules
from sceau.catalogue.saying import FindingText, harmless
from sceau.catalogue.types import (
    CardType,
    Holder,
    How,
    Mark,
    NameNeed,
    Offer,
    Product,
    Profile,
    Quality,
    Reason,
    ReasonNotOffered,
    SanRule,
    ScopeFamily,
    Sentence,
    Source,
    SubjectLayout,
)

__all__ = [
    "FEWEST_OFFICERS",
    "MOST_ALONE",
    "OF_THE_DESK",
    "ApprovalRule",
    "Calendar",
    "CardType",
    "Catalogue",
    "CatalogueError",
    "Communes",
    "Contact",
    "CriterionKind",
    "Department",
    "DeskRules",
    "DomainList",
    "DomainProof",
    "DraftRules",
    "Edition",
    "EntranceRules",
    "Environment",
    "FieldHelp",
    "FindingText",
    "GivenRules",
    "Holder",
    "How",
    "Issuer",
    "KeyShape",
    "Lane",
    "Language",
    "LeaveUse",
    "ListedRules",
    "LookupRules",
    "MailRole",
    "MailRules",
    "MailTemplate",
    "Mark",
    "Medium",
    "NameNeed",
    "NeedAdvice",
    "NeedQuestion",
    "NeedRules",
    "NeededProduct",
    "Offer",
    "PdfChoice",
    "PdfLayout",
    "PdfName",
    "PdfOffer",
    "Per",
    "PieceKind",
    "Power",
    "Preset",
    "Product",
    "Profession",
    "Profile",
    "PscPlace",
    "Quality",
    "Range",
    "Realm",
    "Reason",
    "ReasonNotOffered",
    "RefusalReason",
    "RegisterLayout",
    "RegisterNames",
    "RegisterState",
    "RegisterSubject",
    "Reminder",
    "ReminderOf",
    "Risk",
    "RunCriterion",
    "RunRules",
    "SanRule",
    "ScopeFamily",
    "SendingRules",
    "Sentence",
    "SessionRules",
    "Source",
    "Stay",
    "StoppingAct",
    "SubjectLayout",
    "TemplateText",
    "Term",
    "Usage",
    "UsageGroup",
    "Use",
    "UseAnswer",
    "harmless",
    "load_catalogue",
    "load_communes",
]
