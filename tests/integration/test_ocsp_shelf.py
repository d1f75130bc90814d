"""OCSP answers prepared ahead: which there are, that none is old, how soon a revocation is among them, and
that Debian's nginx gives them with the configuration we ship.
"""

from __future__ import annotations

import base64
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from sceau.publication import NoResponderError, PreparedShelf, Preparer
from sceau.publication.preparer import PASS
from sceau.site import answers as site_answers
from sceau.status import (
    GOOD,
    UNKNOWN,
    Changes,
    GivenStatus,
    OcspSigner,
    SerialStatus,
    Standing,
    cert_ids,
    read_ocsp_question,
    write_ocsp_question,
)
from tests.publishing import VALID, Client, Listening, app_over, ask, listening
from tests.status_kit import NOW, Clock, MemorySource, Pki, TestResponder, make_pki, make_responder

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "publication.conf"
REVOKED = SerialStatus(Standing.REVOKED, NOW)
HOUR = timedelta(hours=1)


@dataclass
class GivenMemory(MemorySource):
    """A source with an order: the serials as they were given, each with its end."""

    order: list[tuple[int, timedelta]] = field(default_factory=list)
    mark_lost: bool = False

    def give(
        self, serial: int, status: SerialStatus = GOOD, *, ends: timedelta = timedelta(days=365)
    ) -> None:
        self.statuses["el-org", 1, serial] = status
        self.order.append((serial, ends))

    def given(self, after: int, upto: int) -> Sequence[GivenStatus]:
        self._fail_if_away()
        return [
            GivenStatus("el-org", 1, serial, NOW + ends, self.statuses["el-org", 1, serial])
            for serial, ends in self.order[after:upto]
        ]

    def last_given(self) -> int:
        self._fail_if_away()
        return len(self.order)

    def changes(self, mark: int) -> Changes:
        if self.mark_lost:
            self.mark_lost = False
            return Changes(len(self.log), (), other=True)
        return super().changes(mark)


class Shelf:
    """A preparer over such a source, with a clock set by hand."""

    def __init__(self, pki: Pki, responder: OcspSigner, folder: Path) -> None:
        self.pki, self.folder = pki, folder
        self.source, self.clock = GivenMemory(), Clock()
        self.signer: OcspSigner | None = responder
        self.shelf = PreparedShelf(folder)
        self.preparer = self.new_preparer()

    def new_preparer(self, *, steady: Callable[[], float] | None = None) -> Preparer:
        return Preparer(
            self.shelf,
            [self.pki.identity],
            source=self.source,
            signer=lambda code, generation: self.signer,
            valid=VALID,
            clock=self.clock,
            steady=steady or self.clock.steady,
        )

    def read(self, serial: int) -> list[ocsp.OCSPResponse]:
        """Both answers about a serial, as far as they are there."""
        found = [self.shelf.find(asked) for asked in cert_ids(self.pki.identity, serial)]
        return [ocsp.load_der_ocsp_response(one[0]) for one in found if one is not None]

    def standing(self, serial: int) -> set[ocsp.OCSPCertStatus]:
        return {one.certificate_status for one in self.read(serial)}


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


@pytest.fixture(scope="module")
def responder(pki: Pki) -> TestResponder:
    return make_responder(pki)


@pytest.fixture
def shelf(pki: Pki, responder: TestResponder, tmp_path: Path) -> Shelf:
    return Shelf(pki, responder, tmp_path / "shelf")


def has_file(shelf: Shelf, serial: int) -> int:
    """How many of its two questions name a file (one in two hundred ends with a slash)."""
    return sum(shelf.shelf.path_of(asked) is not None for asked in cert_ids(shelf.pki.identity, serial))


def test_every_certificate_that_holds_has_its_answers_where_its_question_says(shelf: Shelf) -> None:
    shelf.source.give(1)
    shelf.source.give(2, REVOKED)
    shelf.source.give(3, UNKNOWN)
    shelf.source.give(4, ends=-HOUR)
    shelf.preparer.turn()
    assert [shelf.standing(serial) for serial in (1, 2, 3, 4)] == [
        {ocsp.OCSPCertStatus.GOOD},
        {ocsp.OCSPCertStatus.REVOKED},
        set(),
        set(),
    ]
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        question = ask(shelf.pki, 1, algorithm=algorithm)  # as another library writes it
        path = shelf.folder / "ocsp" / base64.b64encode(question).decode()
        read = ocsp.load_der_ocsp_response(path.read_bytes())
        assert read.serial_number == 1
        assert type(read.hash_algorithm) is type(algorithm)
        assert read.next_update_utc == NOW + VALID
        assert path.stat().st_mtime == NOW.timestamp()
        assert path.stat().st_mode & 0o777 == 0o644


