"""The signing desk: what it examines, in which order it writes and signs, what it never signs twice."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sceau.custody.clock import SignerClock
from sceau.custody.desk import SigningDesk
from sceau.custody.examination import SigningIssuer
from sceau.custody.keys import SigningKey
from sceau.custody.ledger import Ledger, ledger_lines
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind, signatures
from sceau.custody.wire import SignatureRequest
from sceau.status import CrlFacts, CrlForm, ResponderOrder, build_crl_tbs, build_responder_tbs, crl_entry
from sceau.vocabulary import Fault, Finding, Refused
from tests.status_kit import NOW, Clock, Pki, leaf, make_pki, software_key, spki_of, usage


@dataclass
class WatchedKey:
    """A signing key that notes what was in the ledger's file at the moment it signed, and may fail."""

    key: SigningKey
    ledger: Path
    seen: list[int] = field(default_factory=list)
    signed: list[bytes] = field(default_factory=list)
    fails: bool = False
    waits: threading.Event | None = None
    is_down: bool = False
    loses: bool = False

    @property
    def algorithm(self) -> bytes:
        return self.key.algorithm

    @property
    def public_key(self) -> bytes:
        return self.key.public_key

    def ready(self) -> None:
        if self.is_down:
            raise Fault("signer.token-down", retryable=True)

    def sign(self, data: bytes) -> bytes:
        self.seen.append(self.ledger.read_bytes().count(b"\n"))
        if self.waits is not None:
            assert self.waits.wait(10)
        if self.fails:
            raise RuntimeError("token removed")
        if self.loses:
            raise Fault("signer.token-down", retryable=True)
        self.signed.append(data)
        return self.key.sign(data)


def nothing_wrong(tbs: bytes, issuer: SigningIssuer, at: datetime) -> None:
    """A certificate examiner that lets everything pass: the desk's own checks are what is tested here."""


def given(asked: Future[list[bytes | Refused | Fault]]) -> bytes:
    """The only answer, raised when it is no signature."""
    (answer,) = asked.result(10)
    if isinstance(answer, bytes):
        return answer
    raise answer


class Bench:
    """A desk at work in a thread, on a real ledger file."""

    def __init__(self, pki: Pki, folder: Path) -> None:
        self.pki = pki
        self.path = folder / "ledger.jsonl"
        self.clock = Clock()
        self.key = WatchedKey(pki.issuing.key, self.path)
        self.examine: Callable[[bytes, SigningIssuer, datetime], None] = nothing_wrong
        self.start()

    def start(self) -> None:
        self.ledger = Ledger.open(self.path, at=self.clock())
        issuer = replace(self.pki.signing, key=self.key)
        self.desk = SigningDesk(
            {issuer.name: issuer},
            ledger=self.ledger,
            clock=SignerClock(self.clock, self.clock.steady),
            certificate=self.certificate,
        )
        self.thread = threading.Thread(target=self.desk.run)
        self.thread.start()

    def certificate(self, tbs: bytes, issuer: SigningIssuer, at: datetime) -> None:
        self.examine(tbs, issuer, at)

    def stop(self) -> None:
        self.desk.close()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.ledger.close()

    def sign(self, tbs: bytes, kind: SignatureKind = SignatureKind.CERTIFICATE) -> bytes:
        return given(self.submit(tbs, kind))

    def submit(
        self, tbs: bytes, kind: SignatureKind = SignatureKind.CERTIFICATE
    ) -> Future[list[bytes | Refused | Fault]]:
        return self.desk.submit([self.request(tbs, kind)])

    def request(self, tbs: bytes, kind: SignatureKind = SignatureKind.CERTIFICATE) -> SignatureRequest:
        return SignatureRequest(kind, "el-org", 1, tbs)

    def refusals(self, tbs: bytes, kind: SignatureKind = SignatureKind.CERTIFICATE) -> list[str]:
        with pytest.raises(Refused) as refused:
            self.sign(tbs, kind)
        return [finding.code for finding in refused.value.findings]


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


