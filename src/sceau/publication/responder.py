"""The OCSP desk: a question in, an answer out, signed at most once a period for each certificate asked about.

Answers without nonce are kept under the CertID bytes of the question until half their life is over, or
until the certificate is revoked: `refresh` learns that several times a second. While the records are away,
what was signed stays good until it would be stale, and the rest is told to try later. No CA key is within
reach here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sceau.publication.wires import Wire, Wires
from sceau.status import (
    AnswerWindow,
    CertId,
    IssuerDirectory,
    IssuerIdentity,
    OcspQuestion,
    OcspSigner,
    OcspTrouble,
    SerialStatus,
    Standing,
    StatusSource,
    build_ocsp_answer,
    build_ocsp_trouble,
    read_ocsp_question,
)

log = logging.getLogger("sceau.publication")

_MOST_KEPT = 200_000
_LONGEST_KEPT = timedelta(hours=1)
_MOST_WIRES = 4  # a question can be spelt in a path in many ways; nobody needs more
SHARED_SECONDS = 60
"""How long others may keep a shared answer: so that a revocation is not hidden long."""

Prepared = Callable[[bytes], "tuple[bytes, AnswerWindow] | None"]
"""The answer prepared ahead for a CertID (its DER), with its window; None when there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class OcspReply:
    """An answer in DER. `window` is None for one that says nothing of a certificate; `shared` when
    others may keep it (no nonce, nothing unknown). `asked` is the one CertID (DER) it is kept under.
    """

    der: bytes
    window: AnswerWindow | None = None
    shared: bool = False
    asked: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    reply: OcspReply
    until: datetime
    subject: tuple[str, int]
    wires: list[bytes] = field(default_factory=list)


