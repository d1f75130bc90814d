"""Tokens of the machine door: made by the technical administrator, card in hand, for one right of theirs.

The secret is shown once and kept as its SHA-256 only: 256 random bits need no slow hash. The terms of use
that a page asks for at each hand-over are accepted here once, for everything the token will obtain.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sceau.operations.acts import acting, refuse_with
from sceau.operations.confinement import why_no_token
from sceau.operations.machine import Actor, machine
from sceau.operations.references import TOKEN, draw_reference
from sceau.operations.standing import (
    AUTHORITY,
    DESK,
    contract_qualities,
    require_person,
    roles_worn,
    wears_office,
)
from sceau.operations.typed import read_text
from sceau.records import TokenLine, hot, token_line
from sceau.records.models import ApiToken, Card, Habilitation, HabilitationVersion
from sceau.registration import HabilitationState
from sceau.vocabulary import Finding, Refused

PREFIX = "sceau_"
LONGEST_LIFE = timedelta(days=366)
LONGEST_LABEL = 80
MOST_A_DAY = 100_000
_SECRET = re.compile(r"sceau_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """What a token may do at most: `per_day` certificates in any 24 hours."""

    per_day: int = 500


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `secret` is shown to its maker once, and is nowhere else."""

    line: TokenLine
    secret: str = field(repr=False)


def create_token(
    actor: Actor,
    *,
    habilitation: str,
    label: str,
    valid_until: datetime,
    terms_accepted: bool,
    limits: TokenLimits | None = None,
) -> NewToken:
    """Make a token for one right of the actor's, who has a card in hand. It ends with the card at the latest.

    Refused: not your right, right not active, no card, terms not accepted, label, term, limits.
    """
    kept = limits or TokenLimits()
    with acting(actor, "token.created", habilitation) as act:
        person = require_person(act)
        right = Habilitation.objects.select_for_update().filter(reference=habilitation, person=person).first()
        if right is None:
            raise Refused([Finding.error("habilitation.unknown", habilitation)])
        card = Card.objects.filter(number=actor.card).first() if actor.card else None
        if card is None:
            raise Refused([Finding.error("token.card-needed", "card")])
        words, unreadable = _read_label(label)
        refuse_with(
            [
                *unreadable,
                *_check_right(right),
                *_check_terms(words, terms_accepted=terms_accepted, limits=kept),
                *_check_life(valid_until, at=act.at, card=card),
            ]
        )
        secret = PREFIX + urlsafe_b64encode(act.machine.random(32)).rstrip(b"=").decode("ascii")
        token = ApiToken.objects.create(
            reference=draw_reference(TOKEN, act.machine.random),
            habilitation=right,
            label=words,
            secret_sha256=_digest(secret),
            created_by=person.national_id,
            card_number=card.number,
            created_at=act.at,
            valid_until=valid_until,
            terms_accepted_at=act.at,
            per_day=kept.per_day,
        )
        act.about(token.reference, right.reference)
        act.tell(valid_until=valid_until.isoformat(), per_day=kept.per_day, terms_accepted=True)
        act.tell(right=right.reference, secret=secret_digest(token.secret_sha256))
        act.keep(label=words)
    return NewToken(_view(token.reference), secret)


def revoke_token(actor: Actor, *, reference: str) -> TokenLine:
    """End a token, for ever. By its maker, whom the contract names, the desk or the authority."""
    with acting(actor, "token.revoked", reference) as act:
        person = require_person(act)
        token = (
            ApiToken.objects.select_for_update(of=("self",))
            .select_related("habilitation")
            .filter(reference=reference)
            .first()
        )
        if token is None or not _has_hand(actor, token):
            raise Refused([Finding.error("token.unknown", reference)])
        act.about(token.reference, token.habilitation.reference)
        if token.revoked_at is not None:
            act.unchanged()
        else:
            token.revoked_at, token.revoked_by = act.at, person.national_id
            token.save(update_fields=["revoked_at", "revoked_by"])
    return _view(reference)


def admit_token(secret: str) -> Actor:
    """Who acts with this secret, now. `Refused` (``token.unknown``, or why a known one serves no more).

    Nothing is journaled: nobody is at the door yet [decision 18].
    """
    admitted = admit_tokens([secret])[0]
    if isinstance(admitted, Refused):
        raise admitted
    return admitted


def admit_tokens(secrets: Sequence[str]) -> list[Actor | Refused]:
    """Who acts with each of these secrets, now, or why nobody does. One reading for all of them."""
    digests = {one: _digest(one) if _SECRET.fullmatch(one) else "" for one in set(secrets)}
    rows = hot.token_rows_of_secrets(sorted({digest for digest in digests.values() if digest}))
    at = machine().clock()
    known = {one: _admitted(rows.get(digest), digest, at) for one, digest in digests.items()}
    return [known[one] for one in secrets]


def _admitted(row: hot.TokenRow | None, digest: str, at: datetime) -> Actor | Refused:
    if row is None or not hmac.compare_digest(row.secret_sha256, digest):
        return Refused([Finding.error("token.unknown", "token")])
    try:
        why_no_token(row, at)
    except Refused as refused:
        return refused
    return Actor(
        row.person,
        row.card_number,
        frozenset({"token"}),
        row.display,
        token=row.reference,
        within=row.habilitation,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def secret_digest(secret_sha256: str) -> str:
    """What the journal tells of a token's secret: the digest of the digest that opens it."""
    return hashlib.sha256(secret_sha256.encode()).hexdigest()


def _read_label(label: str) -> tuple[str, tuple[Finding, ...]]:
    """The label, or why it is none: said with all the rest, not before it."""
    try:
        return read_text(label, subject="label"), ()
    except Refused as refusal:
        return "", refusal.findings


def _check_right(right: Habilitation) -> list[Finding]:
    if right.state == HabilitationState.ACTIVE:
        return []
    words = machine().catalogue.text(f"usable.{right.state}")
    return [Finding.error("token.right", right.reference, status=words)]


def _check_terms(label: str, *, terms_accepted: bool, limits: TokenLimits) -> list[Finding]:
    found = []
    if terms_accepted is not True:
        found.append(Finding.error("token.terms", "terms"))
    if len(label) > LONGEST_LABEL or "\n" in label:
        found.append(Finding.error("token.label", "label", longest=LONGEST_LABEL))
    if not 1 <= limits.per_day <= MOST_A_DAY:
        found.append(Finding.error("token.limits", "per_day", most=MOST_A_DAY))
    return found


def _check_life(valid_until: datetime, *, at: datetime, card: Card) -> list[Finding]:
    if valid_until.utcoffset() is None:
        raise ValueError("a token ends at an aware instant")
    latest = at + LONGEST_LIFE
    if card.not_after is not None:
        latest = min(latest, card.not_after)
    if at < valid_until <= latest:
        return []
    return [Finding.error("token.term", "valid_until", latest=f"{latest:%Y-%m-%d}")]


def _has_hand(actor: Actor, token: ApiToken) -> bool:
    if wears_office(actor) or roles_worn(actor) & {DESK, AUTHORITY}:
        return bool(roles_worn(actor) & {DESK, AUTHORITY})
    if token.created_by == actor.person_id:
        return True
    right = token.habilitation
    present = HabilitationVersion.objects.get(habilitation=right, number=right.current_version)
    return bool(contract_qualities(actor.person_id, present.contract_id))


def _view(reference: str) -> TokenLine:
    line = token_line(reference, at=machine().clock())
    if line is None:
        raise LookupError(f"token {reference} was just written")
    return line
