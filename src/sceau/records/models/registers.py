"""National registers as imported, and the tasks that the desk has.

An import is an object; its rows are a generation of their own, and readers look at the generation that
stands, never at half of one. Rows of a generation that no longer stands are removed; what changed between two
stays.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sceau.records.models.people import one_of

IMPORT_STATES = ("loading", "standing", "superseded", "refused", "dropped")
CHANGES = ("state", "name", "link", "gone")


class RegisterImport(models.Model):
    """One import of one file: who, when, which bytes, how far, how many lines came to what.

    `position` is the octet after the last line whose row is committed, `line` its number. `compared_at` is
    when the tasks that it asks for were raised.
    """

    reference = models.CharField(max_length=20, unique=True)
    layout = models.CharField(max_length=32)
    state = models.CharField(max_length=12)
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=16)
    dated = models.DateField(null=True)
    began_by = models.CharField(max_length=64, blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    compared_at = models.DateTimeField(null=True)
    accepts_shrunk = models.BooleanField(default=False)
    position = models.BigIntegerField(default=0)
    line = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    gone = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("state", IMPORT_STATES), name="register_import_state"),
            models.UniqueConstraint(
                fields=("layout",), condition=Q(state="standing"), name="register_one_stands"
            ),
            models.UniqueConstraint(
                fields=("layout",), condition=Q(state="loading"), name="register_one_loads"
            ),
        )


class RegisterRow(models.Model):
    """What one line says (`registration.RegisterRow`), in the generation of its import."""

    generation = models.BigIntegerField()
    key = models.CharField(max_length=14)
    name = models.CharField(max_length=200)
    given = models.CharField(max_length=80)
    folded = models.CharField(max_length=60)
    parent = models.CharField(max_length=64)
    other = models.CharField(max_length=14)
    postcode = models.CharField(max_length=5)
    commune = models.CharField(max_length=80)
    category = models.CharField(max_length=16)
    state = models.CharField(max_length=12)
    since = models.CharField(max_length=10)
    successor = models.CharField(max_length=14)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("generation", "key"), name="register_row_once"),)
        indexes = (
            models.Index(fields=("generation", "folded"), name="register_row_name"),
            models.Index(fields=("generation", "other"), condition=~Q(other=""), name="register_row_other"),
        )


class RegisterReject(models.Model):
    """A line that was not taken, with its number in the file and why; its text is cut at 2,000 characters."""

    generation = models.BigIntegerField()
    line = models.BigIntegerField()
    reason = models.CharField(max_length=16)
    text = models.CharField(max_length=2000)

    class Meta:
        indexes = (models.Index(fields=("generation", "line"), name="register_reject_line"),)


class RegisterChange(models.Model):
    """What one import changed of a number that the one before it knew."""

    generation = models.BigIntegerField()
    key = models.CharField(max_length=14)
    what = models.CharField(max_length=8)
    before = models.CharField(max_length=200)
    after = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("what", CHANGES), name="register_change_what"),
        )
        indexes = (
            models.Index(fields=("generation", "id"), name="register_change_of"),
            models.Index(fields=("key",), name="register_change_key"),
        )


class DeskTask(models.Model):
    """Something for a person of the desk to do: why (a code of the findings, and its values), about what,
    done by whom and how.

    `key` names the fact: the same fact never makes a second task. `raised_by` is what raised it (the
    reference of an import).
    """

    reference = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=160, unique=True)
    code = models.CharField(max_length=48)
    subject = models.CharField(max_length=80)
    details = models.JSONField(default=list)
    about = models.JSONField(default=list)
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=40)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=64, blank=True)
    outcome = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by="", outcome="")
                | (Q(done_at__isnull=False) & ~Q(done_by="") & ~Q(outcome="")),
                name="task_done_whole",
            ),
        )
        indexes = (
            models.Index(fields=("id",), condition=Q(done_at__isnull=True), name="task_to_do"),
            models.Index(fields=("subject",), name="task_subject"),
        )
