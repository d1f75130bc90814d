"""The warrant: leave to certify these names, for this person and product, now.

The one value that certification accepts. It is made here only (a house test holds that), by `warrant_for` from a
habilitation or by `own_card_warrant` from a professional's card, and every door ends in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sceau.registration.facts import Channel
from sceau.vocabulary import ApplicationName, CardNumber, HostName, Mailbox, PersonId, StructureId



@dataclass(frozen=True, slots=True)
class StructureSubject:
    """Subject of ORG and SERV certificates: C, ST, O, OU, CN [IGC-SANTE 2.3]. `organisation` is the full name."""

    department: str
    organisation: str
    structure_id: StructureId
    common_name: str


@dataclass(frozen=True, slots=True)
class ProfessionalSubject:
    """Subject of PS certificates: C, title, {GN + CN + SN} [IGC-SANTE 2.4]."""

    national_id: PersonId
    surname: str
    given_names: str
    title: str
    profession_code: int
    specialities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmployeeSubject:
    """Subject of PRO certificates: C, ST, O, OU, title, {GN + CN + SN}: a person within a structure [IGC-SANTE 2.4]."""

    department: str
    organisation: str
    structure_id: StructureId
    national_id: PersonId
    surname: str
    given_names: str
    title: str
    profession_code: int | None = None


Subject = StructureSubject | ProfessionalSubject | EmployeeSubject
Name = HostName | Mailbox | ApplicationName


@dataclass(frozen=True, slots=True)
class Warrant:
    """Leave to certify. Made in this module only.

    `names` are the names the certificate will carry, in the order asked (the first is the CN of a server);
    `habilitation` is (reference, version), None when the right comes from the asker's own card;
    `at` is when it was given, timezone-aware UTC.
    """

    product: str
    channel: Channel
    asked_by: PersonId
    card: CardNumber
    habilitation: tuple[str, int] | None
    subject: Subject
    names: tuple[Name, ...]
    at: datetime
