"""Importing a register: its lines in, slice by slice, then put in the place of the one before at once.

Each slice is a transaction that also notes how far it came: after a stop of any kind the same command goes on
from there. Nobody reads the new rows until all are there, their number makes sense, and what changed is
noted; then one statement makes them the ones that stand. The same file twice is one import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from django.db.models import Exists, F, OuterRef, Q

from sceau.catalogue import RegisterLayout
from sceau.operations.acts import Act, acting, writing
from sceau.operations.machine import Actor, machine
from sceau.operations.references import REGISTER, draw_reference
from sceau.operations.register_files import Survey, day_in_name, source_lines, survey
from sceau.operations.register_tasks import raise_register_tasks
from sceau.operations.standing import require_keeper
from sceau.records import RegisterLine, bulk, register_import
from sceau.records.models import RegisterImport, RegisterReject, RegisterRow
from sceau.registration import LineReading, Rejection, line_reader, read_head
from sceau.registration import RegisterRow as Row
from sceau.vocabulary import Fault, Finding, Refused

SLICE = 5_000
"""Lines of one transaction."""
_FEW = 20
_HOPELESS = 20_000
_SWEPT_AT_ONCE = 10_000
_TEXT_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class RegisterOrder:
    """What to import: a layout's code, a file, the register's own date where neither the file nor its name
    says it. `accept_shrunk`: put it to use though it is much smaller, or older, than the one that stands.
    """

    layout: str
    path: Path
    dated: date | None = None
    accept_shrunk: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: octets of all, lines, and what they came to."""

    reference: str
    position: int
    size: int
    lines: int
    kept: int
    rejected: int


Tell = Callable[[Progress], None]


def _nobody(progress: Progress) -> None:
    """Nobody is told how far it is."""


def import_register(actor: Actor, order: RegisterOrder, *, tell: Tell = _nobody) -> RegisterLine:
    """Import a file and put it to use; the import as it then stands. By the desk, the authority, the machine.

    Goes on with an import of the same file that was cut short; does nothing again for one that stands. Raises
    `Refused` when the file is not the register's, has too many bad lines, or is suspiciously small or old
    (what stood stands on); `Fault` when it changes while it is read.
    """
    layout = _layout_of(order.layout)
    seen = survey(order.path, layout)
    head = read_head(layout, seen.first)
    dated = date.fromisoformat(head.dated) if head.dated else order.dated or day_in_name(order.path.name)
    row = _begin(actor, layout, seen, replace(order, dated=dated))
    if row.state == "loading":
        _sweep()
        _load(row, seen, _Taking(line_reader(layout, head), layout, seen, at_line=row.line), tell)
        if not seen.is_still():
            raise Fault("register.file-changed", retryable=True, detail=order.path.name)
        _judge(actor, row, layout)
        _note_changes(row, layout)
        _put_to_use(actor, row)
    if row.compared_at is None:
        raise_register_tasks(row)
    _sweep()
    line = register_import(row.reference)
    if line is None:
        raise LookupError(f"import {row.reference} was just written")
    return line


def _layout_of(code: str) -> RegisterLayout:
    layouts = machine().catalogue.registers
    if code not in layouts:
        raise Refused([Finding.error("register.layout-unknown", code, known=", ".join(sorted(layouts)))])
    return layouts[code]


def _begin(actor: Actor, layout: RegisterLayout, seen: Survey, order: RegisterOrder) -> RegisterImport:
    """The row of this import: a new one, the one to go on with, or the one that stands."""
    with acting(actor, "register.import-begun") as act:
        require_keeper(act)
        rows = RegisterImport.objects.select_for_update().filter(layout=layout.code)
        known = rows.filter(sha256=seen.sha256, state__in=("loading", "standing")).first()
        if known is not None:
            act.about(known.reference)
            if known.state == "standing":
                act.unchanged()
            else:
                act.rename("register.import-resumed")
                act.tell(layout=layout.code, sha256=seen.sha256, position=known.position)
                if order.accept_shrunk and not known.accepts_shrunk:
                    known.accepts_shrunk = True
                    known.save(update_fields=["accepts_shrunk"])
            return known
        _refuse_older(rows.filter(state="standing").first(), layout, order)
        for other in rows.filter(state="loading"):
            other.state, other.ended_at = "dropped", act.at
            other.save(update_fields=["state", "ended_at"])
            act.also("register.import-dropped", other.reference, public={"layout": layout.code})
        return _new_import(act, layout, seen, order)


