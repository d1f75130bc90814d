"""The short way for a call for certificates: from its octets to the engine, and from the engine to its
octets.

No scope, task, future or queue of messages stands between the connection and the engine for a call that is
plainly one. Everything that is not right about it (a form, a field, an address that fails too often) is left
to the careful path, which finds it again and says it; what the engine comes to is written here as there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sceau.enrolment.rest.caller import Credentials, Reception
from sceau.enrolment.rest.engine import Engine
from sceau.enrolment.rest.incoming import plain_body
from sceau.enrolment.rest.ordered import Ordered, Outcome, Post
from sceau.enrolment.rest.plain_call import PlainCall
from sceau.enrolment.rest.shapes import Record
from sceau.enrolment.rest.silence import Silence, silent
from sceau.enrolment.rest.writing import Pairs, lines_of, new_instance, no, whole
from sceau.operations import Answer
from sceau.vocabulary import Fault

Told = Callable[[tuple[bytes, bytes]], None]
"""Takes an answer in the loop: its status line, and what follows the server's own headers."""


@dataclass(slots=True)
class Caller:
    """Who is at the other end of a connection: the address they are counted by, what they showed last."""

    address: str
    shown: Credentials | None = None

    def showing(self, authorization: bytes) -> Credentials:
        """The credentials of a call with this header."""
        shown = self.shown
        if shown is None or shown.authorization != (authorization,):
            shown = self.shown = Credentials(self.address, None, (authorization,))
        return shown


class AtOnce:
    """Takes plain calls for the engine."""

    def __init__(
        self,
        reception: Reception,
        engine: Engine,
        post: Post,
        *,
        silence: Silence,
        bodies: tuple[Record, ...],
        guards: Pairs,
    ) -> None:
        """`bodies` are those of the address; `guards` the headers of every answer."""
        self._silence = silence
        self._bodies = bodies
        self._reception = reception
        self._engine = engine
        self._post = post
        self._guards = lines_of(guards)

    def take(self, call: PlainCall, caller: Caller, told: Told) -> bool:
        """Have the call carried out; `told` is called in this loop with what came of it, once. Not taken, and
        nothing happened: the careful path is to look at it.
        """
        shown = caller.showing(call.authorization)
        if self._silence.lasts or self._reception.is_braked(shown):
            return False
        body = plain_body(call.body, self._bodies)
        if body is None:
            return False
        instance, loop, post = new_instance(), asyncio.get_running_loop(), self._post
        ordered = Ordered(instance, call.language, call.key, body, shown)

        def written(outcome: Outcome) -> tuple[bytes, bytes]:
            if isinstance(outcome, Exception):
                outcome = no(outcome, instance=instance, language=call.language)
            return whole(outcome, instance=instance, guards=self._guards)

        told = self._silence.once(told, lambda: written(silent()))

        def answered(answers: Sequence[Answer] | Exception) -> None:
            post.send(loop, told, written(ordered.outcome(answers)))

        try:
            self._engine.order(ordered.order(call.secret, self._reception, answered))
        except Fault:
            return False
        return True
