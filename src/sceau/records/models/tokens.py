"""Tokens of the machine door: each bound to one habilitation; the secret itself is never here."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from sceau.records.models.certificates import Certificate
from sceau.records.models.habilitations import Habilitation


class ApiToken(models.Model):
    """Leave for a program to act under one right, as the person who holds it, with the card they had in hand.

    `secret_sha256` is all that is kept of the secret. *Expired* is its date's; what else ends it (the right
    suspended, the card opposed) is read from those rows each time, never copied here.
    """

    reference = models.CharField(max_length=20, unique=True)
    habilitation = models.ForeignKey(Habilitation, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=80)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=64)
    card_number = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    terms_accepted_at = models.DateTimeField()
    per_day = models.PositiveIntegerField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(valid_until__gt=F("created_at")), name="token_dates"),
            models.CheckConstraint(
                condition=Exact(Length("secret_sha256"), 64), name="token_keeps_a_digest_only"
            ),
            models.CheckConstraint(condition=~Q(card_number=""), name="token_made_with_a_card"),
            models.CheckConstraint(condition=Q(per_day__gte=1), name="token_per_day"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="token_revoked_whole",
            ),
        )
        indexes = (models.Index(fields=("created_by", "id"), name="token_maker"),)

    def is_past(self, at: datetime) -> bool:
        """Whether its term is over at `at`."""
        return self.valid_until <= at


class ApiTokenUse(models.Model):
    """Which token asked for which certificate. Never changed, never removed (trigger); its daily limit counts
    these.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="uses", db_index=False)
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="token_use")
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("token", "at"), name="token_use_day"),)