class OcspDesk:
    """Answers OCSP questions for `issuers`. May be used from many threads.

    `signer(code, generation)` gives the delegated responder of an issuer's key, None when there is none yet.
    `valid` is how long an answer holds; `clock` gives timezone-aware UTC. `wires` are the answers given
    without asking here: the desk puts them there, and takes them away.
    """

    def __init__(
        self,
        issuers: Iterable[IssuerIdentity],
        *,
        source: StatusSource,
        signer: Callable[[str, int], OcspSigner | None],
        valid: timedelta,
        clock: Callable[[], datetime],
        prepared: Prepared | None = None,
    ) -> None:
        self._directory = IssuerDirectory(issuers)
        self._source = source
        self._signer = signer
        self._valid = valid
        self._clock = clock
        self._prepared = prepared
        self._kept: dict[bytes, _Kept] = {}
        self._by_subject: dict[tuple[str, int], set[bytes]] = {}
        self._mark = -1
        self._turn = 0
        self._lock = threading.Lock()
        self.wires = Wires(seconds=lambda: clock().timestamp())
        self.is_away: Callable[[], bool] = lambda: False

    def quick_reply(self, data: bytes) -> OcspReply | OcspQuestion:
        """An answer that costs no look-up (kept, or no question at all, or the records are away), else the
        question to be asked of `reply`.
        """
        reading = read_ocsp_question(data)
        if reading.value is None:
            log.info("ocsp question refused: %s", reading.findings)
            return OcspReply(build_ocsp_trouble(OcspTrouble.MALFORMED))
        question = reading.value
        if question.nonce is None and len(question.asked) == 1:
            kept = self._kept.get(question.asked[0].raw)
            if kept is not None and self._clock() < kept.until:
                return kept.reply
        return self.last_reply(question) if self.is_away() else question

    def reply(self, question: OcspQuestion) -> OcspReply:
        """Look up, sign, keep. One short read of the records for each certificate asked about."""
        issuers = {self._directory.find(asked) for asked in question.asked}
        issuer = issuers.pop()
        if (
            issuer is None or issuers
        ):  # none of ours, or of several authorities: no one key may answer for all
            return OcspReply(build_ocsp_trouble(OcspTrouble.UNAUTHORIZED))
        turn = self._turn
        try:
            signer = self._signer(issuer.code, issuer.generation)
            said = [(asked, self._status(issuer, asked)) for asked in question.asked]
        except Exception as error:  # the database is away, whatever it raises: the asker may come back
            log.warning("status not read: %s", error)
            return self.last_reply(question)
        if signer is None:
            return OcspReply(build_ocsp_trouble(OcspTrouble.TRY_LATER))
        begins = self._clock().replace(microsecond=0)
        window = AnswerWindow(begins, begins + self._valid)
        der = build_ocsp_answer(said, signer=signer, window=window, nonce=question.nonce)
        shared = question.nonce is None and all(one.standing is not Standing.UNKNOWN for _, one in said)
        if not shared or len(said) > 1:
            return OcspReply(der, window, shared)
        reply = OcspReply(der, window, shared, said[0][0].raw)
        self._keep(issuer, said[0][0], reply, turn)
        return reply

    def last_reply(self, question: OcspQuestion) -> OcspReply:
        """What can be said without the records: what was signed for this certificate, as long as its own
        nextUpdate allows; else *try later*.

        Also to who sent a nonce: an answer without it [RFC 6960 §4.4.1] says more than none.
        """
        if len(question.asked) == 1 and self._directory.find(question.asked[0]) is not None:
            raw, now = question.asked[0].raw, self._clock()
            kept = self._kept.get(raw)
            window = None if kept is None else kept.reply.window
            if kept is not None and window is not None and now < window.next_update:
                return kept.reply
            found = None if self._prepared is None else self._prepared(raw)
            if found is not None and found[1].this_update <= now < found[1].next_update:
                return OcspReply(found[0], found[1], shared=True)
        return OcspReply(build_ocsp_trouble(OcspTrouble.TRY_LATER))

    def tie(self, key: bytes, reply: OcspReply, tail: bytes) -> None:
        """Have `tail`, the wire form of `reply`, given at once to whoever sends the very request of `key`;
        unless `reply` was dropped meanwhile, or is kept no more.
        """
        with self._lock:
            kept = self._kept.get(reply.asked)
            if kept is None or kept.reply is not reply or reply.window is None or key in kept.wires:
                return
            while len(kept.wires) >= _MOST_WIRES:
                self.wires.drop(kept.wires.pop(0))
            last = min(kept.until, reply.window.next_update - timedelta(seconds=SHARED_SECONDS))
            kept.wires.append(key)
            self.wires.keep(key, Wire(tail, last.timestamp()))

    def refresh(self) -> None:
        """Learn what was revoked since last time and drop those answers. To be called several times a second.

        Raises what the source raises: kept answers then stay, each until it would be stale.
        """
        changes = self._source.changes(self._mark)
        with self._lock:
            if changes.mark != self._mark or changes.revoked or changes.other:
                self._turn += 1
            self._mark = changes.mark
            for raw in tuple(self._kept) if changes.other else ():
                self._forget(raw)
            for subject in changes.revoked:
                self._drop(subject)

    def release(self) -> None:
        """The calling thread asks nothing more."""
        self._source.release()

    def _status(self, issuer: IssuerIdentity, asked: CertId) -> SerialStatus:
        return self._source.status(issuer.code, issuer.generation, asked.serial)

    def _keep(self, issuer: IssuerIdentity, asked: CertId, reply: OcspReply, turn: int) -> None:
        """Keep `reply`, unless something was revoked since its status was read (it may be that one), or
        nothing is known yet of what is revoked.
        """
        subject = (issuer.code, asked.serial)
        until = self._clock() + min(self._valid / 2, _LONGEST_KEPT)
        with self._lock:
            if turn != self._turn or self._mark < 0:
                return
            if asked.raw in self._kept:
                self._forget(asked.raw)
            while len(self._kept) >= _MOST_KEPT:
                self._forget(next(iter(self._kept)))
            self._kept[asked.raw] = _Kept(reply, until, subject)
            self._by_subject.setdefault(subject, set()).add(asked.raw)

    def _drop(self, subject: tuple[str, int]) -> None:
        for raw in tuple(self._by_subject.get(subject, ())):
            self._forget(raw)

    def _forget(self, raw: bytes) -> None:
        kept = self._kept.pop(raw)
        for key in kept.wires:
            self.wires.drop(key)
        others = self._by_subject[kept.subject]
        others.discard(raw)
        if not others:
            del self._by_subject[kept.subject]
