"""Mail signed and encrypted with our certificates, by OpenSSL, read and answered by NSS and gpgsm.

What a program cannot do with any certificate is not asked of it: Debian 12's NSS and gpgsm do not encrypt to
a key on a curve (docs/conformance.md says what each answers).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from tests.authority import PRODUCTS
from tests.conformance.relying_kit import ISSUER_KINDS, Issued, World
from tests.conformance.relying_parties import Stand, run

MESSAGE = b"Bonjour,\r\nle compte rendu est joint.\r\n"
SIGNING = ("ORG_SIGN", "PRO_SIGN", "PS_SIGN", "SERV_SIGN", "SERV_S/MIME")
ENCRYPTING = ("ORG_CONF", "PRO_CONF", "PS_CONF", "SERV_CONF", "SERV_S/MIME")
POLICY = "1.2.250.1.213.1.7.2.1.1.1.1"


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@dataclass(frozen=True)
class Desk:
    """Files of one exchange, and the programs' own stores beside them."""

    folder: Path
    world: World

    def message(self) -> Path:
        path = self.folder / "message.txt"
        path.write_bytes(MESSAGE)
        return path

    def sign(self, one: Issued, *, with_message: bool) -> Path:
        signed = self.folder / "signed.der"
        digest = "sha384" if one.subscriber == "ec:P-384" else "sha256"  # gpgsm wants the hash of the curve
        code, said = run(
            *("openssl", "cms", "-sign", "-binary", "-md", digest, "-outform", "DER", "-out", signed),
            *(("-nodetach",) if with_message else ()),
            *("-signer", one.leaf, "-inkey", one.key, "-certfile", one.issuing, "-in", self.message()),
        )
        assert code == 0, said
        return signed

    def openssl_verifies(self, signed: Path, content: Path) -> tuple[bool, str]:
        anchors = self.folder / "anchors.pem"
        root = self.world.folder / "root.pem"
        anchors.write_bytes(root.read_bytes() + (self.world.folder / "crls.pem").read_bytes())
        code, said = run(
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signed, "-content", content),
            *("-CAfile", anchors, "-crl_check_all", "-purpose", "smimesign", "-out", "/dev/null"),
        )
        return code == 0, said

    def openssl_decrypts(self, one: Issued, encrypted: Path) -> bytes:
        opened = self.folder / "opened.txt"
        code, said = run(
            *("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", encrypted, "-out", opened),
            *("-recip", one.leaf, "-inkey", one.key),
        )
        assert code == 0, said
        return opened.read_bytes()

    def nss(self, *imported: Issued) -> str:
        """An NSS database that trusts the root, has the lists, and holds these certificates and keys."""
        folder = self.folder / "nss"
        folder.mkdir()
        base = f"sql:{folder}"
        run("certutil", "-N", "-d", base, "--empty-password")
        for code, trust in (("root", "CT,C,C"), ("el-org", ",,"), ("el-pp", ",,")):
            run(
                "certutil", "-A", "-d", base, "-n", code, "-t", trust, "-i", self.world.folder / f"{code}.pem"
            )
        for code in self.world.lists:
            got, said = run("crlutil", "-I", "-d", base, "-t", "1", "-i", self.world.folder / f"{code}.crl")
            assert got == 0, said
        for one in imported:
            bag = self.folder / "own.p12"
            pbe = ("-certpbe", "AES-256-CBC", "-keypbe", "AES-256-CBC")
            own = ("-in", one.leaf, "-inkey", one.key, "-name", "own", "-passout", "pass:x", "-out", bag)
            run("openssl", "pkcs12", "-export", *pbe, *own)
            got, said = run("pk12util", "-d", base, "-i", bag, "-W", "x", "-K", "")
            assert got == 0, said
        return base

    def gpgsm(self) -> tuple[str, ...]:
        """gpgsm with a home of its own: the root trusted, our policy allowed."""
        home = self.folder / "g"
        home.mkdir(mode=0o700)
        root = self.world.issued["PS_SIGN", self.kinds[0], "good"].root
        fingerprint = run("openssl", "x509", "-in", root, "-noout", "-fingerprint", "-sha1")[1]
        (home / "trustlist.txt").write_text(fingerprint.split("=")[1].strip().replace(":", "") + " S relax\n")
        (home / "policies.txt").write_text(f"{POLICY}\n")
        command = ("gpgsm", "--homedir", str(home), "--batch", "--disable-dirmngr", "--disable-crl-checks")
        for code in ("root", "el-org", "el-pp"):
            got, said = run(*command, "--import", self.world.folder / f"{code}.pem")
            assert got == 0, said
        return command

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple({one.subscriber: None for one in self.world.issued.values()})


@pytest.fixture(params=ISSUER_KINDS)
def desk(request: pytest.FixtureRequest, stand: Stand, tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path, stand.world(str(request.param)))
    if (tmp_path / "g").exists():  # gpgsm leaves an agent behind
        run("gpgconf", "--homedir", tmp_path / "g", "--kill", "gpg-agent")


