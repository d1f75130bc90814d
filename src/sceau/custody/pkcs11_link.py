"""The link to one token: sessions that threads borrow, opened again after a loss, and one PIN that is never
tried twice once it was refused.

A lost link is tried again when somebody needs it, not before its delay is over (0.1 s, doubled up to 5 s).
A PIN that the token refuses stops the link for good and leaves a mark in the signer's folder, so that no
supervisor that starts the signer again wears the token's counter down: a person takes the mark away.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sceau.custody.folders import replace_file
from sceau.custody.pkcs11_module import Module
from sceau.vocabulary import Fault

if TYPE_CHECKING:
    from pkcs11 import PrivateKey, Session, Token

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Which token: by its label, and where several could be meant by slot number or serial number."""

    module: Path
    label: str
    slot: int | None = None
    serial: str | None = None


@dataclass(slots=True)
class Borrowed:
    """A session for one thread at a time, and the key handles found through it."""

    session: Session
    epoch: int
    keys: dict[str, PrivateKey] = field(default_factory=dict)


class TokenLink:
    """Sessions on the token at `place`, opened with `pin`. `mark` is the file that says it was refused."""

    def __init__(
        self,
        module: Module,
        place: TokenPlace,
        pin: bytes,
        *,
        mark: Path,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._module, self._place, self._mark = module, place, mark
        self._pin = pin.decode()
        self._steady = steady
        self._connecting = threading.Lock()  # held while the token is asked; never taken inside `call`
        self._lock = threading.Lock()  # for the few lines that touch what follows
        self._idle: list[Borrowed] = []
        self._is_up = False
        self._epoch = -1
        self._delay, self._not_before = _FIRST_DELAY, 0.0
        self._is_proved = self._is_doubted = False
        self._stopped = mark.exists()

    def ready(self) -> None:
        """Make sure that the link is up, as far as is known without asking the token.

        Raises `Fault`, always retryable (nothing was sent): ``signer.token-down``, ``signer.pin-refused``.
        """
        with self._connecting:
            if self._stopped:
                raise Fault("signer.pin-refused", retryable=True, detail=str(self._mark))
            if self._is_up and self._epoch == self._module.epoch:
                return
            if self._steady() < self._not_before:
                raise Fault("signer.token-down", retryable=True, detail=self._place.label)
            try:
                self._connect()
            except Fault:
                self._wait()
                raise

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Borrowed]:
        """A logged-in session of one's own. Raises as `ready`; whatever is raised inside, the session is
        not used again.
        """
        for _ in range(2):
            self.ready()
            with self._module.call():
                borrowed = self._take()
                if borrowed is not None:
                    yield borrowed
                    self._give_back(borrowed)
                    return
        raise Fault("signer.token-down", retryable=True, detail=self._place.label)

    @contextlib.contextmanager
    def writable(self) -> Iterator[Session]:
        """A session that may make keys."""
        import pkcs11

        self.ready()
        with self._module.call():
            try:
                with self._token().open(rw=True) as session:
                    yield session
            except pkcs11.PKCS11Error as error:
                raise Fault("token.failed", retryable=False, detail=type(error).__name__) from error

    def lose(self, borrowed: Borrowed, *, is_empty: bool = False) -> None:
        """Say that a session turned out to be gone: the link is opened again by the next one who needs it.

        `is_empty`: a key that was there is not: what the module knows of its tokens is not to be believed. A
        link that was lost before it was of any use waits as one that could not be opened.
        """
        with self._lock:
            if not self._is_up or borrowed.epoch != self._epoch:
                return
            self._is_up = False
            self._is_doubted |= is_empty
            if not self._is_proved:
                self._wait()

    def close(self) -> None:
        """Give the sessions back."""
        import pkcs11

        with self._lock:
            self._is_up = False
            for borrowed in self._idle:
                with contextlib.suppress(pkcs11.PKCS11Error):
                    borrowed.session.close()
            self._idle = []

    def _take(self) -> Borrowed | None:
        """A session of the present epoch; None when the link turned out to be lost."""
        import pkcs11

        with self._lock:
            if self._epoch != self._module.epoch:
                return None
            if self._idle:
                return self._idle.pop()
        try:
            return Borrowed(self._token().open(), self._epoch)
        except (pkcs11.PKCS11Error, LookupError):
            with self._lock:
                self._is_up = False
            return None

    def _give_back(self, borrowed: Borrowed) -> None:
        with self._lock:
            if self._is_up and borrowed.epoch == self._epoch:
                self._idle.append(borrowed)
                self._is_proved = True
                self._delay, self._not_before = _FIRST_DELAY, 0.0

    def _wait(self) -> None:
        self._not_before = self._steady() + self._delay
        self._delay = min(self._delay * 2, _LONGEST_DELAY)

    def _connect(self) -> None:
        """Log in, on what the module knows; else on what it finds after a restart."""
        import pkcs11

        with self._lock:
            self._idle = []
            is_doubted, self._is_doubted = self._is_doubted, False
        try:
            if not is_doubted:
                self._log_in()
                return
        except (pkcs11.PKCS11Error, LookupError):
            pass
        self._module.restart()
        try:
            self._log_in()
        except (pkcs11.PKCS11Error, LookupError) as error:
            raise _down(error) from error

    def _log_in(self) -> None:
        with self._module.call():
            epoch = self._module.epoch
            token = self._token()
            self._check_tries(token)
            session = self._session(token)
            with self._lock:
                self._idle.append(Borrowed(session, epoch))
                self._epoch, self._is_up, self._is_proved = epoch, True, False

    def _session(self, token: Token) -> Session:
        import pkcs11

        refusals = (
            pkcs11.PinIncorrect,
            pkcs11.PinInvalid,
            pkcs11.PinLenRange,
            pkcs11.PinLocked,
            pkcs11.PinExpired,
        )
        try:
            return token.open(user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:
            return token.open()
        except refusals as error:
            raise self._refused(type(error).__name__) from error

    def _check_tries(self, token: Token) -> None:
        """The last try before the token locks itself is a person's, not ours."""
        import pkcs11

        spent = pkcs11.TokenFlag.USER_PIN_FINAL_TRY | pkcs11.TokenFlag.USER_PIN_LOCKED
        if token.flags & spent:
            raise Fault("signer.pin-last-try", retryable=True, detail=token.label)

    def _refused(self, why: str) -> Fault:
        self._stopped = True
        self._pin = ""
        replace_file(self._mark, f"{self._place.label}: {why}\n".encode(), mode=0o600)
        return Fault("signer.pin-refused", retryable=True, detail=f"{self._mark}: {why}")

    def _token(self) -> Token:
        """The token of our place; `LookupError` when there is none, or more than one could be meant."""
        place = self._place
        found = [
            token
            for token in self._module.tokens()
            if token.label == place.label
            and place.slot in (None, token.slot.slot_id)
            and place.serial in (None, token.serial.decode(errors="replace").strip())
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} tokens « {place.label} »")
        return found[0]


def _down(error: Exception) -> Fault:
    return Fault("signer.token-down", retryable=True, detail=f"{type(error).__name__} {error}".strip())
