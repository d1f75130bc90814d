"""The hand-over: terms accepted, revocation code chosen, certificate given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sceau.certification import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.operations.acts import acting
from sceau.operations.codes import hash_code, is_code, read_chosen_code
from sceau.operations.confinement import qualities_left, why_no_token
from sceau.operations.machine import Actor, machine
from sceau.operations.outcomes import view
from sceau.operations.standing import require_person
from sceau.records import CertificateFile, hot, looked_after_by
from sceau.records.models import Certificate, Person, Revocation
from sceau.registration import CardStatus
from sceau.vocabulary import Finding, Refused


def collect_certificate(
    actor: Actor, *, reference: str, terms_accepted: bool, code: str, code_again: str
) -> CertificateFile:
    """Give the certificate to who asked for it, or looks after it since. The code (typed twice) is kept only
    as a salted hash.

    Refused: not yours, terms not accepted, codes that differ or are too easy, already collected, revoked. A
    second click with the same code gives the certificate again.
    """
    with acting(actor, "certificate.collected", reference) as act:
        person = require_person(act)
        row = (
            Certificate.objects.select_for_update(of=("self",))
            .filter(looked_after_by(person.national_id), reference=reference)
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
    asked by the actor, or entrusted to somebody else since (or not under the token's right), terms, revoked,
    another code than the first time.
    """
    with acting(actor, "certificate.handed-over", reference) as act:
        person = require_person(act)
        row = (
            Certificate.objects.select_for_update(of=("self",))
            .filter(looked_after_by(person.national_id), reference=reference)
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


@dataclass(frozen=True, slots=True)
class HandOver:
    """The hand-over asked for with the certificate itself. `terms_accepted` None: nothing was said of them (a
    token's were accepted when it was made). `code`: the revocation code, None for none.
    """

    terms_accepted: bool | None = None
    code: str | None = None

    def check(self, actor: Actor) -> None:
        """Refuse what could not be handed over, before anything is signed."""
        if self.terms_accepted is False or (self.terms_accepted is None and not actor.token):
            raise Refused([Finding.error("collection.terms", "terms_accepted")])
        if self.code is not None:
            check_chosen_code(self.code)


def why_not_handed_over(actors: Sequence[Actor], at: datetime) -> dict[int, Refused | None]:
    """For each of `actors` (by its `id`), why nothing is handed over to them at `at`; None: nothing stands
    against it.

    The same questions as `require_person` asks, for all of them at once.
    """
    several = {id(one): one for one in actors}.values()
    tokens = hot.token_rows(sorted({one.token for one in several if one.token}))
    people = hot.person_rows(sorted({one.person_id for one in several if one.person_id}))
    cards = hot.card_rows(sorted({one.card for one in several if one.card is not None}))
    found: dict[int, Refused | None] = {}
    for one in several:
        try:
            if one.token:
                why_no_token(tokens.get(one.token), at)
            _check_holder(one, people.get(one.person_id), cards, at)
            found[id(one)] = None
        except Refused as refused:
            found[id(one)] = refused
    return found


def _check_holder(actor: Actor, person: Person | None, cards: dict[str, hot.CardRow], at: datetime) -> None:
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", actor.person_id or "—")])
    if actor.passkey:
        raise Refused([Finding.error("issuance.card-needed", "card")])
    if actor.card is None:
        return
    row = cards.get(actor.card)
    if row is None or row.person != person.pk:
        raise Refused([Finding.error("operations.card-not-yours", actor.card)])
    status = row.card.status_at(at)
    if status is not CardStatus.VALID:
        words = machine().catalogue.text(f"card-status.{status}")
        raise Refused([Finding.error("operations.card-not-valid", actor.card, status=words)])


def check_chosen_code(code: str) -> None:
    """Refuse a revocation code that is too short or too easy, before anything is asked for with it."""
    read_chosen_code(code, code)


def _is_same_code(code: str | None, kept: str) -> bool:
    """Whether a request asked again brings the code of the first time: both none, or the one kept."""
    return not kept if code is None else bool(kept) and is_code(code, kept)