@pytest.fixture
def bench(pki: Pki, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(pki, tmp_path)
    yield made
    made.stop()


def tbs_of(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).tbs_certificate_bytes


def crl(pki: Pki, number: int, at: datetime = NOW) -> bytes:
    facts = CrlFacts(number, at, at + timedelta(days=6))
    return build_crl_tbs(facts, [crl_entry(5, at=at)], issuer=pki.identity)


def test_deltas_and_complete_lists_share_one_rising_number_and_neither_passes_for_the_other(
    bench: Bench,
) -> None:
    def delta(number: int, base: int) -> bytes:
        facts = CrlFacts(number, NOW, NOW + timedelta(days=1))
        entries = [crl_entry(5, at=NOW)]
        return build_crl_tbs(facts, entries, issuer=bench.pki.identity, form=CrlForm(base=base))

    bench.sign(crl(bench.pki, 4), SignatureKind.CRL)
    bench.sign(delta(5, 4), SignatureKind.DELTA_CRL)
    for number, kind in ((5, SignatureKind.CRL), (4, SignatureKind.CRL)):
        assert bench.refusals(crl(bench.pki, number), kind) == ["crl.number-not-rising"]
    assert bench.refusals(delta(5, 4), SignatureKind.DELTA_CRL) == ["crl.number-not-rising"]
    assert bench.refusals(delta(6, 4), SignatureKind.CRL) == ["crl.extension"]
    assert bench.refusals(crl(bench.pki, 6), SignatureKind.DELTA_CRL) == ["crl.extension"]
    assert bench.refusals(delta(6, 6), SignatureKind.DELTA_CRL) == ["crl.base"]
    bench.sign(crl(bench.pki, 6), SignatureKind.CRL)


def test_what_comes_back_is_exactly_what_was_asked_signed_by_the_issuer(bench: Bench) -> None:
    tbs = tbs_of(leaf(bench.pki, 0xC0FFEE))
    certificate = x509.load_der_x509_certificate(bench.sign(tbs))
    assert certificate.tbs_certificate_bytes == tbs
    certificate.verify_directly_issued_by(bench.pki.certificate)


def test_the_intent_is_on_the_disk_before_the_signature_and_the_outcome_before_the_answer(
    bench: Bench,
) -> None:
    tbs = tbs_of(leaf(bench.pki, 0xC0FFEE))
    der = bench.sign(tbs)
    assert bench.key.seen == [1]
    intent, outcome = (line.what for line in ledger_lines(bench.path))
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert (intent.kind, intent.issuer, intent.generation, intent.serial) == (
        SignatureKind.CERTIFICATE,
        "el-org",
        1,
        0xC0FFEE,
    )
    assert intent.tbs_sha256 == hashlib.sha256(tbs).hexdigest()
    assert intent.until == x509.load_der_x509_certificate(der).not_valid_after_utc
    assert (outcome.of, outcome.kind) == (0, OutcomeKind.SIGNED)
    assert outcome.der_sha256 == hashlib.sha256(der).hexdigest()


def test_f02_a_serial_is_never_signed_twice_not_even_the_same_bytes(bench: Bench) -> None:
    tbs = tbs_of(leaf(bench.pki, 7))
    bench.sign(tbs)
    assert bench.refusals(tbs) == ["signer.serial-taken"]
    assert bench.refusals(tbs_of(leaf(bench.pki, 7))) == ["signer.serial-taken"]
    bench.stop()
    bench.start()
    assert bench.refusals(tbs) == ["signer.serial-taken"]
    assert len(bench.key.signed) == 1


def test_f02_two_at_the_same_moment_under_one_serial_get_one_signature(bench: Bench) -> None:
    bench.key.waits = threading.Event()
    blocking = bench.submit(tbs_of(leaf(bench.pki, 1)))
    twins = [bench.submit(tbs_of(leaf(bench.pki, 7))) for _ in range(5)]
    others = [bench.submit(tbs_of(leaf(bench.pki, serial))) for serial in range(20, 30)]
    bench.key.waits.set()
    blocking.result(10)
    answers = [twin.result(10)[0] for twin in twins]
    assert sorted(type(one).__name__ for one in answers) == ["Refused"] * 4 + ["bytes"]
    assert all(given(other) for other in others)


def test_requests_that_wait_together_share_a_sync(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    syncs: list[int] = []
    real = os.fdatasync

    def counted(descriptor: int) -> None:
        syncs.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", counted)
    bench.key.waits = threading.Event()
    waiting = [bench.submit(tbs_of(leaf(bench.pki, serial))) for serial in range(1, 60)]
    bench.key.waits.set()
    for one in waiting:
        one.result(10)
    assert len(syncs) <= 4
    assert len(list(signatures(ledger_lines(bench.path)))) == 59


def test_of_requests_asked_together_each_has_its_own_answer_in_its_place(bench: Bench) -> None:
    good = [tbs_of(leaf(bench.pki, serial)) for serial in (1, 2, 3)]
    asked = [good[0], b"nothing", good[1], good[0], crl(bench.pki, 1), good[2]]
    answers = bench.desk.submit([bench.request(tbs) for tbs in asked]).result(10)
    kinds = [one if not isinstance(one, Refused) else one.findings[0].code for one in answers]
    assert [kinds[at] for at in (1, 3, 4)] == ["signer.algorithm", "signer.serial-taken", "signer.malformed"]
    for at in (0, 2, 5):
        answer = answers[at]
        assert isinstance(answer, bytes)
        assert tbs_of(answer) == asked[at]


def test_many_asked_together_wait_for_the_disk_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr("os.fdatasync", syncs.append)
    asked = [bench.request(tbs_of(leaf(bench.pki, serial))) for serial in range(1, 65)]
    answers = bench.desk.submit(asked).result(10)
    assert all(isinstance(one, bytes) for one in answers)
    assert len(syncs) == 2
    assert bench.key.seen == [64] * 64  # every intent was written before the first signature


def test_more_than_the_desk_can_hold_is_told_to_come_back(bench: Bench) -> None:
    bench.key.waits = threading.Event()
    first = bench.submit(tbs_of(leaf(bench.pki, 1)))
    while not bench.key.seen:
        pass
    one = bench.request(tbs_of(leaf(bench.pki, 2)))
    waiting = bench.desk.submit([one] * 1024)
    with pytest.raises(Fault, match=r"signer\.busy") as caught:
        given(bench.submit(tbs_of(leaf(bench.pki, 3))))
    assert caught.value.retryable
    bench.key.waits.set()
    given(first)
    assert [isinstance(answer, bytes) for answer in waiting.result(30)].count(True) == 1
    given(bench.submit(tbs_of(leaf(bench.pki, 3))))


def test_a_key_that_fails_burns_the_serial_and_says_so(bench: Bench) -> None:
    bench.key.fails = True
    tbs = tbs_of(leaf(bench.pki, 7))
    with pytest.raises(Fault, match=r"signer\.key-failed") as fault:
        bench.sign(tbs)
    assert not fault.value.retryable
    bench.key.fails = False
    assert bench.refusals(tbs) == ["signer.serial-taken"]
    (signature,) = signatures(ledger_lines(bench.path))
    assert signature.outcome is not None
    assert signature.outcome.kind is OutcomeKind.FAILED
    bench.sign(tbs_of(leaf(bench.pki, 8)))  # and the desk goes on


def test_f41_a_store_known_to_be_down_leaves_nothing_in_the_ledger(bench: Bench) -> None:
    tbs = tbs_of(leaf(bench.pki, 7))
    bench.key.is_down = True
    with pytest.raises(Fault, match=r"signer\.token-down"):
        bench.sign(tbs)
    assert list(ledger_lines(bench.path)) == []
    bench.key.is_down = False
    bench.sign(tbs)


def test_f41_a_store_lost_before_it_was_asked_costs_no_number(bench: Bench) -> None:
    tbs, numbered = tbs_of(leaf(bench.pki, 7)), crl(bench.pki, 5)
    bench.key.loses = True
    for one, kind in ((tbs, SignatureKind.CERTIFICATE), (numbered, SignatureKind.CRL)):
        with pytest.raises(Fault, match=r"signer\.token-down") as fault:
            bench.sign(one, kind)
        assert fault.value.retryable
    outcomes = [one.outcome.kind for one in signatures(ledger_lines(bench.path)) if one.outcome]
    assert outcomes == [OutcomeKind.UNSENT, OutcomeKind.UNSENT]
    bench.stop()
    bench.key.loses = False
    bench.start()  # the ledger remembers over a restart that both are free
    bench.sign(tbs)
    bench.sign(numbered, SignatureKind.CRL)
    with pytest.raises(Refused, match=r"signer\.serial-taken"):
        bench.sign(tbs)
    assert bench.refusals(numbered, SignatureKind.CRL) == ["crl.number-not-rising"]


def test_f42_a_ledger_that_cannot_be_written_means_no_signature(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tbs = tbs_of(leaf(bench.pki, 7))
    with monkeypatch.context() as patched:
        patched.setattr("os.write", _no_room)
        with pytest.raises(Fault, match=r"ledger\.not-written") as fault:
            bench.sign(tbs)
    assert fault.value.retryable
    assert bench.key.signed == []
    bench.sign(tbs)  # room again: the same request, as nothing was signed


def test_f42_an_outcome_that_found_no_room_is_told_as_unknown_and_written_as_soon_as_there_is_some(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    real, writes = os.write, []

    def second_finds_no_room(descriptor: int, data: bytes) -> int:
        writes.append(descriptor)
        return _no_room(descriptor, data) if len(writes) == 2 else real(descriptor, data)

    tbs = tbs_of(leaf(bench.pki, 7))
    with monkeypatch.context() as patched:
        patched.setattr("os.write", second_finds_no_room)
        with pytest.raises(Fault, match=r"signer\.outcome-unknown") as fault:
            bench.sign(tbs)
    assert not fault.value.retryable
    assert [one.outcome for one in signatures(ledger_lines(bench.path))] == [None]
    bench.sign(tbs_of(leaf(bench.pki, 8)))
    kinds = [one.outcome and one.outcome.kind for one in signatures(ledger_lines(bench.path))]
    assert kinds == [OutcomeKind.SIGNED, OutcomeKind.SIGNED]
    assert bench.refusals(tbs) == ["signer.serial-taken"]


def _no_room(descriptor: int, data: bytes) -> int:
    raise OSError(28, "no space left on device")


def test_f45_a_clock_that_went_back_signs_nothing(bench: Bench) -> None:
    bench.sign(tbs_of(leaf(bench.pki, 7)))
    bench.clock.now -= timedelta(minutes=6)
    with pytest.raises(Fault, match=r"signer\.clock-back"):
        bench.sign(tbs_of(leaf(bench.pki, 8, at=bench.clock.now)))
    bench.clock.now += timedelta(minutes=2)  # four minutes late: forgiven
    bench.sign(tbs_of(leaf(bench.pki, 8, at=bench.clock.now)))


def test_f45_the_ledger_remembers_the_time_over_a_restart(bench: Bench) -> None:
    bench.sign(tbs_of(leaf(bench.pki, 7)))
    bench.stop()
    bench.clock.now -= timedelta(days=2)
    bench.start()
    with pytest.raises(Fault, match=r"signer\.clock-back"):
        bench.sign(tbs_of(leaf(bench.pki, 8, at=bench.clock.now)))


def test_f45_a_clock_that_jumps_while_the_signer_runs_signs_nothing(bench: Bench) -> None:
    bench.clock.now += timedelta(days=400)
    with pytest.raises(Fault, match=r"signer\.clock-jump"):
        bench.sign(tbs_of(leaf(bench.pki, 8, at=bench.clock.now)))
    bench.stop()
    bench.start()  # the operator says that the new time is right
    bench.sign(tbs_of(leaf(bench.pki, 8, at=bench.clock.now)))


def test_a_day_that_passes_is_no_jump(bench: Bench) -> None:
    bench.clock.pass_by(timedelta(days=1))
    bench.sign(tbs_of(leaf(bench.pki, 8, at=bench.clock.now)))


@pytest.mark.parametrize("beyond", [timedelta(days=-1), timedelta(days=366 * 21)])
def test_f38_an_issuer_outside_its_life_signs_nothing(pki: Pki, tmp_path: Path, beyond: timedelta) -> None:
    bench = Bench.__new__(Bench)
    bench.clock = Clock(NOW + beyond)
    bench.pki, bench.path, bench.examine = pki, tmp_path / "ledger.jsonl", nothing_wrong
    bench.key = WatchedKey(pki.issuing.key, bench.path)
    bench.start()
    try:
        assert bench.refusals(tbs_of(leaf(pki, 7, at=bench.clock.now))) == ["signer.issuer-out-of-dates"]
        assert bench.refusals(crl(pki, 1, bench.clock.now), SignatureKind.CRL) == [
            "signer.issuer-out-of-dates"
        ]
    finally:
        bench.stop()


def test_an_issuer_it_does_not_hold_signs_nothing(bench: Bench) -> None:
    for issuer, generation in (("el-pp", 1), ("el-org", 2)):
        request = SignatureRequest(SignatureKind.CERTIFICATE, issuer, generation, tbs_of(leaf(bench.pki, 7)))
        with pytest.raises(Refused, match=r"signer\.unknown-issuer"):
            given(bench.desk.submit([request]))


def forged(pki: Pki, *extensions: tuple[x509.ExtensionType, bool], **changes: object) -> bytes:
    """To-be-signed bytes of a certificate with something wrong in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    begins = changes.get("begins", NOW)
    assert isinstance(begins, datetime)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(changes.get("issuer", pki.certificate.subject))  # type: ignore[arg-type]
        .serial_number(changes.get("serial", 77))  # type: ignore[arg-type]
        .not_valid_before(begins)
        .not_valid_after(changes.get("ends", begins + timedelta(days=30)))  # type: ignore[arg-type]
        .public_key(changes.get("key", key.public_key()))  # type: ignore[arg-type]
        .add_extension(
            x509.AuthorityKeyIdentifier(changes.get("aki", pki.identity.key_identifier), None, None),  # type: ignore[arg-type]
            critical=False,
        )
    )
    for extension, critical in extensions or ((usage(digital_signature=True), True),):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, changes.get("digest", hashes.SHA256())).tbs_certificate_bytes  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"begins": NOW - timedelta(hours=2)}, "signer.validity"),
        ({"begins": NOW + timedelta(minutes=6)}, "signer.validity"),
        ({"ends": NOW + timedelta(days=366 * 20)}, "signer.validity"),
        ({"issuer": x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])}, "signer.other-issuer"),
        ({"aki": b"x" * 20}, "signer.other-issuer"),
        ({"digest": hashes.SHA384()}, "signer.algorithm"),
    ],
)
def test_a_certificate_of_another_time_issuer_or_algorithm_is_not_signed(
    bench: Bench, changes: dict[str, object], code: str
) -> None:
    assert bench.refusals(forged(bench.pki, **changes)) == [code]
    assert bench.key.signed == []
    assert list(ledger_lines(bench.path)) == []


@pytest.mark.parametrize(
    "extensions",
    [
        [(x509.BasicConstraints(ca=True, path_length=None), True), (usage(digital_signature=True), True)],
        [(usage(digital_signature=True, key_cert_sign=True), True)],
        [(usage(crl_sign=True), True)],
        [(x509.BasicConstraints(ca=False, path_length=None), True)],  # no key usage: could do everything
    ],
)
def test_f23_no_authority_is_ever_born_at_the_desk(
    bench: Bench, extensions: list[tuple[x509.ExtensionType, bool]]
) -> None:
    assert "signer.authority" in bench.refusals(forged(bench.pki, *extensions))


def test_the_issuers_own_key_is_not_certified(bench: Bench) -> None:
    assert bench.refusals(forged(bench.pki, key=bench.pki.certificate.public_key())) == ["signer.own-key"]


def test_what_the_certification_authority_would_not_give_is_not_signed(bench: Bench) -> None:
    def refuse(tbs: bytes, issuer: SigningIssuer, at: datetime) -> None:
        raise Refused([Finding.error("signer.no-subscribers", "el-org")])

    bench.examine = refuse
    assert bench.refusals(tbs_of(leaf(bench.pki, 7))) == ["signer.no-subscribers"]
    assert bench.sign(crl(bench.pki, 1), SignatureKind.CRL)  # lists are not certificates


@pytest.mark.parametrize(
    "tbs", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"not der at all", b"\x30\x84\xff\xff\xff\xff"]
)
@pytest.mark.parametrize("kind", list(SignatureKind))
def test_bytes_that_are_nothing_are_not_signed(bench: Bench, tbs: bytes, kind: SignatureKind) -> None:
    assert bench.refusals(tbs, kind) == ["signer.algorithm"]


def test_each_kind_is_examined_as_itself(bench: Bench) -> None:
    assert bench.refusals(crl(bench.pki, 1), SignatureKind.CERTIFICATE) == ["signer.malformed"]
    assert bench.refusals(tbs_of(leaf(bench.pki, 7)), SignatureKind.CRL) == ["crl.malformed"]
    assert bench.refusals(tbs_of(leaf(bench.pki, 7)), SignatureKind.OCSP_RESPONDER) == ["signer.responder"]


def responder(pki: Pki, *, serial: int = 99, days: int = 30) -> bytes:
    order = ResponderOrder(software_key().public_key, serial, NOW, days, pki.certificate.not_valid_after_utc)
    return build_responder_tbs(order, issuer=pki.identity)


def test_f09_a_responder_is_signed_when_it_can_do_nothing_else(bench: Bench) -> None:
    made = x509.load_der_x509_certificate(bench.sign(responder(bench.pki), SignatureKind.OCSP_RESPONDER))
    made.verify_directly_issued_by(bench.pki.certificate)
    assert bench.refusals(responder(bench.pki, serial=100, days=60), SignatureKind.OCSP_RESPONDER) == [
        "signer.responder"
    ]


@pytest.mark.parametrize(
    "extensions",
    [
        [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)],
        [(x509.OCSPNoCheck(), False)],
        [
            (x509.OCSPNoCheck(), False),
            (
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH]),
                False,
            ),
        ],
        [
            (x509.OCSPNoCheck(), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
            (x509.SubjectAlternativeName([x509.DNSName("a.example.fr")]), False),
        ],
    ],
)
def test_f09_a_responder_that_could_do_more_or_less_is_not_signed(
    bench: Bench, extensions: list[tuple[x509.ExtensionType, bool]]
) -> None:
    tbs = forged(bench.pki, (usage(digital_signature=True), True), *extensions)
    assert bench.refusals(tbs, SignatureKind.OCSP_RESPONDER) == ["signer.responder"]


def test_f11_lists_are_signed_in_the_order_of_their_numbers(bench: Bench) -> None:
    bench.sign(crl(bench.pki, 5), SignatureKind.CRL)
    assert bench.refusals(crl(bench.pki, 5), SignatureKind.CRL) == ["crl.number-not-rising"]
    assert bench.refusals(crl(bench.pki, 4), SignatureKind.CRL) == ["crl.number-not-rising"]
    bench.sign(crl(bench.pki, 6), SignatureKind.CRL)


def test_f11_two_publishers_at_the_same_moment_get_one_list_under_a_number(bench: Bench) -> None:
    waiting = [bench.submit(crl(bench.pki, 5), SignatureKind.CRL) for _ in range(4)]
    assert [isinstance(one.result(10)[0], bytes) for one in waiting].count(True) == 1


def test_a_desk_that_closes_answers_what_it_took_and_takes_nothing_more(bench: Bench) -> None:
    waiting = [bench.submit(tbs_of(leaf(bench.pki, serial))) for serial in range(1, 20)]
    bench.desk.close()
    assert all(given(one) for one in waiting)
    with pytest.raises(Fault, match=r"signer\.closing"):
        given(bench.submit(tbs_of(leaf(bench.pki, 99))))


def test_a_key_of_another_certificate_is_noticed_at_start(pki: Pki) -> None:
    from sceau.custody.examination import signing_issuer

    with pytest.raises(Refused, match=r"signer\.key-mismatch"):
        signing_issuer("el-org", 1, pki.issuing.certificate, software_key())
    assert spki_of(pki.issuing.certificate) == pki.issuing.key.public_key
