"""What an officer asks of a run of mass revocation, read: the criterion, and the certificates that a list
names.

A line that names nothing, or could name two, refuses the whole list with every such line: nobody finds out
afterwards that a certificate was left [ASSURANCE F15].
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from sceau.catalogue import CriterionKind
from sceau.certification import read_public_key
from sceau.operations.acts import Act
from sceau.records.models import PARIS, Certificate, Contract, Person, Structure
from sceau.status import SerialCandidates, choose_serial, read_serial, spell_serial
from sceau.vocabulary import Finding, Refused

MOST_LINES = 200_000
_CHUNK = 500
_MOST_SAID = 50
_REFERENCE = re.compile(r"CRT-[0-9A-Z]{5}-[0-9A-Z]{5}", re.IGNORECASE)
_ISSUER = re.compile(r"([a-z0-9-]{1,16})/([1-9][0-9]{0,3})")
_HEADERS = frozenset(
    {"certificat", "certificate", "dossier", "référence", "reference", "serial", "numéro", "numero", "série"}
)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run as typed. `subject` is the person's, structure's or contract's identifier, or the issuer's key as
    ``el-org/1``; `listed` a list or CSV; `key` a public key in any form, a certificate or a request.

    `since` and `until` (Paris days, both included) narrow an issuer's certificates by when they were asked
    for.
    """

    title: str
    kind: str
    reason: str
    quality: str
    explanation: str
    subject: str = ""
    listed: str = ""
    key: bytes = b""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A criterion as it is stored, and the rows of the certificates that a list names."""

    criterion: Mapping[str, str]
    members: tuple[int, ...] = ()


def read_chosen(act: Act, kind: CriterionKind, request: RunRequest) -> Chosen:
    """The criterion of a request. Raises `Refused` with everything that cannot be read or is not known."""
    if kind is CriterionKind.LIST:
        members = read_list(request.listed)
        return Chosen({"certificates": str(len(members))}, members)
    if kind is CriterionKind.KEY:
        return Chosen({"key": read_public_key(request.key).require()})
    if kind is CriterionKind.ISSUER:
        return Chosen(_issuer(act, request))
    text = request.subject.strip()[:80]
    known = {
        CriterionKind.ADMINISTRATOR: Person.objects.filter(national_id=text),
        CriterionKind.STRUCTURE: Structure.objects.filter(national_id=text),
        CriterionKind.CONTRACT: Contract.objects.filter(number=text),
    }[kind]
    if not known.exists():
        raise Refused([Finding.error("run.subject-unknown", "subject", text=text or "—")])
    return Chosen({_NAMES[kind]: text})


_NAMES = {
    CriterionKind.ADMINISTRATOR: "person",
    CriterionKind.STRUCTURE: "structure",
    CriterionKind.CONTRACT: "contract",
}


def _issuer(act: Act, request: RunRequest) -> dict[str, str]:
    text = request.subject.strip().lower()
    match = _ISSUER.fullmatch(text)
    known = {(facts.code, facts.generation) for several in act.machine.issuers.values() for facts in several}
    if match is None or (match[1], int(match[2])) not in known:
        raise Refused([Finding.error("run.subject-unknown", "subject", text=text or "—")])
    criterion = {"issuer": match[1], "generation": match[2]}
    if request.since is not None:
        criterion["since"] = _midnight(request.since).isoformat()
    if request.until is not None:
        end = _midnight(request.until + timedelta(days=1))
        if end > act.at:
            raise Refused([Finding.error("run.until-to-come", "until")])
        if request.since is not None and request.until < request.since:
            raise Refused([Finding.error("run.dates-crossed", "until")])
        criterion["until"] = end.isoformat()
    return criterion


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=PARIS).astimezone(UTC)


# -- lists


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line of a list names: a reference, or what its text can mean as a serial."""

    number: int
    text: str
    reference: str = ""
    serial: SerialCandidates | None = None

    @property
    def subject(self) -> str:
        return f"ligne {self.number}"


def read_list(text: str) -> tuple[int, ...]:
    """The rows of the certificates named by a list, each once: references, or serials in any spelling, one a
    line; of a CSV the first column. Raises `Refused` with every line that names none or two.
    """
    lines, problems = _lines(text)
    found: list[int] = []
    for chunk in _chunks(lines):
        by_reference = _by_reference(chunk)
        by_serial = _by_serial(chunk)
        for line in chunk:
            chosen = by_reference.get(line.reference) if line.reference else _choose(line, by_serial)
            if isinstance(chosen, int):
                found.append(chosen)
            else:
                unknown = Finding.error("serial.unknown", line.subject, text=line.text)
                problems.append(unknown if chosen is None else chosen)
    if len(problems) > _MOST_SAID:
        more = len(problems) - _MOST_SAID
        problems = [*problems[:_MOST_SAID], Finding.error("run.more-lines", "listed", count=more)]
    if problems:
        raise Refused(problems)
    if not found:
        raise Refused([Finding.error("run.list-empty", "listed")])
    return tuple(dict.fromkeys(found))


def _lines(text: str) -> tuple[list[_Line], list[Finding]]:
    lines: list[_Line] = []
    problems: list[Finding] = []
    rows = text.removeprefix("\ufeff").splitlines()
    if len(rows) > MOST_LINES:
        raise Refused([Finding.error("run.list-too-long", "listed", longest=MOST_LINES)])
    for number, row in enumerate(rows, start=1):
        cell = re.split(r"[;,\t]", row, maxsplit=1)[0].strip().strip("\"'").strip()
        is_header = not lines and bool(_HEADERS & set(cell.lower().split()))
        if not cell or cell.startswith("#") or is_header:
            continue
        if _REFERENCE.fullmatch(cell):
            lines.append(_Line(number, cell, reference=cell.upper()))
            continue
        read = read_serial(cell, subject=f"ligne {number}")
        problems.extend(read.findings if read.value is None else ())
        if read.value is not None:
            lines.append(_Line(number, cell[:80], serial=read.value))
    return lines, problems


def _chunks(lines: Sequence[_Line]) -> Iterator[tuple[_Line, ...]]:
    left = iter(lines)
    while chunk := tuple(islice(left, _CHUNK)):
        yield chunk


def _by_reference(chunk: Sequence[_Line]) -> dict[str, int]:
    wanted = [line.reference for line in chunk if line.reference]
    return dict(Certificate.objects.filter(reference__in=wanted).values_list("reference", "pk"))


def _by_serial(chunk: Sequence[_Line]) -> dict[int, list[int]]:
    wanted = {
        spell_serial(number) for line in chunk if line.serial is not None for number in line.serial.numbers
    }
    found: defaultdict[int, list[int]] = defaultdict(list)
    for serial, row in Certificate.objects.filter(serial__in=wanted).values_list("serial", "pk"):
        found[int(serial, 16)].append(row)
    return found


def _choose(line: _Line, given: Mapping[int, list[int]]) -> int | Finding | None:
    if line.serial is None:
        return None
    read = choose_serial(line.serial, given.__contains__, subject=line.subject)
    if read.value is None:
        return read.findings[0]
    several = given[read.value]
    if len(several) > 1:
        return Finding.error("run.serial-of-two-issuers", line.subject, text=line.text)
    return several[0]
