"""The ground of a request: every fact it stands on, gathered from the records at one moment.

Gathered for a whole batch at once, inside the transaction that stores the intents: the rows of the rights are
held until its end, so that what was weighed is what holds when the intent is committed [ASSURANCE T20]. No
rule here, but that a right is somebody's.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from sceau.certification import CertificateState, CertificationRequest, KeyFacts, KeyUse
from sceau.journal import leaf_hash
from sceau.operations.confinement import hold_right, why_no_token
from sceau.operations.machine import Actor, machine
from sceau.operations.typed import canonical, digest_of
from sceau.records import hot, looked_after_by
from sceau.records.models import Certificate, Employment, Habilitation, MailboxConfirmation, Person
from sceau.registration import Card as CardFacts
from sceau.registration import ConfirmedMailbox, HabilitationState, HolderSource, NamedHolder
from sceau.registration import Habilitation as HabilitationFacts
from sceau.registration import Person as PersonFacts
from sceau.vocabulary import Fault, Finding, Refused, StructureId, Term, read_mailbox

_STANDING_AFTER = {
    "habilitation.granted": HabilitationState.ACTIVE,
    "habilitation.suspended": HabilitationState.SUSPENDED,
    "habilitation.resumed": HabilitationState.ACTIVE,
    "habilitation.withdrawn": HabilitationState.WITHDRAWN,
}
_GRANTED = frozenset({"habilitation.granted", "habilitation.extended"})
_KINDS = tuple(sorted({*_STANDING_AFTER, *_GRANTED}))
_MOST_KEPT = 4_096
_SMALL = 16_384


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is asked for. `habilitation` is the right's reference, None for a professional's own card (PS
    products).

    `names` are as typed (for PS products: the mailbox, confirmed before); `csr` is PEM or DER; `holder` is
    the person of a PRO certificate [decision 14]; `replaces` is the reference of the certificate renewed;
    `term` asks for a shorter life than the profile's, never for a longer one.
    """

    product: str
    names: tuple[str, ...]
    csr: bytes = b""
    habilitation: str | None = None
    holder: PersonFacts | None = None
    replaces: str = ""
    term: Term = Term.WHOLE

    def digest(self) -> str:
        """Hex SHA-256 of everything asked: two requests under one idempotency key must be the same."""
        if _is_plain(self):
            return digest_of(
                f'{{"csr":"{self.csr.hex()}","habilitation":"{self.habilitation}","holder":null,'
                f'"names":["{self.names[0]}"],"product":"{self.product}","replaces":"{self.replaces}"}}'
            )
        return self._digest()

    def _digest(self) -> str:
        asked: dict[str, object] = {
            "product": self.product,
            "names": list(self.names),
            "csr": self.csr.hex(),
            "habilitation": self.habilitation,
            "holder": None if self.holder is None else self.holder.national_id.text,
            "replaces": self.replaces,
        }
        if self.term is not Term.WHOLE:  # the digests of before this could be asked stay what they were
            asked["term"] = str(self.term)
        return digest_of(canonical(asked))


_PLAIN = re.compile(r"[ !#-\[\]-~]*")  # what JSON writes as it is


def _is_plain(asked: CertificateRequest) -> bool:
    """Whether nearly everybody asks like this: one name, nobody's, for the whole term, all in plain text."""
    return (
        asked.habilitation is not None
        and asked.holder is None
        and asked.term is Term.WHOLE
        and len(asked.names) == 1
        and len(asked.csr) < _SMALL
        and _PLAIN.fullmatch(
            f"{asked.habilitation}{asked.names[0]}{asked.product}{asked.replaces}", 0, _SMALL
        )
        is not None
    )


@dataclass(frozen=True, slots=True)
class Right:
    """A habilitation as the rules see it, the rows it comes from, and how its structure is called now."""

    facts: HabilitationFacts
    habilitation: int
    structure: int
    contract: int
    recorded_card: str
    structure_name: str
    structure_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Who asks, with which card, under which right. The same for every request that they make at once."""

    person: PersonFacts
    row: Person
    card: CardFacts
    right: Right | None
    token: hot.TokenRow | None


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything a request stands on. `use` is the row of the key's former use, where there was one."""

    standing: Standing
    holder: NamedHolder | None
    mailbox: ConfirmedMailbox | None
    replaces: int | None
    key: KeyFacts
    use: int | None


