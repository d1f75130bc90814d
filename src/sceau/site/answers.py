"""The process that keeps OCSP answers prepared ahead: one turn after the other, whatever fails, until told to
stop. What is prepared, and when, is `publication.Preparer`'s.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError

from sceau.publication import NoResponderError, Preparer
from sceau.vocabulary import Fault

log = logging.getLogger("sceau.answers")

_TURN_SECONDS = 0.25
_AFTER_TROUBLE_SECONDS = 1.0


def keep_prepared(preparer: Preparer, *, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Take turns until `stop`, one upon the other while something was never looked at since the start.
    `ready` is called after the first one, also a failed one. A trouble is told when it begins and when it is
    over.
    """
    trouble = ""
    first = True
    while not stop.is_set():
        found, wait = "", _TURN_SECONDS
        try:
            preparer.turn()
            if preparer.is_behind:
                wait = 0.0
        except (DatabaseError, NoResponderError, Fault, OSError) as error:
            found, wait = f"{type(error).__name__}: {error}", _AFTER_TROUBLE_SECONDS
        if found != trouble:
            log.warning("prepared answers: %s", found or "kept up again")
            trouble = found
        if first:
            first = False
            ready()
        stop.wait(wait)
