"""The journal's own verbs: entries become leaves of the tree, in order, and its head is signed."""

from __future__ import annotations

from sceau.records import TreeHeadLine


def seal_journal() -> TreeHeadLine | None:
    """Give each committed entry its leaf, gap-free, and sign the new head. None when there is nothing new."""
    raise NotImplementedError
