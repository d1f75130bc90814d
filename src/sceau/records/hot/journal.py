"""Journal entries, appended and sequenced some at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sceau.records.hot.link import ask, do, draw_ids, has_several_writers, insert, instant, stored


class NewDisclosure(NamedTuple):
    """What opens one commitment: its name, the salt, and the data as JSON text."""

    name: str
    salt: bytes
    data: str


class NewEntry(NamedTuple):
    """An entry to append: its bytes, and the columns it is found by. `leaf_hash` is hexadecimal."""

    at: datetime
    kind: str
    subject: str
    entry: bytes
    leaf_hash: str
    disclosures: Sequence[NewDisclosure]


def append_entries(entries: Sequence[NewEntry]) -> None:
    """Write `entries` in their order, each with what opens it, waiting for its leaf."""
    if not entries:
        return
    numbers = draw_ids("journalentry", len(entries))
    insert(
        "journalentry",
        "id, at, kind, subject, entry, leaf_hash",
        [
            (number, stored(one.at), one.kind, one.subject, one.entry, one.leaf_hash)
            for number, one in zip(numbers, entries, strict=True)
        ],
    )
    if has_several_writers():
        insert("journalpending", "entry_id", [(number,) for number in numbers])
    insert(
        "journaldisclosure",
        "entry_id, name, salt, data",
        [
            (number, opened.name, opened.salt, opened.data)
            for number, one in zip(numbers, entries, strict=True)
            for opened in one.disclosures
        ],
    )


def setting(name: str) -> Any:
    """A value of this instance; None when there is none."""
    rows = ask("SELECT value FROM records_setting WHERE name = %s", (name,))
    return json.loads(rows[0][0]) if rows else None


def latest_entry(*, after: int) -> datetime | None:
    """The latest instant of an entry whose number is above `after`; None when there is none."""
    rows = ask("SELECT at FROM records_journalentry WHERE id > %s ORDER BY at DESC LIMIT 1", (after,))
    return instant(rows[0][0]) if rows else None


_PENDING = (
    "SELECT p.entry_id, e.leaf_hash FROM records_journalpending p JOIN records_journalentry e"
    " ON e.id = p.entry_id ORDER BY p.entry_id LIMIT %s"
)
# One writer at a time: entries are committed in the order of their numbers, so that those without a leaf are
# the last ones, and nothing has to be written to say so.
_SINCE_LAST_LEAF = (
    "SELECT id, leaf_hash FROM records_journalentry WHERE id > COALESCE("
    "(SELECT entry_id FROM records_journalleaf ORDER BY position DESC LIMIT 1), 0) ORDER BY id LIMIT %s"
)


def seal_entries(start: int, most: int) -> list[str]:
    """Give up to `most` waiting entries their leaves from position `start` on; their leaf hashes, in order.
    For whoever holds the journal's turn.
    """
    waiting = ask(_PENDING if has_several_writers() else _SINCE_LAST_LEAF, (most,))
    if not waiting:
        return []
    insert(
        "journalleaf",
        "position, entry_id, leaf_hash",
        [(start + at, number, leaf) for at, (number, leaf) in enumerate(waiting)],
    )
    if has_several_writers():
        do(
            "DELETE FROM records_journalpending WHERE entry_id IN"
            " (SELECT entry_id FROM records_journalleaf WHERE position >= %s)",
            (start,),
        )
    return [str(leaf) for _, leaf in waiting]
