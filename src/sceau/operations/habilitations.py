"""What is done to a habilitation after it was granted: stopped for a while, let serve again, ended. Granting
itself is the acceptance of an order.

Who may is data (``stops.toml``), with a card in hand, or an officer's passkey: it is the act of who is named
by the contract, or an officer's in their quality. What stops with the right is shown first; each certificate
in service has its answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.catalogue import Quality, StoppingAct
from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor, machine
from sceau.operations.right_ends import end_tokens, live_tokens
from sceau.operations.standing import (
    AUTHORITY,
    DESK,
    contract_qualities,
    require_person,
    roles_worn,
    wears_office,
)
from sceau.operations.stops import carry_out, check_few, live_of_right, stops_of_right
from sceau.operations.typed import read_text
from sceau.records import HabilitationFile, departure_of, habilitation_file, stopped_by_change
from sceau.records.models import Certificate, Habilitation, HabilitationVersion
from sceau.registration import (
    HABILITATION_LIFE,
    HabilitationEvent,
    HabilitationState,
    StopPlan,
    Stops,
    decide_stops,
)
from sceau.vocabulary import Finding, Refused

KEEP_CERTIFICATES = StopPlan(others={"certificates": "keep"})
_EVENTS = {
    HabilitationEvent.SUSPEND: "right-suspend",
    HabilitationEvent.RESUME: "right-resume",
    HabilitationEvent.WITHDRAW: "right-withdraw",
}
_FIRST = (Quality.DESK, Quality.AUTHORITY, Quality.REPRESENTATIVE, Quality.MANDATAIRE, Quality.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class RightStops:
    """What stops with a right: itself with its certificates in service, its tokens (references), and how many
    certificates are being signed at this moment, how many are in service in all.
    """

    stops: Stops
    tokens: tuple[str, ...]
    being_signed: int
    certificates: int


def preview_right_act(reference: str, *, most: int | None = None) -> RightStops:
    """What stopping this right would touch now, of its certificates the first `most`. Changes nothing."""
    right = Habilitation.objects.filter(reference=reference).first()
    if right is None:
        raise Refused([Finding.error("habilitation.unknown", reference)])
    at = machine().clock()
    stops = stops_of_right(right, at, most=most)
    # Few are being signed at any moment, and an index knows them: not all that the right ever gave is read.
    signing = Certificate.objects.filter(state="intended").order_by("asked_at")
    waiting = list(signing.values_list("habilitation_id", flat=True)).count(right.pk)
    count = len(stops.certificates) if most is None else live_of_right(right, at)
    return RightStops(stops, live_tokens([reference]), waiting, count)


def right_acts(actor: Actor, *, reference: str) -> tuple[str, ...]:
    """Which of `suspend`, `resume`, `withdraw` the actor may do to this right, as it stands."""
    right = Habilitation.objects.filter(reference=reference).first()
    if right is None:
        return ()
    there = HABILITATION_LIFE.events(HabilitationState(right.state))
    held = _qualities_of(actor, right)
    stops = machine().catalogue.stops
    return tuple(
        str(event)
        for event, code in _EVENTS.items()
        if event in there and held & set(stops[code].by) and not _is_own_resume(event, actor, right)
    )


def suspend_habilitation(
    actor: Actor, *, reference: str, reason: str, plan: StopPlan = KEEP_CERTIFICATES
) -> HabilitationFile:
    """Stop its use for a while, and do what `plan` answers for each certificate in service (`keep` or
    `revoke`). Its tokens admit nobody meanwhile.
    """
    with acting(actor, "habilitation.suspended", reference) as act:
        right = _lock(act, reference)
        quality, stopping = _require_hand(act, right, HabilitationEvent.SUSPEND)
        _step(act, right, HabilitationEvent.SUSPEND, reason)
        _follow(act, right, plan=plan, how=(quality, stopping))
    return _view(reference)


def resume_habilitation(actor: Actor, *, reference: str, reason: str) -> HabilitationFile:
    """Let it serve again. Not by its own holder, and not while its holder is leaving, nor once
    the structure has become another.
    """
    with acting(actor, "habilitation.resumed", reference) as act:
        right = _lock(act, reference)
        person = require_person(act)
        allowed = _qualities_of(act.actor, right) & set(act.machine.catalogue.stops["right-resume"].by)
        if not allowed or right.person_id == person.pk:
            raise Refused([Finding.error("habilitation.not-yours-to-resume", reference)])
        _require_card(act, right)
        leaving = departure_of(right.person.national_id, right.structure.national_id)
        if leaving:
            raise Refused([Finding.error("habilitation.leaving", reference, departure=leaving)])
        change = stopped_by_change(reference)
        if change:
            raise Refused([Finding.error("habilitation.structure-changed", reference, change=change)])
        _step(act, right, HabilitationEvent.RESUME, reason)
    return _view(reference)


def withdraw_habilitation(
    actor: Actor, *, reference: str, reason: str, plan: StopPlan = KEEP_CERTIFICATES
) -> HabilitationFile:
    """End it, and do what `plan` answers for each certificate in service. Final: its tokens end, and a new
    right needs a new order.
    """
    with acting(actor, "habilitation.withdrawn", reference) as act:
        right = _lock(act, reference)
        quality, stopping = _require_hand(act, right, HabilitationEvent.WITHDRAW)
        _step(act, right, HabilitationEvent.WITHDRAW, reason)
        _follow(act, right, plan=plan, how=(quality, stopping))
        act.tell(tokens=end_tokens(act, [right.reference]))
    return _view(reference)


def _lock(act: Act, reference: str) -> Habilitation:
    right = Habilitation.objects.select_for_update().filter(reference=reference).first()
    if right is None:
        raise Refused([Finding.error("habilitation.unknown", reference)])
    act.about(right.reference)
    return right


def _qualities_of(actor: Actor, right: Habilitation) -> set[Quality]:
    """What the actor is towards a right, now, in the hat they wear."""
    held = {Quality(one) for one in roles_worn(actor) & {DESK, AUTHORITY}}
    if wears_office(actor):
        return held
    present = HabilitationVersion.objects.get(habilitation=right, number=right.current_version)
    named = contract_qualities(actor.person_id, present.contract_id, power="rights")
    is_holder = right.person.national_id == actor.person_id
    return held | {Quality(one) for one in named} | ({Quality.ADMINISTRATOR} if is_holder else set())


def _require_hand(act: Act, right: Habilitation, event: HabilitationEvent) -> tuple[Quality, StoppingAct]:
    """In which quality the actor may do this, by which row; for everybody else the right does not exist."""
    require_person(act)
    stopping = act.machine.catalogue.stops[_EVENTS[event]]
    held = _qualities_of(act.actor, right) & set(stopping.by)
    if not held:
        raise Refused([Finding.error("habilitation.unknown", right.reference)])
    _require_card(act, right)
    act.tell(qualities=sorted(str(one) for one in held))
    return next(one for one in _FIRST if one in held), stopping


def _require_card(act: Act, right: Habilitation) -> None:
    if not act.actor.in_hand:  # only officers have passkeys
        raise Refused([Finding.error("habilitation.card-needed", right.reference)])


def _is_own_resume(event: HabilitationEvent, actor: Actor, right: Habilitation) -> bool:
    return event is HabilitationEvent.RESUME and right.person.national_id == actor.person_id


def _follow(act: Act, right: Habilitation, *, plan: StopPlan, how: tuple[Quality, StoppingAct]) -> None:
    """What was answered for each certificate that the right gave."""
    quality, stopping = how
    found = stops_of_right(right, act.at)
    stops = Stops((), (), found.certificates)
    decided = decide_stops(stops, plan, stopping)
    check_few(act, decided, stopping)
    done = carry_out(act, decided, stopping, why=right.reason, quality=quality)
    act.tell(certificates=done["certificates"])


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
