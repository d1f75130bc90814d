"""The examination of an order: every check a machine can make, each green, amber or red, with its evidence.

Red must be mended before anybody can approve; amber is a question that two people answer by approving;
green says what it rests on. It looks at the form as read and at what the records know, at one moment, and
decides nothing: who may approve is `order`'s, what is granted is `habilitation`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sceau.catalogue import Catalogue
from sceau.registration.beneficiary import Declared, decide_structure
from sceau.registration.examination_people import (
    KnownCard,
    check_administrators,
    check_signatory,
)
from sceau.registration.examination_terms import (
    AttestedVisa,
    ContractFacts,
    SignedText,
    check_contract,
    check_declarations,
    check_visa,
)
from sceau.registration.extracts import ExtractFacts, check_extract
from sceau.registration.facts import HolderLetter, Structure
from sceau.registration.form413 import Form413, NameOwner, OfferLine, open_questions
from sceau.registration.letters import Leave, LeaveForm, choose_leave
from sceau.registration.register_checks import NOTHING_LOADED, RegisterFacts, check_registers
from sceau.vocabulary import Finding, Reading, Severity, errors


class CheckKind(StrEnum):
    """What is checked, in the order of the file. Titles are texts of the catalogue (``check.<kind>``)."""

    FORM = "form"
    STRUCTURE = "structure"
    EXTRACT = "extract"
    REGISTERS = "registers"
    CONTRACT = "contract"
    SIGNATORY = "signatory"
    VISA = "visa"
    ADMINISTRATORS = "administrators"
    SCOPES = "scopes"
    DOMAIN_RIGHT = "domain-right"
    DECLARATIONS = "declarations"
    QUESTIONS = "questions"


class Light(StrEnum):
    """How a check came out."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Check:
    """One check and everything it found; a green one has its evidence as findings of severity info."""

    kind: CheckKind
    findings: tuple[Finding, ...]

    @property
    def light(self) -> Light:
        """The worst of its findings; a check that found nothing proves nothing, and is amber."""
        if errors(self.findings):
            return Light.RED
        if not self.findings or any(finding.severity is Severity.WARNING for finding in self.findings):
            return Light.AMBER
        return Light.GREEN


@dataclass(frozen=True, slots=True)
class Examination:
    """All checks of one version of an order."""

    checks: tuple[Check, ...]

    @property
    def reds(self) -> tuple[Finding, ...]:
        """What must be mended before anybody can approve."""
        return tuple(finding for check in self.checks for finding in errors(check.findings))

    @property
    def ambers(self) -> tuple[Finding, ...]:
        """The questions that officers answer by approving."""
        return tuple(
            finding
            for check in self.checks
            for finding in check.findings
            if finding.severity is Severity.WARNING
        )


@dataclass(frozen=True, slots=True)
class OrderRecords:
    """What the records know of an order's subject matter.

    `cards` maps a card number to the card and its holder; `structure` is the beneficiary as known before;
    `signed` the text that the signatory's card signed here, None when none did (a form on paper), and
    `attested` what an officer then attested from a scan. `leaves` are those that the holders of domain names
    gave this structure, `extract` its extract as an officer read it, `registers` what
    those that are loaded say of it and of its people. `day` is the day of the examination, by
    the authority's calendar.
    """

    contract: ContractFacts | None
    cards: Mapping[str, KnownCard]
    structure: Structure | None = None
    signed: SignedText | None = None
    attested: AttestedVisa | None = None
    leaves: tuple[Leave, ...] = ()
    extract: ExtractFacts | None = None
    registers: RegisterFacts = NOTHING_LOADED
    day: date = date.min


def examine_order(form: Reading[Form413], records: OrderRecords, *, catalogue: Catalogue) -> Examination:
    """Every check of an order, as things stand. A form that could not be read has one check, red."""
    if form.value is None:
        return Examination((Check(CheckKind.FORM, form.findings),))
    read = form.value
    edition = Finding.info("order.form-read", read.edition)
    found: dict[CheckKind, Iterable[Finding]] = {
        CheckKind.FORM: (edition,),
        CheckKind.STRUCTURE: check_structure(read, records, catalogue),
        CheckKind.EXTRACT: check_extract(read, records.extract, records.contract, day=records.day),
        CheckKind.REGISTERS: check_registers(
            read, records.registers, cards=records.cards, catalogue=catalogue
        ),
        CheckKind.CONTRACT: check_contract(read, records.contract),
        CheckKind.SIGNATORY: check_signatory(read, records.contract, records.cards, catalogue),
        CheckKind.VISA: check_visa(read, records.signed, records.attested),
        CheckKind.ADMINISTRATORS: check_administrators(read, records.cards, catalogue),
        CheckKind.SCOPES: check_scopes(read, catalogue),
        CheckKind.DOMAIN_RIGHT: check_domain_right(read, records),
        CheckKind.DECLARATIONS: check_declarations(read),
        CheckKind.QUESTIONS: _check_questions(form.findings),
    }
    return Examination(tuple(Check(kind, tuple(dict.fromkeys(findings))) for kind, findings in found.items()))


