"""`sceau explain --batch`: a JSON request a line in, a JSON answer a line out, in order, to the end.

Whatever a line holds (no JSON, a hundred thousand brackets, half a character, nothing), it is answered by a
refusal with its code, and the next line is read. A defect of ours is a refusal too, never a pass and never
a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NoReturn

from sceau.catalogue import Catalogue, CatalogueError, harmless
from sceau.cli.explain_questions import Asker, answer
from sceau.vocabulary import Fault, Finding, Severity, errors

LONGEST_LINE: Final = 1 << 20
_NOTHING_TO_DO: Final = "Rien à faire."


def answer_batch(requests: BinaryIO, answers: BinaryIO, asker: Asker) -> None:
    """Answer every line of `requests` on `answers`, each flushed before the next is read."""
    for line in _lines(requests):
        answers.write(json.dumps(answer_line(line, asker)).encode("ascii") + b"\n")
        answers.flush()


def _lines(requests: BinaryIO) -> Iterator[bytes | None]:
    """Each line without its end; None for one longer than `LONGEST_LINE`, which is read away and not kept."""
    while line := requests.readline(LONGEST_LINE + 1):
        if line.endswith(b"\n") or len(line) <= LONGEST_LINE:
            yield line.removesuffix(b"\n")
            continue
        while line and not line.endswith(b"\n"):
            line = requests.readline(LONGEST_LINE)
        yield None


def answer_line(line: bytes | None, asker: Asker, *, only: str | None = None) -> dict[str, Any]:
    """The answer to one line. Never raises. With `only`, a question that has no name is that one."""
    read = _read_line(line)
    if isinstance(read, Finding):
        return as_answer((read,), asker.catalogue)
    request = read.value
    if only is not None and isinstance(request, dict):
        request.setdefault("explain", only)
    said = as_answer(answer_safely(request, asker), asker.catalogue)
    if isinstance(request, dict) and _is_mark(request.get("id")):
        return {"id": request["id"], **said}
    return said


@dataclass(frozen=True, slots=True)
class _Json:
    """A JSON value that was read; `None` is one."""

    value: Any


def _read_line(line: bytes | None) -> _Json | Finding:
    """The JSON value of a line, or why there is none."""
    if line is None:
        return Finding.error("explain.line-too-long", "request", most=LONGEST_LINE)
    try:
        return _Json(read_request(line))
    except _RepeatedFieldError as problem:
        return Finding.error("explain.repeated-field", harmless(problem.name))
    except UnicodeDecodeError:
        return Finding.error("explain.not-utf-8", "request")
    except RecursionError:
        return Finding.error("explain.too-deep", "request")
    except ValueError:
        return _not_json(line)


def answer_safely(request: object, asker: Asker) -> tuple[Finding, ...]:
    """`answer`, where a defect or a fault is a refusal: no pass comes out of an exception."""
    try:
        return answer(request, asker)
    except Fault as fault:
        return (Finding.error("explain.fault", "request", what=fault.code),)
    except Exception as defect:  # the promise of the batch: no line ever ends it
        return (Finding.error("explain.fault", "request", what=type(defect).__name__),)


def as_answer(findings: tuple[Finding, ...], catalogue: Catalogue) -> dict[str, Any]:
    """The verdict and the findings in French. No finding at all would be no answer: it refuses."""
    accepted = bool(findings) and not errors(findings)
    return {
        "verdict": "accept" if accepted else "refuse",
        "findings": [
            {
                "code": finding.code,
                "severity": str(finding.severity),
                "subject": harmless(finding.subject),
                "message": _say(finding, catalogue),
            }
            for finding in findings
        ],
    }


def _say(finding: Finding, catalogue: Catalogue) -> str:
    try:
        sentence = catalogue.say(finding)
    except CatalogueError:
        return f"[{finding.code}]"
    hollow = finding.severity is Severity.INFO and sentence.remedy == _NOTHING_TO_DO
    return sentence.text if hollow else f"{sentence.text} {sentence.remedy}"


def _is_mark(value: object) -> bool:
    """An `id` worth giving back: a short text or a whole number."""
    return isinstance(value, int | str) and len(str(value)) <= 100


def _not_json(line: bytes) -> Finding:
    if not line.strip():
        return Finding.error("explain.empty-line", "request")
    return Finding.error("explain.not-json", "request")


class _RepeatedFieldError(Exception):
    """A field given twice: two values are a doubt [T17]."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def read_request(line: bytes) -> object:
    """The JSON value of a line, strictly: UTF-8, no field twice, no NaN or Infinity.

    Raises UnicodeDecodeError, RecursionError, ValueError, or `_RepeatedFieldError`.
    """
    return json.loads(line.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise _RepeatedFieldError(name)
        fields[name] = value
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
