"""Structures: their contracts, who the contracts name, who works there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sceau.operations.acts import acting
from sceau.operations.machine import Actor, machine
from sceau.operations.people import describe_person, keep_person, person_view
from sceau.operations.search_index import index_contract, index_structure
from sceau.operations.standing import require_keeper, require_role
from sceau.records import ContractLine, PersonLine, contract_line
from sceau.records.models import Contract, ContractParty, Employment, Structure
from sceau.registration import (
    ContractState,
    Declared,
    check_powers,
    check_subject,
    decide_structure,
    default_powers,
)
from sceau.registration import Person as PersonFacts
from sceau.registration import Structure as StructureFacts
from sceau.vocabulary import (
    Finding,
    IdentifierMode,
    Refused,
    errors,
    read_card_number,
    read_finess,
    read_postcode,
    read_rpps_rang,
    read_siret,
)


@dataclass(frozen=True, slots=True)
class PartyEntry:
    """A person the contract names. `quality`: `representative` or `mandataire`.

    `valid_from` is the contract's first day unless said; `powers` (codes of ``powers.toml``) are those of the
    quality unless said.
    """

    quality: str
    surname: str
    given_names: str
    card_number: str
    email: str = ""
    phone: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    powers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StructureEntry:
    """A structure as typed at the desk; identifiers are text and are read again."""

    name: str
    postcode: str
    commune: str
    siret: str = ""
    finess: str = ""
    rpps_rangs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """An ordering contract as typed at the desk. `valid_until` is its last day, None when it has none."""

    number: str
    structure: StructureEntry
    valid_from: date
    valid_until: date | None = None
    parties: Sequence[PartyEntry] = ()
    invoiceable: bool = True


def identifier_mode() -> IdentifierMode:
    """Whether this instance takes the identifiers of real structures and people, or those of test data."""
    present = machine()
    return IdentifierMode(present.catalogue.environments[present.environment].identifier_mode)


def register_structure_contract(actor: Actor, entry: ContractEntry) -> ContractLine:
    """A structure and its ordering contract. By the authority, the desk, or the machine at set-up.

    A number already registered is refused; a known structure is brought up to date.
    """
    with acting(actor, "contract.registered") as act:
        require_keeper(act)
        number = entry.number.strip()
        act.about(f"contract/{number}")
        structure = read_structure(entry.structure)
        _check_contract(number, entry)
        contract = Contract.objects.create(
            number=number,
            structure=keep_structure(structure),
            state=ContractState.ACTIVE,
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
            invoiceable=entry.invoiceable,
            changed_at=act.at,
        )
        index_contract(contract)
        for party in entry.parties:
            add_mandate(contract, party)
        act.tell(structure=structure.structure_id.text, parties=len(entry.parties))
    return view_contract(number, act.at)


def confirm_employee(actor: Actor, *, structure_id: str, person: PersonFacts) -> PersonLine:
    """The desk confirms that this person works in the structure: PRO certificates may name them
    [decision 14].
    """
    with acting(actor, "employment.confirmed", f"structure/{structure_id}") as act:
        officer = require_role(act, "desk")
        structure = Structure.objects.filter(national_id=structure_id).first()
        if structure is None:
            raise Refused([Finding.error("operations.structure-unknown", structure_id)])
        found = check_subject(person)
        if found:
            raise Refused(found)
        row = keep_person(person)
        act.keep(person=describe_person(person))
        Employment.objects.get_or_create(
            structure=structure,
            person=row,
            until=None,
            defaults={"source": "desk", "confirmed_by": officer.national_id, "since": act.at},
        )
    return person_view(person.national_id.text)


def end_employment(actor: Actor, *, structure_id: str, person_id: str) -> None:
    """The desk notes that this person no longer works there."""
    with acting(actor, "employment.ended", f"structure/{structure_id}") as act:
        require_role(act, "desk")
        act.keep(person=person_id)
        ended = Employment.objects.filter(
            structure__national_id=structure_id, person__national_id=person_id, until=None
        ).update(until=act.at)
        if not ended:
            act.unchanged()


def keep_structure(facts: StructureFacts) -> Structure:
    """The row of a structure, brought up to date (rights keep their own copy)."""
    row, _ = Structure.objects.update_or_create(
        national_id=facts.structure_id.text,
        defaults={
            "name": facts.name,
            "department": facts.department,
            "postcode": facts.postcode,
            "commune": facts.commune,
            "siret": facts.siret.text if facts.siret else "",
            "finess": facts.finess.text if facts.finess else "",
            "rpps_rangs": [number.text for number in facts.rpps_rangs],
        },
    )
    index_structure(row)
    return row


def read_structure(entry: StructureEntry) -> StructureFacts:
    """A structure as typed, read by the rules of this instance. Raises `Refused` with all findings."""
    mode = identifier_mode()
    siret = read_siret(entry.siret, subject="structure.siret", mode=mode) if entry.siret.strip() else None
    finess = (
        read_finess(entry.finess, subject="structure.finess", mode=mode) if entry.finess.strip() else None
    )
    postcode = read_postcode(entry.postcode, subject="structure.postcode", mode=mode)
    rangs = [
        read_rpps_rang(text, subject=f"structure.rpps_rangs.{at}", mode=mode)
        for at, text in enumerate(entry.rpps_rangs)
    ]
    found = [
        finding
        for reading in (siret, finess, postcode, *rangs)
        if reading is not None
        for finding in reading.findings
    ]
    declared = Declared(
        name=entry.name,
        siret=siret.value if siret else None,
        finess=finess.value if finess else None,
        rpps_rangs=tuple(reading.value for reading in rangs if reading.value is not None),
        postcode=postcode.value,
        commune=entry.commune,
    )
    decided = decide_structure(declared, catalogue=machine().catalogue)
    if errors(found) or decided.value is None:
        raise Refused([*found, *decided.findings])
    return decided.value


def _check_contract(number: str, entry: ContractEntry) -> None:
    if not number or len(number) > 40 or Contract.objects.filter(number=number).exists():
        raise Refused([Finding.error("operations.contract-number", number or "—")])
    if entry.valid_until is not None and entry.valid_until < entry.valid_from:
        raise Refused([Finding.error("operations.contract-dates", number)])


def add_mandate(contract: Contract, party: PartyEntry) -> ContractParty:
    """Write somebody whom the contract names, once for a quality and a card as long as the mandate runs.

    Raises `Refused`: no such quality or power, a card number that is none, dates the wrong way round, the
    same person named twice.
    """
    card = read_card_number(
        party.card_number, subject="parties.card_number", mode=identifier_mode()
    ).require()
    if party.quality not in {"representative", "mandataire"}:
        raise Refused([Finding.error("operations.party-quality", party.quality)])
    catalogue = machine().catalogue
    powers = frozenset(party.powers) or default_powers(party.quality, catalogue=catalogue)
    begins = party.valid_from or contract.valid_from
    findings = check_powers(powers, catalogue=catalogue)
    if party.valid_until is not None and party.valid_until < begins:
        findings += (Finding.error("contract.party-dates", party.surname or card.text),)
    named = contract.parties.filter(quality=party.quality, card_number=card.text, valid_until=None)
    if named.exists():
        findings += (Finding.error("contract.party-twice", card.text),)
    if findings:
        raise Refused(findings)
    return ContractParty.objects.create(
        contract=contract,
        quality=party.quality,
        card_number=card.text,
        surname=party.surname,
        given_names=party.given_names,
        email=party.email,
        phone=party.phone,
        valid_from=begins,
        valid_until=party.valid_until,
        powers=sorted(powers),
    )


def view_contract(number: str, at: datetime) -> ContractLine:
    """The contract as it now stands."""
    line = contract_line(number, at=at)
    if line is None:
        raise LookupError(f"contract {number} was just written")
    return line
