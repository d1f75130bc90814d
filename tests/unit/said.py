"""What a reading said, in the form that assertions want it."""

from __future__ import annotations

from typing import Any

from sceau.vocabulary import Reading, Severity


def codes(reading: Reading[Any], severity: Severity) -> set[str]:
    """The codes of the findings of one severity."""
    return {finding.code for finding in reading.findings if finding.severity is severity}


def said(reading: Reading[Any], code: str) -> dict[str, str]:
    """The values that go into the sentence of the one finding with this code."""
    (finding,) = [finding for finding in reading.findings if finding.code == code]
    return dict(finding.details)
