"""What an accepted order gives: habilitations, each with the exact text it was granted on.

A right that exists already gets a further version; a suspended one stays suspended. Called inside the
acceptance; an order that amends another takes away what it no longer gives.
"""

from __future__ import annotations

from datetime import datetime

from sceau.operations.acts import Act
from sceau.operations.amendments import carry_out_amendment, effects_before
from sceau.operations.delegation.ending import settle_with_structure
from sceau.operations.machine import machine
from sceau.operations.offered import beneficiary_of, grants_of
from sceau.operations.references import HABILITATION, draw_reference
from sceau.operations.structures import keep_structure
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import (
    ON_LEAVE,
    Contract,
    Habilitation,
    HabilitationVersion,
    Leave,
    Order,
    Person,
    Structure,
    structure_as_stored,
)
from sceau.registration import (
    HABILITATION_LIFE,
    Form413,
    Grant,
    HabilitationEvent,
    HabilitationState,
    canonical_of,
)


def grant_order(act: Act, order: Order, form: Form413) -> tuple[str, ...]:
    """Grant everything the accepted version of `order` gives; the references, in the form's order."""
    structure = beneficiary_of(form)
    row = keep_structure(structure)
    grants = grants_of(form, structure, act.at)
    amended = effects_before(act, order, grants)
    contract = Contract.objects.get(number=form.contract_number)
    references = tuple(_grant_one(act, order, given, (row, contract)) for given in grants)
    if amended is not None:
        carry_out_amendment(act, *amended)
    settle_with_structure(act, row.pk)
    act.tell(habilitations=list(references))
    return references


def _grant_one(act: Act, order: Order, given: Grant, ground: tuple[Structure, Contract]) -> str:
    structure, contract = ground
    right, event = _right_of(given, structure, act)
    scope = given.scope
    version = HabilitationVersion(
        habilitation=right,
        number=right.current_version,
        order=order,
        order_version=order.current_version,
        contract=contract,
        structure=structure_as_stored(given.structure),
        scope_kind=scope.kind if scope else "",
        scope_name=scope.name.text if scope else "",
        scope_restricted=scope.restricted if scope else False,
        holder_letter=ON_LEAVE if given.leave else given.holder_letter,
        leave=Leave.objects.get(reference=given.leave) if given.leave else None,
        card_number=given.card.text,
        granted_at=act.at,
    )
    version.digest = digest_of(canonical(version.content()))
    version.save(force_insert=True)
    act.also(
        f"habilitation.{event}",
        right.reference,
        order.reference,
        public={
            "version": right.current_version,
            "product": given.product,
            "scope": right.canonical_scope,
            "structure": structure.national_id,
            "digest": version.digest,
            **({"leave": given.leave} if given.leave else {}),
        },
        personal={"person": given.person_id.text},
    )
    return right.reference


def _right_of(given: Grant, structure: Structure, act: Act) -> tuple[Habilitation, str]:
    """The right to write a version of: the one there is, one version further, or a new one."""
    person = Person.objects.get(national_id=given.person_id.text)
    scope = canonical_of(given.scope)
    there = (
        Habilitation.objects.select_for_update()
        .filter(structure=structure, person=person, product=given.product, canonical_scope=scope)
        .exclude(state=HabilitationState.WITHDRAWN)
        .first()
    )
    if there is None:
        return _new_right(given, (structure, person), scope, act.at), "granted"
    there.state = HABILITATION_LIFE.after(
        HabilitationState(there.state), HabilitationEvent.EXTEND, subject=there.reference
    ).require()
    there.current_version += 1
    there.changed_at = act.at
    there.save(update_fields=["state", "current_version", "changed_at"])
    return there, "extended"


def _new_right(given: Grant, whose: tuple[Structure, Person], scope: str, at: datetime) -> Habilitation:
    structure, person = whose
    return Habilitation.objects.create(
        reference=draw_reference(HABILITATION, machine().random),
        structure=structure,
        person=person,
        product=given.product,
        canonical_scope=scope,
        state=HabilitationState.ACTIVE,
        current_version=1,
        granted_at=at,
        changed_at=at,
    )
