"""Structures, their contracts, people, their cards, and who holds which role at the desk."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from sceau.records.models.texts import as_person_id, as_structure_id
from sceau.registration import (
    CONTRACT_LIFE,
    CardStatus,
    ContractPartyFacts,
    ContractStanding,
    ContractState,
    Mandate,
    SignatoryQuality,
    contract_state,
)
from sceau.registration import (
    Card as CardFacts,
)
from sceau.registration import (
    Person as PersonFacts,
)
from sceau.registration import Structure as StructureFacts
from sceau.vocabulary import CardNumber, Finess, RppsRang, Siret

PARIS = ZoneInfo("Europe/Paris")
"""Contracts begin and end by the day of the authority's own calendar."""


def one_of(field: str, values: tuple[str, ...]) -> Q:
    """The condition of an enumerated column."""
    return Q(**{f"{field}__in": list(values)})


class Structure(models.Model):
    """A structure, as last accepted. Each habilitation keeps its own frozen copy of what it was granted
    on.
    """

    national_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    department = models.CharField(max_length=64)
    postcode = models.CharField(max_length=5)
    commune = models.CharField(max_length=80)
    siret = models.CharField(max_length=14, blank=True, db_index=True)
    finess = models.CharField(max_length=9, blank=True, db_index=True)
    rpps_rangs = models.JSONField(default=list)

    def facts(self) -> StructureFacts:
        """What the rules are told of this structure."""
        return StructureFacts(
            name=self.name,
            structure_id=as_structure_id(self.national_id),
            department=self.department,
            postcode=self.postcode,
            commune=self.commune,
            siret=Siret(self.siret) if self.siret else None,
            finess=Finess(self.finess) if self.finess else None,
            rpps_rangs=tuple(RppsRang(number) for number in self.rpps_rangs),
        )


class Person(models.Model):
    """A natural person, by national identifier."""

    national_id = models.CharField(max_length=64, unique=True)
    surname = models.CharField(max_length=80)
    given_names = models.CharField(max_length=80)
    title = models.CharField(max_length=80, blank=True)
    profession_code = models.IntegerField(null=True)
    specialities = models.JSONField(default=list)

    def facts(self) -> PersonFacts:
        """What the rules are told of this person."""
        return PersonFacts(
            national_id=as_person_id(self.national_id),
            surname=self.surname,
            given_names=self.given_names,
            title=self.title,
            profession_code=self.profession_code,
            specialities=tuple(self.specialities),
        )


class Card(models.Model):
    """A card. Its number never changes holder; *expired* is its date's."""

    number = models.CharField(max_length=10, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cards")
    type = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    not_after = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("status", tuple(str(status) for status in CardStatus)), name="card_status"
            ),
        )

    def facts(self, at: datetime) -> CardFacts:
        """What the rules are told of this card, as it stands at `at`."""
        return CardFacts(
            number=CardNumber(self.number),
            type=self.type,
            status=self.status_at(at),
            person_id=as_person_id(self.person.national_id),
        )

    def status_at(self, at: datetime) -> CardStatus:
        """Its status at `at`: a valid card whose date is past has expired."""
        status = CardStatus(self.status)
        if status is CardStatus.VALID and self.not_after is not None and self.not_after <= at:
            return CardStatus.EXPIRED
        return status


class Contract(models.Model):
    """An ordering contract of a structure [N413 part 2]. *Expired* is its date's."""

    number = models.CharField(max_length=40, unique=True)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="contracts")
    state = models.CharField(max_length=16)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    invoiceable = models.BooleanField(default=True)
    reason = models.TextField(blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", CONTRACT_LIFE.values()),
                name="contract_state",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="contract_dates",
            ),
        )

    def state_at(self, at: datetime) -> ContractState:
        """The state as it stands at `at`, by the calendar of Paris; a contract not yet begun is none."""
        return contract_state(
            ContractStanding(self.state),
            begins=self.valid_from,
            ends=self.valid_until,
            day=at.astimezone(PARIS).date(),
        )


class ContractParty(models.Model):
    """Someone the contract names: its legal representative or a *mandataire*, with the card that signs
    for it, from when, until when (`valid_until`: the last day) and with which powers (codes of
    ``powers.toml``).
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="parties")
    quality = models.CharField(max_length=16)
    surname = models.CharField(max_length=80)
    given_names = models.CharField(max_length=80)
    card_number = models.CharField(max_length=10, db_index=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    powers = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("quality", ("representative", "mandataire")), name="contract_party_quality"
            ),
            models.UniqueConstraint(
                fields=("contract", "quality", "card_number"),
                condition=Q(valid_until__isnull=True),
                name="contract_party_once",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="contract_party_dates",
            ),
        )

    def facts(self, person_id: str) -> ContractPartyFacts:
        """What the rules are told of this party; `person_id` is whose card it is, empty when nobody knows."""
        return ContractPartyFacts(
            quality=SignatoryQuality(self.quality),
            card_number=self.card_number,
            surname=self.surname,
            given_names=self.given_names,
            person_id=person_id,
            mandate=self.mandate(),
        )

    def mandate(self) -> Mandate:
        """From when, until when and for what this party speaks for the structure."""
        return Mandate(self.valid_from, self.valid_until, frozenset(self.powers))


class Employment(models.Model):
    """Who works for a structure, and who says so: the ground of a PRO certificate [ASSURANCE decision 14]."""

    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="employments")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="employments")
    source = models.CharField(max_length=16)
    confirmed_by = models.CharField(max_length=64, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("source", ("register", "desk")), name="employment_source"
            ),
            models.UniqueConstraint(
                fields=("structure", "person"), condition=Q(until__isnull=True), name="employment_once"
            ),
        )


class MailboxConfirmation(models.Model):
    """A code was mailed to a professional's mailbox; `confirmed_at` when it came back [ASSURANCE
    decision 14].
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="mailboxes")
    mailbox = models.CharField(max_length=320)
    code_hash = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("person", "mailbox", "sent_at"), name="mailbox_of_person"),)


ROLES = ("desk", "auditor", "authority")


class Role(models.Model):
    """A role held: a person and a quality of the desk."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles")
    quality = models.CharField(max_length=16)
    since = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("quality", ROLES), name="role_quality"),
            models.UniqueConstraint(fields=("person", "quality"), name="role_once"),
        )
