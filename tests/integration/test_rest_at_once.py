"""The short way of the door for programs: what it takes is what the careful path reads, and what comes of it
is the same; whatever is odd about where a request ends is never taken [ASSURANCE T31]."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.enrolment import AtOnce, PlainCall, Unfinished, read_plain_call
from sceau.enrolment.rest import requests
from sceau.enrolment.rest.answers import CERTIFICATE_TOLD, PROBLEM, RESULTS
from sceau.enrolment.rest.shapes import Record, fits, read_shape
from sceau.records.models import Certificate
from sceau.site.listeners import ProgramsProtocol
from tests.instance import Instance, accepted, csr, offer
from tests.integration.test_rest_hostile import JSON, near
from tests.integration.test_rest_listener import Listening, _served
from tests.integration.test_tokens import make
from tests.rest import rest_app

HEADERS = {
    "Host": "localhost",
    "Authorization": "Bearer sceau_abc",
    "Content-Type": "application/json",
    "Idempotency-Key": "k-1",
}


def request(
    body: bytes = b"{}", *, opening: str = "POST /api/v1/certificates HTTP/1.1", **more: str | None
) -> bytes:
    """A call; `more` replaces or adds headers, None takes one away."""
    named = {**HEADERS, "Content-Length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in more.items()}  # type: ignore[misc]
    lines = [opening, *(f"{name}: {value}" for name, value in named.items() if value is not None)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def with_line(line: bytes, body: bytes = b"{}") -> bytes:
    """A plain call with one more line in its head."""
    return request(body).replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)


def test_a_plain_call_is_read_with_what_it_shows_and_where_it_ends() -> None:
    sent = request(b'{"a":1}', Accept_Language="en") + b"GET /"
    found = read_plain_call(sent)
    assert isinstance(found, PlainCall)
    assert (found.authorization, found.secret) == (b"Bearer sceau_abc", "sceau_abc")
    assert (found.key, found.language, found.body) == ("k-1", "en", b'{"a":1}')
    assert sent[found.end :] == b"GET /"
    assert isinstance(read_plain_call(sent[: found.end - 1]), Unfinished)


ODD = [
    request(opening="POST /api/v1/certificates HTTP/1.0"),
    request(opening="post /api/v1/certificates HTTP/1.1"),
    request(opening="POST /api/v1/certificates?x=1 HTTP/1.1"),
    request(opening="POST /api/v1//certificates HTTP/1.1"),
    request(opening="POST http://localhost/api/v1/certificates HTTP/1.1"),
    request(opening="GET /api/v1/certificates HTTP/1.1"),
    b"\r\n" + request(),
    request(Transfer_Encoding="chunked"),
    request(Transfer_Encoding="chunked", Content_Length=None),
    request(Transfer_Encoding="identity"),
    with_line(b"Transfer-Encoding : chunked"),
    with_line(b"Transfer-Encoding:\tchunked"),
    with_line(b" chunked"),
    with_line(b"Content-Length: 2"),
    with_line(b"content-length: 20"),
    with_line(b"Host: other"),
    with_line(b"Idempotency-Key: k-2"),
    with_line(b"Authorization: Bearer other"),
    with_line(b"Accept: a\nContent-Length: 0"),
    with_line(b"Accept: a\rContent-Length: 0"),
    with_line(b"Accept: a\x00"),
    with_line(b"Accept: \xff"),
    with_line(b"Accept:"),
    with_line(b"Accept:  "),
    with_line(b"Accept: a "),
    with_line(b": a"),
    with_line(b"Accept"),
    with_line(b"Expect: 100-continue"),
    with_line(b"Upgrade: h2c"),
    with_line(b"Connection: close"),
    with_line(b"Connection: keep-alive, upgrade"),
    with_line(b"Origin: https://evil.example"),
    with_line(b"Content-Encoding: gzip"),
    with_line(b"X-SSL-Client-Cert: MII"),
    with_line(b"Accept: " + b"a" * 5000),
    *(request(Content_Length=told) for told in ("+2", "02", "2 ", "0x2", "2, 2", "-2", "0", "2_0")),
    request(Content_Length=str(64 * 1024 + 1)),
    request(Host=None),
    request(Authorization=None),
    request(Content_Type=None),
    request(Idempotency_Key=None),
    request(Authorization="Basic YTpi"),
    request(Authorization="Bearer"),
    request(Authorization="Bearer a b"),
    request(Authorization="Bearer " + "a" * 257),
    request(Content_Type="application/json; charset=utf-8"),
    request(Content_Type="text/plain"),
    request(Idempotency_Key='"k"'),
    request(Idempotency_Key="k" * 41),
    request().replace(b"\r\n", b"\n"),
]


@pytest.mark.parametrize("sent", ODD)
def test_t31_whatever_is_odd_is_left_to_the_careful_path(sent: bytes) -> None:
    assert read_plain_call(sent) is None


@dataclass
class Read:
    """What the HTTP server software's parser makes of the same octets."""

    url: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    whole: int = 0

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole += 1


