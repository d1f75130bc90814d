"""The registration desk as data: how many officers accept which order, why it refuses, how long things may
stay where they are.

Values only, as `data/desk.toml` has them. Which rule is an order's, `registration` decides; the rules that
stood when an order came in are the ones it is decided by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sceau.catalogue.reading import Row
from sceau.catalogue.types import Quality


class Lane(StrEnum):
    """Whom an order waits for: the desk, the requester, a day or an event; or nobody any more."""

    TODO = "todo"
    WAITING = "waiting"
    HELD = "held"
    CLOSED = "closed"


class Risk(StrEnum):
    """What makes an order's error dearer than another's."""

    LENT_NAME = "lent-name"
    WHOLE_DOMAIN = "whole-domain"


FEWEST_OFFICERS = 2
"""No table may let one person accept an order: the database holds it too [ASSURANCE T45]."""


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Whose yes accepts an order: `officers` different people of the desk, at least one of whom also holds
    `with_role` (empty: none has to).

    It is for orders with one of `offers` (empty: any), that open at least `rights_from` rights, and bear one
    of `risks` (empty: any order).
    """

    code: str
    label: str
    officers: int
    with_role: str
    offers: tuple[str, ...]
    rights_from: int
    risks: tuple[Risk, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """Why the desk refuses: a title for the officer, and the sentence that the requester reads."""

    code: str
    label: str
    plain: str
    clause: str


@dataclass(frozen=True, slots=True)
class Stay:
    """How many days an order may stay in a lane before it is late."""

    lane: Lane
    label: str
    days: int
    clause: str


@dataclass(frozen=True, slots=True)
class DeskRules:
    """The whole table. The first of `approvals` is for every order."""

    approvals: Mapping[str, ApprovalRule]
    refusals: Mapping[str, RefusalReason]
    stays: Mapping[Lane, Stay]


def read_desk(row: Row) -> DeskRules:
    """The whole table: a rule for every order comes first, and every lane that can be late has its days."""
    approvals = {code: _read_rule(code, one) for code, one in _each(row.row("approvals"))}
    first = next(iter(approvals.values()), None)
    if first is None or first.offers or first.rights_from or first.risks:
        row.problem("the first rule is for every order", "approvals")
    refusals = {
        code: RefusalReason(code, one.text("label"), one.text("plain"), one.text("clause"))
        for code, one in _each(row.row("refusals"))
    }
    stays = {}
    table = row.row("stays")
    for lane in (Lane.TODO, Lane.WAITING, Lane.HELD):
        one = table.row(lane.value)
        days = one.number("days", within=range(1, 366))
        stays[lane] = Stay(lane, one.text("label"), days, one.text("clause"))
        one.close()
    table.close()
    row.close()
    return DeskRules(MappingProxyType(approvals), MappingProxyType(refusals), MappingProxyType(stays))


def _each(table: Row) -> list[tuple[str, Row]]:
    return list(table.rows())


def _read_rule(code: str, row: Row) -> ApprovalRule:
    role = row.text("with_role", "")
    if role and role != Quality.AUTHORITY:
        row.problem(f"{role!r} is not a role that may be asked beside the desk's", "with_role")
    rule = ApprovalRule(
        code=code,
        label=row.text("label"),
        officers=row.number("officers", within=range(FEWEST_OFFICERS, 6)),
        with_role=role,
        offers=row.texts("offers", empty=True),
        rights_from=row.number("rights_from", 0),
        risks=tuple(Risk(one) for one in row.texts("risks", empty=True) if _is_risk(row, one)),
        clause=row.text("clause"),
    )
    row.close()
    return rule


def _is_risk(row: Row, text: str) -> bool:
    if text in set(Risk):
        return True
    row.problem(f"{text!r} is none of {', '.join(Risk)}", "risks")
    return False
