"""The hand-over: terms accepted, revocation code chosen, certificate given."""

from __future__ import annotations

from sceau.certification import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.operations.acts import acting
from sceau.operations.codes import hash_code, is_code, read_chosen_code
from sceau.operations.confinement import qualities_left
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


def hand_over(
    actor: Actor, *, reference: str, terms_accepted: bool, code: str | None = None
) -> CertificateFile:
    """Give the certificate to the program that asked for it, in the same breath as its issuance.

    A token's terms were accepted when it was made; for a card they are in the request. `code` is optional
    for a program: without one the certificate is revoked by its administrator, never by a code. Refused: not
    asked by the actor (or not under the token's right), terms, revoked, another code than the first time.
    """
    with acting(actor, "certificate.handed-over", reference) as act:
        person = require_person(act)
        row = (
            Certificate.objects.select_for_update()
            .filter(reference=reference, asked_by=person.national_id)
            .first()
        )
        if row is None or (actor.token and not qualities_left(actor, row, frozenset({"administrator"}))):
            raise Refused([Finding.error("certificate.unknown", reference)])
        if row.state == CertificateState.COLLECTED:
            act.unchanged()
            if not _is_same_code(code, row.code_hash):
                raise Refused([Finding.error("issuance.key-for-another", "revocation_code")])
            return view(reference)
        if terms_accepted is not True and not actor.token:
            raise Refused([Finding.error("collection.terms", "terms")])
        if Revocation.objects.filter(certificate=row).exists():
            raise Refused([Finding.error("collection.revoked", reference)])
        row.state = CERTIFICATE_LIFE.after(
            CertificateState(row.state), CertificateEvent.COLLECT, subject=reference
        ).require()
        if code is not None:
            row.code_hash = hash_code(read_chosen_code(code, code), act.machine.random)
        row.collected_at = row.changed_at = act.at
        row.save(update_fields=["state", "code_hash", "collected_at", "changed_at"])
        act.tell(serial=row.serial, issuer=row.issuer, by="token" if actor.token else "card")
    return view(reference)


def check_chosen_code(code: str) -> None:
    """Refuse a revocation code that is too short or too easy, before anything is asked for with it."""
    read_chosen_code(code, code)


def _is_same_code(code: str | None, kept: str) -> bool:
    """Whether a request asked again brings the code of the first time: both none, or the one kept."""
    return not kept if code is None else bool(kept) and is_code(code, kept)