@pytest.mark.parametrize("product", SIGNING)
def test_openssl_verifies_what_it_signed(desk: Desk, product: str) -> None:
    for one in desk.world.each(product, "good"):
        signed = desk.sign(one, with_message=False)
        accepted, said = desk.openssl_verifies(signed, desk.message())
        assert accepted, said
        altered = desk.folder / "altered.txt"
        altered.write_bytes(MESSAGE.replace(b"joint", b"faux!"))
        assert not desk.openssl_verifies(signed, altered)[0]


@pytest.mark.parametrize("product", SIGNING)
@pytest.mark.parametrize(("state", "why"), [("revoked", "certificate revoked"), ("expired", "has expired")])
def test_openssl_refuses_a_signer_no_longer_good(desk: Desk, product: str, state: str, why: str) -> None:
    for one in desk.world.each(product, state):
        accepted, said = desk.openssl_verifies(desk.sign(one, with_message=False), desk.message())
        assert not accepted
        assert why in said


@pytest.mark.parametrize("product", ["SERV_SSL", "PS_AUTH", "PRO_CONF"])
def test_openssl_refuses_a_signer_made_for_something_else(desk: Desk, product: str) -> None:
    for one in desk.world.each(product, "good"):
        accepted, said = desk.openssl_verifies(desk.sign(one, with_message=False), desk.message())
        assert not accepted
        assert "purpose" in said


@pytest.mark.parametrize("product", SIGNING)
def test_nss_verifies_and_refuses_the_revoked(desk: Desk, product: str) -> None:
    need("cmsutil", "crlutil", "certutil")
    base = desk.nss()
    for state, status in (("good", "GoodSignature"), ("revoked", "SigningCertNotTrusted")):
        for one in desk.world.each(product, state):
            signed = desk.sign(one, with_message=True)
            _, said = run("cmsutil", "-D", "-d", base, "-h", "1", "-i", signed)
            assert f"signer0.status={status}" in said.replace(" ", "").replace("\t", ""), said


@pytest.mark.parametrize("product", SIGNING)
def test_gpgsm_verifies(desk: Desk, product: str) -> None:
    """Without lists: gpgsm reads them through a daemon of its own, which is left out."""
    need("gpgsm")
    command = desk.gpgsm()
    for one in desk.world.each(product, "good"):
        signed = desk.sign(one, with_message=False)
        code, said = run(*command, "--verify", signed, desk.message())
        assert code == 0, said
        assert "Good signature from" in said
        code, said = run(*command, "--verify", desk.sign(one, with_message=False), one.leaf)
        assert "Good signature" not in said


@pytest.mark.parametrize("product", ENCRYPTING)
def test_openssl_encrypts_and_only_the_holder_reads(desk: Desk, product: str) -> None:
    for one in desk.world.each(product, "good"):
        encrypted = encrypt(desk, one)
        assert desk.openssl_decrypts(one, encrypted) == MESSAGE
        assert MESSAGE not in encrypted.read_bytes()


def encrypt(desk: Desk, one: Issued) -> Path:
    encrypted = desk.folder / "encrypted.der"
    code, said = run(
        *("openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform", "DER", "-out", encrypted),
        *("-in", desk.message(), one.leaf),
    )
    assert code == 0, said
    return encrypted


def rsa_of(desk: Desk, product: str) -> Issued:
    (first, *_) = [one for one in desk.world.each(product, "good") if one.subscriber.startswith("rsa")]
    return first


@pytest.mark.parametrize("product", ENCRYPTING)
def test_nss_decrypts_and_encrypts(desk: Desk, product: str) -> None:
    need("cmsutil", "pk12util", "certutil")
    one = rsa_of(desk, product)
    base = desk.nss(one)
    opened, answer = desk.folder / "nss.txt", desk.folder / "nss.der"
    code, said = run("cmsutil", "-D", "-d", base, "-i", encrypt(desk, one), "-o", opened)
    assert (code, opened.read_bytes()) == (0, MESSAGE), said
    code, said = run("cmsutil", "-E", "-d", base, "-r", "own", "-i", desk.message(), "-o", answer)
    assert code == 0, said
    assert desk.openssl_decrypts(one, answer) == MESSAGE


@pytest.mark.parametrize("product", ENCRYPTING)
def test_gpgsm_encrypts_to_an_rsa_key(desk: Desk, product: str) -> None:
    need("gpgsm")
    command = desk.gpgsm()
    one = rsa_of(desk, product)
    run(*command, "--import", one.leaf)
    recipient = one.certificate.fingerprint(hashes.SHA1()).hex().upper()
    answer = desk.folder / "gpgsm.der"
    code, said = run(*command, "-r", recipient, "-e", "-o", answer, desk.message())
    assert code == 0, said
    assert desk.openssl_decrypts(one, answer) == MESSAGE


def test_every_mail_product_is_here(desk: Desk) -> None:
    mail = {one.product for one in desk.world.issued.values() if {"sign", "encrypt"} & set(one.uses)}
    assert mail == {*SIGNING, *ENCRYPTING}
    assert mail < set(PRODUCTS)
