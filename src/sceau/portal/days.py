"""A day typed in a form. An empty field often means something (no term, from today): what is typed and cannot
be read must never pass for it.
"""

from __future__ import annotations

import re
from datetime import date

from sceau.vocabulary import Finding, Refused, displayed

_AS_WRITTEN = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})", re.ASCII)
_AS_SENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day_of(text: str, field: str) -> date | None:
    """The day that a date field sent, or that was typed as ``31/12/2027`` where the browser knows no date
    field; None when the field is empty. Raises `Refused`, with the finding on `field`, for anything else.
    """
    typed = text.strip()
    if not typed:
        return None
    written = _AS_WRITTEN.fullmatch(typed)
    try:
        if written is not None:
            return date(int(written[3]), int(written[2]), int(written[1]))
        if _AS_SENT.fullmatch(typed):
            return date.fromisoformat(typed)
    except ValueError:  # the thirty-first of a shorter month
        pass
    raise Refused([Finding.error("portal.day", field, text=displayed(typed[:20]))])
