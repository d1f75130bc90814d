"""What a check says: a finding, a refusal that carries all of them, or a fault of a machine.

A finding has a code, the subject it is about and the values its French sentence needs. The sentence itself
lives in `catalogue` (one place for every word a person reads); this module decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Severity(StrEnum):
    """How much a finding weighs. Only `ERROR` refuses."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen about one subject.

    `code` is a key of the catalogue's findings (``siret.check-digit``); `subject` names the field or the
    value as the person knows it; `details` are the values of the sentence, as text.
    """

    code: str
    subject: str
    severity: Severity = Severity.ERROR
    details: tuple[tuple[str, str], ...] = ()

    @classmethod
    def error(cls, code: str, subject: str, **details: object) -> Finding:
        """A finding that refuses."""
        return cls(code, subject, Severity.ERROR, _as_details(details))

    @classmethod
    def warning(cls, code: str, subject: str, **details: object) -> Finding:
        """A finding that asks a person to look, and refuses nothing."""
        return cls(code, subject, Severity.WARNING, _as_details(details))

    @classmethod
    def info(cls, code: str, subject: str, **details: object) -> Finding:
        """A finding that tells."""
        return cls(code, subject, Severity.INFO, _as_details(details))

    def about(self, subject: str) -> Finding:
        """The same finding, said of another subject (a field's path instead of its value)."""
        return replace(self, subject=subject)


def _as_details(values: dict[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple([(key, str(value)) for key, value in values.items()])


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of `findings` that refuse."""
    if not findings:
        return ()
    return tuple([finding for finding in findings if finding.severity is Severity.ERROR])


class Refused(Exception):
    """The answer is no. Carries *all* findings, warnings too, so that one reading is enough to mend all."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        if not errors(self.findings):
            raise ValueError("a refusal needs at least one finding of severity error")
        super().__init__(", ".join(f"{finding.code}({finding.subject})" for finding in self.findings))


class Fault(Exception):
    """A machine failed (signer away, disk full, clock going back): nobody did anything wrong.

    `code` is a key of the catalogue's findings; `retryable` says whether the same call may be made again.
    """

    def __init__(self, code: str, *, retryable: bool, detail: str = "") -> None:
        self.code = code
        self.retryable = retryable
        self.detail = detail
        super().__init__(f"{code}: {detail}" if detail else code)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What reading a text gave: a value or none, and every finding on the way.

    A reading without a value carries at least one error; a reading with a value carries none, but may carry
    warnings.
    """

    value: T | None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        refuses = False
        for finding in self.findings:
            refuses = refuses or finding.severity is Severity.ERROR
        if (self.value is None) is not refuses:
            raise ValueError(f"a reading has a value or an error, never both or neither: {self.findings!r}")

    def require(self) -> T:
        """The value, or `Refused` with every finding."""
        if self.value is None:
            raise Refused(self.findings)
        return self.value


def read_ok(value: T, *findings: Finding) -> Reading[T]:
    """A reading that gave `value`, with warnings if there are any."""
    return Reading(value, findings)


def read_refused(*findings: Finding) -> Reading[T]:
    """A reading that gave nothing, and why."""
    return Reading(None, findings)
