"""The journal as it is kept: entries with their place in the tree, disclosures, signed heads; and its
export.
"""

from __future__ import annotations

from collections.abc import Iterator

from sceau.journal import Disclosure
from sceau.records.models import JournalDisclosure, JournalEntry, JournalLeaf, TreeHead
from sceau.records.views import JournalLine, TreeHeadLine

_CHUNK = 1000


def journal_lines(*, start: int = 0, limit: int = 100, subject: str = "") -> tuple[JournalLine, ...]:
    """Sequenced entries from position `start`; with `subject`, those about it (unsequenced ones included)."""
    if subject:
        rows = JournalEntry.objects.filter(subject=subject).select_related("leaf").order_by("id")[:limit]
        return tuple(_line(row, _position(row)) for row in rows)
    leaves = (
        JournalLeaf.objects.filter(position__gte=start).select_related("entry").order_by("position")[:limit]
    )
    return tuple(_line(leaf.entry, leaf.position) for leaf in leaves)


def latest_head() -> TreeHeadLine | None:
    """The last signed head."""
    row = TreeHead.objects.order_by("-size").first()
    return None if row is None else _head(row)


def journal_heads() -> Iterator[TreeHeadLine]:
    """Every signed head, by size."""
    return (_head(row) for row in TreeHead.objects.order_by("size").iterator(_CHUNK))


def journal_entries() -> Iterator[bytes]:
    """The bytes of every sequenced entry, in order."""
    rows = JournalLeaf.objects.order_by("position").values_list("entry__entry", flat=True)
    return (bytes(entry) for entry in rows.iterator(_CHUNK))


def journal_leaves() -> Iterator[bytes]:
    """The stored leaf hash of every sequenced entry, in order."""
    rows = JournalLeaf.objects.order_by("position").values_list("leaf_hash", flat=True)
    return (bytes.fromhex(leaf) for leaf in rows.iterator(_CHUNK))


def journal_disclosures() -> Iterator[Disclosure]:
    """What opens the commitments, by position. For whoever may see personal data only."""
    rows = (
        JournalDisclosure.objects.filter(entry__leaf__isnull=False)
        .order_by("entry__leaf__position", "name")
        .values_list("entry__leaf__position", "name", "salt", "data")
    )
    return (
        Disclosure(position, name, bytes(salt), data) for position, name, salt, data in rows.iterator(_CHUNK)
    )


def _position(row: JournalEntry) -> int | None:
    try:
        return row.leaf.position
    except JournalLeaf.DoesNotExist:
        return None


def _line(row: JournalEntry, position: int | None) -> JournalLine:
    return JournalLine(
        position=position,
        at=row.at,
        kind=row.kind,
        subject=row.subject,
        entry=bytes(row.entry),
        leaf_hash=row.leaf_hash,
    )


def _head(row: TreeHead) -> TreeHeadLine:
    return TreeHeadLine(size=row.size, root_hash=row.root, at=row.at, note=row.note)
