"""Contracts with their file, pieces, leaves: as the desk and the structure's people see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q, QuerySet

from sceau.records.models import (
    PARIS,
    Card,
    Certificate,
    Contract,
    ContractAct,
    Habilitation,
    Leave,
    Order,
    Person,
    Piece,
    VisaAttestation,
)
from sceau.records.queries.people import as_card_line, as_contract_line, contracts_naming
from sceau.records.queries.search import words_beginning
from sceau.records.views import (
    AttestationLine,
    CardLine,
    ContractActLine,
    ContractFile,
    ContractLine,
    LeaveLine,
    PieceLine,
    ReadingLine,
)
from sceau.registration import CONTRACT_LIFE, LEAVE_LIFE, ContractStanding, LeaveState

_SHOWN = ("structure", "contract", "order")
_MOST_NAMED = 1_000


def list_contracts(
    *, at: datetime, text: str = "", after: str = "", limit: int = 50
) -> tuple[ContractLine, ...]:
    """Contracts by number, for the desk. `text` begins the number, a word of the structure's name or one of
    its identifiers; what begins a thousand of them is too short to tell any further.
    """
    found = Contract.objects.select_related("structure").filter(number__gt=after).order_by("number")
    if text:
        named = words_beginning(text, "contract", "structure", most=_MOST_NAMED)
        found = found.filter(Q(pk__in=named["contract"]) | Q(structure_id__in=named["structure"]))
    return tuple(as_contract_line(contract, at) for contract in found[:limit])


def contract_file(number: str, *, at: datetime) -> ContractFile | None:
    """A contract with everything on its file, for the desk."""
    contract = Contract.objects.select_related("structure").filter(number=number).first()
    return None if contract is None else _file(contract, at)


def contract_for(number: str, *, viewer: str, at: datetime) -> ContractFile | None:
    """The contract if `viewer` speaks for it at `at`."""
    contract = (
        Contract.objects.select_related("structure")
        .filter(number=number, id__in=contracts_naming(viewer, at=at))
        .first()
    )
    return None if contract is None else _file(contract, at)


def piece_line(reference: str, *, at: datetime) -> PieceLine | None:
    """A piece, without its bytes."""
    piece = Piece.objects.select_related(*_SHOWN).filter(reference=reference).first()
    return None if piece is None else as_piece_line(piece, at)


def pieces_of_order(reference: str, *, at: datetime) -> tuple[PieceLine, ...]:
    """The pieces on the file of an order, newest first."""
    return _pieces(Piece.objects.filter(order__reference=reference), at)


def pieces_of_kind(
    kind: str, *, structure: str = "", order: str = "", at: datetime, limit: int = 50
) -> tuple[PieceLine, ...]:
    """The pieces of a kind that are still there, newest first: of the order (its reference) and its contract,
    of the structure (national identifier), its contracts and the orders under them.
    """
    number = Order.objects.filter(reference=order).values_list("contract_number", flat=True).first() or ""
    of = Q(pk__in=())
    if order:
        of |= Q(order__reference=order)
    if number:
        of |= Q(contract__number=number) | Q(structure__contracts__number=number)
    if structure:
        theirs = Contract.objects.filter(structure__national_id=structure).values("number")
        of |= Q(structure__national_id=structure) | Q(contract__structure__national_id=structure)
        of |= Q(order__contract_number__in=theirs)
    return _pieces(Piece.objects.filter(of, kind=kind, erased_at=None).distinct(), at)[:limit]


def attestations_of(reference: str) -> tuple[AttestationLine, ...]:
    """What officers attested of an order's visa, newest first."""
    rows = VisaAttestation.objects.select_related("piece", "order").filter(order__reference=reference)
    order = Order.objects.filter(reference=reference).first()
    if order is None:
        return ()
    present = order.versions.get(number=order.current_version).digest
    names = _names(row.officer for row in rows)
    return tuple(
        AttestationLine(
            piece=row.piece.reference,
            version=row.version,
            signed_on=row.signed_on,
            stamped=row.stamped,
            officer=names.get(row.officer, row.officer),
            at=row.at,
            counts=row.digest == present,
        )
        for row in rows.order_by("-id")
    )


def leave_line(reference: str, *, at: datetime) -> LeaveLine | None:
    """A leave."""
    leave = _leaves().filter(reference=reference).first()
    return None if leave is None else as_leave_line(leave, at)


def leaves_of_structure(national_id: str, *, at: datetime) -> tuple[LeaveLine, ...]:
    """What the holders of domain names gave a structure leave for, newest first."""
    found = _leaves().filter(structure__national_id=national_id).order_by("-id")
    return tuple(as_leave_line(leave, at) for leave in found)


