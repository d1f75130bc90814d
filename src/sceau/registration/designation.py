"""Third parties: the editor or distributor that a structure designates, and what its team may do [N413 4].

A designation is the structure's signed, dated, versioned act. Its terms say for which products and names,
whether the third party may fill section 4 of form 413, whether its team may obtain certificates, until when.
Here are the lives, the reading of the terms, which rights a team has under them, and which places of the
form are the third party's to write. It never signs for the structure and never decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sceau.catalogue import Catalogue, How
from sceau.registration.habilitation import canonical_of
from sceau.registration.scope import Scope, ScopeKind
from sceau.vocabulary import (
    Finding,
    HostName,
    Life,
    Reading,
    displayed,
    errors,
    read_host_name,
    read_ok,
    read_refused,
)

MOST_NAMES = 50


class ThirdPartyKind(StrEnum):
    """What a third party is to its clients."""

    EDITOR = "editor"
    DISTRIBUTOR = "distributor"


class DesignationState(StrEnum):
    """Where a designation stands. Past its term, or under a contract not in force, it gives nothing without
    changing.
    """

    PREPARED = "prepared"
    OFFERED = "offered"
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"


class DesignationEvent(StrEnum):
    """What may happen to a designation. `SIGN`: the structure's act is whole; `AMEND`: another one is."""

    SIGN = "sign"
    ACCEPT = "accept"
    AMEND = "amend"
    DECLINE = "decline"
    END = "end"


_PREPARED, _OFFERED, _ACTIVE = DesignationState.PREPARED, DesignationState.OFFERED, DesignationState.ACTIVE

DESIGNATION_LIFE = Life(
    noun="designation",
    initial=(_PREPARED,),
    table={
        (_PREPARED, DesignationEvent.SIGN): _OFFERED,
        (_PREPARED, DesignationEvent.DECLINE): DesignationState.DECLINED,
        (_OFFERED, DesignationEvent.ACCEPT): _ACTIVE,
        (_OFFERED, DesignationEvent.AMEND): _OFFERED,
        (_OFFERED, DesignationEvent.DECLINE): DesignationState.DECLINED,
        (_ACTIVE, DesignationEvent.AMEND): _ACTIVE,
        (_ACTIVE, DesignationEvent.END): DesignationState.ENDED,
    },
)


class MemberState(StrEnum):
    """Where a member of a third party's team stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REFUSED = "refused"
    REMOVED = "removed"


class MemberEvent(StrEnum):
    """What may happen to a member. `ADMIT` is the second officer's yes."""

    CHECK = "check"
    ADMIT = "admit"
    REFUSE = "refuse"
    REMOVE = "remove"


