"""The gate: nothing reaches a signature but what was read, built, examined and linted [F18, F19, F36,
F49].
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import mldsa

from sceau.certification import (
    CertificationRequest,
    Draft,
    IssuerFacts,
    KeyFacts,
    KeyUse,
    LintVerdict,
    SignatureAsk,
    build,
    compose_serial,
    gate,
    lint,
    prepare,
    read_csr,
    sign,
    sign_many,
)
from sceau.certification.examine import forget_shapes
from sceau.certification.issuer import read_issuer
from sceau.certification.reading import read_tbs
from sceau.registration import Warrant
from sceau.registration.naming import Name
from sceau.vocabulary import Fault, Finding, HostName, Mailbox, Refused
from tests.authority import (
    AT,
    CATALOGUE,
    PRODUCTS,
    RANDOM_BITS,
    MemorySigner,
    OneByOne,
    authority,
    draft_for,
    names_for,
    private_key,
    request,
    signed,
    spki_of,
    subject_for,
    tlv,
    warrant,
)
from tests.conformance.hostile_requests import HOST, csr_cases
from tests.requests import asking, csr, dns

ROOM = Path(gate.__file__).parent
SERIAL = compose_serial(AT, RANDOM_BITS)


def prepared(
    given: Warrant | None = None,
    csr: CertificationRequest | None = None,
    issuer: IssuerFacts | None = None,
    *,
    serial: int = SERIAL,
    facts: KeyFacts | None = None,
) -> Draft:
    return prepare(
        given or warrant("SERV_SSL"),
        csr or request(),
        issuer or authority("el-org").facts,
        catalogue=CATALOGUE,
        serial=serial,
        at=AT,
        lint_key=private_key("rsa:2048", "lint"),
        facts=facts or KeyFacts(),
    )


@pytest.fixture(autouse=True)
def _each_shape_is_new() -> None:
    """What one test had linted says nothing to the next."""
    forget_shapes()
    lint.forget_shapes()


def codes(call: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as caught:
        call()
    return {finding.code for finding in caught.value.findings}


def test_the_same_facts_give_the_same_bytes() -> None:
    assert prepared() == prepared()


def test_a_draft_says_what_it_is() -> None:
    draft = prepared()
    assert (draft.issuer, draft.generation, draft.product, draft.profile) == (
        "el-org",
        1,
        "SERV_SSL",
        "serv_ssl@1",
    )
    assert draft.serial == SERIAL == read_tbs(draft.tbs).library.serial_number
    assert draft.spki_sha256 == hashlib.sha256(request().key.spki).hexdigest()
    assert draft.names == ("tops.demo.asipsante.fr", "topspsc.demo.asipsante.fr")


NAMED = [
    case for case in csr_cases() if case.code is None and case.names == (HOST,) and case.product == "SERV_SSL"
]


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.name)
def test_f36_nothing_of_an_accepted_request_but_its_key_is_in_the_certificate(case: SimpleNamespace) -> None:
    names: tuple[Name, ...] = (HOST,)
    accepted = read_csr(case.data, form=case.form).require()
    plain = CertificationRequest(b"", accepted.key, (), ())
    given = warrant("SERV_SSL", names=names)
    assert prepared(given, accepted).tbs == prepared(given, plain).tbs


def test_decision_8_a_name_in_the_request_that_was_not_asked_for_refuses_it_whole() -> None:
    asked: tuple[Name, ...] = (HostName("www.mon-domaine.fr"),)
    smuggling = read_csr(asking(dns("www.mon-domaine.fr", "evil.fr"))).require()
    assert codes(lambda: prepared(warrant("SERV_SSL", names=asked), smuggling)) == {"csr.name-not-requested"}


def test_f18_a_blocked_key_is_not_certified_again() -> None:
    blocked = KeyFacts(blocked=frozenset({request().key.sha256}))
    assert codes(lambda: prepared(facts=blocked)) == {"key.blocked"}


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (KeyUse("SERV_SSL", "318751275100020", "C-1"), "key.used-before"),
        (KeyUse("ORG_SIGN", "318751275100020", "C-1"), "key.used-for-another-product"),
        (KeyUse("SERV_SSL", "10B0152872", "C-1"), "key.used-by-another"),
    ],
)
def test_f19_a_key_in_use_is_not_certified_again(use: KeyUse, code: str) -> None:
    assert codes(lambda: prepared(facts=KeyFacts(uses=(use,)))) == {code}


def test_a_policy_that_lets_a_key_be_renewed_tells_it() -> None:
    use = KeyUse("SERV_SSL", "318751275100020", "C-1")
    draft = prepared(facts=KeyFacts(uses=(use,), renewable=True))
    assert "key.renewed" in {finding.code for finding in draft.findings}


def test_f46_in_production_rsa_2048_ends_with_2030_and_in_test_it_does_not() -> None:
    at = AT.replace(year=2028)
    key = private_key("rsa:2048", "subscriber")
    assert codes(lambda: draft_for("ORG_SIGN", environment="production", key=key, at=at)) == {
        "key.rsa-2048-ends"
    }
    for environment in ("test", "development"):
        assert draft_for("ORG_SIGN", environment=environment, key=key, at=at)


def test_f31_a_warrant_that_is_not_fresh_is_refused() -> None:
    for age in (timedelta(minutes=15, seconds=1), timedelta(days=1), timedelta(minutes=-1, seconds=-1)):
        assert codes(lambda age=age: prepared(warrant("SERV_SSL", at=AT - age))) == {"draft.warrant-stale"}  # type: ignore[misc]
    for age in (timedelta(minutes=15), timedelta(), timedelta(minutes=-1)):
        assert prepared(warrant("SERV_SSL", at=AT - age))


@pytest.mark.parametrize("serial", [0, -5, 1, 1 << 64, 1 << 159, 1 << 160])
def test_f03_a_serial_of_another_form_is_refused(serial: int) -> None:
    assert codes(lambda: prepared(serial=serial)) == {"draft.serial"}


def test_a_product_under_another_issuer_is_refused() -> None:
    facts = authority("el-pp").facts
    assert codes(lambda: prepared(issuer=facts)) == {"draft.wrong-issuer"}


@pytest.mark.parametrize(
    ("product", "names"),
    [
        ("SERV_SSL", (Mailbox("contact", HostName("hopital-exemple.fr")),)),
        ("SERV_SSL", (HostName("www.exemple.fr"), Mailbox("contact", HostName("hopital-exemple.fr")))),
        ("SERV_S/MIME", (HostName("www.exemple.fr"),)),
        ("SERV_SSL", ()),
    ],
)
def test_f25_names_of_another_kind_than_the_products_are_refused(
    product: str, names: tuple[Name, ...]
) -> None:
    holder = subject_for(product, names_for(product))
    assert codes(lambda: prepared(warrant(product, names=names, subject=holder))) == {"draft.names"}


def test_every_reason_is_given_at_once() -> None:
    asked: tuple[Name, ...] = (HostName("www.mon-domaine.fr"),)
    found = codes(
        lambda: prepared(
            warrant("SERV_SSL", names=asked, at=AT - timedelta(hours=1)),
            read_csr(asking(dns("evil.fr"))).require(),
            authority("el-pp").facts,
            serial=1,
            facts=KeyFacts(uses=(KeyUse("ORG_SIGN", "10B0152872"),)),
        )
    )
    assert found == {
        "csr.name-not-requested",
        "draft.warrant-stale",
        "draft.wrong-issuer",
        "draft.serial",
        "key.used-by-another",
    }


def test_an_issuer_that_is_no_authority_is_a_fault() -> None:
    leaf = signed(prepared().tbs, authority("el-org").key)
    for certificate in (leaf, b"rubbish", b""):
        with pytest.raises(Fault) as caught:
            prepared(issuer=replace(authority("el-org").facts, certificate=certificate))
        assert caught.value.code == "draft.issuer-unusable"


# The linter cannot be left out [F49].


def test_f49_a_draft_cannot_be_made_without_the_linters_verdict_on_its_own_bytes() -> None:
    draft = prepared()
    digest = hashlib.sha256(b"other bytes").hexdigest()
    other = LintVerdict(digest, digest)
    with pytest.raises(ValueError, match="verdict"):
        replace(draft, lint=other)
    with pytest.raises(ValueError, match="verdict"):
        replace(draft, tbs=draft.tbs + b"\x00")
    with pytest.raises(AttributeError):
        replace(draft, lint=None)  # type: ignore[arg-type]


def test_f49_without_the_call_of_the_linter_there_is_no_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a careless change would do: take the linter's place with something that says nothing."""
    monkeypatch.setattr(gate, "lint_by_shape", lambda *given, **named: None)
    with pytest.raises(AttributeError):
        prepared()


