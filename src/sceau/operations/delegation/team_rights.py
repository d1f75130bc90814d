"""What designations give to teams, written: rights given, renewed under the version in force, and withdrawn.

Each is an ordinary right, of one person for one structure, drawn from a text that the structure was granted;
its version says which version of the designation gave it. Many at once, in a handful of statements: a new
member of a team that serves hundreds of clients is one act.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import F, QuerySet

from sceau.operations.acts import Act
from sceau.operations.references import HABILITATION, draw_reference
from sceau.operations.right_ends import end_tokens
from sceau.operations.stops import carry_out
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import (
    PARIS,
    Designation,
    DesignationVersion,
    Habilitation,
    HabilitationVersion,
    TeamMember,
)
from sceau.registration import (
    HABILITATION_LIFE,
    DesignationState,
    HabilitationEvent,
    HabilitationState,
    MemberState,
    NewRight,
    OwnRight,
    TeamPlan,
    TeamRight,
    Terms,
    canonical_of,
    plan_team,
)

_SLICE = 500
_LIVE = (HabilitationState.ACTIVE, HabilitationState.SUSPENDED)


@dataclass(slots=True)
class Settled:
    """How many rights were given, renewed and withdrawn, and how many tokens ended with them."""

    given: int = 0
    renewed: int = 0
    withdrawn: int = 0
    tokens: int = 0

    def as_told(self) -> dict[str, int]:
        """For the journal."""
        return {
            "given": self.given,
            "renewed": self.renewed,
            "withdrawn": self.withdrawn,
            "tokens": self.tokens,
        }


@dataclass(slots=True)
class _Known:
    """What the records say of some designations, read at once."""

    versions: dict[int, DesignationVersion]
    members: dict[int, dict[int, str]]
    texts: dict[int, HabilitationVersion]
    own: defaultdict[int, list[OwnRight]] = field(default_factory=lambda: defaultdict(list))
    held: defaultdict[int, list[TeamRight]] = field(default_factory=lambda: defaultdict(list))
    taken: defaultdict[int, set[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(set))

    def card_of(self, row: Designation, right: Habilitation) -> str:
        """The card of who holds a right of the team, as the team has it."""
        return self.members[row.third_party_id][right.person_id]


def settle_teams(
    act: Act, designations: Sequence[Designation], *, why: str, over: bool = False, without: int | None = None
) -> Settled:
    """Make the teams' rights what these designations (held by the caller) give now, and no more.

    `over`: they give nothing from now on. `without`: a person who has just left the team.
    """
    done = Settled()
    for start in range(0, len(designations), _SLICE):
        rows = designations[start : start + _SLICE]
        known = _read(rows)
        plans = {row.pk: _plan(row, known, act.at, over=over, without=without) for row in rows}
        _withdraw(act, [one for plan in plans.values() for one in plan.withdraw], why, done)
        done.renewed += _renew(act, rows, plans, known)
        done.given += _give(act, rows, plans, known)
    return done


def plan_of_terms(row: Designation, terms: Terms) -> TeamPlan:
    """What separates a team's rights from what other terms of this designation would give. Changes
    nothing.
    """
    known = _read([row])
    return plan_team(
        terms,
        row.current_version + 1,
        members=set(known.members.get(row.third_party_id, {})),
        own=known.own[row.structure_id],
        held=known.held[row.pk],
        taken=known.taken[row.structure_id] - {one.key for one in known.held[row.pk]},
    )


def team_rights_of(designations: Collection[int]) -> QuerySet[HabilitationVersion]:
    """The present texts of the rights that these designations (keys) give, those withdrawn left out."""
    return HabilitationVersion.objects.filter(
        designation__designation__in=designations,
        number=F("habilitation__current_version"),
        habilitation__state__in=_LIVE,
    ).select_related("habilitation", "designation")


def _plan(row: Designation, known: _Known, at: datetime, *, over: bool, without: int | None) -> TeamPlan:
    version = known.versions.get(row.pk)
    is_over = over or version is None or row.state != DesignationState.ACTIVE
    members = set(known.members.get(row.third_party_id, {})) - {without}
    plan = plan_team(
        None if is_over or version is None else version.terms(),
        row.current_version,
        members={one for one in members if one is not None},
        own=known.own[row.structure_id],
        held=known.held[row.pk],
        taken=known.taken[row.structure_id] - {one.key for one in known.held[row.pk]},
    )
    if is_over or version is None or version.is_in_force(at):
        return plan
    return TeamPlan(withdraw=plan.withdraw)  # nothing new under what is not in force


def _read(rows: Sequence[Designation]) -> _Known:
    structures = {row.structure_id for row in rows}
    versions = DesignationVersion.objects.filter(
        designation__in=[row.pk for row in rows], number=F("designation__current_version")
    )
    by_key = {row.pk: row for row in rows}
    known = _Known({}, {}, {})
    for version in versions:
        version.designation = by_key[version.designation_id]
        known.versions[version.designation_id] = version
    parties = {row.third_party_id for row in rows}
    for member in TeamMember.objects.filter(third_party__in=parties, state=MemberState.ACTIVE):
        known.members.setdefault(member.third_party_id, {})[member.person_id] = member.card_number
    present = HabilitationVersion.objects.filter(
        habilitation__structure__in=structures,
        number=F("habilitation__current_version"),
        habilitation__state__in=_LIVE,
    ).select_related("habilitation", "designation", "contract", "order", "leave")
    for text in present.order_by("id"):
        _sort(text, known, by_key)
    return known


def _sort(text: HabilitationVersion, known: _Known, wanted: Mapping[int, Designation]) -> None:
    """One present text: the structure's own right, or a team's; whoever holds it, it is taken."""
    right, scope = text.habilitation, text.scope()
    order = text.order_id, text.order_version
    known.taken[right.structure_id].add((right.person_id, right.product, canonical_of(scope)))
    known.texts[text.pk] = text
    if text.designation is None:
        if right.state == HabilitationState.ACTIVE:
            known.own[right.structure_id].append(OwnRight(right.product, scope, text.pk, order))
        return
    key = text.designation.designation_id
    if key in wanted:
        held = TeamRight(
            right.reference, right.person_id, right.product, scope, text.designation.number, order
        )
        known.held[key].append(held)


def _withdraw(act: Act, references: Sequence[str], why: str, done: Settled) -> None:
    if not references:
        return
    list(Habilitation.objects.select_for_update().filter(reference__in=references).order_by("id"))
    done.tokens += end_tokens(act, references)
    decided: dict[str, dict[str, str]] = {
        "orders": {},
        "rights": dict.fromkeys(references, "withdraw"),
        "certificates": {},
    }
    stopping = act.machine.catalogue.stops["designation"]
    done.withdrawn += carry_out(act, decided, stopping, why=why)["rights"]


def _renew(act: Act, rows: Sequence[Designation], plans: Mapping[int, TeamPlan], known: _Known) -> int:
    wanted: dict[str, tuple[Designation, int | None]] = {
        reference: (row, text) for row in rows for reference, text in plans[row.pk].renew
    }
    if not wanted:
        return 0
    rights = Habilitation.objects.select_for_update(of=("self",)).select_related("person", "structure")
    texts = {text.habilitation_id: text for text in known.texts.values()}
    versions = []
    for right in rights.filter(reference__in=wanted).order_by("id"):
        row, source = wanted[right.reference]
        following = HABILITATION_LIFE.after(
            HabilitationState(right.state), HabilitationEvent.EXTEND, subject=right.reference
        )
        right.state, right.changed_at = following.require(), act.at
        right.current_version += 1
        right.save(update_fields=["state", "current_version", "changed_at"])
        before = texts[right.pk]
        origin = before if source is None else known.texts[source]
        made = _text(right, known.versions[row.pk], origin, (known.card_of(row, right), act.at))
        made.scope_kind, made.scope_name = before.scope_kind, before.scope_name
        made.scope_restricted = before.scope_restricted
        versions.append(made)
    for about, public, personal in _written(versions):
        act.also("habilitation.extended", *about, public=public, personal=personal)
    return len(versions)


def _give(act: Act, rows: Sequence[Designation], plans: Mapping[int, TeamPlan], known: _Known) -> int:
    new = [(row, one) for row in rows for one in plans[row.pk].give]
    if not new:
        return 0
    rights = Habilitation.objects.bulk_create([_right(act, row, one) for row, one in new], batch_size=_SLICE)
    people = {member.person_id: member.person for member in _people(rows)}
    versions = []
    for right, (row, one) in zip(rights, new, strict=True):
        right.person, right.structure = people[one.person], row.structure
        origin = known.texts[one.text]
        version = _text(right, known.versions[row.pk], origin, (known.card_of(row, right), act.at))
        version.scope_kind = "" if one.scope is None else str(one.scope.kind)
        version.scope_name = "" if one.scope is None else one.scope.name.text
        version.scope_restricted = False if one.scope is None else one.scope.restricted
        versions.append(version)
    for about, public, personal in _written(versions):
        act.also("habilitation.granted", *about, public=public, personal=personal)
    return len(versions)


def _people(rows: Iterable[Designation]) -> QuerySet[TeamMember]:
    parties = {row.third_party_id for row in rows}
    return TeamMember.objects.select_related("person").filter(
        third_party__in=parties, state=MemberState.ACTIVE
    )


def _right(act: Act, row: Designation, one: NewRight) -> Habilitation:
    return Habilitation(
        reference=draw_reference(HABILITATION, act.machine.random),
        structure_id=row.structure_id,
        person_id=one.person,
        product=one.product,
        canonical_scope=canonical_of(one.scope),
        state=HabilitationState.ACTIVE,
        current_version=1,
        granted_at=act.at,
        changed_at=act.at,
    )


def _text(
    right: Habilitation,
    designated: DesignationVersion,
    origin: HabilitationVersion,
    given: tuple[str, datetime],
) -> HabilitationVersion:
    """A version drawn from a text of the structure's own, under the designation's present version; `given`:
    to which card, when.
    """
    card, at = given
    return HabilitationVersion(
        habilitation=right,
        number=right.current_version,
        order=origin.order,
        order_version=origin.order_version,
        contract=origin.contract,
        structure=origin.structure,
        holder_letter=origin.holder_letter,
        leave=origin.leave,
        designation=designated,
        card_number=card,
        valid_until=end_of_day(designated.until),
        granted_at=at,
    )


def end_of_day(day: date) -> datetime:
    """The first instant after a day of the authority's calendar."""
    return datetime.combine(day + timedelta(days=1), time.min, PARIS).astimezone(UTC)


def _written(
    versions: Sequence[HabilitationVersion],
) -> Iterator[tuple[tuple[str, ...], dict[str, object], dict[str, object]]]:
    """Write these versions; for each, what the journal is told of it: about what, plainly, and of whom."""
    for version in versions:
        version.digest = digest_of(canonical(version.content()))
    HabilitationVersion.objects.bulk_create(versions, batch_size=_SLICE)
    for version in versions:
        right, designated = version.habilitation, version.designation
        if designated is None:
            raise LookupError("a team's right has its designation")
        designation = designated.designation
        public = {
            "version": version.number,
            "product": right.product,
            "scope": right.canonical_scope,
            "structure": right.structure.national_id,
            "digest": version.digest,
            "designation": designation.reference,
            "designation_version": designated.number,
        }
        about = right.reference, version.order.reference, designation.reference
        yield about, public, {"person": right.person.national_id}
