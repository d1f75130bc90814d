"""Orders being written: one row a draft, changed as it is written, emptied when it is over."""

from __future__ import annotations

from django.db import models

from sceau.records.models.orders import Order
from sceau.records.models.people import one_of
from sceau.registration import DRAFT_LIFE

ORIGINS = ("blank", "needs", "pdf", "order")


class OrderDraft(models.Model):
    """An order that its owner is writing. `raw` is the form as typed so far (canonical JSON), empty once the
    draft was sent or dropped; `visited` are the codes of the steps that were gone through, `step` the last.

    `helper_id` or `helper_card` name who has its technical part in hand, or had it last; `helpers` are all
    that ever had it; `told` is the owner's word to them, `answered` theirs. `corrects` is the order whose
    text this one is to replace, `from_version` the version that it began with; `became` the order that it
    was sent as.
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
    helper_id = models.CharField(max_length=64, blank=True, db_index=True)
    helper_card = models.CharField(max_length=10, blank=True, db_index=True)
    helpers = models.JSONField(default=list)
    entrusted_at = models.DateTimeField(null=True)
    given_back_at = models.DateTimeField(null=True)
    told = models.TextField(blank=True)
    answered = models.TextField(blank=True)
    corrects = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="corrections")
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
