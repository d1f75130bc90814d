"""The ground of a request: every fact it stands on, gathered from the records at one moment.

Gathered twice: once to decide, and once more, locked, inside the transaction that stores the intent. Only
if both are equal is the decision still that of this moment [ASSURANCE T20]. No rule here, but that a right
is somebody's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from sceau.certification import CertificateState, CertificationRequest, KeyFacts, KeyUse
from sceau.journal import leaf_hash
from sceau.operations.confinement import hold_right
from sceau.operations.machine import Actor, machine
from sceau.operations.typed import canonical, digest_of
from sceau.records.models import (
    BlockedKey,
    Card,
    Certificate,
    Employment,
    Habilitation,
    HabilitationVersion,
    JournalEntry,
    MailboxConfirmation,
    Person,
)
from sceau.records.models import KeyUse as KeyUseRow
from sceau.registration import Card as CardFacts
from sceau.registration import ConfirmedMailbox, HabilitationState, HolderSource, NamedHolder
from sceau.registration import Habilitation as HabilitationFacts
from sceau.registration import Person as PersonFacts
from sceau.vocabulary import Fault, Finding, Refused, StructureId, read_mailbox

_STANDING_AFTER = {
    "habilitation.granted": HabilitationState.ACTIVE,
    "habilitation.suspended": HabilitationState.SUSPENDED,
    "habilitation.resumed": HabilitationState.ACTIVE,
    "habilitation.withdrawn": HabilitationState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is asked for. `habilitation` is the right's reference, None for a professional's own card (PS
    products).

    `names` are as typed (for PS products: the mailbox, confirmed before); `csr` is PEM or DER; `holder` is
    the person of a PRO certificate [decision 14]; `replaces` is the reference of the certificate renewed.
    """

    product: str
    names: tuple[str, ...]
    csr: bytes = b""
    habilitation: str | None = None
    holder: PersonFacts | None = None
    replaces: str = ""

    def digest(self) -> str:
        """Hex SHA-256 of everything asked: two requests under one idempotency key must be the same."""
        return digest_of(
            canonical(
                {
                    "product": self.product,
                    "names": list(self.names),
                    "csr": self.csr.hex(),
                    "habilitation": self.habilitation,
                    "holder": None if self.holder is None else self.holder.national_id.text,
                    "replaces": self.replaces,
                }
            )
        )


