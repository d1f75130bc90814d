"""Which right holds a name: a look-up of the few scopes that could, among however many are declared.

What a right is worth, and whether the name is well formed, is the rules' matter (`registration`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from sceau.registration import Scope, covering_keys, scope_of_key
from sceau.vocabulary import HostName, Mailbox


@dataclass(frozen=True, slots=True)
class HeldName:
    """The right whose scope holds a name most narrowly: its reference, its state, and what it covers."""

    reference: str
    state: str
    scope: Scope


def right_holding(
    name: HostName | Mailbox, *, product: str, person_id: str, structure_id: str
) -> HeldName | None:
    """The right of this person, in this structure, for `product` that holds `name`, the nearest scope first;
    None when there is none. Identifiers are national ones. Withdrawn rights hold nothing.

    One look-up in an index for each suffix of the name: the cost is the labels', not the declarations'.
    """
    keys = covering_keys(name)
    with connection.cursor() as cursor:
        cursor.execute(_statement(len(keys)), (structure_id, person_id, product, *keys))
        rows = cursor.fetchall()
    if not rows:
        return None
    reference, state, key = min(rows, key=lambda row: keys.index(row[2])) if len(rows) > 1 else rows[0]
    return HeldName(reference, state, scope_of_key(key))


@lru_cache(maxsize=256)  # a name has 127 labels at most
def _statement(count: int) -> str:
    """The condition on the state is word for word that of the index `habilitation_once`: so it serves."""
    marks = ", ".join(["%s"] * count)
    return (
        "SELECT reference, state, canonical_scope FROM records_habilitation"  # noqa: S608 - marks only
        " WHERE structure_id = (SELECT id FROM records_structure WHERE national_id = %s)"
        " AND person_id = (SELECT id FROM records_person WHERE national_id = %s)"
        f" AND product = %s AND canonical_scope IN ({marks}) AND NOT (state = 'withdrawn')"
    )
