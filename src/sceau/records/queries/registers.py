"""Registers and tasks, read: what stands, what it says of a number or a name, what is to be done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.db.models import Q

from sceau.catalogue import RegisterLayout, RegisterSubject, load_catalogue
from sceau.records.models import (
    DeskTask,
    Person,
    RegisterChange,
    RegisterImport,
    RegisterReject,
    RegisterRow,
)
from sceau.records.models.people import PARIS
from sceau.records.register_views import (
    ChangedNumber,
    RegisterEntry,
    RegisterLine,
    RejectedLine,
    TaskLine,
)
from sceau.registration import FOLDED, fold

_AFTER_ALL = "~"  # after every capital letter, digit and space


def list_imports(*, before: str = "", limit: int = 50) -> tuple[RegisterLine, ...]:
    """Imports, the latest first."""
    rows = RegisterImport.objects.order_by("-id")
    if before:
        rows = rows.filter(id__lt=RegisterImport.objects.filter(reference=before).values("id")[:1])
    return tuple(as_register_line(row) for row in rows[:limit])


def register_import(reference: str) -> RegisterLine | None:
    """One import."""
    row = RegisterImport.objects.filter(reference=reference).first()
    return None if row is None else as_register_line(row)


def standing_registers() -> Mapping[RegisterSubject, RegisterLine]:
    """The imports that stand, by what they are about."""
    rows = RegisterImport.objects.filter(state="standing")
    lines = (as_register_line(row) for row in rows)
    return {RegisterSubject(line.about): line for line in lines}


def rejected_lines(reference: str) -> Iterator[RejectedLine]:
    """The lines of an import that were not taken, in the order of the file; a stream."""
    generation = RegisterImport.objects.filter(reference=reference).values("id")[:1]
    rows = RegisterReject.objects.filter(generation=generation).order_by("line", "id")
    for row in rows.iterator(chunk_size=2000):
        yield RejectedLine(row.line, row.reason, row.text)


def register_changes(reference: str, *, limit: int = 100) -> tuple[ChangedNumber, ...]:
    """What an import changed, first ones first."""
    generation = RegisterImport.objects.filter(reference=reference).values("id")[:1]
    rows = RegisterChange.objects.filter(generation=generation).order_by("id")[:limit]
    return tuple(ChangedNumber(row.key, row.what, row.before, row.after) for row in rows)


def register_entries(
    subjects: Collection[RegisterSubject], keys: Collection[str]
) -> dict[tuple[RegisterSubject, str], RegisterEntry]:
    """What the registers that stand say of these numbers, by subject and number."""
    wanted = sorted({key for key in keys if key})
    standing = _standing(subjects)
    if not wanted or not standing:
        return {}
    rows = RegisterRow.objects.filter(generation__in=list(standing), key__in=wanted)
    found = [(standing[row.generation], row) for row in rows]
    return {(layout.about, row.key): _as_entry(row, layout, line) for (layout, line), row in found}


def find_in_registers(text: str, *, limit: int = 20) -> tuple[RegisterEntry, ...]:
    """What is known by this number (SIRET, SIREN, FINESS, RPPS, card) or whose name begins like this: numbers
    first, then names in order.
    """
    typed = text.strip()[:80]
    number = "".join(typed.split()).upper()
    prefix = fold(typed)[:FOLDED]
    standing = _standing(tuple(RegisterSubject))
    if not standing or len(prefix) < 3:
        return ()
    is_number = len(number) >= 9 and number[:1].isdigit() and sum(c.isdigit() for c in number) >= 8
    found: list[RegisterRow] = []
    for generation in standing:
        rows = RegisterRow.objects.filter(generation=generation)
        if is_number:
            keys = [number, f"8{number}"] if len(number) == 11 else [number]
            found += rows.filter(key__in=keys)
            found += rows.filter(~Q(other=""), other=number)[:limit]  # the second index leaves empty ones out
        else:
            within = rows.filter(folded__gte=prefix, folded__lt=prefix + _AFTER_ALL)
            found += within.order_by("folded")[:limit]
    found.sort(key=lambda row: (row.folded, row.key))
    return tuple(_as_entry(row, *standing[row.generation]) for row in found[:limit])


def list_tasks(*, done: bool = False, after: str = "", limit: int = 50) -> tuple[TaskLine, ...]:
    """Tasks to do, the oldest first; or those done, the latest first. `after`: the last reference shown."""
    rows = DeskTask.objects.filter(done_at__isnull=not done).order_by("-id" if done else "id")
    if after:
        last = DeskTask.objects.filter(reference=after).values("id")[:1]
        rows = rows.filter(id__lt=last) if done else rows.filter(id__gt=last)
    return tuple(as_task_lines(list(rows[:limit])))


def task_line(reference: str) -> TaskLine | None:
    """One task."""
    row = DeskTask.objects.filter(reference=reference).first()
    return None if row is None else as_task_lines([row])[0]


def tasks_about(reference: str) -> tuple[TaskLine, ...]:
    """The tasks to do whose subject is this (``structure/…``, ``card/…``)."""
    return tuple(as_task_lines(list(DeskTask.objects.filter(subject=reference, done_at=None).order_by("id"))))


def as_task_lines(rows: list[DeskTask]) -> list[TaskLine]:
    """The views of tasks; who did them by name."""
    done = {row.done_by for row in rows if row.done_by}
    people = Person.objects.filter(national_id__in=done)
    names = {person.national_id: f"{person.given_names} {person.surname}".strip() for person in people}
    return [
        TaskLine(
            reference=row.reference,
            code=row.code,
            subject=row.subject,
            details=tuple((str(name), str(value)) for name, value in row.details),
            about=tuple(row.about),
            raised_at=row.raised_at,
            raised_by=row.raised_by,
            done_at=row.done_at,
            done_by=names.get(row.done_by, row.done_by),
            outcome=row.outcome,
        )
        for row in rows
    ]


def as_register_line(row: RegisterImport) -> RegisterLine:
    """The view of an import."""
    layout = load_catalogue().registers[row.layout]
    return RegisterLine(
        reference=row.reference,
        layout=row.layout,
        label=layout.label,
        about=str(layout.about),
        source=f"{layout.register} du {_day_of(row)}",
        state=row.state,
        file_name=row.file_name,
        sha256=row.sha256,
        size=row.size,
        encoding=row.encoding,
        dated=row.dated,
        began_by=row.began_by,
        began_at=row.began_at,
        ended_at=row.ended_at,
        compared_at=row.compared_at,
        position=row.position,
        lines=row.line,
        kept=row.kept,
        repeated=row.repeated,
        rejected=row.rejected,
        changed=row.changed,
        gone=row.gone,
    )


def _day_of(row: RegisterImport) -> str:
    """The register's own date, else the day of its import."""
    return f"{row.dated or row.began_at.astimezone(PARIS).date():%d/%m/%Y}"


def _standing(subjects: Collection[RegisterSubject]) -> dict[int, tuple[RegisterLayout, RegisterLine]]:
    layouts = load_catalogue().registers
    wanted = [code for code, layout in layouts.items() if layout.about in subjects]
    rows = RegisterImport.objects.filter(state="standing", layout__in=wanted)
    return {row.pk: (layouts[row.layout], as_register_line(row)) for row in rows}


def _as_entry(row: RegisterRow, layout: RegisterLayout, line: RegisterLine) -> RegisterEntry:
    return RegisterEntry(
        layout=layout.code,
        about=str(layout.about),
        source=line.source,
        key=row.key,
        name=row.name,
        given_names=row.given,
        parent=row.parent,
        other=row.other,
        postcode=row.postcode,
        commune=row.commune,
        category=row.category,
        state=row.state,
        since=row.since,
        successor=row.successor,
    )
