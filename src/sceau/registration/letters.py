"""The leave of a domain's holder: a letter, or a record in the DNS, with a scope of its own that can end.

Where the structure does not own a name, its holder gives leave for a stated use or for any [N413 4.2]. Here
is decided what a leave covers, where it stands at one moment, and which of a structure's leaves a right rests
on. It limits the right, and it is asked again at each request: a leave withdrawn, ended or for another use
gives nothing more [T08, F31].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sceau.catalogue import Catalogue
from sceau.registration.facts import HolderLetter
from sceau.registration.scope import Scope
from sceau.vocabulary import Finding, HostName, Life, displayed


class LeaveState(StrEnum):
    """What is stored of a leave. *Ended* is its date's."""

    RECEIVED = "received"
    STANDING = "standing"
    LAPSED = "lapsed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class LeaveEvent(StrEnum):
    """What may happen to a leave. `LAPSE`: its DNS record is gone, or has been silent for too long."""

    VERIFY = "verify"
    REFUSE = "refuse"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"


LEAVE_LIFE = Life(
    noun="leave",
    initial=(LeaveState.RECEIVED,),
    table={
        (LeaveState.RECEIVED, LeaveEvent.VERIFY): LeaveState.STANDING,
        (LeaveState.RECEIVED, LeaveEvent.REFUSE): LeaveState.REFUSED,
        (LeaveState.STANDING, LeaveEvent.VERIFY): LeaveState.STANDING,
        (LeaveState.STANDING, LeaveEvent.LAPSE): LeaveState.LAPSED,
        (LeaveState.STANDING, LeaveEvent.WITHDRAW): LeaveState.WITHDRAWN,
        (LeaveState.LAPSED, LeaveEvent.VERIFY): LeaveState.STANDING,
        (LeaveState.LAPSED, LeaveEvent.WITHDRAW): LeaveState.WITHDRAWN,
    },
)


class LeaveForm(StrEnum):
    """How the holder gives leave: on paper, or by a record that only who holds the zone can place."""

    PAPER = "paper"
    DNS = "dns"


@dataclass(frozen=True, slots=True)
class Leave:
    """One leave, as it stands. `whole`: the name and everything below it, else that name alone.

    `products` are those of its use, empty for any use; `begins` and `ends` are its first and last day (`ends`
    None: no term). `signed` and `id_copy` are of paper.
    """

    reference: str
    form: LeaveForm
    state: LeaveState
    name: HostName
    whole: bool
    products: frozenset[str]
    begins: date
    ends: date | None = None
    signed: bool = False
    id_copy: bool = False

    def covers(self, scope: Scope) -> bool:
        """Whether every name of the scope is the holder's to lend by this leave."""
        if self.whole:
            return scope.name.lies_under(self.name)
        return scope.is_point and scope.name == self.name

    def is_for(self, product: str) -> bool:
        """Whether the product is of the use it is given for."""
        return not self.products or product in self.products


def leave_standing(leave: Leave, *, scope: Scope, product: str, day: date) -> HolderLetter:
    """Where one leave stands for these names and this product, on `day`.

    What it does not cover comes first: a leave for another name says nothing of this one, whatever its state.
    """
    if not leave.covers(scope):
        return HolderLetter.VERIFIED_OTHER_DOMAIN
    if leave.state is not LeaveState.STANDING:
        return _not_standing(leave)
    if day < leave.begins or (leave.ends is not None and day > leave.ends):
        return HolderLetter.VERIFIED_THEN_ENDED
    return HolderLetter.VERIFIED if leave.is_for(product) else HolderLetter.VERIFIED_OTHER_USE


def _not_standing(leave: Leave) -> HolderLetter:
    if leave.state in {LeaveState.WITHDRAWN, LeaveState.LAPSED}:
        return HolderLetter.VERIFIED_THEN_WITHDRAWN
    if leave.state is LeaveState.REFUSED:
        return HolderLetter.MISSING
    if leave.form is LeaveForm.PAPER and not leave.signed:
        return HolderLetter.RECEIVED_UNSIGNED
    if leave.form is LeaveForm.PAPER and not leave.id_copy:
        return HolderLetter.RECEIVED_NO_ID_COPY
    return HolderLetter.RECEIVED_UNVERIFIED


_BEST = (
    HolderLetter.VERIFIED,
    HolderLetter.VERIFIED_OTHER_USE,
    HolderLetter.RECEIVED_UNVERIFIED,
    HolderLetter.RECEIVED_NO_ID_COPY,
    HolderLetter.RECEIVED_UNSIGNED,
    HolderLetter.VERIFIED_THEN_ENDED,
    HolderLetter.VERIFIED_THEN_WITHDRAWN,
    HolderLetter.VERIFIED_OTHER_DOMAIN,
    HolderLetter.MISSING,
)


def choose_leave(
    leaves: Iterable[Leave], *, scope: Scope | None, product: str, day: date
) -> tuple[HolderLetter, Leave | None]:
    """The leave that a right to `product` for `scope` would rest on, and where it stands: the one that serves
    if any does, else the nearest to serving, which says what is missing. Nothing rests on a scope that nobody
    settled.
    """
    found: tuple[HolderLetter, Leave | None] = (HolderLetter.MISSING, None)
    if scope is None:
        return found
    for leave in leaves:
        standing = leave_standing(leave, scope=scope, product=product, day=day)
        if _BEST.index(standing) < _BEST.index(found[0]):
            found = (standing, leave)
    return found


def check_leave(
    *, name: HostName, products: Iterable[str], begins: date, ends: date | None, catalogue: Catalogue
) -> tuple[Finding, ...]:
    """What a leave may be for: products that carry a name, dates in order. Its name was read as any declared
    name is.
    """
    found = []
    for code in tuple(products):
        known = catalogue.products.get(code)
        if known is None or known.scope_family is None:
            found.append(Finding.error("letter.product", displayed(code), name=name.text))
    if ends is not None and ends < begins:
        found.append(Finding.error("letter.dates", name.text))
    return tuple(found)


def challenge_text(*, structure: str, name: HostName, use: str, token: str) -> str:
    """The text of the TXT record that gives leave: in words that its holder can read, bound to the structure,
    the name and the use, and to a token that nobody can guess.
    """
    return f"sceau-accord-1; structure={structure}; nom={name.text}; usage={use}; jeton={token}"
