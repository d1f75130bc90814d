"""The journal's entries, their leaves, what opens their commitments, the signed heads; and the
instance's settings.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class JournalEntry(models.Model):
    """What happened, as the exact bytes of its leaf-to-be. Never changed, never removed (trigger).

    Written in the transaction of what it tells. `subject` is the first object it is about.
    """

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True)
    entry = models.BinaryField()
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        indexes = (models.Index(fields=("subject", "id"), name="journal_subject"),)


class JournalPending(models.Model):
    """An entry committed and not yet in the tree. Written with it, removed when it gets its leaf. On SQLite,
    which commits in the order of the numbers, those are the entries above the last leaf's, and none stands
    here.
    """

    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, primary_key=True, related_name="+")


class JournalLeaf(models.Model):
    """The place of an entry in the tree: given after commit, gap-free. Never changed, never removed
    (trigger).
    """

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="leaf")
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(position__gte=0), name="journal_leaf_position"),)


class JournalDisclosure(models.Model):
    """What opens one commitment of an entry: salt and personal data. May be erased: the tree stays whole."""

    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="disclosures", db_index=False
    )
    name = models.CharField(max_length=32)
    salt = models.BinaryField()
    data = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entry", "name"), name="journal_disclosure_once"),)


class TreeHead(models.Model):
    """A signed head. Never changed, never removed (trigger)."""

    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    frontier = models.BinaryField()
    at = models.DateTimeField()
    note = models.TextField()


class Setting(models.Model):
    """A value of this instance that must outlive a process (the clock's last acceptance…)."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
