"""Lists, answers and responders as relying parties' programs see them: OpenSSL, GnuTLS, curl, pkilint."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.catalogue import load_catalogue
from sceau.publication import FolderShelf, OcspService, build_app
from sceau.status import (
    GOOD,
    CrlCalendar,
    SerialStatus,
    Standing,
    build_crl_tbs,
    crl_entry,
    issuer_identity,
    next_crl,
    signed_der,
)
from tests.status_kit import MemorySource, Pki, TestResponder, leaf, make_pki, make_responder

AT = datetime.now(UTC).replace(microsecond=0)
GOOD_SERIAL, REVOKED_SERIAL, UNKNOWN_SERIAL = 0x1120AB, 0x80FFEE01, 0x7777
KEY_COMPROMISE = 1


@dataclass(frozen=True)
class Files:
    """A small authority's files as a relying party has them, and the address of its OCSP."""

    pki: Pki
    folder: Path
    url: str

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module", params=["rsa:3072", "ec:P-256", "ec:P-384"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    kind = str(request.param)
    pki = make_pki(kind=kind, at=AT - timedelta(days=1))
    folder = tmp_path_factory.mktemp("status")
    write(folder, pki)
    source = MemorySource()
    source.statuses["el-org", 1, GOOD_SERIAL] = GOOD
    revoked = SerialStatus(Standing.REVOKED, AT - timedelta(hours=1), KEY_COMPROMISE)
    source.statuses["el-org", 1, REVOKED_SERIAL] = revoked
    responder = make_responder(pki, at=AT, kind="rsa:2048" if kind.startswith("rsa") else "ec:P-256")
    with served(folder / "public", pki, source, responder) as url:
        yield Files(pki, folder, url)


def write(folder: Path, pki: Pki) -> None:
    for name, der in (
        ("root", pki.root.certificate),
        ("ca", pki.issuing.certificate),
        ("good", leaf(pki, GOOD_SERIAL, at=AT)),
        ("revoked", leaf(pki, REVOKED_SERIAL, at=AT)),
        ("unknown", leaf(pki, UNKNOWN_SERIAL, at=AT)),
    ):
        (folder / f"{name}.pem").write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    chain = (folder / "ca.pem").read_bytes() + (folder / "root.pem").read_bytes()
    (folder / "chain.pem").write_bytes(chain)
    calendar = CrlCalendar.of(load_catalogue().calendar)
    facts = next_crl(None, at=AT, calendar=calendar)
    entry = crl_entry(REVOKED_SERIAL, at=AT - timedelta(hours=1), reason=KEY_COMPROMISE)
    other = crl_entry(0x55, at=AT - timedelta(days=400), reason=4)
    crl = pki.sign(build_crl_tbs(facts, [entry, other], issuer=pki.identity))
    root = issuer_identity("root-el", 1, pki.root.certificate)
    root_tbs = build_crl_tbs(facts, [], issuer=root)
    root_crl = signed_der(root_tbs, pki.root.key.sign(root_tbs))
    public = folder / "public" / "CRL"
    public.mkdir(parents=True)
    (public / "ACI-EL-ORG-DEV.crl").write_bytes(crl)
    pems = b""
    for name, der in (("ca", crl), ("root", root_crl)):
        (folder / f"{name}.crl").write_bytes(der)
        pem = x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
        (folder / f"{name}.crl.pem").write_bytes(pem)
        pems += pem
    (folder / "crls.pem").write_bytes(pems)


class served:  # noqa: N801 - reads as a statement
    """The public server on a free port of the loopback, for the length of a `with`."""

    def __init__(self, public: Path, pki: Pki, source: MemorySource, responder: TestResponder) -> None:
        service = OcspService([pki.identity], source, lambda code, generation: responder, timedelta(hours=12))
        app = build_app(FolderShelf(public), ocsp=service)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, http="httptools", ws="none", log_level="warning"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)

    def __enter__(self) -> str:
        self.thread.start()
        patience = time.monotonic() + 10
        while not self.server.started and time.monotonic() < patience:
            time.sleep(0.01)
        (port,) = {sock.getsockname()[1] for one in self.server.servers for sock in one.sockets}
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *error: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)


