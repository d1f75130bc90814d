"""Habilitations: the right, its state, and the exact texts it was granted on."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from sceau.records.models.designations import DesignationVersion
from sceau.records.models.leaves import Leave
from sceau.records.models.orders import Order
from sceau.records.models.people import PARIS, Contract, Person, Structure, one_of
from sceau.records.models.texts import as_person_id, as_structure_facts
from sceau.registration import (
    HABILITATION_LIFE,
    HabilitationState,
    HabilitationStatus,
    HolderLetter,
    Scope,
    ScopeKind,
    leave_standing,
)
from sceau.registration import Habilitation as HabilitationFacts
from sceau.vocabulary import HostName

ON_LEAVE = "on-leave"
"""Stands for the letter of a right that rests on a leave: what it is worth is the leave's, at each moment."""

_DESIGNATED_BY = ("designation__contract", "designation__third_party__contract")

NO_SCOPE = "-"
"""The mark that stands for the scope of a product that needs no name [ASSURANCE decision 17]."""


class Habilitation(models.Model):
    """A right: person × product × canonical scope × structure. At most one that is not withdrawn."""

    reference = models.CharField(max_length=20, unique=True)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="habilitations")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="habilitations")
    product = models.CharField(max_length=16)
    canonical_scope = models.CharField(max_length=270)
    state = models.CharField(max_length=16)
    current_version = models.PositiveIntegerField()
    reason = models.TextField(blank=True)
    granted_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", HABILITATION_LIFE.values()), name="habilitation_state"
            ),
            # Suspended counts too, or a second grant would go round a suspension.
            models.UniqueConstraint(
                fields=("structure", "person", "product", "canonical_scope"),
                condition=~Q(state="withdrawn"),
                name="habilitation_once",
            ),
        )
        indexes = (models.Index(fields=("person", "state"), name="habilitation_person"),)


class HabilitationVersion(models.Model):
    """The exact text of a right, from one version of an order. Never changed, never removed (trigger).

    The structure stands here as it was accepted: a later correction of its name changes no right. `digest`
    is of all of it, and stands in the journal: a row altered behind our back grants nothing.
    """

    habilitation = models.ForeignKey(Habilitation, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="grants")
    order_version = models.PositiveIntegerField()
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="grants")
    structure = models.JSONField()
    scope_kind = models.CharField(max_length=16, blank=True)
    scope_name = models.CharField(max_length=253, blank=True)
    scope_restricted = models.BooleanField(default=False)
    holder_letter = models.CharField(max_length=32)
    card_number = models.CharField(max_length=10, db_index=True)
    valid_until = models.DateTimeField(null=True)
    leave = models.ForeignKey(Leave, on_delete=models.PROTECT, null=True, related_name="grants")
    designation = models.ForeignKey(
        DesignationVersion, on_delete=models.PROTECT, null=True, related_name="grants"
    )
    granted_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("habilitation", "number"), name="habilitation_version_once"),
            models.CheckConstraint(
                condition=one_of("scope_kind", ("", "domain", "subdomain", "server", "mail")),
                name="habilitation_scope_kind",
            ),
            models.CheckConstraint(
                condition=Q(scope_kind="", scope_name="") | (~Q(scope_kind="") & ~Q(scope_name="")),
                name="habilitation_scope_whole",
            ),
            models.CheckConstraint(
                condition=one_of("holder_letter", (ON_LEAVE, *(str(letter) for letter in HolderLetter))),
                name="habilitation_letter",
            ),
        )

    def scope(self) -> Scope | None:
        """The scope, None for the products that need no name."""
        if not self.scope_kind:
            return None
        return Scope(ScopeKind(self.scope_kind), HostName(self.scope_name), self.scope_restricted)

    def status(self, at: datetime) -> HabilitationStatus:
        """What the right is worth at `at`, the contract apart."""
        state = HabilitationState(self.habilitation.state)
        if state is HabilitationState.WITHDRAWN:
            return HabilitationStatus.WITHDRAWN
        worth = self._designated(at)
        if worth is not None:
            return worth
        if self.valid_until is not None and self.valid_until <= at:
            return HabilitationStatus.EXPIRED
        if state is HabilitationState.SUSPENDED:
            return HabilitationStatus.SUSPENDED
        return HabilitationStatus.APPROVED

    def _designated(self, at: datetime) -> HabilitationStatus | None:
        """What the designation that gave this right to a third party's team leaves of it at `at`; None: all.
        Read from its rows each time, as a leave is [F31], unless they were read along with this one.
        """
        if self.designation_id is None:
            return None
        if "designation" in self._state.fields_cache:
            return None if self.designation is None else self.designation.worth(at)
        rows = DesignationVersion.objects.select_related(*_DESIGNATED_BY)
        found = rows.filter(pk=self.designation_id).first()
        return HabilitationStatus.WITHDRAWN if found is None else found.worth(at)

    def facts(self, at: datetime) -> HabilitationFacts:
        """What the rules are told of this right, as it stands at `at`."""
        right = self.habilitation
        return HabilitationFacts(
            reference=right.reference,
            version=self.number,
            status=self.status(at),
            person_id=as_person_id(right.person.national_id),
            structure=as_structure_facts(self.structure),
            product=right.product,
            scope=self.scope(),
            contract=self.contract.state_at(at),
            holder_letter=self.letter_at(at),
            valid_until=self.valid_until,
        )

    def letter_at(self, at: datetime) -> HolderLetter:
        """Where the leave that the right rests on stands at `at`. Read from its row each time: what was known
        of it a moment ago is not what it is now [F31]. A right that rests on a leave nobody finds has none.
        """
        if self.holder_letter != ON_LEAVE:
            return HolderLetter(self.holder_letter)
        leave, scope = Leave.objects.filter(pk=self.leave_id or 0).first(), self.scope()
        if leave is None or scope is None:
            return HolderLetter.MISSING
        day = at.astimezone(PARIS).date()
        return leave_standing(leave.facts(), scope=scope, product=self.habilitation.product, day=day)

    def content(self) -> dict[str, object]:
        """Everything that was granted, as `digest` covers it."""
        right = self.habilitation
        return {
            "reference": right.reference,
            "version": self.number,
            "person": right.person.national_id,
            "product": right.product,
            "canonical_scope": right.canonical_scope,
            "structure": self.structure,
            "scope": [self.scope_kind, self.scope_name, self.scope_restricted],
            "holder_letter": self.holder_letter,
            "card": self.card_number,
            "contract": self.contract.number,
            "order": [self.order.reference, self.order_version],
            "valid_until": None if self.valid_until is None else self.valid_until.isoformat(),
            **({} if self.leave_id is None else {"leave": self.leave_id}),
            **({} if self.designation_id is None else {"designation": self.designation_id}),
        }
