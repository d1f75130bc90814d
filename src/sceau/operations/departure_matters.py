"""What a mail about a departure says: to who leaves, and to whom the structure's contract names."""

from __future__ import annotations

import json

from sceau.catalogue import MailRole
from sceau.operations.occasions import Matter, name_text
from sceau.records.models import Contract, Departure, HabilitationVersion, OrderVersion


def departure_matter(reference: str) -> Matter | None:
    """A departure with its facts as they stand; None when there is none."""
    row = Departure.objects.select_related("person", "structure").filter(reference=reference).first()
    if row is None:
        return None
    contracts = Contract.objects.filter(structure=row.structure).exclude(state="terminated")
    versions = HabilitationVersion.objects.filter(
        habilitation__person=row.person, habilitation__structure=row.structure
    )
    last = versions.order_by("-id").first()
    raw = None
    if last is not None:
        raw = OrderVersion.objects.get(order=last.order_id, number=last.order_version).raw
    waiting = row.lines.filter(answer="").count()
    return Matter(
        reference,
        facts={
            "person": name_text(row.person),
            "structure": row.structure.name,
            "waiting": _counted(waiting),
        },
        structure=row.structure,
        contract=contracts.order_by("-id").first(),
        people={MailRole.ADMINISTRATOR: row.person},
        forms=[] if raw is None else [json.loads(raw)],
    )


def _counted(waiting: int) -> str:
    if not waiting:
        return "aucun certificat à décider"
    return "1 certificat à décider" if waiting == 1 else f"{waiting} certificats à décider"