def as_piece_line(piece: Piece, at: datetime) -> PieceLine:
    """The view of a piece on the day of `at`."""
    day = at.astimezone(PARIS).date()
    reading = piece.readings.order_by("-id").first()
    return PieceLine(
        reference=piece.reference,
        kind=piece.kind,
        medium=piece.medium,
        sha256=piece.sha256,
        size=piece.size,
        name=piece.name,
        sealed=piece.sealed,
        structure="" if piece.structure is None else piece.structure.national_id,
        contract="" if piece.contract is None else piece.contract.number,
        order="" if piece.order is None else piece.order.reference,
        brought_by=piece.brought_by,
        brought_as=piece.brought_as,
        received_at=piece.received_at,
        issued_on=piece.issued_on,
        valid_until=piece.valid_until,
        erase_after=piece.erase_after,
        erased_at=piece.erased_at,
        believed=piece.valid_until is None or day <= piece.valid_until,
        reading=None
        if reading is None
        else ReadingLine(
            name=reading.name,
            siret=reading.siret,
            legal_form=reading.legal_form,
            postcode=reading.postcode,
            commune=reading.commune,
            read_by=reading.read_by,
            read_at=reading.read_at,
        ),
    )


def as_leave_line(leave: Leave, at: datetime) -> LeaveLine:
    """The view of a leave on the day of `at`."""
    day = at.astimezone(PARIS).date()
    return LeaveLine(
        reference=leave.reference,
        structure=leave.structure.national_id,
        structure_name=leave.structure.name,
        form=leave.form,
        state=leave.state,
        ended=_is_past(leave.ends, day),
        name=leave.name,
        whole=leave.whole,
        use=leave.use,
        products=tuple(leave.products),
        holder=leave.holder,
        begins=leave.begins,
        ends=leave.ends,
        signed=leave.signed,
        letter="" if leave.letter is None else leave.letter.reference,
        identity="" if leave.identity is None else leave.identity.reference,
        identity_erased=leave.identity is not None and leave.identity.erased_at is not None,
        challenge=leave.challenge,
        proven_at=leave.proven_at,
        checked_at=leave.checked_at,
        reason=leave.reason,
        events=tuple(str(event) for event in LEAVE_LIFE.events(LeaveState(leave.state))),
    )


def _file(contract: Contract, at: datetime) -> ContractFile:
    line = as_contract_line(contract, at)
    orders = Order.objects.filter(contract_number=contract.number).order_by("-id")[:50]
    return ContractFile(
        line=line,
        cards=_cards(line, at),
        pieces=_pieces(Piece.objects.filter(Q(contract=contract) | Q(structure=contract.structure)), at),
        leaves=leaves_of_structure(line.structure.national_id, at=at),
        acts=_acts(contract),
        events=tuple(str(event) for event in CONTRACT_LIFE.events(ContractStanding(contract.state))),
        orders=tuple((order.reference, order.state) for order in orders),
        counts={
            "orders": Order.objects.filter(contract_number=contract.number).count(),
            "rights": Habilitation.objects.filter(versions__contract=contract).distinct().count(),
            "certificates": Certificate.objects.filter(contract=contract).count(),
        },
    )


def _cards(line: ContractLine, at: datetime) -> dict[str, CardLine]:
    numbers = [party.card_number for party in line.parties]
    rows = Card.objects.select_related("person").filter(number__in=numbers)
    return {row.number: as_card_line(row, at) for row in rows}


def _pieces(found: QuerySet[Piece], at: datetime) -> tuple[PieceLine, ...]:
    rows = found.select_related(*_SHOWN).order_by("-id")[:200]
    return tuple(as_piece_line(piece, at) for piece in rows)


def _acts(contract: Contract) -> tuple[ContractActLine, ...]:
    rows: list[ContractAct] = list(contract.acts.order_by("-id")[:50])
    names = _names([*(row.asked_by for row in rows), *(row.decided_by for row in rows)])
    return tuple(
        ContractActLine(
            reference=row.reference,
            event=row.event,
            state=row.state,
            officers=row.officers,
            reason=row.reason,
            until=row.until,
            asked_by=names.get(row.asked_by, row.asked_by),
            asked_by_id=row.asked_by,
            asked_at=row.asked_at,
            decided_by=names.get(row.decided_by, row.decided_by),
            decided_at=row.decided_at,
            stops=tuple(one for several in row.stops.values() for one in several),
            each=dict(row.plan.get("each", {})),
            others=dict(row.plan.get("others", {})),
        )
        for row in rows
    )


def _leaves() -> QuerySet[Leave]:
    return Leave.objects.select_related("structure", "letter", "identity")


def _names(identifiers: Iterable[str]) -> dict[str, str]:
    wanted = {one for one in identifiers if one}
    people = Person.objects.filter(national_id__in=wanted)
    return {one.national_id: f"{one.given_names} {one.surname}".strip() for one in people}


def _is_past(ends: date | None, day: date) -> bool:
    return ends is not None and day > ends
