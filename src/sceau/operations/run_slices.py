"""What a running run does: first stop what would bring new certificates under its criterion, then end those
there are, some hundreds in each transaction, until none is left.

Each step is one transaction and tells the journal; nothing is remembered outside the records. Killed at any
moment, it goes on where its last commit left it: a certificate that has its revocation is not looked at
again, and one that has none is.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import timedelta

from sceau.catalogue import CriterionKind, Quality
from sceau.operations.acts import Act, acting
from sceau.operations.endings import block_keys, end_certificates
from sceau.operations.machine import Actor
from sceau.operations.revocation_runs import count_again, has_its_yes, left_to_end, lock_run, step_run
from sceau.records import RunLine, hold_issuance, rights_under, run_file, run_report
from sceau.records.models import Certificate, IssuerStop, RevocationRun, RevocationRunLine
from sceau.registration import HABILITATION_LIFE, HabilitationEvent, HabilitationState
from sceau.status import RunEvent, RunState
from sceau.vocabulary import Fault

_RUNNER = Actor.system("revocation-run")
_GREW = "revocation-run.grew"


def advance_runs(*, budget: timedelta = timedelta(seconds=2)) -> int:
    """Do slices of every running run, in turn, until none is left to do or `budget` is spent; how many were
    ended. For the clockwork: one run that fails does not hold up the others, and is told at the end.
    """
    until = time.monotonic() + budget.total_seconds()
    running = list(
        RevocationRun.objects.filter(state=RunState.RUNNING)
        .order_by("id")
        .values_list("reference", flat=True)
    )
    ended, failed = 0, None
    while running and time.monotonic() < until:
        for reference in tuple(running):
            try:
                before, after = _advance(reference)
            except Fault as fault:
                failed = fault
                running.remove(reference)
                continue
            ended += after.done - before
            if after.state != RunState.RUNNING:
                running.remove(reference)
    if failed is not None:
        raise failed
    return ended


def advance_run(reference: str) -> RunLine:
    """One step of one run: the stops, a slice, or the end; the run as it then stands. Of a run that is not
    running, nothing is done. By the machine alone, whoever calls: the officers' yes is what it acts on.
    """
    return _advance(reference)[1]


def _advance(reference: str) -> tuple[int, RunLine]:
    """How many were ended before, and the run after one step."""
    with acting(_RUNNER, "revocation-run.advanced", reference) as act:
        if _may_hold_issuance(reference):
            hold_issuance()
        row = lock_run(reference)
        before = row.done
        if row.state != RunState.RUNNING:
            act.unchanged()
        elif row.secured_at is None:
            _secure(act, row)
        else:
            _slice(act, row)
    file = run_file(reference)
    if file is None:
        raise LookupError(f"run {reference} was just written")
    return before, file.line


def _may_hold_issuance(reference: str) -> bool:
    stops = (CriterionKind.KEY, CriterionKind.ISSUER)
    return RevocationRun.objects.filter(
        reference=reference, state=RunState.RUNNING, secured_at=None, kind__in=stops
    ).exists()


def _secure(act: Act, row: RevocationRun) -> None:
    """Stop what would bring new certificates under the criterion, before any is ended."""
    act.rename("revocation-run.secured")
    criterion = json.loads(row.criterion)
    if row.kind == CriterionKind.KEY:
        block_keys(act, (criterion["key"],), why=row.reason)
        act.tell(key=criterion["key"])
    if row.kind == CriterionKind.ISSUER and "until" not in criterion:
        IssuerStop.objects.get_or_create(
            issuer=criterion["issuer"],
            generation=int(criterion["generation"]),
            defaults={"run": row, "since": act.at},
        )
        act.tell(issuer=criterion["issuer"], generation=int(criterion["generation"]))
    act.tell(rights=_suspend_rights(act, row))
    row.secured_at, row.changed_at = act.at, act.at
    count_again(act, row)
    if has_its_yes(row):
        row.save()
    else:
        _ask_for_more(act, row)


def _suspend_rights(act: Act, row: RevocationRun) -> int:
    """Suspend every active right under the criterion; how many. The desk resumes them, one by one."""
    words = act.machine.catalogue.texts["run.rights-suspended"].format(
        reference=row.reference, title=row.title
    )
    rights = list(rights_under(row.kind, json.loads(row.criterion)).select_for_update().order_by("id"))
    for right in rights:
        state = HABILITATION_LIFE.after(
            HabilitationState(right.state), HabilitationEvent.SUSPEND, subject=right.reference
        ).require()
        act.also(
            "habilitation.suspended",
            right.reference,
            public={"before": right.state, "state": str(state), "run": row.reference},
            personal={"reason": words},
        )
        right.state, right.reason, right.changed_at = state, words, act.at
        right.save(update_fields=["state", "reason", "changed_at"])
    return len(rights)


def _slice(act: Act, row: RevocationRun) -> None:
    """End the next ones; when there are none from the first to the last, the run is over."""
    size = act.machine.catalogue.runs.slice
    found = left_to_end(act, row).filter(pk__gt=row.cursor).order_by("pk")
    rows = list(found.select_for_update()[:size])
    if not rows and row.cursor:
        row.cursor = 0  # once more from the first: what was written late has a number of before
        row.save(update_fields=["cursor"])
        act.unchanged()
    elif not rows:
        _finish(act, row)
    elif _is_for_two(act, row, len(rows)) and not has_its_yes(row):
        _ask_for_more(act, row)
    else:
        _end(act, row, rows)


def _is_for_two(act: Act, row: RevocationRun, more: int) -> bool:
    """Whether this slice would end more than one person may end, since more came under the criterion."""
    if row.deciders_needed >= 2 or row.done + more <= row.alone_up_to:
        return False
    count_again(act, row)
    return True


def _end(act: Act, row: RevocationRun, rows: Sequence[Certificate]) -> None:
    quality = Quality(row.quality)
    decisions = end_certificates(act, rows, reason=row.reason, quality=quality, by=row.created_by)
    ended = {(one.issuer, one.serial) for one in decisions}
    mine = [one for one in rows if (one.issuer, int(one.serial, 16)) in ended]
    RevocationRunLine.objects.bulk_create(RevocationRunLine(run=row, certificate=one) for one in mine)
    for one in mine:
        act.also(
            "certificate.revoked",
            one.reference,
            public={
                "issuer": one.issuer,
                "serial": one.serial,
                "reason": row.reason,
                "quality": row.quality,
                "run": row.reference,
            },
        )
    row.done += len(mine)
    row.total = max(row.total, row.done)
    row.cursor, row.changed_at = rows[-1].pk, act.at
    row.save()
    act.tell(ended=len(mine), done=row.done, total=row.total)


def _ask_for_more(act: Act, row: RevocationRun) -> None:
    """More came under the criterion than one person may end alone: wait for the second."""
    act.rename(_GREW)
    act.tell(done=row.done, total=row.total, deciders=row.deciders_needed)
    step_run(act, row, RunEvent.PAUSE)


def _finish(act: Act, row: RevocationRun) -> None:
    """Nothing is left: the report is what it is, and the journal keeps its digest."""
    digest = hashlib.sha256()
    for piece in run_report(row.reference):
        digest.update(piece)
    row.report_sha256, row.ended_at, row.total = digest.hexdigest(), act.at, row.done
    act.rename("revocation-run.done")
    act.tell(done=row.done, report=row.report_sha256)
    step_run(act, row, RunEvent.FINISH)
