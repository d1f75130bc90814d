"""The leave to certify, asked for again on the facts as they were frozen when the certificate was made.

What has changed since is left aside (the right was suspended, the contract ended, the card expired): the
question is whether these names, this structure and this person were covered by the text of the right that
the certificate points to.
"""

from __future__ import annotations

from dataclasses import replace

from sceau.catalogue import Catalogue
from sceau.operations.recheck_batch import Batch
from sceau.operations.recheck_entries import INTENDED, entry_of
from sceau.records.models import Certificate, Employment, MailboxConfirmation
from sceau.registration import Card as CardFacts
from sceau.registration import (
    CardStatus,
    ConfirmedMailbox,
    ContractState,
    HabilitationStatus,
    HolderLetter,
    HolderSource,
    NamedHolder,
    Warrant,
    own_card_warrant,
    shortened,
    warrant_for,
)
from sceau.registration import Habilitation as HabilitationFacts
from sceau.registration import Person as PersonFacts
from sceau.vocabulary import Finding, Refused, StructureId, Term, read_mailbox


def warrant_again(row: Certificate, batch: Batch, catalogue: Catalogue) -> Warrant:
    """The warrant of this certificate as it should have been. Raises `Refused` with every reason why not."""
    person, card = _asker(row, batch)
    if row.habilitation_id is None:
        return own_card_warrant(
            person=person,
            card=card,
            product=row.product,
            mailbox=_mailbox(row),
            at=row.not_before,
            catalogue=catalogue,
        )
    right = _right(row, batch)
    warrant = warrant_for(
        habilitation=right,
        person=person,
        card=card,
        product=row.product,
        names=_names(row),
        holder=_holder(row, batch),
        at=row.not_before,
        catalogue=catalogue,
    )
    return shortened(warrant, _term(row, batch))


def _term(row: Certificate, batch: Batch) -> Term:
    """The life asked for, as the intent told it: the row does not say, so that it cannot be altered there."""
    told = [entry_of(one) for one in batch.entries.get(row.reference, ()) if one.kind == INTENDED]
    asked = [one["term"] for one in told if one is not None and "term" in one]
    return Term.DAY if asked == [str(Term.DAY)] else Term.WHOLE


def _names(row: Certificate) -> tuple[str, ...]:
    return tuple(one.value for one in sorted(row.names.all(), key=lambda one: one.position))


def _asker(row: Certificate, batch: Batch) -> tuple[PersonFacts, CardFacts]:
    person, card = batch.people.get(row.asked_by), batch.cards.get(row.asked_with)
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", row.asked_by)])
    if card is None:
        raise Refused([Finding.error("operations.card-unknown", row.asked_with)])
    return person.facts(), replace(card.facts(row.not_before), status=CardStatus.VALID)


def _right(row: Certificate, batch: Batch) -> HabilitationFacts:
    version = batch.version_of(row)
    if version is None:
        raise Refused([Finding.error("habilitation.unknown", f"v{row.habilitation_version}")])
    facts = version.facts(row.not_before)
    letter = facts.holder_letter
    if letter is HolderLetter.VERIFIED_THEN_WITHDRAWN:  # since: while it stood, it was verified
        letter = HolderLetter.VERIFIED
    return replace(
        facts, status=HabilitationStatus.APPROVED, contract=ContractState.ACTIVE, holder_letter=letter
    )


def _holder(row: Certificate, batch: Batch) -> NamedHolder | None:
    """The person named, and the employment that somebody vouched for, ended since or not."""
    if not row.holder or row.structure_id is None:
        return None
    person = batch.people.get(row.holder)
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", row.holder)])
    work = (
        Employment.objects.select_related("structure")
        .filter(person=person, structure_id=row.structure_id, since__lte=row.asked_at)
        .order_by("id")
        .last()
    )
    if work is None:
        raise Refused([Finding.error("right.holder-unconfirmed", "holder")])
    structure = work.structure.national_id
    return NamedHolder(person.facts(), StructureId(structure[0], structure[1:]), HolderSource(work.source))


def _mailbox(row: Certificate) -> ConfirmedMailbox | None:
    names = _names(row)
    if not names:
        return None
    confirmed = MailboxConfirmation.objects.filter(
        person__national_id=row.asked_by, mailbox=names[0], confirmed_at__lte=row.asked_at
    ).order_by("confirmed_at")
    first = confirmed.first()
    if first is None or first.confirmed_at is None:
        raise Refused([Finding.error("issuance.mailbox-not-confirmed", names[0])])
    at = min(first.confirmed_at, row.not_before)  # the certificate's own instant has no fraction of a second
    return ConfirmedMailbox(read_mailbox(names[0]).require(), at)
