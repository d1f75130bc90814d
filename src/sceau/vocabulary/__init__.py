"""The words of the field, read once and trusted after: identifiers, names, contacts, places, findings.

Each `read_*` takes text as a person typed it and gives a `Reading`: a typed value, or every finding at once.
"""

from sceau.vocabulary.findings import (
    Fault,
    Finding,
    Reading,
    Refused,
    Severity,
    errors,
    read_ok,
    read_refused,
)

__all__ = [
    "Fault",
    "Finding",
    "Reading",
    "Refused",
    "Severity",
    "errors",
    "read_ok",
    "read_refused",
]