@dataclass(frozen=True, slots=True)
class Plea:
    """A request and who makes it; `csr` None asks for the ground without the key's."""

    actor: Actor
    request: CertificateRequest
    csr: CertificationRequest | None


_Found = Standing | Refused | Fault


@dataclass(slots=True)
class Read:
    """What the records say of a batch of pleas at `at`, in a handful of statements. `unknown` is what there
    is to know of a key that no record speaks of.
    """

    at: datetime
    tokens: Mapping[str, hot.TokenRow]
    people: Mapping[str, Person]
    rights: Mapping[tuple[str, str], hot.RightRow]
    cards: Mapping[str, hot.CardRow]
    blocked: frozenset[str]
    keys: Mapping[str, hot.KeyRow]
    unknown: KeyFacts
    found: dict[tuple[int, str | None], tuple[Actor, _Found]] = field(default_factory=dict)


def read_for(pleas: Sequence[Plea], *, at: datetime) -> Read:
    """The facts as they stand now; inside a transaction the rows of rights, tokens and keys are held until
    its end.
    """
    tokens = hot.token_rows(_distinct(one.actor.token for one in pleas), hold=True)
    rights = hot.right_rows([owner for one in pleas for owner in _owners(one, tokens)], _KINDS)
    digests = sorted({one.csr.key.sha256 for one in pleas if one.csr is not None})
    recorded = [row.version.card_number for row in rights.values()]
    return Read(
        at=at,
        tokens=tokens,
        people=hot.person_rows(_distinct(one.actor.person_id for one in pleas)),
        rights=rights,
        cards=hot.card_rows(_distinct([*(one.actor.card for one in pleas), *recorded])),
        blocked=hot.blocked_among(digests),
        keys=hot.key_rows(digests),
        unknown=KeyFacts(weak=machine().weak_keys),
    )


def _owners(plea: Plea, tokens: Mapping[str, hot.TokenRow]) -> Iterator[tuple[str, str]]:
    """Whose right is asked for; nothing of a right that is not the token's: it is not even looked at."""
    reference, token = plea.request.habilitation, tokens.get(plea.actor.token)
    if plea.actor.token and (token is None or token.habilitation != reference):
        return
    if reference is not None:
        yield reference, plea.actor.person_id


def gather(actor: Actor, request: CertificateRequest, *, at: datetime) -> Ground:
    """The ground of one request, its key apart, as it stands at `at`. Raises as `ground_of` does."""
    plea = Plea(actor, request, None)
    return ground_of(plea, read_for([plea], at=at))


def ground_of(plea: Plea, read: Read) -> Ground:
    """The ground of one plea among those that were read.

    Raises `Refused` for what is nobody's or not the actor's: such a right does not exist for them; `Fault`
    (``issuance.right-altered``) for a right that is not what the journal says.
    """
    standing = _standing_among(plea, read)
    key, use = _key_of(plea, read)
    return Ground(
        standing=standing,
        holder=_holder_of(plea.request, standing.right),
        mailbox=_mailbox_of(standing.row, plea.request) if standing.right is None else None,
        replaces=_replaced(standing.row, plea.request),
        key=key,
        use=use,
    )


def _standing_among(plea: Plea, read: Read) -> Standing:
    name = (id(plea.actor), plea.request.habilitation)  # nearly all ask as one: kept below, so it is that one
    known = read.found.get(name)
    if known is None:
        found: _Found
        try:
            found = _standing_of(plea.actor, plea.request.habilitation, read)
        except (Refused, Fault) as trouble:
            found = trouble
        known = read.found[name] = plea.actor, found
    if isinstance(known[1], Standing):
        return known[1]
    raise known[1]


def _standing_of(actor: Actor, habilitation: str | None, read: Read) -> Standing:
    token = read.tokens.get(actor.token) if actor.token else None
    if actor.token:
        token = why_no_token(token, read.at)
        hold_right(token, habilitation)
    person = read.people.get(actor.person_id) if actor.person_id else None
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", actor.person_id or "—")])
    right = None if habilitation is None else _right_of(person, habilitation, read)
    return Standing(person.facts(), person, _card_of(actor, person, right, read), right, token)


