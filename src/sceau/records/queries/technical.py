"""Technical parts of forms, entrusted to third parties, as either side sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from sceau.records.designation_views import TechnicalLine, TechnicalTextLine, TechnicalView
from sceau.records.models import TechnicalPart
from sceau.records.queries.designations import designation_lines
from sceau.records.queries.people import contracts_naming
from sceau.records.queries.teams import names_of_people
from sceau.registration import TECHNICAL_LIFE, MemberState, TechnicalState


def technical_view(reference: str, *, at: datetime) -> TechnicalView | None:
    """A technical part, for either side."""
    row = _parts().filter(reference=reference).first()
    if row is None:
        return None
    texts = list(row.texts.order_by("number"))
    names = names_of_people([row.opened_by, *(text.made_by for text in texts)])
    terms = designation_lines([row.designation], at=at)[0].terms
    return TechnicalView(
        line=_technical_line(row, names),
        part=json.loads(texts[-1].text),
        message=row.message,
        version=row.current,
        texts=tuple(
            TechnicalTextLine(
                text.number, names.get(text.made_by, text.made_by), text.made_as, text.made_at, text.digest
            )
            for text in texts
        ),
        terms=terms,
        events=tuple(str(event) for event in TECHNICAL_LIFE.events(TechnicalState(row.state))),
    )


def technical_sides(reference: str, *, viewer: str, at: datetime) -> frozenset[str]:
    """On which sides of a technical part somebody stands: `client`, `third-party`; those of a part that was
    taken back no longer see it from the third party's.
    """
    row = _parts().filter(reference=reference).first()
    if row is None or not viewer:
        return frozenset()
    named = set(contracts_naming(viewer, at=at))
    is_requester = row.order_id is not None and row.opened_by == viewer
    sides = {"client"} if is_requester or row.designation.contract_id in named else set()
    party = row.designation.third_party
    on_team = party.members.filter(person__national_id=viewer, state=MemberState.ACTIVE).exists()
    if row.state != TechnicalState.TAKEN_BACK and (on_team or party.contract_id in named):
        sides.add("third-party")
    return frozenset(sides)


def technical_parts(
    *, designation: str = "", viewer: str = "", at: datetime, states: Iterable[str] = (), limit: int = 100
) -> tuple[TechnicalLine, ...]:
    """Technical parts, newest first: of a designation, or of the structures that `viewer` speaks for."""
    rows = _parts().order_by("-id")
    if designation:
        rows = rows.filter(designation__reference=designation)
    if viewer:
        named = contracts_naming(viewer, at=at)
        rows = rows.filter(Q(opened_by=viewer) | Q(designation__contract__in=named))
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    kept = list(rows[:limit])
    names = names_of_people(row.opened_by for row in kept)
    return tuple(_technical_line(row, names) for row in kept)


def _parts() -> QuerySet[TechnicalPart]:
    return TechnicalPart.objects.select_related(
        "designation__structure",
        "designation__contract",
        "designation__third_party__structure",
        "designation__third_party__contract",
        "order",
    )


def _technical_line(row: TechnicalPart, names: dict[str, str]) -> TechnicalLine:
    return TechnicalLine(
        reference=row.reference,
        state=row.state,
        structure=row.designation.structure.name,
        third_party_name=row.designation.third_party.structure.name,
        designation=row.designation.reference,
        order="" if row.order is None else row.order.reference,
        opened_by=names.get(row.opened_by, row.opened_by),
        opened_at=row.opened_at,
        changed_at=row.changed_at,
    )
