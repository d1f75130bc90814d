"""Deltas and partitions as relying parties' programs see them: OpenSSL, GnuTLS, NSS, Java, pkilint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.custody.authorities import sign_with
from sceau.status import CrlFacts, CrlForm, build_crl_tbs, crl_entry, issuer_identity, signed_der
from tests.conformance.test_status_clients import lint, run
from tests.status_kit import Pki, make_pki, usage

AT = datetime.now(UTC).replace(microsecond=0)
STEM = "http://pki.example/CRL/ACI-EL-ORG-DEV"
GOOD, OLD, NEW, ELSEWHERE = 0x1120AB, 0x80FFEE01, 0x80FFEE02, 0x80FFEE03
PARTED = {GOOD: 2, OLD: 2, NEW: 2, ELSEWHERE: 1}
_WHOLE = f"{STEM}.crl"


@dataclass(frozen=True)
class Shelf:
    """Certificates and lists as files, PEM and DER."""

    folder: Path
    pki: Pki

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    def together(self, *names: str) -> str:
        """The lists of these names in one file, the root's with them."""
        path = self.folder / f"{'+'.join(names)}.pem"
        path.write_bytes(b"".join((self.folder / f"{one}.crl.pem").read_bytes() for one in ("root", *names)))
        return str(path)


