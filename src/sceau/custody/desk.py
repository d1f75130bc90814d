"""The signing desk: intent on the disk, signature, outcome on the disk, answer. Never in another order.

Requests that wait together share one wait for the disk, and the outcomes of one batch are written with the
intents of the next: under load, one sync for many signatures. One thread signs; who asks waits on a future.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from sceau.certification import encode
from sceau.custody.clock import SignerClock
from sceau.custody.examination import Admitted, CertificateExaminer, SigningIssuer, examine_request
from sceau.custody.ledger import Ledger
from sceau.custody.ledger_lines import LIST_KINDS, Intent, Outcome, OutcomeKind
from sceau.custody.wire import Answer, SignatureRequest
from sceau.vocabulary import Fault, Finding, Refused

_LARGEST_BATCH = 128
_LONGEST_QUEUE = 1024


class _Call:
    """Requests asked together, and what is known of each. The future is set once, when the last is."""

    __slots__ = ("answers", "left", "told")

    def __init__(self, count: int) -> None:
        self.answers: list[Answer] = [b""] * count
        self.left = count
        self.told: Future[list[Answer]] = Future()

    def answer(self, place: int, answer: Answer) -> None:
        """Said by one thread at a time: by the asking one until it queues the rest, then by the desk."""
        self.answers[place] = answer
        self.left -= 1
        if not self.left:
            self.told.set_result(self.answers)


@dataclass(slots=True)
class _Waiting:
    """A request that was admitted, and where its answer belongs."""

    admitted: Admitted
    call: _Call
    place: int

    @property
    def number(self) -> tuple[str, int, int]:
        """What two requests of one batch may not share: a serial of the issuer, or the turn to make its
        list.
        """
        kind, code, generation, _ = self.admitted.request
        return (code, generation, -1) if kind in LIST_KINDS else (code, 0, self.admitted.serial)

    def answer(self, answer: Answer) -> None:
        """Tell who asked."""
        self.call.answer(self.place, answer)


@dataclass(slots=True)
class _Done:
    """What came of a signature, not yet on the disk, and who waits to hear it."""

    outcome: Outcome
    result: Answer
    waiting: _Waiting


class SigningDesk:
    """Examines, records, signs. `submit` may be called from many threads; `run` is the one that signs."""

    def __init__(
        self,
        issuers: Mapping[tuple[str, int], SigningIssuer],
        *,
        ledger: Ledger,
        clock: SignerClock,
        certificate: CertificateExaminer,
    ) -> None:
        self._issuers = issuers
        self._ledger = ledger
        self._clock = clock
        self._certificate = certificate
        self._queue: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._held: list[_Waiting] = []
        self._owed: list[Outcome] = []
        self._is_closing = False
        self._lock = threading.Lock()
        self._queued = 0

    def submit(self, requests: Sequence[SignatureRequest]) -> Future[list[Answer]]:
        """Examine `requests` and queue those that may be signed.

        The future gives an answer to each, in order: the signed DER once its outcome is on the disk, or
        `Refused`, or `Fault`. It never raises.
        """
        call = _Call(len(requests))
        if not requests:
            call.told.set_result([])
            return call.told
        waiting = []
        at = self._time()
        for place, request in enumerate(requests):
            try:
                waiting.append(_Waiting(self._examined(request, at), call, place))
            except (Refused, Fault) as trouble:
                call.answer(place, trouble)
        fault = self._queue_up(waiting) if waiting else None
        if fault is not None:
            for one in waiting:
                one.answer(fault)
        return call.told

    def run(self) -> None:
        """Sign what is queued until `close`, then finish what was begun."""
        done: list[_Done] = []
        is_open = True
        while is_open or done or self._held:
            waiting, is_open = self._take(is_open=is_open, wait=not done and not self._held)
            done = self._turn(done, self._admit(waiting))

    def close(self) -> None:
        """Take nothing more; `run` returns once everything queued was answered."""
        with self._lock:
            self._is_closing = True
            self._queue.put(None)

    def _time(self) -> datetime | Fault:
        """Now, once for everything that is looked at together; or why the clock is not believed."""
        try:
            return self._clock.now(floor=self._ledger.last_at)
        except Fault as fault:
            return fault

    def _examined(self, request: SignatureRequest, at: datetime | Fault) -> Admitted:
        issuer = self._issuers.get((request.issuer, request.generation))
        if issuer is None:
            raise Refused(
                [Finding.error("signer.unknown-issuer", f"{request.issuer} ({request.generation})"[:80])]
            )
        if isinstance(at, Fault):
            raise at
        admitted = examine_request(request, issuer, at=at, certificate=self._certificate)
        issuer.key.ready()
        return admitted

    def _queue_up(self, waiting: list[_Waiting]) -> Fault | None:
        """Leave `waiting` to the thread that signs; why not, if not."""
        with self._lock:
            if self._is_closing:
                return Fault("signer.closing", retryable=True)
            if self._queued + len(waiting) > _LONGEST_QUEUE:
                return Fault("signer.busy", retryable=True)
            self._queued += len(waiting)
            self._queue.put(waiting)
        return None

    def _take(self, *, is_open: bool, wait: bool) -> tuple[list[_Waiting], bool]:
        """What is to be signed now (at least one if `wait`), and whether more may come."""
        taken, self._held = self._held, []
        while is_open and len(taken) < _LARGEST_BATCH:
            try:
                more = self._queue.get(block=wait and not taken)
            except queue.Empty:
                break
            if more is None:
                is_open = False
            else:
                taken += more
                with self._lock:
                    self._queued -= len(more)
        self._held = taken[_LARGEST_BATCH:]
        return taken[:_LARGEST_BATCH], is_open

    def _admit(self, waiting: Sequence[_Waiting]) -> list[tuple[_Waiting, Intent]]:
        """Those whose number is free, with what will be written for them; the others are answered at once.

        A second one for the same number is held back until the first is on record: then it is refused.
        """
        admitted: list[tuple[_Waiting, Intent]] = []
        numbers: set[tuple[str, int, int]] = set()
        at = self._time()
        for one in waiting:
            number = one.number
            if number in numbers:
                self._held.append(one)
                continue
            try:
                one.admitted.issuer.key.ready()
                intent = _intent(one.admitted, at)
                self._ledger.admit(intent)
            except (Refused, Fault) as trouble:
                one.answer(trouble)
                continue
            numbers.add(number)
            admitted.append((one, intent))
        return admitted

    def _turn(self, done: Sequence[_Done], admitted: Sequence[tuple[_Waiting, Intent]]) -> list[_Done]:
        """Write the outcomes of `done` and the intents of `admitted`, answer the first, sign the second."""
        outcomes = [*self._owed, *(one.outcome for one in done)]
        if not done and not admitted:
            return []
        try:
            indexes = self._ledger.append([*outcomes, *(intent for _, intent in admitted)])[len(outcomes) :]
        except Fault as fault:
            self._owed = outcomes  # written with the next turn that can be: no intent stays open for ever
            for one in done:  # signed, but not on record: nobody gets it, and its serial is presumed used
                one.waiting.answer(Fault("signer.outcome-unknown", retryable=False, detail=fault.code))
            for waiting, _ in admitted:
                waiting.answer(fault)
            return []
        self._owed = []
        for one in done:
            one.waiting.answer(one.result)
        at = self._clock.reading()
        return [_sign(waiting, index, at=at) for (waiting, _), index in zip(admitted, indexes, strict=True)]


def _sign(waiting: _Waiting, index: int, *, at: datetime) -> _Done:
    key, tbs = waiting.admitted.issuer.key, waiting.admitted.request.tbs
    try:
        der = encode.signed(tbs, key.algorithm, key.sign(tbs))  # examined: it names that one
    except Fault as said:
        kind = OutcomeKind.UNSENT if said.retryable else OutcomeKind.FAILED
        return _Done(Outcome(index, at, kind), said, waiting)
    except Exception as error:  # whatever a key store raises is recorded, and said as a fault
        fault = Fault("signer.key-failed", retryable=False, detail=type(error).__name__)
        return _Done(Outcome(index, at, OutcomeKind.FAILED), fault, waiting)
    return _Done(Outcome(index, at, OutcomeKind.SIGNED, hashlib.sha256(der).hexdigest()), der, waiting)


def _intent(admitted: Admitted, at: datetime | Fault) -> Intent:
    if isinstance(at, Fault):
        raise at
    kind, code, generation, tbs = admitted.request
    digest = hashlib.sha256(tbs).hexdigest()
    return Intent(at, kind, code, generation, admitted.serial, digest, admitted.until)
