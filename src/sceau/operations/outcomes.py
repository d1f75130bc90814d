"""What became of an intent that did not become a certificate: abandoned, or presumed signed and revoked.

Also the end of a certificate whose right was lost while it was being signed. All of it the machine's own act.
"""

from __future__ import annotations

from datetime import timedelta

from sceau.catalogue import Quality
from sceau.certification import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.operations.acts import Act, acting
from sceau.operations.endings import end_certificate
from sceau.operations.machine import Actor, machine
from sceau.records import CertificateFile, CertificateLine, certificate_file
from sceau.records.models import Certificate

LONGEST_SIGNATURE = timedelta(minutes=2)
"""Six times what the signer's client waits for an answer: past it, nobody is waiting any more."""

_RECOVERY = Actor.system("recovery")


def abandon(reference: str, *, why: str) -> None:
    """The signer signed nothing, and says so: the serial will never serve, nothing is to be revoked."""
    with acting(_RECOVERY, "certificate.abandoned", reference) as act:
        row = Certificate.objects.select_for_update().get(reference=reference)
        _step(act, row, CertificateEvent.ABANDON)
        act.tell(issuer=row.issuer, serial=row.serial, why=why)


def presume(reference: str, *, why: str) -> None:
    """Nobody knows whether it was signed: it is presumed to exist, revoked at once, and kept [decision
    10].
    """
    with acting(_RECOVERY, "certificate.presumed", reference) as act:
        row = Certificate.objects.select_for_update().get(reference=reference)
        if row.state != CertificateState.INTENDED:  # somebody else accounted for it meanwhile
            act.unchanged()
            return
        end_certificate(act, row, reason="unspecified", quality=Quality.AUTHORITY, explanation=why)
        _step(act, row, CertificateEvent.PRESUME)
        act.tell(issuer=row.issuer, serial=row.serial, why=why)


def revoke_for_lost_right(act: Act, row: Certificate) -> None:
    """The right ended between intent and record: what was signed is kept, and ends here [ASSURANCE T20,
    T57].
    """
    decision = end_certificate(
        act,
        row,
        reason="privilegeWithdrawn",
        quality=Quality.AUTHORITY,
        explanation="right lost while signing",
    )
    if not decision.changed:  # a run ended it already, and told so
        return
    act.also(
        "certificate.revoked",
        row.reference,
        public={"issuer": row.issuer, "serial": row.serial, "reason": "privilegeWithdrawn"},
    )


def recover_intents(*, older_than: timedelta = LONGEST_SIGNATURE) -> tuple[CertificateLine, ...]:
    """Every intent left without a record is presumed signed and revoked; gives what was recovered.

    An intent younger than `older_than` may still be under way in another process: it is left alone. At start,
    when nothing else runs yet, pass zero. May be called at any moment, and cut short at any moment.
    """
    before = machine().clock() - older_than
    left = Certificate.objects.filter(state=CertificateState.INTENDED, asked_at__lte=before)
    references = list(left.order_by("id").values_list("reference", flat=True))
    for reference in references:
        presume(reference, why="recovered")
    return tuple(view(reference).line for reference in references)


def view(reference: str) -> CertificateFile:
    """The certificate's file as it now stands."""
    file = certificate_file(reference, at=machine().clock())
    if file is None:
        raise LookupError(f"certificate {reference} was just written")
    return file


def _step(act: Act, row: Certificate, event: CertificateEvent) -> None:
    row.state = CERTIFICATE_LIFE.after(CertificateState(row.state), event, subject=row.reference).require()
    row.changed_at = act.at
    row.save(update_fields=["state", "changed_at"])
