"""The workshop: answers that need the records and a signature, made one after the other in a thread of its
own, so that the event loop never waits.

Two lines stand before it. Answers that many will use go first; fresh ones, made for one asker (a nonce),
have a short line and a small share of each turn, so that a flood of them holds nobody else up [ASSURANCE
T63, RFC 9654 §3.2]. Decides nothing of what is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable

from sceau.publication.http import Answer

Work = Callable[[], Answer]
_Item = tuple[Work, "asyncio.Future[Answer]"]

MOST_WAITING = 1024
MOST_FRESH = 64
_SHARED_A_TURN, _FRESH_A_TURN = 32, 8


class Workshop:
    """A thread that makes answers, asked from one event loop at a time. Begins with the first piece."""

    def __init__(self, *, at_end: Callable[[], None] = lambda: None) -> None:
        self._at_end = at_end
        self._shared: deque[_Item] = deque()
        self._fresh: deque[_Item] = deque()
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def make(self, work: Work, *, fresh: bool, patience: float) -> Answer | None:
        """What `work` gives, or None when the line is full, or `patience` seconds were not enough.

        Raises what `work` raises.
        """
        line, most = (self._fresh, MOST_FRESH) if fresh else (self._shared, MOST_WAITING)
        if len(line) >= most:
            return None
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._ready:
            self._begin()
            line.append((work, future))
            self._ready.notify()
        try:
            return await asyncio.wait_for(future, patience)
        except TimeoutError:
            return None

    def stop(self, *, patience: float = 1.0) -> None:
        """Make nothing more, and wait `patience` seconds for the thread to end (it calls `at_end` then)."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(patience)

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._closed = False
            self._thread = threading.Thread(target=self._work, name="workshop", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._shared and not self._fresh:
                    if self._closed:
                        self._at_end()
                        return
                    self._ready.wait()
                batch = [self._shared.popleft() for _ in range(min(_SHARED_A_TURN, len(self._shared)))]
                batch += [self._fresh.popleft() for _ in range(min(_FRESH_A_TURN, len(self._fresh)))]
            done = [_done(work, future) for work, future in batch if not future.cancelled()]
            if done:
                with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                    done[0][0].get_loop().call_soon_threadsafe(_deliver, done)


_Done = tuple["asyncio.Future[Answer]", Answer | None, Exception | None]


def _done(work: Work, future: asyncio.Future[Answer]) -> _Done:
    try:
        return future, work(), None
    except Exception as error:  # whatever it is, it is the asker's to know
        return future, None, error


def _deliver(done: list[_Done]) -> None:
    for future, answer, error in done:
        if future.done():
            continue
        if answer is not None:
            future.set_result(answer)
        else:
            future.set_exception(error or LookupError("no answer was made"))
