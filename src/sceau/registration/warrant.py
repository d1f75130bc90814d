"""The warrant: leave to certify these names, for this person and product, now.

The one value that certification accepts. It is made here only (a house test holds that), by an
`Entitlement` (`warrant_for`) from a habilitation or by `own_card_warrant` from a professional's card, and
every door ends in it. The rule is `right`'s and `naming`'s; here are added what ties the facts together:
whose card, whose habilitation, whose certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sceau.catalogue import Catalogue, Holder, NameNeed
from sceau.registration.declaration import MAX_COMMON_NAME, check_family
from sceau.registration.facts import (
    Card,
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
from sceau.registration.naming import Name, decide_names, plainly_covered
from sceau.registration.right import RightQuestion, decide_right
from sceau.registration.test_subject import check_subject, is_test_subject
from sceau.vocabulary import (
    CardNumber,
    Finding,
    Mailbox,
    PersonId,
    Reading,
    Refused,
    StructureId,
    Term,
    errors,
    read_ok,
)

MAILBOX_HOLDS = timedelta(days=366)
"""How long a confirmed mailbox is believed: providers give an abandoned address to somebody else after a year
or so, and a three-year certificate would then name their mailbox [decision 14].
"""


@dataclass(frozen=True, slots=True)
class StructureSubject:
    """Subject of ORG and SERV: C, ST, O, OU, CN [IGC-SANTE 2.3]. `organisation` is the full name."""

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
    """Subject of PRO certificates: C, ST, O, OU, title, {GN + CN + SN}, in a structure [IGC-SANTE 2.4]."""

    department: str
    organisation: str
    structure_id: StructureId
    national_id: PersonId
    surname: str
    given_names: str
    title: str
    profession_code: int | None = None


Subject = StructureSubject | ProfessionalSubject | EmployeeSubject


@dataclass(frozen=True, slots=True)
class Warrant:
    """Leave to certify. Made in this module only.

    `names` are the names the certificate will carry, in the order asked (the first is the CN of a server);
    `habilitation` is (reference, version), None when the right comes from the asker's own card;
    `at` is when it was given, timezone-aware UTC; `term` is the life asked for, the profile's or less.
    """

    product: str
    channel: Channel
    asked_by: PersonId
    card: CardNumber
    habilitation: tuple[str, int] | None
    subject: Subject
    names: tuple[Name, ...]
    at: datetime
    term: Term = Term.WHOLE


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What of a warrant does not hang on the names: one person's, with one card, under one habilitation, for
    one product, at one instant. Made by `entitlement_of`.

    `is_clear`: nothing stands against it but what the names may, and a server's names come under its scope.
    """

    habilitation: Habilitation
    person: Person
    card: Card
    product: str
    at: datetime
    catalogue: Catalogue
    is_clear: bool

    def warrant(self, names: Sequence[str], *, holder: NamedHolder | None = None) -> Warrant:
        """Leave for these names, or `Refused` with every reason.

        `holder` is whom a PRO certificate names [decision 14], None for the others.
        """
        scope = self.habilitation.scope
        covered = None
        if self.is_clear and holder is None and scope is not None:
            covered = plainly_covered(scope, names)
        return self._given(self._decide(names, holder) if covered is None else covered, holder)

    def _decide(self, names: Sequence[str], holder: NamedHolder | None) -> tuple[Name, ...]:
        """The names, with everything else judged beside them, so that a refusal has every reason."""
        decided = decide_names(self.product, self.habilitation.scope, names, self.catalogue)
        found = _check_right(self, names, decided)
        found += _check_holder(self.habilitation, self.product, holder, self.catalogue)
        found += tuple(finding for finding in decided.findings if finding not in found)
        if errors(found) or decided.value is None:
            raise Refused(found)
        return decided.value

    def _given(self, names: tuple[Name, ...], holder: NamedHolder | None) -> Warrant:
        return Warrant(
            product=self.product,
            channel=Channel.FORM_413,
            asked_by=self.person.national_id,
            card=self.card.number,
            habilitation=(self.habilitation.reference, self.habilitation.version),
            subject=_subject_of(self.habilitation.structure, names, holder),
            names=names,
            at=self.at,
        )


