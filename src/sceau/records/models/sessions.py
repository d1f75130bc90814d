"""Who is connected: a line for each session of the portal, so that its owner can see and end it."""

from __future__ import annotations

from django.db import models


class OpenSession(models.Model):
    """One session. It lives in the framework's own table, under `session_key`: gone there, it is over,
    whatever stands here. `means` is how its owner was recognised; `card_number` is empty without a card.
    """

    session_key = models.CharField(max_length=40, unique=True)
    person_id = models.CharField(max_length=64, db_index=True)
    means = models.CharField(max_length=8)
    card_number = models.CharField(max_length=10, blank=True)
    opened_at = models.DateTimeField(db_index=True)
    place = models.CharField(max_length=60)
    device = models.CharField(max_length=160)
