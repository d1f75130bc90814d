"""Orders: their versions, who is part of them, who approved, and what was written on the file."""

from __future__ import annotations

from django.db import models

from sceau.records.models.people import one_of
from sceau.registration import ORDER_LIFE

CHANNELS = ("web", "pdf", "desk", "cli")


class Order(models.Model):
    """An order of certificates (form 413). Its text is in its versions; accepted, refused and abandoned
    are final.
    """

    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=16)
    current_version = models.PositiveIntegerField()
    channel = models.CharField(max_length=8)
    submitted_by = models.CharField(max_length=64, blank=True)
    submitted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    assigned_to = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=64, null=True)
    structure_name = models.CharField(max_length=200, blank=True)
    structure_number = models.CharField(max_length=32, blank=True, db_index=True)
    contract_number = models.CharField(max_length=40, blank=True, db_index=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("state", ORDER_LIFE.values()), name="order_state"),
            models.CheckConstraint(condition=one_of("channel", CHANNELS), name="order_channel"),
            models.UniqueConstraint(fields=("submitted_by", "idempotency_key"), name="order_once"),
        )
        indexes = (
            models.Index(fields=("state", "changed_at", "id"), name="order_queue"),
            models.Index(fields=("submitted_by", "id"), name="order_submitter"),
        )


class OrderVersion(models.Model):
    """One text of an order, as raw JSON (canonical) with its digest. Never changed, never removed
    (trigger).

    `signed_card` is the card with which its signatory made it: the visa of that text, and of no other. Empty
    when nobody signed it here.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    raw = models.TextField()
    digest = models.CharField(max_length=64)
    made_by = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    why = models.TextField(blank=True)
    signed_card = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("order", "number"), name="order_version_once"),)


class OrderParty(models.Model):
    """Someone who is part of an order, in one of its versions: never one who decides on it (trigger).

    Who was part of any version decides nothing; who is part of the present one sees it.
    `person_id` is empty as long as nobody knows whose card it is. `role`: submitter, signatory,
    administrator, representative (of the contract named),
    technical (who had section 4 in hand while it was written: decides nothing, and sees nothing of the rest).
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="parties")
    version = models.PositiveIntegerField(default=1)
    role = models.CharField(max_length=16)
    card_number = models.CharField(max_length=10, blank=True, db_index=True)
    person_id = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("order", "version", "role", "card_number", "person_id"), name="order_party_once"
            ),
        )


class Approval(models.Model):
    """One officer's yes to one version. Never changed, never removed (trigger); an edit makes it about
    the past.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="approvals")
    version = models.PositiveIntegerField()
    officer = models.CharField(max_length=64)
    card_number = models.CharField(max_length=10, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("order", "version", "officer"), name="approval_once"),
            models.CheckConstraint(condition=~models.Q(officer=""), name="approval_officer"),
        )


class OrderNote(models.Model):
    """Something written on the file: an internal note, a request for more, an answer, a decision's reason."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=16)
    audience = models.CharField(max_length=16)
    author = models.CharField(max_length=64, blank=True)
    text = models.TextField()
    due = models.DateField(null=True)
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("kind", ("note", "request", "answer", "decision")), name="order_note_kind"
            ),
            models.CheckConstraint(
                condition=one_of("audience", ("desk", "requester")), name="order_note_audience"
            ),
        )
