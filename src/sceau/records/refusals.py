"""What one trigger refuses, as a value, and the kinds of refusal that many tables share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One trigger: on `event` of a row of `table`, if `condition` holds, the statement fails with `message`.

    `condition` is SQL that both databases read alike, over ``OLD`` and ``NEW``; empty refuses always. `asks`
    is a younger table that it looks into: until there is one, there is no such trigger.
    """

    name: str
    table: str
    event: str
    message: str
    condition: str = ""
    asks: str = ""


def unchanging(table: str) -> tuple[Refusal, Refusal]:
    """Rows that are written once."""
    short = table.removeprefix("records_")
    return (
        Refusal(f"{short}_no_update", table, "UPDATE", f"{short}: never changed"),
        Refusal(f"{short}_no_delete", table, "DELETE", f"{short}: never removed"),
    )


def kept(table: str) -> Refusal:
    """Rows that stay."""
    short = table.removeprefix("records_")
    return Refusal(f"{short}_no_delete", table, "DELETE", f"{short}: never removed")


def fixed(table: str, *columns: str) -> Refusal:
    """Columns that keep what was written first."""
    short = table.removeprefix("records_")
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return Refusal(f"{short}_fixed", table, "UPDATE", f"{short}: {', '.join(columns)} never change", changed)


_PARTY = (
    "EXISTS (SELECT 1 FROM records_orderparty p WHERE p.order_id = NEW.order_id AND ("
    "p.person_id = OFFICER"
    " OR p.card_number IN (SELECT c.number FROM records_card c"
    " JOIN records_person h ON h.id = c.person_id WHERE h.national_id = OFFICER)))"
)
_OF_STRUCTURE = (
    "EXISTS (SELECT 1 FROM records_order o, records_structure s"
    " WHERE o.id = NEW.order_id AND s.id IN ("
    "SELECT e.structure_id FROM records_employment e JOIN records_person h ON h.id = e.person_id"
    ' WHERE h.national_id = OFFICER AND e."until" IS NULL'
    " UNION SELECT c.structure_id FROM records_contract c"
    " JOIN records_contractparty p ON p.contract_id = c.id"
    " JOIN records_card k ON k.number = p.card_number"
    " JOIN records_person h ON h.id = k.person_id WHERE h.national_id = OFFICER)"
    " AND (EXISTS (SELECT 1 FROM records_contract c"
    " WHERE c.structure_id = s.id AND c.number = o.contract_number)"
    " OR (o.structure_number <> '' AND (s.siret = o.structure_number OR s.finess = o.structure_number"
    " OR SUBSTR(s.national_id, 2) = o.structure_number))))"
)


def is_party(officer: str) -> str:
    """SQL: whether `officer` (a column of ``NEW``) is part of the row's order, in any of its versions."""
    return _PARTY.replace("OFFICER", officer)


def is_of_structure(officer: str) -> str:
    """SQL: whether `officer` works for the structure that the order is for or under whose contract it is
    made, or is or was named by one of its contracts. The same as `order.check_officer` is told.
    """
    return _OF_STRUCTURE.replace("OFFICER", officer)


_CARD_IS_PARTY = (
    "(NEW.card_number <> '' AND EXISTS (SELECT 1 FROM records_orderparty p"
    " WHERE p.order_id = NEW.order_id AND p.card_number = NEW.card_number))"
)
OFFICER_IS_PARTY = f"({is_party('NEW.officer')} OR {_CARD_IS_PARTY})"
OFFICER_IS_DESK = (
    "EXISTS (SELECT 1 FROM records_role r JOIN records_person h ON h.id = r.person_id"
    " WHERE r.quality = 'desk' AND h.national_id = NEW.officer)"
)
