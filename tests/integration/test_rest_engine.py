"""The engine behind the door: what is asked at one moment goes together, no one waits for another's many."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from sceau.enrolment import RestApp
from sceau.records.models import Certificate
from sceau.site import secure
from sceau.vocabulary import Fault
from tests.instance import Instance, accepted, csr, offer
from tests.integration.test_rest_listener import _served, ask
from tests.integration.test_tokens import make
from tests.rest import Answer, RestClient, rest_app


@pytest.fixture
def door(instance: Instance) -> Iterator[RestApp]:
    accepted(offer("serv-ssl"))
    with rest_app() as app:
        yield app


def body(at: int) -> dict[str, Any]:
    return {
        "product": "SERV_SSL",
        "names": [f"e{at}.chu-exemple.fr"],
        "csr": csr(f"engine-{at}").decode(),
    }


async def post(program: RestClient, sent: Any, key: str) -> Answer:
    headers = {"content-type": "application/json", "idempotency-key": key}
    return await program.ask("POST", "certificates", content=json.dumps(sent).encode(), headers=headers)


def test_calls_of_one_moment_share_their_transactions(door: RestApp, monkeypatch: pytest.MonkeyPatch) -> None:
    program = RestClient(door, token=make().secret)
    begun: list[str] = []
    real = transaction.Atomic.__enter__

    def entered(self: Any) -> None:
        begun.append("transaction")
        real(self)

    async def all_at_once() -> list[Answer]:
        return await asyncio.gather(*(post(program, body(at), f"k{at}") for at in range(40)))

    monkeypatch.setattr(transaction.Atomic, "__enter__", entered)
    answers = asyncio.run(all_at_once())
    assert [answer.status for answer in answers] == [201] * 40
    assert [answer.json["names"][0] for answer in answers] == [f"e{at}.chu-exemple.fr" for at in range(40)]
    assert len(begun) <= 12  # two for each slice: as many slices as the loop needed to hand the calls over


def test_a_call_of_one_does_not_wait_for_a_call_of_many(door: RestApp) -> None:
    program = RestClient(door, token=make().secret)
    over: list[str] = []

    async def named(sent: Any, key: str) -> Answer:
        answer = await post(program, sent, key)
        over.append(key)
        return answer

    async def both() -> list[Answer]:
        many = asyncio.create_task(named({"requests": [body(at) for at in range(300)]}, "many"))
        await asyncio.sleep(0.02)
        return [await named(body(1000), "one"), await many]

    one, many = asyncio.run(both())
    assert over == ["one", "many"]
    assert one.status == 201
    assert [result["status"] for result in many.json["results"]] == [201] * 300


def test_a_signer_away_is_said_to_each_and_the_engine_goes_on(door: RestApp, instance: Instance) -> None:
    program = RestClient(door, token=make().secret)

    def away(kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True)

    async def three() -> list[Answer]:
        return await asyncio.gather(*(post(program, body(at), f"k{at}") for at in range(3)))

    instance.signer.before = away
    assert [answer.status for answer in asyncio.run(three())] == [503] * 3
    instance.signer.before = lambda kind: None
    assert [answer.status for answer in asyncio.run(three())] == [201] * 3
    assert Certificate.objects.filter(state="collected").count() == 3


def test_a_bad_body_is_told_to_somebody_only(door: RestApp) -> None:
    stranger = RestClient(door, token="sceau_" + "A" * 43)
    assert stranger.post("certificates", b"{").status == 401
    assert RestClient(door, token=make().secret).post("certificates", b"{").status == 400


def test_t31_who_never_shakes_hands_is_cut_and_a_share_is_a_share(
    door: RestApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secure, "HANDSHAKE_SECONDS", 0.3)
    monkeypatch.setattr(secure, "MOST_FOR_ONE_ADDRESS", 3)
    with _served(door, tmp_path) as listening:
        silent = [socket.create_connection(("127.0.0.1", listening.port), 5) for _ in range(4)]
        began = time.monotonic()
        assert _closed(silent[3])  # beyond the share: at once
        assert time.monotonic() - began < 0.25
        assert all(_closed(one) for one in silent[:3])
        connection = listening.connection(with_card=False)
        assert ask(connection, "GET", "health") == (200, {"status": "ok"})  # their places are free again
        connection.close()


def test_an_answer_of_many_records_arrives_whole(door: RestApp, tmp_path: Path) -> None:
    with _served(door, tmp_path) as listening:
        connection = listening.connection(with_card=False)
        many = {"requests": [body(at) for at in range(60)]}
        bearer = f"Bearer {make().secret}"
        status, told = ask(
            connection, "POST", "certificates", many, Authorization=bearer, idempotency_key="many"
        )
        connection.close()
    assert (status, [one["status"] for one in told["results"]]) == (200, [201] * 60)


def _closed(one: socket.socket) -> bool:
    one.settimeout(5)
    with one:
        try:
            return one.recv(1) == b""
        except ConnectionResetError:
            return True


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_t07_no_session_is_resumed_in_either_version(
    door: RestApp, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    with _served(door, tmp_path) as listening:
        context = listening.context(with_card=True)
        context.maximum_version = version
        session = None
        for _ in range(3):
            with (
                socket.create_connection(("127.0.0.1", listening.port), 5) as plain,
                context.wrap_socket(plain, server_hostname="localhost", session=session) as secured,
            ):
                secured.sendall(b"GET /api/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                assert secured.recv(4096).startswith(b"HTTP/1.1 200")
                assert not secured.session_reused
                session = secured.session
