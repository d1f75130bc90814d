"""Keys known to share a prime with another one: an alarm as long as a certificate stands on one [F20]."""

from __future__ import annotations

from collections.abc import Iterator

from sceau.operations.recheck_run import Run
from sceau.records import still_to_end
from sceau.records.models import Certificate, SharedFactor
from sceau.vocabulary import Finding


def recheck_keys(run: Run) -> None:
    """Every key noted by the comparison, until its last certificate is revoked or over."""
    run.note(_shared(run))


def _shared(run: Run) -> Iterator[Finding]:
    for row in SharedFactor.objects.order_by("id").iterator(500):
        standing = Certificate.objects.filter(spki_sha256=row.spki_sha256)
        count = still_to_end(standing, run.began).count()
        if count:
            yield Finding.error("recheck.shared-factor", row.spki_sha256, other=row.other, count=count)
