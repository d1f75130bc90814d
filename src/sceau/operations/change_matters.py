"""What a mail about a structure's change says, to whom its contract names."""

from __future__ import annotations

from sceau.operations.occasions import Matter, day_text
from sceau.records.models import Contract, StructureChange

_WHAT = {
    "closed": "a fermé",
    "absorbed": "est absorbée par {after}",
    "renamed": "devient {after}",
}


def change_matter(reference: str) -> Matter | None:
    """A change with its facts as they stand; None when there is none."""
    row = StructureChange.objects.select_related("structure", "successor").filter(reference=reference).first()
    if row is None:
        return None
    after = ", ".join(filter(None, (row.becomes.get("name", ""), row.becomes.get("national_id", ""))))
    numbers = row.lines.filter(thing="contract").values("reference")
    contracts = Contract.objects.filter(number__in=numbers).order_by("id")
    waiting = row.lines.filter(thing="certificate", answer="replace", done_at=None)
    ending = row.lines.filter(thing="certificate", done_at=None).exclude(revoke_on=None)
    last = ending.order_by("revoke_on").values_list("revoke_on", flat=True).first()
    return Matter(
        reference,
        facts={
            "structure": row.structure.name,
            "what": _WHAT[row.kind].format(after=after),
            "effective": day_text(row.effective_on),
            "replace": str(waiting.count()),
            "first": "aucune date" if last is None else day_text(last),
        },
        quote=row.reason,
        structure=row.structure,
        contract=contracts.first(),
    )
