"""Runs of mass revocation as officers steer them: prepared, approved by as many as the rule asks, paused,
resumed, dropped. What a running one does is in `run_slices`.

Nothing is ended here. The preview is a query on the prepared run (`records.run_preview`).
"""

from __future__ import annotations

import json

from django.db.models import QuerySet

from sceau.catalogue import CriterionKind, Quality
from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor
from sceau.operations.references import draw_reference
from sceau.operations.run_requests import Chosen, RunRequest, read_chosen
from sceau.operations.standing import AUTHORITY, DESK, require_role, roles_worn
from sceau.operations.typed import canonical, digest_of, read_text
from sceau.records import (
    MOST_COUNTED,
    RunFile,
    count_run,
    counted_as_stored,
    run_file,
    still_to_end,
    under_criterion,
)
from sceau.records.models import Certificate, RevocationRun, RevocationRunApproval, RevocationRunMember
from sceau.status import RUN_LIFE, RunEvent, RunState, decide_run, deciders_needed
from sceau.vocabulary import Finding, Refused

LONGEST_TITLE = 120
RUN = "OPR"
_AS = {Quality.DESK: DESK, Quality.AUTHORITY: AUTHORITY, Quality.JUDGE: AUTHORITY}


def prepare_run(actor: Actor, request: RunRequest) -> RunFile:
    """A run, ready to be looked at and decided on. By the desk or the authority; nothing is ended yet.

    Refused: a criterion or reason not open to the quality, a quality not held, a list with a line that names
    no certificate of ours, a criterion under which nothing is left to end (`run.nothing`).
    """
    with acting(actor, "revocation-run.prepared") as act:
        require_role(act, DESK, AUTHORITY)
        quality = quality_held(actor, request.quality)
        if request.kind not in set(CriterionKind):
            raise Refused([Finding.error("run.kind", "kind", kind=request.kind)])
        kind = CriterionKind(request.kind)
        decide_run(kind, reason=request.reason, quality=quality, catalogue=act.machine.catalogue)
        chosen = read_chosen(act, kind, request)
        row = keep_run(act, request, chosen)
    if row.total > MOST_COUNTED:  # takes its time, and holds nobody up: only what its page shows
        counted = counted_as_stored(count_run(row, at=row.created_at))
        RevocationRun.objects.filter(pk=row.pk).update(counted=counted)
    return view_run(row.reference)


def keep_run(act: Act, request: RunRequest, chosen: Chosen) -> RevocationRun:
    """Write a run that was decided on, with its list and its count, and tell the journal."""
    rules = act.machine.catalogue.runs
    kind = CriterionKind(request.kind)
    row = RevocationRun.objects.create(
        reference=draw_reference(RUN, act.machine.random),
        title=_title(request.title),
        kind=kind,
        criterion=canonical(chosen.criterion),
        reason=request.reason,
        quality=request.quality,
        explanation=read_text(request.explanation, subject="explanation"),
        state=RunState.PREPARED,
        created_by=act.actor.person_id,
        created_at=act.at,
        changed_at=act.at,
        alone_up_to=rules.alone_up_to,
        deciders_needed=deciders_needed(kind, 0, rules),
        total=0,
    )
    RevocationRunMember.objects.bulk_create(
        (RevocationRunMember(run=row, certificate_id=member) for member in chosen.members), batch_size=1_000
    )
    count_again(act, row)
    row.save()
    if not row.total:
        raise Refused([Finding.error("run.nothing", "subject")])
    act.about(row.reference)
    act.tell(
        criterion=str(kind),
        reason=row.reason,
        quality=row.quality,
        total=row.total,
        deciders=row.deciders_needed,
        members=digest_of(",".join(map(str, chosen.members))) if chosen.members else "",
    )
    act.keep(title=row.title, criterion=dict(chosen.criterion), explanation=row.explanation)
    return row


def approve_run(actor: Actor, *, reference: str) -> RunFile:
    """An officer's yes, card in hand; the last one needed starts it. A run never starts with fewer different
    people than its number asks, counted again now.
    """
    with acting(actor, "revocation-run.approved", reference) as act:
        person = require_role(act, DESK, AUTHORITY)
        row = lock_run(reference)
        if row.state not in {RunState.PREPARED, RunState.PAUSED}:
            RUN_LIFE.after(RunState(row.state), RunEvent.START, subject=reference).require()
        if not actor.in_hand:
            raise Refused([Finding.error("run.card-needed", reference)])
        if row.approvals.filter(officer=person.national_id).exists():
            raise Refused([Finding.error("run.already-approved", reference)])
        count_again(act, row)
        RevocationRunApproval.objects.create(
            run=row, officer=person.national_id, card_number=actor.in_hand, at=act.at
        )
        act.tell(approvals=row.approvals.count(), deciders=row.deciders_needed, total=row.total)
        if row.state == RunState.PREPARED and has_its_yes(row):
            act.rename("revocation-run.started")
            row.started_at = act.at
            step_run(act, row, RunEvent.START)
        else:
            row.save()
    return view_run(reference)


