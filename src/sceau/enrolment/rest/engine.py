"""The one thread that issues for this door: it takes what waits, together, and answers each when it is over.

Requests that arrive while a batch is under way make the next one, so that the more there are, the more they
share: transactions, waits for the disk, exchanges with the signer. A call of many requests goes through in
slices, between those of one. No rule here: tokens are admitted, certificates issued by the verbs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, connection

from sceau.enrolment.rest.problems import stop
from sceau.operations import Actor, Answer, Ask, admit_tokens, issue_all, prepare_to_issue
from sceau.vocabulary import Fault, Refused

log = logging.getLogger("sceau.enrolment")

LARGEST_SLICE = 128
_KEPT_FOR_MANY = 32  # of a slice, for calls of many requests
PATIENCE_SECONDS = 3.0
_PAUSE_SECONDS = 0.05
_LINGER_SECONDS, _LINGERS = 0.002, 10
_CROWD = 8  # so many answered at once are about to ask again
_LONGEST_QUEUE = 20_000


def unheeded(refused: Refused | None) -> None:
    """For an order whose caller was admitted before."""
    del refused


@dataclass(slots=True)
class Order:
    """What one call asks for. `who` is who acts, or the secret of a token that the engine admits.

    `prepare(actor)` gives the requests, or what each came to already; `told(answers)` is called in the
    engine's thread with everything that came of them, once; `admitted` with what became of the secret.
    """

    who: Actor | str
    prepare: Callable[[Actor], Sequence[Ask | Exception]]
    told: Callable[[Sequence[Answer] | Exception], None]
    admitted: Callable[[Refused | None], None] = unheeded
    size: int = 1
    asks: deque[_Unit] = field(default_factory=deque)
    answers: list[Answer] = field(default_factory=list)
    left: int = 0


@dataclass(slots=True)
class _Unit:
    """One request of an order, at its place. It may wait for its twin, under way elsewhere, until `until`."""

    order: Order
    place: int
    ask: Ask
    until: float
    due: float = 0.0


class Engine:
    """Issues what is ordered, in a thread of its own that begins with the first order at the latest."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        """`deliver` is called after each slice, when everything that came of it was told."""
        self._deliver = deliver
        self._new: deque[Order] = deque()
        self._single: deque[_Unit] = deque()
        self._many: deque[Order] = deque()
        self._later: list[_Unit] = []
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_open = True
        self._queued = 0

    def order(self, order: Order) -> None:
        """Have `order` carried out. Raises `Fault` (``operations.database``, retryable): too much waits."""
        with self._wake:
            if not self._is_open or self._queued >= _LONGEST_QUEUE:
                raise Fault("operations.database", retryable=True, detail="too many requests wait")
            self._queued += order.size
            self._new.append(order)
            self._begin()
            self._wake.notify()

    def start(self) -> None:
        """Begin before the first order, so that it does not wait for what is made once."""
        with self._wake:
            self._begin()

    def close(self) -> None:
        """Finish what was ordered, then end."""
        with self._wake:
            self._is_open = False
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="issuance", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        last = 0
        self._settle_in()
        while True:
            fresh = self._wait(last)
            if fresh is None:
                connection.close()
                return
            last = self._turn(fresh)

    def _settle_in(self) -> None:
        try:
            prepare_to_issue()
        except DatabaseError as error:  # away: said to who asks
            log.warning("no database yet: %s", error)

    def _wait(self, last: int) -> list[Order] | None:
        """What was ordered since; None at the end."""
        with self._wake:
            while not self._new and not self._has_work():
                if not self._is_open and not self._later:
                    return None
                self._wake.wait(_PAUSE_SECONDS if self._later else None)
        self._linger(len(self._new) + last if last >= _CROWD else 0)
        with self._wake:
            fresh = list(self._new)
            self._new.clear()
        return fresh

    def _linger(self, crowd: int) -> None:
        """After a large batch, wait a moment for those it answered: asking again, they share one batch with
        those who waited already, rather than two for ever. Who stays away delays the others once.
        """
        for _ in range(_LINGERS):
            if len(self._new) + len(self._single) >= crowd or self._many or not self._is_open:
                return
            time.sleep(_LINGER_SECONDS)

    def _has_work(self) -> bool:
        now = time.monotonic()
        return bool(self._single or self._many or any(unit.due <= now for unit in self._later))

    def _turn(self, fresh: Sequence[Order]) -> int:
        """Admit and prepare what is new, then issue one slice; how many requests were in it."""
        try:
            self._admit(fresh)
            units = self._slice()
            for unit, answer in zip(units, _issued(units), strict=True):
                self._answer(unit, answer)
        finally:
            self._deliver()
            if connection.errors_occurred:  # else it is kept, with the statements that it knows
                connection.close()
        return len(units)

    def _admit(self, fresh: Sequence[Order]) -> None:
        secrets = [order.who for order in fresh if isinstance(order.who, str)]
        try:
            admitted = iter(admit_tokens(secrets)) if secrets else iter(())
        except Exception as error:  # the records are away: said to each
            for order in fresh:
                self._end(order, error)
            return
        for order in fresh:
            actor = next(admitted) if isinstance(order.who, str) else order.who
            order.admitted(actor if isinstance(actor, Refused) else None)
            if isinstance(actor, Refused):
                self._end(order, stop(401, actor.findings))
            else:
                self._prepare(order, actor)

    def _prepare(self, order: Order, actor: Actor) -> None:
        try:
            prepared = order.prepare(actor)
        except Exception as error:  # refused as a whole, or a defect: told to that call alone
            self._end(order, error)
            return
        until = time.monotonic() + PATIENCE_SECONDS
        order.answers = [one if isinstance(one, Exception) else _NOT_YET for one in prepared]
        units = [
            _Unit(order, place, one, until) for place, one in enumerate(prepared) if isinstance(one, Ask)
        ]
        order.left = len(units)
        if not units:
            self._end(order, order.answers)
        elif len(units) == 1:
            self._single.append(units[0])
        else:
            order.asks.extend(units)
            self._many.append(order)

    def _slice(self) -> list[_Unit]:
        """The next requests to go together: those asked alone first, and always some of the others."""
        now = time.monotonic()
        taken = [unit for unit in self._later if unit.due <= now]
        self._later = [unit for unit in self._later if unit.due > now]
        room = LARGEST_SLICE - (_KEPT_FOR_MANY if self._many else 0)
        while self._single and len(taken) < room:
            taken.append(self._single.popleft())
        while self._many and len(taken) < LARGEST_SLICE:
            order = self._many[0]
            while order.asks and len(taken) < LARGEST_SLICE:
                taken.append(order.asks.popleft())
            self._many.rotate(-1)
            if not order.asks:
                self._many.remove(order)
        return taken

    def _answer(self, unit: _Unit, answer: Answer) -> None:
        is_under_way = isinstance(answer, Fault) and answer.code == "issuance.in-progress"
        now = time.monotonic()
        if is_under_way and now < unit.until:  # rather than send it away
            unit.due = now + _PAUSE_SECONDS
            self._later.append(unit)
            return
        order = unit.order
        order.answers[unit.place] = answer
        order.left -= 1
        if not order.left:
            self._end(order, order.answers)

    def _end(self, order: Order, answers: Sequence[Answer] | Exception) -> None:
        with self._wake:
            self._queued -= order.size
        try:
            order.told(answers)
        except Exception:
            log.exception("an answer was not told")


_NOT_YET = LookupError("not answered yet")


def _issued(units: Sequence[_Unit]) -> list[Answer]:
    return issue_all([unit.ask for unit in units]) if units else []
