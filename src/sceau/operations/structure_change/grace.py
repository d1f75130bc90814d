"""A certificate of a plan that was not replaced on its last day: people are told beforehand and afterwards,
and two officers may give it more time.

Who was told, and what stops, stands on the desk's tasks, so that somebody can still telephone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.machine import Actor
from sceau.operations.occasions import day_text, name_text
from sceau.operations.references import GRACE, draw_reference
from sceau.operations.register_tasks import TaskEntry, raise_tasks
from sceau.operations.structure_change.holding import lock_change, require_officer, view_of
from sceau.operations.typed import read_text
from sceau.records import StructureChangeView, keeper_of, replacement_of
from sceau.records.models import (
    PARIS,
    Certificate,
    ChangeGrace,
    ContractParty,
    DeskTask,
    Person,
    StructureChange,
    StructureChangeLine,
)
from sceau.registration import ChangeState, ChangeThing
from sceau.vocabulary import Finding, Refused, displayed

_CLOCK = Actor.system("clockwork")
_BEFORE, _AFTER = "task.certificate-unreplaced", "task.certificate-ended-unreplaced"


@dataclass(frozen=True, slots=True)
class GraceEntry:
    """More time for certificates (references) whose last day to be replaced went by: until when, why."""

    certificates: tuple[str, ...]
    revoke_on: date
    reason: str


def ask_grace(actor: Actor, *, reference: str, entry: GraceEntry) -> StructureChangeView:
    """A first officer asks for more time, for all of these or none; nothing changes before a second one
    grants it, one by one.
    """
    with acting(actor, "change.grace-asked", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        words = read_text(entry.reason, subject="reason")
        lines = [_late_line(row, one) for one in dict.fromkeys(entry.certificates or ("",))]
        refuse_with([found for line in lines for found in _check(act, line, entry.revoke_on)])
        asked = [_asked(act, line, entry.revoke_on, words) for line in lines]
        act.tell(graces=asked, revoke_on=str(entry.revoke_on))
        act.keep(reason=words)
    return view_of(reference, actor.person_id)


def decide_grace(actor: Actor, *, reference: str, grace: str, granted: bool) -> StructureChangeView:
    """A second, different officer grants it, and the day moves; or either of them says no."""
    with acting(actor, "change.grace-granted" if granted else "change.grace-refused", reference) as act:
        row, _ = lock_change(act, reference)
        require_officer(act, row)
        found = ChangeGrace.objects.select_for_update().filter(
            reference=grace, line__change=row, state="asked"
        )
        asked = found.first()
        if asked is None:
            raise Refused([Finding.error("change.grace-unknown", displayed(grace) or "—")])
        if granted and asked.asked_by == actor.person_id:
            raise Refused([Finding.error("change.grace-same-officer", grace)])
        line = StructureChangeLine.objects.select_for_update().get(pk=asked.line_id)
        if granted:
            if line.done_at is not None:
                raise Refused([Finding.error("change.not-on-list", line.reference)])
            refuse_with(_check(act, line, asked.revoke_on, asked=asked))
        asked.state = "granted" if granted else "refused"
        asked.decided_by, asked.decided_card, asked.decided_at = actor.person_id, actor.in_hand, act.at
        asked.save(update_fields=["state", "decided_by", "decided_card", "decided_at"])
        act.tell(grace=grace, certificate=line.reference)
        if granted:
            line.revoke_on = asked.revoke_on
            line.save(update_fields=["revoke_on"])
            tell_moved(act, row, line)
    return view_of(reference, actor.person_id)


def tell_moved(act: Act, row: StructureChange, line: StructureChangeLine) -> None:
    """The days of a certificate moved away: its people are told the new ones."""
    public = {"revoke_on": str(line.revoke_on), "replace_before": str(line.replace_before or "")}
    act.also("certificate.rescheduled", line.reference, row.reference, public=public)


def warn_unreplaced(act: Act, row: StructureChange, today: date) -> int:
    """Those whose last day to be replaced went by: the structure and the desk are told, once; how many."""
    late = StructureChangeLine.objects.select_for_update().filter(
        change=row,
        thing=ChangeThing.CERTIFICATE,
        answer="replace",
        done_at=None,
        warned_at=None,
        replace_before__lt=today,
    )
    told = []
    for line in late.order_by("id"):
        found = _in_service(act, line)
        if found is None or replacement_of(line):
            continue
        line.warned_at = act.at
        line.save(update_fields=["warned_at"])
        why = _finding(_BEFORE, found, line)
        told.append(TaskEntry(why, (line.reference, row.reference)))
        public = {"revoke_on": str(line.revoke_on)}
        act.also("certificate.unreplaced", line.reference, row.reference, public=public)
    raise_tasks(told, raised_by=row.reference, actor=_CLOCK)
    return len(told)


def tell_revoked(act: Act, row: StructureChange, line: StructureChangeLine) -> None:
    """A certificate of the plan has just ended. If nothing took its place, the desk has somebody to call; the
    task that said so beforehand is done.
    """
    for asked in ChangeGrace.objects.select_for_update().filter(line=line, state="asked"):
        asked.state, asked.decided_at = "dropped", act.at
        asked.save(update_fields=["state", "decided_at"])
    before = DeskTask.objects.select_for_update().filter(code=_BEFORE, subject=line.reference, done_at=None)
    for task in before:
        task.done_at, task.done_by = act.at, "machine"
        task.outcome = f"Révoqué le {day_text(act.at)}, comme prévu au plan {row.reference}."
        task.save(update_fields=["done_at", "done_by", "outcome"])
    certificate = Certificate.objects.filter(reference=line.reference).first()
    if line.answer != "replace" or certificate is None or replacement_of(line):
        return
    entry = TaskEntry(_finding(_AFTER, certificate, line), (line.reference, row.reference))
    raise_tasks([entry], raised_by=row.reference, actor=_CLOCK)
    act.also("certificate.ended-unreplaced", line.reference, row.reference, public={})


def _asked(act: Act, line: StructureChangeLine, revoke_on: date, words: str) -> list[str]:
    grace = ChangeGrace.objects.create(
        reference=draw_reference(GRACE, act.machine.random),
        line=line,
        revoke_on=revoke_on,
        reason=words,
        asked_by=act.actor.person_id,
        asked_card=act.actor.in_hand,
        asked_at=act.at,
    )
    return [grace.reference, line.reference]


def _late_line(row: StructureChange, certificate: str) -> StructureChangeLine:
    line = (
        StructureChangeLine.objects.select_for_update()
        .filter(change=row, thing=ChangeThing.CERTIFICATE, reference=certificate, done_at=None)
        .exclude(warned_at=None)
        .first()
    )
    if row.state != ChangeState.CONFIRMED or line is None:
        raise Refused([Finding.error("change.not-late", displayed(certificate) or "—")])
    return line


def _check(
    act: Act, line: StructureChangeLine, revoke_on: date, *, asked: ChangeGrace | None = None
) -> list[Finding]:
    if line.revoke_on is not None and revoke_on <= line.revoke_on:
        return [Finding.error("change.days-nearer", line.reference)]
    if revoke_on < act.at.astimezone(PARIS).date():
        return [Finding.error("change.day-past", line.reference)]
    if asked is None and line.graces.filter(state="asked").exists():
        return [Finding.error("change.grace-there", line.reference)]
    return []


def _in_service(act: Act, line: StructureChangeLine) -> Certificate | None:
    rows = Certificate.objects.filter(reference=line.reference, revocation=None, not_after__gt=act.at)
    return rows.first()


def _finding(code: str, certificate: Certificate, line: StructureChangeLine) -> Finding:
    names = ", ".join(certificate.names.order_by("position").values_list("value", flat=True)[:10])
    told = {
        "names": names or certificate.subject,
        "day": "" if line.revoke_on is None else day_text(line.revoke_on),
        "told": ", ".join(_people(certificate)) or "—",
    }
    if code == _BEFORE:
        return Finding.warning("task.certificate-unreplaced", line.reference, **told)
    return Finding.warning("task.certificate-ended-unreplaced", line.reference, **told)


def _people(certificate: Certificate) -> Iterator[str]:
    """Who is told of it: who looks after it, then whom the contract names."""
    keeper = Person.objects.filter(national_id=keeper_of(certificate)).first()
    if keeper is not None:
        yield name_text(keeper)
    for party in ContractParty.objects.filter(contract=certificate.contract_id).order_by("id")[:5]:
        yield f"{party.given_names} {party.surname}".strip()
