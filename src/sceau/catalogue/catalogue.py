"""The catalogue as loaded: every table under its codes, the digest of its files, and the sentences.

It holds what is written in the data files and decides nothing. Made by `loading` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sceau.catalogue.authorities import Calendar, Environment, Issuer
from sceau.catalogue.communes import Communes, load_communes
from sceau.catalogue.desk import DeskRules
from sceau.catalogue.drafts import DraftRules
from sceau.catalogue.editions import Edition
from sceau.catalogue.entrance import EntranceRules
from sceau.catalogue.guidance import (
    Contact,
    Department,
    DomainList,
    FieldHelp,
    Preset,
    Profession,
    Term,
    UsageGroup,
)
from sceau.catalogue.languages import Language
from sceau.catalogue.legal_file import DomainProof, LeaveUse, PieceKind, Power, StoppingAct
from sceau.catalogue.lookup import LookupRules
from sceau.catalogue.mails import MailRules
from sceau.catalogue.needs import NeedRules
from sceau.catalogue.reading import CatalogueError
from sceau.catalogue.registers import RegisterLayout, RegisterNames
from sceau.catalogue.retelling import Retelling
from sceau.catalogue.runs import RunRules
from sceau.catalogue.saying import FindingText
from sceau.catalogue.types import CardType, Offer, Product, Profile, Reason, ReasonNotOffered, Sentence
from sceau.vocabulary import Fault, Finding


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Everything that may be ordered, written and said. Compared by identity; `digest` names its contents."""

    folder: Path
    digest: str
    language: Language
    retelling: Retelling | None
    offers: Mapping[str, Offer]
    products: Mapping[str, Product]
    profiles: Mapping[str, Profile]
    issuers: Mapping[str, Issuer]
    calendar: Calendar
    environments: Mapping[str, Environment]
    cards: Mapping[str, CardType]
    reasons: Mapping[str, Reason]
    reasons_not_offered: Mapping[str, ReasonNotOffered]
    runs: RunRules
    professions: Mapping[int, Profession]
    departments: Mapping[str, Department]
    presets: Mapping[str, Preset]
    usages: Mapping[str, UsageGroup]
    help: Mapping[str, FieldHelp]
    glossary: Mapping[str, Term]
    contacts: Mapping[str, Contact]
    domain_lists: Mapping[str, DomainList]
    piece_kinds: Mapping[str, PieceKind]
    powers: Mapping[str, Power]
    leave_uses: Mapping[str, LeaveUse]
    domain_proof: DomainProof
    stops: Mapping[str, StoppingAct]
    mail: MailRules
    desk: DeskRules
    entrance: EntranceRules
    drafts: DraftRules
    needs: NeedRules
    lookup: LookupRules
    registers: Mapping[str, RegisterLayout]
    register_names: RegisterNames
    editions: Mapping[str, Edition]
    findings: Mapping[str, FindingText]
    texts: Mapping[str, str]

    @property
    def shared_suffixes(self) -> frozenset[str]:
        """Health suffixes that many structures share: nobody's scope [décision 6]."""
        return self.domain_lists["shared-health"].names

    @property
    def public_mail_providers(self) -> frozenset[str]:
        """Domains of public mail providers: nobody's mail scope [décision 6]."""
        return self.domain_lists["public-mail"].names

    @property
    def communes(self) -> Communes:
        """French communes and postcodes, read at first use."""
        return load_communes()

    def say(self, finding: Finding) -> Sentence:
        """The finding in the catalogue's language. A subject that is a path of the form is shown under its
        label.

        Raises `CatalogueError` for a code that has no text: a defect of ours, never an answer to a person.
        """
        details = dict(finding.details)
        if self.retelling is not None:
            details = self.retelling.of(details)
        return self._text_of(finding.code).say({**details, "subject": self.label_of(finding.subject)})

    def say_fault(self, fault: Fault) -> Sentence:
        """The fault in the catalogue's language; ``{detail}`` and ``{subject}`` in its text are the fault's
        detail.
        """
        return self._text_of(fault.code).say({"detail": fault.detail, "subject": fault.detail})

    def _text_of(self, code: str) -> FindingText:
        if code not in self.findings:
            raise CatalogueError([f"finding {code!r} has no text"])
        return self.findings[code]

    def retold(self, said: str) -> str:
        """What the French catalogue said, in this catalogue's language; any other text as it is."""
        return said if self.retelling is None else self.retelling.sentence(said)

    def label_of(self, path: str) -> str:
        """The label of a field of the form, or `path` itself when it names none.

        ``offers.0.declared`` gives ``« Nom de domaine » (n° 1)``: a person counts from one.
        """
        steps = path.split(".")
        field = self.help.get(".".join(step for step in steps if not _is_index(step)))
        if field is None:
            return path
        numbers = [str(int(step) + 1) for step in steps if _is_index(step)]
        count = ".".join(numbers)
        if self.language is Language.ENGLISH:
            return f"“{field.label}”" + (f" (no. {count})" if numbers else "")
        return f"« {field.label} »" + (f" (n° {count})" if numbers else "")

    def text(self, key: str) -> str:
        """A fixed text. Raises `CatalogueError` when there is none under `key`."""
        if key not in self.texts:
            raise CatalogueError([f"text {key!r} is not in the catalogue"])
        return self.texts[key]


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdecimal() and len(step) < 4
