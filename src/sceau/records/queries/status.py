"""What status services read: the standing of a serial, what changed, what a list holds, the lists
themselves.
"""

from __future__ import annotations

from datetime import datetime

from sceau.certification import CertificateState
from sceau.records.models import Certificate, CrlIssue, ResponderCertificate, Revocation
from sceau.records.views import CrlLine
from sceau.status import UNKNOWN, Changes, SerialStatus, Signed, spell_serial, status_of

_SIGNED = {
    CertificateState.INTENDED: Signed.INTENDED,
    CertificateState.ISSUED: Signed.SIGNED,
    CertificateState.COLLECTED: Signed.SIGNED,
    CertificateState.PRESUMED: Signed.PRESUMED,
    CertificateState.ABANDONED: Signed.FAILED,
}


class StatusRecords:
    """The records as `status.StatusSource`: one short read for each question."""

    def status(self, issuer: str, generation: int, serial: int) -> SerialStatus:
        """What is said of `serial` under that key of `issuer`, as committed now."""
        spelt = spell_serial(serial)
        row = (
            Certificate.objects.filter(issuer=issuer, generation=generation, serial=spelt)
            .values_list("state", "changed_at", "revocation__at", "revocation__reason_number")
            .first()
        )
        if row is None:
            return self._responder(issuer, generation, spelt)
        state, known_at, revoked_at, reason = row
        return status_of(
            _SIGNED[CertificateState(state)], known_at=known_at, revoked_at=revoked_at, reason=reason or 0
        )

    def changes(self, mark: int) -> Changes:
        """The (issuer, serial) revoked after `mark`. Revocations are numbered in the order they commit."""
        if mark < 0:
            last = Revocation.objects.order_by("-id").values_list("id", flat=True).first()
            return Changes(last or 0, ())
        rows = list(
            Revocation.objects.filter(id__gt=mark).order_by("id").values_list("id", "issuer", "serial")
        )
        revoked = tuple((issuer, int(serial, 16)) for _, issuer, serial in rows)
        return Changes(rows[-1][0] if rows else mark, revoked)

    def _responder(self, issuer: str, generation: int, spelt: str) -> SerialStatus:
        """A responder's own certificate is ours too."""
        row = (
            ResponderCertificate.objects.filter(issuer=issuer, generation=generation, serial=spelt)
            .exclude(der=None)
            .values_list("not_before", flat=True)
            .first()
        )
        if row is None:
            return UNKNOWN
        return status_of(Signed.SIGNED, known_at=row, revoked_at=None)


def revoked_entries(issuer: str, generation: int, *, last_list: datetime | None) -> tuple[bytes, ...]:
    """The DER lines of the next list of this issuer, by serial: those not ended before the last list was
    made.

    A revoked certificate stays until it stood on one list made after its own end [RFC 5280 §3.3].
    """
    rows = Revocation.objects.filter(issuer=issuer, generation=generation)
    if last_list is not None:
        rows = rows.filter(not_after__gte=last_list)
    return tuple(bytes(entry) for entry in rows.order_by("serial").values_list("entry", flat=True).iterator())


def latest_crl(issuer: str, generation: int) -> CrlLine | None:
    """The last list signed for this issuer."""
    row = (
        CrlIssue.objects.filter(issuer=issuer, generation=generation, der__isnull=False)
        .order_by("-number")
        .first()
    )
    if row is None or row.der is None:
        return None
    return CrlLine(
        issuer=row.issuer,
        generation=row.generation,
        number=row.number,
        this_update=row.this_update,
        next_update=row.next_update,
        entries=row.entries,
        der=bytes(row.der),
    )