def entitlement_of(
    *,
    habilitation: Habilitation,
    person: Person,
    card: Card,
    product: str,
    at: datetime,
    catalogue: Catalogue,
) -> Entitlement:
    """What a habilitation gives at `at` (aware, UTC) to who asks with this card, whatever the names."""
    asked = Entitlement(habilitation, person, card, product, _utc(at), catalogue, is_clear=False)
    known, scope = catalogue.products.get(product), habilitation.scope
    if known is None or scope is None or known.scope_family is not scope.family:
        return asked
    stands = _check_right(asked, (), read_ok(())) + check_family(scope.kind, product, catalogue)
    stands += _check_holder(habilitation, product, None, catalogue)
    return replace(asked, is_clear=not errors(stands))


def warrant_for(
    *,
    habilitation: Habilitation,
    person: Person,
    card: Card,
    product: str,
    names: Sequence[str],
    at: datetime,
    catalogue: Catalogue,
    holder: NamedHolder | None = None,
) -> Warrant:
    """Leave from a habilitation, at `at` (aware, UTC), or `Refused` with every reason.

    `person` is who asks, with `card`; `holder` is whom a PRO certificate names [decision 14], None for the
    others.
    """
    entitlement = entitlement_of(
        habilitation=habilitation, person=person, card=card, product=product, at=at, catalogue=catalogue
    )
    return entitlement.warrant(names, holder=holder)


def own_card_warrant(
    *,
    person: Person,
    card: Card,
    product: str,
    mailbox: ConfirmedMailbox | None,
    at: datetime,
    catalogue: Catalogue,
) -> Warrant:
    """Leave from a professional's own CPS card, no form [N413 1], or `Refused` with every reason.

    Identity is the card's alone; the mailbox, which every PS profile carries, has been reached by a code.
    """
    found = decide_right(_own_question(card, product), catalogue=catalogue)
    found += _check_card_of(person, card) + _check_professional(person)
    found += _check_own_mailbox(product, mailbox, at, catalogue)
    if errors(found) or person.profession_code is None:
        raise Refused(found)
    return Warrant(
        product=product,
        channel=Channel.PS_DIRECT,
        asked_by=person.national_id,
        card=card.number,
        habilitation=None,
        subject=ProfessionalSubject(
            national_id=person.national_id,
            surname=person.surname,
            given_names=person.given_names,
            title=person.title,
            profession_code=person.profession_code,
            specialities=person.specialities,
        ),
        names=() if mailbox is None else (mailbox.mailbox,),
        at=_utc(at),
    )


def shortened(warrant: Warrant, term: Term) -> Warrant:
    """The same leave, for the life of `term`, which is never longer than the profile's."""
    return warrant if term is warrant.term else replace(warrant, term=term)


def _check_right(
    of: Entitlement, names: Sequence[str], decided: Reading[tuple[Name, ...]]
) -> tuple[Finding, ...]:
    """The right, as `decide_right` sees it once the names are decided, and the bonds between the facts."""
    question = _question_of(of.habilitation, of.card, of.product, names=names, catalogue=of.catalogue)
    found = decide_right(question, catalogue=of.catalogue, decided=decided)
    return found + _check_bonds(of.habilitation, of.person, of.card, of.at)


def _question_of(
    habilitation: Habilitation, card: Card, product: str, *, names: Sequence[str], catalogue: Catalogue
) -> RightQuestion:
    known = catalogue.products.get(product)
    # An ORG right is asked without a name: the common name is text, judged by `decide_names` [decision 13].
    applies = known is not None and known.name_need is not NameNeed.APPLICATION
    return RightQuestion(
        product=product,
        habilitated=(habilitation.product,),
        scope=None if habilitation.scope is None else read_ok(habilitation.scope),
        requested=tuple(names) if applies else (),
        contract=habilitation.contract,
        habilitation=habilitation.status,
        card_type=card.type,
        card_status=card.status,
        admin_designated=True,  # the habilitation is the designation; that it is the asker's is a bond, below
        holder_letter=habilitation.holder_letter,
        channel=Channel.FORM_413,
    )


