"""Certificates, their names, their end, the keys they used, and the lists that tell their end."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from sceau.certification import CERTIFICATE_LIFE
from sceau.records.models.habilitations import Habilitation
from sceau.records.models.people import Contract, Structure, one_of


class Certificate(models.Model):
    """A certificate, from the intent to sign it. `serial` is upper-case hexadecimal, whole octets, as we
    print it.

    `draft` are the exact bytes meant to be signed, until `der` is recorded and holds them (trigger): `meant`
    gives them ever after. `der` is what came back, null until it is recorded.
    `partition` is the part of its issuer's list that its distribution point names, null: the whole.
    """

    reference = models.CharField(max_length=20, unique=True)
    issuer = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    serial = models.CharField(max_length=40)
    state = models.CharField(max_length=16)
    product = models.CharField(max_length=16)
    profile = models.CharField(max_length=32)
    subject = models.TextField()
    draft = models.BinaryField()
    der = models.BinaryField(null=True)
    # Found by the uses of the key: an index of its own would be one more page written for each certificate.
    spki_sha256 = models.CharField(max_length=64)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    # Found by the indexes below that begin with them: a second one each would only be written.
    structure = models.ForeignKey(
        Structure, on_delete=models.PROTECT, null=True, related_name="certificates", db_index=False
    )
    habilitation = models.ForeignKey(
        Habilitation, on_delete=models.PROTECT, null=True, related_name="certificates", db_index=False
    )
    habilitation_version = models.PositiveIntegerField(null=True)
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, related_name="certificates", db_index=False
    )
    asked_by = models.CharField(max_length=64)
    asked_with = models.CharField(max_length=10)
    holder = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=80)
    request_digest = models.CharField(max_length=64)
    collected_at = models.DateTimeField(null=True)
    code_hash = models.CharField(max_length=200, blank=True)
    code_failures = models.PositiveIntegerField(default=0)
    code_failed_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="successors", db_index=False
    )
    partition = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("issuer", "serial"), name="certificate_serial_once"),
            # An attempt of which nothing was signed leaves its key free for the next one.
            models.UniqueConstraint(
                fields=("asked_by", "idempotency_key"),
                condition=~Q(state="abandoned"),
                name="certificate_once",
            ),
            models.CheckConstraint(
                condition=one_of("state", CERTIFICATE_LIFE.values()), name="certificate_state"
            ),
            models.CheckConstraint(
                condition=Q(der__isnull=False) | ~Q(state__in=["issued", "collected"]),
                name="certificate_issued_has_bytes",
            ),
            models.CheckConstraint(
                condition=Q(der__isnull=True) | ~Q(state__in=["intended", "abandoned"]),
                name="certificate_unsigned_has_none",
            ),
            models.CheckConstraint(
                condition=Q(state="collected", collected_at__isnull=False)
                | (~Q(state="collected") & Q(collected_at__isnull=True)),
                name="certificate_collected_when",
            ),
            models.CheckConstraint(condition=Q(not_after__gt=F("not_before")), name="certificate_dates"),
            models.CheckConstraint(
                condition=Q(habilitation__isnull=True, habilitation_version__isnull=True)
                | Q(habilitation__isnull=False, habilitation_version__isnull=False),
                name="certificate_right_whole",
            ),
        )
        indexes = (
            # With the end, so that what ends soon, or still lives, is told apart without opening rows.
            models.Index(fields=("asked_by", "id", "not_after"), name="certificate_of_asker"),
            models.Index(fields=("contract", "id", "not_after"), name="certificate_of_contract"),
            models.Index(fields=("habilitation", "id", "not_after"), name="certificate_of_right"),
            models.Index(fields=("structure", "id"), name="certificate_structure"),
            models.Index(fields=("asked_at",), condition=Q(state="intended"), name="certificate_intended"),
            models.Index(
                fields=("replaces",), condition=Q(replaces__isnull=False), name="certificate_replaces"
            ),
            # Whose end nears is found from here, so that looking costs what is due and not what there is.
            models.Index(
                fields=("not_after", "id"),
                condition=Q(state__in=["issued", "collected"]),
                name="certificate_ends",
            ),
            # All that is said of a serial, for what may have been signed: the row itself is not opened.
            models.Index(
                fields=("serial", "issuer", "generation", "state", "changed_at"),
                condition=Q(state__in=["issued", "collected", "presumed"]),
                name="certificate_status",
            ),
        )

    @property
    def meant(self) -> bytes:
        """The exact bytes that were meant to be signed: the draft, or the body of what was signed. Empty, or
        not a TBSCertificate, if the certificate cannot be read.
        """
        return bytes(self.draft) or _body_of(bytes(self.der or b""))


def _body_of(der: bytes) -> bytes:
    """The first element of a certificate: its TBSCertificate [RFC 5280 §4.1]."""
    begins, _ = _contents(der, 0)
    inner, length = _contents(der, begins)
    return der[begins : inner + length]


def _contents(der: bytes, at: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin, and how long they are [X.690 §8.1.3]."""
    first = der[at + 1] if len(der) > at + 1 else 0
    if first < 0x80:
        return at + 2, first
    octets = first & 0x7F
    return at + 2 + octets, int.from_bytes(der[at + 2 : at + 2 + octets])


