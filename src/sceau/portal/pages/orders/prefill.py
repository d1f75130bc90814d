"""What is already known of who orders, put in the form: structure, contract and signatory, from the
contract.
"""

from __future__ import annotations

from sceau.operations import machine
from sceau.portal.pages.orders.raw import Raw, blank_form
from sceau.portal.visitor import Visitor
from sceau.records import ContractLine, PartyLine, structures_of


def prefilled(visitor: Visitor, number: str) -> Raw:
    """A form with what the contract `number` says, or the only contract that names the visitor; else a
    blank one.
    """
    now = machine().clock()
    raw = blank_form()
    contracts = structures_of(visitor.person_id, at=now)
    chosen = [contract for contract in contracts if contract.number == number] or (
        list(contracts) if len(contracts) == 1 and not number else []
    )
    if not chosen:
        return raw
    contract = chosen[0]
    mine = [party for party in contract.parties if party.person_id == visitor.person_id]
    return _from_contract(raw, contract, mine[0] if mine else None, visitor)


def _from_contract(raw: Raw, contract: ContractLine, party: PartyLine | None, visitor: Visitor) -> Raw:
    structure = contract.structure
    raw["structure"].update(
        name=structure.name,
        siret=structure.siret,
        finess=structure.finess,
        postcode=structure.postcode,
        commune=structure.commune,
        takes_charge=True if structure.finess else None,
    )
    raw["contract"]["number"] = contract.number
    if party is not None:
        raw["signatory"].update(
            quality=party.quality,
            surname=party.surname,
            given_names=party.given_names,
            phone=party.phone,
            email=party.email,
            card_number=visitor.card_number or party.card_number,
        )
    return raw
