"""`sceau explain`: one question, a batch, exit codes; whatever a line holds, the next one is read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sceau.cli.explain_batch import LONGEST_LINE, answer_batch, answer_line, as_answer
from sceau.cli.explain_questions import Asker, new_asker
from sceau.vocabulary import Finding, IdentifierMode

COMMAND = [sys.executable, "-c", "import sys; from sceau.cli import main; main(sys.argv[1:])", "explain"]
GOOD = {"explain": "scope", "kind": "domain", "declared": "mon-domaine.fr"}
KEY = ec.derive_private_key(12345678901234567890, ec.SECP256R1())


@pytest.fixture(scope="module")
def asker() -> Asker:
    return new_asker(lambda: datetime(2026, 11, 24, tzinfo=UTC))


def run(*arguments: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=lines, capture_output=True, check=False, timeout=60)


def ask(asker: Asker, request: object) -> dict[str, Any]:
    return answer_line(json.dumps(request).encode(), asker)


def codes(said: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in said["findings"]}


@pytest.fixture(scope="module")
def request_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    names = x509.SubjectAlternativeName([x509.DNSName("www.mon-domaine.fr")])
    csr = builder.add_extension(names, critical=False).sign(KEY, hashes.SHA256())
    path = tmp_path_factory.mktemp("csr") / "request.pem"
    path.write_bytes(csr.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key.der"
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(KEY.public_key().public_bytes(serialization.Encoding.DER, spki))
    return path


LINES = [
    (b"", "explain.empty-line"),
    (b" \t", "explain.empty-line"),
    (b"{", "explain.not-json"),
    (b"scope", "explain.not-json"),
    (b"{'explain': 'scope'}", "explain.not-json"),
    (json.dumps(GOOD).encode() + b"x", "explain.not-json"),
    (json.dumps(GOOD).encode() * 2, "explain.not-json"),
    (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "explain.not-json"),
    (b'{"explain": NaN}', "explain.not-json"),
    (b'{"explain": -Infinity}', "explain.not-json"),
    (b"1" * 10_000, "explain.not-json"),
    (b"\xff", "explain.not-utf-8"),
    (b'{"explain": "\xc3"}', "explain.not-utf-8"),
    (b"\x00", "explain.not-json"),
    (b"[" * 100_000, "explain.too-deep"),
    (b'{"a":' * 100_000, "explain.too-deep"),
    (b"[" * 100_000 + b"]" * 100_000, "explain.too-deep"),
    (b"[]", "explain.not-an-object"),
    (b"null", "explain.not-an-object"),
    (b'"scope"', "explain.not-an-object"),
    (b"1e999", "explain.not-an-object"),
    (b"{}", "explain.unknown-question"),
    (b'{"explain": null}', "explain.unknown-question"),
    (b'{"explain": ["scope"]}', "explain.unknown-question"),
    (b'{"explain": "Scope"}', "explain.unknown-question"),
    (b'{"explain": "scope", "explain": "name"}', "explain.repeated-field"),
    (
        b'{"explain":"scope","kind":"mail","declared":"@a.fr","restricted":true,"restricted":false}',
        "explain.repeated-field",
    ),
    (b'{"explain":"right","card":{"type":"CPS","type":"CPF"}}', "explain.repeated-field"),
    (b'{"explain":"scope","kind":"domain","declared":"mon-domaine.fr","wild":1}', "explain.unknown-field"),
    (b'{"explain":"name","names":["a.fr"]}', "explain.missing-field"),
    (b'{"explain":"name","product":["SERV_SSL"],"names":["a.fr"]}', "explain.not-text"),
    (b'{"explain":"name","product":"SERV_SSL","names":null}', "explain.not-a-list"),
    (b'{"explain":"name","product":"SERV_SSL","names":{"a.fr":1}}', "explain.not-a-list"),
    (b'{"explain":"scope","kind":"domain","declared":"a\\u0000.fr"}', "host.control"),
    (b'{"explain":"scope","kind":"domain","declared":"\\ud800.fr"}', "host.control"),
    (b'{"explain":"scope","kind":["domain"],"declared":"a.fr"}', "scope.kind-unknown"),
    (b'{"explain":"scope","kind":{},"declared":{}}', "scope.declared-not-text"),
    (b'{"explain":"id","type":["siret"],"value":"1"}', "explain.id-type"),
    (b'{"explain":"key","file":1}', "explain.no-file"),
    (b'{"explain":"key","file":""}', "explain.no-file"),
    (b'{"explain":"key","file":"/"}', "explain.not-a-plain-file"),
    (b'{"explain":"key","file":"/dev/zero"}', "explain.not-a-plain-file"),
    (b'{"explain":"key","file":"/nowhere/at/all"}', "explain.file-not-opened"),
    (b'{"explain":"key","file":"a\\u0000b"}', "explain.file-not-opened"),
    (b'{"explain":"key","file":"\\ud800"}', "explain.file-not-opened"),
]


@pytest.mark.parametrize(("line", "code"), LINES, ids=[repr(line[:60]) for line, _ in LINES])
def test_a_line_that_is_no_good_question_is_refused_with_its_code(
    line: bytes, code: str, asker: Asker
) -> None:
    said = answer_line(line, asker)
    assert said["verdict"] == "refuse"
    assert code in codes(said)
    assert "\n" not in json.dumps(said)


def test_a_batch_is_answered_line_for_line_in_order_to_its_end() -> None:
    good, bad = json.dumps(GOOD).encode(), json.dumps({**GOOD, "declared": "fr"}).encode()
    too_long = b'"' + b"a" * (LONGEST_LINE + 10) + b'"'
    lines = [good, *[line for line, _ in LINES], too_long, bad, good + b"\r", good]
    done = run("--batch", lines=b"\n".join(lines))  # the last line has no end
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert done.stderr == b""
    assert [answer["verdict"] for answer in said] == [
        "accept",
        *["refuse"] * (len(LINES) + 2),
        "accept",
        "accept",
    ]
    assert codes(said[len(LINES) + 1]) == {"explain.line-too-long"}
    assert done.stdout.isascii()


def test_a_batch_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(GOOD) + "\n")
    done = run("--batch", "--from", str(path))
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["accept"]
    assert run("--batch", "--from", "/nowhere/at/all").returncode == 2


def test_an_empty_batch_has_no_answer_and_is_no_error() -> None:
    done = run("--batch")
    assert (done.returncode, done.stdout) == (0, b"")


def test_each_answer_comes_before_the_next_question_is_asked() -> None:
    with subprocess.Popen([*COMMAND, "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for declared, verdict in (("mon-domaine.fr", "accept"), ("fr", "refuse"), ("a.fr", "accept")):
            process.stdin.write(json.dumps({**GOOD, "declared": declared}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["verdict"] == verdict
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_listener_that_goes_away_gets_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    line = json.dumps(GOOD).encode() + b"\n"
    done = subprocess.run(
        [*COMMAND, "--batch"], input=line * 10, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(write)
    assert done.stderr == b""


def test_a_line_longer_than_memory_should_hold_is_read_away(asker: Asker) -> None:
    answers = io.BytesIO()
    answer_batch(io.BytesIO(b"[" * (5 * LONGEST_LINE) + b"\n" + json.dumps(GOOD).encode()), answers, asker)
    first, second = (json.loads(line) for line in answers.getvalue().splitlines())
    assert codes(first) == {"explain.line-too-long"}
    assert second["verdict"] == "accept"


@pytest.mark.parametrize(
    "request_",
    [
        {**GOOD, "declared": "a." * 250_000 + "fr"},
        {**GOOD, "declared": "é" * 100_000},
        {"explain": "name", "product": "SERV_SSL", **GOOD, "names": ["a.fr"] * 100_000},
        {"explain": "name", "product": "PRO_SIGN", "names": ["@" * 500_000]},
        {"explain": "scope", **{f"field{number}": 1 for number in range(50_000)}},
        {
            "explain": "right",
            "product": "SERV_SSL",
            "habilitated": [str(n) for n in range(50_000)],
            "card": {},
            "channel": 1,
        },
        {"explain": "name", "product": "SERV_SSL", "kind": "xn--" * 200_000, "names": []},
    ],
)
def test_no_line_takes_a_second(request_: dict[str, Any], asker: Asker) -> None:
    """[ASSURANCE G04] Measured with room: the bound is for an endless loop, not for a slow day."""
    started = time.process_time()
    said = ask(asker, {**request_, "explain": request_["explain"]})
    assert said["verdict"] == "refuse"
    assert time.process_time() - started < 1
    assert len(json.dumps(said)) < 100_000


def test_an_answer_has_just_the_fields_that_are_promised(asker: Asker) -> None:
    said = ask(asker, GOOD)
    assert set(said) == {"verdict", "findings"}
    assert all(set(finding) == {"code", "severity", "subject", "message"} for finding in said["findings"])


def test_what_is_only_worth_knowing_ends_with_no_hollow_advice(asker: Asker) -> None:
    known = Finding.info("scope.is-below", "www.mon-domaine.fr", declared="mon-domaine.fr")
    (said,) = as_answer((known,), asker.catalogue)["findings"]
    assert said["message"].endswith("dans le DNS.")
    refusing = Finding.error("scope.above", "fr", declared="mon-domaine.fr")
    (said,) = as_answer((refusing,), asker.catalogue)["findings"]
    assert said["message"].endswith("déclarez le domaine.")


def test_the_asker_s_mark_is_given_back(asker: Asker) -> None:
    assert ask(asker, {**GOOD, "id": "n° 7"})["id"] == "n° 7"
    assert "id" not in ask(asker, {**GOOD, "id": ["7"]})


def test_no_finding_at_all_is_no_yes(asker: Asker) -> None:
    assert as_answer((), asker.catalogue)["verdict"] == "refuse"


def test_only_an_error_refuses(asker: Asker) -> None:
    assert as_answer((Finding.warning("scope.not-a-domain", "a"),), asker.catalogue)["verdict"] == "accept"


def test_a_defect_of_ours_is_a_refusal() -> None:
    def no_clock() -> datetime:
        raise RuntimeError("no clock")

    broken = new_asker(no_clock)
    said = ask(broken, {"explain": "key", "file": __file__})
    assert said["verdict"] == "refuse"
    assert codes(said) == {"explain.fault"}


def test_a_csr_is_judged_by_scope_and_by_what_it_carries(request_file: Path, asker: Asker) -> None:
    question = {"explain": "csr", "product": "SERV_SSL", "kind": "domain", "declared": "mon-domaine.fr"}
    inside = {**question, "names": ["www.mon-domaine.fr"], "file": str(request_file), "format": "pem"}
    assert ask(asker, inside)["verdict"] == "accept"
    assert ask(asker, {**inside, "names": ["mon-domaine.fr"]})["verdict"] == "refuse"
    both = ask(asker, {**inside, "names": ["evil.fr"]})
    assert codes(both) >= {"scope.outside", "csr.name-not-requested"}
    assert ask(asker, {**inside, "format": "der"})["verdict"] == "refuse"
    assert codes(ask(asker, {**inside, "format": "p12"})) >= {"explain.unknown-word"}


def test_a_csr_for_an_organisation_names_an_application(request_file: Path, asker: Asker) -> None:
    question = {"explain": "csr", "product": "ORG_AUTH_CLI", "names": ["DRIMbox"], "file": str(request_file)}
    assert "csr.name-not-requested" in codes(ask(asker, question))  # it carries a dNSName [T19]


def test_a_key_is_judged(key_file: Path, asker: Asker) -> None:
    assert ask(asker, {"explain": "key", "file": str(key_file)})["verdict"] == "accept"
    assert ask(asker, {"explain": "key", "file": __file__})["verdict"] == "refuse"


def test_a_file_that_is_too_large_or_a_pipe_is_refused(tmp_path: Path, asker: Asker) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"a" * ((1 << 20) + 1))
    assert codes(ask(asker, {"explain": "key", "file": str(large)})) == {"explain.file-too-large"}
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert codes(ask(asker, {"explain": "key", "file": str(pipe)})) == {"explain.not-a-plain-file"}


def test_identifiers_of_test_data_need_the_test_mode(asker: Asker) -> None:
    request = {"explain": "id", "type": "person", "value": "30B0057881/CPET0002"}
    lettered = new_asker(asker.at, IdentifierMode.TEST)
    assert ask(asker, request)["verdict"] == "refuse"
    assert ask(lettered, request)["verdict"] == "accept"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["scope", "--kind", "domain", "--declared", "mon-domaine.fr"], 0),
        (
            ["scope", "--kind", "mail", "--declared", "@mon-domaine.fr"],
            0,
        ),  # no flag is « false » [decision 5]
        (["scope", "--kind", "domain", "--declared", "asso.fr"], 1),
        (["name", "--product", "SERV_SSL", "--kind", "domain", "--declared", "a.fr", "www.a.fr", "a.fr"], 0),
        (["name", "--product", "SERV_SSL", "--kind", "domain", "--declared", "a.fr", "www.a.fr", "b.fr"], 1),
        (["name", "--product", "PRO_SIGN", "--kind", "mail", "--declared", "@a.fr", "x@b.a.fr"], 0),
        (
            [
                "name",
                "--product",
                "PRO_SIGN",
                "--kind",
                "mail",
                "--declared",
                "@a.fr",
                "--restricted",
                "x@b.a.fr",
            ],
            1,
        ),
        (["name", "--product", "ORG_SIGN", "INSI-AUTO"], 0),
        (["name", "--product", "NOTHING", "INSI-AUTO"], 1),
        (["name", "--product", "SERV_SSL", "www.a.fr"], 1),
        (["id", "siret", "35600000049837"], 0),
        (["id", "siret", "35600000049838"], 1),
        (["id", "postcode", "69001", "--commune", "LYON"], 0),
        (["--test-identifiers", "id", "person", "30B0057881/CPET0002"], 0),
        (["id", "--test-identifiers", "person", "30B0057881/CPET0002"], 0),
        (["key", "/nowhere/at/all"], 2),
        (["name", "--product", "SERV_SSL"], 2),
        (["scope", "--kind", "domain"], 2),
        (["scope", "--kind", "domain", "--declared", "a.fr", "--wild"], 2),
        (["nothing"], 2),
        ([], 2),
        (["--batch", "scope", "--kind", "domain", "--declared", "a.fr"], 2),
    ],
)
def test_one_question_exits_0_for_yes_1_for_no_and_2_for_misuse(arguments: list[str], code: int) -> None:
    done = run(*arguments)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    if code != 2:
        assert done.stdout.decode().startswith("OUI" if code == 0 else "NON")


@pytest.mark.parametrize("place", [["--json", "scope"], ["scope", "--json"]])
def test_one_question_is_answered_in_json_when_asked(place: list[str]) -> None:
    done = run(*place, "--kind", "domain", "--declared", "fr")
    assert done.returncode == 1
    assert json.loads(done.stdout)["verdict"] == "refuse"


def test_a_right_is_asked_by_a_file_or_by_standard_input(tmp_path: Path) -> None:
    question = {
        "product": "PS_SIGN",
        "card": {"type": "CPS", "status": "valid"},
        "channel": "ps-direct",
    }
    path = tmp_path / "right.json"
    path.write_text(json.dumps(question, indent=1))
    assert run("right", "--file", str(path)).returncode == 0
    assert run("right", lines=path.read_bytes()).returncode == 0
    assert run("right", lines=b"{").returncode == 1
    assert run("right", "--file", "/nowhere/at/all").returncode == 2


def test_a_question_of_names_does_not_wait_for_django_nor_for_cryptography() -> None:
    program = (
        "import sys\n"
        "from sceau.cli import main\n"
        "try:\n"
        "    main(['explain', 'scope', '--kind', 'domain', '--declared', 'a.fr'])\n"
        "except SystemExit as done:\n"
        "    print(sorted({'django', 'cryptography', 'pkilint'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().splitlines()[-1] == "[]"
