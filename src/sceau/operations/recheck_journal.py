"""The whole journal against its signed heads, and its intents against the rows that are left [F39]."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile

from django.db.models import Exists, OuterRef

from sceau.journal import Export, HeadVerifier, verify_export
from sceau.operations.recheck_run import Run
from sceau.records import journal_disclosures, journal_entries, journal_heads, journal_leaves
from sceau.records.models import Certificate, JournalEntry
from sceau.vocabulary import Finding


def recheck_journal(run: Run) -> None:
    """The tree up to its last head, and every intent's certificate still there."""
    run.note(_tree(run))
    run.note(_lost(run))


def _tree(run: Run) -> Iterator[Finding]:
    """What a third party would find, with the instance's own key. Entries newer than the heads are left to
    the next night.
    """
    heads = list(journal_heads())
    if not heads:
        return
    size = heads[-1].size
    export = Export(
        entries=islice(journal_entries(), size),
        heads=[head.note for head in heads],
        verifiers=[HeadVerifier.of(run.machine.origin, run.machine.head_key)],
        leaves=islice(journal_leaves(), size),
        disclosures=(
            one.encode() for one in takewhile(lambda one: one.position < size, journal_disclosures())
        ),
    )
    verified = verify_export(export)
    run.tick("entries", verified.size)
    for flaw in verified.flaws:
        where = "tête" if flaw.position is None else str(flaw.position)
        yield Finding.error("recheck.journal-broken", where, flaw=flaw.finding.code)


def _lost(run: Run) -> Iterator[Finding]:
    """Intents that were told and whose row is gone."""
    there = Exists(Certificate.objects.filter(reference=OuterRef("subject")))
    lost = JournalEntry.objects.filter(~there, kind="certificate.intended", at__lte=run.began)
    for reference in lost.values_list("subject", flat=True).iterator(500):
        yield Finding.error("recheck.row-missing", reference)
