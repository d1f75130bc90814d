"""What the rooms to the right see of runs of mass revocation: small frozen values, ready to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sceau.records.views import CertificateLine


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list. `total` is how many it was to end when it was last counted, `done` how many it has
    ended.
    """

    reference: str
    title: str
    kind: str
    reason: str
    quality: str
    state: str
    created_by: str
    created_at: datetime
    changed_at: datetime
    total: int
    done: int

    @property
    def percent(self) -> int:
        """How far it is, 100 only when it is done."""
        if self.state == "done":
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


@dataclass(frozen=True, slots=True)
class RunApproval:
    """One officer's yes."""

    officer_id: str
    officer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunFile:
    """A run with everything on file. `events` are the acts its life allows now; `criterion` as it was typed,
    read. `report_sha256` is that of the report's bytes, empty until it is over.
    """

    line: RunLine
    criterion: Mapping[str, str]
    explanation: str
    approvals: tuple[RunApproval, ...]
    deciders_needed: int
    alone_up_to: int
    started_at: datetime | None
    secured_at: datetime | None
    ended_at: datetime | None
    why: str
    report_sha256: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How many certificates of one kind. `code` for a machine, `label` for a person (empty: the catalogue
    has it).
    """

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class RunPreview:
    """What a run would end, as the records stand at the moment asked.

    `in_service` are delivered ones, of which `replaced` have a successor in service: the others leave a
    service without a certificate. `excluded`: what comes under the criterion and is not ended, by why.
    `names` are the first of `names_count`. `rights`: active habilitations that would be suspended first.
    `counted_at`: a large run's figures are those of its preparation.
    """

    total: int
    products: tuple[Share, ...]
    structures: tuple[Share, ...]
    structures_count: int
    states: tuple[Share, ...]
    excluded: tuple[Share, ...]
    in_service: int
    replaced: int
    rights: int
    names: tuple[str, ...]
    names_count: int
    lines: tuple[CertificateLine, ...]
    counted_at: datetime | None = None