def test_f49_a_linter_that_fails_is_a_fault_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise RuntimeError("linter broken")

    monkeypatch.setattr(lint, "_linter", broken)
    with pytest.raises(Fault) as caught:
        prepared()
    assert (caught.value.code, caught.value.retryable) == ("draft.lint-failed", False)


@pytest.mark.parametrize("severity", ["ERROR", "FATAL", "WARNING"])
def test_f49_errors_and_warnings_of_the_linter_refuse(monkeypatch: pytest.MonkeyPatch, severity: str) -> None:
    monkeypatch.setattr(lint, "_findings", lambda certificate: [lint.Remark("x.y", severity, "said")])
    with pytest.raises(Refused) as caught:
        prepared()
    assert caught.value.findings == (Finding.error("draft.lint", "x.y", says="said"),)


def test_f49_what_is_excused_is_excused_by_name_in_its_environment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (excuse,) = lint.EXCUSED
    remark = lint.Remark(excuse.code, "ERROR", f'Invalid: {excuse.about}8480/x"')
    monkeypatch.setattr(lint, "_findings", lambda certificate: [remark])
    assert prepared()
    with pytest.raises(Refused):
        prepared(issuer=authority("el-org", "production").facts)
    for other in (replace(remark, says='Invalid: "http://elsewhere/"'), replace(remark, code="pkix.other")):
        lint.forget_shapes()
        monkeypatch.setattr(lint, "_findings", lambda certificate, other=other: [other])
        with pytest.raises(Refused):
            prepared()


