"""What an act leaves behind for whoever is to be told of it: a notice, in the act's own transaction.

So nothing that happened goes untold, and nothing is told that was rolled back. Which acts are told is the
catalogue's table; who is told, in which words, is settled afterwards (`mails`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sceau.operations.machine import machine
from sceau.records.models import Notice

if TYPE_CHECKING:
    from sceau.operations.acts import Act, Telling


def announce(told: Sequence[tuple[Act, Telling]]) -> None:
    """Write a notice for each entry of a kind that somebody is told of. An instance without mail writes
    none.
    """
    present = machine()
    if present.mail is None:
        return
    tables = present.catalogue.mail.told_by
    kinds: dict[str, set[str]] = {}
    for _, telling in told:
        if telling.about:
            kinds.setdefault(telling.about[0], set()).add(telling.kind)
    rows = []
    for act, telling in told:
        mails = tables.get(telling.kind)
        if mails and telling.about and not all(kinds[telling.about[0]] & set(one.unless) for one in mails):
            told_of = _plain(telling) | {"by": act.actor.person_id}
            rows.append(Notice(kind=telling.kind, subject=telling.about[0], told=told_of, at=act.at))
    if rows:
        Notice.objects.bulk_create(rows)


def _plain(telling: Telling) -> dict[str, Any]:
    """The public data of an entry; besides, of a card the last digits that a person knows it by, and to whom
    an order was given.
    """
    told = {name: value for name, value in telling.public.items() if isinstance(value, str | int | None)}
    card = telling.personal.get("card")
    receiver = telling.personal.get("to")
    told |= {"card": card[-4:]} if isinstance(card, str) else {}
    return told | ({"to": receiver} if isinstance(receiver, str) else {})
