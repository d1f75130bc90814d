"""Tokens of the machine door, and what is theirs to see: the certificates of their one habilitation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from sceau.records.models import ApiToken, Card, Certificate
from sceau.records.queries.certificates import file_of, newest
from sceau.records.views import CertificateFile, CertificateLine, TokenLine


def token_line(reference: str, *, at: datetime) -> TokenLine | None:
    """A token by its reference, as it stands at `at`."""
    return next(iter(_lines(_all().filter(reference=reference), at)), None)


def list_tokens(
    *, at: datetime, created_by: str = "", habilitation: str = "", after: str = "", limit: int = 50
) -> tuple[TokenLine, ...]:
    """Tokens of a person or of a habilitation, oldest first, those that no longer serve included."""
    found = _all()
    if created_by:
        found = found.filter(created_by=created_by)
    if habilitation:
        found = found.filter(habilitation__reference=habilitation)
    last = ApiToken.objects.filter(reference=after).first() if after else None
    if last is not None:
        found = found.filter(id__gt=last.pk)
    return _lines(found.order_by("id")[:limit], at)


def certificate_under(reference: str, *, habilitation: str, at: datetime) -> CertificateFile | None:
    """The certificate if it was asked for under this habilitation; None as for what does not exist."""
    if not habilitation:
        return None
    found = Certificate.objects.filter(reference=reference, habilitation__reference=habilitation)
    return file_of(found.first(), at)


def certificates_under(
    habilitation: str, *, at: datetime, after: str = "", limit: int = 50
) -> tuple[CertificateLine, ...]:
    """The certificates asked for under this habilitation, newest first."""
    if not habilitation:
        return ()
    found = Certificate.objects.filter(habilitation__reference=habilitation)
    return newest(found, at, after=after, limit=limit)


def digests_under(person_id: str, keys: Iterable[str]) -> dict[str, str]:
    """Which of these idempotency keys of a person gave something, with the digest of what was asked."""
    found = Certificate.objects.filter(asked_by=person_id, idempotency_key__in=list(keys))
    return dict(found.exclude(state="abandoned").values_list("idempotency_key", "request_digest"))


def _all() -> QuerySet[ApiToken]:
    return ApiToken.objects.select_related("habilitation").annotate(
        used=Count("uses"), last_used=Max("uses__at")
    )


def _lines(rows: Iterable[ApiToken], at: datetime) -> tuple[TokenLine, ...]:
    kept = list(rows)
    cards = Card.objects.select_related("person").filter(number__in={row.card_number for row in kept})
    status = {card.number: str(card.facts(at).status) for card in cards}
    return tuple(_line(row, at, status.get(row.card_number, "unknown")) for row in kept)


def _line(row: ApiToken, at: datetime, card: str) -> TokenLine:
    return TokenLine(
        reference=row.reference,
        label=row.label,
        habilitation=row.habilitation.reference,
        product=row.habilitation.product,
        created_by=row.created_by,
        card_number=row.card_number,
        created_at=row.created_at,
        valid_until=row.valid_until,
        per_day=row.per_day,
        used=getattr(row, "used", 0),
        last_used=getattr(row, "last_used", None),
        revoked_at=row.revoked_at,
        standing=_standing(row, at, card),
    )


def _standing(row: ApiToken, at: datetime, card: str) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.is_past(at):
        return "expired"
    if card != "valid":
        return "card"
    return "usable" if row.habilitation.state == "active" else "right"
