"""Hearing of revocations: four times a second, in a thread of its own, and how long ago that last worked.

A database that is stopped does not refuse, it says nothing: silence counts as absence, so that nobody waits
for it [ASSURANCE G11].
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("sceau.publication")

EVERY_SECONDS = 0.25
SILENCE_SECONDS = 2.0


class Hearing:
    """Calls `refresh` again and again, and `at_end` when told to stop. `refresh` raises whatever it likes
    when the records are away.
    """

    def __init__(
        self, refresh: Callable[[], None], *, at_end: Callable[[], None], every: float = EVERY_SECONDS
    ) -> None:
        self._refresh = refresh
        self._at_end = at_end
        self._every = every
        self._stopped = threading.Event()
        self._first = threading.Event()
        self._heard = time.monotonic()
        self._failed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin. The thread does not keep the process alive."""
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._listen, name="hearing", daemon=True)
        self._thread.start()

    def wait_for_first(self, seconds: float) -> bool:
        """Wait for the first try to be over, whatever came of it; whether it is."""
        return self._first.wait(seconds)

    def stop(self, *, patience: float = 1.0) -> None:
        """End, and wait for it for `patience` seconds: records that say nothing hold nobody up."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(patience)

    def is_away(self) -> bool:
        """Whether the records failed at the last try, or have said nothing for two seconds."""
        return self._failed or (self._thread is not None and time.monotonic() - self._heard > SILENCE_SECONDS)

    def _listen(self) -> None:
        while True:
            self._ask()
            self._first.set()
            if self._stopped.wait(self._every):
                self._at_end()
                return

    def _ask(self) -> None:
        try:
            self._refresh()
        except Exception as error:  # the database is away, whatever it raises
            if not self._failed:
                log.warning("revocations not read: %s", error)
            self._failed = True
            return
        if self._failed:
            log.warning("revocations read again")
        self._failed = False
        self._heard = time.monotonic()
