"""The two listeners, with real handshakes on loopback: a certificate reaches the application from the TLS
layer only.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sceau.custody import TlsFiles, ensure_tls
from sceau.portal import peer_certificate
from sceau.portal.door import tls_facts
from sceau.publication import PatientProtocol
from sceau.site import listeners
from sceau.site.gate import Gate
from sceau.site.listeners import CardDoorProtocol, Listener, server_for
from tests.cardmaker import Authority, CardPlan, authority, card, key, octet

TODAY = datetime.now(UTC)
ROOT = authority("TEST AC RACINE IGC-SANTE FORT")
CARDS = authority("TEST AC IGC-SANTE FORT PERSONNES", ROOT)
SOFT_ROOT = authority("TEST AC RACINE IGC-SANTE ELEMENTAIRE")
SOFT = authority("TEST AC IGC-SANTE ELEMENTAIRE PERSONNES", SOFT_ROOT)
FORGED_ROOT = authority("TEST AC RACINE IGC-SANTE FORT", key_name="forged root")
FORGED = authority("TEST AC IGC-SANTE FORT PERSONNES", FORGED_ROOT, key_name="forged issuer")
GOOD = CardPlan(start=TODAY - timedelta(days=1), end=TODAY + timedelta(days=30))
EXPIRED = CardPlan(start=TODAY - timedelta(days=9), end=TODAY - timedelta(days=1))

SPOOFS = [
    "X-SSL-Client-Cert",
    "X-SSL-CLIENT-VERIFY",
    "x-ssl-client-s-dn",
    "X-Client-Cert",
    "X-Client-Verify",
    "X-CLIENT-DN",
    "x-client-certificate",
    "SSL-Client-Cert",
    "SSL_CLIENT_CERT",
    "ssl-client-verify",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-ARR-ClientCert",
    "Forwarded",
    "X-Real-IP",
    "X-Forwarded-Tls-Client-Cert",
    "X-SSL-Cert",
    "x-client-x509",
    "X-Ssl-Issuer",
    "sSl-cLiEnT-i-dN",
]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that says what it was told of the connection."""
    certificate = peer_certificate(scope)
    told = {
        "asks": tls_facts(scope).asks_for_cards,
        "certificate": certificate.hex() if certificate else None,
        "headers": [name.decode("latin-1").lower() for name, _ in scope["headers"]],
        "client": scope["client"][0],
        "scheme": scope["scheme"],
    }
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    )
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


async def swallow(scope: Any, receive: Any, send: Any) -> None:
    """An application that takes the whole body before it answers, as ours does."""
    while (await receive()).get("more_body"):
        pass
    await echo(scope, receive, send)


@dataclass
class Running:
    port: int
    files: TlsFiles


@contextmanager
def listening(tmp_path: Path, *, door: bool, app: Any = None) -> Iterator[Running]:
    """A listener on a free port, in a thread of its own."""
    files = ensure_tls(tmp_path / "tls", at=TODAY)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = server_for(Listener("127.0.0.1", port, files.chain, files.key, for_cards=door), app or echo)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        threading.Event().wait(0.02)
    try:
        yield Running(port, files)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with listening(tmp_path_factory.mktemp("door"), door=True) as running:
        yield running


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with listening(tmp_path_factory.mktemp("public"), door=False) as running:
        yield running


