"""A structure that closes, is absorbed or changes identity: what happened, by which evidence, and the dated
plan of what follows for each thing it holds.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from sceau.records.models.people import Structure, one_of
from sceau.records.models.pieces import Piece
from sceau.registration import CHANGE_LIFE, ChangeKind, ChangeState, ChangeThing

_RUNNING = (str(ChangeState.OPEN), str(ChangeState.PROPOSED), str(ChangeState.CONFIRMED))


class StructureChange(models.Model):
    """What happened to a structure. At most one is under way for each.

    `becomes` is the new identity as stored for versions of rights ({}: none, it closed), `successor` its row
    once confirmed. `version` grows with each answer: what is confirmed is what was proposed. `applied_at`:
    the day of the change has come, and what was to follow that day is done.
    """

    reference = models.CharField(max_length=20, unique=True)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8)
    becomes = models.JSONField(default=dict)
    successor = models.ForeignKey(Structure, on_delete=models.PROTECT, null=True, related_name="+")
    effective_on = models.DateField()
    reason = models.TextField()
    task = models.CharField(max_length=20, blank=True)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=9)
    version = models.PositiveIntegerField(default=1)
    opened_by = models.CharField(max_length=64)
    opened_card = models.CharField(max_length=10)
    opened_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=64, blank=True)
    proposed_card = models.CharField(max_length=10, blank=True)
    proposed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=64, blank=True)
    confirmed_card = models.CharField(max_length=10, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", CHANGE_LIFE.values()), name="structure_change_state"
            ),
            models.CheckConstraint(
                condition=one_of("kind", tuple(str(one) for one in ChangeKind)), name="structure_change_kind"
            ),
            models.UniqueConstraint(
                fields=("structure",), condition=Q(state__in=_RUNNING), name="structure_change_one"
            ),
            models.CheckConstraint(
                condition=~Q(opened_by="") & ~Q(opened_card=""), name="structure_change_opened"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by="")
                | (
                    ~Q(confirmed_by=F("proposed_by"))
                    & ~Q(proposed_by="")
                    & ~Q(proposed_card="")
                    & ~Q(confirmed_card="")
                    & Q(piece__isnull=False)
                ),
                name="structure_change_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("confirmed", "done"), confirmed_at__isnull=False)
                | (~Q(state__in=("confirmed", "done")) & Q(confirmed_at__isnull=True, confirmed_by="")),
                name="structure_change_confirmed_whole",
            ),
        )


class StructureChangeLine(models.Model):
    """One thing of the plan: a contract (its number), an order, a right or a certificate (its reference), and
    what follows for it. `answer` empty: nothing yet. `outcome` is what came of it, once done. `warned_at`:
    its last day to be replaced went by, and people were told so.
    """

    change = models.ForeignKey(StructureChange, on_delete=models.PROTECT, related_name="lines")
    thing = models.CharField(max_length=11)
    reference = models.CharField(max_length=40)
    carries = models.BooleanField(default=False)
    answer = models.CharField(max_length=10, blank=True)
    replace_before = models.DateField(null=True)
    revoke_on = models.DateField(null=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)
    warned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("change", "thing", "reference"), name="change_line_once"),
            models.CheckConstraint(
                condition=one_of("thing", tuple(str(one) for one in ChangeThing)), name="change_line_thing"
            ),
            models.CheckConstraint(
                condition=Q(answer="", decided_by="", decided_at__isnull=True)
                | (~Q(answer="") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
                name="change_line_whole",
            ),
            models.CheckConstraint(
                condition=~Q(thing="certificate")
                | Q(answer="")
                | Q(answer="keep", carries=False)
                | Q(answer="revoke", revoke_on__isnull=False)
                | Q(answer="replace", revoke_on__isnull=False, replace_before__isnull=False),
                name="change_line_dated",
            ),
        )
        indexes = (
            models.Index(
                fields=("revoke_on", "id"), condition=Q(done_at__isnull=True), name="change_line_revoke"
            ),
            models.Index(
                fields=("replace_before", "id"), condition=Q(done_at__isnull=True), name="change_line_replace"
            ),
            models.Index(fields=("thing", "reference"), name="change_line_reference"),
        )


class ChangeGrace(models.Model):
    """More time for a certificate that was not replaced on its day: asked by one officer, granted (or not) by
    a second, different one.
    """

    reference = models.CharField(max_length=20, unique=True)
    line = models.ForeignKey(StructureChangeLine, on_delete=models.PROTECT, related_name="graces")
    revoke_on = models.DateField()
    reason = models.TextField()
    state = models.CharField(max_length=8, default="asked")
    asked_by = models.CharField(max_length=64)
    asked_card = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_card = models.CharField(max_length=10, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", ("asked", "granted", "refused", "dropped")),
                name="change_grace_state",
            ),
            models.UniqueConstraint(fields=("line",), condition=Q(state="asked"), name="change_grace_one"),
            models.CheckConstraint(
                condition=~Q(asked_by="") & ~Q(asked_card=""), name="change_grace_with_a_card"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at__isnull=True, decided_by="")
                | (~Q(state="asked") & Q(decided_at__isnull=False)),
                name="change_grace_decided_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted")
                | (~Q(decided_by="") & ~Q(decided_card="") & ~Q(decided_by=F("asked_by"))),
                name="change_grace_two_people",
            ),
        )