def run(*command: str) -> tuple[int, str]:
    """Exit code and everything said. A tool that is not on this machine skips the test and is named."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def lint(tool: str, *arguments: str) -> tuple[int, str]:
    return run(str(Path(sys.executable).parent / tool), "lint", *arguments)


def test_openssl_reads_the_list_and_checks_its_signature(files: Files) -> None:
    code, said = run(
        "openssl",
        "crl",
        "-in",
        files["ca.crl"],
        "-inform",
        "DER",
        "-noout",
        "-text",
        "-CAfile",
        files["chain.pem"],
    )
    assert code == 0
    assert "verify OK" in said
    assert f"{REVOKED_SERIAL:X}" in said
    assert "Key Compromise" in said
    assert "X509v3 CRL Number" in said
    assert said.count("Serial Number") == 2
    assert "Superseded" not in said


def verify(files: Files, name: str) -> tuple[int, str]:
    return run(
        "openssl",
        *(
            "verify",
            "-CAfile",
            files["root.pem"],
            "-untrusted",
            files["ca.pem"],
            "-CRLfile",
            files["crls.pem"],
        ),
        *("-crl_check_all", "-x509_strict", files[f"{name}.pem"]),
    )


def test_openssl_verify_accepts_the_good_and_refuses_the_revoked(files: Files) -> None:
    code, said = verify(files, "good")
    assert code == 0, said
    code, said = verify(files, "revoked")
    assert code != 0
    assert "certificate revoked" in said


def test_gnutls_checks_the_list(files: Files) -> None:
    code, said = run(
        "certtool", "--verify-crl", "--load-ca-certificate", files["ca.pem"], "--infile", files["ca.crl.pem"]
    )
    assert code == 0, said
    assert "Verified" in said


@pytest.mark.parametrize(
    ("name", "wanted"), [("good", "Chain verification output: Verified"), ("revoked", "revoked")]
)
def test_gnutls_verifies_a_chain_with_the_lists(files: Files, tmp_path: Path, name: str, wanted: str) -> None:
    chain = tmp_path / "whole.pem"
    chain.write_bytes(Path(files[f"{name}.pem"]).read_bytes() + Path(files["chain.pem"]).read_bytes())
    code, said = run(
        "certtool",
        *("--verify", "--load-ca-certificate", files["root.pem"], "--infile", str(chain)),
        *("--load-crl", files["crls.pem"]),
    )
    assert wanted in said
    assert (code == 0) == (name == "good")


@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
@pytest.mark.parametrize("nonce", ["-nonce", "-no_nonce"])
@pytest.mark.parametrize("name", ["good", "revoked", "unknown"])
def test_openssl_ocsp_is_satisfied(files: Files, digest: str, nonce: str, name: str) -> None:
    code, said = run(
        "openssl",
        *("ocsp", digest, "-issuer", files["ca.pem"], "-cert", files[f"{name}.pem"], "-url", files.url),
        *("-CAfile", files["chain.pem"], nonce),
    )
    assert code == 0, said
    assert "Response verify OK" in said
    assert f"{name}.pem: {name}" in said
    assert "WARNING" not in said
    if name == "revoked":
        assert "Reason: keyCompromise" in said


def test_openssl_ocsp_gets_several_answers_to_one_question(files: Files) -> None:
    asked = [part for name in ("good", "revoked", "unknown") for part in ("-cert", files[f"{name}.pem"])]
    code, said = run(
        "openssl",
        *(
            "ocsp",
            "-issuer",
            files["ca.pem"],
            *asked,
            "-url",
            files.url + "/ocsp",
            "-CAfile",
            files["chain.pem"],
        ),
    )
    assert code == 0, said
    for name in ("good", "revoked", "unknown"):
        assert f"{name}.pem: {name}" in said


@pytest.mark.parametrize(("name", "wanted"), [("good", "good"), ("revoked", "revoked")])
def test_gnutls_ocsptool_is_satisfied(files: Files, name: str, wanted: str) -> None:
    _, said = run(
        "ocsptool",
        *(f"--ask={files.url}", "--load-cert", files[f"{name}.pem"], "--load-issuer", files["ca.pem"]),
        *("--load-trust", files["ca.pem"], "--nonce"),
    )
    assert f"Certificate Status: {wanted}" in said
    assert "Verifying OCSP Response: Success" in said


def test_curl_gets_the_list_as_it_was_signed(files: Files, tmp_path: Path) -> None:
    fetched = tmp_path / "fetched.crl"
    url = f"{files.url}/CRL/ACI-EL-ORG-DEV.crl"
    code, said = run("curl", "-sS", "-w", "%{http_code} %{content_type}", "-o", str(fetched), url)
    assert (code, said) == (0, "200 application/pkix-crl")
    assert fetched.read_bytes() == Path(files["ca.crl"]).read_bytes()
    code, said = run("curl", "-sS", "--path-as-is", f"{files.url}/CRL/../../root.pem")
    assert "Il n'y a rien à cette adresse" in said


def test_pkilint_has_nothing_to_say_of_the_lists(files: Files) -> None:
    for name in ("ca.crl", "root.crl"):
        code, said = lint("lint_crl", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", files[name])
        assert (code, said.strip()) == (0, "")


@pytest.mark.parametrize("name", ["good", "revoked", "unknown"])
def test_pkilint_has_nothing_to_say_of_the_answers(files: Files, tmp_path: Path, name: str) -> None:
    answer = tmp_path / "answer.der"
    code, said = run(
        "openssl",
        *("ocsp", "-issuer", files["ca.pem"], "-cert", files[f"{name}.pem"], "-url", files.url),
        *("-CAfile", files["chain.pem"], "-respout", str(answer)),
    )
    assert code == 0, said
    code, said = lint("lint_ocsp_response", "-s", "WARNING", str(answer))
    assert (code, said.strip()) == (0, "")


def test_pkilint_and_openssl_have_nothing_to_say_of_a_responder(files: Files, tmp_path: Path) -> None:
    responder = tmp_path / "responder.pem"
    der = make_responder(files.pki, at=AT).certificate
    responder.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    code, said = lint("lint_pkix_cert", "-s", "WARNING", str(responder))
    assert (code, said.strip()) == (0, "")
    code, said = run(
        "openssl",
        *("verify", "-purpose", "ocsphelper", "-x509_strict", "-CAfile", files["root.pem"]),
        *("-untrusted", files["ca.pem"], str(responder)),
    )
    assert code == 0, said


@pytest.mark.parametrize("where", ["production", "test", "development"])
def test_pkilint_has_nothing_to_say_of_the_authorities(tmp_path: Path, where: str) -> None:
    """But for the one label of `localhost`, which a development instance has to publish on."""
    pki = make_pki(kind="rsa:3072", at=AT, where=where)
    for der in (pki.root.certificate, pki.issuing.certificate):
        file = tmp_path / "authority.pem"
        file.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
        _, said = lint("lint_pkix_cert", "-s", "WARNING", str(file))
        found = [line.strip() for line in said.splitlines() if line.startswith("    ")]
        excused = 'pkix.invalid_uri_syntax (ERROR): Invalid URI syntax: "http://localhost:'
        assert [line for line in found if where != "development" or not line.startswith(excused)] == []
