"""A structure closes, is absorbed, or changes its identifiers or its name: what follows of what it holds.

A right is a person's, for a structure: under another identity it is another right, given by a signed act as
any is. A certificate says whose it is: one whose subject carries what is no longer so is replaced before a
day, and revoked on another. Here are the change's life, which certificates carry the former identity, and
when a plan is whole; who may decide is `operations`' to look up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sceau.catalogue import StoppingAct
from sceau.registration.facts import Structure
from sceau.vocabulary import Finding, Life, displayed


class ChangeKind(StrEnum):
    """What happened. Each is a row of ``stops.toml`` (``structure-…``)."""

    CLOSED = "closed"
    ABSORBED = "absorbed"
    RENAMED = "renamed"


class ChangeState(StrEnum):
    """Where a change stands. Open, its plan is written, for as long as it takes; confirmed, it is carried
    out, each thing on its day.
    """

    OPEN = "open"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DONE = "done"
    DROPPED = "dropped"


class ChangeEvent(StrEnum):
    """What may happen to a change. `REOPEN`: the plan is written again, and is to be proposed again."""

    PROPOSE = "propose"
    REOPEN = "reopen"
    CONFIRM = "confirm"
    FINISH = "finish"
    DROP = "drop"


_OPEN, _PROPOSED = ChangeState.OPEN, ChangeState.PROPOSED

CHANGE_LIFE = Life(
    noun="change",
    initial=(_OPEN,),
    table={
        (_OPEN, ChangeEvent.PROPOSE): _PROPOSED,
        (_OPEN, ChangeEvent.DROP): ChangeState.DROPPED,
        (_PROPOSED, ChangeEvent.REOPEN): _OPEN,
        (_PROPOSED, ChangeEvent.CONFIRM): ChangeState.CONFIRMED,
        (_PROPOSED, ChangeEvent.DROP): ChangeState.DROPPED,
        (ChangeState.CONFIRMED, ChangeEvent.FINISH): ChangeState.DONE,
    },
)


class ChangeThing(StrEnum):
    """The kinds of things that a plan answers for."""

    CONTRACT = "contract"
    ORDER = "order"
    RIGHT = "right"
    CERTIFICATE = "certificate"
    DESIGNATION = "designation"


@dataclass(frozen=True, slots=True)
class PlannedThing:
    """One thing of a plan and its answer (empty: none yet). `carries`: a certificate whose subject says what
    is no longer so. For a certificate to be replaced, the last day to do so; for one that ends, on which day.
    """

    thing: ChangeThing
    reference: str
    answer: str = ""
    carries: bool = False
    replace_before: date | None = None
    revoke_on: date | None = None


def answers_of(act: StoppingAct, thing: ChangeThing) -> tuple[str, ...]:
    """What may be answered for a thing of this kind."""
    return {
        ChangeThing.CONTRACT: act.contracts,
        ChangeThing.ORDER: act.orders,
        ChangeThing.RIGHT: act.rights,
        ChangeThing.CERTIFICATE: act.certificates,
        ChangeThing.DESIGNATION: act.designations,
    }[thing]


def carries_identity(subject: str, before: Structure, after: Structure | None) -> bool:
    """Whether a certificate's subject (RFC 4514 text) says of its structure what no longer holds: the number
    of its unit, or the beginning of its name (long names are cut, [RFC 5280 A.1]).
    """
    parts = [part.strip() for part in subject.split(",")]
    number = before.structure_id.text
    if f"OU={number}" in parts and (after is None or after.structure_id.text != number):
        return True
    is_renamed = after is None or after.name != before.name
    named = [part[2:].replace("\\", "") for part in parts if part.startswith("O=")]
    return is_renamed and bool(named)


def check_planned(one: PlannedThing, *, act: StoppingAct, today: date) -> tuple[Finding, ...]:
    """Why this answer cannot be kept: not one that the act allows, a certificate kept that says what is no
    longer so, a day missing, past or the wrong way round.
    """
    if one.answer not in answers_of(act, one.thing):
        return (Finding.error("change.answer", one.reference, answer=displayed(one.answer) or "—"),)
    if one.thing is not ChangeThing.CERTIFICATE:
        return ()
    if one.answer == "keep":
        return (Finding.error("change.keeps-identity", one.reference),) if one.carries else ()
    return _check_days(one, today)


def _check_days(one: PlannedThing, today: date) -> tuple[Finding, ...]:
    wanted = [one.revoke_on, one.replace_before if one.answer == "replace" else one.revoke_on]
    days = [day for day in wanted if day is not None]
    if len(days) < len(wanted):
        return (Finding.error("change.day-missing", one.reference),)
    if min(days) < today:
        return (Finding.error("change.day-past", one.reference),)
    return (Finding.error("change.days-crossed", one.reference),) if days[1] > days[0] else ()


@dataclass(frozen=True, slots=True)
class PlannedDesignation:
    """A designation that is to follow. `contract` is the one, of the side that changes, under which it
    stands, and whether that follows; `is_self`: it would be between a structure and itself; `has_team`: the
    third party becomes one that is a third party already, with a team that the client never saw.
    """

    reference: str
    contract: str
    contract_follows: bool
    is_self: bool = False
    has_team: bool = False


def check_designation(one: PlannedDesignation) -> tuple[Finding, ...]:
    """Why a designation cannot follow: it ends with its contract, it is nobody's own, and its people are
    those that the structure designated.
    """
    found = []
    if not one.contract_follows:
        found.append(Finding.error("change.designation-contract", one.reference, contract=one.contract))
    if one.is_self:
        found.append(Finding.error("change.designation-self", one.reference))
    if one.has_team:
        found.append(Finding.error("change.designation-other-team", one.reference))
    return tuple(found)


def unanswered(things: Iterable[PlannedThing], *, change: str) -> tuple[Finding, ...]:
    """What is missing for a plan to be whole."""
    count = sum(1 for one in things if not one.answer)
    return (Finding.error("change.unanswered", change, count=count),) if count else ()


def under_new_identity(raw: Mapping[str, Any], after: Structure, contract: str) -> dict[str, Any]:
    """The text of an order as it is to be signed anew: the same people, offers and names, for the structure
    as it is now called and numbered, under its contract. Without a visa: it is to be signed.
    """
    there = raw.get("structure")
    kept = dict(there) if isinstance(there, Mapping) else {}
    structure = kept | {
        "name": after.name,
        "siret": after.siret.text if after.siret else "",
        "finess": after.finess.text if after.finess else "",
        "rpps_rangs": [number.text for number in after.rpps_rangs],
        "postcode": after.postcode,
        "commune": after.commune,
    }
    kept_raw = {name: value for name, value in raw.items() if name != "visa"}
    return kept_raw | {"structure": structure, **({"contract": {"number": contract}} if contract else {})}
