"""Findings as a page says them: the sentence, what to do, the clause, and the field to go to. Decides
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sceau.portal.language import page_catalogue
from sceau.portal.typography import typeset
from sceau.vocabulary import Finding, Severity, errors

_FIELD_PATH = re.compile(r"[a-z_]+(?:\.[a-z0-9_]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Said:
    """One finding, said. `target` is the id of the field it is about, empty when no field of the page has
    it.
    """

    code: str
    text: str
    remedy: str
    clause: str
    severity: Severity
    subject: str
    target: str


def say(
    findings: Iterable[Finding], *, fields: Iterable[str] = (), places: Mapping[str, str] | None = None
) -> tuple[Said, ...]:
    """Each finding in French, errors first. `fields` are the ids that exist on the page; `places` says
    which of them holds a subject that is a value (a name typed), not a path.
    """
    known = frozenset(fields)
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    unique = dict.fromkeys(findings)
    return tuple(
        _said(finding, known, places or {}) for finding in sorted(unique, key=lambda one: order[one.severity])
    )


def _said(finding: Finding, known: frozenset[str], places: Mapping[str, str]) -> Said:
    sentence = page_catalogue().say(finding)
    target = places.get(finding.subject) or _nearest(finding.subject, known)
    return Said(
        finding.code,
        typeset(sentence.text),
        typeset(sentence.remedy),
        sentence.clause,
        finding.severity,
        finding.subject,
        target,
    )


def _nearest(subject: str, known: frozenset[str]) -> str:
    """The field of that path, or the closest one around it (``offers.0`` for ``offers.0.products.1``)."""
    if not _FIELD_PATH.fullmatch(subject):
        return ""
    steps = subject.split(".")
    for length in range(len(steps), 0, -1):
        path = ".".join(steps[:length])
        if path in known:
            return path
    return ""


def summary(
    findings: Iterable[Finding],
    *,
    heading: str,
    fields: Iterable[str] = (),
    places: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The context of `parts/findings.html`: the summary at the head of a page that refuses or warns.

    `heading` is said of a refusal, which tells what to mend and nothing that is well; findings that refuse
    nothing are worth knowing, no more.
    """
    kept = tuple(findings)
    refuses = bool(errors(kept))
    if refuses:
        kept = tuple(finding for finding in kept if finding.severity is not Severity.INFO)
    tone = "bad" if refuses else "warn" if any(f.severity is Severity.WARNING for f in kept) else ""
    return {
        "said": say(kept, fields=fields, places=places),
        "said_tone": tone,
        "heading": heading if refuses or not heading else _("À savoir"),
        "findings_refuse": refuses,
    }
