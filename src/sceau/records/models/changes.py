"""What changes around a habilitation: an administrator who leaves, an order that amends another."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sceau.records.models.certificates import Certificate
from sceau.records.models.designations import TeamMember
from sceau.records.models.orders import Order
from sceau.records.models.people import Person, Structure, one_of
from sceau.registration import DEPARTURE_LIFE, LineAnswer


class Departure(models.Model):
    """An administrator leaves a structure, or somebody a third party's team (`member`, of the third party's
    own structure): at most one of each is open for both.
    """

    reference = models.CharField(max_length=20, unique=True)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="departures")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="departures")
    member = models.OneToOneField(TeamMember, on_delete=models.PROTECT, null=True, related_name="departure")
    state = models.CharField(max_length=8)
    reason = models.TextField()
    opened_by = models.CharField(max_length=64)
    opened_card = models.CharField(max_length=10)
    opened_at = models.DateTimeField()
    ended_by = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", DEPARTURE_LIFE.values()), name="departure_state"
            ),
            models.UniqueConstraint(
                fields=("structure", "person"),
                condition=Q(state="open", member__isnull=True),
                name="departure_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True, ended_by="")
                | (~Q(state="open") & Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="departure_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(opened_by="") & ~Q(opened_card=""), name="departure_opened_with_a_card"
            ),
        )


class DepartureLine(models.Model):
    """One certificate of a departure, and what was decided of it; `answer` empty: nothing yet."""

    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="lines")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="departure_lines")
    answer = models.CharField(max_length=12, blank=True)
    successor = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("departure", "certificate"), name="departure_line_once"),
            models.CheckConstraint(
                condition=one_of("answer", ("", *(str(one) for one in LineAnswer))),
                name="departure_line_answer",
            ),
            models.CheckConstraint(
                condition=Q(answer="", decided_by="", decided_at__isnull=True)
                | (~Q(answer="") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
                name="departure_line_whole",
            ),
            models.CheckConstraint(
                condition=Q(answer="hand-over", successor__isnull=False)
                | (~Q(answer="hand-over") & Q(successor__isnull=True)),
                name="departure_line_successor",
            ),
        )


class Custody(models.Model):
    """Who looks after a certificate that somebody else asked for: handed over by a line of a departure.

    What was asked, by whom and under which right never changes; this says who acts for it from now on.
    """

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="custody")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="custodies")
    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()


class Amendment(models.Model):
    """An order that is to take the place of another. `plan` is what was answered for each thing it stops,
    `seen` the fingerprint of what was looked at, `version` the text of the order it was answered for.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="amendment")
    amends = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="amendments")
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)
    seen = models.CharField(max_length=64, blank=True)
    plan = models.JSONField(default=dict)
    planned_by = models.CharField(max_length=64, blank=True)
    planned_card = models.CharField(max_length=10, blank=True)
    planned_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(version=0, seen="", planned_by="", planned_card="", planned_at__isnull=True)
                | (Q(version__gt=0, planned_at__isnull=False) & ~Q(seen="") & ~Q(planned_by="")),
                name="amendment_planned_whole",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(version__gt=0), name="amendment_done_as_planned"
            ),
            models.UniqueConstraint(
                fields=("amends",), condition=Q(done_at__isnull=False), name="amendment_done_once"
            ),
        )
