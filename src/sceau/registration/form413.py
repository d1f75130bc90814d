"""Form 413, read: who orders which offers, for which names, and who may then ask for certificates [N413 part
2].

A `Form413` is made by `read_form` only, and holds nothing that was not understood: a value is typed, or it is
an open question that the desk settles. Whether the order may be accepted is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sceau.registration.scope import Scope, ScopeKind
from sceau.vocabulary import (
    CardNumber,
    EmailAddress,
    Finding,
    Finess,
    PhoneNumber,
    Postcode,
    RppsRang,
    Severity,
    Siret,
)

_QUESTIONS = frozenset(
    {
        "form.to-complete",
        "form.kind-open",
        "form.restriction-open",
        "form.owner-open",
        "form.takes-charge-open",
        "form.contract-missing",
        "form.visa-undated",
        "form.visa-to-attest",
        "form.letter-missing",
        "form.letter-unsigned",
        "form.letter-no-id-copy",
        "form.offer-not-ticked",
        "form.template-kept",
        "scope.not-a-domain",
        "scope.not-a-subdomain",
    }
)


def open_questions(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of a reading's findings that ask the desk to complete or settle something; the others only
    tell.
    """
    return tuple(
        finding for finding in findings if finding.severity is Severity.WARNING and finding.code in _QUESTIONS
    )


class SignatoryQuality(StrEnum):
    """In what quality the signatory signs [IGC-SANTE 6.1]."""

    REPRESENTATIVE = "representative"
    MANDATAIRE = "mandataire"
    HOLDER = "holder"


class NameOwner(StrEnum):
    """Whose the declared name is: the structure's own, or another holder's who gives leave by letter [N413
    4.2].
    """

    STRUCTURE = "structure"
    HOLDER = "holder"


@dataclass(frozen=True, slots=True)
class FormStructure:
    """Section 1. At least one of `siret`, `finess`, `rpps_rangs` is there [decision 15].

    `postcode` and `commune` are None and empty until completed, where the edition has no place for them;
    `takes_charge` is None when nobody said whether the structure takes charge of patients.
    """

    name: str
    siret: Siret | None
    finess: Finess | None
    rpps_rangs: tuple[RppsRang, ...]
    postcode: Postcode | None
    commune: str
    takes_charge: bool | None

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {
            "name": self.name,
            "siret": self.siret.text if self.siret else "",
            "finess": self.finess.text if self.finess else "",
            "rpps_rangs": [rang.text for rang in self.rpps_rangs],
            "postcode": self.postcode.text if self.postcode else "",
            "commune": self.commune,
            "takes_charge": self.takes_charge,
        }


@dataclass(frozen=True, slots=True)
class PersonOnForm:
    """Somebody named on the form: the card number as printed, the names as they stand on the card."""

    card_number: CardNumber
    surname: str
    given_names: str
    phone: PhoneNumber | None
    email: EmailAddress | None

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {
            "card_number": self.card_number.text,
            "surname": self.surname,
            "given_names": self.given_names,
            "phone": _phone_text(self.phone),
            "email": self.email.text if self.email else "",
        }


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs: the legal representative, a *mandataire*, or the holder of a private practice [N413 3]."""

    person: PersonOnForm
    quality: SignatoryQuality | None

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {"quality": self.quality.value if self.quality else "", **self.person.as_raw()}


@dataclass(frozen=True, slots=True)
class Visa:
    """Date, signature and stamp, as far as somebody attested them [N413 3]."""

    signed_on: date | None
    signed: bool
    stamped: bool

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        day = self.signed_on.isoformat() if self.signed_on else ""
        return {"date": day, "signed": self.signed, "stamped": self.stamped}


@dataclass(frozen=True, slots=True)
class Usage:
    """What the certificates are for, and with which software [N413 4.1]."""

    description: str
    editor: str
    solution: str

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {"description": self.description, "editor": self.editor, "solution": self.solution}


@dataclass(frozen=True, slots=True)
class Letter:
    """The holder's letter, as it came in. An empty `purpose` means any use [N413 4.2]."""

    received: bool
    signed: bool
    id_copy: bool
    purpose: str

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {
            "received": self.received,
            "signed": self.signed,
            "id_copy": self.id_copy,
            "purpose": self.purpose,
        }


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer ordered, its products, and the names it is ordered for.

    `scope` is None where none is needed (ORG), and while `kind` is None: the name is then known and what it
    covers is not. `restricted` is None while the desk has not asked: the scope stays restricted until then
    [decision 5].
    """

    offer: str
    products: tuple[str, ...]
    kind: ScopeKind | None
    declared: str
    restricted: bool | None
    scope: Scope | None
    owner: NameOwner | None
    letter: Letter | None

    @property
    def is_open(self) -> bool:
        """Whether the desk still has to say what the name covers, or whether the restriction holds."""
        return bool(self.declared) and (
            self.kind is None or (self.kind is ScopeKind.MAIL and self.restricted is None)
        )

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {
            "offer": self.offer,
            "products": list(self.products),
            "kind": self.kind.value if self.kind else None,
            "declared": self.declared,
            "restricted": self.restricted,
            "owner": self.owner.value if self.owner else "",
            "letter": self.letter.as_raw() if self.letter else None,
        }


@dataclass(frozen=True, slots=True)
class NotOrdered:
    """A name written beside an offer whose box is not ticked: not ordered, and the desk asks."""

    offer: str
    kind: ScopeKind | None
    declared: str

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        kind = self.kind.value if self.kind else None
        return {"offer": self.offer, "kind": kind, "declared": self.declared, "ticked": False}


@dataclass(frozen=True, slots=True)
class Declarations:
    """What the signatory certifies. None: the edition does not say it, the desk asks."""

    terms: bool | None
    exact: bool | None

    def as_raw(self) -> dict[str, Any]:
        """As in the raw form."""
        return {"terms": self.terms, "exact": self.exact}


@dataclass(frozen=True, slots=True)
class Form413:
    """The form. `edition` is a code of `catalogue.editions`; there is at least one offer and one
    administrator."""

    edition: str
    structure: FormStructure
    contract_number: str
    signatory: Signatory
    visa: Visa
    usage: Usage
    offers: tuple[OfferLine, ...]
    administrators: tuple[PersonOnForm, ...]
    declarations: Declarations
    not_ordered: tuple[NotOrdered, ...] = ()

    def as_raw(self) -> dict[str, Any]:
        """The canonical raw form (JSON-able): reading it gives this form again."""
        return {
            "edition": self.edition,
            "structure": self.structure.as_raw(),
            "contract": {"number": self.contract_number},
            "signatory": self.signatory.as_raw(),
            "visa": self.visa.as_raw(),
            "usage": self.usage.as_raw(),
            "offers": [
                *(line.as_raw() for line in self.offers),
                *(line.as_raw() for line in self.not_ordered),
            ],
            "administrators": [person.as_raw() for person in self.administrators],
            "declarations": self.declarations.as_raw(),
        }


def _phone_text(phone: PhoneNumber | None) -> str:
    """Ten digits as they are dialled at home; the Pacific plans, which have fewer, as dialled from abroad."""
    if phone is None:
        return ""
    return phone.national if len(phone.national) == 10 else phone.e164
