"""The legal file's types: what a piece may be, what a letter may be for, what a contract's people may do, and
what is asked when something ends.

Values only, as the data files have them; nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from sceau.catalogue.reading import Row
from sceau.catalogue.types import Quality

T = TypeVar("T")


class Medium(StrEnum):
    """What a piece's file may be, told by its first bytes and never by its name."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class PieceKind:
    """A kind of piece. `valid_months` is how long after its date of issue it is still believed (0: no limit).

    `sealed`: encrypted at rest, seen by the desk only. `erased_days` after it was received it is erased, and
    `erased_after_use_days` after it has served (0: kept with the file). `from_structure`: its parties may
    bring it themselves. `by_machine`: made by our own tool, never handed in.
    """

    code: str
    label: str
    hint: str
    media: tuple[Medium, ...]
    most_kilobytes: int
    valid_months: int
    dated: bool
    sealed: bool
    erased_days: int
    erased_after_use_days: int
    is_extract: bool
    from_structure: bool
    by_machine: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Power:
    """Something that a party to a contract may do. `by_default` are the qualities that have it unless the
    contract says otherwise.
    """

    code: str
    label: str
    by_default: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class LeaveUse:
    """A use for which the holder of a name may give leave; no product named means any use [N413 4.2]."""

    code: str
    label: str
    products: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class StoppingAct:
    """An act that stops things: how many different officers it takes, and what may be answered for each
    order under way, each right, each live certificate (nothing may be: it does not touch them). `by` are the
    qualities that may do it, where the act has no rule of its own; `contracts` and `designations` what may be
    answered for each of these, where the act is not on one.
    """

    code: str
    label: str
    officers: int
    orders: tuple[str, ...]
    rights: tuple[str, ...]
    certificates: tuple[str, ...]
    revocation_reason: str
    clause: str
    by: tuple[Quality, ...] = ()
    contracts: tuple[str, ...] = ()
    designations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DomainProof:
    """How the machine form of a letter is asked and believed: the label its TXT record stands under, how
    often it is looked up again, how long the last good answer holds when the name servers are silent.
    """

    label: str
    again_hours: int
    holds_days: int
    clause: str


def read_piece_kind(code: str, row: Row) -> PieceKind:
    """A row of pieces.toml."""
    return PieceKind(
        code=code,
        label=row.text("label"),
        hint=row.text("hint"),
        media=row.choices("media", Medium),
        most_kilobytes=row.number("most_kilobytes", within=range(1, 10_241)),
        valid_months=row.number("valid_months", 0),
        dated=row.flag("dated", default=False),
        sealed=row.flag("sealed", default=False),
        erased_days=row.number("erased_days", 0),
        erased_after_use_days=row.number("erased_after_use_days", 0),
        is_extract=row.flag("is_extract", default=False),
        from_structure=row.flag("from_structure", default=False),
        by_machine=row.flag("by_machine", default=False),
        clause=row.text("clause"),
    )


def read_power(code: str, row: Row) -> Power:
    """A row of powers.toml."""
    return Power(code, row.text("label"), row.texts("by_default", empty=True), row.text("clause"))


def read_leave_use(code: str, row: Row) -> LeaveUse:
    """A row of leaves.toml, under `uses`."""
    return LeaveUse(code, row.text("label"), row.texts("products", empty=True), row.text("clause"))


def read_domain_proof(row: Row) -> DomainProof:
    """The table `dns` of leaves.toml."""
    proof = DomainProof(
        row.text("label"), row.number("again_hours"), row.number("holds_days"), row.text("clause")
    )
    if proof.again_hours > 24 * proof.holds_days:
        row.problem("a proof must be looked up again before it ends", "again_hours")
    row.close()
    return proof


def read_stopping_act(code: str, row: Row) -> StoppingAct:
    """A row of stops.toml."""
    return StoppingAct(
        code=code,
        label=row.text("label"),
        officers=row.number("officers", within=range(1, 3)),
        orders=row.texts("orders", empty=True),
        rights=row.texts("rights", empty=True),
        certificates=row.texts("certificates", empty=True),
        revocation_reason=row.text("revocation_reason"),
        clause=row.text("clause"),
        by=row.optional_choices("by", Quality),
        contracts=row.optional_texts("contracts"),
        designations=row.optional_texts("designations"),
    )
