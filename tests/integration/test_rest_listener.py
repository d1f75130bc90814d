"""The REST door on its true listener: uvicorn, TLS on loopback, a card's key in the handshake."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sceau.custody import TlsFiles, ensure_tls
from sceau.records.models import Certificate
from sceau.site.listeners import Listener, server_for
from tests.cardmaker import CardPlan, key
from tests.instance import ADMINISTRATOR, Instance, accepted, csr, offer, right_for
from tests.integration.test_tokens import make
from tests.portal import STANDARD, certificate_of
from tests.rest import rest_app


@dataclass
class Listening:
    """A door that listens, and how to speak to it."""

    port: int
    files: TlsFiles
    folder: Path

    def context(self, *, with_card: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.files.authority))
        if with_card:
            pem = self.folder / "card.pem"
            private = key(CardPlan().key_name).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            )
            chain = (certificate_of(ADMINISTRATOR), STANDARD.certificate)
            pem.write_bytes(private + b"".join(one.public_bytes(Encoding.PEM) for one in chain))
            context.load_cert_chain(pem)
        return context

    def connection(self, *, with_card: bool) -> http.client.HTTPSConnection:
        context = self.context(with_card=with_card)
        return http.client.HTTPSConnection("localhost", self.port, context=context, timeout=20)


def ask(
    connection: http.client.HTTPSConnection, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    sent = None if body is None else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        named |= {"content-type": "application/json"}
    connection.request(method, f"/api/v1/{path}", body=sent, headers=named)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.fixture
def listening(instance: Instance, tmp_path: Path) -> Iterator[Listening]:
    """A right, and the door on a free port."""
    accepted(offer("serv-ssl"))
    with rest_app() as app, _served(app, tmp_path) as door:
        yield door


@contextmanager
def _served(app: Any, folder: Path) -> Iterator[Listening]:
    files = ensure_tls(folder / "tls", at=datetime.now(UTC))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = server_for(Listener("127.0.0.1", port, files.chain, files.key, for_programs=True), app)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        threading.Event().wait(0.02)
    try:
        yield Listening(port, files, folder)
    finally:
        server.should_exit = True
        thread.join(10)


def test_a_card_in_the_handshake_asks_and_gets_and_revokes(listening: Listening) -> None:
    connection = listening.connection(with_card=True)
    asked = {
        "product": "SERV_SSL",
        "names": ["www.chu-exemple.fr"],
        "csr": csr().decode(),
        "habilitation": right_for("SERV_SSL"),
        "terms_accepted": True,
    }
    status, told = ask(connection, "POST", "certificates", asked, idempotency_key="k")
    assert status == 201, told
    assert ask(connection, "GET", f"certificates/{told['reference']}") == (200, told)
    status, ended = ask(
        connection,
        "POST",
        f"certificates/{told['reference']}/revocation",
        {"reason": "superseded"},
        idempotency_key="k2",
    )
    assert (status, ended["standing"]) == (200, "revoked")
    connection.close()


def test_without_a_card_a_token_does_and_nothing_else_does(listening: Listening) -> None:
    connection = listening.connection(with_card=False)
    status, told = ask(connection, "GET", "habilitations", X_SSL_Client_Cert="SUCCESS", Cookie="x=y")
    assert (status, told["findings"][0]["code"]) == (401, "api.nobody")
    status, told = ask(connection, "GET", "habilitations", Authorization=f"Bearer {make().secret}")
    assert (status, len(told["habilitations"])) == (200, 1)
    connection.close()


def test_a_card_does_not_pass_from_one_connection_to_another(listening: Listening) -> None:
    with_card = listening.connection(with_card=True)
    without = listening.connection(with_card=False)
    for _ in range(3):
        assert ask(with_card, "GET", "habilitations")[0] == 200
        assert ask(without, "GET", "habilitations")[0] == 401
    with_card.close()
    without.close()


def test_a_refused_large_body_does_not_hold_the_connection(listening: Listening) -> None:
    connection = listening.connection(with_card=False)
    big = {"requests": [{"x": "y" * 1000}] * 500}
    try:
        status, told = ask(connection, "POST", "certificates", big, idempotency_key="k")
    except (ConnectionError, ssl.SSLError):  # closed while we were still sending
        pass
    else:
        assert (status, told["findings"][0]["code"]) == (401, "api.nobody")
    connection.close()
    assert Certificate.objects.count() == 0


def test_a_large_batch_comes_in_whole_and_one_too_large_is_told_so(listening: Listening) -> None:
    token = f"Bearer {make().secret}"
    for size, expected in (
        (11 * 2**20, (400, "api.field-missing")),
        (12 * 2**20 + 1, (413, "api.too-large")),
    ):
        connection = listening.connection(with_card=False)
        connection.putrequest("POST", "/api/v1/certificates")
        for name, value in (
            ("authorization", token),
            ("content-type", "application/json"),
            ("idempotency-key", "k"),
        ):
            connection.putheader(name, value)
        connection.putheader("content-length", str(size))
        connection.endheaders()
        if expected[0] == 400:
            connection.send(b'{"requests":[{}]' + b" " * (size - 17) + b"}")
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert (answer.status, told["findings"][0]["code"]) == expected
        connection.close()


def test_many_programs_at_once(listening: Listening, instance: Instance) -> None:
    secret = make().secret
    statuses: list[int] = []

    def program(which: int) -> None:
        connection = listening.connection(with_card=False)
        asked = {
            "product": "SERV_SSL",
            "names": [f"h{which}.chu-exemple.fr"],
            "csr": csr(f"many-{which}").decode(),
        }
        headers = {"Authorization": f"Bearer {secret}", "idempotency_key": f"k{which}"}
        statuses.append(ask(connection, "POST", "certificates", asked, **headers)[0])
        connection.close()

    threads = [threading.Thread(target=program, args=(which,)) for which in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [201] * 16
    assert len(instance.signer.drafts()) == Certificate.objects.count() == 16


def records_of(listening: Listening, request: bytes) -> tuple[list[int], bytes]:
    """The sizes of the TLS records of application data that answer `request`, and what they held."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = listening.context(with_card=False)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # where the kind of a record stands outside of it
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    raw = b""
    with socket.create_connection(("localhost", listening.port), timeout=20) as plain:

        def turn() -> None:
            plain.sendall(outgoing.read())
            incoming.write(plain.recv(65536))

        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                turn()
        tls.write(request)
        plain.sendall(outgoing.read())
        while piece := plain.recv(65536):
            raw += piece
    incoming.write(raw)
    incoming.write_eof()
    sizes = []
    while raw:
        kind, size = raw[0], int.from_bytes(raw[3:5], "big")
        sizes += [size] if kind == 23 else []
        raw = raw[5 + size :]
    told = b""
    while piece := tls.read(65536):
        told += piece
    return sizes, told


def test_the_head_and_the_body_of_an_answer_leave_together_and_before_the_end(listening: Listening) -> None:
    request = b"GET /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    sizes, told = records_of(listening, request)
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404")
    assert json.loads(body)["findings"][0]["code"] == "api.no-such-address"
    assert len(sizes) == 1


def test_a_large_answer_comes_whole(listening: Listening) -> None:
    request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    sizes, told = records_of(listening, request)
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body)["openapi"].startswith("3.")
    assert len(sizes) == -(-len(told) // 16384)
