"""Keys again: known to share a prime with another one, an alarm as long as a certificate stands on one [F20];
compromised, and blocked for ever [F18]; certified, and kept as this owner's for this product [F19].
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from sceau.certification import CertificateState
from sceau.operations.endings import KEY_COMPROMISE
from sceau.operations.recheck_run import Run
from sceau.records import certificates_on, still_to_end
from sceau.records.models import (
    BlockedKey,
    Certificate,
    FormerKeyUse,
    JournalEntry,
    KeyUse,
    Revocation,
    SharedFactor,
)
from sceau.vocabulary import Finding

_REPORTED = "key.reported"


def recheck_keys(run: Run) -> None:
    """Every key noted by the comparison, until its last certificate is revoked or over; and every key that
    was compromised.
    """
    run.note(_shared(run))
    run.note(_open_again(run))


def use_findings(row: Certificate, use: KeyUse | None) -> Iterator[Finding]:
    """Whether the register of keys still keeps the key of a certificate for its product and its owner: what
    it forgets would be certified again for somebody else, or not be found by its key. A serial that was
    abandoned gave its key back.
    """
    if row.state == CertificateState.ABANDONED:
        return
    owner = row.asked_by if row.structure is None else row.structure.national_id
    is_kept = use is not None and (use.product, use.owner) == (row.product, owner)
    if use is None or not is_kept or not _is_found(row, use):
        yield Finding.error("recheck.key-not-kept", row.reference, key=row.spki_sha256)


def _is_found(row: Certificate, use: KeyUse) -> bool:
    return use.certificate_id == row.pk or FormerKeyUse.objects.filter(certificate=row).exists()


def _shared(run: Run) -> Iterator[Finding]:
    for row in SharedFactor.objects.order_by("id").iterator(500):
        standing = certificates_on(row.spki_sha256)
        count = still_to_end(standing, run.began).count()
        if count:
            yield Finding.error("recheck.shared-factor", row.spki_sha256, other=row.other, count=count)


def _open_again(run: Run) -> Iterator[Finding]:
    """Keys revoked as compromised or reported, and blocked no more."""
    blocked = BlockedKey.objects.filter(spki_sha256=OuterRef("certificate__spki_sha256"))
    ended = Revocation.objects.filter(~Exists(blocked), reason=KEY_COMPROMISE, at__lte=run.began)
    for key in ended.values_list("certificate__spki_sha256", flat=True).iterator(500):
        yield Finding.error("recheck.key-not-blocked", key)
    blocked = BlockedKey.objects.filter(spki_sha256=OuterRef("subject"))
    told = JournalEntry.objects.filter(~Exists(blocked), kind=_REPORTED, at__lte=run.began)
    for key in told.values_list("subject", flat=True).iterator(500):
        yield Finding.error("recheck.key-not-blocked", key)
