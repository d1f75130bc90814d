"""Tokens with everything behind them in one row, and their uses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sceau.records.hot.link import ask, held, insert, instant, marks, stored
from sceau.records.models import Card


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, its right, whose it is, and the card that made it (None: there is no such card)."""

    id: int
    reference: str
    secret_sha256: str
    card_number: str
    valid_until: datetime
    revoked_at: datetime | None
    per_day: int
    habilitation_id: int
    habilitation: str
    right_state: str
    person_id: int
    person: str
    display: str
    card: Card | None


_TOKENS = (
    "SELECT t.id, t.reference, t.secret_sha256, t.card_number, t.valid_until, t.revoked_at, t.per_day,"
    " h.id, h.reference, h.state, p.id, p.national_id, p.given_names, p.surname,"
    " c.person_id, c.status, c.not_after"
    " FROM records_apitoken t JOIN records_habilitation h ON h.id = t.habilitation_id"
    " JOIN records_person p ON p.id = h.person_id LEFT JOIN records_card c ON c.number = t.card_number"
)


def token_rows(references: Sequence[str], *, hold: bool = False) -> dict[str, TokenRow]:
    """The tokens of these references; with `hold`, kept until the transaction ends (their daily limits are
    counted).
    """
    return {row.reference: row for row in _tokens("reference", references, hold=hold)}


def token_rows_of_secrets(digests: Sequence[str]) -> dict[str, TokenRow]:
    """The tokens whose secrets have these digests (hex SHA-256)."""
    return {row.secret_sha256: row for row in _tokens("secret_sha256", digests, hold=False)}


def _tokens(column: str, values: Sequence[str], *, hold: bool) -> list[TokenRow]:
    if not values:
        return []
    statement = f"{_TOKENS} WHERE t.{column} IN ({marks(values)}) ORDER BY t.id{held('t') if hold else ''}"
    return [_token(row) for row in ask(statement, values)]


def _token(row: Sequence[Any]) -> TokenRow:
    (number, reference, secret, card, until, revoked, per_day, right, named, state, *whose) = row
    person, national_id, given, surname, card_person, status, not_after = whose
    return TokenRow(
        id=number,
        reference=reference,
        secret_sha256=secret,
        card_number=card,
        valid_until=_sure(instant(until)),
        revoked_at=instant(revoked),
        per_day=per_day,
        habilitation_id=right,
        habilitation=named,
        right_state=state,
        person_id=person,
        person=national_id,
        display=f"{given} {surname}".strip(),
        card=None
        if card_person is None
        else Card(number=card, person_id=card_person, status=status, not_after=instant(not_after)),
    )


def _sure(at: datetime | None) -> datetime:
    if at is None:
        raise LookupError("a token without an end")
    return at


def count_uses(token: int, *, since: datetime) -> tuple[int, int]:
    """How many certificates this token asked for later than `since`, and the highest number of its uses."""
    rows = ask(
        "SELECT COUNT(*), MAX(id) FROM records_apitokenuse WHERE token_id = %s AND at > %s",
        (token, stored(since)),
    )
    return int(rows[0][0]), int(rows[0][1] or 0)


def count_uses_above(token: int, number: int, *, most: int) -> tuple[int, int] | None:
    """How many of this token's uses are numbered above `number`, and the highest number of any token's use
    (or `number`). None when more than `most` uses of all tokens would have to be looked at.
    """
    rows = ask(
        "SELECT COUNT(*), SUM(CASE WHEN token_id = %s THEN 1 ELSE 0 END), MAX(id) FROM"
        " (SELECT id, token_id FROM records_apitokenuse WHERE id > %s ORDER BY id LIMIT %s) recent",
        (token, number, most + 1),
    )
    looked, count, last = rows[0]
    return None if looked > most else (int(count or 0), int(last or number))


class NewUse(NamedTuple):
    """A token asked for a certificate."""

    token: int
    certificate: int
    at: datetime


def write_uses(uses: Collection[NewUse]) -> None:
    """Note `uses`."""
    rows = [(one.token, one.certificate, stored(one.at)) for one in uses]
    insert("apitokenuse", "token_id, certificate_id, at", rows)