MEMBER_LIFE = Life(
    noun="member",
    initial=(MemberState.PROPOSED,),
    table={
        (MemberState.PROPOSED, MemberEvent.CHECK): MemberState.PROPOSED,
        (MemberState.PROPOSED, MemberEvent.ADMIT): MemberState.ACTIVE,
        (MemberState.PROPOSED, MemberEvent.REFUSE): MemberState.REFUSED,
        (MemberState.PROPOSED, MemberEvent.REMOVE): MemberState.REMOVED,
        (MemberState.ACTIVE, MemberEvent.REMOVE): MemberState.REMOVED,
    },
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one version of a designation says. `names` empty: every name that the structure holds a right
    for; `until` is its last day.
    """

    products: tuple[str, ...]
    names: tuple[HostName, ...]
    may_fill: bool
    may_administer: bool
    until: date


@dataclass(frozen=True, slots=True)
class TermsEntry:
    """The same as typed."""

    products: tuple[str, ...]
    names: tuple[str, ...] = ()
    may_fill: bool = False
    may_administer: bool = False
    until: date | None = None


def read_terms(entry: TermsEntry, *, catalogue: Catalogue, day: date) -> Reading[Terms]:
    """The terms, or everything that is wrong with them. A designation always has a term: one without would
    be forgotten.
    """
    found: list[Finding] = []
    if not entry.products:
        found.append(Finding.error("designation.no-product", "products"))
    known = delegable(catalogue)
    found += [
        Finding.error("designation.product", displayed(code)) for code in entry.products if code not in known
    ]
    if not (entry.may_fill or entry.may_administer):
        found.append(Finding.error("designation.nothing", "may_fill"))
    if len(entry.names) > MOST_NAMES:
        found.append(Finding.error("designation.names", "names", most=MOST_NAMES))
    names = []
    for text in entry.names[:MOST_NAMES]:
        reading = read_host_name(text.strip().removeprefix("@"))
        if reading.value is None:
            found += errors(reading.findings)
        else:
            names.append(reading.value)
    if entry.until is None or entry.until < day:
        found.append(Finding.error("designation.until", "until"))
    if found or entry.until is None:
        return read_refused(*found)
    products = tuple(code for code in known if code in entry.products)
    kept = tuple(sorted(set(names), key=lambda one: one.text))
    return read_ok(Terms(products, kept, entry.may_fill, entry.may_administer, entry.until))


def delegable(catalogue: Catalogue) -> tuple[str, ...]:
    """The products that a designation may be about: those that form 413 orders."""
    return tuple(
        product
        for offer in catalogue.offers.values()
        if offer.how is How.FORM_413
        for product in offer.products
    )


def delegated(terms: Terms, product: str, scope: Scope | None) -> tuple[Scope | None, ...]:
    """What a right of the structure (`product`, `scope`; None: a product without a name) gives a team under
    these terms: nothing, the same scope, or the narrower ones that the terms name. Never more.
    """
    if not terms.may_administer or product not in terms.products:
        return ()
    if scope is None or not terms.names:
        return (scope,)
    found = (_within(scope, name) for name in terms.names)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _within(scope: Scope, name: HostName) -> Scope | None:
    if scope.name.lies_under(name):
        return scope
    if scope.is_point or not scope.holds(name):
        return None
    return Scope(ScopeKind.MAIL if scope.kind is ScopeKind.MAIL else ScopeKind.SUBDOMAIN, name)


def carried_terms(terms: Terms, own: Iterable[tuple[str, Scope | None]]) -> Terms | None:
    """What is left of these terms for a structure that takes over the rights (`own`: product, scope) of the
    one that signed them: the names that this one held, never a product without a name, which would be the
    other's own. None: nothing.
    """
    reach = replace(terms, may_administer=True)
    held = [
        (product, one.name)
        for product, scope in own
        if scope is not None
        for one in delegated(reach, product, scope)
        if one is not None
    ]
    if not held:
        return None
    products = tuple(code for code in terms.products if any(code == product for product, _ in held))
    names = tuple(sorted({name for _, name in held}, key=lambda one: one.text))[:MOST_NAMES]
    return Terms(products, names, terms.may_fill, terms.may_administer, terms.until)


@dataclass(frozen=True, slots=True)
class OwnRight:
    """A right that the structure itself holds now. `text` is the key of the version it stands on."""

    product: str
    scope: Scope | None
    text: int
    order: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TeamRight:
    """A right that a team holds under a designation and that was not withdrawn: which version of the
    designation, and which accepted text (order, version), it stands on.
    """

    reference: str
    person: int
    product: str
    scope: Scope | None
    version: int
    order: tuple[int, int]

    @property
    def key(self) -> tuple[int, str, str]:
        """What makes it the same right."""
        return self.person, self.product, canonical_of(self.scope)


@dataclass(frozen=True, slots=True)
class NewRight:
    """A right to give: to whom, for what, drawn from which text of the structure's own."""

    person: int
    product: str
    scope: Scope | None
    text: int


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """What is to be done so that a team holds what its designation gives, and no more. `renew`: the right
    goes on under the present version of the designation, on this text of the structure's (None: its own).
    """

    give: tuple[NewRight, ...] = ()
    renew: tuple[tuple[str, int | None], ...] = ()
    withdraw: tuple[str, ...] = ()


def plan_team(
    terms: Terms | None,
    version: int,
    *,
    members: Collection[int],
    own: Iterable[OwnRight],
    held: Iterable[TeamRight],
    taken: Collection[tuple[int, str, str]] = (),
) -> TeamPlan:
    """What separates `held` from what version `version` gives. `terms` None: the designation is over.

    `members` are the people of the team; `taken` the keys of rights that they hold by another way, which are
    left alone.
    """
    theirs = tuple(held)
    if terms is None:
        return TeamPlan(withdraw=tuple(one.reference for one in theirs))
    texts: dict[tuple[str, str], tuple[Scope | None, OwnRight]] = {}
    for right in own:
        for scope in delegated(terms, right.product, right.scope):
            texts.setdefault((right.product, canonical_of(scope)), (scope, right))
    kept = [
        one
        for one in theirs
        if one.person in members and one.scope in delegated(terms, one.product, one.scope)
    ]
    renew = []
    for one in kept:
        source = texts.get(one.key[1:])
        moved = source is not None and source[1].order != one.order
        if one.version != version or moved:
            renew.append((one.reference, None if source is None else source[1].text))
    there = {one.key for one in kept} | set(taken)
    give = [
        NewRight(person, product, scope, right.text)
        for person in sorted(members)
        for (product, canonical), (scope, right) in sorted(texts.items())
        if (person, product, canonical) not in there
    ]
    stay = {one.reference for one in kept}
    gone = tuple(one.reference for one in theirs if one.reference not in stay)
    return TeamPlan(tuple(give), tuple(renew), gone)


TECHNICAL_PLACES = ("usage", "offers", "administrators")
"""Section 4 of form 413, in a raw form: 4.1, 4.2, 4.3. Everything else is the structure's."""


def check_technical(part: Mapping[str, Any], terms: Terms) -> tuple[Finding, ...]:
    """Why a third party may not write this: a place that is the structure's, a product or a name outside of
    its designation. Whether the form as a whole holds is `read_form`'s.
    """
    found = [
        Finding.error("technical.not-yours", displayed(place))
        for place in part
        if place not in TECHNICAL_PLACES
    ]
    for row, line in _lines(part):
        products = line.get("products")
        for code in products if isinstance(products, list) else ():
            if code and code not in terms.products:
                found.append(Finding.error("technical.product", f"offers.{row}", product=displayed(code)))
        declared = line.get("declared")
        if terms.names and isinstance(declared, str) and declared.strip():
            name = read_host_name(declared.strip().removeprefix("@")).value
            if name is not None and not any(name.lies_under(one) for one in terms.names):
                found.append(
                    Finding.error("technical.name", f"offers.{row}.declared", name=displayed(declared))
                )
    return tuple(found)


def _lines(part: Mapping[str, Any]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    lines = part.get("offers")
    for row, line in enumerate(lines if isinstance(lines, list) else ()):
        if isinstance(line, Mapping):
            yield row, line
