"""What anybody may find of what was issued, and how much at once, as data. Values only: the records say who
is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.catalogue.reading import Row


@dataclass(frozen=True, slots=True)
class ListedRules:
    """The products that are listed publicly, how many answers at most, how many questions an address has a
    minute.
    """

    products: tuple[str, ...]
    most: int
    per_minute: int
    files_per_minute: int
    clause: str


@dataclass(frozen=True, slots=True)
class GivenRules:
    """How large a file may be (octets), with how many certificates, that somebody has checked."""

    octets: int
    certificates: int
    per_minute: int
    clause: str


@dataclass(frozen=True, slots=True)
class LookupRules:
    """The whole table."""

    listed: ListedRules
    given: GivenRules


def read_lookup(row: Row) -> LookupRules:
    """The whole table."""
    one = row.row("listed")
    listed = ListedRules(
        products=one.texts("products"),
        most=one.number("most", within=range(1, 101)),
        per_minute=one.number("per_minute", within=range(1, 601)),
        files_per_minute=one.number("files_per_minute", within=range(1, 601)),
        clause=one.text("clause"),
    )
    one.close()
    other = row.row("given")
    given = GivenRules(
        octets=other.number("octets", within=range(1024, 256 * 1024)),
        certificates=other.number("certificates", within=range(1, 101)),
        per_minute=other.number("per_minute", within=range(1, 601)),
        clause=other.text("clause"),
    )
    other.close()
    row.close()
    return LookupRules(listed, given)
