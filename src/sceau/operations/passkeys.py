"""Passkeys of officers: invited by two, registered once, used, revoked.

What opens an invitation is in two halves, the code shown to the officer who asks and the link to the one who
confirms: neither of them alone, nor whoever reads one message, can register a key in a colleague's name.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

from sceau.identity import NewPasskey
from sceau.operations.acts import Act, acting, refuse_with, writing
from sceau.operations.codes import hash_code, is_code
from sceau.operations.machine import Actor, machine
from sceau.operations.passkey_ends import drop_invitations, end_passkey, end_passkeys
from sceau.operations.references import INVITATION, PASSKEY, draw_reference, draw_short_reference
from sceau.operations.roles import voucher_of
from sceau.operations.standing import AUTHORITY, DESK, require_person, require_role, roles_worn
from sceau.operations.typed import read_text
from sceau.records import roles_of
from sceau.records.models import Passkey, PasskeyInvitation, Person
from sceau.registration import (
    check_invitation_asked,
    check_invitation_confirmed,
    check_invitation_time,
)
from sceau.vocabulary import Finding, Refused

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class InvitationAsked:
    """An invitation that waits for its second officer, and the half that goes with the first: shown once."""

    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class InvitationOpened:
    """An invitation that two officers made, the half that goes with the second, and until when (UTC)."""

    reference: str
    link: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """Who may register a passkey now, the handle by which their authenticator knows them, and the credentials
    that it must not make again.
    """

    reference: str
    person_id: str
    display: str
    user_handle: bytes
    known: tuple[bytes, ...]


def invite_passkey(actor: Actor, *, person_id: str, recovers: bool, reason: str) -> InvitationAsked:
    """Ask that an officer may register a passkey, beside those they have or (`recovers`) in their place.
    Raises `Refused` (``role.*``, ``passkey.*``).
    """
    with acting(actor, "passkey.invited") as act:
        by = voucher_of(act)
        person = Person.objects.filter(national_id=person_id).first()
        if person is None:
            raise Refused([Finding.error("operations.person-unknown", person_id or "—")])
        act.about(f"person/{person.pk}")
        refuse_with(check_invitation_asked(person.national_id, roles_of(person.national_id), by))
        words = read_text(reason, subject="reason")
        drop_invitations(person)
        code = _draw_code(act)
        row = PasskeyInvitation.objects.create(
            reference=draw_reference(INVITATION, act.machine.random),
            person=person,
            recovers=recovers,
            reason=words,
            state="asked",
            asked_by=by.person_id,
            asked_with=by.in_hand,
            asked_at=act.at,
            code_hash=hash_code(code, act.machine.random),
        )
        act.about(row.reference, f"person/{person.pk}")
        act.tell(recovers=recovers)
        act.keep(reason=words)
    return InvitationAsked(row.reference, code)


def confirm_invitation(actor: Actor, *, reference: str) -> InvitationOpened:
    """The second officer's yes. A recovery revokes the passkeys there were, and ends what they opened, now.
    Raises `Refused`.
    """
    with acting(actor, "passkey.invitation-confirmed", reference) as act:
        by = voucher_of(act)
        row = _waiting(reference, act.at)
        person = row.person
        act.about(row.reference, f"person/{person.pk}")
        held = roles_of(person.national_id)
        refuse_with(check_invitation_confirmed(person.national_id, held, asked_by=row.asked_by, by=by))
        if row.recovers:
            act.tell(revoked=end_passkeys(act, person, why="récupération"))
        link = urlsafe_b64encode(act.machine.random(32)).rstrip(b"=").decode("ascii")
        row.state, row.link_sha256 = "open", _digest(link)
        row.decided_by, row.decided_with, row.decided_at = by.person_id, by.in_hand, act.at
        row.valid_until = act.at + act.machine.catalogue.entrance.passkey.open
        row.save()
    return InvitationOpened(row.reference, link, row.valid_until)


def drop_invitation(actor: Actor, *, reference: str) -> None:
    """Drop an invitation that was not used: any officer may stop one."""
    with acting(actor, "passkey.invitation-dropped", reference) as act:
        require_role(act, DESK, AUTHORITY)
        row = PasskeyInvitation.objects.select_for_update().filter(reference=reference).first()
        if row is None or row.state not in ("asked", "open"):
            raise Refused([Finding.error("passkey.invitation-over", "invitation")])
        act.about(row.reference, f"person/{row.person_id}")
        row.state = "dropped"
        row.save(update_fields=["state"])


def look_at_invitation(*, link: str, code: str) -> Invited:
    """Who is invited by both halves. A wrong code is counted, and the last one closes the invitation; a link
    that opens nothing changes nothing. Raises `Refused` (``passkey.invitation-over``, ``passkey.code``).
    """
    with writing() as at:
        row = _open(link, at)
        invited = _invited(row) if is_code(_typed(code), row.code_hash) else None
        if invited is None:
            row.failures += 1
            if row.failures >= machine().catalogue.entrance.passkey.tries:
                row.state = "dropped"
            row.save(update_fields=["failures", "state"])
    if invited is None:
        raise Refused([Finding.error("passkey.code", "code")])
    return invited


def register_passkey(*, link: str, code: str, made: NewPasskey, name: str) -> str:
    """Register the passkey that was just made with both halves in hand; gives its reference. Once."""
    invited = look_at_invitation(link=link, code=code)
    with acting(Actor(invited.person_id, display=invited.display), "passkey.registered") as act:
        row = _open(link, act.at)
        if not roles_of(row.person.national_id):
            raise Refused([Finding.error("passkey.no-role", "person")])
        digest = hashlib.sha256(made.credential).hexdigest()
        if Passkey.objects.filter(credential_sha256=digest).exists():
            raise Refused([Finding.error("passkey.known", "passkey")])
        key = Passkey.objects.create(
            reference=draw_short_reference(PASSKEY, act.machine.random),
            person=row.person,
            invitation=row,
            credential=made.credential,
            credential_sha256=digest,
            public_key=made.public_key,
            user_handle=invited.user_handle,
            sign_count=made.sign_count,
            name=_named(name),
            backed_up=made.backed_up,
            made_at=act.at,
        )
        row.state, row.used_at = "used", act.at
        row.save(update_fields=["state", "used_at"])
        act.about(key.reference, row.reference, f"person/{row.person_id}")
        act.tell(recovers=row.recovers, backed_up=made.backed_up)
        act.tell(key=hashlib.sha256(made.public_key).hexdigest())
    return key.reference


def revoke_passkey(actor: Actor, *, reference: str, reason: str) -> None:
    """Revoke a passkey: one's own, or anybody's as an officer: stopping takes one person. Ends what it
    opened.
    """
    with acting(actor, "passkey.ended", reference) as act:
        person = require_person(act)
        row = Passkey.objects.select_for_update().filter(reference=reference).first()
        is_own = row is not None and row.person_id == person.pk
        if row is None or (not is_own and not roles_worn(actor) & {DESK, AUTHORITY}):
            raise Refused([Finding.error("passkey.unknown", "passkey")])
        if row.ended_at is not None:
            act.unchanged()
            return
        act.about(row.reference, f"person/{row.person_id}")
        end_passkey(act, row, row.person, why=read_text(reason, subject="reason"))


def _waiting(reference: str, at: datetime) -> PasskeyInvitation:
    found = PasskeyInvitation.objects.select_for_update(of=("self",)).select_related("person")
    row = found.filter(reference=reference).first()
    too_old = row is not None and at - row.asked_at > machine().catalogue.entrance.passkey.asked
    if row is None or row.state != "asked" or too_old:
        raise Refused([Finding.error("passkey.invitation-over", "invitation")])
    return row


def _open(link: str, at: datetime) -> PasskeyInvitation:
    found = PasskeyInvitation.objects.select_for_update(of=("self",)).select_related("person")
    row = found.filter(link_sha256=_digest(link), state="open").first()
    if row is None or row.valid_until is None:
        raise Refused([Finding.error("passkey.invitation-over", "invitation")])
    refuse_with(check_invitation_time(valid_until=row.valid_until, at=at))
    return row


def _invited(row: PasskeyInvitation) -> Invited:
    """The handle is the one this person's authenticators know, else one that tells nothing of anybody."""
    keys = list(Passkey.objects.filter(person=row.person).order_by("id"))
    drawn = hashlib.sha256(b"sceau user handle\0" + row.code_hash.encode()).digest()
    return Invited(
        reference=row.reference,
        person_id=row.person.national_id,
        display=f"{row.person.given_names} {row.person.surname}".strip(),
        user_handle=bytes(keys[0].user_handle) if keys else drawn,
        known=tuple(bytes(one.credential) for one in keys if one.ended_at is None),
    )


def _draw_code(act: Act) -> str:
    """Ten letters and digits that nobody mistakes, about 49 bits, in two groups."""
    number = int.from_bytes(act.machine.random(16), "big")
    drawn = "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(10))
    return f"{drawn[:5]}-{drawn[5:]}"


def _typed(code: str) -> str:
    plain = "".join(one for one in code.upper() if one.isalnum())[:64]
    return f"{plain[:5]}-{plain[5:]}"


def _named(name: str) -> str:
    text = "".join(one if one.isprintable() else " " for one in name).strip()[:_LONGEST_NAME]
    return text or "Clé d’accès"


def _digest(link: str) -> str:
    return hashlib.sha256(b"passkey link\0" + link.encode("utf-8", "surrogatepass")).hexdigest()