def test_f49_the_linter_really_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that our examiner is made to let through is stopped by pkilint alone."""
    monkeypatch.setattr(gate, "examine", lambda tbs, expected: ())
    real = build.build_tbs
    without_issuer_key = bytes.fromhex("0603551d23")

    def spoilt(*given: object) -> bytes:
        tbs = real(*given)  # type: ignore[arg-type]
        return tbs.replace(without_issuer_key, bytes.fromhex("0603551d0e"))  # a second subject key identifier

    monkeypatch.setattr(gate, "build_tbs", spoilt)
    with pytest.raises((Refused, Fault)) as caught:
        prepared()
    assert "draft.lint" in str(caught.value)


def test_f49_the_examiner_alone_stops_what_the_linter_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    real = build.build_tbs

    def spoilt(*given: object) -> bytes:
        return real(*given).replace(b"tops.demo", b"evil.demo")  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "build_tbs", spoilt)
    assert codes(prepared) == {"draft.not-as-expected"}


def test_the_lint_key_is_never_the_issuers_own_nor_of_another_kind() -> None:
    issuer = authority("el-org")
    tbs = prepared().tbs
    for key in (issuer.key, private_key("ec:P-256", "lint")):
        with pytest.raises(Fault) as caught:
            lint.lint(tbs, issuer=read_issuer(issuer.facts.certificate), key=key, environment="development")
        assert (caught.value.code, caught.value.retryable) == ("draft.lint-failed", False)


def test_a_post_quantum_lint_key_is_not_taken_for_a_curve_s() -> None:
    issuer = authority("el-org", kind="ec:P-256")
    with pytest.raises(Fault) as caught:
        lint.sign_with_lint_key(
            prepared().tbs,
            issuer=read_issuer(issuer.facts.certificate),
            key=mldsa.MLDSA44PrivateKey.generate(),
        )
    assert caught.value.code == "draft.lint-failed"


def test_what_the_linter_signs_verifies_under_no_authority() -> None:
    issuer = authority("el-org")
    known = read_issuer(issuer.facts.certificate)
    shown = lint.sign_with_lint_key(prepared().tbs, issuer=known, key=private_key("rsa:2048", "lint"))
    with pytest.raises(Exception):  # noqa: B017 — whatever the library calls a signature that isn't one
        x509.load_der_x509_certificate(shown).verify_directly_issued_by(issuer.certificate)


def calls_of(name: str) -> set[str]:
    return {
        path.name
        for path in ROOM.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    }


def test_f49_drafts_and_verdicts_are_made_in_one_place_each() -> None:
    assert calls_of("Draft") == {"gate.py"}
    assert calls_of("LintVerdict") == {"lint.py"}


@pytest.mark.parametrize("module", ["examine.py", "expectations.py", "reading.py", "rules.py"])
def test_f23_the_examiner_shares_nothing_with_the_builder(module: str) -> None:
    tree = ast.parse((ROOM / module).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    builders = {"build", "encode", "mould", "subject_name", "gate", "preview", "issuer", "keys", "csr"}
    assert not imported & {f"sceau.certification.{name}" for name in builders}


# What comes back from the signer is not believed.


@pytest.mark.parametrize("product", PRODUCTS)
def test_exactly_the_draft_is_signed(product: str) -> None:
    draft, issuer = draft_for(product)
    signer = MemorySigner([issuer])
    certificate = sign(draft, signer, issuer.facts)
    read = x509.load_der_x509_certificate(certificate)
    assert read.tbs_certificate_bytes == draft.tbs
    read.verify_directly_issued_by(issuer.certificate)
    assert signer.signed == [draft.tbs]


class Answering(OneByOne):
    """A signer that answers something else, once."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked = 0

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        self.asked += 1
        return self.answer


