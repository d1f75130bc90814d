"""What the desk keeps of an order beside its text: whom it waits for, since when and until when, by which
rule it is decided; what was asked, point by point; how long stays were; and by which words things are found.
"""

from __future__ import annotations

from django.db import models

from sceau.catalogue import FEWEST_OFFICERS, Lane
from sceau.records.models.orders import Order, OrderNote
from sceau.records.models.people import one_of

HOLD_EVENTS = ("", "text", "piece")


class ApprovalRules(models.Model):
    """The rules of approval as they stood once, as canonical JSON. Never changed, never removed (trigger)."""

    digest = models.CharField(max_length=64, unique=True)
    content = models.TextField()
    since = models.DateTimeField()


class DeskCase(models.Model):
    """An order on the desk. `rules` are frozen when it comes in; `needed` and `with_role` are what they ask
    of its present text (trigger: it is not accepted with fewer).

    `wake_at` is when a person of the desk has something to do with it: at once, when an answer is overdue,
    when a hold ends. `due_at` is when its stay in this lane is late. Both are empty once it is closed.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="case")
    rules = models.ForeignKey(ApprovalRules, on_delete=models.PROTECT, db_index=False)
    rule = models.CharField(max_length=40)
    needed = models.PositiveSmallIntegerField()
    with_role = models.CharField(max_length=16, blank=True)
    lane = models.CharField(max_length=8)
    assigned_to = models.CharField(max_length=64, blank=True)
    entered_at = models.DateTimeField()
    wake_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    held_for = models.CharField(max_length=8, blank=True)
    held_why = models.TextField(blank=True)
    held_by = models.CharField(max_length=64, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("lane", tuple(Lane)), name="case_lane"),
            models.CheckConstraint(condition=one_of("held_for", HOLD_EVENTS), name="case_held_for"),
            models.CheckConstraint(
                condition=models.Q(needed__gte=FEWEST_OFFICERS), name="case_never_one_officer"
            ),
        )
        indexes = (
            models.Index(fields=("wake_at", "id"), name="case_awake"),
            models.Index(fields=("due_at", "id"), name="case_due"),
            models.Index(fields=("assigned_to", "wake_at", "id"), name="case_assigned"),
            models.Index(fields=("lane", "wake_at", "id"), name="case_lane_wake"),
        )


class RequestItem(models.Model):
    """One point of a request for more: at which place of the form, what is wanted, and the answer."""

    note = models.ForeignKey(OrderNote, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=80, blank=True)
    text = models.TextField()
    answer = models.TextField(blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("note", "position"), name="request_item_once"),)


class StayCount(models.Model):
    """How many stays of one size ended in one lane on one day, and how many of them late."""

    lane = models.CharField(max_length=8)
    day = models.DateField()
    size = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("lane", "day", "size"), name="stay_count_once"),)


class SearchWord(models.Model):
    """A word by which something is found: plain lower-case letters and digits, as bytes, so that both
    databases order them alike.

    `kind` is ``order``, ``person``, ``structure`` or ``contract``; `target` its row.
    """

    word = models.BinaryField(max_length=64)
    kind = models.CharField(max_length=10)
    target = models.PositiveBigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("word", "kind", "target"), name="search_word_once"),)
