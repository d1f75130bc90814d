"""A passkey was used at the door: who acts with it. Its counter and its challenge are weighed under the lock
of its row, so that of two who show the same answer one is let in.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sceau.identity import check_counter
from sceau.operations.acts import acting, refuse_with
from sceau.operations.machine import Actor
from sceau.records import roles_of
from sceau.records.models import Passkey, SpentChallenge
from sceau.vocabulary import Finding, Refused

_REMEMBERED = timedelta(days=1)  # no challenge is good for so long


def welcome_by_passkey(*, reference: str, sign_count: int, challenge: bytes) -> Actor:
    """Who acts with this passkey, whose answer to `challenge` was verified at the door. Raises `Refused`
    (``passkey.ended``, ``passkey.counter``, ``passkey.challenge``, ``passkey.no-role``), in the journal.
    """
    known = Passkey.objects.select_related("person").filter(reference=reference).first()
    if known is None:
        raise Refused([Finding.error("passkey.unknown", "passkey")])
    person = known.person
    display = f"{person.given_names} {person.surname}".strip()
    roles = roles_of(person.national_id)
    actor = Actor(person.national_id, None, roles, display, passkey=reference)
    with acting(actor, "passkey.used", reference, f"person/{person.pk}") as act:
        row = Passkey.objects.select_for_update().get(pk=known.pk)
        if row.ended_at is not None:
            raise Refused([Finding.error("passkey.ended", reference)])
        if not roles:
            raise Refused([Finding.error("passkey.no-role", "person")])
        refuse_with(check_counter(known=row.sign_count, shown=sign_count))
        SpentChallenge.objects.filter(at__lt=act.at - _REMEMBERED).delete()
        digest = hashlib.sha256(challenge).hexdigest()
        _, is_first = SpentChallenge.objects.get_or_create(digest=digest, defaults={"at": act.at})
        if not is_first:
            raise Refused([Finding.error("passkey.challenge", "passkey")])
        row.sign_count, row.used_at = sign_count, act.at
        row.save(update_fields=["sign_count", "used_at"])
    return actor
