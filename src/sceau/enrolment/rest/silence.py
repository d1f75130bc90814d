"""A database server that is stopped refuses nothing: it says nothing. Whoever asks the door then is told to
come again, within two seconds, rather than left to wait for it [ASSURANCE G11].

A thread asks the server for a sign of life, over a link of its own; another looks how long that takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sceau.vocabulary import Fault

EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 0.1

Told = TypeVar("Told")


def silent() -> Fault:
    """What is told then."""
    return Fault("operations.database", retryable=True, detail="the server says nothing")


class Silence:
    """Whether the records say nothing. `ask` returns when they speak, and raises what it likes when they
    refuse: that is told by whoever else asks them. Without `ask` they are never silent (a file).
    """

    def __init__(
        self,
        ask: Callable[[], None] | None = None,
        *,
        every: float = EVERY_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._ask = ask
        self._every, self._patience = every, patience
        self._asked: float | None = None
        self._waiting: dict[object, tuple[asyncio.AbstractEventLoop, Callable[[], object]]] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to ask. The threads do not keep the process alive."""
        if self._ask is not None:
            threading.Thread(target=self._keep_asking, args=(self._ask,), name="life", daemon=True).start()
            threading.Thread(target=self._watch, name="silence", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()

    @property
    def lasts(self) -> bool:
        """Whether the records have said nothing for so long that nobody should wait for them."""
        asked = self._asked
        return asked is not None and time.monotonic() - asked > self._patience

    async def unless_silent(self, answer: asyncio.Future[Told]) -> Told:
        """Wait for an answer. Raises `Fault` (``operations.database``, retryable) when the records say
        nothing; what becomes of the answer then, nobody waits for.
        """
        if self._ask is None:
            return await answer
        self._waiting[answer] = (answer.get_loop(), answer.cancel)
        try:
            if self.lasts:
                answer.cancel()
            return await answer
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise silent() from None
        finally:
            del self._waiting[answer]

    def once(self, told: Callable[[Told], None], instead: Callable[[], Told]) -> Callable[[Told], None]:
        """Takes an answer to `told` in the running loop, or `instead` of it, when the records say nothing;
        one of both, once.
        """
        if self._ask is None:
            return told
        waiting, key = self._waiting, object()

        def first(answer: Told) -> None:
            if waiting.pop(key, None) is not None:
                told(answer)

        waiting[key] = (asyncio.get_running_loop(), lambda: first(instead()))
        return first

    def _keep_asking(self, ask: Callable[[], None]) -> None:
        while not self._stopped.wait(self._every):
            self._asked = time.monotonic()
            with contextlib.suppress(Exception):
                ask()
            self._asked = None

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            if self.lasts:
                for loop, give_up in list(self._waiting.values()):
                    with contextlib.suppress(RuntimeError):  # the loop is gone
                        loop.call_soon_threadsafe(give_up)
