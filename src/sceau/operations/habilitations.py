"""What is done to a habilitation after it was granted. Granting itself is the acceptance of an order."""

from __future__ import annotations

from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor, machine
from sceau.operations.standing import AUTHORITY, DESK, contract_qualities, require_person
from sceau.operations.typed import read_text
from sceau.records import HabilitationFile, departure_of, habilitation_file, roles_of
from sceau.records.models import Habilitation, HabilitationVersion
from sceau.registration import HABILITATION_LIFE, HabilitationEvent, HabilitationState
from sceau.vocabulary import Finding, Refused


def suspend_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """Stop its use for a while. By the desk, the authority, or whom the structure's contract names."""
    with acting(actor, "habilitation.suspended", reference) as act:
        right = _lock(act, reference)
        _require_hand(act, right)
        _step(act, right, HabilitationEvent.SUSPEND, reason)
    return _view(reference)


def resume_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """Let it serve again. Desk only, not by its own holder, and not while its holder is leaving."""
    with acting(actor, "habilitation.resumed", reference) as act:
        right = _lock(act, reference)
        person = require_person(act)
        if DESK not in roles_of(person.national_id) or right.person_id == person.pk:
            raise Refused([Finding.error("habilitation.not-yours-to-resume", reference)])
        leaving = departure_of(right.person.national_id, right.structure.national_id)
        if leaving:
            raise Refused([Finding.error("habilitation.leaving", reference, departure=leaving)])
        _step(act, right, HabilitationEvent.RESUME, reason)
    return _view(reference)


def withdraw_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """End it. Final; a new right needs a new order. Certificates in service stay until each is revoked.

    By the desk, the authority, whom the structure's contract names, or its holder.
    """
    with acting(actor, "habilitation.withdrawn", reference) as act:
        right = _lock(act, reference)
        _require_hand(act, right, holder_too=True)
        _step(act, right, HabilitationEvent.WITHDRAW, reason)
    return _view(reference)


def _lock(act: Act, reference: str) -> Habilitation:
    right = Habilitation.objects.select_for_update().filter(reference=reference).first()
    if right is None:
        raise Refused([Finding.error("habilitation.unknown", reference)])
    act.about(right.reference)
    return right


def _require_hand(act: Act, right: Habilitation, *, holder_too: bool = False) -> None:
    """Who may stop a right; for everybody else it does not exist."""
    person = require_person(act)
    present = HabilitationVersion.objects.get(habilitation=right, number=right.current_version)
    qualities = roles_of(person.national_id) & {DESK, AUTHORITY}
    qualities |= contract_qualities(person.national_id, present.contract_id, power="rights")
    if holder_too and right.person_id == person.pk:
        qualities |= {"holder"}
    if not qualities:
        raise Refused([Finding.error("habilitation.unknown", right.reference)])
    act.tell(qualities=sorted(qualities))


def _step(act: Act, right: Habilitation, event: HabilitationEvent, reason: str) -> None:
    words = read_text(reason, subject="reason")
    state = HABILITATION_LIFE.after(HabilitationState(right.state), event, subject=right.reference).require()
    act.tell(before=right.state, state=str(state))
    act.keep(reason=words)
    right.state, right.reason, right.changed_at = state, words, act.at
    right.save(update_fields=["state", "reason", "changed_at"])


def _view(reference: str) -> HabilitationFile:
    file = habilitation_file(reference, at=machine().clock())
    if file is None:
        raise LookupError(f"habilitation {reference} was just written")
    return file