def test_what_was_being_signed_when_its_turn_came_is_there_at_the_next(shelf: Shelf) -> None:
    for serial in range(1, 252):
        shelf.source.give(serial, UNKNOWN)
    shelf.preparer.turn(seconds=5)
    shelf.source.statuses["el-org", 1, 1] = GOOD
    shelf.source.statuses["el-org", 1, 250] = GOOD
    shelf.preparer.turn(seconds=0)
    assert shelf.standing(1) == {ocsp.OCSPCertStatus.GOOD}
    shelf.preparer.turn(seconds=0)
    assert shelf.standing(250) == {ocsp.OCSPCertStatus.GOOD}
    assert shelf.standing(2) == set()
    asked = shelf.source.asked
    shelf.clock.pass_by(PASS)
    for _ in range(3):
        shelf.preparer.turn(seconds=0)
    given_up = shelf.source.asked
    assert given_up - asked <= 2 * 249
    shelf.preparer.turn(seconds=0)
    assert shelf.source.asked == given_up  # the next pass looks at what never was signed


def test_a_question_that_ends_with_a_slash_names_no_file_and_is_answered_all_the_same(shelf: Shelf) -> None:
    serials = range(2**150, 2**150 + 400)
    for serial in serials:
        shelf.source.give(serial)
    while shelf.preparer.turn(seconds=5):
        pass
    for serial in serials:
        assert len(shelf.read(serial)) == 2
    without = sum(2 - has_file(shelf, serial) for serial in serials)
    assert 0 < without < 40
    assert not list(shelf.folder.rglob("*.new"))


def test_g13_a_revocation_is_on_the_shelf_after_one_turn(shelf: Shelf) -> None:
    shelf.source.give(1)
    shelf.source.give(2)
    shelf.preparer.turn()
    shelf.source.revoke("el-org", 1, REVOKED)
    shelf.preparer.turn(seconds=0)
    assert shelf.standing(1) == {ocsp.OCSPCertStatus.REVOKED}
    assert shelf.standing(2) == {ocsp.OCSPCertStatus.GOOD}


def test_g12_in_six_hours_no_answer_is_ever_an_hour_old_and_each_turn_does_its_even_share(
    shelf: Shelf,
) -> None:
    serials = range(1, 271)
    for serial in serials:
        shelf.source.give(serial, ends=timedelta(hours=4) if serial % 9 == 0 else timedelta(days=365))
    while shelf.preparer.turn(seconds=5):
        pass
    shares = []
    for _ in range(6 * 60):
        shelf.clock.pass_by(timedelta(minutes=1))
        shares.append(shelf.preparer.turn(seconds=5))
        if shelf.clock.now.minute % 20 == 0:
            for serial in serials[::50]:
                for read in shelf.read(serial):
                    assert shelf.clock.now - read.this_update_utc <= HOUR
                    assert read.next_update_utc is not None
                    assert read.next_update_utc - shelf.clock.now >= VALID / 2
    assert max(shares) <= 270 / (PASS / timedelta(minutes=1)) + 2
    assert sum(shares) == pytest.approx(270 * (timedelta(hours=6) / PASS), rel=0.1)
    assert shelf.standing(9) == set()  # ended meanwhile: taken away
    assert shelf.standing(10) == {ocsp.OCSPCertStatus.GOOD}


def test_what_is_issued_is_there_at_the_next_turn(shelf: Shelf) -> None:
    shelf.source.give(1)
    shelf.preparer.turn()
    shelf.source.give(2)
    assert shelf.standing(2) == set()
    shelf.preparer.turn()
    assert shelf.standing(2) == {ocsp.OCSPCertStatus.GOOD}


def test_a_first_pass_trusts_no_file_and_records_put_in_their_place_are_read_anew(shelf: Shelf) -> None:
    shelf.source.give(1)
    shelf.preparer.turn()
    shelf.source.statuses["el-org", 1, 1] = REVOKED  # while nobody prepared: no change is told
    shelf.new_preparer().turn()
    assert shelf.standing(1) == {ocsp.OCSPCertStatus.REVOKED}
    shelf.preparer.turn(seconds=0)
    shelf.source.statuses["el-org", 1, 1] = GOOD
    shelf.source.mark_lost = True
    shelf.preparer.turn()
    assert shelf.standing(1) == {ocsp.OCSPCertStatus.GOOD}


