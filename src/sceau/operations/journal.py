"""The journal's own verb: committed entries become leaves of the tree, in order, and its head is signed."""

from __future__ import annotations

from django.db import transaction

from sceau.journal import Frontier, TreeHead, sign_head
from sceau.operations.machine import machine
from sceau.records import TreeHeadLine, Turn, hot, latest_head, take_turn
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
        last = TreeHeadRow.objects.order_by("-size").first()
        tree = Frontier() if last is None else Frontier.from_bytes(bytes(last.frontier))
        leaves = hot.seal_entries(tree.size, _LARGEST)
        if not leaves:
            return False
        after = tree.extend(bytes.fromhex(leaf) for leaf in leaves)
        root = after.root()
        TreeHeadRow.objects.create(
            size=after.size,
            root=root.hex(),
            frontier=after.to_bytes(),
            at=present.clock(),
            note=sign_head(TreeHead(present.origin, after.size, root), present.head_key),
        )
    return True
