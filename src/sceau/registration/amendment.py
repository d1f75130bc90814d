"""Changing what an accepted order gave (the authority's F503): other names, other administrators, another
product.

An amendment is an order like any other, with the whole text as it is to be; once accepted it takes the place
of the one it amends. Here is decided what that changes: which rights go, stay and come, and which
certificates in service come from a right that goes. Whether the text is acceptable is `examination`'s and
two officers'.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sceau.registration.contract import Stops
from sceau.registration.covering import covers_names
from sceau.registration.habilitation import Grant, canonical_of
from sceau.registration.naming import Name

RightKey = tuple[str, str, str]
"""What makes a right, within one structure: person, product, canonical scope."""


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right that the amended order gave last, and that was not withdrawn."""

    reference: str
    key: RightKey


@dataclass(frozen=True, slots=True)
class StandingCertificate:
    """A certificate in service, the reference of the right it was issued under, and its names."""

    reference: str
    right: str
    product: str
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class AffectedCertificate:
    """A certificate whose right goes. `is_covered`: somebody could still obtain these names for this product
    under the new text, so that only its administrator changes.
    """

    reference: str
    right: str
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Effects:
    """What an amendment changes: references of the rights that go and stay, keys of those that come, and the
    certificates in service of those that go.
    """

    lost: tuple[str, ...]
    kept: tuple[str, ...]
    gained: tuple[RightKey, ...]
    certificates: tuple[AffectedCertificate, ...]

    @property
    def stops(self) -> Stops:
        """The same as things that an act stops, each of which needs its answer."""
        return Stops((), self.lost, tuple(one.reference for one in self.certificates))


def key_of(given: Grant) -> RightKey:
    """The key of a right that an order gives."""
    return given.person_id.text, given.product, canonical_of(given.scope)


def effects_of(
    held: Iterable[HeldRight], grants: Iterable[Grant], certificates: Iterable[StandingCertificate]
) -> Effects:
    """What accepting `grants` in the place of `held` changes. In a fixed order, so that two looks at the same
    things are equal.
    """
    rights = sorted(held, key=lambda one: one.reference)
    given = {key_of(one): one for one in grants}
    lost = {one.reference for one in rights if one.key not in given}
    known = {one.key for one in rights}
    return Effects(
        lost=tuple(sorted(lost)),
        kept=tuple(one.reference for one in rights if one.key in given),
        gained=tuple(sorted(key for key in given if key not in known)),
        certificates=tuple(
            AffectedCertificate(one.reference, one.right, _is_covered(one, given.values()))
            for one in sorted(certificates, key=lambda one: one.reference)
            if one.right in lost
        ),
    )


def _is_covered(certificate: StandingCertificate, grants: Iterable[Grant]) -> bool:
    return any(
        one.product == certificate.product and covers_names(one.scope, certificate.names) for one in grants
    )
