"""`sceau init` and `sceau crl` as an operator types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.custody import SignerFolder
from sceau.custody.software import SoftwareKeyStore
from sceau.status import CrlFacts, build_crl_tbs, crl_entry
from tests.integration.signer_kit import bare_environment
from tests.status_kit import Pki, make_pki, spki_of

PASSPHRASE = b"une phrase de six mots au moins"


def sceau(*arguments: str, passphrase: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run `sceau`, the passphrase (if any) on a descriptor of its own."""
    handed: tuple[int, ...] = ()
    if passphrase is not None:
        reading, writing = os.pipe()
        os.write(writing, passphrase + b"\n")
        os.close(writing)
        handed = (reading,)
        arguments = (*arguments, "--passphrase-fd", str(reading))
    done = subprocess.run(
        [sys.executable, "-m", "sceau.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env=bare_environment(),
        pass_fds=handed,
    )
    for descriptor in handed:
        os.close(descriptor)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("ceremony") / "data"
    addresses = ("--publication", "http://igc.example.fr", "--ocsp", "http://ocsp.example.fr")
    done = sceau(
        "init", "--data", str(data), "--environment", "test", *addresses, "--json", passphrase=PASSPHRASE
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["environment"] == "test"
    assert {one["code"] for one in said["issuers"]} >= {"root-el", "el-org", "el-pp", "fo-pp"}
    return data


def test_a_ceremony_leaves_encrypted_keys_and_no_passphrase(ceremony: Path) -> None:
    folder = SignerFolder(ceremony / "signer")
    assert not folder.passphrase.exists()
    assert (ceremony / "journal-head.key").stat().st_mode & 0o777 == 0o600
    key = SoftwareKeyStore(folder.keys, PASSPHRASE).open("el-org-g1")
    (held,) = [one for one in folder.held() if one.code == "el-org"]
    assert key.public_key == spki_of(held.certificate)
    for file in ceremony.rglob("*"):
        if file.is_file():
            assert PASSPHRASE not in file.read_bytes()


def test_the_addresses_given_are_those_in_the_certificates(ceremony: Path) -> None:
    certificate = x509.load_der_x509_certificate(
        (ceremony / "public" / "AC TEST" / "ACI-EL-ORG-TEST.cer").read_bytes()
    )
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert (points[0].full_name or [])[0].value == "http://igc.example.fr/CRL/ACR-EL-TEST.crl"


def test_an_instance_is_never_made_over_another(ceremony: Path) -> None:
    before = sorted((file, file.stat().st_mtime_ns) for file in ceremony.rglob("*"))
    for environment in ("test", "production"):
        done = sceau("init", "--data", str(ceremony), "--environment", environment, passphrase=PASSPHRASE)
        assert done.returncode == 1
        assert "init.exists" in done.stderr
    assert sceau("init", "--data", str(ceremony)).returncode == 1
    assert sorted((file, file.stat().st_mtime_ns) for file in ceremony.rglob("*")) == before


def test_without_a_terminal_or_a_passphrase_nothing_is_made(tmp_path: Path) -> None:
    done = sceau("init", "--data", str(tmp_path / "d"), "--environment", "production")
    assert done.returncode == 3
    assert "keys.no-terminal" in done.stderr
    assert not (tmp_path / "d").exists()
    done = sceau("init", "--data", str(tmp_path / "d"), "--environment", "production", passphrase=b"")
    assert done.returncode == 3
    assert "keys.no-passphrase" in done.stderr


def test_misuse_is_said_to_be_misuse(tmp_path: Path) -> None:
    assert sceau("init", "--data", str(tmp_path / "d"), "--environment", "preprod").returncode == 2
    assert sceau("init", "--data", str(tmp_path / "d"), "--passphrase", "secret").returncode == 2
    assert sceau("init", "--data", str(tmp_path / "d"), passphrase=PASSPHRASE).returncode == 2
    assert sceau("crl", "show", str(tmp_path / "nowhere.crl")).returncode == 2


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki(at=datetime.now(UTC))


@pytest.fixture
def crl(pki: Pki, tmp_path: Path) -> Path:
    at = datetime.now(UTC).replace(microsecond=0)
    facts = CrlFacts(41, at, at + timedelta(days=6))
    path = tmp_path / "list.crl"
    path.write_bytes(
        pki.sign(build_crl_tbs(facts, [crl_entry(5, at=at), crl_entry(6, at=at)], issuer=pki.identity))
    )
    return path


def test_a_list_is_shown_in_french_and_in_json(crl: Path) -> None:
    done = sceau("crl", "show", str(crl))
    assert done.returncode == 0
    assert "2 certificats révoqués" in done.stdout
    assert "périmée" not in done.stdout
    value = json.loads(sceau("crl", "show", str(crl), "--json").stdout)
    assert (value["number"], value["entries"], value["late"], value["signature_verified"]) == (
        41,
        2,
        False,
        None,
    )


def test_a_list_is_checked_with_its_authority_in_der_or_pem(pki: Pki, crl: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.cer", tmp_path / "wrong.pem"
    right.write_bytes(pki.issuing.certificate)
    root = x509.load_der_x509_certificate(pki.root.certificate)
    wrong.write_bytes(root.public_bytes(Encoding.PEM))
    assert "vérifiée" in sceau("crl", "show", str(crl), "--ca", str(right)).stdout
    done = sceau("crl", "show", str(crl), "--ca", str(wrong))
    assert done.returncode == 1
    assert "crl.signature" in done.stderr


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.crl"
    for content in (
        b"",
        b"x",
        b"-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n",
        b"\x30\x03\x02\x01\x01",
    ):
        path.write_bytes(content)
        done = sceau("crl", "show", str(path))
        assert done.returncode == 1
        assert "crl.malformed" in done.stderr
