"""A call for certificates on its way through the engine, and the post that brings its answer back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sceau.catalogue import Language
from sceau.enrolment.rest.caller import Credentials, Reception
from sceau.enrolment.rest.calls import Call, Reply, asks_of, certificates_told
from sceau.enrolment.rest.engine import Order, unheeded
from sceau.operations import Actor, Answer, Ask
from sceau.vocabulary import Refused

Outcome = Reply | Exception


@dataclass(slots=True)
class Ordered:
    """A call whose body was read; turned into requests, and into its answer, in the engine's thread.

    `shown` are credentials that the engine is to admit; None when the caller was admitted before.
    """

    instance: str
    language: Language
    key: str
    body: dict[str, Any]
    shown: Credentials | None
    call: Call | None = None

    def order(
        self,
        who: Actor | str,
        reception: Reception,
        told: Callable[[Sequence[Answer] | Exception], None],
    ) -> Order:
        """What the engine takes."""
        several = self.body.get("requests")
        size = 1 if several is None else len(several)
        return Order(who, self.asks, told, self._admitted(reception), size)

    def asks(self, actor: Actor) -> list[Ask | Exception]:
        """What is asked for, now that it is known by whom."""
        self.call = Call(actor, self.instance, "", self.body, {}, self.key, self.language)
        return asks_of(self.call)

    def outcome(self, answers: Sequence[Answer] | Exception) -> Outcome:
        """The reply, written out; or what is to be raised."""
        if isinstance(answers, Exception) or self.call is None:
            return answers if isinstance(answers, Exception) else LookupError("answered before it was asked")
        try:
            return certificates_told(self.call, answers)
        except Exception as error:
            return error

    def _admitted(self, reception: Reception) -> Callable[[Refused | None], None]:
        """What to do with the fate of a secret."""
        shown = self.shown
        return unheeded if shown is None else lambda refused: reception.settle(shown, refused)


class Post:
    """Brings outcomes from the engine's thread to the loops that wait, a slice at a time."""

    def __init__(self) -> None:
        self._sent: dict[asyncio.AbstractEventLoop, list[tuple[Callable[..., None], Any]]] = {}

    def send(self, loop: asyncio.AbstractEventLoop, hand: Callable[..., None], outcome: Any) -> None:
        """In the engine's thread: what came of one call, to be handed over with the others of its slice."""
        self._sent.setdefault(loop, []).append((hand, outcome))

    def deliver(self) -> None:
        """In the engine's thread, after a slice. Nobody minds when a loop is gone."""
        sent, self._sent = self._sent, {}
        for loop, several in sent.items():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_hand_out, several)


def to_future(waiting: asyncio.Future[Reply]) -> Callable[[Outcome], None]:
    """Hands an outcome to who waits for `waiting`, unless they are gone."""

    def hand(outcome: Outcome) -> None:
        if waiting.done():
            return
        if isinstance(outcome, Exception):
            waiting.set_exception(outcome)
        else:
            waiting.set_result(outcome)

    return hand


def _hand_out(several: Sequence[tuple[Callable[..., None], Any]]) -> None:
    for hand, outcome in several:
        hand(outcome)
