"""Orders being written: one row a draft, changed as it is written, emptied when it is over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sceau.records.models.designations import Designation
from sceau.records.models.orders import Order
from sceau.records.models.people import one_of
from sceau.registration import DRAFT_LIFE

ORIGINS = ("blank", "needs", "pdf", "order", "amends")
RETURNS = ("given-back", "taken-back", "ended", "expired", "deleted")


class OrderDraft(models.Model):
    """An order that its owner is writing. `raw` is the form as typed so far (canonical JSON), empty once the
    draft was sent or dropped; `visited` are the codes of the steps that were gone through, `step` the last.

    `corrects` is the order whose text this one is to replace, `amends` the accepted order whose rights it is
    to replace, `from_version` the version that it began with; `became` the order that it was sent as.
    """

    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=16)
    owner = models.CharField(max_length=64, db_index=True)
    origin = models.CharField(max_length=8)
    raw = models.TextField()
    visited = models.JSONField(default=list)
    step = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    corrects = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="corrections")
    amends = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="+")
    from_version = models.PositiveIntegerField(default=0)
    became = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="drafts")
    ended_at = models.DateTimeField(null=True)
    by_time = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("state", DRAFT_LIFE.values()), name="draft_state"),
            models.CheckConstraint(condition=one_of("origin", ORIGINS), name="draft_origin"),
        )
        indexes = (models.Index(fields=("owner", "state", "id"), name="draft_owner"),)


class Entrusting(models.Model):
    """Section 4 of a draft in somebody's hands: a person named by card or national identifier, or the team of
    a third party under a designation. Open as long as `ended_at` is null; at most one of a draft is.

    `email` is where the owner says the person is written to. `writers` are the national identifiers of those
    of the team who wrote. `returned` says how it came back (see `RETURNS`), `digest` what section 4 then was.
    """

    draft = models.ForeignKey(OrderDraft, on_delete=models.PROTECT, related_name="entrustings")
    number = models.PositiveIntegerField()
    person_id = models.CharField(max_length=64, blank=True, db_index=True)
    card_number = models.CharField(max_length=10, blank=True, db_index=True)
    designation = models.ForeignKey(
        Designation, on_delete=models.PROTECT, null=True, related_name="entrustings"
    )
    email = models.CharField(max_length=254, blank=True)
    word = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    writers = models.JSONField(default=list)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    returned = models.CharField(max_length=10, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("draft", "number"), name="entrusting_once"),
            models.UniqueConstraint(
                fields=("draft",), condition=Q(ended_at__isnull=True), name="entrusting_one_open"
            ),
            models.CheckConstraint(
                condition=Q(returned="", ended_at__isnull=True)
                | (one_of("returned", RETURNS) & Q(ended_at__isnull=False)),
                name="entrusting_ended_whole",
            ),
        )
