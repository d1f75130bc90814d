"""Runs of mass revocation: what was asked, who said yes, which certificates each has ended.

No certificate is named in advance but in a list: the criterion is what counts, and `RevocationRunLine` says
what came of it, written in the transaction that ends the certificate.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from sceau.catalogue import MOST_ALONE, CriterionKind
from sceau.records.models.certificates import Certificate
from sceau.records.models.people import one_of
from sceau.status import RUN_LIFE


class RevocationRun(models.Model):
    """One run. `criterion` is canonical JSON; `done` counts its lines; `cursor` is only where to look next.

    `counted`: what a large one was to end when it was prepared, as its page shows it.

    `secured_at`: when what would bring new certificates under the criterion was stopped; no line before.
    """

    reference = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    criterion = models.TextField()
    reason = models.CharField(max_length=32)
    quality = models.CharField(max_length=16)
    explanation = models.TextField()
    state = models.CharField(max_length=16)
    created_by = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    alone_up_to = models.PositiveIntegerField()
    deciders_needed = models.PositiveSmallIntegerField()
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    secured_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    why = models.TextField(blank=True)
    report_sha256 = models.CharField(max_length=64, blank=True)
    counted = models.JSONField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("state", RUN_LIFE.values()), name="run_state"),
            models.CheckConstraint(
                condition=one_of("kind", tuple(str(kind) for kind in CriterionKind)), name="run_kind"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="run_reason"),
            models.CheckConstraint(condition=Q(alone_up_to__lte=MOST_ALONE), name="run_alone_most"),
            models.CheckConstraint(
                condition=Q(deciders_needed=2) | Q(deciders_needed=1, total__lte=F("alone_up_to")),
                name="run_two_above_threshold",
            ),
            models.CheckConstraint(
                condition=Q(deciders_needed=2) | Q(done__lte=F("alone_up_to")),
                name="run_alone_ends_no_more",
            ),
        )
        indexes = (models.Index(fields=("id",), condition=Q(state="running"), name="run_running"),)


class RevocationRunMember(models.Model):
    """A certificate named by a run's list. Never changed, never removed (trigger)."""

    run = models.ForeignKey(RevocationRun, on_delete=models.PROTECT, related_name="members")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "certificate"), name="run_member_once"),)


class RevocationRunApproval(models.Model):
    """One officer's yes to a run, with the card in hand. Never changed, never removed (trigger)."""

    run = models.ForeignKey(RevocationRun, on_delete=models.PROTECT, related_name="approvals")
    officer = models.CharField(max_length=64)
    card_number = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "officer"), name="run_approval_once"),)


class RevocationRunLine(models.Model):
    """A certificate that this run ended. Never changed, never removed (trigger)."""

    run = models.ForeignKey(RevocationRun, on_delete=models.PROTECT, related_name="lines")
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="run_line")


class IssuerStop(models.Model):
    """A key of an issuer that signs no certificate any more, for ever (trigger on certificates)."""

    issuer = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    run = models.ForeignKey(RevocationRun, on_delete=models.PROTECT, related_name="stops")
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issuer", "generation"), name="issuer_stop_once"),)


class SharedFactor(models.Model):
    """An RSA key whose modulus has a prime in common with another one's: whoever has both can compute the
    private keys. Never changed, never removed (trigger). `other` is the key it was first seen with.
    """

    spki_sha256 = models.CharField(max_length=64, unique=True)
    other = models.CharField(max_length=64)
    found_at = models.DateTimeField()
