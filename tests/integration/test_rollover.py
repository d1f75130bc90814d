"""A new key for an issuer as normal life: which generation signs, and what becomes of the old one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from sceau.certification import choose_issuer
from sceau.operations import issue_certificate, publish_crls, revoke_certificate
from sceau.records import CertificateFile
from sceau.vocabulary import Refused
from tests.authority import OneByOne, TestAuthority, authority, signed
from tests.instance import ADMINISTRATOR, KIND, NOON, Instance, accepted, offer, server_request

BEGINS, RELAY = NOON - timedelta(days=30), NOON + timedelta(days=10)
FIRST = authority("el-org", kind=KIND, begins=BEGINS, ends=NOON + timedelta(days=500))
SECOND = authority("el-org", kind=KIND, begins=BEGINS, ends=NOON + timedelta(days=3000), generation=2)


@dataclass
class BothKeys(OneByOne):
    """A memory signer that holds two generations."""

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        assert (kind, issuer) in {("certificate", "el-org"), ("crl", "el-org")}
        return signed(tbs, {1: FIRST, 2: SECOND}[generation].key)


@pytest.fixture
def relayed(instance: Instance) -> Instance:
    """An instance whose issuer has a second generation, waiting for its day, for servers only."""
    accepted(offer("serv-ssl"))
    second = replace(SECOND.facts, signs_from=RELAY, products=("SERV_SSL",))
    instance.at_another(issuers={"el-org": (FIRST.facts, second)}, signer=BothKeys())
    return instance


def issue(name: str) -> CertificateFile:
    return issue_certificate(
        ADMINISTRATOR.actor, server_request(f"{name}.chu-exemple.fr", which=name), idempotency_key=name
    )


def read(file: CertificateFile) -> x509.Certificate:
    return x509.load_der_x509_certificate(file.der)


def addresses(certificate: x509.Certificate) -> list[str]:
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    found = [name.value for point in points for name in point.full_name or ()]
    found += [
        one.access_location.value
        for one in access
        if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    ]
    return [address.rsplit("/", 1)[1] for address in found]


def is_by(certificate: x509.Certificate, who: TestAuthority) -> bool:
    try:
        certificate.verify_directly_issued_by(who.certificate)
    except Exception:
        return False
    return True


def listed(path: Path, who: TestAuthority) -> list[int]:
    crl = x509.load_der_x509_crl(path.read_bytes())
    assert crl.is_signature_valid(who.certificate.public_key())  # type: ignore[arg-type]
    return [one.serial_number for one in crl]


def test_the_new_generation_signs_from_its_day_and_the_old_one_keeps_its_list(relayed: Instance) -> None:
    before = issue("www")
    assert (before.line.generation, is_by(read(before), FIRST)) == (1, True)
    assert addresses(read(before)) == ["ACI-EL-ORG-DEV.crl", "ACI-EL-ORG-DEV.cer"]
    relayed.clock.forward(days=11)
    after = issue("api")
    assert (after.line.generation, is_by(read(after), SECOND)) == (2, True)
    assert addresses(read(after)) == ["ACI-EL-ORG-G2-DEV.crl", "ACI-EL-ORG-G2-DEV.cer"]
    for file in (before, after):
        revoke_certificate(
            ADMINISTRATOR.actor, reference=file.line.reference, reason="superseded", quality="administrator"
        )
    assert [(one.generation, one.entries) for one in publish_crls()] == [(1, 1), (2, 1)]
    shelf = relayed.machine.shelf / "CRL"
    assert listed(shelf / "ACI-EL-ORG-DEV.crl", FIRST) == [int(before.line.serial, 16)]
    assert listed(shelf / "ACI-EL-ORG-G2-DEV.crl", SECOND) == [int(after.line.serial, 16)]


def test_the_old_list_is_made_until_its_issuer_ends_and_its_end_stops_nobody(relayed: Instance) -> None:
    relayed.clock.forward(days=499)
    assert [one.generation for one in publish_crls()] == [1, 2]
    relayed.clock.forward(days=2)
    assert [one.generation for one in publish_crls()] == [2]


def test_a_generation_that_may_not_sign_yet_does_not_stand_in_for_one_that_ended(relayed: Instance) -> None:
    late = replace(SECOND.facts, signs_from=NOON + timedelta(days=5000))
    relayed.at_another(issuers={"el-org": (FIRST.facts, late)}, signer=BothKeys())
    relayed.clock.forward(days=200)
    with pytest.raises(Refused, match=r"draft\.issuer-ends-too-soon"):
        issue("www")


@pytest.mark.parametrize(
    ("days", "product", "generation"),
    [
        (0, "SERV_SSL", 1),
        (9, "SERV_SSL", 1),
        (10, "SERV_SSL", 2),
        (10, "ORG_SIGN", 1),
        (501, "SERV_SSL", 2),
        (501, "ORG_SIGN", 1),  # ended, and nothing relays it: refused for its dates
    ],
)
def test_which_generation_signs_is_decided_by_date_and_product(
    days: int, product: str, generation: int
) -> None:
    second = replace(SECOND.facts, signs_from=RELAY, products=("SERV_SSL",))
    chosen = choose_issuer((FIRST.facts, second), product=product, at=NOON + timedelta(days=days))
    assert chosen.generation == generation
