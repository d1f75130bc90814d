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


OFFICER_IS_PARTY = (
    "EXISTS (SELECT 1 FROM records_orderparty p WHERE p.order_id = NEW.order_id AND ("
    "p.person_id = NEW.officer"
    " OR (p.card_number <> '' AND p.card_number = NEW.card_number)"
    " OR p.card_number IN (SELECT c.number FROM records_card c"
    " JOIN records_person h ON h.id = c.person_id WHERE h.national_id = NEW.officer)))"
)
OFFICER_IS_DESK = (
    "EXISTS (SELECT 1 FROM records_role r JOIN records_person h ON h.id = r.person_id"
    " WHERE r.quality = 'desk' AND h.national_id = NEW.officer)"
)
