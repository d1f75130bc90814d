"""The tasks of the desk: a person says what was done. Raising them is the machine's."""

from __future__ import annotations

from sceau.operations.acts import acting
from sceau.operations.machine import Actor
from sceau.operations.standing import AUTHORITY, DESK, require_role
from sceau.records import TaskLine, task_line
from sceau.records.models import DeskTask
from sceau.vocabulary import Finding, Refused, displayed

_LONGEST = 2_000


def finish_task(actor: Actor, *, reference: str, outcome: str) -> TaskLine:
    """Note what was done of a task. By the desk or the authority; once. What was done is said in words."""
    said = outcome.strip()[:_LONGEST]
    with acting(actor, "task.done") as act:
        officer = require_role(act, DESK, AUTHORITY)
        row = DeskTask.objects.select_for_update().filter(reference=reference).first()
        if row is None:
            raise Refused([Finding.error("task.unknown", displayed(reference) or "—")])
        act.about(row.reference)
        if row.done_at is not None:
            raise Refused([Finding.error("task.done-already", row.reference)])
        if not said:
            raise Refused([Finding.error("task.no-outcome", row.reference)])
        row.done_at, row.done_by, row.outcome = act.at, officer.national_id, said
        row.save(update_fields=["done_at", "done_by", "outcome"])
        act.tell(code=row.code)
        act.keep(outcome=said)
    line = task_line(reference)
    if line is None:
        raise LookupError(f"task {reference} was just written")
    return line
