"""pkilint, through its own interface, on every object that the relying parties were given: each certificate,
list and OCSP answer. Warnings count as errors; what is excused is named below [ASSURANCE G08].
"""

from __future__ import annotations

import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as asking
from pkilint import loader

from tests.conformance.pkilint_kit import answers, certificates, lists, remarks
from tests.conformance.relying_kit import ISSUER_KINDS, Issued
from tests.conformance.relying_parties import Stand


@pytest.mark.parametrize("kind", ISSUER_KINDS)
def test_g08_nothing_is_said_of_any_certificate(stand: Stand, kind: str) -> None:
    world = stand.world(kind)
    said = set[str]()
    for der in world.certificates():
        said |= remarks(certificates(), loader.load_der_certificate(der, "certificate"))
    assert said == set()
    assert len(world.certificates()) == len(world.issued) + 5  # a root, two issuers, two responders


@pytest.mark.parametrize("kind", ISSUER_KINDS)
def test_g08_nothing_is_said_of_any_list(stand: Stand, kind: str) -> None:
    world = stand.world(kind)
    for der in world.lists.values():
        assert remarks(lists(), loader.load_der_crl(der, "list")) == set()
    assert len(world.lists) == 3


def ask(one: Issued, digest: hashes.HashAlgorithm) -> None:
    issuing = x509.load_pem_x509_certificate(one.issuing.read_bytes())
    question = asking.OCSPRequestBuilder().add_certificate(one.certificate, issuing, digest).build()
    request = urllib.request.Request(
        f"{one.url}/ocsp",
        data=question.public_bytes(Encoding.DER),
        headers={"content-type": "application/ocsp-request"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("kind", ISSUER_KINDS)
def test_g08_nothing_is_said_of_any_answer(stand: Stand, kind: str) -> None:
    """Asked here about each certificate, by SHA-1 and by SHA-256, and whatever the parties got before."""
    world = stand.world(kind)
    for one in world.issued.values():
        ask(one, hashes.SHA1())
        ask(one, hashes.SHA256())
    said = set[str]()
    for der in set(world.answers):
        said |= remarks(
            answers(), loader.RFC6960OCSPResponseDocumentLoader().load_der_document(der, "answer")
        )
    assert said == set()
    assert len(world.answers) >= 2 * len(world.issued)


def test_the_linter_is_not_deaf(stand: Stand) -> None:
    """A certificate whose subject identifier calls itself an authority's, and a list whose number does the
    like, are remarked upon.
    """
    world = stand.world("ec:P-256")
    der = next(iter(world.issued.values())).certificate.public_bytes(Encoding.DER)
    spoilt = der.replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d23"))
    assert remarks(certificates(), loader.load_der_certificate(spoilt, "spoilt")) != set()
    spoilt = world.lists["el-org"].replace(bytes.fromhex("0603551d14"), bytes.fromhex("0603551d1b"))
    assert remarks(lists(), loader.load_der_crl(spoilt, "spoilt")) != set()