def test_anything_else_is_a_fault_and_the_signer_is_asked_once() -> None:
    draft, issuer = draft_for("SERV_SSL")
    other, _ = draft_for("SERV_SSL", key=private_key("ec:P-256", "another"))
    good = signed(draft.tbs, issuer.key)
    sha512 = good.replace(bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d01010d"))
    for answer in (
        b"",
        b"rubbish",
        draft.tbs,
        signed(other.tbs, issuer.key),
        signed(draft.tbs, private_key("rsa:2048", "lint")),
        signed(draft.tbs, private_key("ec:P-256", "lint")),
        good[:-1] + bytes((good[-1] ^ 1,)),
        good + b"\x00",
        sha512,
        tlv(0x30, draft.tbs + bytes.fromhex("300d06092a864886f70d01010b0500") + b"\x03\x01\x00"),
    ):
        signer = Answering(answer)
        with pytest.raises(Fault) as caught:
            sign(draft, signer, issuer.facts)
        assert caught.value.code == "draft.other-bytes"
        assert not caught.value.retryable
        assert signer.asked == 1


class Several:
    """A signer that was asked for several: it answers what it is given, whatever was asked."""

    def __init__(self, answers: Sequence[bytes | Refused | Fault]) -> None:
        self.answers = answers
        self.asked: list[SignatureAsk] = []

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        raise AssertionError("asked one by one")

    def sign_all(self, asks: Sequence[SignatureAsk]) -> Sequence[bytes | Refused | Fault]:
        self.asked.extend(asks)
        return self.answers


def test_several_drafts_are_signed_at_once_and_each_answer_is_believed_or_not_alone() -> None:
    drafts = [
        draft_for(product) for product in ("SERV_SSL", "ORG_SIGN", "PS_AUTH", "SERV_S/MIME", "ORG_CONF")
    ]
    good = [signed(draft.tbs, issuer.key) for draft, issuer in drafts]
    refusal = Refused([Finding.error("signer.serial", "el-pp")])
    fault = Fault("signer.outcome-unknown", retryable=False)
    signer = Several([good[0], good[0], refusal, fault, good[4]])
    got = sign_many([draft for draft, _ in drafts], signer, [issuer.facts for _, issuer in drafts])
    assert [(ask.kind, ask.issuer, ask.generation, ask.tbs) for ask in signer.asked] == [
        ("certificate", draft.issuer, draft.generation, draft.tbs) for draft, _ in drafts
    ]
    assert (got[0], got[2], got[3], got[4]) == (good[0], refusal, fault, good[4])
    assert isinstance(got[1], Fault)
    assert (got[1].code, got[1].retryable) == ("draft.other-bytes", False)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_signer_that_does_not_answer_each_draft_is_believed_in_none(shift: int) -> None:
    draft, issuer = draft_for("SERV_SSL")
    signer = Several([signed(draft.tbs, issuer.key)] * (2 + shift))
    for one in sign_many([draft, draft], signer, [issuer.facts] * 2):
        assert isinstance(one, Fault)
        assert (one.code, one.retryable) == ("draft.other-bytes", False)


def test_a_signer_that_fails_as_a_whole_fails_for_each() -> None:
    class Away(Several):
        def sign_all(self, asks: Sequence[SignatureAsk]) -> Sequence[bytes | Refused | Fault]:
            raise Fault("signer.unreachable", retryable=True)

    draft, issuer = draft_for("SERV_SSL")
    got = sign_many([draft, draft], Away([]), [issuer.facts] * 2)
    assert [one.code for one in got if isinstance(one, Fault)] == ["signer.unreachable"] * 2


def test_several_drafts_are_signed_by_their_own_issuers_only() -> None:
    draft, issuer = draft_for("SERV_SSL")
    signer = Several([])
    for issuers in ([issuer.facts], [issuer.facts, authority("el-pp").facts]):
        with pytest.raises(ValueError, match=r"issuer|zip"):
            sign_many([draft, draft], signer, issuers)
    assert not signer.asked


def test_the_memory_signers_answer_many_as_they_answer_one() -> None:
    draft, issuer = draft_for("SERV_SSL")
    got = sign_many([draft] * 2, MemorySigner([issuer]), [issuer.facts] * 2)
    assert got == [sign(draft, MemorySigner([issuer]), issuer.facts)] * 2


def test_a_draft_is_signed_by_its_own_issuer_only() -> None:
    draft, issuer = draft_for("SERV_SSL")
    for facts in (authority("el-pp").facts, replace(issuer.facts, generation=2)):
        with pytest.raises(ValueError, match="issuer"):
            sign(draft, Answering(b""), facts)


@pytest.mark.parametrize("kind", ["rsa:3072", "ec:P-256", "ec:P-384"])
def test_issuers_of_every_kind_certify(kind: str) -> None:
    draft, issuer = draft_for("SERV_SSL", kind=kind)
    certificate = sign(draft, MemorySigner([issuer]), issuer.facts)
    x509.load_der_x509_certificate(certificate).verify_directly_issued_by(issuer.certificate)


def test_a_request_that_was_refused_gives_nothing_to_prepare() -> None:
    with pytest.raises(Refused):
        prepared(csr=read_csr(csr() + b"\x00").require())
    assert spki_of(private_key("ec:P-256", "request")) != spki_of(private_key("ec:P-256", "another"))
