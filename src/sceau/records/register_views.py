"""What the rooms to the right may see of registers and tasks: small frozen values, ready to show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sceau.vocabulary import Finding


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One import. `kept`, `repeated` and `rejected` are lines; `changed` and `gone` are numbers that the
    register before it knew. `layout` and `about` are codes of the catalogue. `source` names the register and
    its date as people read them.
    """

    reference: str
    layout: str
    label: str
    about: str
    source: str
    state: str
    file_name: str
    sha256: str
    size: int
    encoding: str
    dated: date | None
    began_by: str
    began_at: datetime
    ended_at: datetime | None
    compared_at: datetime | None
    position: int
    lines: int
    kept: int
    repeated: int
    rejected: int
    changed: int
    gone: int


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What a register that stands says of one number. `company` is the name of an establishment's company,
    where the establishment has none of its own.
    """

    layout: str
    about: str
    source: str
    key: str
    name: str
    given_names: str
    parent: str
    other: str
    postcode: str
    commune: str
    category: str
    state: str
    since: str
    successor: str


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that was not taken."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangedNumber:
    """What an import changed of one number."""

    key: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task of the desk. `code`, `subject` and `details` make its sentence; `about` are references of what
    it concerns; `done_by` is the display of who did it.
    """

    reference: str
    code: str
    subject: str
    details: tuple[tuple[str, str], ...]
    about: tuple[str, ...]
    raised_at: datetime
    raised_by: str
    done_at: datetime | None
    done_by: str
    outcome: str

    @property
    def why(self) -> Finding:
        """Why there is something to do, as the finding that it was when it was raised."""
        return replace(_KEPT, code=self.code, subject=self.subject, details=self.details)


_KEPT = Finding.warning("task.unknown", "task")