def test_a_first_pass_of_several_turns_does_not_rest_between_them(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_answers, "_TURN_SECONDS", 60.0)
    for serial in range(1, 3_001):
        shelf.source.give(serial)
    stop, turns = threading.Event(), 0
    preparer = shelf.new_preparer(steady=time.monotonic)
    turn = preparer.turn

    def counted() -> int:
        nonlocal turns
        turns += 1
        return turn()

    monkeypatch.setattr(preparer, "turn", counted)
    told = {"stop": stop, "ready": lambda: None}
    thread = threading.Thread(target=site_answers.keep_prepared, args=(preparer,), kwargs=told)
    thread.start()
    limit = time.monotonic() + 50
    while preparer.is_behind and time.monotonic() < limit:
        time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert not preparer.is_behind
    assert turns > 2, "one turn would prove nothing"
    assert shelf.standing(3_000) == {ocsp.OCSPCertStatus.GOOD}


def test_what_was_revoked_while_nobody_prepared_comes_first(shelf: Shelf) -> None:
    for serial in range(1, 200):
        shelf.source.give(serial)
    while shelf.preparer.turn(seconds=5):
        pass
    shelf.source.revoke("el-org", 199, REVOKED)
    again = shelf.new_preparer()
    again.turn(seconds=0)
    assert shelf.standing(199) == {ocsp.OCSPCertStatus.REVOKED}
    assert again.turn(seconds=5) == 199  # and all is made anew all the same


def test_without_a_responder_or_without_records_nothing_is_passed_over(shelf: Shelf) -> None:
    shelf.source.give(1)
    signer, shelf.signer = shelf.signer, None
    with pytest.raises(NoResponderError):
        shelf.preparer.turn()
    shelf.signer = signer
    shelf.source.away = True
    with pytest.raises(ConnectionError):
        shelf.preparer.turn()
    shelf.source.away = False
    shelf.preparer.turn()
    assert shelf.standing(1) == {ocsp.OCSPCertStatus.GOOD}
    shelf.source.revoke("el-org", 1, REVOKED)
    shelf.source.away = True
    with pytest.raises(ConnectionError):
        shelf.preparer.turn()
    shelf.source.away = False
    shelf.preparer.turn(seconds=0)
    assert shelf.standing(1) == {ocsp.OCSPCertStatus.REVOKED}


@pytest.mark.parametrize("damage", ["cut", "empty", "another", "long"])
def test_a_file_that_is_not_the_answer_asked_for_is_not_given(shelf: Shelf, damage: str) -> None:
    shelf.source.give(1)
    shelf.source.give(2)
    shelf.preparer.turn()
    (asked, _), (other, _) = cert_ids(shelf.pki.identity, 1), cert_ids(shelf.pki.identity, 2)
    path, another = shelf.shelf.path_of(asked), shelf.shelf.path_of(other)
    assert path is not None
    assert another is not None
    whole = path.read_bytes()
    assert shelf.shelf.find(asked) is not None
    damaged = {"cut": whole[:-1], "empty": b"", "another": another.read_bytes(), "long": whole + b"\0"}
    path.write_bytes(damaged[damage])
    assert shelf.shelf.find(asked) is None


def test_g11_a_server_that_starts_without_records_gives_what_was_prepared(
    shelf: Shelf, tmp_path: Path
) -> None:
    shelf.clock.now = datetime.now(UTC)  # the server's own clock is the machine's
    shelf.source.give(1)
    shelf.preparer.turn()
    shelf.source.away = True
    app = app_over(
        tmp_path,
        [shelf.pki.identity],
        source=shelf.source,
        signer=lambda code, generation: shelf.signer,
        prepared=shelf.shelf.find,
    )
    with listening(app) as at, Client(at.port) as client:
        for algorithm in (hashes.SHA1(), hashes.SHA256()):
            said = client.post(ask(shelf.pki, 1, algorithm=algorithm))
            assert said.ocsp.certificate_status is ocsp.OCSPCertStatus.GOOD
            assert said.headers["cache-control"].startswith("public, max-age=60")
        missing = client.post(ask(shelf.pki, 2)).ocsp
        assert missing.response_status is ocsp.OCSPResponseStatus.TRY_LATER


@dataclass
class Front:
    """nginx before the embedded server."""

    shelf: Shelf
    behind: Listening
    port: int

    def path(self, question: bytes) -> str:
        return "/ocsp/" + quote(base64.b64encode(question).decode(), safe="")


