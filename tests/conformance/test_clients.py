"""What others say of what we issue: OpenSSL and GnuTLS verify it, the linter has nothing to add once it is
signed.
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.certification import lint, sign
from tests.authority import AT, PRODUCTS, MemorySigner, TestAuthority, draft_for, private_key

KINDS = [(issuer, subject) for issuer in ("rsa:2048", "ec:P-384") for subject in ("rsa:2048", "ec:P-256")]
PURPOSES = {
    "SERV_SSL": "sslserver",
    "ORG_AUTH_CLI": "sslclient",
    "SERV_S/MIME": "smimesign",
    "PS_AUTH": "sslclient",
}


def issued(
    product: str, issuer_kind: str, key_kind: str, environment: str, at: datetime = AT
) -> tuple[bytes, TestAuthority]:
    key = private_key(key_kind, "subscriber")
    draft, issuer = draft_for(product, environment=environment, kind=issuer_kind, key=key, at=at)
    return sign(draft, MemorySigner([issuer]), issuer.facts), issuer


def written(folder: Path, certificate: bytes, issuer: TestAuthority) -> list[Path]:
    files = []
    for name, read in (
        ("leaf", x509.load_der_x509_certificate(certificate)),
        ("issuer", issuer.certificate),
        ("root", issuer.root),
    ):
        files.append(folder / f"{name}.pem")
        files[-1].write_bytes(read.public_bytes(Encoding.PEM))
    return files


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("issuer_kind", "key_kind"), KINDS)
@pytest.mark.parametrize("product", PRODUCTS)
def test_openssl_verifies_strictly(product: str, issuer_kind: str, key_kind: str, tmp_path: Path) -> None:
    certificate, issuer = issued(product, issuer_kind, key_kind, "production")
    leaf, issuing, root = written(tmp_path, certificate, issuer)
    at = str(int(x509.load_der_x509_certificate(certificate).not_valid_before_utc.timestamp()) + 60)
    purpose = ["-purpose", PURPOSES[product]] if product in PURPOSES else []
    result = run(
        "openssl",
        "verify",
        "-x509_strict",
        "-attime",
        at,
        *purpose,
        "-CAfile",
        root,
        "-untrusted",
        issuing,
        leaf,
    )
    assert result.stdout.strip().endswith(": OK"), result.stdout + result.stderr


@pytest.mark.skipif(shutil.which("certtool") is None, reason="GnuTLS's certtool is not installed here")
@pytest.mark.parametrize("product", PRODUCTS)
def test_gnutls_reads_and_verifies(product: str, tmp_path: Path) -> None:
    """Debian's certtool verifies for now only, so this certificate is made now."""
    certificate, issuer = issued(
        product, "rsa:2048", "ec:P-256", "test", datetime.now(UTC) - timedelta(minutes=5)
    )
    leaf, issuing, root = written(tmp_path, certificate, issuer)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(leaf.read_bytes() + issuing.read_bytes())
    result = run("certtool", "--verify", "--load-ca-certificate", root, "--infile", chain)
    assert "Verified. The certificate is trusted" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize("product", PRODUCTS)
def test_openssl_reads_back_what_it_would_write(product: str, tmp_path: Path) -> None:
    """Parsed and written again, not an octet moves: the encoding is the one of DER for another library
    too.
    """
    certificate, issuer = issued(product, "ec:P-384", "ec:P-256", "test")
    leaf, _, _ = written(tmp_path, certificate, issuer)
    assert run("openssl", "x509", "-in", leaf, "-outform", "DER", "-out", tmp_path / "again").returncode == 0
    assert (tmp_path / "again").read_bytes() == certificate


@pytest.mark.parametrize("product", PRODUCTS)
def test_g08_the_linter_says_the_same_of_the_signed_certificate(product: str) -> None:
    draft, issuer = draft_for(product, environment="production")
    certificate = sign(draft, MemorySigner([issuer]), issuer.facts)
    remarks = lint._findings(certificate)
    assert not [one for one in remarks if one.refuses]
    assert {one.code for one in remarks} == set(draft.lint.remarks)
