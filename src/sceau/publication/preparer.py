"""Preparing answers ahead: every certificate that holds has its two answers on the shelf, none is ever old,
and a revocation shows there within a second.

Work is cut into turns of a quarter of a second: what was revoked comes first, then what was issued, then a
slice of everything. One pass over everything takes `PASS`, whatever there is: the cost of an hour is linear
in the certificates, and even. A first pass after each start goes as fast as it can and trusts no file.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice

from sceau.publication.prepared import PreparedShelf
from sceau.status import (
    AnswerWindow,
    CertId,
    GivenSource,
    IssuerIdentity,
    OcspSigner,
    SerialStatus,
    Standing,
    build_ocsp_answer,
    cert_ids,
    read_ocsp_question,
    write_ocsp_question,
)

log = logging.getLogger("sceau.publication")

PASS = timedelta(minutes=45)  # an answer is never older than an hour [ASSURANCE G12]
TURN_SECONDS = 0.2  # between two looks at what was revoked
_WINDOW = 50
_MOST_OPEN = 200  # looked at again in one turn


class NoResponderError(LookupError):
    """An issuer has no delegated responder yet: nothing can be prepared for it now."""


class Preparer:
    """Keeps `shelf` for the certificates of `source`. Used by one thread.

    `signer(code, generation)` gives the delegated responder of an issuer's key; `valid` is how long an
    answer holds; `clock` gives timezone-aware UTC and `steady` seconds that never go back.
    """

    def __init__(
        self,
        shelf: PreparedShelf,
        issuers: Iterable[IssuerIdentity],
        *,
        source: GivenSource,
        signer: Callable[[str, int], OcspSigner | None],
        valid: timedelta,
        clock: Callable[[], datetime],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = shelf
        self._issuers = {(one.code, one.generation): one for one in issuers}
        self._source = source
        self._signer = signer
        self._valid = valid
        self._clock = clock
        self._steady = steady
        self._mark = shelf.mark  # what was revoked while nobody prepared comes first
        self.is_behind = True
        """Whether a first pass, or a new one, still has certificates that nobody looked at."""
        self._newest = 0  # everything up to here has been looked at since the start
        self._at = 0  # how far the present pass is
        self._pass_began = steady()
        self._open: dict[tuple[str, int, int], float] = {}  # not signed yet when looked at, and until when

    def turn(self, *, seconds: float = TURN_SECONDS) -> int:
        """Do what is due, for about `seconds`; how many certificates were looked at.

        Raises what the source raises when the records are away, and `NoResponderError`: what was not done
        then is done at the next turn.
        """
        ends = self._steady() + seconds
        done = self._follow_revocations() + self._look_again()
        last = self._source.last_given()
        while self._newest < last and self._steady() < ends:
            upto = min(self._newest + _WINDOW, last)
            done += self._prepare(self._newest, upto)
            self._newest = upto
        self.is_behind = self._newest < last
        while self._at < (due := self._due_by_now()) and self._steady() < ends:
            upto = min(self._at + _WINDOW, due)
            done += self._prepare(self._at, upto)
            self._at = upto
        return done

    def _follow_revocations(self) -> int:
        changes = self._source.changes(self._mark)
        if changes.other:
            self._newest = 0
        for code, serial in changes.revoked:
            for issuer in self._issuers.values():
                if issuer.code == code:
                    self._put(issuer, serial, self._source.status(code, issuer.generation, serial))
        if changes.mark != self._mark:
            self._mark = self._shelf.mark = changes.mark
        return len(changes.revoked)

    def _look_again(self) -> int:
        """What was being signed when its turn came, and is now. What never is waits for the next pass."""
        done = 0
        for (code, generation, serial), until in tuple(islice(self._open.items(), _MOST_OPEN)):
            status = self._source.status(code, generation, serial)
            if status.standing is not Standing.UNKNOWN:
                self._put(self._issuers[code, generation], serial, status)
                done += 1
            del self._open[code, generation, serial]
            if status.standing is Standing.UNKNOWN and self._steady() < until:
                self._open[code, generation, serial] = until  # behind the others
        return done

    def _due_by_now(self) -> int:
        """How far the pass should be; a new one begins when its time is over."""
        passed = (self._steady() - self._pass_began) / PASS.total_seconds()
        if passed < 1:
            return int(self._newest * passed)
        if self._at < self._newest:
            if passed > 2:  # so far behind that answers will be older than promised
                log.warning("prepared answers are late: %d of %d", self._at, self._newest)
            return self._newest
        self._pass_began, self._at = self._steady(), 0
        return 0

    def _prepare(self, after: int, upto: int) -> int:
        now = self._clock()
        given = self._source.given(after, upto)
        for one in given:
            issuer = self._issuers.get((one.issuer, one.generation))
            if issuer is None:
                continue
            if one.status.standing is Standing.UNKNOWN:
                until = self._steady() + PASS.total_seconds()
                self._open.setdefault((one.issuer, one.generation, one.serial), until)
            elif one.not_after < now:
                for asked in cert_ids(issuer, one.serial):
                    self._shelf.drop(asked)
            else:
                self._put(issuer, one.serial, one.status)
        return len(given)

    def _put(self, issuer: IssuerIdentity, serial: int, status: SerialStatus) -> None:
        """Sign and put both answers; none for what is not known."""
        if status.standing is Standing.UNKNOWN:
            return
        signer = self._signer(issuer.code, issuer.generation)
        if signer is None:
            raise NoResponderError(f"{issuer.code} {issuer.generation}")
        begins = self._clock().replace(microsecond=0)
        window = AnswerWindow(begins, begins + self._valid)
        for asked in cert_ids(issuer, serial):
            answer = build_ocsp_answer([(_cert_id(asked), status)], signer=signer, window=window, nonce=None)
            self._shelf.put(asked, answer, made=begins)


def _cert_id(asked: bytes) -> CertId:
    """Our own CertID, read back by the reader of everybody's questions."""
    return read_ocsp_question(write_ocsp_question(asked)).require().asked[0]