def _new_import(act: Act, layout: RegisterLayout, seen: Survey, order: RegisterOrder) -> RegisterImport:
    row = RegisterImport.objects.create(
        reference=draw_reference(REGISTER, act.machine.random),
        layout=layout.code,
        state="loading",
        file_name=order.path.name[:120],
        sha256=seen.sha256,
        size=seen.size,
        encoding=seen.encoding,
        dated=order.dated,
        began_by=act.actor.person_id,
        began_at=act.at,
        accepts_shrunk=order.accept_shrunk,
        position=seen.body,
        line=1,
    )
    act.about(row.reference)
    act.tell(layout=layout.code, sha256=seen.sha256, size=seen.size, dated=str(order.dated or ""))
    act.keep(file=row.file_name)
    return row


def _refuse_older(standing: RegisterImport | None, layout: RegisterLayout, order: RegisterOrder) -> None:
    if standing is None or standing.dated is None or order.dated is None or order.accept_shrunk:
        return
    if order.dated < standing.dated:
        raise Refused(
            [
                Finding.error(
                    "register.older",
                    layout.label,
                    standing=f"{standing.dated:%d/%m/%Y}",
                    dated=f"{order.dated:%d/%m/%Y}",
                )
            ]
        )


@dataclass(slots=True)
class _Taking:
    """Lines being sorted into rows and rejects, until a slice is full."""

    read: Callable[[str], LineReading]
    layout: RegisterLayout
    seen: Survey
    at_line: int
    rows: list[Row] = field(default_factory=list)
    rejects: list[tuple[int, str, str]] = field(default_factory=list)
    lines: int = 0

    def take(self, data: bytes, *, is_too_long: bool) -> None:
        """One line of the file."""
        self.lines += 1
        self.at_line += 1
        if is_too_long:
            self._reject(Rejection.TOO_LONG, data[: _TEXT_KEPT * 4])
            return
        try:
            found = self.read(data.decode(self.seen.encoding))
        except UnicodeDecodeError:
            found = Rejection.ENCODING
        if isinstance(found, Row):
            self.rows.append(found)
        elif isinstance(found, Rejection):
            self._reject(found, data)

    def _reject(self, why: Rejection, data: bytes) -> None:
        text = data.decode(self.seen.encoding, errors="replace").rstrip("\r\n").replace("\0", "\ufffd")
        self.rejects.append((self.at_line, str(why), text[:_TEXT_KEPT]))

    def begin_again(self) -> None:
        """The slice is written."""
        self.rows, self.rejects, self.lines = [], [], 0


def _load(row: RegisterImport, seen: Survey, taking: _Taking, tell: Tell) -> None:
    """Every line from where the import stands, a slice at a time; leaves off early when it is hopeless."""
    bulk.settle_in()
    end = row.position
    for line in source_lines(seen.path, at=row.position):
        taking.take(line.data, is_too_long=line.is_too_long)
        end = line.end
        if taking.lines < SLICE:
            continue
        _write_slice(row, taking, end)
        tell(_progress(row))
        if row.rejected > _HOPELESS and _are_too_many(row, taking.layout):
            return
    if taking.lines:
        _write_slice(row, taking, end)
    tell(_progress(row))


def _write_slice(row: RegisterImport, taking: _Taking, end: int) -> None:
    """One transaction: rows, rejects, and how far it came. Raises `Fault` when another import of the same
    file came first.
    """
    with writing():
        mine = RegisterImport.objects.filter(pk=row.pk, state="loading", position=row.position)
        if not mine.update(position=end):
            raise Fault("register.two-imports", retryable=True, detail=row.reference)
        new = bulk.write_register_rows(row.pk, taking.rows)
        if taking.rejects:
            bulk.write_register_rejects(row.pk, taking.rejects)
        RegisterImport.objects.filter(pk=row.pk).update(
            line=taking.at_line,
            kept=F("kept") + new,
            repeated=F("repeated") + len(taking.rows) - new,
            rejected=F("rejected") + len(taking.rejects),
        )
    row.position, row.line = end, taking.at_line
    row.kept += new
    row.repeated += len(taking.rows) - new
    row.rejected += len(taking.rejects)
    taking.begin_again()


def _progress(row: RegisterImport) -> Progress:
    return Progress(row.reference, row.position, row.size, row.line, row.kept, row.rejected)


def _are_too_many(row: RegisterImport, layout: RegisterLayout) -> bool:
    read = row.kept + row.repeated + row.rejected
    return row.rejected > _FEW and row.rejected * 100 > read * layout.most_rejected_percent


