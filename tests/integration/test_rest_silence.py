"""The door and a database server that says nothing: who asks is told to come again, nobody waits [G11]."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from sceau.enrolment import Silence
from sceau.operations import sign_of_life
from sceau.vocabulary import Fault
from tests.integration.databases import VENDOR


class Server:
    """Speaks, says nothing, or refuses."""

    def __init__(self) -> None:
        self.speaks, self.refuses, self.asked = threading.Event(), False, 0
        self.speaks.set()

    def __call__(self) -> None:
        self.asked += 1
        self.speaks.wait(20)
        if self.refuses:
            raise ConnectionError


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.speaks.set()


def listened_to(server: Server) -> Silence:
    silence = Silence(server, every=0.02, patience=0.2)
    silence.start()
    return silence


def waited(silence: Silence, *, answer_after: float | None) -> tuple[str | Fault, float]:
    """What an asker is told, and after how long; its answer comes then or never."""

    async def play() -> str | Fault:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        if answer_after is not None:
            loop.call_later(answer_after, arrive, answer)
        try:
            return await silence.unless_silent(answer)
        except Fault as fault:
            return fault

    began = time.monotonic()
    return asyncio.run(play()), time.monotonic() - began


def arrive(answer: asyncio.Future[str]) -> None:
    if not answer.done():
        answer.set_result("issued")


def until(condition: object) -> None:
    limit = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_while_the_server_speaks_everybody_gets_their_answer_however_long_it_takes(server: Server) -> None:
    silence = listened_to(server)
    assert waited(silence, answer_after=0.6)[0] == "issued"
    server.refuses = True
    assert waited(silence, answer_after=0.6)[0] == "issued"  # a refusal is told by who meets it
    assert not silence.lasts
    silence.stop()


def test_who_waits_when_it_falls_silent_and_who_comes_then_are_told_to_come_again(server: Server) -> None:
    silence = listened_to(server)
    until(lambda: server.asked)
    server.speaks.clear()
    told, seconds = waited(silence, answer_after=None)
    assert isinstance(told, Fault)
    assert (told.code, told.retryable) == ("operations.database", True)
    assert seconds < 2
    assert silence.lasts
    told, seconds = waited(silence, answer_after=None)
    assert isinstance(told, Fault)
    assert seconds < 0.2
    server.speaks.set()
    until(lambda: not silence.lasts)
    assert waited(silence, answer_after=0.3)[0] == "issued"
    silence.stop()


def test_of_an_answer_and_a_silence_the_first_is_told_once(server: Server) -> None:
    silence, told = listened_to(server), list[str]()

    async def play() -> None:
        first = silence.once(told.append, lambda: "silence")
        first("issued")
        until(lambda: server.asked)
        server.speaks.clear()
        late = silence.once(told.append, lambda: "silence")
        limit = time.monotonic() + 5
        while len(told) < 2 and time.monotonic() < limit:
            await asyncio.sleep(0.02)
        late("issued")
        await asyncio.sleep(0.2)

    asyncio.run(play())
    assert told == ["issued", "silence"]
    silence.stop()


def test_who_goes_away_is_not_told_of_any_silence(server: Server) -> None:
    silence = listened_to(server)

    async def play() -> None:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        asker = asyncio.create_task(silence.unless_silent(answer))
        await asyncio.sleep(0.05)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker

    asyncio.run(play())
    silence.stop()


def test_a_file_is_never_silent() -> None:
    silence = Silence()
    silence.start()
    assert waited(silence, answer_after=0.01)[0] == "issued"
    assert not silence.lasts


@pytest.mark.usefixtures("database")
def test_a_server_gives_a_sign_of_life_over_a_link_of_its_own() -> None:
    ask = sign_of_life()
    assert (ask is None) == (VENDOR == "sqlite") == (connection.vendor == "sqlite")
    for _ in range(3 if ask else 0):
        assert ask is not None
        ask()
    if ask is not None:
        ask.close()
