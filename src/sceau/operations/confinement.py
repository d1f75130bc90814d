"""What a token may do: issue, look at and revoke within its one right, while all that is behind it stands.

Asked inside every act, again and again: a token that was admitted a moment ago is worth nothing once its
right is suspended or its maker's card opposed. It gives no right of its own: the warrant is asked for as for
a page, by the person who made it and with their card.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sceau.operations.acts import Act
from sceau.operations.machine import Actor, machine
from sceau.records.models import ApiToken, ApiTokenUse, Card, Certificate
from sceau.registration import CardStatus, HabilitationState
from sceau.vocabulary import Finding, Refused

DAY = timedelta(days=1)
OF_A_TOKEN = frozenset({"certificate.intended", "certificate.handed-over", "certificate.revoked"})
"""The acts open to a token; every other verb refuses it."""


def hold_act(actor: Actor, kind: str, at: datetime) -> None:
    """Refuse a token an act that is not a token's, and any act once it serves no more. Others pass."""
    if not actor.token:
        return
    if kind not in OF_A_TOKEN:
        raise Refused([Finding.error("token.act", actor.token)])
    standing_token(actor.token, at)


def hold_right(actor: Actor, habilitation: str | None, at: datetime) -> None:
    """Refuse a token any right but its own: another does not exist for it."""
    if not actor.token:
        return
    token = standing_token(actor.token, at)
    if token.habilitation.reference != habilitation:
        raise Refused([Finding.error("habilitation.unknown", habilitation or "—")])


def qualities_left(actor: Actor, row: Certificate, held: frozenset[str]) -> frozenset[str]:
    """Of the qualities a person holds towards a certificate, those that a token of theirs keeps."""
    if not actor.token:
        return held
    own = ApiToken.objects.filter(reference=actor.token).values_list("habilitation_id", flat=True).first()
    return held & {"administrator"} if own is not None and own == row.habilitation_id else frozenset()


def count_use(act: Act, reference: str) -> None:
    """Note which token asked for the certificate just intended; refuse it past the token's daily limit.

    The token's row is held, so that of two requests at once only one takes the last place [ASSURANCE T56].
    """
    if not act.actor.token:
        return
    token = ApiToken.objects.select_for_update().get(reference=act.actor.token)
    if token.uses.filter(at__gt=act.at - DAY).count() >= token.per_day:
        raise Refused([Finding.error("token.quota", token.reference, per_day=token.per_day)])
    row = Certificate.objects.get(reference=reference)
    ApiTokenUse.objects.create(token=token, certificate=row, at=act.at)
    act.tell(token=token.reference)


def standing_token(reference: str, at: datetime) -> ApiToken:
    """The token, if it serves at `at`. `Refused` with every reason why not."""
    token = ApiToken.objects.select_related("habilitation__person").filter(reference=reference).first()
    if token is None:
        raise Refused([Finding.error("token.unknown", "token")])
    found = _why_not(token, at)
    if found:
        raise Refused(found)
    return token


def _why_not(token: ApiToken, at: datetime) -> list[Finding]:
    found = []
    if token.revoked_at is not None:
        found.append(Finding.error("token.revoked", token.reference))
    if token.is_past(at):
        found.append(Finding.error("token.expired", token.reference, until=f"{token.valid_until:%Y-%m-%d}"))
    right = token.habilitation
    if right.state != HabilitationState.ACTIVE:
        words = machine().catalogue.text(f"usable.{right.state}")
        found.append(Finding.error("token.right", right.reference, status=words))
    card = Card.objects.select_related("person").filter(number=token.card_number).first()
    if card is None or card.person_id != right.person_id:
        found.append(Finding.error("operations.card-not-yours", token.card_number))
        return found
    status = card.facts(at).status
    if status is not CardStatus.VALID:
        words = machine().catalogue.text(f"card-status.{status}")
        found.append(Finding.error("operations.card-not-valid", card.number, status=words))
    return found
