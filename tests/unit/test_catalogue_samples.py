"""What the catalogue marks as seen, looked up again in the real certificates."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from sceau.catalogue import Environment, Mark, SanRule, load_catalogue

pytestmark = pytest.mark.samples

CATALOGUE = load_catalogue()
SAMPLES = {
    "SERV_SSL": ("SERV_SSL-PROD-2019-2SAN", "production"),
    "ORG_AUTH_CLI": ("ORG_AUTH_CLI-PROD-2023", "production"),
    "ORG_SIGN": ("ORG_SIGN-PROD-2016", "production"),
    "ORG_CONF": ("ORG_CONF-TEST-2021", "test"),
}
BITS = {"digitalSignature": 0, "nonRepudiation": 1, "keyEncipherment": 2}


def sample(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


def extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> x509.ExtensionType | None:
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def addresses(points: x509.ExtensionType | None) -> list[str]:
    assert isinstance(points, x509.CRLDistributionPoints | x509.FreshestCRL)
    return [name.value for point in points for name in point.full_name or [] if isinstance(name.value, str)]


@pytest.mark.parametrize("product", SAMPLES)
def test_usages_seen_are_those_of_the_real_certificate(samples: Path, product: str) -> None:
    certificate = sample(samples, SAMPLES[product][0])
    profile = CATALOGUE.profiles[CATALOGUE.products[product].profile]
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    flags = (usage.value.digital_signature, usage.value.content_commitment, usage.value.key_encipherment)
    assert {name for name, bit in BITS.items() if flags[bit]} == set(profile.key_usage)
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in extended] == list(profile.extended_key_usage)


@pytest.mark.parametrize("product", SAMPLES)
def test_policy_and_its_address_are_those_of_the_real_certificate(samples: Path, product: str) -> None:
    name, code = SAMPLES[product]
    environment = CATALOGUE.environments[code]
    profile = CATALOGUE.profiles[CATALOGUE.products[product].profile]
    policies = sample(samples, name).extensions.get_extension_for_class(x509.CertificatePolicies).value
    (policy,) = policies
    assert policy.policy_identifier.dotted_string == (environment.single_policy_oid or profile.policy_oid)
    assert policy.policy_qualifiers == [environment.policy_uri]
    if code == "production":
        assert profile.sources["policy_oid"].mark is Mark.SEEN


@pytest.mark.parametrize("product", SAMPLES)
def test_names_period_and_category_are_those_of_the_real_certificate(samples: Path, product: str) -> None:
    name, code = SAMPLES[product]
    certificate = sample(samples, name)
    profile = CATALOGUE.profiles[CATALOGUE.products[product].profile]
    assert (extension(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME) is not None) == (
        profile.san is not SanRule.NONE
    )
    assert (extension(certificate, x509.ObjectIdentifier("2.5.29.16")) is not None) == (
        profile.private_key_usage_period
    )
    category = extension(certificate, x509.ObjectIdentifier("1.2.250.1.71.1.2.5"))
    assert isinstance(category, x509.UnrecognizedExtension)
    assert category.value == bytes(
        [4, 1, profile.product_category + CATALOGUE.environments[code].category_offset]
    )
    assert extension(certificate, x509.ObjectIdentifier("1.2.250.1.71.1.2.7")) is None


@pytest.mark.parametrize("product", SAMPLES)
def test_addresses_are_those_of_the_real_certificate(samples: Path, product: str) -> None:
    name, code = SAMPLES[product]
    certificate, environment = sample(samples, name), CATALOGUE.environments[code]
    issuer = CATALOGUE.issuers[CATALOGUE.products[product].issuer]
    root = CATALOGUE.issuers[issuer.parent or ""]
    points = addresses(extension(certificate, ExtensionOID.CRL_DISTRIBUTION_POINTS))
    assert points == [environment.crl_uri(issuer), environment.ldap_uri(issuer, root)]
    freshest = addresses(extension(certificate, ExtensionOID.FRESHEST_CRL))
    assert freshest == [environment.ldap_uri(issuer, root, delta=True)]
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [description.access_location.value for description in access] == [
        environment.ocsp,
        environment.ca_issuers_uri(issuer),
    ]


def test_a_name_was_cut_at_the_length_the_profile_says(samples: Path) -> None:
    (organisation,) = sample(samples, "SERV_SSL-PROD-2019-2SAN").subject.get_attributes_for_oid(
        NameOID.ORGANIZATION_NAME
    )
    assert len(organisation.value) == CATALOGUE.profiles["serv_ssl@1"].organisation_length == 40


@pytest.mark.parametrize(
    "code", ["root-el", "root-st", "root-fo", "el-org", "el-pp", "st-pp", "st-org", "fo-pp"]
)
def test_issuers_are_named_as_the_real_ones(samples: Path, code: str) -> None:
    name = f"CA-ROOT-{code[-2:].upper()}" if code.startswith("root") else f"CA-{code.upper()}"
    certificate, issuer = sample(samples, name), CATALOGUE.issuers[code]
    assert distinguished(certificate.subject) == expected_name(CATALOGUE.environments["production"], code)
    end = certificate.not_valid_after_utc
    assert (end.year - certificate.not_valid_before_utc.year) == issuer.years
    assert end.day == certificate.not_valid_before_utc.day - issuer.days_before_parent
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints.path_length == issuer.path_length


@pytest.mark.parametrize("code", ["root-el", "root-st", "el-org", "el-pp", "st-pp"])
def test_test_issuers_are_named_as_the_real_ones(samples: Path, code: str) -> None:
    name = f"CA-TEST-ROOT-{code[-2:].upper()}" if code.startswith("root") else f"CA-TEST-{code.upper()}"
    subject = sample(samples, name).subject
    recette = [value for value in distinguished(subject) if value != "RECETTE"]  # an acceptance-only variant
    assert recette == expected_name(CATALOGUE.environments["test"], code)


def distinguished(name: x509.Name) -> list[str]:
    return [str(attribute.value) for attribute in name]


def expected_name(environment: Environment, code: str) -> list[str]:
    issuer = CATALOGUE.issuers[code]
    return [
        "FR",
        environment.organisation,
        *environment.organisational_units,
        environment.common_name(issuer),
    ]
