"""What other terms of a designation touch, right by right and certificate by certificate: shown before they
are signed or attested, and done as was answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sceau.catalogue import Quality
from sceau.operations.acts import Act
from sceau.operations.delegation.team_rights import plan_of_terms
from sceau.operations.machine import machine
from sceau.operations.right_ends import live_tokens
from sceau.operations.stops import carry_out, check_few, fingerprint, hold_rights
from sceau.records.models import PARIS, Certificate, Designation, Habilitation, Person
from sceau.registration import (
    DesignationState,
    NewRight,
    StopPlan,
    Stops,
    TeamPlan,
    Terms,
    TermsEntry,
    canonical_of,
    decide_stops,
    read_terms,
)
from sceau.vocabulary import Finding, Refused

_NO_SCOPE = "-"


@dataclass(frozen=True, slots=True)
class TouchedRight:
    """A right of the team: whose, for what; `reference` empty for one that is to be given."""

    reference: str
    person: str
    product: str
    scope: str


@dataclass(frozen=True, slots=True)
class TermsEffects:
    """What terms touch: rights withdrawn with the certificates in service that they gave (`stops`), rights
    that go on under the new act, rights given, tokens that end; and the fingerprint of what was looked at.
    """

    stops: Stops
    withdrawn: tuple[TouchedRight, ...]
    renewed: tuple[TouchedRight, ...]
    given: tuple[TouchedRight, ...]
    tokens: tuple[str, ...]
    seen: str

    @property
    def takes_away(self) -> bool:
        """Whether there is something to answer for."""
        return bool(self.stops.rights or self.stops.certificates)


@dataclass(frozen=True, slots=True)
class TermsAnswer:
    """What was looked at (its fingerprint), and what becomes of each certificate (`keep`, or `revoke`)."""

    seen: str = ""
    plan: StopPlan = field(default_factory=StopPlan)


def preview_terms(reference: str, *, terms: TermsEntry) -> TermsEffects:
    """What these terms would touch now, if they took the place of the present ones. Changes nothing. Refused:
    no such designation, terms that do not hold.
    """
    present = machine()
    at = present.clock()
    row = _designation(reference)
    day = at.astimezone(PARIS).date()
    return effects_of_terms(row, read_terms(terms, catalogue=present.catalogue, day=day).require(), at)


def preview_version(reference: str, *, version: int) -> TermsEffects:
    """The same, of an act on paper that waits for its second officer."""
    row = _designation(reference)
    waiting = row.versions.filter(number=version).first()
    if waiting is None:
        raise Refused([Finding.error("designation.nothing-to-attest", reference, version=version)])
    return effects_of_terms(row, waiting.terms(), machine().clock())


def effects_of_terms(row: Designation, terms: Terms, at: datetime) -> TermsEffects:
    """What terms touch: nothing as long as the designation is not active."""
    plan = plan_of_terms(row, terms) if row.state == DesignationState.ACTIVE else TeamPlan()
    gone = sorted(plan.withdraw)
    live = Certificate.objects.filter(
        habilitation__reference__in=gone,
        state__in=("issued", "collected"),
        revocation=None,
        not_after__gt=at,
    )
    certificates = live.order_by("reference").values_list("reference", flat=True)
    stops = Stops((), tuple(gone), tuple(certificates))
    said = {
        "products": list(terms.products),
        "names": [name.text for name in terms.names],
        "may": [terms.may_fill, terms.may_administer],
        "until": terms.until.isoformat(),
    }
    return TermsEffects(
        stops=stops,
        withdrawn=_held(gone),
        renewed=_held(reference for reference, _ in plan.renew),
        given=_new(plan.give),
        tokens=live_tokens(gone),
        seen=fingerprint(stops, version=row.current_version, terms=said),
    )


def answered_effects(
    act: Act, row: Designation, terms: Terms, answer: TermsAnswer
) -> dict[str, dict[str, str]]:
    """What is to be done with what these terms take away, the rights held until the end of the transaction.
    Refused: it is not what was looked at, a certificate has no answer.
    """
    hold_rights(effects_of_terms(row, terms, act.at).stops)
    effects = effects_of_terms(row, terms, act.at)
    if effects.takes_away and answer.seen != effects.seen:
        raise Refused([Finding.error("designation.effects-changed", row.reference)])
    stopping = act.machine.catalogue.stops["designation"]
    plan = StopPlan(answer.plan.each, dict(answer.plan.others) | {"rights": "withdraw"})
    decided = decide_stops(effects.stops, plan, stopping)
    check_few(act, decided, stopping)
    return decided


def end_answered(act: Act, decided: dict[str, dict[str, str]], *, why: str, quality: Quality) -> int:
    """Revoke what was answered so, once its right is gone; how many."""
    stopping = act.machine.catalogue.stops["designation"]
    return carry_out(act, decided | {"rights": {}}, stopping, why=why, quality=quality)["certificates"]


def _designation(reference: str) -> Designation:
    rows = Designation.objects.select_related("structure", "contract", "third_party__contract")
    row = rows.filter(reference=reference).first()
    if row is None:
        raise Refused([Finding.error("designation.unknown", reference)])
    return row


def _held(references: Iterable[str]) -> tuple[TouchedRight, ...]:
    rows = Habilitation.objects.select_related("person").filter(reference__in=list(references))
    return tuple(
        TouchedRight(one.reference, _called(one.person), one.product, _scope(one.canonical_scope))
        for one in rows.order_by("id")
    )


def _new(given: Iterable[NewRight]) -> tuple[TouchedRight, ...]:
    rights = list(given)
    people = Person.objects.in_bulk({one.person for one in rights})
    return tuple(
        TouchedRight("", _called(people[one.person]), one.product, _scope(canonical_of(one.scope)))
        for one in rights
    )


def _called(person: Person) -> str:
    return f"{person.given_names} {person.surname}".strip()


def _scope(canonical: str) -> str:
    named = canonical.rpartition(":")[2]
    return "" if named == _NO_SCOPE else named
