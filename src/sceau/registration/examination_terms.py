"""The formal side of an examination: the contract in force, the visa, the declarations [N413 part 2]."""

from __future__ import annotations

from dataclasses import dataclass

from sceau.registration.contract import Mandate
from sceau.registration.facts import ContractState
from sceau.registration.form413 import Form413, SignatoryQuality
from sceau.vocabulary import Finding, StructureId

_REFUSING: dict[ContractState, Finding] = {
    ContractState.SUSPENDED: Finding.error("order.contract-suspended", "contract.number"),
    ContractState.EXPIRED: Finding.error("order.contract-expired", "contract.number"),
    ContractState.TERMINATED: Finding.error("order.contract-terminated", "contract.number"),
    ContractState.NONE: Finding.error("order.contract-not-begun", "contract.number"),
}


@dataclass(frozen=True, slots=True)
class ContractPartyFacts:
    """Someone a contract names. `person_id` is empty as long as nobody knows whose card it is.

    `mandate` says from when, until when and for what they speak for the structure; None is no mandate at all.
    """

    quality: SignatoryQuality
    card_number: str
    surname: str
    given_names: str
    person_id: str = ""
    mandate: Mandate | None = None


@dataclass(frozen=True, slots=True)
class HolderAddress:
    """Where the contract's holder is: the postcode and the commune of the form [N413 1]."""

    postcode: str
    commune: str


@dataclass(frozen=True, slots=True)
class AttestedVisa:
    """A visa on paper, which an officer attested from a piece: the version of the order attested; whether the
    present text still says what was attested.
    """

    piece: str
    version: int
    is_present: bool


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """The contract an order names, as it stands now."""

    number: str
    state: ContractState
    structure_id: StructureId
    structure_name: str
    parties: tuple[ContractPartyFacts, ...]
    address: HolderAddress | None = None


@dataclass(frozen=True, slots=True)
class SignedText:
    """The version of an order that the signatory signed with a card here; `is_present` when its text is the
    present one's.
    """

    version: int
    is_present: bool


def check_contract(form: Form413, contract: ContractFacts | None) -> list[Finding]:
    """An ordering contract, known and in force [N413 part 2, prerequisites]."""
    if not form.contract_number:
        return [Finding.error("order.contract-missing", "contract.number")]
    if contract is None:
        return [Finding.error("order.contract-unknown", "contract.number", number=form.contract_number)]
    if contract.state is not ContractState.ACTIVE:
        return [_REFUSING[contract.state]]
    return [
        Finding.info(
            "order.contract-in-force",
            "contract.number",
            number=contract.number,
            holder=contract.structure_name,
        )
    ]


def check_visa(
    form: Form413, signed: SignedText | None, attested: AttestedVisa | None = None
) -> list[Finding]:
    """Date, signature and stamp, as far as somebody attested them [N413 3]. An unsigned form orders
    nothing; a signature that no card of ours made is on a piece that an officer looked at, or is a question.

    A card signs one text: what was changed since by anybody else is a question, which the signatory answers
    by signing again.
    """
    visa = form.visa
    found = []
    if not visa.signed:
        found.append(Finding.error("order.visa-not-signed", "visa.signed"))
    if visa.signed_on is None:
        found.append(Finding.error("order.visa-not-dated", "visa.date"))
    if not visa.stamped:
        found.append(Finding.warning("order.visa-not-stamped", "visa.stamped"))
    if visa.signed and signed is not None and not signed.is_present:
        found.append(Finding.warning("order.visa-of-another-text", "visa", version=signed.version))
    if visa.signed and signed is None:
        found += _check_paper(attested)
    return found or [Finding.info("order.visa-whole", "visa", date=f"{visa.signed_on:%d/%m/%Y}")]


def _check_paper(attested: AttestedVisa | None) -> list[Finding]:
    """A hand-signed form is attested from its scan, on the text that stands now."""
    if attested is None:
        return [Finding.warning("order.visa-without-piece", "visa")]
    if not attested.is_present:
        return [Finding.warning("order.visa-attested-before", "visa", version=attested.version)]
    return []


def check_declarations(form: Form413) -> list[Finding]:
    """The terms accepted, the information certified exact. What the edition does not say, the desk asks."""
    found: list[Finding] = []
    for path, given in (
        ("declarations.terms", form.declarations.terms),
        ("declarations.exact", form.declarations.exact),
    ):
        if given is None:
            found.append(Finding.warning("order.declaration-open", path))
        elif not given:
            found.append(Finding.error("order.declaration-missing", path))
    return found or [Finding.info("order.declarations-given", "declarations")]