@dataclass(frozen=True, slots=True)
class Right:
    """A habilitation as the rules see it, and the rows it comes from."""

    facts: HabilitationFacts
    habilitation: int
    structure: int
    contract: int
    recorded_card: str
    used: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything a request stands on. Equal grounds give equal decisions."""

    person: PersonFacts
    card: CardFacts
    right: Right | None
    holder: NamedHolder | None
    mailbox: ConfirmedMailbox | None
    replaces: int | None
    key: KeyFacts


def gather(
    actor: Actor, request: CertificateRequest, csr: CertificationRequest | None, *, at: datetime
) -> Ground:
    """The facts as they stand at `at`; inside a transaction the rows of the right are held until its end.

    Raises `Refused` for what is nobody's or not the actor's: such a right does not exist for them.
    """
    hold_right(actor, request.habilitation, at)
    person = Person.objects.filter(national_id=actor.person_id).first() if actor.person_id else None
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", actor.person_id or "—")])
    right = None if request.habilitation is None else _right_of(person, request.habilitation, at)
    return Ground(
        person=person.facts(),
        card=_card_of(actor, person, right, at),
        right=right,
        holder=_holder_of(request, right),
        mailbox=_mailbox_of(person, request) if right is None else None,
        replaces=_replaced(person, request),
        key=KeyFacts() if csr is None else key_facts(csr.key.sha256),
    )


def key_facts(spki_sha256: str) -> KeyFacts:
    """What the records know of a key: blocked, in use for what and by whom [decision 9].

    A certificate that was never delivered (presumed, abandoned) lets its own holder try again with the same
    key.
    """
    blocked = frozenset({spki_sha256}) & frozenset(
        BlockedKey.objects.filter(spki_sha256=spki_sha256).values_list("spki_sha256", flat=True)
    )
    use = KeyUseRow.objects.select_related("certificate").filter(spki_sha256=spki_sha256).first()
    weak = machine().weak_keys
    if use is None or use.certificate.state == CertificateState.ABANDONED:
        return KeyFacts(blocked=blocked, weak=weak)
    return KeyFacts(
        blocked=blocked,
        uses=(KeyUse(use.product, use.owner, use.certificate.reference),),
        weak=weak,
        renewable=use.certificate.state == CertificateState.PRESUMED,
    )


def _right_of(person: Person, reference: str, at: datetime) -> Right:
    mine = Habilitation.objects.filter(reference=reference, person=person)
    row = (mine.select_for_update() if connection.in_atomic_block else mine).first()
    if row is None:
        raise Refused([Finding.error("habilitation.unknown", reference)])
    version = HabilitationVersion.objects.select_related("habilitation__person", "contract", "order").get(
        habilitation=row, number=row.current_version
    )
    check_unaltered(version)
    return Right(
        facts=version.facts(at),
        habilitation=row.pk,
        structure=row.structure_id,
        contract=version.contract_id,
        recorded_card=version.card_number,
        used=Certificate.objects.filter(habilitation=row).exclude(state=CertificateState.ABANDONED).exists(),
    )


def check_unaltered(version: HabilitationVersion) -> None:
    """A right is what the journal says was granted, and stands where it says. Anything else is an alarm, and
    grants nothing [T46].
    """
    if connection.in_atomic_block:  # else the state and the journal are read at two moments
        _check_standing(version.habilitation)
    digest = digest_of(canonical(version.content()))
    told = JournalEntry.objects.filter(
        subject=version.habilitation.reference, kind__in=("habilitation.granted", "habilitation.extended")
    )
    for row in told:
        entry = bytes(row.entry)
        public = json.loads(entry)["public"]
        if public["version"] == version.number:
            if public["digest"] == digest == version.digest and leaf_hash(entry).hex() == row.leaf_hash:
                return
            break
    raise Fault("issuance.right-altered", retryable=False, detail=version.habilitation.reference)


def _check_standing(right: Habilitation) -> None:
    """Suspended, resumed, withdrawn: as the journal last told of this right, else a hand was in the
    database.
    """
    told = JournalEntry.objects.filter(subject=right.reference, kind__in=_STANDING_AFTER).order_by("-id")
    last = told.values_list("kind", flat=True).first()
    if last is None or right.state != _STANDING_AFTER[last]:
        raise Fault("issuance.right-altered", retryable=False, detail=right.reference)


def _card_of(actor: Actor, person: Person, right: Right | None, at: datetime) -> CardFacts:
    """The card in hand; without one, the card recorded with a right that was used before [decision 16]."""
    number = actor.card
    if number is None:
        if right is None or not right.used:
            raise Refused([Finding.error("issuance.card-needed", "card")])
        number = right.recorded_card
    card = Card.objects.select_related("person").filter(number=number, person=person).first()
    if card is None:
        raise Refused([Finding.error("operations.card-not-yours", number)])
    return card.facts(at)


def _holder_of(request: CertificateRequest, right: Right | None) -> NamedHolder | None:
    """The person a PRO certificate names: as the records know them if somebody vouched, else as typed."""
    if request.holder is None or right is None:
        return None
    typed = request.holder
    employed = (
        Employment.objects.select_related("person", "structure")
        .filter(structure_id=right.structure, person__national_id=typed.national_id.text, until=None)
        .first()
    )
    if employed is None:
        return NamedHolder(typed, right.facts.structure.structure_id, HolderSource.UNCONFIRMED)
    known = employed.person.facts()
    if (known.surname, known.given_names, known.profession_code) != (
        typed.surname,
        typed.given_names,
        typed.profession_code,
    ):
        raise Refused([Finding.error("issuance.holder-differs", "holder", known=known.surname)])
    structure = employed.structure.national_id
    return NamedHolder(known, StructureId(structure[0], structure[1:]), HolderSource(employed.source))


def _mailbox_of(person: Person, request: CertificateRequest) -> ConfirmedMailbox | None:
    """The one mailbox asked for, if a code that was mailed to it came back. A further name is refused: left
    out, it would be believed to be in the certificate.
    """
    if not request.names:
        return None
    if len(request.names) > 1:
        raise Refused([Finding.error("issuance.one-mailbox", "names", count=len(request.names))])
    mailbox = read_mailbox(request.names[0]).require()
    confirmed = (
        MailboxConfirmation.objects.filter(person=person, mailbox=mailbox.text, confirmed_at__isnull=False)
        .order_by("-confirmed_at")
        .first()
    )
    if confirmed is None or confirmed.confirmed_at is None:
        raise Refused([Finding.error("issuance.mailbox-not-confirmed", mailbox.text)])
    return ConfirmedMailbox(mailbox, confirmed.confirmed_at)


def _replaced(person: Person, request: CertificateRequest) -> int | None:
    """The certificate renewed: the same person's, of the same product and right; nobody else's."""
    if not request.replaces:
        return None
    row = Certificate.objects.filter(
        reference=request.replaces, asked_by=person.national_id, product=request.product
    ).first()
    right = None if row is None or row.habilitation is None else row.habilitation.reference
    if row is None or right != request.habilitation:
        raise Refused([Finding.error("issuance.replaces-other", request.replaces)])
    return row.pk
