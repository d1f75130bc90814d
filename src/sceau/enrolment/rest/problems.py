"""How this door says no: one status and one document for each refusal or fault, with every reason, in French
or in the English that the caller asked for.

The mapping is here and nowhere else. What belongs to others answers as what does not exist; a machine's fault
says what to do, never what happened inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError

from sceau.catalogue import Language, load_catalogue
from sceau.enrolment.rest.answers import told
from sceau.vocabulary import Fault, Finding, Refused, errors

RETRY_SECONDS = 2
_LATER = {"retry-after": str(RETRY_SECONDS)}
_WHO = {"www-authenticate": 'Bearer realm="sceau"'}

_BY_CODE: tuple[tuple[int, frozenset[str]], ...] = (
    (
        401,
        frozenset(
            {
                "token.unknown",
                "token.revoked",
                "token.expired",
                "token.right",
                "operations.card-not-valid",
                "operations.card-not-yours",
                "operations.person-unknown",
            }
        ),
    ),
    (404, frozenset({"certificate.unknown", "habilitation.unknown", "key-report.unknown-key"})),
    (403, frozenset({"token.act", "revocation.quality-not-held"})),
    (409, frozenset({"issuance.key-for-another", "life.not-now", "key-report.no-challenge"})),
    (429, frozenset({"token.quota"})),
)

TITLES: Mapping[int, str] = {
    400: "Demande mal formée",
    401: "Qui êtes-vous ?",
    403: "Pas permis",
    404: "Introuvable",
    405: "Méthode non admise",
    408: "Demande trop lente",
    409: "En conflit avec une demande précédente",
    413: "Demande trop grande",
    415: "Format non admis",
    422: "Refusé par une règle",
    429: "Trop de demandes",
    500: "Défaut du service",
    503: "Momentanément impossible",
}


ENGLISH_TITLES: Mapping[int, str] = {
    400: "Malformed request",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Request too slow",
    409: "In conflict with an earlier request",
    413: "Request too large",
    415: "Format not accepted",
    422: "Refused by a rule",
    429: "Too many requests",
    500: "Defect of the service",
    503: "Not possible for the moment",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A no: its status, what it is said with (a machine's fault, or findings), and the headers that go with
    it.
    """

    status: int
    findings: tuple[Finding, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    def document(self, instance: str, language: Language) -> dict[str, Any]:
        """The problem document [RFC 9457], in the caller's language."""
        title = (ENGLISH_TITLES if language is Language.ENGLISH else TITLES)[self.status]
        said = told(self.findings, language) if self.fault is None else [_fault_told(self.fault, language)]
        return {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": said[0]["message"] if said else title,
            "instance": instance,
            "findings": said,
        }


class NotServedError(Exception):
    """The call stops here, with this problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem.status))


def stop(status: int, findings: Iterable[Finding], **headers: str) -> NotServedError:
    """A no that this door itself decides."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return NotServedError(Problem(status, tuple(findings), {**_fitting(status), **named}))


def problem_of(error: Exception) -> Problem | None:
    """What is answered to what was raised; None for a defect of ours."""
    if isinstance(error, NotServedError):
        return error.problem
    if isinstance(error, Refused):
        return problem_of_refusal(error)
    if isinstance(error, Fault):
        return problem_of_fault(error)
    if isinstance(error, OperationalError | InterfaceError):
        return problem_of_fault(Fault("operations.database", retryable=True))
    return None


def defect() -> Problem:
    """A defect of ours: that there is one, without a word of it."""
    return Problem(500, (Finding.error("api.defect", "service"),))


def problem_of_refusal(refused: Refused) -> Problem:
    """The status of a refusal by its codes; by a rule of the field when none says otherwise."""
    codes = {finding.code for finding in errors(refused.findings)}
    status = next((status for status, known in _BY_CODE if codes & known), 422)
    return Problem(status, tuple(refused.findings), _fitting(status))


def problem_of_fault(fault: Fault) -> Problem:
    """A machine failed: what the caller may do, without what happened inside."""
    failed = 503 if fault.retryable else 500
    status = 409 if fault.code == "issuance.in-progress" else failed
    return Problem(status, (), _LATER if fault.retryable else {}, fault=fault)


def _fault_told(fault: Fault, language: Language) -> dict[str, str]:
    kept, fault.detail = fault.detail, "service"
    try:
        sentence = load_catalogue(language=language).say_fault(fault)
    finally:
        fault.detail = kept
    return {
        "code": fault.code,
        "severity": "error",
        "subject": "service",
        "message": sentence.text,
        "remedy": sentence.remedy,
    }


def _fitting(status: int) -> dict[str, str]:
    """The headers that a status calls for."""
    if status == 401:
        return _WHO
    return _LATER if status in {429, 503} else {}
