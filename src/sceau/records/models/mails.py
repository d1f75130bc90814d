"""What people are told: notices of acts, the mails made of them and their fate, addresses, calendar feeds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sceau.records.models.people import Structure, one_of

MAIL_STATES = ("waiting", "sending", "sent", "presumed", "refused", "bounced", "given-up")


class Notice(models.Model):
    """An act that somebody is to be told of: written in the act's own transaction, made into mails after it.

    `kind` is the journal's, or a reminder's; `subject` the reference of what it is about.
    """

    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    told = models.JSONField(default=dict)
    at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("id",), condition=Q(made_at__isnull=True), name="notice_to_make"),
            models.Index(fields=("subject", "id"), name="notice_subject"),
        )


class Mail(models.Model):
    """One mail to one address, and its fate. Its words and its Message-ID never change (trigger).

    `key` names what it tells to whom: the same thing never makes a second one. `step` is how far down the
    list of addresses it is, `before` the mail to the address that failed, `again_of` the one that an officer
    had sent once more. A mail is `sending` while it is handed over: found so after a crash, nobody knows, and
    it is `presumed` sent.
    """

    key = models.CharField(max_length=64, unique=True)
    template = models.CharField(max_length=40)
    role = models.CharField(max_length=16)
    about = models.CharField(max_length=64)
    address = models.CharField(max_length=254)
    step = models.PositiveSmallIntegerField(default=0)
    before = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="next")
    again_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="again")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    message_id = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    reply = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=one_of("state", MAIL_STATES), name="mail_state"),)
        indexes = (
            models.Index(fields=("next_at", "id"), condition=Q(state="waiting"), name="mail_to_send"),
            models.Index(fields=("changed_at",), condition=Q(state="sending"), name="mail_on_its_way"),
            models.Index(fields=("about", "id"), name="mail_about"),
            models.Index(fields=("address", "id"), name="mail_address"),
        )


class MailContact(models.Model):
    """A further address of a role in a structure, by rank, put on file by the desk."""

    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="mail_contacts")
    role = models.CharField(max_length=16)
    address = models.CharField(max_length=254)
    rank = models.PositiveSmallIntegerField()
    added_by = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("structure", "role", "address"),
                condition=Q(ended_at__isnull=True),
                name="mail_contact_once",
            ),
        )


class DeadAddress(models.Model):
    """An address that mails came back from: nothing is sent there until an officer says that it lives."""

    address = models.CharField(max_length=254, unique=True)
    since = models.DateTimeField()
    why = models.CharField(max_length=300)
    told_by = models.CharField(max_length=16)


class CalendarFeed(models.Model):
    """A secret address under which one structure's deadlines can be read, until it is revoked."""

    structure = models.ForeignKey(Structure, on_delete=models.PROTECT, related_name="calendar_feeds")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("structure",), condition=Q(revoked_at__isnull=True), name="calendar_feed_one"
            ),
        )
