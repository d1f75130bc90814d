"""OCSP as it goes over the wire: whoever asks how, in whatever order and pace, gets the answer to what they
asked, at once where it is kept, and never a stale one.
"""

from __future__ import annotations

import base64
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from sceau.publication import shared_sockets
from sceau.publication.quick import QuickProtocol
from sceau.publication.workshop import MOST_FRESH
from sceau.status import GOOD, Changes, SerialStatus, Standing, issuer_identity
from tests.publishing import Client, Listening, app_over, ask, get, listening, post
from tests.status_kit import NOW, MemorySource, Pki, TestResponder, make_pki, make_responder

GOOD_, REVOKED_ = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
UNKNOWN_ = ocsp.OCSPCertStatus.UNKNOWN
COUNT = 40


@dataclass
class Service:
    """A listening server, its authority and its records."""

    pki: Pki
    source: MemorySource
    at: Listening
    questions: dict[int, bytes]

    @property
    def port(self) -> int:
        return self.at.port

    def path(self, serial: int) -> str:
        return "/" + quote(base64.b64encode(self.questions[serial]).decode(), safe="")


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


@pytest.fixture(scope="module")
def responder(pki: Pki) -> TestResponder:
    return make_responder(pki)


@pytest.fixture
def service(pki: Pki, responder: TestResponder, tmp_path: Path) -> Iterator[Service]:
    source = MemorySource()
    for serial in range(1, COUNT + 1):
        source.statuses["el-org", 1, serial] = GOOD
    app = app_over(tmp_path, [pki.identity], source=source, signer=lambda code, generation: responder)
    with listening(app) as at:
        yield Service(pki, source, at, {serial: ask(pki, serial) for serial in range(1, COUNT + 1)})


def is_kept(service: Service, request: bytes) -> bool:
    """Whether the server would answer this very request before looking at it."""
    wires = service.at.app.wires
    assert wires is not None
    return wires.answer(request, 0) is not None


def test_the_second_time_the_whole_answer_is_kept_and_is_the_same_but_for_its_date(service: Service) -> None:
    with Client(service.port) as client:
        for request in (get(service.path(1)), post(service.questions[1]), get("/ocsp" + service.path(1))):
            assert not is_kept(service, request)
            client.send(request)
            first = client.read()
            assert is_kept(service, request)
            client.send(request)
            second = client.read()
            assert (second.status, second.body) == (200, first.body)
            dates = first.headers.pop("date"), second.headers.pop("date")
            assert second.headers == first.headers
            assert all(
                parsedate_to_datetime(date) >= parsedate_to_datetime(first.headers["last-modified"])
                for date in dates
            )
            assert first.headers["cache-control"] == "public, max-age=60, no-transform, must-revalidate"
            assert {"etag", "expires", "last-modified", "content-length"} <= set(first.headers)
        assert service.source.asked == 1


def test_the_date_of_a_kept_answer_is_that_of_the_moment(service: Service) -> None:
    with Client(service.port) as client:
        dates = [client.get(service.path(1)).headers["date"] for _ in range(2)]
        time.sleep(1.05)
        dates.append(client.get(service.path(1)).headers["date"])
    assert dates[2] > dates[1] >= dates[0]