def pause_run(actor: Actor, *, reference: str) -> RunFile:
    """Stop after the slice under way. What was ended stays ended."""
    with acting(actor, "revocation-run.paused", reference) as act:
        require_role(act, DESK, AUTHORITY)
        row = lock_run(reference)
        act.tell(done=row.done, total=row.total)
        step_run(act, row, RunEvent.PAUSE)
    return view_run(reference)


def resume_run(actor: Actor, *, reference: str) -> RunFile:
    """Go on. Refused while a further yes is needed."""
    with acting(actor, "revocation-run.resumed", reference) as act:
        require_role(act, DESK, AUTHORITY)
        row = lock_run(reference)
        RUN_LIFE.after(RunState(row.state), RunEvent.RESUME, subject=reference).require()
        count_again(act, row)
        if not has_its_yes(row):
            raise Refused([Finding.error("run.needs-yes", reference, needed=row.deciders_needed)])
        act.tell(done=row.done, total=row.total)
        step_run(act, row, RunEvent.RESUME)
    return view_run(reference)


def drop_run(actor: Actor, *, reference: str, reason: str) -> RunFile:
    """Give it up, for good, before it starts or while it is paused. What was ended stays ended, and what was
    stopped stays stopped: the desk resumes rights one by one.
    """
    with acting(actor, "revocation-run.dropped", reference) as act:
        require_role(act, DESK, AUTHORITY)
        row = lock_run(reference)
        row.why = read_text(reason, subject="why")
        row.ended_at = act.at
        act.tell(done=row.done, total=row.total)
        act.keep(why=row.why)
        step_run(act, row, RunEvent.DROP)
    return view_run(reference)


# -- shared with `run_slices`


def lock_run(reference: str) -> RevocationRun:
    """The run, held until the end of the transaction."""
    row = RevocationRun.objects.select_for_update().filter(reference=reference).first()
    if row is None:
        raise Refused([Finding.error("run.unknown", reference)])
    return row


def step_run(act: Act, row: RevocationRun, event: RunEvent) -> None:
    """What happened to it, written."""
    state = RUN_LIFE.after(RunState(row.state), event, subject=row.reference).require()
    row.state, row.changed_at = state, act.at
    row.save()


def has_its_yes(row: RevocationRun) -> bool:
    """Whether enough different officers said yes."""
    return row.approvals.values("officer").distinct().count() >= row.deciders_needed


def count_again(act: Act, row: RevocationRun) -> None:
    """How many it ends in all, as the records stand now; more may ask for a further yes, never for fewer. To
    be saved by who asks.
    """
    row.total = row.done + left_to_end(act, row).count()
    needed = deciders_needed(CriterionKind(row.kind), row.total, act.machine.catalogue.runs)
    if row.total > row.alone_up_to:  # as it was when the run was prepared
        needed = 2
    row.deciders_needed = max(row.deciders_needed, needed)


def left_to_end(act: Act, row: RevocationRun) -> QuerySet[Certificate]:
    """The certificates that it has to end yet."""
    return still_to_end(under_criterion(row.kind, json.loads(row.criterion), row.pk), act.at)


def view_run(reference: str) -> RunFile:
    """The run as it now stands."""
    file = run_file(reference)
    if file is None:
        raise LookupError(f"run {reference} was just written")
    return file


def quality_held(actor: Actor, text: str) -> Quality:
    """The quality claimed, if the actor's roles carry it: a judge's order is recorded by the authority."""
    quality = Quality(text) if text in set(Quality) else None
    role = None if quality is None else _AS.get(quality)
    if quality is None or role is None or role not in roles_worn(actor):
        raise Refused([Finding.error("revocation.quality-not-held", "quality", quality=text)])
    return quality


def _title(text: str) -> str:
    title = " ".join(read_text(text, subject="title").split())
    if len(title) > LONGEST_TITLE:
        raise Refused([Finding.error("operations.text-too-long", "title", longest=LONGEST_TITLE)])
    return title
