"""What a structure's change does to designations, each as its plan answers: ended, repeated word for word for
what the structure became, or left to a third party that bears another name.

Nothing is given by this: a team holds what the structure itself holds, and under another identity that is
given by a signed act. A designation of a structure that is absorbed follows for no more than what that
structure held.
"""

from __future__ import annotations

from django.db.models import F

from sceau.operations.acts import Act
from sceau.operations.delegation.ending import end_within
from sceau.operations.delegation.team_rights import settle_teams
from sceau.operations.references import DESIGNATION, draw_reference
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import (
    Designation,
    DesignationVersion,
    HabilitationVersion,
    Structure,
    StructureChange,
    ThirdParty,
)
from sceau.registration import (
    DESIGNATION_LIFE,
    ChangeKind,
    DesignationEvent,
    DesignationState,
    Terms,
    carried_terms,
)

_OPEN = (DesignationState.PREPARED, DesignationState.OFFERED, DesignationState.ACTIVE)
ENDED, KEPT = "ended", "follow"


def end_with_change(act: Act, row: Designation, why: str) -> str:
    """End one, inside the act that carries out a change; what came of it."""
    if row.state not in _OPEN:
        return ENDED
    end_within(act, row, why, "change")
    return "end"


def follow_with_change(act: Act, change: StructureChange, row: Designation, why: str) -> str:
    """Let one follow; the reference of what it is now. The side of the structure that changed: as its client
    it gets a designation of its own, as the third party its clients' stay.
    """
    successor = change.successor
    if row.state not in _OPEN or successor is None:
        return ENDED
    if successor.pk == change.structure_id:
        return KEPT
    if row.structure_id != change.structure_id:
        about = row.reference, f"structure/{row.structure.national_id}", row.third_party.reference
        act.also(
            "designation.followed", *about, change.reference, public={"third_party": successor.national_id}
        )
        return KEPT
    there = Designation.objects.filter(
        structure=successor, third_party=row.third_party, state__in=_OPEN
    ).first()
    version = row.versions.filter(number=row.current_version).first()
    terms = None if version is None else _terms(change, row, version)
    if there is not None or version is None or terms is None:
        end_within(act, row, why, "change")
        return ENDED if there is None else there.reference
    return _repeat(act, change, (row, version, successor), (terms, why))


def move_third_party(act: Act, change: StructureChange) -> None:
    """A third party becomes what its structure became, if nobody is that third party yet: same reference,
    same team, under its contract that followed.
    """
    successor = change.successor
    if successor is None or successor.pk == change.structure_id:
        return
    row = ThirdParty.objects.select_for_update().filter(structure=change.structure).first()
    if row is None or row.contract.structure_id != successor.pk:
        return
    if ThirdParty.objects.filter(structure=successor).exists():
        return
    row.structure = successor
    row.save(update_fields=["structure"])
    public = {"before": change.structure.national_id, "structure": successor.national_id}
    act.also("third-party.moved", row.reference, change.reference, public=public)


def _terms(change: StructureChange, row: Designation, version: DesignationVersion) -> Terms | None:
    """What follows: everything, or for a structure that is absorbed what it held itself."""
    if change.kind != ChangeKind.ABSORBED:
        return version.terms()
    held = HabilitationVersion.objects.filter(
        habilitation__structure=row.structure_id,
        number=F("habilitation__current_version"),
        designation=None,
    ).exclude(habilitation__state="withdrawn")
    own = [(text.habilitation.product, text.scope()) for text in held.select_related("habilitation")]
    return carried_terms(version.terms(), own)


def _repeat(
    act: Act,
    change: StructureChange,
    between: tuple[Designation, DesignationVersion, Structure],
    said: tuple[Terms, str],
) -> str:
    row, version, successor = between
    terms, why = said
    was_accepted = row.state == DesignationState.ACTIVE
    made = Designation(
        reference=draw_reference(DESIGNATION, act.machine.random),
        structure=successor,
        contract=row.contract,
        third_party=row.third_party,
        state=DesignationState.PREPARED,
        made_at=act.at,
        changed_at=act.at,
    )
    made.save(force_insert=True)
    repeated = _version(act, made, (version, terms), change)
    made.current_version = repeated.number
    _step(made, DesignationEvent.SIGN)
    if was_accepted:
        made.accepted_by, made.accepted_card, made.accepted_at = (
            *(row.accepted_by, row.accepted_card),
            row.accepted_at,
        )
        _step(made, DesignationEvent.ACCEPT)
    end_within(act, row, why, "change")
    settled = settle_teams(act, [made], why="")
    public = {
        "carries": row.reference,
        "version": repeated.number,
        "state": made.state,
        "digest": repeated.digest,
        "before": version.digest,
        "products": repeated.products,
        "names": repeated.names,
        **settled.as_told(),
    }
    about = made.reference, f"structure/{successor.national_id}", row.third_party.reference, change.reference
    act.also("designation.carried", *about, public=public, personal={"signatory": repeated.signatory})
    return made.reference


def _version(
    act: Act, made: Designation, said: tuple[DesignationVersion, Terms], change: StructureChange
) -> DesignationVersion:
    before, terms = said
    version = DesignationVersion(
        designation=made,
        number=1,
        products=list(terms.products),
        names=[name.text for name in terms.names],
        may_fill=terms.may_fill,
        may_administer=terms.may_administer,
        until=terms.until,
        signatory=before.signatory,
        quality=before.quality,
        signed_on=before.signed_on,
        piece=change.piece,
        made_by=act.actor.person_id or "machine",
        made_at=act.at,
        party_number=made.third_party.structure.national_id,
        carries=before,
    )
    version.digest = digest_of(canonical(version.content()))
    version.save(force_insert=True)
    return version


def _step(row: Designation, event: DesignationEvent) -> None:
    row.state = DESIGNATION_LIFE.after(DesignationState(row.state), event, subject=row.reference).require()
    row.save()
