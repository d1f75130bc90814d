"""An order's facts, gathered from the records for the rules: nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from sceau.operations.acts import Act
from sceau.operations.machine import machine
from sceau.operations.register_facts import register_facts
from sceau.operations.structures import identifier_mode
from sceau.records import roles_of
from sceau.records.models import (
    PARIS,
    Card,
    Contract,
    DeskCase,
    ExtractReading,
    Order,
    OrderVersion,
    Structure,
    VisaAttestation,
)
from sceau.registration import (
    APPROVALS_NEEDED,
    AttestedVisa,
    ContractFacts,
    Examination,
    ExtractFacts,
    Form413,
    GivenApproval,
    HolderAddress,
    KnownCard,
    Leave,
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
        address=HolderAddress(contract.structure.postcode, contract.structure.commune),
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


def attested_visa(order: Order) -> AttestedVisa | None:
    """The last visa that an officer attested from a scan; whether the present text is the one attested."""
    last = VisaAttestation.objects.select_related("piece").filter(order=order).order_by("-id").first()
    if last is None:
        return None
    return AttestedVisa(
        last.piece.reference, last.version, is_present=last.digest == present_version(order).digest
    )


def leaves_of(structure: Structure | None) -> tuple[Leave, ...]:
    """What the holders of domain names gave this structure leave for, oldest first."""
    if structure is None:
        return ()
    return tuple(row.facts() for row in structure.leaves.order_by("id"))


def order_records(form: Form413, at: datetime, order: Order | None = None) -> OrderRecords:
    """What the records know of a form's subject matter; of its `order`, which text was signed by card or
    attested from a scan, and the extract on its file.
    """
    numbers = [form.signatory.person.card_number.text]
    numbers += [person.card_number.text for person in form.administrators]
    decided = decide_structure(declared_of(form), catalogue=machine().catalogue).value
    known = (
        Structure.objects.filter(national_id=decided.structure_id.text).first()
        if decided is not None
        else None
    )
    cards = known_cards(numbers, at)
    holders = {number: one.holder.national_id.text for number, one in cards.items()}
    return OrderRecords(
        contract=contract_facts(form.contract_number, at) if form.contract_number else None,
        cards=cards,
        structure=None if known is None else known.facts(),
        signed=None if order is None else signed_text(order),
        attested=None if order is None else attested_visa(order),
        leaves=leaves_of(known),
        extract=_extract_of(order, known),
        registers=register_facts(form, holders),
        day=at.astimezone(PARIS).date(),
    )


def _extract_of(order: Order | None, structure: Structure | None) -> ExtractFacts | None:
    """The extract read last: on the order's own file, else on the structure's."""
    readings = ExtractReading.objects.select_related("piece").order_by("-id")
    on_order = None if order is None else readings.filter(piece__order=order).first()
    last = on_order or (None if structure is None else readings.filter(piece__structure=structure).first())
    return None if last is None else last.facts()


def examination(order: Order, form: Reading[Form413], at: datetime) -> Examination:
    """The examination of an order's present form, as things stand at `at`."""
    records = OrderRecords(None, {}) if form.value is None else order_records(form.value, at, order)
    return examine_order(form, records, catalogue=machine().catalogue)


def order_facts(order: Order) -> OrderFacts:
    """What the rule of the two people needs."""
    parties = [
        Party(*party)  # of any version
        for party in order.parties.order_by("id").values_list("role", "person_id", "card_number")
    ]
    approvals = list(order.approvals.order_by("id").values_list("officer", "version"))
    case = DeskCase.objects.filter(order=order).first()
    role = case.with_role if case else ""
    officers = {officer for officer, version in approvals if version == order.current_version}
    return OrderFacts(
        reference=order.reference,
        version=order.current_version,
        parties=tuple(dict.fromkeys(parties)),
        approvals=tuple(GivenApproval(*given) for given in approvals),
        structures=_structures_of(order),
        needed=case.needed if case else APPROVALS_NEEDED,
        with_role=role,
        role_holders=frozenset(one for one in officers if role and role in roles_of(one)),
    )


def _structures_of(order: Order) -> frozenset[str]:
    """The structures that the order is for and under whose contract it is made, as far as they are known."""
    number = order.structure_number
    known = Q(contracts__number=order.contract_number) if order.contract_number else Q(pk=None)
    if number:
        known |= Q(national_id__in=[f"{kind}{number}" for kind in range(10)])
        known |= Q(siret=number) | Q(finess=number)
    return frozenset(Structure.objects.filter(known).values_list("national_id", flat=True))


def _holders(numbers: Iterable[str]) -> dict[str, str]:
    rows = Card.objects.filter(number__in=set(numbers)).values_list("number", "person__national_id")
    return dict(rows)
