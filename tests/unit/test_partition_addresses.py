"""The partition of a certificate, written in it: what the mould writes, what the examiner expects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509

from sceau.certification import Draft, IssuerFacts, compose_serial, examine_for_signing, prepare
from sceau.status import signed_der
from sceau.vocabulary import errors
from tests.authority import AT, CATALOGUE, PRODUCTS, RANDOM_BITS, authority, private_key, request, warrant


def draft_in(product: str, partition: int | None, environment: str) -> tuple[Draft, IssuerFacts]:
    kind = "ec:P-256"
    own = authority(CATALOGUE.products[product].issuer, environment, kind=kind).facts
    facts = replace(own, partition=partition, partitions=4)
    serial = compose_serial(AT, RANDOM_BITS)
    key = private_key(kind, "lint")
    draft = prepare(
        warrant(product), request(), facts, catalogue=CATALOGUE, serial=serial, at=AT, lint_key=key
    )
    return draft, facts


def addresses(draft: Draft, kind: type[x509.CRLDistributionPoints | x509.FreshestCRL]) -> list[str]:
    read = x509.load_der_x509_certificate(signed_der(draft.tbs, b""))
    try:
        points = read.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return []
    return [name.value for point in points for name in point.full_name or ()]


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_certificate_names_its_partition_and_the_partition_s_delta(product: str) -> None:
    draft, _ = draft_in(product, 3, "development")
    file = CATALOGUE.issuers[CATALOGUE.products[product].issuer].file
    stem = f"http://localhost:8480/CRL/{file}-DEV-P3"
    assert addresses(draft, x509.CRLDistributionPoints) == [f"{stem}.crl"]
    assert addresses(draft, x509.FreshestCRL) == [f"{stem}-DELTA.crl"]


def test_where_there_is_a_directory_it_goes_on_having_the_whole_list() -> None:
    draft, _ = draft_in("SERV_SSL", 3, "production")
    whole, _ = draft_in("SERV_SSL", None, "production")
    stem = "http://igc-sante.esante.gouv.fr/CRL/ACI-EL-ORG"
    lists, deltas = (addresses(whole, kind) for kind in (x509.CRLDistributionPoints, x509.FreshestCRL))
    assert lists[0] == f"{stem}.crl"
    assert all("annuaire" in one for one in (lists[1], *deltas))
    assert addresses(draft, x509.CRLDistributionPoints) == [f"{stem}-P3.crl", lists[1]]
    assert addresses(draft, x509.FreshestCRL) == [f"{stem}-P3-DELTA.crl", *deltas]


def test_the_signer_admits_a_certificate_of_the_partition_of_the_day_and_of_no_other() -> None:
    draft, facts = draft_in("SERV_SSL", 3, "development")
    for partition, is_admitted in ((3, True), (2, False), (None, False)):
        found = examine_for_signing(
            draft.tbs, issuer=replace(facts, partition=partition), catalogue=CATALOGUE, at=AT
        )
        assert (not errors(found)) == is_admitted


def test_the_address_written_is_the_one_where_the_list_is_put() -> None:
    environment = CATALOGUE.environments["development"]
    issuer = CATALOGUE.issuers["el-org"].of_generation(2)
    assert environment.crl_uri(issuer, partition=7) == f"{environment.crl_base}/ACI-EL-ORG-G2-DEV-P7.crl"
    assert environment.crl_uri(issuer, delta=True) == f"{environment.crl_base}/ACI-EL-ORG-G2-DEV-DELTA.crl"