@pytest.mark.parametrize(
    "line",
    [
        "Connection: close",
        "Expect: 100-continue",
        'If-None-Match: "x"',
        "If-Modified-Since: Tue, 24 Nov 2026 08:00:00 GMT",
        "Range: bytes=0-3",
        "Transfer-Encoding: chunked",
        "Upgrade: websocket",
        "Content-Length: 0, 0",
        "Content-Length : 0",
        "Host: there",
        " folded",
        "X: a\x00b",
        "no colon",
        "X: " + "a" * 2100,
    ],
)
def test_a_request_that_is_not_plain_is_never_answered_unseen(service: Service, line: str) -> None:
    with Client(service.port) as client:
        client.get(service.path(1))
    assert is_kept(service, get(service.path(1)))
    assert not is_kept(service, get(service.path(1), line))
    assert not is_kept(service, get(service.path(1)).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert not is_kept(service, get(service.path(1)).replace(b"Host: here\r\n", b""))
    assert not is_kept(service, get(service.path(1), method="HEAD"))
    assert not is_kept(service, get(service.path(1) + "?a"))
    assert not is_kept(service, post(service.path(1).encode()))
    assert not is_kept(service, get(service.path(1))[:-1])


def test_head_conditions_old_versions_and_closing_are_honoured_beside_kept_answers(service: Service) -> None:
    with Client(service.port) as client:
        whole = client.get(service.path(1))
        assert client.get(service.path(1), f"If-None-Match: {whole.headers['etag']}").status == 304
        modified = f"If-Modified-Since: {whole.headers['last-modified']}"
        assert client.get(service.path(1), modified).status == 304
        client.send(get(service.path(1), method="HEAD"))
        head = client.read(head_only=True)
        assert head.headers["content-length"] == str(len(whole.body))
        assert client.get(service.path(1)).body == whole.body
        assert client.get(service.path(1), "Connection: close").body == whole.body
        assert client.is_closed(5)
    with Client(service.port) as client:
        client.send(get(service.path(1)).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert client.read().body == whole.body
        assert client.is_closed(5)


def test_f08_fifty_clients_in_every_spelling_get_each_the_answer_to_their_own_question(
    service: Service,
) -> None:
    """Mixed serials and identifiers, POST with `Expect`, GET with odd encodings [F08, G15]."""
    other = {serial: ask(service.pki, serial, algorithm=hashes.SHA256()) for serial in service.questions}
    wrong: list[object] = []

    def spellings(question: bytes) -> list[bytes]:
        text = base64.b64encode(question).decode()
        escaped = "".join(f"%{ord(letter):02x}" for letter in text)
        return [
            post(question),
            post(question, path="/ocsp"),
            post(question, "Expect: 100-continue"),
            get("/" + quote(text, safe="")),
            get("//" + text),
            get("/ocsp/" + text.rstrip("=")),
            get("/ocsp//" + quote(text)),
            get("/" + escaped),
        ]

    def client_of(seed: int) -> None:
        chance = random.Random(seed)
        try:
            with Client(service.port) as client:
                for _ in range(30):
                    serial = chance.randint(1, COUNT)
                    question = chance.choice((service.questions, other))[serial]
                    client.send(chance.choice(spellings(question)))
                    if client.read().ocsp.serial_number != serial:
                        wrong.append(serial)
        except Exception as error:
            wrong.append(repr(error))

    threads = [threading.Thread(target=client_of, args=(seed,)) for seed in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("seed", range(5))
def test_requests_sent_without_waiting_are_answered_in_their_order_however_they_are_cut(
    service: Service, seed: int
) -> None:
    chance = random.Random(seed)
    serials = [chance.randint(1, COUNT) for _ in range(60)]
    requests = []
    for serial in serials:
        question = service.questions[serial]
        kind = chance.randrange(4)
        requests.append(
            post(question)
            if kind == 0
            else get(service.path(serial), *(["If-None-Match: x"] if kind == 1 else []))
            if kind < 3
            else post(ask(service.pki, serial, nonce=b"n" * 32))
        )
    stream = b"".join(requests)
    with Client(service.port) as client:
        while stream:
            size = chance.choice((1, 7, 90, 400, 3000))
            client.send(stream[:size])
            stream = stream[size:]
            if chance.random() < 0.2:
                time.sleep(0.002)
        assert [client.read().ocsp.serial_number for _ in serials] == serials


def test_t31_who_asks_without_reading_is_not_asked_for_more_and_loses_nothing(service: Service) -> None:
    """Fifteen thousand questions, 24 megabytes of answers: the server keeps a few hundred kilobytes."""
    request, count = get(service.path(1)), 15_000
    with Client(service.port) as client:
        client.get(service.path(1))
        sent = threading.Thread(target=client.send, args=(request * count,))
        sent.start()
        largest, patience = 0, time.monotonic() + 15
        while time.monotonic() < patience and largest == 0:
            time.sleep(0.1)
            (one,) = service.at.server.server_state.connections
            largest = one.transport.get_write_buffer_size()
        for _ in range(10):
            time.sleep(0.1)
            largest = max(largest, one.transport.get_write_buffer_size())
        assert 0 < largest < 4_000_000, "nothing stopped the server from answering into the void"
        read = [client.read().status for _ in range(count)]
        sent.join()
    assert read == [200] * count


def test_t63_a_connection_that_idles_after_a_kept_answer_is_closed(
    pki: Pki, responder: TestResponder, tmp_path: Path
) -> None:
    source = MemorySource(statuses={("el-org", 1, 1): GOOD})
    app = app_over(tmp_path, [pki.identity], source=source, signer=lambda code, generation: responder)

    def short(server: object) -> None:
        server.config.timeout_keep_alive = 1  # type: ignore[attr-defined]

    with listening(app, set_up=short) as at, Client(at.port) as client:
        body = ask(pki, 1)
        for _ in range(4):  # the wait begins anew at each answer
            client.post(body)
            time.sleep(0.5)
        began = time.monotonic()
        assert client.is_closed(4)
        assert 0.2 < time.monotonic() - began < 1.6


def test_what_is_too_large_is_refused_and_the_next_is_answered(service: Service) -> None:
    with Client(service.port) as client:
        client.post(service.questions[1])
        assert client.post(b"\x30" * 16_385).status == 413
    with Client(service.port) as client:
        client.send(b"GET /" + b"A" * 70_000 + b" HTTP/1.1\r\n")
        assert client.read().status in (400, 431)
    with Client(service.port) as client:
        assert client.post(service.questions[1]).ocsp.certificate_status is GOOD_


def test_g13_a_thousand_revocations_each_show_within_a_second(
    pki: Pki, responder: TestResponder, tmp_path: Path
) -> None:
    """Every answer is kept, as GET and as POST; revocations come in ten bursts of a hundred."""
    serials = range(1, 1001)
    source = MemorySource(statuses={("el-org", 1, serial): GOOD for serial in serials})
    app = app_over(tmp_path, [pki.identity], source=source, signer=lambda code, generation: responder)
    wanted = base = ask(pki, 0x7F00 + 1)
    assert len(base) == len(wanted)
    questions = {serial: ask_by_hash(pki, serial) for serial in serials}
    late: list[float] = []
    with listening(app) as at, Client(at.port) as client:
        for serial in serials:
            assert client.post(questions[serial]).ocsp.certificate_status is GOOD_
        for burst in range(10):
            mine = serials[burst * 100 : burst * 100 + 100]
            began = time.monotonic()
            for serial in mine:
                source.revoke("el-org", serial, SerialStatus(Standing.REVOKED, NOW))
            left = set(mine)
            while left:
                for serial in tuple(left):
                    if client.post(questions[serial]).ocsp.certificate_status is REVOKED_:
                        left.discard(serial)
                        late.append(time.monotonic() - began)
                assert time.monotonic() - began < 5
    assert len(late) == 1000
    assert max(late) <= 1.0


def ask_by_hash(pki: Pki, serial: int) -> bytes:
    """A question about a serial that needs no certificate."""
    import hashlib

    from cryptography.hazmat.primitives.serialization import Encoding

    name, key = hashlib.sha1(pki.identity.name).digest(), hashlib.sha1(pki.identity.key_bits).digest()
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, serial, hashes.SHA1())
    return builder.build().public_bytes(Encoding.DER)


def test_f06_g15_of_ten_thousand_random_serials_none_is_good(service: Service) -> None:
    chance = random.Random(413)
    said: dict[ocsp.OCSPCertStatus, int] = {}
    with Client(service.port) as client:
        for _ in range(100):
            asked = [ask_by_hash(service.pki, chance.getrandbits(159) | 1 << 100) for _ in range(100)]
            client.send(b"".join(post(one) for one in asked))
            for _ in asked:
                status = client.read().ocsp.certificate_status
                said[status] = said.get(status, 0) + 1
    assert said == {UNKNOWN_: 10_000}


def test_rfc9654_every_nonce_comes_back_whole_and_a_flood_of_them_holds_nobody_up(service: Service) -> None:
    with Client(service.port) as client:
        client.get(service.path(1))
        for size in (1, 16, 32, 128):
            read = client.post(ask(service.pki, 1, nonce=b"n" * size)).ocsp
            nonce = read.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
            assert nonce == b"n" * size
        too_long = client.post(ask(service.pki, 1, nonce=b"n" * 129)).ocsp
        assert too_long.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    flood = [post(ask(service.pki, serial, nonce=b"f" * 32)) for serial in range(1, 21)]
    stop = threading.Event()

    def drown() -> None:
        with Client(service.port) as client:
            while not stop.is_set():
                client.send(b"".join(flood))
                for _ in flood:
                    assert client.read().status == 200

    threads = [threading.Thread(target=drown) for _ in range(40)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.3)
        waits = []
        with Client(service.port) as client:
            for turn in range(200):
                began = time.monotonic()
                request = get(service.path(1)) if turn % 2 else post(service.questions[turn % COUNT + 1])
                client.send(request)
                assert client.read().ocsp.certificate_status is GOOD_
                waits.append(time.monotonic() - began)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert sorted(waits)[len(waits) // 2] < 0.25, "half of the askers waited for others' nonces"


class SilentSource(MemorySource):
    """A database that is stopped: it does not refuse, it says nothing."""

    def __init__(self) -> None:
        super().__init__(statuses={("el-org", 1, serial): GOOD for serial in range(1, COUNT + 1)})
        self.speaks = threading.Event()
        self.speaks.set()

    def status(self, issuer: str, generation: int, serial: int) -> SerialStatus:
        self.speaks.wait()
        return super().status(issuer, generation, serial)

    def changes(self, mark: int) -> Changes:
        self.speaks.wait()
        return super().changes(mark)


def test_g11_while_the_records_say_nothing_kept_answers_go_out_in_50_ms_and_others_are_not_kept_waiting(
    pki: Pki, responder: TestResponder, tmp_path: Path
) -> None:
    source = SilentSource()
    app = app_over(tmp_path, [pki.identity], source=source, signer=lambda code, generation: responder)
    with listening(app) as at, Client(at.port) as client:
        kept, other, nonce = ask(pki, 1), ask(pki, 2), ask(pki, 1, nonce=b"n" * 32)
        client.post(kept)
        source.speaks.clear()
        began = time.monotonic()
        assert client.post(other).ocsp.response_status is ocsp.OCSPResponseStatus.TRY_LATER
        assert time.monotonic() - began < 2.6  # the first to ask waits until silence is understood
        waits = []
        for request in (kept, other, nonce) * 300:
            began = time.monotonic()
            read = client.post(request).ocsp
            waits.append(time.monotonic() - began)
            if request is other:
                assert read.response_status is ocsp.OCSPResponseStatus.TRY_LATER
            else:  # without the nonce, which nobody may sign for without knowing the status
                assert read.certificate_status is GOOD_
        assert sorted(waits)[int(len(waits) * 0.99)] <= 0.05
        source.speaks.set()
        began = time.monotonic()
        while client.post(other).ocsp.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            assert time.monotonic() - began < 10
            time.sleep(0.05)


def test_f50_each_generation_of_an_issuer_answers_for_its_own_with_its_own_responder(tmp_path: Path) -> None:
    """Two keys under one name: nothing of one is said by the other."""
    old, new, stranger = make_pki(), make_pki(), make_pki()
    identities = [
        issuer_identity("el-org", number, one.issuing.certificate) for number, one in ((1, old), (2, new))
    ]
    assert identities[0].name == identities[1].name
    responders = {1: make_responder(old), 2: make_responder(new)}
    source = MemorySource(statuses={("el-org", 1, 11): GOOD, ("el-org", 2, 22): GOOD})
    app = app_over(
        tmp_path, identities, source=source, signer=lambda code, generation: responders[generation]
    )
    with listening(app) as at, Client(at.port) as client:
        for algorithm in (hashes.SHA1(), hashes.SHA256()):
            for number, pki, serial, status in (
                *((1, old, 11, GOOD_), (2, new, 22, GOOD_), (1, old, 22, UNKNOWN_), (2, new, 11, UNKNOWN_)),
            ):
                read = client.post(ask(pki, serial, algorithm=algorithm)).ocsp
                assert (read.certificate_status, read.serial_number) == (status, serial)
                (certificate,) = read.certificates
                assert read.responder_key_hash == responders[number].key_hash
                certificate.verify_directly_issued_by(pki.certificate)
                key = certificate.public_key()
                assert isinstance(key, ec.EllipticCurvePublicKey)
                key.verify(read.signature, read.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
        source.revoke("el-org", 11, SerialStatus(Standing.REVOKED, NOW))
        time.sleep(0.6)
        assert client.post(ask(old, 11)).ocsp.certificate_status is REVOKED_
        assert client.post(ask(new, 22)).ocsp.certificate_status is GOOD_
        refused = client.post(ask(stranger, 11)).ocsp
        assert refused.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_two_processes_may_answer_on_one_port_and_a_third_user_of_it_may_not() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened = [one for _ in range(2) for one in shared_sockets("127.0.0.1", port)]
    try:
        for one in opened:
            one.listen()
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", port))
        heard = [0, 0]
        for _ in range(60):
            socket.create_connection(("127.0.0.1", port), 5).close()
        for at, one in enumerate(opened):
            one.setblocking(False)
            while True:
                try:
                    one.accept()[0].close()
                except BlockingIOError:
                    break
                heard[at] += 1
        assert sum(heard) == 60
        assert min(heard) > 5
    finally:
        for one in opened:
            one.close()


def test_a_line_of_fresh_answers_is_short_and_the_shared_ones_pass_it() -> None:
    import asyncio

    from sceau.publication.http import Answer
    from sceau.publication.workshop import Workshop

    async def play() -> tuple[int, list[str]]:
        workshop, gate, order = Workshop(), threading.Event(), []

        def work(name: str) -> Answer:
            gate.wait(10)
            order.append(name)
            return Answer(200, ())

        async def make(name: str, *, fresh: bool) -> Answer | None:
            return await workshop.make(lambda: work(name), fresh=fresh, patience=10)

        first = asyncio.create_task(make("first", fresh=True))
        await asyncio.sleep(0.1)  # the thread holds it
        fresh = [asyncio.create_task(make("fresh", fresh=True)) for _ in range(MOST_FRESH + 5)]
        shared = [asyncio.create_task(make("shared", fresh=False)) for _ in range(40)]
        await asyncio.sleep(0.1)
        refused = sum(1 for task in fresh if task.done() and task.result() is None)
        gate.set()
        await asyncio.gather(first, *fresh, *shared)
        workshop.stop()
        return refused, order

    refused, order = asyncio.run(play())
    assert refused == 5
    assert order[0] == "first"
    last_shared = max(at for at, name in enumerate(order) if name == "shared")
    assert order[:last_shared].count("fresh") <= 16


def test_a_quick_connection_is_a_patient_one() -> None:
    from sceau.publication import PatientProtocol

    assert issubclass(QuickProtocol, PatientProtocol)