PIECES = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b": ",
            b":",
            b" ",
            b"\t",
            b"\x00",
            b"\xff",
            b"{}",
            b"0\r\n\r\n",
        ),
        *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
        *(b"Accept: */*\r\n", b"User-Agent: a b\r\n", b"5", b"HTTP/1.1", b"GET / HTTP/1.1\r\n\r\n"),
    ]
)


@st.composite
def nearly_plain(draw: st.DrawFn) -> bytes:
    """A plain call with a few cuts and insertions anywhere."""
    sent = request(draw(st.sampled_from([b"{}", b'{"a": 1}', b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"])))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(sent)))
        cut = draw(st.integers(0, 4))
        sent = sent[:at] + draw(PIECES | st.just(b"")) + sent[at + cut :]
    return sent


@settings(max_examples=1500, deadline=None)
@given(sent=nearly_plain() | st.sampled_from(ODD))
def test_t31_what_is_taken_is_exactly_what_the_careful_path_reads(sent: bytes) -> None:
    found = read_plain_call(sent)
    if not isinstance(found, PlainCall):
        return
    read = Read()
    parser = httptools.HttpRequestParser(read)
    parser.feed_data(sent[: found.end])
    assert read.whole == 1, "it ends where the other one says, not before and not after"
    assert (parser.get_method(), read.url) == (b"POST", b"/api/v1/certificates")
    assert parser.get_http_version() == "1.1"
    assert parser.should_keep_alive()
    assert read.body == found.body
    named = dict(read.headers)
    assert len(named) == len(read.headers)
    assert named[b"authorization"] == found.authorization
    assert named[b"idempotency-key"].decode() == found.key


SHAPES: list[Record] = [
    *(requests.CERTIFICATE, requests.SEVERAL_CERTIFICATES, requests.REVOCATION, requests.LIST_QUERY),
    *(CERTIFICATE_TOLD, RESULTS, PROBLEM),
]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_value_fits_exactly_when_nothing_is_found_in_it(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(SHAPES))
    value = data.draw(near(shape) | JSON)
    assert fits(shape, value) == (read_shape(shape, value, path="corps") == ())


# on the true listener


@dataclass
class Wire:
    """One TLS connection, spoken to in octets."""

    secured: ssl.SSLSocket
    unread: bytes = b""

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer, whole."""
        while b"\r\n\r\n" not in self.unread:
            self._more()
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.get("content-length", "0"))
        while len(self.unread) < size:
            self._more()
        body, self.unread = self.unread[:size], self.unread[size:]
        return int(status.split()[1]), headers, body

    def is_closed(self) -> bool:
        """Whether the server ends the connection, in the time that a test waits."""
        try:
            return self.secured.recv(65536) == b""
        except (ConnectionError, ssl.SSLError):
            return True
        except TimeoutError:
            return False

    def _more(self) -> None:
        piece = self.secured.recv(65536)
        assert piece, f"closed after {self.unread!r}"
        self.unread += piece


@dataclass
class Door:
    """The door that listens, a token of its own, and how many calls went the short way."""

    listening: Listening
    token: str
    taken: list[str]
    wires: contextlib.ExitStack

    def wire(self) -> Wire:
        plain = socket.create_connection(("127.0.0.1", self.listening.port), 10)
        context = self.listening.context(with_card=False)
        secured = context.wrap_socket(plain, server_hostname="localhost")
        return Wire(self.wires.enter_context(secured))

    def call(self, at: int, **more: str | None) -> bytes:
        asked = {
            "product": "SERV_SSL",
            "names": [f"s{at}.chu-exemple.fr"],
            "csr": csr(f"at-once-{at}").decode(),
        }
        named: dict[str, Any] = {"Authorization": f"Bearer {self.token}", "Idempotency_Key": f"s-{at}"}
        return request(json.dumps(asked).encode(), **named | more)


@pytest.fixture
def door(instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    accepted(offer("serv-ssl"))
    taken: list[str] = []
    real = AtOnce.take

    def counted(self: AtOnce, call: PlainCall, *rest: Any) -> bool:
        is_taken = real(self, call, *rest)
        taken.append(call.key if is_taken else "")
        return is_taken

    monkeypatch.setattr(AtOnce, "take", counted)
    with rest_app() as app, _served(app, tmp_path) as listening, contextlib.ExitStack() as wires:
        yield Door(listening, make().secret, taken, wires)


VARIES = ("date", "x-request-id")


def test_both_ways_give_the_same_answer_to_the_same_call(door: Door) -> None:
    for sent in (
        {},
        {"Idempotency_Key": "s-1"},  # another body under a key that served
        {"Authorization": "Bearer sceau_" + "A" * 43},
        {"Accept_Language": "en", "Authorization": "Bearer sceau_" + "A" * 43},
    ):
        wire = door.wire()
        before = len(door.taken)
        wire.secured.sendall(door.call(1 if not sent else 2, **sent))
        short = wire.answer()
        wire.secured.sendall(door.call(1 if not sent else 2, **sent, X_Any="1"))
        careful = wire.answer()
        assert len(door.taken) == before + 1
        assert door.taken[-1], "the first went the short way, the second did not"
        assert short[0] == careful[0]
        bodies = [json.loads(one[2]) for one in (short, careful)]
        for one in bodies:
            one.pop("instance", None)
        assert bodies[0] == bodies[1]
        kept = [
            {name: value for name, value in one[1].items() if name not in VARIES and name != "content-length"}
            for one in (short, careful)
        ]
        assert kept[0] == kept[1]
        assert list(short[1]) == list(careful[1]), "in the same order too"
        assert short[1]["x-request-id"] != careful[1]["x-request-id"]


def test_reading_a_certificate_gives_the_octets_that_its_issuance_gave(door: Door) -> None:
    wire = door.wire()
    wire.secured.sendall(door.call(1))
    status, headers, body = wire.answer()
    assert status == 201
    where = headers["location"]
    bearer = f"Authorization: Bearer {door.token}"
    wire.secured.sendall(f"GET {where} HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n\r\n".encode())
    assert wire.answer()[2] == body


def test_what_is_wrong_with_a_body_is_said_by_the_careful_path(door: Door) -> None:
    wire = door.wire()
    bearer = {"Authorization": f"Bearer {door.token}"}
    for body, code in (
        (b'{"product":"SERV_SSL","product":"SERV_SSL"}', "api.json-key-twice"),
        (b'{"a":NaN}', "api.json-number"),
        (b'{"a":1.0}', "api.json-number"),
        (b'{"a":' + b"9" * 30 + b"}", "api.json-number"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "api.json-depth"),
        (b'{"a":"\xff"}', "api.json-utf8"),
        (b"[]", "api.field-type"),
        (b"{", "api.json"),
        (b'{"product":"SERV_SSL","names":[],"csr":"x","autre":1}', "api.field-unknown"),
    ):
        wire.secured.sendall(request(body, **bearer))
        status, _, told = wire.answer()
        assert (status, json.loads(told)["findings"][0]["code"]) == (400, code)
    assert set(door.taken) == {""}


def test_t31_guesses_by_the_short_way_are_slowed_down_as_by_the_other(door: Door) -> None:
    wire = door.wire()
    statuses = []
    for at in range(22):
        wire.secured.sendall(door.call(1, Authorization="Bearer sceau_" + f"{at:043d}"))
        statuses.append(wire.answer()[0])
    assert statuses == [401] * 20 + [429] * 2
    assert door.taken[-2:] == ["", ""]


def test_calls_sent_without_waiting_are_answered_in_their_order(door: Door) -> None:
    wire = door.wire()
    other = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    wire.secured.sendall(door.call(1) + door.call(2) + other + door.call(3) + door.call(4, X_Any="1"))
    answers = [wire.answer() for _ in range(5)]
    assert [one[0] for one in answers] == [201, 201, 200, 201, 201]
    names = [json.loads(one[2]).get("names") for one in answers]
    assert names == [
        ["s1.chu-exemple.fr"],
        ["s2.chu-exemple.fr"],
        None,
        ["s3.chu-exemple.fr"],
        ["s4.chu-exemple.fr"],
    ]
    assert door.taken[:2] == ["s-1", "s-2"]


def test_a_call_in_pieces_is_whole_when_it_is(door: Door) -> None:
    wire = door.wire()
    sent = door.call(1)
    head = sent.index(b"\r\n\r\n") + 4
    for cut in (head, head + 10, 30):  # the head then the body, amid the body, amid the head
        wire.secured.sendall(sent[:cut])
        time.sleep(0.05)
        wire.secured.sendall(sent[cut:])
        assert wire.answer()[0] == 201
    for at in range(len(sent)):
        wire.secured.sendall(sent[at : at + 1])
    assert wire.answer()[0] == 201
    assert Certificate.objects.count() == 1


@pytest.mark.parametrize(
    "ending",
    [
        with_line(b"Transfer-Encoding: chunked", b"0\r\n\r\n"),
        with_line(b"Content-Length: 3"),
        request(Content_Length="+2"),
    ],
)
def test_t31_a_request_with_two_ends_hides_no_second_one(door: Door, ending: bytes) -> None:
    bearer = f"Bearer {door.token}".encode()
    wire = door.wire()
    wire.secured.sendall(ending.replace(b"Bearer sceau_abc", bearer) + door.call(1))
    status, headers, _ = wire.answer()
    assert (status, headers["connection"]) == (400, "close")
    assert wire.is_closed()
    assert Certificate.objects.count() == 0
    assert door.taken == []


def test_t31_a_body_that_hides_a_request_is_a_body(door: Door) -> None:
    wire = door.wire()
    inner = door.call(1)
    wire.secured.sendall(request(inner, Authorization=f"Bearer {door.token}") + door.call(2))
    (first, _, _), (second, _, told) = wire.answer(), wire.answer()
    assert (first, second, json.loads(told)["names"]) == (400, 201, ["s2.chu-exemple.fr"])
    assert Certificate.objects.count() == 1


def test_t31_a_plain_head_without_its_body_is_not_waited_for_for_ever(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProgramsProtocol, "whole_seconds", 0.3)
    wire = door.wire()
    wire.secured.sendall(door.call(1)[:-5])
    began = time.monotonic()
    assert wire.is_closed()
    assert time.monotonic() - began < 3
    assert Certificate.objects.count() == 0


def test_t31_an_idle_connection_is_closed_after_a_call_too(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = door.wire()
    monkeypatch.setattr(ProgramsProtocol, "first_seconds", 0.4)  # of the first request only: it has come
    wire.secured.sendall(door.call(1))
    assert wire.answer()[0] == 201
    time.sleep(0.6)
    wire.secured.sendall(door.call(2))
    assert wire.answer()[0] == 201


@pytest.fixture
def held(instance: Instance) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A signer that waits: the first event says that it was asked, the second lets it go on."""
    asked, go = threading.Event(), threading.Event()

    def wait(kind: str) -> None:
        asked.set()
        assert go.wait(20)

    instance.signer.before = wait
    yield asked, go
    go.set()
    instance.signer.before = lambda kind: None


def test_who_leaves_amid_a_call_stops_nobody_and_what_was_asked_is_kept(
    door: Door, held: tuple[threading.Event, threading.Event]
) -> None:
    asked, go = held
    leaving, staying = door.wire(), door.wire()
    leaving.secured.sendall(door.call(1))
    assert asked.wait(10)
    leaving.secured.close()
    time.sleep(0.1)
    go.set()
    staying.secured.sendall(door.call(1))
    assert staying.answer()[0] == 201
    assert Certificate.objects.count() == 1


def test_t31_who_sends_on_amid_a_call_is_not_read_from(
    door: Door, held: tuple[threading.Event, threading.Event]
) -> None:
    asked, go = held
    wire = door.wire()
    wire.secured.sendall(door.call(1))
    assert asked.wait(10)
    wire.secured.settimeout(1.0)
    piece, sent = b"x" * 65536, 0
    with contextlib.suppress(TimeoutError):
        while sent < 64 * 2**20:
            wire.secured.sendall(piece)
            sent += len(piece)
    assert sent < 32 * 2**20, "the system's own buffers, and one piece of ours"
    go.set()


def test_a_call_under_way_is_answered_before_the_door_closes(
    instance: Instance, tmp_path: Path, held: tuple[threading.Event, threading.Event]
) -> None:
    asked, go = held
    accepted(offer("serv-ssl"))
    with contextlib.ExitStack() as wires, rest_app() as app:
        with _served(app, tmp_path) as listening:
            door = Door(listening, make().secret, [], wires)
            wire, idle = door.wire(), door.wire()
            wire.secured.sendall(door.call(1))
            assert asked.wait(10)
            threading.Timer(0.8, go.set).start()
        status, headers, _ = wire.answer()
        assert (status, headers["connection"]) == (201, "close")
        assert wire.is_closed()
        assert idle.is_closed()


def test_another_application_has_the_careful_path_alone(tmp_path: Path) -> None:
    async def hello(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with _served(hello, tmp_path) as listening, contextlib.ExitStack() as wires:
        wire = Door(listening, "", [], wires).wire()
        wire.secured.sendall(request())
        assert wire.answer()[0] == 204