def context_of(
    running: Running, tmp_path: Path, plan: CardPlan | None = None, issuer: Authority = CARDS
) -> ssl.SSLContext:
    """A client that trusts the server; with a plan, it has that card."""
    context = ssl.create_default_context(cafile=str(running.files.authority))
    if plan is not None:
        pem = tmp_path / "card.pem"
        private = key(plan.key_name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = (card(plan, issuer), issuer.certificate)
        pem.write_bytes(private + b"".join(one.public_bytes(Encoding.PEM) for one in chain))
        context.load_cert_chain(pem)
    return context


def ask(running: Running, context: ssl.SSLContext, headers: dict[str, str] | None = None) -> dict[str, Any]:
    connection = http.client.HTTPSConnection("localhost", running.port, context=context, timeout=10)
    try:
        connection.request("GET", "/", headers=headers or {})
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


def test_without_a_card_the_door_answers_and_says_so(door: Running, tmp_path: Path) -> None:
    told = ask(door, context_of(door, tmp_path))
    assert told["asks"] is True
    assert told["certificate"] is None
    assert told["scheme"] == "https"


def test_the_very_certificate_that_was_proven_reaches_the_application(door: Running, tmp_path: Path) -> None:
    context = context_of(door, tmp_path, GOOD)
    presented = ssl.PEM_cert_to_DER_cert(
        "-----BEGIN CERTIFICATE-----"
        + (tmp_path / "card.pem").read_text().split("-----BEGIN CERTIFICATE-----")[1]
    )
    assert ask(door, context)["certificate"] == presented.hex()


def test_the_certificate_stays_with_the_connection_and_never_passes_to_another(
    door: Running, tmp_path: Path
) -> None:
    context = context_of(door, tmp_path, GOOD)
    connection = http.client.HTTPSConnection("localhost", door.port, context=context, timeout=10)
    seen = set()
    for _ in range(3):
        connection.request("GET", "/")
        seen.add(json.loads(connection.getresponse().read())["certificate"])
        assert ask(door, context_of(door, tmp_path))["certificate"] is None
    connection.close()
    assert len(seen) == 1
    assert None not in seen


def test_an_expired_card_is_for_the_application_to_refuse(door: Running, tmp_path: Path) -> None:
    assert ask(door, context_of(door, tmp_path, EXPIRED))["certificate"]


def test_a_software_certificate_reaches_the_application_too(door: Running, tmp_path: Path) -> None:
    from dataclasses import replace

    plan = replace(GOOD, marker=octet(0x83))
    assert ask(door, context_of(door, tmp_path, plan, SOFT))["certificate"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_nobody_we_know_reaches_the_application_that_will_refuse_it(
    door: Running, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = context_of(door, tmp_path, GOOD, FORGED)
    context.minimum_version = context.maximum_version = version
    assert ask(door, context)["certificate"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_whose_key_is_not_there_does_not_get_through_the_handshake(
    door: Running, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """Possession is what the handshake proves: here somebody else's card, with a key that says it is its."""
    context = context_of(door, tmp_path)
    thief = tmp_path / "thief.pem"
    pretended = pretending(key("a thief"), key(GOOD.key_name).public_key())
    thief.write_bytes(pretended + card(GOOD, CARDS).public_bytes(Encoding.PEM))
    context.load_cert_chain(thief)
    context.minimum_version = context.maximum_version = version
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(door, context)


def pretending(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey) -> bytes:
    """A P-256 private key (PEM) that carries the public key of another, which libraries believe."""
    secret = own.private_numbers().private_value.to_bytes(32, "big")
    point = other.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    curve = bytes.fromhex("a00a06082a8648ce3d030107")
    body = bytes.fromhex("0201010420") + secret + curve + bytes.fromhex("a144034200") + point
    der = bytes((0x30, len(body))) + body
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n".encode()


def test_the_public_listener_never_asks_and_never_tells(public: Running, tmp_path: Path) -> None:
    told = ask(public, context_of(public, tmp_path, GOOD))
    assert told["asks"] is False
    assert told["certificate"] is None


@pytest.mark.parametrize("header", SPOOFS)
def test_a_header_that_claims_a_certificate_never_reaches_the_application(
    door: Running, public: Running, tmp_path: Path, header: str
) -> None:
    for running in (door, public):
        told = ask(running, context_of(running, tmp_path), {header: "SUCCESS", "X-Kept": "yes"})
        assert header.lower() not in told["headers"]
        assert "x-kept" in told["headers"]
        assert told["certificate"] is None
        assert told["client"] in {"127.0.0.1", "::1"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_door_resumes_no_session_in_either_version(
    door: Running, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = context_of(door, tmp_path, GOOD)
    context.minimum_version = context.maximum_version = version
    kept = None
    for _ in range(3):
        with (
            socket.create_connection(("localhost", door.port), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname="localhost", session=kept) as tls,
        ):
            tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            told = b""
            while some := tls.recv(4096):
                told += some
            assert tls.session_reused is False
            assert b'"certificate": "30' in told  # who offers an old session is served, card and all
            kept = tls.session


def test_only_its_share_of_connections_is_taken_from_one_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "most_for_one", 4)
    with listening(tmp_path, door=False) as running:
        held = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(4)]  # none shakes hands
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ask(running, context_of(running, tmp_path))
        held.pop().close()
        assert told_in_the_end(running, tmp_path)["scheme"] == "https"
        for one in held:
            one.close()


def told_in_the_end(running: Running, tmp_path: Path) -> dict[str, Any]:
    """What a client is told that tries again for five seconds: a place is free a moment after it was left."""
    for _ in range(50):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            return ask(running, context_of(running, tmp_path))
        threading.Event().wait(0.1)
    raise AssertionError("no place in five seconds")


def test_a_listener_without_a_gate_counts_the_connections_of_an_address_too(
    public: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientProtocol, "most_for_one_address", 1)
    with connected(public, tmp_path) as first:
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert answer_to(first, request).startswith(b"HTTP/1.1 200")
        with connected(public, tmp_path) as second:
            assert answer_to(second, request) == b""
    assert told_in_the_end(public, tmp_path)["scheme"] == "https"


def test_a_handshake_that_is_not_finished_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "HANDSHAKE_SECONDS", 0.3)
    with (
        listening(tmp_path, door=True) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=5) as silent,
    ):
        assert silent.recv(1) == b""


def test_old_tls_is_refused(door: Running, public: Running, tmp_path: Path) -> None:
    for running in (door, public):
        context = context_of(running, tmp_path)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ask(running, context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_card_is_read_over_both_current_versions(
    door: Running, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = context_of(door, tmp_path, GOOD)
    context.minimum_version = context.maximum_version = version
    assert ask(door, context)["certificate"]


def test_silent_connections_keep_nobody_out(door: Running, tmp_path: Path) -> None:
    silent = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(20)]
    try:
        assert ask(door, context_of(door, tmp_path, GOOD))["certificate"]
    finally:
        for one in silent:
            one.close()


@contextmanager
def connected(running: Running, tmp_path: Path) -> Iterator[ssl.SSLSocket]:
    """A client that has shaken hands and said nothing yet."""
    context = context_of(running, tmp_path)
    with (
        socket.create_connection(("localhost", running.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=True) as tls,
    ):
        yield tls


def answer_to(tls: ssl.SSLSocket, sent: bytes, *, times: int = 1) -> bytes:
    """What comes back before the end of the connection, however rudely it ends."""
    try:
        for _ in range(times):
            tls.sendall(sent)
        return tls.recv(4096)
    except (ConnectionError, ssl.SSLError):
        return b""


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"],
)
def test_who_never_finishes_asking_is_shown_out(
    public: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(PatientProtocol, "first_seconds", 0.3)
    monkeypatch.setattr(CardDoorProtocol, "whole_seconds", 0.3)
    with connected(public, tmp_path) as tls:
        tls.settimeout(5)
        told = answer_to(tls, said)
        while told:  # the application of this test answers before it has the body
            told = answer_to(tls, b"")


def test_who_asked_once_may_be_silent_after(
    public: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientProtocol, "first_seconds", 0.3)
    monkeypatch.setattr(CardDoorProtocol, "whole_seconds", 0.3)
    with connected(public, tmp_path) as tls:
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert answer_to(tls, request).startswith(b"HTTP/1.1 200")
        threading.Event().wait(0.6)
        tls.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while tls.recv(4096):
                pass
        tls.settimeout(5)
        assert answer_to(tls, request).startswith(b"HTTP/1.1 200")


def test_an_answer_that_takes_long_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "first_seconds", 0.2)
    monkeypatch.setattr(CardDoorProtocol, "whole_seconds", 0.2)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.7)
        await echo(scope, receive, send)

    with listening(tmp_path, door=False, app=slow) as running:
        assert ask(running, context_of(running, tmp_path))["scheme"] == "https"


def test_a_header_without_end_is_not_kept(public: Running, tmp_path: Path) -> None:
    with connected(public, tmp_path) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        told = answer_to(tls, b"x" * 65_536, times=2)
        assert told == b"" or told.startswith(b"HTTP/1.1 431")
    assert ask(public, context_of(public, tmp_path))["scheme"] == "https"


def test_a_body_is_taken_in_up_to_the_largest_file_and_no_further(
    public: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CardDoorProtocol, "most_body", 100_000)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with connected(public, tmp_path) as tls:
        assert answer_to(tls, head % 100_000 + b"x" * 100_000).startswith(b"HTTP/1.1 200")
    with listening(tmp_path, door=False, app=swallow) as running, connected(running, tmp_path) as tls:
        told = answer_to(tls, head % 1_000_000 + b"x" * 1_000_000)
        assert told == b"" or (told.startswith(b"HTTP/1.1 413") and b"trop grand" in told)
