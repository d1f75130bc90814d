"""The pieces of legal files: brought, read, shown, erased.

The bytes are on the disk before the row is written, and gone after the row says so: a crash between the two
leaves bytes without a row, which are swept, never a row without its bytes. Whoever sees a sealed piece (a
copy of an identity document) is written in the journal, each time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sceau.catalogue import Medium, PieceKind
from sceau.documents import read_piece_file
from sceau.operations.acts import Act, acting
from sceau.operations.desk_cases import lift_holds
from sceau.operations.machine import Actor, Cabinet, machine
from sceau.operations.references import PIECE, draw_reference
from sceau.operations.standing import (
    AUDITOR,
    AUTHORITY,
    DESK,
    contract_qualities,
    require_person,
    roles_worn,
    wears_office,
)
from sceau.records import PieceLine, piece_line
from sceau.records.models import PARIS, Contract, Order, Piece, Structure
from sceau.vocabulary import Fault, Finding, Refused, displayed, errors

_UNREADABLE = re.compile(r"[^\w .,'()-]+")
_SWEPT_AFTER = timedelta(hours=24)
MACHINE_ONLY = "dns-answer"


@dataclass(frozen=True, slots=True)
class PieceEntry:
    """A document handed in: its kind (a row of ``pieces.toml``), its bytes, the name of its file, its date of
    issue, and whose file it belongs to: a structure (national identifier), a contract (number), an order
    (reference).
    """

    kind: str
    data: bytes
    name: str = ""
    issued_on: date | None = None
    structure: str = ""
    contract: str = ""
    order: str = ""


def add_piece(actor: Actor, entry: PieceEntry) -> PieceLine:
    """Put a document on file. By the desk, the authority, the machine (what came by mail), or by who speaks
    for the structure, on its contract, for the kinds that it may bring.

    Refused: an unknown kind, a file that is no PDF or image of that kind, too large, that could act, a date
    of issue missing or in the future. The same bytes twice for the same file are one piece.
    """
    kind = _kind_of(entry.kind)
    medium = _check_file(kind, entry.data)
    with acting(actor, "piece.added") as act:
        file = _file_of(act, entry)
        _require_bringer(act, kind, file)
        return piece_of(act, kind, medium, entry=entry, file=file)


def piece_of(act: Act, kind: PieceKind, medium: Medium, *, entry: PieceEntry, file: PieceFileOf) -> PieceLine:
    """Write a piece inside an act: bytes first. The same bytes on the same file give the piece there is."""
    cabinet = _cabinet()
    issued = _check_issue(kind, entry.issued_on, act.at)
    reference = draw_reference(PIECE, act.machine.random)
    digest = cabinet.seal(reference, entry.data) if kind.sealed else cabinet.keep(entry.data)
    there = Piece.objects.filter(
        sha256=digest,
        kind=kind.code,
        erased_at=None,
        structure=file.structure,
        contract=file.contract,
        order=file.order,
    ).first()
    if there is not None:
        if kind.sealed:
            cabinet.shred(reference)
        act.unchanged()
        return _view(there.reference, act.at)
    day = act.at.astimezone(PARIS).date()
    if file.order is not None:
        lift_holds(act, [file.order], what="piece")
    row = Piece.objects.create(
        reference=reference,
        kind=kind.code,
        medium=medium,
        sha256=digest,
        size=len(entry.data),
        name=_plain_name(entry.name, kind),
        sealed=kind.sealed,
        structure=file.structure,
        contract=file.contract,
        order=file.order,
        brought_by=act.actor.person_id,
        brought_as=(act.actor.display or act.actor.person_id)[:120],
        received_at=act.at,
        issued_on=issued,
        valid_until=_months_after(issued, kind.valid_months) if issued and kind.valid_months else None,
        erase_after=day + timedelta(days=kind.erased_days) if kind.erased_days else None,
    )
    act.about(row.reference, *file.references)
    act.tell(kind=kind.code, sha256=digest, size=row.size, medium=str(medium), sealed=kind.sealed)
    act.keep(name=row.name, brought_as=row.brought_as)
    return _view(row.reference, act.at)


def open_piece(actor: Actor, *, reference: str) -> tuple[PieceLine, bytes]:
    """The bytes of a piece. A sealed one for the desk only, card in hand, and the journal says who saw it;
    the others for the desk, auditors and the authority.

    Raises `Fault` when the bytes are gone or are not those that were kept.
    """
    row = Piece.objects.filter(reference=reference).first()
    if row is None or not actor.person_id:
        raise Refused([Finding.error("piece.unknown", displayed(reference) or "—")])
    if not row.sealed:
        if not roles_worn(actor) & {DESK, AUDITOR, AUTHORITY}:
            raise Refused([Finding.error("piece.unknown", reference)])
        _refuse_erased(row)
        return _view(reference, machine().clock()), _cabinet().read(row.sha256)
    with acting(actor, "piece.seen", reference) as act:
        require_person(act)
        if DESK not in roles_worn(actor):
            raise Refused([Finding.error("piece.desk-only", reference)])
        if not actor.in_hand:
            raise Refused([Finding.error("piece.card-needed", reference)])
        _refuse_erased(row)
        data = _cabinet().unseal(row.reference, row.sha256)
        act.tell(kind=row.kind, sha256=row.sha256)
    return _view(reference, machine().clock()), data


def erase_pieces() -> int:
    """Erase what is to be erased by now; how many. By the machine, on schedule: the row says so first, the
    bytes go then, and the digest stays.
    """
    today = machine().clock().astimezone(PARIS).date()
    rows = Piece.objects.filter(erased_at=None, erase_after__lt=today).order_by("id")
    due = list(rows.values_list("reference", flat=True))
    for reference in due:
        with acting(Actor.system("clockwork"), "piece.erased", reference) as act:
            row = Piece.objects.select_for_update().get(reference=reference)
            if row.erased_at is not None:
                act.unchanged()
                continue
            row.erased_at = act.at
            row.save(update_fields=["erased_at"])
            act.tell(kind=row.kind, sha256=row.sha256, due=str(row.erase_after))
        _remove_bytes(row)
    return sweep_pieces() + len(due)


def sweep_pieces() -> int:
    """Remove bytes that no row knows, a day after they were written; and those of rows that were erased. How
    many files went.
    """
    cabinet = _cabinet()
    limit = (machine().clock() - _SWEPT_AFTER).timestamp()

    def known(name: str) -> bool:
        kept = Piece.objects.filter(erased_at=None)
        return kept.filter(sha256=name, sealed=False).exists() or kept.filter(reference=name).exists()

    names = cabinet.leftovers(known=known, older_than=limit)
    cabinet.throw_away(names)
    return len(names)


def rotate_pieces() -> int:
    """Renew the key of sealed pieces; how many were wrapped anew. By the operator; the journal says so."""
    with acting(Actor.system("console"), "piece.key-renewed", "cabinet") as act:
        done = _cabinet().rotate()
        act.tell(pieces=done)
    return done


def has_served(act: Act, row: Piece | None) -> None:
    """A piece has served: if its kind says so, it is erased that many days from now."""
    if row is None or row.erased_at is not None:
        return
    days = act.machine.catalogue.piece_kinds[row.kind].erased_after_use_days
    if not days:
        return
    day = act.at.astimezone(PARIS).date() + timedelta(days=days)
    if row.erase_after is None or day < row.erase_after:
        row.erase_after = day
        row.save(update_fields=["erase_after"])


@dataclass(frozen=True, slots=True)
class PieceFileOf:
    """Whose file a piece belongs to, as rows."""

    structure: Structure | None = None
    contract: Contract | None = None
    order: Order | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """As the journal names them."""
        named = (
            self.contract and f"contract/{self.contract.number}",
            self.order and self.order.reference,
            self.structure and f"structure/{self.structure.national_id}",
        )
        return tuple(one for one in named if one)


def _file_of(act: Act, entry: PieceEntry) -> PieceFileOf:
    structure = contract = order = None
    if entry.contract:
        contract = Contract.objects.select_related("structure").filter(number=entry.contract).first()
        if contract is None:
            raise Refused([Finding.error("operations.contract-unknown", displayed(entry.contract))])
        structure = contract.structure
    if entry.order:
        order = Order.objects.filter(reference=entry.order).first()
        if order is None:
            raise Refused([Finding.error("order.unknown", displayed(entry.order))])
    if entry.structure:
        structure = Structure.objects.filter(national_id=entry.structure).first()
        if structure is None:
            raise Refused([Finding.error("operations.structure-unknown", displayed(entry.structure))])
    if structure is None and order is None:
        raise Refused([Finding.error("piece.of-nobody", "piece")])
    found = PieceFileOf(structure, contract, order)
    act.about(*found.references)
    return found


def _require_bringer(act: Act, kind: PieceKind, file: PieceFileOf) -> None:
    if kind.by_machine:
        raise Refused([Finding.error("piece.by-machine", kind.label)])
    if not act.actor.person_id:
        return
    person = require_person(act).national_id
    if roles_worn(act.actor) & {DESK, AUTHORITY}:
        return
    contract = None if file.contract is None else file.contract.pk
    speaks = contract_qualities(person, contract, power="file")
    if wears_office(act.actor) or not speaks or file.order is not None:
        raise Refused([Finding.error("operations.role-missing", person, needed=DESK)])
    if not kind.from_structure:
        raise Refused([Finding.error("piece.kind-of-the-desk", kind.label)])


def _kind_of(code: str) -> PieceKind:
    kind = machine().catalogue.piece_kinds.get(code)
    if kind is None:
        raise Refused([Finding.error("piece.kind-unknown", displayed(code) or "—")])
    return kind


def _check_file(kind: PieceKind, data: bytes) -> Medium:
    if not data:
        raise Refused([Finding.error("piece.empty", "piece")])
    if len(data) > kind.most_kilobytes * 1000:
        raise Refused(
            [Finding.error("piece.too-large", kind.label, size=len(data) // 1000, most=kind.most_kilobytes)]
        )
    read = read_piece_file(data)
    if errors(read.findings) or read.medium is None:
        raise Refused(read.findings)
    if read.medium not in kind.media:
        allowed = ", ".join(str(medium).upper() for medium in kind.media)
        raise Refused([Finding.error("piece.medium", kind.label, found=str(read.medium), allowed=allowed)])
    return read.medium


def _check_issue(kind: PieceKind, issued: date | None, at: datetime) -> date | None:
    if issued is None:
        if kind.dated:
            raise Refused([Finding.error("piece.undated", kind.label)])
        return None
    if issued > at.astimezone(PARIS).date():
        raise Refused([Finding.error("piece.of-tomorrow", kind.label, date=f"{issued:%d/%m/%Y}")])
    if issued.year < 1900:
        raise Refused([Finding.error("piece.undated", kind.label)])
    return issued


def _months_after(day: date, months: int) -> date:
    """The same day that many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _plain_name(name: str, kind: PieceKind) -> str:
    """The name of a file as it may be shown and given back: its last part, without anything odd."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return _UNREADABLE.sub("_", last).strip(" .")[:120] or kind.code


def _remove_bytes(row: Piece) -> None:
    """Take the bytes away, unless another piece has the very same."""
    if row.sealed:
        _cabinet().shred(row.reference)
    elif not Piece.objects.filter(sha256=row.sha256, sealed=False, erased_at=None).exists():
        _cabinet().discard(row.sha256)


def _refuse_erased(row: Piece) -> None:
    if row.erased_at is not None:
        raise Refused([Finding.error("piece.erased", row.reference, date=f"{row.erased_at:%d/%m/%Y}")])


def _cabinet() -> Cabinet:
    cabinet = machine().cabinet
    if cabinet is None:
        raise Fault("piece.no-cabinet", retryable=False)
    return cabinet


def _view(reference: str, at: datetime) -> PieceLine:
    line = piece_line(reference, at=at)
    if line is None:
        raise LookupError(f"piece {reference} was just written")
    return line
