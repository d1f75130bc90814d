"""What a token may do: issue, look at and revoke within its one right, while all that is behind it stands.

Asked inside every act, again and again: a token that was admitted a moment ago is worth nothing once its
right is suspended or its maker's card opposed. It gives no right of its own: the warrant is asked for as for
a page, by the person who made it and with their card.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from sceau.operations.machine import Actor, machine
from sceau.records import hot
from sceau.records.models import ApiToken, Certificate
from sceau.registration import CardStatus, HabilitationState
from sceau.vocabulary import Finding, Refused

DAY = timedelta(days=1)
_NEAR = 128  # a batch at most: so near to its limit, a token's uses are counted anew
_MOST_LOOKED_AT = 4_096
_OFFICES = {
    "desk": frozenset({"desk"}),
    "authority": frozenset({"authority", "judge"}),
    "auditor": frozenset[str](),
}
_EVERY_OFFICE = frozenset({"desk", "authority", "judge"})
OF_A_TOKEN = frozenset({"certificate.intended", "certificate.handed-over", "certificate.revoked"})
"""The acts open to a token; every other verb refuses it."""


def hold_act(actor: Actor, kind: str, at: datetime) -> None:
    """Refuse a token an act that is not a token's, and any act once it serves no more. Others pass."""
    if not actor.token:
        return
    if kind not in OF_A_TOKEN:
        raise Refused([Finding.error("token.act", actor.token)])
    standing_token(actor.token, at)


def hold_right(token: hot.TokenRow, habilitation: str | None) -> None:
    """Refuse a token any right but its own: another does not exist for it."""
    if token.habilitation != habilitation:
        raise Refused([Finding.error("habilitation.unknown", habilitation or "—")])


def qualities_left(actor: Actor, row: Certificate, held: frozenset[str]) -> frozenset[str]:
    """Of the qualities a person holds towards a certificate, those that a token of theirs keeps, or the hat
    that they wear: an officer's hat is that office alone, the holder's hat none.
    """
    if actor.hat and not actor.token:
        offices = _OFFICES.get(actor.hat)
        return held - _EVERY_OFFICE if offices is None else held & offices
    if not actor.token:
        return held
    own = ApiToken.objects.filter(reference=actor.token).values_list("habilitation_id", flat=True).first()
    return held & {"administrator"} if own is not None and own == row.habilitation_id else frozenset()


class Quotas:
    """How many certificates the tokens of a batch may still ask for today.

    The tokens' rows are held by the transaction, so that of two requests at once only one takes the last
    place [ASSURANCE T56].
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._left: dict[int, int] = {}

    def take(self, token: hot.TokenRow) -> None:
        """One place of the token's daily limit. `Refused` (``token.quota``) when there is none left."""
        left = self._left.get(token.id)
        if left is None:
            left = token.per_day - _used(token, self._at)
        if left <= 0:
            raise Refused([Finding.error("token.quota", token.reference, per_day=token.per_day)])
        self._left[token.id] = left - 1


@dataclass(frozen=True, slots=True)
class _Counted:
    """A token's uses as they were counted at `at`: `count` of them, numbered up to `last`."""

    at: datetime
    last: int
    count: int


_counted: dict[tuple[str, str], _Counted] = {}


def _used(token: hot.TokenRow, at: datetime) -> int:
    """The uses of the last 24 hours. Those counted before are counted again only once they could matter:
    until then their number is what it was at most. Later ones are found by their numbers, not among all that
    the token ever asked for; where others used theirs very often meanwhile, the day is counted anew.
    """
    name = (str(connection.settings_dict["NAME"]), token.reference)
    before = _counted.get(name)
    if before is not None and before.at <= at:
        since = hot.count_uses_above(token.id, before.last, most=_MOST_LOOKED_AT)
        if since is not None and before.count + since[0] < token.per_day - _NEAR:
            _counted[name] = _Counted(before.at, since[1], before.count + since[0])
            return before.count + since[0]
    count, last = hot.count_uses(token.id, since=at - DAY)
    _counted[name] = _Counted(at, last, count)
    return count


def standing_token(reference: str, at: datetime) -> hot.TokenRow:
    """The token, if it serves at `at`. `Refused` with every reason why not."""
    return why_no_token(hot.token_rows([reference]).get(reference), at)


def why_no_token(token: hot.TokenRow | None, at: datetime) -> hot.TokenRow:
    """The token that was found, if it serves at `at`. `Refused` with every reason why not."""
    if token is None:
        raise Refused([Finding.error("token.unknown", "token")])
    found = _why_not(token, at)
    if found:
        raise Refused(found)
    return token


def _why_not(token: hot.TokenRow, at: datetime) -> list[Finding]:
    found = []
    if token.revoked_at is not None:
        found.append(Finding.error("token.revoked", token.reference))
    if token.valid_until <= at:
        found.append(Finding.error("token.expired", token.reference, until=f"{token.valid_until:%Y-%m-%d}"))
    if token.right_state != HabilitationState.ACTIVE:
        words = machine().catalogue.text(f"usable.{token.right_state}")
        found.append(Finding.error("token.right", token.habilitation, status=words))
    card = token.card
    if card is None or card.person_id != token.person_id:
        found.append(Finding.error("operations.card-not-yours", token.card_number))
        return found
    status = card.status_at(at)
    if status is not CardStatus.VALID:
        words = machine().catalogue.text(f"card-status.{status}")
        found.append(Finding.error("operations.card-not-valid", card.number, status=words))
    return found
