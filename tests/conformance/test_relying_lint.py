"""pkilint, through its own interface, on every object that the relying parties were given: each certificate,
list and OCSP answer. Warnings count as errors; what is excused is named below [ASSURANCE G08].
"""

from __future__ import annotations

import urllib.request
from functools import lru_cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as asking
from pkilint import loader, pkix
from pkilint.pkix import certificate, crl, extension, name, ocsp

from tests.conformance.relying_kit import ISSUER_KINDS, Issued
from tests.conformance.relying_parties import Stand


@lru_cache
def certificates() -> Any:
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
        ],
    )


def _decoders() -> list[Any]:
    return [
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ]


@lru_cache
def lists() -> Any:
    return crl.create_pkix_crl_validator_container(
        _decoders(),
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


@lru_cache
def answers() -> Any:
    return ocsp.create_pkix_ocsp_response_validator_container(
        [ocsp.create_response_decoder(), *_decoders()], []
    )


def remarks(linter: Any, document: Any) -> set[str]:
    """Codes and messages of what is a warning or worse."""
    return {
        f"{one.finding.code}: {one.message}"
        for result in linter.validate(document.root)
        for one in result.finding_descriptions
        if one.finding.severity.name not in ("NOTICE", "INFO", "DEBUG")
    }


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
