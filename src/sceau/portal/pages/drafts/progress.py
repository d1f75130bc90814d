"""The steps of a draft as its writer sees them: which are done, what each still lacks, which comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.urls import reverse

from sceau.portal.pages.orders.checking import check_all, theirs_to_mend
from sceau.portal.pages.orders.raw import Raw, blank_form
from sceau.portal.saying import Said, say
from sceau.records import DraftFile
from sceau.registration import DraftState, DraftStep, Writer, sections_of, steps_seen_by
from sceau.vocabulary import Finding, Severity, errors


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step in the list: `standing` is `done`, `lacking`, `todo`, `again` (somebody else wrote it: to be
    read) or `away` (in somebody else's hands). `lacks` says how many things stop the sending.
    """

    step: DraftStep
    address: str
    standing: str
    lacks: int
    current: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """A draft's form with blanks where nothing was typed, everything found about it, and its steps."""

    raw: Raw
    findings: tuple[Finding, ...]
    lines: tuple[StepLine, ...] = field(default=())

    def of(self, section: str) -> tuple[Finding, ...]:
        """What was found about one part of the form."""
        return about(self.findings, section)


def progress_of(file: DraftFile, *, current: str = "") -> Progress:
    """How far a draft is, for who sees it."""
    raw = whole(file)
    findings = theirs_to_mend(check_all(raw))
    writer, state = Writer(file.line.writer), DraftState(file.line.state)
    writable = sections_of(writer, state)
    lines = tuple(
        _line(file, step, findings, current=step.code == current, away=step.section not in writable)
        for step in steps_seen_by(writer)
    )
    return Progress(raw, findings, lines)


def whole(file: DraftFile) -> Raw:
    """The draft's form, with the blanks of what was not typed yet (or is not this viewer's to see)."""
    return {**blank_form(), **file.raw}


def about(findings: Iterable[Finding], section: str) -> tuple[Finding, ...]:
    """The findings about one part of the form, wherever in it."""
    return tuple(one for one in findings if one.subject == section or one.subject.startswith(f"{section}."))


def address_of(reference: str, code: str) -> str:
    """The address of a step."""
    return reverse("draft-step", args=[reference, code])


def after(progress: Progress, code: str) -> StepLine | None:
    """The step after `code`, None after the last."""
    codes = [line.step.code for line in progress.lines]
    at = codes.index(code) + 1
    return progress.lines[at] if at < len(codes) else None


def before(progress: Progress, code: str) -> StepLine | None:
    """The step before `code`, None before the first."""
    codes = [line.step.code for line in progress.lines]
    at = codes.index(code)
    return progress.lines[at - 1] if at else None


def said_with_addresses(
    progress: Progress, findings: Iterable[Finding], *, here: str = ""
) -> list[tuple[Said, str]]:
    """Findings as sentences, each with the address of the field to mend (its step's page, its anchor)."""
    told = []
    for one in say(findings):
        home = next((line for line in progress.lines if about_section(one.subject, line.step.section)), None)
        if home is None:
            told.append((one, ""))
        elif home.step.code == here:
            told.append((one, f"#{one.subject}"))
        else:
            told.append((one, f"{home.address}#{one.subject}"))
    return told


def about_section(subject: str, section: str) -> bool:
    """Whether a finding's subject lies in a part of the form."""
    return subject == section or subject.startswith(f"{section}.")


def _line(
    file: DraftFile, step: DraftStep, findings: tuple[Finding, ...], *, current: bool, away: bool
) -> StepLine:
    mine = about(findings, step.section)
    lacks = len(errors(mine)) if step.code in file.visited else 0
    if away:
        standing = "away"
    elif step.code not in file.visited:
        standing = "again" if step.technical and file.line.given_back_at else "todo"
    else:
        standing = "lacking" if lacks else "done"
    return StepLine(step, address_of(file.line.reference, step.code), standing, lacks, current)


def worth_knowing(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that refuse nothing and yet are to be read before sending."""
    return tuple(one for one in findings if one.severity is Severity.WARNING)


def in_hand(progress: Progress, findings: Iterable[Finding]) -> list[Finding]:
    """Those that this viewer can do something about: not what somebody else has in hand."""
    away = [line.step.section for line in progress.lines if line.standing == "away"]
    return [one for one in findings if not any(about_section(one.subject, section) for section in away)]


def lacking(file: DraftFile, progress: Progress) -> list[Finding]:
    """What is missing in the steps gone through; of a form that came whole from a file, in all of it."""
    found = in_hand(progress, errors(progress.findings))
    if file.origin in {"pdf", "order", "amends"}:
        return found
    seen = [line.step.section for line in progress.lines if line.step.code in file.visited]
    return [one for one in found if any(about_section(one.subject, section) for section in seen)]
