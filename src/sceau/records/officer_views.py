"""Roles proposed, invitations to register a passkey, and passkeys, as pages and verbs see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sceau.records.views import PersonLine


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A role to be given or taken (`event`), who asked for it and when (UTC), and what became of it."""

    reference: str
    person: PersonLine
    quality: str
    event: str
    reason: str
    state: str
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    decided_by_name: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """An invitation as it stands at the instant asked: an open one whose time is past is `over`."""

    reference: str
    person: PersonLine
    recovers: bool
    reason: str
    state: str
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    decided_by_name: str
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """A passkey. `ended_at` is None while it opens something; `backed_up`: its maker keeps copies."""

    reference: str
    person: PersonLine
    name: str
    backed_up: bool
    made_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class PasskeyFacts:
    """What an answer of this passkey is verified with: its credential, public key (COSE) and user handle, and
    whose it is.
    """

    reference: str
    person_id: str
    credential: bytes
    public_key: bytes
    user_handle: bytes
    sign_count: int
