"""The journal's part of an evidence file: every entry about its objects, each with its place proven under the
first signed head that covers it, and what opens its commitments. All of them, however many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sceau.journal import Frontier, HeadVerifier, inclusion_proof, nodes_after
from sceau.operations.machine import machine
from sceau.records.models import JournalDisclosure, JournalEntry, JournalLeaf, TreeHead

_FOR_PEOPLE_OF_THE_DESK = ("actor", "text")
_AT_ONCE = 500


def journal_about(subjects: Collection[str], *, whole: bool) -> dict[str, Any]:
    """The entries whose subject is one of `subjects`, in the journal's order; without what names the desk's
    officers unless `whole`.
    """
    present = machine()
    rows = JournalEntry.objects.filter(subject__in=subjects, leaf__isnull=False).select_related("leaf")
    entries: list[dict[str, Any]] = []
    proofs = _Proofs()
    last = -1
    while several := list(rows.filter(leaf__position__gt=last).order_by("leaf__position")[:_AT_ONCE]):
        last = several[-1].leaf.position
        opened = _disclosures(several, whole=whole)
        for row in several:
            proof, head = proofs.of(row.leaf.position)
            entries.append(
                {
                    "position": row.leaf.position,
                    "kind": row.kind,
                    "at": row.at.isoformat(),
                    "entry": bytes(row.entry).decode(),
                    "head": head,
                    "path": [node.hex() for node in proof],
                    "disclosures": opened[row.pk],
                }
            )
    return {
        "origin": present.origin,
        "key": HeadVerifier.of(present.origin, present.head_key).text,
        "heads": proofs.notes,
        "entries": entries,
    }


def _disclosures(rows: Sequence[JournalEntry], *, whole: bool) -> defaultdict[int, list[dict[str, Any]]]:
    kept = JournalDisclosure.objects.filter(entry__in=[row.pk for row in rows]).order_by("entry_id", "name")
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in kept if whole else kept.exclude(name__in=_FOR_PEOPLE_OF_THE_DESK):
        found[one.entry_id].append({"name": one.name, "salt": bytes(one.salt).hex(), "data": one.data})
    return found


class _Proofs:
    """Proofs under the first head that covers each entry: they need only the leaves since the head before."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._sizes: list[int] = []
        self._node_at: Any = None

    def of(self, position: int) -> tuple[tuple[bytes, ...], int]:
        """The path, and which of `notes` it leads to. Positions come in rising order."""
        if not self._sizes or position >= self._sizes[-1]:
            head = TreeHead.objects.filter(size__gt=position).order_by("size")[0]
            before = TreeHead.objects.filter(size__lte=position).order_by("-size").first()
            frontier = Frontier() if before is None else Frontier.from_bytes(bytes(before.frontier))
            leaves = JournalLeaf.objects.filter(position__gte=frontier.size, position__lt=head.size)
            hashes = leaves.order_by("position").values_list("leaf_hash", flat=True)
            self._node_at = nodes_after(frontier, [bytes.fromhex(one) for one in hashes])
            self.notes.append(head.note)
            self._sizes.append(head.size)
        proof = inclusion_proof(position, self._sizes[-1], self._node_at)
        return proof.path, len(self.notes) - 1
