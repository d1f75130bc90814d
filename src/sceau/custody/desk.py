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

from sceau.custody.clock import SignerClock
from sceau.custody.examination import Admitted, CertificateExaminer, SigningIssuer, examine_request
from sceau.custody.ledger import Ledger
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind
from sceau.custody.wire import SignatureRequest
from sceau.status import signed_der
from sceau.vocabulary import Fault, Finding, Refused

_LARGEST_BATCH = 64
_LONGEST_QUEUE = 1024


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request that was admitted, and who waits for it."""

    admitted: Admitted
    answer: Future[bytes]

    @property
    def place(self) -> tuple[str, int, int]:
        """What two requests of one batch may not share: a serial of the issuer, or the turn to make its
        list.
        """
        code, generation = self.admitted.issuer.name
        if self.admitted.request.kind is SignatureKind.CRL:
            return code, generation, -1
        return code, 0, self.admitted.serial


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a signature, not yet on the disk, and who waits to hear it."""

    outcome: Outcome
    result: bytes | Fault
    answer: Future[bytes]


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
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_LONGEST_QUEUE)
        self._held: list[_Waiting] = []
        self._closing = threading.Event()

    def submit(self, request: SignatureRequest) -> Future[bytes]:
        """Examine `request` and queue it. Raises `Refused`, or `Fault` before anything was recorded.

        The future gives the signed DER once its outcome is on the disk; or `Refused` (serial taken), or
        `Fault`.
        """
        if self._closing.is_set():
            raise Fault("signer.closing", retryable=True)
        issuer = self._issuers.get((request.issuer, request.generation))
        if issuer is None:
            raise Refused(
                [Finding.error("signer.unknown-issuer", f"{request.issuer} ({request.generation})"[:80])]
            )
        at = self._clock.now(floor=self._ledger.last_at)
        admitted = examine_request(request, issuer, at=at, certificate=self._certificate)
        issuer.key.ready()
        waiting = _Waiting(admitted, Future())
        try:
            self._queue.put_nowait(waiting)
        except queue.Full as error:
            raise Fault("signer.busy", retryable=True) from error
        return waiting.answer

    def run(self) -> None:
        """Sign what is queued until `close`, then finish what was begun."""
        done: list[_Done] = []
        is_open = True
        while is_open or done or self._held:
            waiting, is_open = self._take(is_open=is_open, wait=not done and not self._held)
            done = self._turn(done, self._admit(waiting))

    def close(self) -> None:
        """Take nothing more; `run` returns once everything queued was answered."""
        self._closing.set()
        self._queue.put(None)

    def _take(self, *, is_open: bool, wait: bool) -> tuple[list[_Waiting], bool]:
        """What is to be signed now (at least one if `wait`), and whether more may come."""
        taken, self._held = self._held, []
        while is_open and len(taken) < _LARGEST_BATCH:
            try:
                one = self._queue.get(block=wait and not taken)
            except queue.Empty:
                break
            if one is None:
                is_open = False
            else:
                taken.append(one)
        return taken, is_open

    def _admit(self, waiting: Sequence[_Waiting]) -> list[tuple[_Waiting, Intent]]:
        """Those whose number is free, with what will be written for them; the others are answered at once.

        A second one for the same number is held back until the first is on record: then it is refused.
        """
        admitted: list[tuple[_Waiting, Intent]] = []
        places: set[tuple[str, int, int]] = set()
        for one in waiting:
            if one.place in places:
                self._held.append(one)
                continue
            try:
                one.admitted.issuer.key.ready()
                intent = _intent(one.admitted, self._clock.now(floor=self._ledger.last_at))
                self._ledger.admit(intent)
            except (Refused, Fault) as trouble:
                one.answer.set_exception(trouble)
                continue
            places.add(one.place)
            admitted.append((one, intent))
        return admitted

    def _turn(self, done: Sequence[_Done], admitted: Sequence[tuple[_Waiting, Intent]]) -> list[_Done]:
        """Write the outcomes of `done` and the intents of `admitted`, answer the first, sign the second."""
        lines: list[Intent | Outcome] = [one.outcome for one in done]
        lines += [intent for _, intent in admitted]
        if not lines:
            return []
        try:
            indexes = self._ledger.append(lines)[len(done) :]
        except Fault as fault:
            for one in done:  # signed, but not on record: nobody gets it, and its serial is presumed used
                unknown = Fault("signer.outcome-unknown", retryable=False, detail=fault.code)
                one.answer.set_exception(unknown)
            for waiting, _ in admitted:
                waiting.answer.set_exception(fault)
            return []
        for one in done:
            _tell(one)
        return [self._sign(waiting, index) for (waiting, _), index in zip(admitted, indexes, strict=True)]

    def _sign(self, waiting: _Waiting, index: int) -> _Done:
        admitted = waiting.admitted
        at = self._clock.reading()
        try:
            signature = admitted.issuer.key.sign(admitted.request.tbs)
            der = signed_der(admitted.request.tbs, signature)
        except Fault as said:
            kind = OutcomeKind.UNSENT if said.retryable else OutcomeKind.FAILED
            return _Done(Outcome(index, at, kind), said, waiting.answer)
        except Exception as error:  # whatever a key store raises is recorded, and said as a fault
            fault = Fault("signer.key-failed", retryable=False, detail=type(error).__name__)
            return _Done(Outcome(index, at, OutcomeKind.FAILED), fault, waiting.answer)
        outcome = Outcome(index, at, OutcomeKind.SIGNED, hashlib.sha256(der).hexdigest())
        return _Done(outcome, der, waiting.answer)


def _tell(done: _Done) -> None:
    if isinstance(done.result, Fault):
        done.answer.set_exception(done.result)
    else:
        done.answer.set_result(done.result)


def _intent(admitted: Admitted, at: datetime) -> Intent:
    code, generation = admitted.issuer.name
    return Intent(
        at=at,
        kind=admitted.request.kind,
        issuer=code,
        generation=generation,
        serial=admitted.serial,
        tbs_sha256=hashlib.sha256(admitted.request.tbs).hexdigest(),
        until=admitted.until,
    )