class KeptRequest(models.Model):
    """The certification request (PKCS #10, DER) that a certificate answers, octet for octet: written with the
    intent, never changed, never removed (trigger). Certificates older than this table have none.
    """

    certificate = models.OneToOneField(
        Certificate, on_delete=models.PROTECT, primary_key=True, related_name="kept_request"
    )
    der = models.BinaryField()


class CertificateName(models.Model):
    """A name in a certificate, canonical, in the order it stands there."""

    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, related_name="names", db_index=False
    )
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    value = models.CharField(max_length=320, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("certificate", "position"), name="certificate_name_once"),
            models.CheckConstraint(
                condition=one_of("kind", ("host", "mailbox", "application")), name="certificate_name_kind"
            ),
        )


class Revocation(models.Model):
    """The end of a certificate: one, with a reason and a date, never changed, never removed (trigger).

    `entry` is the DER of its line in a CRL, made once. `partition` is the certificate's.
    """

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="revocation")
    issuer = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    serial = models.CharField(max_length=40)
    reason = models.CharField(max_length=32)
    reason_number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    not_after = models.DateTimeField()
    quality = models.CharField(max_length=16)
    by = models.CharField(max_length=64, blank=True)
    explanation = models.TextField(blank=True)
    entry = models.BinaryField()
    partition = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("issuer", "serial"), name="revocation_serial_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="revocation_reason"),
        )
        # Everything that a list reads, in the order in which it lists: the rows themselves are not touched.
        indexes = (
            models.Index(
                fields=("issuer", "generation", "partition", "id", "not_after", "entry"),
                name="revocation_entries",
            ),
        )


class KeyUse(models.Model):
    """A public key that was certified: for one product of one structure, and no other [ASSURANCE decision 9].

    `owner` is the structure's national identifier, or the professional's own where there is no structure.
    """

    spki_sha256 = models.CharField(max_length=64, unique=True)
    product = models.CharField(max_length=16)
    owner = models.CharField(max_length=64)
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="+", db_index=False)


class FormerKeyUse(models.Model):
    """A certificate that a key was certified in before its present use: written as the use passes on, never
    changed, never removed (trigger). With `KeyUse`, every certificate of a key.
    """

    spki_sha256 = models.CharField(max_length=64, db_index=True)
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="+")


class BlockedKey(models.Model):
    """A key that is never certified again: reported compromised, or put here by the authority."""

    spki_sha256 = models.CharField(max_length=64, unique=True)
    why = models.CharField(max_length=32)
    since = models.DateTimeField()


class CrlIssue(models.Model):
    """A list: its number is taken before it is signed, and never serves twice.

    `through` is the last revocation it could hold; `entries` how many it holds; `base` the number of the
    complete list that a delta adds to, null for a complete one; `partition` the part of the issuer's list,
    null: the whole. `sha256` is of the signed bytes, null until there are any; a large one's bytes are kept
    until the next one follows it, then only its digest.
    """

    issuer = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    number = models.BigIntegerField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    der = models.BinaryField(null=True)
    entries = models.PositiveIntegerField(default=0)
    through = models.BigIntegerField(default=0)
    partition = models.PositiveSmallIntegerField(null=True)
    base = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("issuer", "generation", "number"), name="crl_number_once"),
            models.CheckConstraint(condition=Q(next_update__gt=F("this_update")), name="crl_dates"),
        )


class CrlSegment(models.Model):
    """A run of entries of a list, one after the other as they are signed: the revocations numbered above
    `first` up to `last`, `count` of them in `entries`. The kept blob of a list is its segments in order.

    `check_tag` tells whether the octets are those that were written. At `leaves_at` so many of its
    certificates have ended that it is made anew without them (null: none is left); those that ended before
    `left_before` are left out already. Segments outside any partition are numbered 0.
    """

    issuer = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    partition = models.PositiveSmallIntegerField()
    place = models.PositiveIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.PositiveIntegerField()
    check_tag = models.BinaryField()
    leaves_at = models.DateTimeField(null=True)
    left_before = models.DateTimeField(null=True)
    entries = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issuer", "generation", "partition", "place"), name="crl_segment_once"
            ),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="crl_segment_rising"),
        )


class ResponderCertificate(models.Model):
    """A certificate of an OCSP responder, kept so that every serial signed is accounted for."""

    issuer = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    serial = models.CharField(max_length=40)
    draft = models.BinaryField()
    der = models.BinaryField(null=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issuer", "serial"), name="responder_serial_once"),)
