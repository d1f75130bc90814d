"""The journal's own verb: committed entries become leaves of the tree, in order, and its head is signed."""

from __future__ import annotations

from django.db import transaction

from sceau.journal import Frontier, TreeHead, sign_head
from sceau.operations.machine import machine
from sceau.records import TreeHeadLine, Turn, latest_head, take_turn
from sceau.records.models import JournalLeaf, JournalPending
from sceau.records.models import TreeHead as TreeHeadRow

_LARGEST = 5_000


def seal_journal() -> TreeHeadLine | None:
    """Give each committed entry its leaf, gap-free, and sign the new head. None when there is nothing new.

    Leaves and head are one transaction, up to 5,000 entries each; may be called by several processes at once.
    """
    is_new = False
    while _seal_some():
        is_new = True
    return latest_head() if is_new else None


def _seal_some() -> bool:
    present = machine()
    with transaction.atomic():
        take_turn(Turn.JOURNAL)
        pending = list(JournalPending.objects.select_related("entry").order_by("entry_id")[:_LARGEST])
        if not pending:
            return False
        last = TreeHeadRow.objects.order_by("-size").first()
        before = Frontier() if last is None else Frontier.from_bytes(bytes(last.frontier))
        JournalLeaf.objects.bulk_create(
            JournalLeaf(position=before.size + at, entry=one.entry, leaf_hash=one.entry.leaf_hash)
            for at, one in enumerate(pending)
        )
        after = before.extend(bytes.fromhex(one.entry.leaf_hash) for one in pending)
        root = after.root()
        TreeHeadRow.objects.create(
            size=after.size,
            root=root.hex(),
            frontier=after.to_bytes(),
            at=present.clock(),
            note=sign_head(TreeHead(present.origin, after.size, root), present.head_key),
        )
        JournalPending.objects.filter(pk__in=[one.pk for one in pending]).delete()
    return True
