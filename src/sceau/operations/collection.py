"""The hand-over: terms accepted, revocation code chosen, certificate given."""

from __future__ import annotations

from sceau.certification import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.operations.acts import acting
from sceau.operations.codes import hash_code, is_code, read_chosen_code
from sceau.operations.machine import Actor
from sceau.operations.outcomes import view
from sceau.operations.standing import require_person
from sceau.records import CertificateFile
from sceau.records.models import Certificate, Revocation
from sceau.vocabulary import Finding, Refused


def collect_certificate(
    actor: Actor, *, reference: str, terms_accepted: bool, code: str, code_again: str
) -> CertificateFile:
    """Give the certificate to who asked for it. The code (typed twice) is kept only as a salted hash.

    Refused: not yours, terms not accepted, codes that differ or are too easy, already collected, revoked. A
    second click with the same code gives the certificate again.
    """
    with acting(actor, "certificate.collected", reference) as act:
        person = require_person(act)
        row = (
            Certificate.objects.select_for_update()
            .filter(reference=reference, asked_by=person.national_id)
            .first()
        )
        if row is None:
            raise Refused([Finding.error("certificate.unknown", reference)])
        if row.state == CertificateState.COLLECTED and is_code(code, row.code_hash):
            act.unchanged()
            return view(reference)
        if terms_accepted is not True:
            raise Refused([Finding.error("collection.terms", "terms")])
        if Revocation.objects.filter(certificate=row).exists():
            raise Refused([Finding.error("collection.revoked", reference)])
        row.state = CERTIFICATE_LIFE.after(
            CertificateState(row.state), CertificateEvent.COLLECT, subject=reference
        ).require()
        row.code_hash = hash_code(read_chosen_code(code, code_again), act.machine.random)
        row.collected_at = row.changed_at = act.at
        row.save(update_fields=["state", "code_hash", "collected_at", "changed_at"])
        act.tell(serial=row.serial, issuer=row.issuer)
    return view(reference)