def _own_question(card: Card, product: str) -> RightQuestion:
    return RightQuestion(
        product=product,
        habilitated=(),
        scope=None,
        requested=(),
        contract=ContractState.NONE,
        habilitation=HabilitationStatus.NONE,
        card_type=card.type,
        card_status=card.status,
        admin_designated=False,
        holder_letter=HolderLetter.NOT_NEEDED,
        channel=Channel.PS_DIRECT,
    )


def _check_bonds(habilitation: Habilitation, person: Person, card: Card, at: datetime) -> tuple[Finding, ...]:
    """The habilitation is the asker's, the card too, and its term is not past."""
    found = _check_card_of(person, card)
    if habilitation.person_id != person.national_id:
        found += (Finding.error("right.not-yours", "habilitation"),)
    until = habilitation.valid_until
    if until is not None and _utc(at) >= until:
        found += (Finding.error("right.term-past", "habilitation", until=until.date().isoformat()),)
    return found


def _check_card_of(person: Person, card: Card) -> tuple[Finding, ...]:
    found: tuple[Finding, ...] = ()
    if card.person_id != person.national_id:
        found += (Finding.error("right.card-of-another", "card"),)
    if is_test_subject(person.national_id):
        found += (Finding.error("right.test-subject-asks", "person"),)
    return found


def _check_holder(
    habilitation: Habilitation, product: str, holder: NamedHolder | None, catalogue: Catalogue
) -> tuple[Finding, ...]:
    """PRO: the holder is named, works in the structure, and a register or the desk says so [decision 14]."""
    known = catalogue.products.get(product)
    if known is None or known.holder is not Holder.PERSON:
        return () if holder is None else (Finding.error("right.holder-needless", "holder", product=product),)
    if holder is None:
        return (Finding.error("right.holder-missing", "holder"),)
    found = check_subject(holder.person)
    if holder.works_for not in habilitation.structure.identifiers:
        found += (Finding.error("right.holder-elsewhere", "holder"),)
    if holder.source is HolderSource.UNCONFIRMED:
        found += (Finding.error("right.holder-unconfirmed", "holder"),)
    return found


def _check_professional(person: Person) -> tuple[Finding, ...]:
    if person.profession_code is None:
        return (Finding.error("right.no-profession", "card"),)
    return ()


def _check_own_mailbox(
    product: str, mailbox: ConfirmedMailbox | None, at: datetime, catalogue: Catalogue
) -> tuple[Finding, ...]:
    known = catalogue.products.get(product)
    needed = known is not None and known.name_need is NameNeed.MAILBOX
    if mailbox is None:
        return (Finding.error("right.mailbox-missing", "mailbox"),) if needed else ()
    if not needed:
        return (Finding.error("right.mailbox-needless", "mailbox", product=product),)
    if mailbox.confirmed_at > _utc(at):
        return (Finding.error("right.mailbox-unconfirmed", mailbox.mailbox.text),)
    if _utc(at) - mailbox.confirmed_at > MAILBOX_HOLDS:
        return (Finding.error("right.mailbox-stale", mailbox.mailbox.text, days=MAILBOX_HOLDS.days),)
    return ()


def _subject_of(structure: Structure, names: tuple[Name, ...], holder: NamedHolder | None) -> Subject:
    if holder is None:
        return StructureSubject(
            department=structure.department,
            organisation=structure.name,
            structure_id=structure.structure_id,
            common_name=_common_name(names[0]),
        )
    return EmployeeSubject(
        department=structure.department,
        organisation=structure.name,
        structure_id=structure.structure_id,
        national_id=holder.person.national_id,
        surname=holder.person.surname,
        given_names=holder.person.given_names,
        title=holder.person.title,
        profession_code=holder.person.profession_code,
    )


def _common_name(name: Name) -> str:
    """The first name asked. A mailbox too long for a CN is not cut (it would be another): its domain is."""
    if isinstance(name, Mailbox) and len(name.text) > MAX_COMMON_NAME:
        return name.domain.text
    return name.text


def _utc(at: datetime) -> datetime:
    if at.utcoffset() != timedelta(0):
        raise ValueError("a warrant is given at an aware UTC time")
    return at
