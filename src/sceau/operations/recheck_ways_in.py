"""Who may come in and with what, again: roles, tokens and passkeys are those that the journal told, and the
database still refuses what it must [T45, T46].

A row put in by hand opens a door as well as one that two people made: each must have been told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection

from sceau.operations.recheck_entries import entry_of
from sceau.operations.recheck_run import Run
from sceau.operations.tokens import secret_digest
from sceau.records import missing_triggers
from sceau.records.models import ApiToken, JournalEntry, Passkey, Role
from sceau.vocabulary import Finding

_TURN = timedelta(minutes=1)
_GIVEN, _TAKEN = "role.given", "role.taken"
_CREATED, _REVOKED = "token.created", "token.revoked"
_REGISTERED = "passkey.registered"


def recheck_ways_in(run: Run) -> None:
    """Every role, token and passkey there is, and every trigger there must be."""
    run.note(Finding.error("recheck.trigger-missing", name) for name in missing_triggers(connection))
    run.note(_roles(run))
    run.note(_tokens(run))
    run.note(_passkeys(run))


def _roles(run: Run) -> Iterator[Finding]:
    for row in Role.objects.select_related("person").filter(since__lte=run.began - _TURN).order_by("id"):
        told = _told(f"person/{row.person_id}", _GIVEN, _TAKEN)
        mine = [kind for kind, public in told if public is not None and public.get("quality") == row.quality]
        if mine[-1:] != [_GIVEN]:
            yield Finding.error("recheck.role-not-told", row.person.national_id, quality=row.quality)
        run.tick("ways-in")


def _tokens(run: Run) -> Iterator[Finding]:
    rows = ApiToken.objects.select_related("habilitation").filter(created_at__lte=run.began).order_by("id")
    for row in rows.iterator(400):
        told = _told(row.reference, _CREATED, _REVOKED)
        made = next((public for kind, public in told if kind == _CREATED), None)
        if made is None:
            yield Finding.error("recheck.token-not-told", row.reference)
        else:
            yield from (
                Finding.error("recheck.token-altered", row.reference, part=part)
                for part in _changed(row, made)
            )
        is_ended = any(kind == _REVOKED for kind, _ in told)
        if is_ended and not ApiToken.objects.filter(pk=row.pk, revoked_at__isnull=False).exists():
            yield Finding.error("recheck.token-altered", row.reference, part="revoked_at")
        run.tick("ways-in")


def _changed(row: ApiToken, made: Mapping[str, Any]) -> Iterator[str]:
    """What the row says otherwise than its entry. Tokens made before their entries told all of it are
    compared in what was told.
    """
    said = {
        "valid_until": row.valid_until.isoformat(),
        "per_day": row.per_day,
        "right": row.habilitation.reference,
        "secret": secret_digest(row.secret_sha256),
    }
    return (part for part, value in said.items() if part in made and made[part] != value)


def _passkeys(run: Run) -> Iterator[Finding]:
    for row in Passkey.objects.filter(made_at__lte=run.began).order_by("id").iterator(400):
        made = next((public for _, public in _told(row.reference, _REGISTERED)), None)
        digest = hashlib.sha256(bytes(row.public_key)).hexdigest()
        if made is None or made.get("key", digest) != digest:
            yield Finding.error("recheck.passkey-not-told", row.reference)
        run.tick("ways-in")


def _told(subject: str, *kinds: str) -> list[tuple[str, Mapping[str, Any] | None]]:
    """The entries of these kinds about `subject`, in their order; None for one that was altered."""
    rows = JournalEntry.objects.filter(subject=subject, kind__in=kinds).select_related("leaf").order_by("id")
    return [(row.kind, entry_of(row)) for row in rows]