def check_structure(form: Form413, records: OrderRecords, catalogue: Catalogue) -> list[Finding]:
    """The beneficiary: enough to stand in a certificate, and what the records say otherwise."""
    reading = decide_structure(declared_of(form), catalogue=catalogue)
    found = list(reading.findings)
    if reading.value is None:
        return found
    structure = reading.value
    found.append(
        Finding.info(
            "order.structure-read",
            "structure",
            number=structure.structure_id.text,
            name=structure.name,
            department=structure.department,
        )
    )
    known = records.structure
    if known is not None and known.name.casefold() != structure.name.casefold():
        found.append(Finding.warning("order.structure-name-differs", "structure.name", known=known.name))
    contract = records.contract
    if contract is not None and contract.structure_id != structure.structure_id:
        found.append(
            Finding.warning("order.beneficiary-differs", "structure", holder=contract.structure_name)
        )
    return found


def check_scopes(form: Form413, catalogue: Catalogue) -> list[Finding]:
    """Each offer: is what it covers settled, or does the desk still have to ask [decisions 4 and 5]?"""
    found: list[Finding] = []
    for at, line in enumerate(form.offers):
        needed = catalogue.offers[line.offer].scope_family is not None
        path = f"offers.{at}"
        if not needed:
            found.append(
                Finding.info("order.no-scope-needed", path, offer=catalogue.offers[line.offer].short)
            )
        elif line.scope is None:
            found.append(Finding.error("order.scope-kind-open", f"{path}.kind", declared=line.declared))
        elif line.is_open:
            found.append(
                Finding.warning("order.restriction-open", f"{path}.restricted", declared=line.declared)
            )
        else:
            found.append(Finding.info("order.scope-read", path, words=line.scope.words))
    return found


def check_domain_right(form: Form413, records: OrderRecords) -> list[Finding]:
    """Each declared name: the structure's own by its declaration, or another's who gives leave by letter or
    by a record in the DNS [N413 4.2]. What the form says of a letter is the requester's; what counts is on
    file.
    """
    found: list[Finding] = []
    for at, line in enumerate(form.offers):
        if line.declared:
            found += _right_of(line, f"offers.{at}", records)
    return found or [Finding.info("order.no-name-declared", "offers")]


def _right_of(line: OfferLine, path: str, records: OrderRecords) -> list[Finding]:
    declared = line.declared
    if line.owner is None:
        return [Finding.error("order.owner-open", f"{path}.owner", declared=declared)]
    if line.owner is NameOwner.STRUCTURE:
        return [Finding.info("order.owner-structure", path, declared=declared)]
    found: list[Finding] = []
    for product in line.products:
        standing, leave = choose_leave(records.leaves, scope=line.scope, product=product, day=records.day)
        found.append(_standing_of(standing, leave, path, (declared, product)))
    if line.letter is not None and line.letter.purpose and not errors(found):
        found.append(Finding.warning("order.letter-purpose", path, purpose=line.letter.purpose))
    return found


def _standing_of(standing: HolderLetter, leave: Leave | None, path: str, what: tuple[str, str]) -> Finding:
    declared, product = what
    if standing is HolderLetter.VERIFIED and leave is not None:
        if leave.form is LeaveForm.DNS:
            return Finding.info("order.leave-by-dns", path, declared=declared, leave=leave.reference)
        return Finding.info("order.letter-whole", path, declared=declared, leave=leave.reference)
    refusals = {
        HolderLetter.RECEIVED_UNSIGNED: Finding.error("order.letter-unsigned", path, declared=declared),
        HolderLetter.RECEIVED_NO_ID_COPY: Finding.error("order.letter-no-id-copy", path, declared=declared),
        HolderLetter.RECEIVED_UNVERIFIED: Finding.error("order.letter-unverified", path, declared=declared),
        HolderLetter.VERIFIED_OTHER_USE: Finding.error(
            "order.letter-other-use", path, declared=declared, product=product
        ),
        HolderLetter.VERIFIED_THEN_WITHDRAWN: Finding.error(
            "order.letter-withdrawn", path, declared=declared
        ),
        HolderLetter.VERIFIED_THEN_ENDED: Finding.error("order.letter-ended", path, declared=declared),
    }
    return refusals.get(standing) or Finding.error("order.letter-missing", path, declared=declared)


_CHECKED_ELSEWHERE = frozenset(
    {
        "form.kind-open",
        "form.restriction-open",
        "form.owner-open",
        "form.contract-missing",
        "form.visa-undated",
        "form.visa-to-attest",
        "form.letter-missing",
        "form.letter-unsigned",
        "form.letter-no-id-copy",
    }
)


def _check_questions(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What the reading asked and no other check answers."""
    asked = tuple(finding for finding in open_questions(findings) if finding.code not in _CHECKED_ELSEWHERE)
    return asked or (Finding.info("order.no-question", "form"),)


def declared_of(form: Form413) -> Declared:
    """The form's structure, for `decide_structure`."""
    structure = form.structure
    return Declared(
        name=structure.name,
        siret=structure.siret,
        finess=structure.finess,
        rpps_rangs=structure.rpps_rangs,
        postcode=structure.postcode,
        commune=structure.commune,
    )