def _judge(actor: Actor, row: RegisterImport, layout: RegisterLayout) -> None:
    """Whether what was read may stand; else it is noted as refused, and `Refused` says why."""
    before = RegisterImport.objects.filter(layout=row.layout, state="standing").first()
    why = _why_not(row, layout, before)
    if why is None:
        return
    with acting(actor, "register.import-refused", row.reference) as act:
        row.state, row.ended_at = "refused", act.at
        row.save(update_fields=["state", "ended_at"])
        act.tell(layout=row.layout, finding=why.code, kept=row.kept, rejected=row.rejected)
    _sweep()
    raise Refused([why])


def _why_not(row: RegisterImport, layout: RegisterLayout, before: RegisterImport | None) -> Finding | None:
    read = row.kept + row.repeated + row.rejected
    if not row.kept or _are_too_many(row, layout):
        return Finding.error(
            "register.too-many-rejected", layout.label, rejected=row.rejected, read=read, row=row.reference
        )
    is_small = before is not None and row.kept * 100 < before.kept * layout.least_kept_percent
    if before is not None and is_small and not row.accepts_shrunk:
        return Finding.error("register.shrunk", layout.label, kept=row.kept, before=before.kept)
    return None


def _note_changes(row: RegisterImport, layout: RegisterLayout) -> None:
    """What this import changes of the one that stands; begun again from nothing after a stop."""
    bulk.take_stock()
    bulk.forget_changes(row.pk)
    row.changed = row.gone = 0
    before = RegisterImport.objects.filter(layout=row.layout, state="standing").first()
    if before is None:
        return
    gone = str(layout.gone or "")
    for several in bulk.compared_rows(before.pk, row.pk, at_a_time=SLICE):
        changes: list[tuple[str, str, str, str]] = []
        for found in several:
            changes += _changes_of(found[:7], found[7:], gone)
            row.gone += found[7] is None
            row.changed += found[7] is not None
        with writing():
            bulk.write_register_changes(row.pk, changes)


def _changes_of(
    old: tuple[str, ...], new: tuple[str | None, ...], gone: str
) -> list[tuple[str, str, str, str]]:
    """Columns: key, name, given, parent, other, state, successor."""
    key, name, given, parent, other, state, successor = old
    if new[0] is None:
        return [(key, "gone", state, gone)]
    found = []
    if new[5] != state:
        found.append((key, "state", state, str(new[5])))
    if new[1:3] != (name, given):
        found.append((key, "name", f"{given} {name}".strip()[:200], f"{new[2]} {new[1]}".strip()[:200]))
    if (new[3], new[4], new[6]) != (parent, other, successor):
        links = " ".join(filter(None, (parent, other, successor)))
        found.append((key, "link", links[:200], " ".join(filter(None, (new[3], new[4], new[6])))[:200]))
    return found


def _put_to_use(actor: Actor, row: RegisterImport) -> None:
    """In one transaction: the one before stands no more, this one stands."""
    with acting(actor, "register.imported", row.reference) as act:
        require_keeper(act)
        standing = RegisterImport.objects.filter(layout=row.layout, state="standing")
        standing.update(state="superseded")
        row.state, row.ended_at = "standing", act.at
        row.save(update_fields=["state", "ended_at", "changed", "gone"])
        act.tell(layout=row.layout, sha256=row.sha256, kept=row.kept, repeated=row.repeated)
        act.tell(rejected=row.rejected, changed=row.changed, gone=row.gone, dated=str(row.dated or ""))


def _sweep() -> None:
    """Remove the rows of generations that neither stand nor load, and the rejected lines of those that were
    replaced or abandoned: a refused import keeps its own, for who looks for the reason.
    """
    of_import = {"generation": OuterRef("pk")}
    over = RegisterImport.objects.exclude(state__in=("loading", "standing"))
    kept_no_more = Exists(RegisterReject.objects.filter(**of_import)) & ~Q(state="refused")
    with_rows = Exists(RegisterRow.objects.filter(**of_import))
    RegisterReject.objects.filter(generation__in=over.filter(kept_no_more).values("pk")).delete()
    for pk in over.filter(with_rows).order_by("id").values_list("id", flat=True):
        while True:
            with writing():
                if bulk.sweep_register_rows(pk, at_a_time=_SWEPT_AT_ONCE) < _SWEPT_AT_ONCE:
                    break
