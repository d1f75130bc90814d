"""Every leave of a domain's holder again: the row is the one whose digest the journal last told [N413 4.2].

A leave whose entries are all older than their digests has nothing to be compared with, until its next act.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sceau.operations.recheck_entries import entry_of
from sceau.operations.recheck_run import Run
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import JournalEntry, Leave
from sceau.vocabulary import Finding

_SIZE = 400
_TURN = timedelta(minutes=1)


def recheck_leaves(run: Run) -> None:
    """Every leave made before the reading began."""
    wanted = Leave.objects.select_related("structure", "letter", "identity").filter(made_at__lte=run.began)
    last = 0
    while rows := list(wanted.filter(id__gt=last).order_by("id")[:_SIZE]):
        last = rows[-1].pk
        run.note(_leaves(run, rows))
        run.tick("leaves", len(rows))


def _leaves(run: Run, rows: Sequence[Leave]) -> Iterator[Finding]:
    told: defaultdict[str, list[JournalEntry]] = defaultdict(list)
    entries = JournalEntry.objects.filter(
        subject__in=[row.reference for row in rows], kind__startswith="leave."
    )
    for entry in entries.select_related("leaf").order_by("id"):
        told[entry.subject].append(entry)
    for row in rows:
        yield from _leave(run, row, told[row.reference])


def _leave(run: Run, row: Leave, told: Sequence[JournalEntry]) -> Iterator[Finding]:
    if not told:
        yield Finding.error("recheck.leave-not-told", row.reference)
        return
    read = [entry_of(one) for one in told]
    if any(public is None for public in read):
        yield Finding.error("recheck.entry-altered", row.reference, kind="leave")
        return
    digests = [public["digest"] for public in read if public is not None and "digest" in public]
    if told[-1].at > run.began - _TURN or not digests:  # what changed meanwhile is left to the next night
        return
    if digests[-1] != digest_of(canonical(row.content())):
        yield Finding.error("recheck.leave-altered", row.reference)
