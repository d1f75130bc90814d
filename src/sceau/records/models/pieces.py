"""Pieces: the documents of a legal file, what officers read on them, and the acts on contracts they prove.

A piece's bytes are in the instance's cabinet (`custody`), under its digest or sealed; here is what is known
of them. When they are erased, the row stays, with the digest.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from sceau.records.models.orders import Order
from sceau.records.models.people import Contract, Structure, one_of
from sceau.registration import ContractEvent, ExtractFacts

MEDIA = ("pdf", "jpeg", "png", "tiff", "json")


class Piece(models.Model):
    """One document: its kind (a row of ``pieces.toml``), its digest, who brought it, when, for what file.

    `sealed`: its bytes are encrypted and shown to the desk only. `valid_until` is the last day on which it is
    believed, by its date of issue; `erase_after` the day after which its bytes are erased (None: kept).
    """

    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=32)
    medium = models.CharField(max_length=8)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    sealed = models.BooleanField(default=False)
    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, null=True, related_name="pieces")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, related_name="pieces")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="pieces")
    brought_by = models.CharField(max_length=64, blank=True)
    brought_as = models.CharField(max_length=120)
    received_at = models.DateTimeField()
    issued_on = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    erase_after = models.DateField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("medium", MEDIA), name="piece_medium"),
            models.CheckConstraint(
                condition=Q(structure__isnull=False) | Q(contract__isnull=False) | Q(order__isnull=False),
                name="piece_of_a_file",
            ),
        )
        indexes = (
            models.Index(
                fields=("erase_after",),
                condition=Q(erased_at__isnull=True, erase_after__isnull=False),
                name="piece_to_erase",
            ),
        )


class FormReceipt(models.Model):
    """The PDF form that these bytes are, and the one order that they made, signed or joined, whoever brought
    them and by whichever way (trigger: never changed).
    """

    sha256 = models.CharField(max_length=64, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipts")
    by = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()


class ExtractReading(models.Model):
    """What an officer read on an extract. Read again, it is another row: the last one counts (trigger)."""

    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="readings")
    name = models.CharField(max_length=200)
    siret = models.CharField(max_length=14)
    legal_form = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=5, blank=True)
    commune = models.CharField(max_length=80, blank=True)
    read_by = models.CharField(max_length=64)
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(read_by=""), name="extract_reader"),)

    def facts(self) -> ExtractFacts:
        """What the rules are told of this extract."""
        piece = self.piece
        return ExtractFacts(
            piece=piece.reference,
            name=self.name,
            siret=self.siret,
            legal_form=self.legal_form,
            postcode=self.postcode,
            commune=self.commune,
            issued_on=piece.issued_on or piece.received_at.date(),
            valid_until=piece.valid_until,
        )


class VisaAttestation(models.Model):
    """An officer looked at the scan of a hand-signed form and says what is on it, for one version of an
    order. Never changed (trigger).
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attestations")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="attestations")
    signed_on = models.DateField()
    stamped = models.BooleanField()
    officer = models.CharField(max_length=64)
    card_number = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(officer="") & ~Q(card_number=""), name="attestation_by_an_officer"
            ),
        )


class ContractAct(models.Model):
    """An act on a contract: asked for by one officer, done at once or by a second, different one.

    `officers` is how many it takes, frozen when it was asked for; `plan` what was answered for each thing it
    stops, `stops` what it touched when it was looked at.
    """

    reference = models.CharField(max_length=20, unique=True)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="acts")
    event = models.CharField(max_length=16)
    state = models.CharField(max_length=8)
    officers = models.PositiveSmallIntegerField()
    reason = models.TextField()
    until = models.DateField(null=True)
    stops = models.JSONField(default=dict)
    plan = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=64)
    asked_card = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_card = models.CharField(max_length=10, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("event", tuple(str(event) for event in ContractEvent)),
                name="contract_act_event",
            ),
            models.CheckConstraint(
                condition=one_of("state", ("asked", "done", "dropped")), name="contract_act_state"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(decided_by="") & ~Q(decided_card="") & ~Q(asked_card=""),
                name="contract_act_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(officers=1) | ~Q(decided_by=F("asked_by")),
                name="contract_act_two_people",
            ),
            models.UniqueConstraint(
                fields=("contract",), condition=Q(state="asked"), name="contract_act_one_waits"
            ),
        )
