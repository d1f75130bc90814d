"""Third parties and their teams, and who designated them for what."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import Q

from sceau.records.models.people import PARIS, Contract, Person, Structure, one_of
from sceau.records.models.pieces import Piece
from sceau.registration import (
    DESIGNATION_LIFE,
    MEMBER_LIFE,
    ContractState,
    DesignationState,
    HabilitationStatus,
    Terms,
    ThirdPartyKind,
)
from sceau.vocabulary import HostName


class ThirdParty(models.Model):
    """An editor or a distributor that structures may designate: a structure of its own, under a contract of
    its own, which says who speaks for it.
    """

    reference = models.CharField(max_length=20, unique=True)
    structure = models.OneToOneField(Structure, on_delete=models.PROTECT, related_name="third_party")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    registered_by = models.CharField(max_length=64)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("kind", tuple(str(kind) for kind in ThirdPartyKind)), name="third_party_kind"
            ),
        )


class TeamMember(models.Model):
    """Somebody of a third party's team, with their card. At most one that is proposed or active."""

    reference = models.CharField(max_length=20, unique=True)
    third_party = models.ForeignKey(ThirdParty, on_delete=models.PROTECT, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="teams")
    card_number = models.CharField(max_length=10)
    email = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=16)
    proposed_by = models.CharField(max_length=64)
    proposed_card = models.CharField(max_length=10)
    proposed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("state", MEMBER_LIFE.values()), name="team_member_state"),
            models.UniqueConstraint(
                fields=("third_party", "person"),
                condition=Q(state__in=("proposed", "active")),
                name="team_member_once",
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(proposed_card=""), name="team_member_with_a_card"
            ),
        )


class TeamCheck(models.Model):
    """One officer's yes to a member. Never changed, never removed (trigger)."""

    member = models.ForeignKey(TeamMember, on_delete=models.PROTECT, related_name="checks")
    officer = models.CharField(max_length=64)
    card_number = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("member", "officer"), name="team_check_once"),
            models.CheckConstraint(
                condition=~Q(officer="") & ~Q(card_number=""), name="team_check_with_a_card"
            ),
        )


class Designation(models.Model):
    """A structure designates a third party. `current_version` is 0 until one of its acts is whole; at most
    one designation that is not over for both.
    """

    reference = models.CharField(max_length=20, unique=True)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="designations")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="designations")
    third_party = models.ForeignKey(ThirdParty, on_delete=models.PROTECT, related_name="designations")
    state = models.CharField(max_length=16)
    current_version = models.PositiveIntegerField(default=0)
    accepted_by = models.CharField(max_length=64, blank=True)
    accepted_card = models.CharField(max_length=10, blank=True)
    accepted_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_as = models.CharField(max_length=16, blank=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", DESIGNATION_LIFE.values()), name="designation_state"
            ),
            models.UniqueConstraint(
                fields=("structure", "third_party"),
                condition=Q(state__in=("prepared", "offered", "active")),
                name="designation_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | (~Q(accepted_by="") & ~Q(accepted_card="")),
                name="designation_accepted_with_a_card",
            ),
            models.CheckConstraint(
                condition=Q(state="prepared") | Q(state="declined") | Q(current_version__gt=0),
                name="designation_signed",
            ),
            models.CheckConstraint(
                condition=~Q(state="ended") | Q(ended_at__isnull=False), name="designation_ended_whole"
            ),
        )
        indexes = (models.Index(fields=("third_party", "state", "id"), name="designation_of_third"),)

    def contracts_at(self, at: datetime) -> bool:
        """Whether both contracts, the structure's and the third party's, are in force at `at`."""
        return all(
            one.state_at(at) is ContractState.ACTIVE for one in (self.contract, self.third_party.contract)
        )


class DesignationVersion(models.Model):
    """One signed act of the structure: the terms, and who signed. Never changed, never removed (trigger).

    On line, `signed_card` is the signatory's card. On paper it is empty, `piece` is the act, and the version
    holds once two officers attested it. One that `carries` another repeats it word for word for what its
    structure became: `piece` is then the extract on which two officers confirmed so. `party_number` is the
    third party as it was numbered when the act was made.
    """

    designation = models.ForeignKey(Designation, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    products = models.JSONField()
    names = models.JSONField(default=list)
    may_fill = models.BooleanField()
    may_administer = models.BooleanField()
    until = models.DateField()
    signatory = models.CharField(max_length=64)
    quality = models.CharField(max_length=16)
    signed_card = models.CharField(max_length=10, blank=True)
    signed_on = models.DateField()
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, related_name="+")
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    party_number = models.CharField(max_length=32, blank=True)
    carries = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="carried")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("designation", "number"), name="designation_version_once"),
            models.CheckConstraint(
                condition=one_of("quality", ("representative", "mandataire")),
                name="designation_signed_in_quality",
            ),
            models.CheckConstraint(
                condition=~Q(signed_card="") | Q(piece__isnull=False), name="designation_card_or_paper"
            ),
            models.CheckConstraint(
                condition=Q(may_fill=True) | Q(may_administer=True), name="designation_for_something"
            ),
        )

    def terms(self) -> Terms:
        """What the rules are told of it."""
        return Terms(
            products=tuple(self.products),
            names=tuple(HostName(name) for name in self.names),
            may_fill=self.may_fill,
            may_administer=self.may_administer,
            until=self.until,
        )

    def content(self) -> dict[str, object]:
        """Everything that was signed, as `digest` covers it."""
        designation = self.designation
        return {
            "reference": designation.reference,
            "version": self.number,
            "structure": designation.structure.national_id,
            "contract": designation.contract.number,
            "third_party": self.party_number,
            "products": list(self.products),
            "names": list(self.names),
            "may_fill": self.may_fill,
            "may_administer": self.may_administer,
            "until": self.until.isoformat(),
            "signatory": self.signatory,
            "quality": self.quality,
            "card": self.signed_card,
            "signed_on": self.signed_on.isoformat(),
            "piece": "" if self.piece is None else self.piece.sha256,
            **({} if self.carries is None else {"carries": self.carries.digest}),
        }

    def is_in_force(self, at: datetime) -> bool:
        """Whether it gives anything at `at`: the present version of an active designation, before the end of
        its last day, both contracts in force.
        """
        designation = self.designation
        return (
            designation.state == DesignationState.ACTIVE
            and designation.current_version == self.number
            and day_of(at) <= self.until
            and designation.contracts_at(at)
        )

    def worth(self, at: datetime) -> HabilitationStatus | None:
        """What a right drawn from this version is worth at the most; None when it stands in nothing's way."""
        designation = self.designation
        if designation.state != DesignationState.ACTIVE or designation.current_version != self.number:
            return HabilitationStatus.WITHDRAWN
        if day_of(at) > self.until:
            return HabilitationStatus.EXPIRED
        return None if designation.contracts_at(at) else HabilitationStatus.SUSPENDED


def day_of(at: datetime) -> date:
    """The day of an instant, by the authority's calendar."""
    return at.astimezone(PARIS).date()


class DesignationAttestation(models.Model):
    """An officer compared an act on paper with what was keyed, and its signature. Never changed (trigger)."""

    version = models.ForeignKey(DesignationVersion, on_delete=models.PROTECT, related_name="attestations")
    officer = models.CharField(max_length=64)
    card_number = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("version", "officer"), name="designation_attested_once"),
            models.CheckConstraint(
                condition=~Q(officer="") & ~Q(card_number=""), name="designation_attested_with_a_card"
            ),
        )