@pytest.fixture
def front(shelf: Shelf, tmp_path: Path) -> Iterator[Front]:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    for serial in range(1, 60):
        shelf.source.give(serial)
    shelf.preparer.turn(seconds=10)
    app = app_over(
        tmp_path, [shelf.pki.identity], source=shelf.source, signer=lambda code, generation: shelf.signer
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with listening(app) as behind:
        process = start_nginx(tmp_path, shelf.folder, port=port, behind=behind.port)
        try:
            yield Front(shelf, behind, port)
        finally:
            process.terminate()
            process.wait(10)


def start_nginx(folder: Path, shelf: Path, *, port: int, behind: int) -> subprocess.Popen[bytes]:
    """Debian's nginx with the file we ship, but for its three places."""
    shipped = CONFIGURATION.read_text(encoding="utf-8")
    for theirs, ours in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8480", f"127.0.0.1:{behind}"),
        ("/srv/sceau/ocsp-shelf", str(shelf)),
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; {user} events {{ }} http {{ {temporary}\n{shipped} }}"
    )
    with (folder / "nginx-said").open("wb") as said:
        process = subprocess.Popen(
            ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx-error.log")], stderr=said
        )
    patience = time.monotonic() + 10
    while not answers(port):
        if process.poll() is not None or time.monotonic() > patience:
            process.kill()
            raise AssertionError((folder / "nginx-said").read_text())
        time.sleep(0.05)
    return process


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_nginx_gives_the_prepared_answer_for_each_spelling_of_the_question(front: Front) -> None:
    named = [
        (serial, algorithm)
        for serial in range(1, 60)
        for algorithm in (hashes.SHA1(), hashes.SHA256())
        if not base64.b64encode(ask(front.shelf.pki, serial, algorithm=algorithm)).endswith(b"/")
    ]
    front.shelf.source.away = True  # the embedded server could not say
    time.sleep(0.5)
    with Client(front.port) as client:
        for serial, algorithm in named:
            question = ask(front.shelf.pki, serial, algorithm=algorithm)
            text = base64.b64encode(question).decode()
            for path in (front.path(question), "/ocsp/" + text, "/" + quote(text), "/" + text):
                said = client.get(path)
                assert (said.status, said.ocsp.serial_number) == (200, serial)
                assert said.headers["content-type"] == "application/ocsp-response"
                assert said.headers["cache-control"] == "public, max-age=60, no-transform, must-revalidate"
                assert said.headers["last-modified"] == "Tue, 24 Nov 2026 08:00:00 GMT"
        etag = said.headers["etag"]
        assert client.get(path, f"If-None-Match: {etag}").status == 304
        client.send(f"HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert client.read(head_only=True).headers["content-length"] == str(len(said.body))
        part = client.get(path, "Range: bytes=0-9")  # half an answer is none
        assert (part.status, part.body) == (200, said.body)
        assert "accept-ranges" not in part.headers


def test_nginx_asks_the_embedded_server_for_whatever_has_no_file(front: Front) -> None:
    pki = front.shelf.pki
    front.shelf.source.statuses["el-org", 1, 0x7001] = GOOD  # issued a moment ago: not prepared yet
    with Client(front.port) as client:
        assert client.post(ask(pki, 1)).ocsp.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert client.post(ask(pki, 1), path="/ocsp").ocsp.serial_number == 1
        nonce = client.get(front.path(ask(pki, 1, nonce=b"n" * 16))).ocsp
        assert len(list(nonce.extensions)) == 1
        assert client.get(front.path(ask(pki, 0x7001))).ocsp.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert client.get(front.path(ask(pki, 0x7002))).ocsp.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
        text = base64.b64encode(ask(pki, 1)).decode().rstrip("=")
        assert client.get("/ocsp/" + text).ocsp.serial_number == 1
        questions = (
            base64.b64encode(write_ocsp_question(one)).decode()
            for bits in range(20, 150)
            for serial in range(2**bits, 2**bits + 130)
            for one in cert_ids(pki.identity, serial)
        )
        ending = next(one for one in questions if one.endswith("/"))
        asked = read_ocsp_question(base64.b64decode(ending)).require().asked[0].serial
        front.shelf.source.statuses["el-org", 1, asked] = GOOD
        for path in ("/ocsp/" + quote(ending, safe=""), "/ocsp/" + ending, "/" + ending):
            assert client.get(path).ocsp.serial_number == asked
        assert client.get("/").status == 200
        assert "Rien" in client.get("/").body.decode() or "publie" in client.get("/").body.decode()
        for path in ("/ocsp/", "/ocsp/../nginx.conf", "/ocsp/%2e%2e/nginx.conf", "/PC"):
            assert client.get(path).status in (400, 404)


def test_g13_through_nginx_a_revocation_shows_within_a_second_and_a_half(front: Front) -> None:
    """A turn each quarter of a second, and nginx looks at its opened file again after a second at most."""
    path = front.path(ask(front.shelf.pki, 7))
    worst = 0.0
    with Client(front.port) as client:
        assert client.get(path).ocsp.certificate_status is ocsp.OCSPCertStatus.GOOD
        front.shelf.source.revoke("el-org", 7, REVOKED)
        began = time.monotonic()
        front.shelf.preparer.turn(seconds=0)
        while client.get(path).ocsp.certificate_status is ocsp.OCSPCertStatus.GOOD:
            worst = time.monotonic() - began
            assert worst < 1.5
            time.sleep(0.01)
