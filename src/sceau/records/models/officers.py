"""Who becomes an officer, and by which passkey one comes in: proposals, invitations, passkeys, and what is
kept for a few minutes while somebody proves who they are.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from sceau.records.models.people import ROLES, Person, one_of


class RoleProposal(models.Model):
    """A role is to be given or taken: asked by one person, done by another one. `asked_with` and
    `decided_with` are what each had in hand: a card's number or a passkey's reference.
    """

    reference = models.CharField(max_length=20, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="role_proposals")
    quality = models.CharField(max_length=16)
    event = models.CharField(max_length=8)
    reason = models.TextField()
    state = models.CharField(max_length=8)
    asked_by = models.CharField(max_length=64)
    asked_with = models.CharField(max_length=10)
    asked_at = models.DateTimeField(db_index=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_with = models.CharField(max_length=10, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=one_of("quality", ROLES), name="role_proposal_quality"),
            models.CheckConstraint(condition=one_of("event", ("give", "take")), name="role_proposal_event"),
            models.CheckConstraint(
                condition=one_of("state", ("asked", "done", "dropped")), name="role_proposal_state"
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | (~Q(decided_by="") & ~Q(decided_with="") & ~Q(decided_by=F("asked_by"))),
                name="role_proposal_two_people",
            ),
            models.UniqueConstraint(
                fields=("person", "quality"), condition=Q(state="asked"), name="role_proposal_once"
            ),
        )


class PasskeyInvitation(models.Model):
    """Leave for one person to register one passkey, in a life of its own: asked by an officer (`asked`),
    confirmed by another one (`open`, until `valid_until`), `used` once or `dropped`.

    What opens it is in two halves, each shown once to one of the two officers, and kept as a digest only.
    """

    reference = models.CharField(max_length=20, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="passkey_invitations")
    recovers = models.BooleanField()
    reason = models.TextField()
    state = models.CharField(max_length=8)
    asked_by = models.CharField(max_length=64)
    asked_with = models.CharField(max_length=10)
    asked_at = models.DateTimeField(db_index=True)
    code_hash = models.CharField(max_length=200)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_with = models.CharField(max_length=10, blank=True)
    decided_at = models.DateTimeField(null=True)
    link_sha256 = models.CharField(max_length=64, blank=True)
    valid_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=one_of("state", ("asked", "open", "used", "dropped")), name="invitation_state"
            ),
            models.CheckConstraint(
                condition=one_of("state", ("asked", "dropped"))
                | (
                    ~Q(decided_by="")
                    & ~Q(decided_with="")
                    & ~Q(decided_by=F("asked_by"))
                    & ~Q(link_sha256="")
                    & Q(valid_until__isnull=False)
                ),
                name="invitation_two_people",
            ),
            models.UniqueConstraint(
                fields=("person",), condition=one_of("state", ("asked", "open")), name="invitation_once"
            ),
            models.UniqueConstraint(
                fields=("link_sha256",), condition=~Q(link_sha256=""), name="invitation_link"
            ),
        )


class Passkey(models.Model):
    """A passkey: the public half of a key that an officer's authenticator made for this service alone.

    `reference` (``PK-…``, as long as a card number) is what is written where a card's number would stand.
    """

    reference = models.CharField(max_length=10, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="passkeys")
    invitation = models.OneToOneField(PasskeyInvitation, on_delete=models.PROTECT, related_name="passkey")
    credential = models.BinaryField()
    credential_sha256 = models.CharField(max_length=64, unique=True)
    public_key = models.BinaryField()
    user_handle = models.BinaryField()
    sign_count = models.BigIntegerField()
    name = models.CharField(max_length=60)
    backed_up = models.BooleanField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_why = models.TextField(blank=True)


class SpentChallenge(models.Model):
    """A challenge that a passkey has answered: never answered twice. Only good answers are written down."""

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)


class KeptForm(models.Model):
    """A form that waits, sealed, for its sender to prove who they are. `session` is a digest."""

    reference = models.CharField(max_length=43, unique=True)
    session = models.CharField(max_length=64, db_index=True)
    person_id = models.CharField(max_length=64, db_index=True)
    path = models.CharField(max_length=500)
    sealed = models.BinaryField()
    until = models.DateTimeField(db_index=True)