def _key_of(plea: Plea, read: Read) -> tuple[KeyFacts, int | None]:
    """What the records know of a key: blocked, in use for what and by whom [decision 9].

    A certificate that was never delivered (presumed, abandoned) lets its own holder try again with the same
    key.
    """
    if plea.csr is None:
        return KeyFacts(), None
    digest, weak = plea.csr.key.sha256, read.unknown.weak
    use = read.keys.get(digest)
    if use is None and digest not in read.blocked:
        return read.unknown, None
    blocked = read.blocked & {digest}
    if use is None:
        return KeyFacts(blocked=blocked, weak=weak), None
    if use.state == CertificateState.ABANDONED:
        return KeyFacts(blocked=blocked, weak=weak), use.id
    facts = KeyFacts(
        blocked=blocked,
        uses=(KeyUse(use.product, use.owner, use.certificate),),
        weak=weak,
        renewable=use.state == CertificateState.PRESUMED,
    )
    return facts, use.id


def _right_of(person: Person, reference: str, read: Read) -> Right:
    row = read.rights.get((reference, person.national_id))
    if row is None:
        raise Refused([Finding.error("habilitation.unknown", reference)])
    check_unaltered(row)
    version = row.version
    return Right(
        facts=version.facts(read.at),
        habilitation=version.habilitation.pk,
        structure=version.habilitation.structure_id,
        contract=version.contract.pk,
        recorded_card=version.card_number,
        structure_name=row.structure_name,
        structure_id=row.structure_id,
    )


_unaltered: OrderedDict[tuple[Any, ...], None] = OrderedDict()


def check_unaltered(right: hot.RightRow) -> None:
    """A right is what the journal says was granted, and stands where it says. Anything else is an alarm, and
    grants nothing [T46].

    Rows and entries are read each time; those that were found to agree are known again by all their octets.
    """
    if connection.in_atomic_block:  # else the state and the journal are read at two moments
        _check_standing(right)
    name = (right.row, right.told)
    if name in _unaltered:
        return
    _check_text(right)
    _unaltered[name] = None
    while len(_unaltered) > _MOST_KEPT:
        _unaltered.popitem(last=False)


def _check_text(right: hot.RightRow) -> None:
    version = right.version
    digest = digest_of(canonical(version.content()))
    for told in right.told:
        if told.kind not in _GRANTED:
            continue
        public = json.loads(told.entry)["public"]
        if public["version"] == version.number:
            if public["digest"] == digest == version.digest and leaf_hash(told.entry).hex() == told.leaf_hash:
                return
            break
    raise Fault("issuance.right-altered", retryable=False, detail=version.habilitation.reference)


def _check_standing(right: hot.RightRow) -> None:
    """Suspended, resumed, withdrawn: as the journal last told of this right, else a hand was in the
    database.
    """
    told = [one.kind for one in right.told if one.kind in _STANDING_AFTER]
    row = right.version.habilitation
    if not told or row.state != _STANDING_AFTER[told[-1]]:
        raise Fault("issuance.right-altered", retryable=False, detail=row.reference)


def _card_of(actor: Actor, person: Person, right: Right | None, read: Read) -> CardFacts:
    """The card in hand; without one, the card recorded with a right that was used before [decision 16]."""
    number = actor.card
    if actor.passkey:  # an officer's passkey decides; what it cannot be is a subscriber's card
        raise Refused([Finding.error("issuance.card-needed", "card")])
    if number is None:
        if right is None or not hot.is_right_used(right.habilitation):
            raise Refused([Finding.error("issuance.card-needed", "card")])
        number = right.recorded_card
    row = read.cards.get(number)
    if row is None or row.person != person.pk:
        raise Refused([Finding.error("operations.card-not-yours", number)])
    return row.card.facts(read.at)


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
    """The certificate renewed: one that the same person looks after, of the same product and right, or of the
    same structure once it was handed over to them; nobody else's.
    """
    if not request.replaces:
        return None
    row = Certificate.objects.filter(
        looked_after_by(person.national_id), reference=request.replaces, product=request.product
    ).first()
    if row is None or not _is_of_right(row, person, request.habilitation):
        raise Refused([Finding.error("issuance.replaces-other", request.replaces)])
    return row.pk


def _is_of_right(row: Certificate, person: Person, habilitation: str | None) -> bool:
    if (None if row.habilitation is None else row.habilitation.reference) == habilitation:
        return True
    if row.habilitation is None or row.asked_by == person.national_id:
        return False
    rights = Habilitation.objects.filter(reference=habilitation)
    return rights.filter(structure=row.habilitation.structure_id).exists()


def _distinct(values: Iterable[str | None]) -> list[str]:
    """Each once, the empty left out, in a fixed order: so are locks taken."""
    return sorted({value for value in values if value})
