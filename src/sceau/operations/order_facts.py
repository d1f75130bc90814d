"""An order's facts, gathered from the records for the rules: nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sceau.operations.acts import Act
from sceau.operations.machine import machine
from sceau.operations.structures import identifier_mode
from sceau.records.models import Card, Contract, Order, OrderVersion, Structure
from sceau.registration import (
    ContractFacts,
    Examination,
    Form413,
    GivenApproval,
    KnownCard,
    OrderFacts,
    OrderRecords,
    Party,
    SignedText,
    decide_structure,
    declared_of,
    examine_order,
    read_form,
)
from sceau.vocabulary import Finding, Reading, Refused


def lock_order(act: Act, reference: str) -> Order:
    """The order, held until the end of the transaction; refused when there is none."""
    order = Order.objects.select_for_update().filter(reference=reference).first()
    if order is None:
        raise Refused([Finding.error("order.unknown", reference)])
    act.about(order.reference)
    return order


def present_version(order: Order) -> OrderVersion:
    """The order's present text."""
    return OrderVersion.objects.get(order=order, number=order.current_version)


def reading_of(raw: object) -> Reading[Form413]:
    """A raw form, read by the rules of this instance."""
    return read_form(raw, catalogue=machine().catalogue, mode=identifier_mode())


def form_of(order: Order) -> Reading[Form413]:
    """The order's present form, read again."""
    return reading_of(json.loads(present_version(order).raw))


def contract_facts(number: str, at: datetime) -> ContractFacts | None:
    """The contract of that number, as it stands at `at`."""
    contract = Contract.objects.select_related("structure").filter(number=number).first()
    if contract is None:
        return None
    parties = list(contract.parties.order_by("id"))
    holders = _holders(party.card_number for party in parties)
    return ContractFacts(
        number=contract.number,
        state=contract.state_at(at),
        structure_id=contract.structure.facts().structure_id,
        structure_name=contract.structure.name,
        parties=tuple(party.facts(holders.get(party.card_number, "")) for party in parties),
    )


def known_cards(numbers: Iterable[str], at: datetime) -> dict[str, KnownCard]:
    """The cards of these numbers that the records know, as they stand at `at`."""
    rows = Card.objects.select_related("person").filter(number__in=set(numbers))
    return {row.number: KnownCard(row.facts(at), row.person.facts()) for row in rows}


def signed_text(order: Order) -> SignedText | None:
    """The text that the signatory's card signed: the present one if it did, else the last it did."""
    signed = order.versions.exclude(signed_card="").order_by("-number")
    digest = present_version(order).digest
    last = signed.filter(digest=digest).first() or signed.first()
    return None if last is None else SignedText(last.number, is_present=last.digest == digest)


def order_records(form: Form413, at: datetime, signed: SignedText | None = None) -> OrderRecords:
    """What the records know of a form's subject matter, and which text of its order was signed by card."""
    numbers = [form.signatory.person.card_number.text]
    numbers += [person.card_number.text for person in form.administrators]
    decided = decide_structure(declared_of(form), catalogue=machine().catalogue).value
    known = (
        Structure.objects.filter(national_id=decided.structure_id.text).first()
        if decided is not None
        else None
    )
    return OrderRecords(
        contract=contract_facts(form.contract_number, at) if form.contract_number else None,
        cards=known_cards(numbers, at),
        structure=None if known is None else known.facts(),
        signed=signed,
    )


def examination(order: Order, form: Reading[Form413], at: datetime) -> Examination:
    """The examination of an order's present form, as things stand at `at`."""
    records = (
        OrderRecords(None, {}) if form.value is None else order_records(form.value, at, signed_text(order))
    )
    return examine_order(form, records, catalogue=machine().catalogue)


def order_facts(order: Order) -> OrderFacts:
    """What the rule of the two people needs."""
    parties = order.parties.order_by("id").values_list("role", "person_id", "card_number")  # of any version
    approvals = order.approvals.order_by("id").values_list("officer", "version")
    return OrderFacts(
        reference=order.reference,
        version=order.current_version,
        parties=tuple(dict.fromkeys(Party(*party) for party in parties)),
        approvals=tuple(GivenApproval(*given) for given in approvals),
    )


def _holders(numbers: Iterable[str]) -> dict[str, str]:
    rows = Card.objects.filter(number__in=set(numbers)).values_list("number", "person__national_id")
    return dict(rows)