@pytest.fixture(scope="module", params=["rsa:3072", "ec:P-256"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    pki = make_pki(kind=str(request.param), at=AT - timedelta(days=1), where="production")
    folder = tmp_path_factory.mktemp("lists")
    for name, der in (
        ("root", pki.root.certificate),
        ("ca", pki.issuing.certificate),
        *((f"{serial:X}", subscriber(pki, serial, PARTED[serial])) for serial in PARTED),
        *((f"whole-{serial:X}", subscriber(pki, serial, None)) for serial in PARTED),
    ):
        (folder / f"{name}.pem").write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    for name, der in lists(pki).items():
        (folder / f"{name}.crl").write_bytes(der)
        (folder / f"{name}.crl.pem").write_bytes(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM))
    return Shelf(folder, pki)


def lists(pki: Pki) -> dict[str, bytes]:
    """Complete lists that hold `OLD`, and deltas that add `NEW`, of the whole and of two partitions."""
    root = issuer_identity("root-el", 1, pki.root.certificate)
    facts = CrlFacts(9, AT - timedelta(hours=3), AT + timedelta(days=6))
    tbs = build_crl_tbs(facts, [], issuer=root)
    made = {"root": signed_der(tbs, pki.root.key.sign(tbs))}
    old, new = crl_entry(OLD, at=AT - timedelta(days=1)), crl_entry(NEW, at=AT - timedelta(hours=1), reason=1)
    elsewhere = crl_entry(ELSEWHERE, at=AT - timedelta(days=1))
    held = {None: [old, elsewhere], 1: [elsewhere], 2: [old]}
    for number, (part, entries) in enumerate(held.items(), 10):
        stem = STEM + ("" if part is None else f"-P{part}")
        name = "whole" if part is None else f"p{part}"
        address = "" if part is None else f"{stem}.crl"
        complete = CrlForm(partition=address, freshest=f"{stem}-DELTA.crl")
        made[name] = pki.sign(
            build_crl_tbs(
                CrlFacts(number, AT - timedelta(hours=2), AT + timedelta(days=6)),
                entries,
                issuer=pki.identity,
                form=complete,
            )
        )
        made[f"{name}-delta"] = pki.sign(
            build_crl_tbs(
                CrlFacts(number + 10, AT - timedelta(minutes=5), AT + timedelta(days=1)),
                [] if part == 1 else [new],
                issuer=pki.identity,
                form=CrlForm(partition=address, base=number),
            )
        )
    return made


def subscriber(pki: Pki, serial: int, partition: int | None) -> bytes:
    stem = STEM + ("" if partition is None else f"-P{partition}")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"titulaire {serial:X}")]))
        .issuer_name(pki.certificate.subject)
        .serial_number(serial)
        .not_valid_before(AT - timedelta(hours=5))
        .not_valid_after(AT + timedelta(days=365))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(usage(digital_signature=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(pki.identity.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLDistributionPoints([point(f"{stem}.crl")]), critical=False)
        .add_extension(x509.FreshestCRL([point(f"{stem}-DELTA.crl")]), critical=False)
    )
    return sign_with(builder, pki.issuing.key)


def point(address: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)


NAMES = ("whole", "p1", "p2", "whole-delta", "p1-delta", "p2-delta")


def openssl(shelf: Shelf, certificate: str, *names: str, deltas: bool = False) -> tuple[int, str]:
    return run(
        *("openssl", "verify", "-CAfile", shelf["root.pem"], "-untrusted", shelf["ca.pem"]),
        *("-CRLfile", shelf.together(*names), "-crl_check_all", "-x509_strict"),
        *(("-use_deltas", "-extended_crl") if deltas else ()),
        shelf[f"{certificate}.pem"],
    )


@pytest.mark.parametrize("name", NAMES)
def test_openssl_checks_the_signature_of_each_kind(shelf: Shelf, name: str) -> None:
    code, said = run(
        *("openssl", "crl", "-in", shelf[f"{name}.crl"], "-inform", "DER", "-noout", "-text"),
        *("-verify", "-CAfile", shelf["ca.pem"]),
    )
    assert code == 0
    assert "verify OK" in said
    assert ("X509v3 Delta CRL Indicator: critical" in said) == ("delta" in name)
    assert ("X509v3 Issuing Distribution Point: critical" in said) == name.startswith("p")
    assert ("Freshest CRL" in said) == ("delta" not in name)


@pytest.mark.parametrize(("prefix", "base"), [("", "p2"), ("whole-", "whole")])
def test_openssl_finds_what_a_delta_adds_with_the_delta_and_not_without(
    shelf: Shelf, prefix: str, base: str
) -> None:
    for serial, with_base, with_delta in ((GOOD, True, True), (OLD, False, False), (NEW, True, False)):
        name = f"{prefix}{serial:X}"
        code, said = openssl(shelf, name, base)
        assert (code == 0) == with_base, said
        code, said = openssl(shelf, name, base, f"{base}-delta", deltas=True)
        assert (code == 0) == with_delta, said
        assert with_delta or "certificate revoked" in said


def test_openssl_takes_no_other_partition_s_list_for_a_certificate_s_own(shelf: Shelf) -> None:
    code, said = openssl(shelf, f"{OLD:X}", "p1")
    assert code != 0
    assert "certificate revoked" not in said
    code, said = openssl(shelf, f"{GOOD:X}", "p1")
    assert code != 0


def test_openssl_takes_the_whole_list_for_a_certificate_of_a_partition(shelf: Shelf) -> None:
    assert openssl(shelf, f"{GOOD:X}", "whole")[0] == 0
    assert "certificate revoked" in openssl(shelf, f"{OLD:X}", "whole")[1]


def test_openssl_does_not_add_a_partition_s_delta_to_the_whole_list(shelf: Shelf) -> None:
    code, said = openssl(shelf, f"{NEW:X}", "whole", "p2-delta", deltas=True)
    assert code == 0, said  # the delta is of another scope: as if there were none


@pytest.mark.parametrize("name", NAMES)
def test_gnutls_checks_the_signature_of_each_kind(shelf: Shelf, name: str) -> None:
    code, said = run(
        *("certtool", "--verify-crl", "--load-ca-certificate", shelf["ca.pem"]),
        *("--infile", shelf[f"{name}.crl.pem"]),
    )
    assert code == 0, said
    assert "Verified" in said


@pytest.mark.parametrize(("serial", "is_good"), [(GOOD, True), (OLD, False)])
def test_gnutls_verifies_with_a_partition_s_list(shelf: Shelf, serial: int, is_good: bool) -> None:
    chain = Path(shelf[f"chain-{serial:X}.pem"])
    chain.write_bytes(
        b"".join(Path(shelf[f"{one}.pem"]).read_bytes() for one in (f"{serial:X}", "ca", "root"))
    )
    code, said = run(
        *("certtool", "--verify", "--load-ca-certificate", shelf["root.pem"], "--infile", str(chain)),
        *("--load-crl", shelf.together("p2")),
    )
    assert (code == 0) == is_good, said
    assert is_good or "revoked" in said


@pytest.mark.parametrize("name", NAMES)
def test_nss_keeps_whole_lists_and_says_of_the_others_that_it_cannot_read_them(
    shelf: Shelf, tmp_path: Path, name: str
) -> None:
    """NSS knows no critical extension of a list: the reason why the whole list goes on being published."""
    base = f"sql:{tmp_path}"
    assert run("certutil", "-N", "-d", base, "--empty-password")[0] == 0
    for alias in ("root", "ca"):
        code, said = run(
            *("certutil", "-A", "-d", base, "-n", alias, "-t", "C,C,C", "-a", "-i", shelf[f"{alias}.pem"])
        )
        assert code == 0, said
    code, said = run("crlutil", "-I", "-d", base, "-i", shelf[f"{name}.crl"], "-t", "1")
    assert (code == 0) == (name == "whole"), said


def java(shelf: Shelf, certificate: str, *names: str) -> str:
    program = str(Path(__file__).with_name("Lists.java"))
    files = [shelf[f"{one}.pem"] for one in ("root", "ca", certificate)]
    code, said = run("java", program, *files, *(shelf[f"{one}.crl"] for one in ("root", *names)))
    assert code == 0, said
    return said.strip()


def test_java_verifies_with_the_list_of_a_partition_or_the_whole_and_with_no_other(shelf: Shelf) -> None:
    assert java(shelf, f"{GOOD:X}", "p2") == "valid"
    assert java(shelf, f"{OLD:X}", "p2") == "REVOKED"
    assert java(shelf, f"{OLD:X}", "whole") == "REVOKED"
    assert java(shelf, f"{GOOD:X}", "p1") == "UNDETERMINED_REVOCATION_STATUS"


def test_java_is_not_misled_by_a_delta_it_has_no_use_for(shelf: Shelf) -> None:
    """Java's own PKIX reads no delta: alone it is no list, beside its complete list it changes nothing."""
    assert java(shelf, f"{GOOD:X}", "p2-delta") == "UNDETERMINED_REVOCATION_STATUS"
    assert java(shelf, f"{OLD:X}", "p2", "p2-delta") == "REVOKED"
    assert java(shelf, f"{GOOD:X}", "p2", "p2-delta") == "valid"


@pytest.mark.parametrize("name", NAMES)
def test_pkilint_has_nothing_to_say_of_any_kind(shelf: Shelf, name: str) -> None:
    code, said = lint("lint_crl", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", shelf[f"{name}.crl"])
    assert (code, said.strip()) == (0, "")
