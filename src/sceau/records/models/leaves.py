"""Leaves: what the holders of domain names gave leave for, by letter or by a record in the DNS [N413 4.2]."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sceau.records.models.people import Structure, one_of
from sceau.records.models.pieces import Piece
from sceau.registration import LEAVE_LIFE, LeaveForm, LeaveState
from sceau.registration import Leave as LeaveFacts
from sceau.vocabulary import HostName


class Leave(models.Model):
    """A leave: which name (and all below it, if `whole`), for which products (none named: any use), from when
    until when, and where it stands.

    `letter` and `identity` are its pieces on paper; `challenge` is the text of its record in the DNS,
    `proven_at` when it was last seen there, `checked_at` when it was last looked up.
    """

    reference = models.CharField(max_length=20, unique=True)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="leaves")
    form = models.CharField(max_length=8)
    state = models.CharField(max_length=16)
    name = models.CharField(max_length=253)
    whole = models.BooleanField()
    use = models.CharField(max_length=16)
    products = models.JSONField(default=list)
    holder = models.CharField(max_length=200)
    begins = models.DateField()
    ends = models.DateField(null=True)
    signed = models.BooleanField(default=False)
    letter = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, related_name="lends")
    identity = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, related_name="identifies")
    challenge = models.CharField(max_length=500, blank=True)
    proven_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("state", LEAVE_LIFE.values()), name="leave_state"),
            models.CheckConstraint(
                condition=one_of("form", tuple(str(form) for form in LeaveForm)), name="leave_form"
            ),
            models.CheckConstraint(
                condition=~Q(form="paper", state="standing")
                | Q(signed=True, letter__isnull=False, identity__isnull=False),
                name="leave_on_paper_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(form="dns", state="standing") | Q(proven_at__isnull=False) & ~Q(challenge=""),
                name="leave_in_dns_was_seen",
            ),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=models.F("begins")), name="leave_dates"
            ),
        )
        indexes = (models.Index(fields=("structure", "name"), name="leave_of_name"),)

    def content(self) -> dict[str, object]:
        """What the journal keeps the digest of: everything that the leave says and where it stands, but for
        the times of looking it up.
        """
        return {
            "reference": self.reference,
            "structure": self.structure.national_id,
            "form": self.form,
            "state": self.state,
            "name": self.name,
            "whole": self.whole,
            "use": self.use,
            "products": sorted(self.products),
            "holder": self.holder,
            "begins": self.begins.isoformat(),
            "ends": None if self.ends is None else self.ends.isoformat(),
            "signed": self.signed,
            "letter": None if self.letter is None else self.letter.sha256,
            "identity": None if self.identity is None else self.identity.sha256,
            "challenge": self.challenge,
            "reason": self.reason,
        }

    def facts(self) -> LeaveFacts:
        """What the rules are told of this leave."""
        return LeaveFacts(
            reference=self.reference,
            form=LeaveForm(self.form),
            state=LeaveState(self.state),
            name=HostName(self.name),
            whole=self.whole,
            products=frozenset(self.products),
            begins=self.begins,
            ends=self.ends,
            signed=self.signed,
            id_copy=self.identity_id is not None,
        )
