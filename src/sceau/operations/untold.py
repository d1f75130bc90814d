"""Officers whom no mail reaches: a visible matter, so that nobody is silently untold."""

from __future__ import annotations

from sceau.operations.machine import machine
from sceau.records import PersonLine, officers_without_mailbox


def untold_officers() -> tuple[PersonLine, ...]:
    """Who decides at the desk, has confirmed no mailbox, and has no mailbox of the desk behind them. Nobody,
    where this instance writes to nobody at all.
    """
    room = machine().mail
    if room is None or room.desk:
        return ()
    return officers_without_mailbox()
