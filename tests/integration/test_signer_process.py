"""The signer as it is run: a process of its own, a real socket, killed at will."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from sceau.certification import SignatureAsk, sign
from sceau.custody import OutcomeKind, SignerClient, ledger_lines, signatures
from sceau.custody.channel import address_of
from sceau.custody.clock import SignerClock
from sceau.custody.desk import SigningDesk
from sceau.custody.ledger import Ledger
from sceau.custody.server import SignerServer
from sceau.status import CrlFacts, CrlForm, build_crl_tbs, crl_entry, issuer_identity, signed_der
from sceau.vocabulary import Fault, Refused
from tests.authority import OneByOne
from tests.integration.signer_kit import (
    CATALOGUE,
    SignerProcess,
    bare_environment,
    copy_instance,
    draft,
    make_instance,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_instance(tmp_path_factory.mktemp("instance"))


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return copy_instance(made, tmp_path / "data")


@pytest.fixture
def signer(data: Path) -> Iterator[SignerProcess]:
    process = SignerProcess.start(data)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def standing(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignerProcess]:
    """One signer for the tests that leave it as they found it, but for its record."""
    process = SignerProcess.start(copy_instance(made, tmp_path_factory.mktemp("standing") / "data"))
    yield process
    process.stop()


def recorded(data: Path) -> dict[int, OutcomeKind | None]:
    found = signatures(ledger_lines(data / "signer" / "ledger.jsonl"))
    return {one.intent.serial: None if one.outcome is None else one.outcome.kind for one in found}


def crl_tbs(data: Path, code: str, number: int) -> bytes:
    certificate = (data / "signer" / "certificates" / f"{code}-g1.cer").read_bytes()
    at = datetime.now(UTC).replace(microsecond=0)
    facts = CrlFacts(number, at, at + timedelta(days=6))
    return build_crl_tbs(facts, [crl_entry(5, at=at)], issuer=issuer_identity(code, 1, certificate))


@pytest.mark.parametrize("product", sorted(CATALOGUE.products))
def test_a_draft_of_each_product_is_signed_and_on_record(standing: SignerProcess, product: str) -> None:
    made = draft(standing.data, product)
    issuer = next(one for one in standing.folder.facts(CATALOGUE) if one.code == made.issuer)
    certificate = x509.load_der_x509_certificate(sign(made, standing.client(), issuer))
    certificate.verify_directly_issued_by(x509.load_der_x509_certificate(issuer.certificate))
    assert recorded(standing.data)[made.serial] is OutcomeKind.SIGNED


def test_the_socket_and_its_folder_are_closed_to_others(standing: SignerProcess) -> None:
    assert standing.folder.socket.stat().st_mode & 0o777 == 0o600
    assert standing.folder.path.stat().st_mode & 0o777 == 0o700


def test_no_core_file_and_no_passphrase_in_what_other_processes_see(standing: SignerProcess) -> None:
    proc = Path(f"/proc/{standing.process.pid}")
    passphrase = standing.folder.passphrase.read_bytes().strip()
    assert passphrase not in (proc / "cmdline").read_bytes()
    assert passphrase not in (proc / "environ").read_bytes()
    limits = next(line for line in (proc / "limits").read_text().splitlines() if line.startswith("Max core"))
    assert limits.split()[4:6] == ["0", "0"]


def test_a_signer_listens_on_no_port(standing: SignerProcess) -> None:
    inodes = {
        link.readlink().name.removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{standing.process.pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:")
    }
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{standing.process.pid}/net/{table}").read_text().splitlines()[1:]:
            assert line.split()[9] not in inodes


@pytest.mark.parametrize("code", ["root-el", "el-org", "fo-pp"])
def test_lists_of_every_authority_are_signed_roots_too(standing: SignerProcess, code: str) -> None:
    tbs = crl_tbs(standing.data, code, 1)
    crl = x509.load_der_x509_crl(standing.client().sign(kind="crl", issuer=code, generation=1, tbs=tbs))
    certificate = x509.load_der_x509_certificate(
        (standing.data / "signer" / "certificates" / f"{code}-g1.cer").read_bytes()
    )
    assert crl.is_signature_valid(certificate.public_key())  # type: ignore[arg-type]


def test_a_delta_is_signed_as_a_delta_and_a_list_of_a_hundred_thousand_comes_back_whole(
    standing: SignerProcess,
) -> None:
    """Twice the large one: the second time the signer knows its entries."""
    data, at = standing.data, datetime.now(UTC).replace(microsecond=0)
    certificate = (data / "signer" / "certificates" / "el-pp-g1.cer").read_bytes()
    identity = issuer_identity("el-pp", 1, certificate)
    entries = [crl_entry(serial, at=at) for serial in range(1, 100_001)]
    for number, kind, form in (
        (1, "crl", CrlForm()),
        (2, "crl", CrlForm()),
        (3, "delta-crl", CrlForm(base=2)),
    ):
        facts = CrlFacts(number, at, at + timedelta(days=6))
        tbs = build_crl_tbs(facts, entries[: 10 if form.base else None], issuer=identity, form=form)
        crl = x509.load_der_x509_crl(standing.client().sign(kind=kind, issuer="el-pp", generation=1, tbs=tbs))
        assert crl.tbs_certlist_bytes == tbs
        assert crl.is_signature_valid(x509.load_der_x509_certificate(certificate).public_key())  # type: ignore[arg-type]
    kinds = [one.intent.kind for one in signatures(ledger_lines(data / "signer" / "ledger.jsonl"))]
    assert kinds[-3:] == ["crl", "crl", "delta-crl"]


def test_card_authorities_and_roots_certify_nobody_through_this_door(standing: SignerProcess) -> None:
    made = draft(standing.data)
    for issuer in ("fo-pp", "st-pp", "root-el"):
        with pytest.raises(Refused):
            standing.client().sign(kind="certificate", issuer=issuer, generation=1, tbs=made.tbs)
    assert made.serial not in recorded(standing.data)


def test_a_kind_outside_the_closed_set_is_refused(standing: SignerProcess) -> None:
    made = draft(standing.data)
    client = standing.client()
    for kind in ("ca", "", "CERTIFICATE", "certificate "):
        with pytest.raises(Refused, match=r"signer\.kind"):
            client.sign(kind=kind, issuer="el-org", generation=1, tbs=made.tbs)
    with raw_connection(standing) as connection:
        connection.sendall(struct.pack(">4sBBHI", b"SCE2", 9, 6, 1, len(made.tbs)) + b"el-org" + made.tbs)
        assert b"signer.kind" in connection.recv(4096)
    client.sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)


def raw_connection(signer: SignerProcess) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    with address_of(signer.folder.socket) as address:
        connection.connect(address)
    return connection


@pytest.mark.parametrize(
    "frame",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">4sBBHI", b"SCE1", 1, 6, 1, 10),
        struct.pack(">4sBBHI", b"SCE2", 1, 6, 1, 0xFFFFFFFF),
        struct.pack(">4sBBHI", b"SCE2", 1, 6, 1, 64 * 1024 + 1),
        struct.pack(">4sBBHI", b"SCE2", 9, 6, 1, 64 * 1024 + 1),
        struct.pack(">4sBBHI", b"SCE2", 3, 6, 1, 512 * 1024 * 1024 + 1),
        struct.pack(">4sBBHI", b"SCE2", 1, 2, 1, 1) + b"\xe9\xe9x",
        struct.pack(">4sBBHI", b"SCE2", 1, 6, 1, 1000) + b"el-org" + b"cut short",
    ],
)
def test_what_is_no_frame_ends_the_connection_and_nothing_else(standing: SignerProcess, frame: bytes) -> None:
    with raw_connection(standing) as connection:
        connection.sendall(frame)
        connection.shutdown(socket.SHUT_WR)
        assert closed(connection)
    made = draft(standing.data)
    standing.client().sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)


def closed(connection: socket.socket) -> bool:
    """Whether the other end hung up without a word (a reset when it left something unread)."""
    try:
        return connection.recv(10) == b""
    except ConnectionResetError:
        return True


def test_the_signer_examines_for_itself(standing: SignerProcess) -> None:
    made = draft(standing.data)
    other = made.tbs.replace(b"tops.demo.asipsante.fr", b"tops.demo.asipsante.f;", 1)
    assert other != made.tbs
    with pytest.raises(Refused):
        standing.client().sign(kind="certificate", issuer="el-org", generation=1, tbs=other)
    assert made.serial not in recorded(standing.data)


def test_a_signer_that_is_not_there_was_asked_nothing(data: Path) -> None:
    client = SignerClient(data / "signer" / "socket", timeout=1)
    with pytest.raises(Fault, match=r"signer\.unreachable") as fault:
        client.sign(kind="certificate", issuer="el-org", generation=1, tbs=b"x")
    assert fault.value.retryable
    assert not client.is_reachable()


def test_f41_a_client_finds_a_signer_that_was_restarted(signer: SignerProcess) -> None:
    client = signer.client()
    first, second = draft(signer.data), draft(signer.data)
    client.sign(kind="certificate", issuer="el-org", generation=1, tbs=first.tbs)
    assert signer.stop() == 0
    with pytest.raises(Fault, match=r"signer\.unreachable"):
        client.sign(kind="certificate", issuer="el-org", generation=1, tbs=second.tbs)
    again = SignerProcess.start(signer.data)
    try:
        client.sign(kind="certificate", issuer="el-org", generation=1, tbs=second.tbs)
    finally:
        again.stop()


def test_t59_a_signer_that_hangs_leaves_the_outcome_unknown_and_signs_once(signer: SignerProcess) -> None:
    made = draft(signer.data)
    client = signer.client(timeout=0.5)
    assert client.is_reachable()
    signer.pause()
    with pytest.raises(Fault, match=r"signer\.outcome-unknown") as fault:
        client.sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)
    assert not fault.value.retryable
    assert not signer.client(timeout=0.5).is_reachable(), "a connection accepted by the system is no answer"
    signer.resume()
    patience = time.monotonic() + 10
    while made.serial not in recorded(signer.data) and time.monotonic() < patience:
        time.sleep(0.05)
    with pytest.raises(Refused, match=r"signer\.serial-taken"):
        signer.client().sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)


def many(data: Path, count: int) -> list[bytes]:
    """Bodies that differ in nothing but the random part of their serials."""
    tbs, size = draft(data).tbs, 15
    at = tbs.index(b"\x02\x14") + 2 + 20 - size
    return [tbs[:at] + os.urandom(size) + tbs[at + size :] for _ in range(count)]


def test_many_asked_together_get_each_their_own_answer_in_order(standing: SignerProcess) -> None:
    bodies = many(standing.data, 400)  # more than a socket holds: both ends read while they write
    asks = [SignatureAsk("certificate", "el-org", 1, tbs) for tbs in bodies]
    asks[7] = SignatureAsk("ca", "el-org", 1, bodies[7])
    asks[9] = SignatureAsk("certificate", "el-pp", 1, bodies[9])
    asks[11] = asks[10]
    answers = standing.client().sign_all(asks)
    said = {at: one.findings[0].code for at, one in enumerate(answers) if isinstance(one, Refused)}
    assert said == {7: "signer.kind", 9: "signer.other-issuer", 11: "signer.serial-taken"}
    for at, one in enumerate(answers):
        if at not in said:
            assert isinstance(one, bytes)
            assert x509.load_der_x509_certificate(one).tbs_certificate_bytes == bodies[at]


def test_of_many_asked_of_a_signer_that_hangs_those_never_sent_may_be_asked_again(
    signer: SignerProcess,
) -> None:
    bodies = many(signer.data, 600)
    asks = [SignatureAsk("certificate", "el-org", 1, tbs) for tbs in bodies]
    client = signer.client(timeout=0.5)
    assert client.is_reachable()
    signer.pause()
    answers = client.sign_all(asks)
    codes = [one.code for one in answers if isinstance(one, Fault)]
    asked = codes.count("signer.outcome-unknown")
    assert 0 < asked < 600
    assert codes == ["signer.outcome-unknown"] * asked + ["signer.unreachable"] * (600 - asked)
    signer.resume()
    again = signer.client(timeout=60).sign_all(asks[asked:])
    assert all(isinstance(one, bytes) for one in again)  # nobody had ever been asked for these


def test_two_clients_at_once_get_each_their_own(standing: SignerProcess) -> None:
    drafts = [draft(standing.data) for _ in range(24)]
    answers: dict[int, bytes] = {}

    def ask(share: list[int]) -> None:
        client = standing.client()
        for index in share:
            answers[index] = client.sign(
                kind="certificate", issuer="el-org", generation=1, tbs=drafts[index].tbs
            )

    threads = [threading.Thread(target=ask, args=(list(range(start, 24, 2)),)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for index, made in enumerate(drafts):
        assert x509.load_der_x509_certificate(answers[index]).tbs_certificate_bytes == made.tbs
    record = recorded(standing.data)
    assert all(record[made.serial] is OutcomeKind.SIGNED for made in drafts)


def test_a_client_shared_by_threads_never_mixes_answers(standing: SignerProcess) -> None:
    drafts = [draft(standing.data) for _ in range(16)]
    client = standing.client()
    wrong: list[int] = []

    def ask(index: int) -> None:
        der = client.sign(kind="certificate", issuer="el-org", generation=1, tbs=drafts[index].tbs)
        if x509.load_der_x509_certificate(der).serial_number != drafts[index].serial:
            wrong.append(index)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def test_g01_killed_at_random_nothing_is_signed_twice_or_unaccounted(data: Path) -> None:
    """The short form of the torture: kill -9 in mid-work, restart, compare with the record."""
    chance = random.Random(413)
    handed_over: dict[int, bytes] = {}
    asked: set[int] = set()
    for _ in range(8):
        process = SignerProcess.start(data)
        stop = threading.Event()
        threads = [
            threading.Thread(target=_ask_until_killed, args=(process, stop, asked, handed_over))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.3 + chance.random() * 0.3)
        process.kill()
        stop.set()
        for thread in threads:
            thread.join(30)
    process = SignerProcess.start(data)  # the last crash is accounted for at start
    try:
        record = recorded(data)
        assert None not in record.values()
        assert set(record) <= asked
        assert {serial for serial, kind in record.items() if kind is OutcomeKind.SIGNED} >= set(handed_over)
        serials = [one.intent.serial for one in signatures(ledger_lines(process.folder.ledger))]
        assert len(serials) == len(set(serials))
        assert len(handed_over) > 8
        client = process.client()
        for serial, kind in record.items():
            if kind is OutcomeKind.UNKNOWN:
                assert serial not in handed_over
        again = next(iter(handed_over.values()))
        with pytest.raises(Refused, match=r"signer\.serial-taken"):
            client.sign(kind="certificate", issuer="el-org", generation=1, tbs=again)
    finally:
        process.stop()


def _ask_until_killed(
    process: SignerProcess, stop: threading.Event, asked: set[int], handed_over: dict[int, bytes]
) -> None:
    client = SignerClient(process.folder.socket)
    try:
        while not stop.is_set():
            made = draft(process.data)
            asked.add(made.serial)
            client.sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)
            handed_over[made.serial] = made.tbs
    except Fault:
        return  # killed: nothing asked, or nobody knows
    finally:
        client.close()


def test_an_unknown_outcome_is_visible_after_a_crash(data: Path) -> None:
    """An intent without outcome, as kill -9 between the two writes leaves it."""
    process = SignerProcess.start(data)
    made = draft(data)
    process.client().sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)
    process.kill()
    ledger = data / "signer" / "ledger.jsonl"
    intent, _ = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(intent + b'{"n":1,"prev":"')
    again = SignerProcess.start(data)
    try:
        assert recorded(data) == {made.serial: OutcomeKind.UNKNOWN}
        with pytest.raises(Refused, match=r"signer\.serial-taken"):
            again.client().sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)
    finally:
        again.stop()


def test_another_users_process_is_shown_the_door(tmp_path: Path) -> None:
    """The kernel says who is there. A signer for some other user hears nothing of what we ask."""
    folder = tmp_path / "signer"
    folder.mkdir(mode=0o700)
    with Ledger.open(folder / "ledger.jsonl", at=datetime.now(UTC)) as ledger:
        desk = SigningDesk({}, ledger=ledger, clock=SignerClock(), certificate=lambda tbs, issuer, at: None)
        server = SignerServer(desk, folder / "socket", uids=[os.geteuid() + 1])
        server.listen()
        thread = threading.Thread(target=server.serve)
        thread.start()
        client = SignerClient(folder / "socket", timeout=5)
        with pytest.raises(Fault):
            client.sign(kind="certificate", issuer="el-org", generation=1, tbs=b"x")
        server.close()
        thread.join(10)
        client.close()
    assert not thread.is_alive()
    assert (folder / "ledger.jsonl").read_bytes() == b""


def test_f44_a_second_signer_on_one_folder_does_not_start(standing: SignerProcess) -> None:
    assert "ledger.in-use" in failing_start(standing.data)
    made = draft(standing.data)
    standing.client().sign(kind="certificate", issuer="el-org", generation=1, tbs=made.tbs)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        ("folder", "folder.open"),
        ("passphrase-open", "keys.open-passphrase"),
        ("passphrase-wrong", "keys.locked"),
        ("ledger", "ledger.broken"),
        ("key", "keys.missing"),
    ],
)
def test_a_signer_that_is_not_as_it_must_be_does_not_start(data: Path, harm: str, code: str) -> None:
    signer = data / "signer"
    if harm == "folder":
        signer.chmod(0o755)
    elif harm == "passphrase-open":
        (signer / "passphrase").chmod(0o644)
    elif harm == "passphrase-wrong":
        (signer / "passphrase").write_bytes(b"another one\n")
    elif harm == "ledger":
        (signer / "ledger.jsonl").write_bytes(b"{}\n{}\n")
    else:
        (signer / "keys" / "el-org-g1.pem").unlink()
    assert code in failing_start(data)


def test_outside_development_a_passphrase_beside_the_keys_is_refused(data: Path) -> None:
    contents = data / "signer" / "issuers.json"
    written = json.loads(contents.read_bytes())
    contents.write_text(json.dumps(written | {"environment": "production"}))
    assert "keys.development-passphrase" in failing_start(data)


def failing_start(data: Path, *more: str) -> str:
    command = [sys.executable, "-m", "sceau.custody", str(data / "signer"), *more]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_passphrase_may_come_by_a_descriptor(data: Path, tmp_path: Path) -> None:
    passphrase = data / "signer" / "passphrase"
    reading, writing = os.pipe()
    os.write(writing, passphrase.read_bytes())
    os.close(writing)
    passphrase.unlink()
    command = [sys.executable, "-m", "sceau.custody", str(data / "signer"), "--passphrase-fd", str(reading)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, pass_fds=(reading,), env=bare_environment()
    )
    os.close(reading)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "prêt"
    assert SignerProcess(data, process).stop() == 0


def test_a_certificate_given_back_altered_is_not_believed(standing: SignerProcess) -> None:
    made = draft(standing.data)
    issuer = next(one for one in standing.folder.facts(CATALOGUE) if one.code == made.issuer)

    class Forger(OneByOne):
        def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
            return signed_der(tbs, b"\0" * 384)

    with pytest.raises(Fault, match=r"draft\.other-bytes"):
        sign(made, Forger(), issuer)
