"""What every act on a structure's change begins with: the change held, who acts in which quality, its things
brought up to date with what there is.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from sceau.catalogue import Quality, StoppingAct
from sceau.certification import CertificateState
from sceau.operations.acts import Act
from sceau.operations.machine import machine
from sceau.operations.standing import DESK, require_person, roles_worn, structure_quality
from sceau.operations.structure_change.designations import designations_of
from sceau.records import StructureChangeView, structure_change, structures_worked_for
from sceau.records.models import (
    Certificate,
    Contract,
    Habilitation,
    HabilitationVersion,
    Order,
    StructureChange,
    StructureChangeLine,
    as_structure_facts,
)
from sceau.registration import (
    CHANGE_LIFE,
    ChangeEvent,
    ChangeState,
    ChangeThing,
    OrderState,
    PlannedThing,
    carries_identity,
)
from sceau.registration import Structure as StructureFacts
from sceau.vocabulary import Finding, Refused, displayed

_UNDER_WAY = (OrderState.RECEIVED, OrderState.UNDER_REVIEW, OrderState.INCOMPLETE)


def unknown(subject: str) -> Refused:
    """For whom it does not concern, it is not there."""
    return Refused([Finding.error("change.unknown", displayed(subject) or "—")])


def require_card(act: Act) -> None:
    """An act on a change is signed with what one came in by in hand: a structure's card, an officer's card or
    passkey.
    """
    if not act.actor.in_hand:
        raise Refused([Finding.error("change.card-needed", "card")])


def lock_change(act: Act, reference: str) -> tuple[StructureChange, Quality]:
    """The change, held, and in which quality the actor acts on it, card (or passkey) in
    hand. Refused as unknown for everybody but the desk, the authority, and those whom a contract of the
    structure names.
    """
    require_person(act)
    rows = StructureChange.objects.select_for_update(of=("self",)).select_related("structure", "successor")
    row = rows.filter(reference=reference).first()
    if row is None:
        raise unknown(reference)
    sides = [row.structure, *([row.successor] if row.successor else [])]  # a contract may have followed
    qualities = (structure_quality(act.actor, side) for side in sides)
    quality = next((one for one in qualities if one is not None), None)
    if quality is None:
        raise unknown(reference)
    require_card(act)
    act.about(row.reference, f"structure/{row.structure.national_id}")
    act.tell(quality=str(quality))
    return row, quality


def require_officer(act: Act, row: StructureChange) -> None:
    """Two officers of the desk decide, neither of them of the structure nor of what it becomes."""
    person = act.actor.person_id
    findings = []
    if DESK not in roles_worn(act.actor):
        findings.append(Finding.error("change.not-desk", row.reference))
    own = {row.structure.national_id, row.becomes.get("national_id", "")}
    if own & structures_worked_for(person):
        findings.append(Finding.error("change.own-structure", row.reference))
    if findings:
        raise Refused(findings)


def step(row: StructureChange, event: ChangeEvent) -> None:
    """Bring `event` about, if the change's life allows it now. Not saved."""
    row.state = CHANGE_LIFE.after(ChangeState(row.state), event, subject=row.reference).require()


def stopping_of(row: StructureChange) -> StoppingAct:
    """What may be answered for each thing."""
    return machine().catalogue.stops[f"structure-{row.kind}"]


def becomes_of(row: StructureChange) -> StructureFacts | None:
    """The new identity; None for a structure that closed."""
    return as_structure_facts(row.becomes) if row.becomes else None


def add_things(act: Act, row: StructureChange) -> int:
    """Write down what the structure holds and the plan does not know yet; how many things."""
    known = set(row.lines.values_list("thing", "reference"))
    fresh = [
        StructureChangeLine(change=row, thing=one.thing, reference=one.reference, carries=one.carries)
        for one in _things(act, row)
        if (str(one.thing), one.reference) not in known
    ]
    StructureChangeLine.objects.bulk_create(fresh, batch_size=500)
    return len(fresh)


def view_of(reference: str, viewer: str) -> StructureChangeView:
    """The change as it now stands."""
    found = structure_change(reference, viewer, at=machine().clock())
    if found is None:
        raise LookupError(f"change {reference} was just written")
    return found


def _things(act: Act, row: StructureChange) -> Iterator[PlannedThing]:
    structure = row.structure
    contracts = Contract.objects.filter(structure=structure).exclude(state="terminated").order_by("id")
    numbers = list(contracts.values_list("number", flat=True))
    for number in numbers:
        yield PlannedThing(ChangeThing.CONTRACT, number)
    orders = Order.objects.filter(contract_number__in=numbers, state__in=_UNDER_WAY).order_by("id")
    for reference in orders.values_list("reference", flat=True):
        yield PlannedThing(ChangeThing.ORDER, reference)
    teams = HabilitationVersion.objects.filter(
        habilitation__structure=structure,
        number=F("habilitation__current_version"),
        designation__isnull=False,
    )
    rights = Habilitation.objects.filter(structure=structure).exclude(state="withdrawn").order_by("id")
    own = rights.exclude(pk__in=teams.values("habilitation_id"))  # a team's follow its designation
    for reference in own.values_list("reference", flat=True):
        yield PlannedThing(ChangeThing.RIGHT, reference)
    for reference in designations_of(structure).values_list("reference", flat=True):
        yield PlannedThing(ChangeThing.DESIGNATION, reference)
    live = Certificate.objects.filter(
        structure=structure,
        state__in=(CertificateState.ISSUED, CertificateState.COLLECTED),
        revocation=None,
        not_after__gt=act.at,
    ).order_by("id")
    before, after = structure.facts(), becomes_of(row)
    for reference, subject in live.values_list("reference", "subject"):
        carries = carries_identity(subject, before, after)
        yield PlannedThing(ChangeThing.CERTIFICATE, reference, carries=carries)
