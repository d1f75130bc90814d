"""What the certificate of each product contains [F04, F25, F32, F33, F35, F46]."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from sceau.certification import IssuerFacts, decide_validity, preview_subject
from sceau.certification.der import PRINTABLE, UTF8, parse
from sceau.certification.reading import ReadCertificate, read_tbs
from sceau.registration import EmployeeSubject, ProfessionalSubject, StructureSubject
from sceau.registration.naming import Name
from sceau.vocabulary import HostName, Mailbox, Refused, errors
from tests.authority import (
    AT,
    CATALOGUE,
    PRODUCTS,
    authority,
    draft_for,
    names_for,
    person_id,
    private_key,
    structure_id,
    subject_for,
    warrant,
)

SERVER, CLIENT, EMAIL = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
LOGIN, ANY = "1.3.6.1.4.1.311.20.2.2", "2.5.29.37.0"
SIGN, REPUDIATE, ENCIPHER, AGREE = 0, 1, 2, 4
# product → key usages, purposes, production policy, kind of names, period of use of the private key
TABLE = {
    "SERV_SSL": ({SIGN, ENCIPHER}, [SERVER, CLIENT], "2.5.1", "dns", False),
    "SERV_S/MIME": ({SIGN, ENCIPHER}, [EMAIL], "2.7.1", "mail", False),
    "SERV_SIGN": ({SIGN, REPUDIATE}, [EMAIL], "2.8.1", "mail", True),
    "SERV_CONF": ({ENCIPHER}, [EMAIL], "2.9.1", "mail", False),
    "ORG_AUTH_CLI": ({SIGN}, [CLIENT], "2.4.1", None, False),
    "ORG_SIGN": ({SIGN, REPUDIATE}, [EMAIL], "2.3.1", None, True),
    "ORG_CONF": ({ENCIPHER}, [EMAIL, ANY], "2.6.1", None, False),
    "PRO_AUTH": ({SIGN}, [CLIENT, LOGIN], "1.4.1", "upn", False),
    "PRO_SIGN": ({REPUDIATE}, [EMAIL], "1.5.1", "mail", True),
    "PRO_CONF": ({ENCIPHER}, [EMAIL], "1.6.1", "mail", False),
    "PS_AUTH": ({SIGN}, [CLIENT, LOGIN], "1.1.1", "upn", False),
    "PS_SIGN": ({REPUDIATE}, [EMAIL], "1.2.1", "mail", True),
    "PS_CONF": ({ENCIPHER}, [EMAIL], "1.3.1", "mail", False),
}


def read(product: str, *, environment: str = "production", kind: str = "rsa:2048") -> ReadCertificate:
    draft, _ = draft_for(product, environment=environment, key=private_key(kind, "subscriber"))
    return read_tbs(draft.tbs)


def usages(certificate: ReadCertificate) -> set[int]:
    content = parse(certificate.extensions["2.5.29.15"].value).content
    bits = "".join(f"{octet:08b}" for octet in content[1:])
    return {at for at, bit in enumerate(bits) if bit == "1"}


def test_the_table_holds_the_thirteen_products() -> None:
    assert set(TABLE) == set(PRODUCTS)


@pytest.mark.parametrize("product", PRODUCTS)
def test_f35_usages_purposes_policy_and_names_are_those_of_the_product(product: str) -> None:
    wanted, purposes, policy, names, period = TABLE[product]
    certificate = read(product)
    extensions = certificate.library.extensions
    assert usages(certificate) == wanted
    seen = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in seen] == purposes
    (policies,) = extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policies.policy_identifier.dotted_string == f"1.2.250.1.213.1.7.1.1.{policy}"
    assert list(policies.policy_qualifiers or ()) == ["http://igc-sante.esante.gouv.fr/PC"]
    assert ("2.5.29.17" in certificate.extensions) == (names is not None)
    assert ("2.5.29.16" in certificate.extensions) == period


@pytest.mark.parametrize("product", PRODUCTS)
def test_f35_nothing_is_critical_but_the_key_usage(product: str) -> None:
    critical = {oid for oid, extension in read(product).extensions.items() if extension.critical}
    assert critical == {"2.5.29.15"}


@pytest.mark.parametrize("product", PRODUCTS)
def test_f23_no_certificate_can_certify(product: str) -> None:
    certificate = read(product)
    assert certificate.extensions["2.5.29.19"].value == b"\x30\x00"
    assert not usages(certificate) & {5, 6}


@pytest.mark.parametrize("product", PRODUCTS)
def test_on_a_curve_encipherment_is_agreement(product: str) -> None:
    wanted = {AGREE if usage == ENCIPHER else usage for usage in TABLE[product][0]}
    assert usages(read(product, kind="ec:P-384")) == wanted


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("environment", ["test", "development"])
def test_f24_a_test_certificate_carries_the_one_test_policy_and_category(
    product: str, environment: str
) -> None:
    certificate = read(product, environment=environment)
    (policies,) = certificate.library.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policies.policy_identifier.dotted_string == "1.2.250.1.213.1.7.2.1.1.1.1"
    assert certificate.extensions["1.2.250.1.71.1.2.5"].value == b"\x04\x01\x83"
    assert read(product).extensions["1.2.250.1.71.1.2.5"].value == b"\x04\x01\x03"


def test_f34_addresses_are_those_of_the_environment_and_ldap_only_where_there_is_a_directory() -> None:
    real = read("SERV_SSL").library.extensions
    points = real.get_extension_for_class(x509.CRLDistributionPoints).value
    addresses = [name.value for point in points for name in point.full_name or ()]
    assert addresses[0] == "http://igc-sante.esante.gouv.fr/CRL/ACI-EL-ORG.crl"
    assert addresses[1].startswith("ldap://annuaire-igc.esante.gouv.fr/cn=AC%20IGC-SANTE%20ELEMENTAIRE%20")
    here = read("SERV_SSL", environment="development")
    points = here.library.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    addresses = [name.value for point in points for name in point.full_name or ()]
    assert addresses == ["http://localhost:8480/CRL/ACI-EL-ORG-DEV.crl"]
    assert "2.5.29.46" not in here.extensions


def test_an_operators_own_addresses_are_written() -> None:
    moved = CATALOGUE.environments["production"].moved(
        publication="http://pki.exemple.fr", ocsp="http://ocsp.exemple.fr", ldap=""
    )
    issuer = authority("el-org", "production")
    draft, _ = draft_for("SERV_SSL", environment="production")
    from sceau.certification import compose_serial, prepare
    from tests.authority import RANDOM_BITS, request

    facts = replace(issuer.facts, addresses=moved)
    there = prepare(
        warrant("SERV_SSL"),
        request(),
        facts,
        catalogue=CATALOGUE,
        serial=compose_serial(AT, RANDOM_BITS),
        at=AT,
        lint_key=private_key("rsa:2048", "lint"),
    )
    assert b"igc-sante.esante" in draft.tbs
    assert b"esante" not in there.tbs.replace(b"IGC-SANTE", b"")
    assert b"http://pki.exemple.fr/AC/ACI-EL-ORG.cer" in there.tbs


def test_f25_the_names_are_those_of_the_warrant_in_their_order_and_the_first_is_the_cn() -> None:
    names: tuple[Name, ...] = (HostName("b.mon-domaine.fr"), HostName("a.mon-domaine.fr"))
    draft, _ = draft_for("SERV_SSL", warrant_given=warrant("SERV_SSL", names=names))
    certificate = read_tbs(draft.tbs).library
    seen = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert seen.get_values_for_type(x509.DNSName) == ["b.mon-domaine.fr", "a.mon-domaine.fr"]
    assert draft.subject.startswith("CN=b.mon-domaine.fr,")
    assert draft.names == ("b.mon-domaine.fr", "a.mon-domaine.fr")


def test_as_many_names_as_a_scope_may_give_are_all_certified() -> None:
    names: tuple[Name, ...] = tuple(HostName(f"s{i:03}.{'x' * 44}.mon-domaine.fr") for i in range(1000))
    draft, _ = draft_for("SERV_SSL", warrant_given=warrant("SERV_SSL", names=names))
    assert len(draft.tbs) > 1 << 16
    seen = read_tbs(draft.tbs).library.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert len(seen.get_values_for_type(x509.DNSName)) == 1000


def test_a_mailbox_is_an_rfc822_name_or_a_upn() -> None:
    mail = read("PS_SIGN").library.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert mail.get_values_for_type(x509.RFC822Name) == ["contact@hopital-exemple.fr"]
    login = read("PS_AUTH").library.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (upn,) = login.get_values_for_type(x509.OtherName)
    assert upn.type_id.dotted_string == "1.3.6.1.4.1.311.20.2.3"
    assert parse(upn.value).text() == "contact@hopital-exemple.fr"


def test_decision_13_an_organisation_certificate_has_no_alternative_name() -> None:
    for product in ("ORG_AUTH_CLI", "ORG_SIGN", "ORG_CONF"):
        assert ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string not in read(product).extensions


def kinds_of(certificate: ReadCertificate) -> list[list[str]]:
    names = {
        "2.5.4.6": "C",
        "2.5.4.8": "ST",
        "2.5.4.10": "O",
        "2.5.4.11": "OU",
        "2.5.4.3": "CN",
        "2.5.4.12": "title",
        "2.5.4.42": "GN",
        "2.5.4.4": "SN",
    }
    return [sorted(names[oid] for oid, _, _ in rdn) for rdn in certificate.subject]


def test_f32_the_three_layouts_of_the_subject() -> None:
    assert kinds_of(read("SERV_SSL")) == [["C"], ["ST"], ["O"], ["OU"], ["CN"]]
    assert kinds_of(read("PS_SIGN")) == [["C"], ["title"], ["CN", "GN", "SN"]]
    assert kinds_of(read("PRO_SIGN")) == [["C"], ["ST"], ["O"], ["OU"], ["title"], ["CN", "GN", "SN"]]


@pytest.mark.parametrize("product", PRODUCTS)
def test_f33_c_is_printable_and_everything_else_utf8(product: str) -> None:
    for rdn in read(product).subject:
        for oid, tag, _ in rdn:
            assert tag == (PRINTABLE if oid == "2.5.4.6" else UTF8)


def test_a_professional_carries_profession_and_specialities() -> None:
    certificate = read("PS_AUTH")
    assert certificate.extensions["1.2.250.1.71.1.2.7"].value == b"\x02\x01\x28"
    assert parse(certificate.extensions["1.2.250.1.71.4.2.5"].value).children[0].text() == "SM26"
    assert "1.2.250.1.71.1.2.7" not in read("PRO_AUTH").extensions


def test_a_dmp_pair_has_one_identical_subject() -> None:
    first, second = read("ORG_AUTH_CLI"), read("ORG_SIGN")
    assert first.parts[5].raw == second.parts[5].raw


STRUCTURE = StructureSubject("Rhône (69)", "HÔPITAL", structure_id(), "Padoa")


@pytest.mark.parametrize(
    ("name", "kept", "cut"),
    [
        ("A" * 40, "A" * 40, False),
        ("A" * 41, "A" * 40, True),
        ("A" * 39 + " B", "A" * 39, True),
        ("É" * 45, "É" * 40, True),
        ("E\u0301" * 20, "É" * 20, False),
    ],
)
def test_the_organisation_is_cut_where_it_is_seen(name: str, kept: str, cut: bool) -> None:
    preview = preview_subject(replace(STRUCTURE, organisation=name), catalogue=CATALOGUE, product="ORG_SIGN")
    assert dict(preview.lines)["O"] == kept
    assert ("draft.organisation-cut" in {finding.code for finding in preview.findings}) == cut
    assert not errors(preview.findings)


def test_the_preview_is_the_subject_that_is_written() -> None:
    for product in PRODUCTS:
        given = warrant(product)
        preview = preview_subject(given, catalogue=CATALOGUE)
        draft, _ = draft_for(product, warrant_given=given)
        assert preview.rfc4514 == draft.subject
        assert read_tbs(draft.tbs).library.subject.rfc4514_string() != ""
        assert preview.lines[0] == ("C", "FR")


def test_the_text_of_a_subject_is_escaped_as_rfc_4514_asks() -> None:
    odd = replace(STRUCTURE, organisation='A, B + "C"', common_name="#1 a=b;c")
    preview = preview_subject(odd, catalogue=CATALOGUE, product="ORG_SIGN")
    assert 'O=A\\, B \\+ \\"C\\"' in preview.rfc4514
    assert preview.rfc4514.startswith("CN=\\#1 a=b\\;c,")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"common_name": ""}, "draft.subject-empty"),
        ({"common_name": " Padoa"}, "draft.subject-empty"),
        ({"common_name": "x" * 65}, "draft.subject-too-long"),
        ({"common_name": "Pa\x00doa"}, "draft.subject-character"),
        ({"common_name": "Pa\u200bdoa"}, "draft.subject-character"),
        ({"common_name": "e\u0301"}, "draft.subject-character"),
        ({"department": "x" * 129}, "draft.subject-too-long"),
        ({"organisation": "\n"}, "draft.subject-character"),
    ],
)
def test_f33_a_value_that_does_not_fit_is_refused_never_repaired(change: dict[str, str], code: str) -> None:
    given = warrant("ORG_SIGN", subject=replace(STRUCTURE, **change))  # type: ignore[arg-type]
    with pytest.raises(Refused) as caught:
        draft_for("ORG_SIGN", warrant_given=given)
    assert code in {finding.code for finding in caught.value.findings}


def test_a_subject_of_another_layout_is_never_signed() -> None:
    professional = ProfessionalSubject(person_id(), "NOM", "PRENOM", "Infirmier", 60)
    employee = EmployeeSubject("Paris (75)", "X", structure_id(), person_id(), "N", "P", "T")
    for product, subject in (("PRO_SIGN", professional), ("PS_SIGN", employee), ("PS_SIGN", STRUCTURE)):
        with pytest.raises(Refused) as caught:
            draft_for(product, warrant_given=warrant(product, subject=subject))
        assert "draft.not-as-expected" in {finding.code for finding in caught.value.findings}


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2026, 11, 24, 9, 30, 15, tzinfo=UTC), datetime(2029, 11, 24, 9, 30, 14, tzinfo=UTC)),
        (datetime(2028, 2, 29, 12, 0, 0, tzinfo=UTC), datetime(2031, 2, 28, 11, 59, 59, tzinfo=UTC)),
        (datetime(2027, 3, 1, 0, 0, 0, tzinfo=UTC), datetime(2030, 2, 28, 23, 59, 59, tzinfo=UTC)),
        (
            datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            datetime(2029, 12, 31, 23, 59, 58, tzinfo=UTC),
        ),
    ],
)
def test_f04_three_calendar_years_less_a_second(at: datetime, end: datetime) -> None:
    draft, _ = draft_for("PS_SIGN", at=at)
    assert draft.not_after == end
    assert draft.not_before == at.replace(microsecond=0), "never backdated"
    period = read_tbs(draft.tbs).library.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    assert (period.not_before, period.not_after) == (
        draft.not_before.replace(tzinfo=None),
        draft.not_after.replace(tzinfo=None),
    )


def test_f04_dates_from_2050_on_are_written_as_generalized_time() -> None:
    at = datetime(2048, 6, 1, tzinfo=UTC)
    issuer = authority("el-org", "development", kind="ec:P-256", begins=at, ends=at + timedelta(days=4000))
    from sceau.certification import compose_serial, prepare
    from tests.authority import RANDOM_BITS, request

    draft = prepare(
        warrant("SERV_SSL", at=at),
        request(),
        issuer.facts,
        catalogue=CATALOGUE,
        serial=compose_serial(at, RANDOM_BITS),
        at=at,
        lint_key=private_key("ec:P-256", "lint"),
    )
    begin, end = read_tbs(draft.tbs).parts[4].children
    assert (begin.tag, end.tag) == (0x17, 0x18)


def _issuer_ending(after: timedelta) -> IssuerFacts:
    return authority("el-org", "development", kind="ec:P-256", ends=AT + after).facts


def test_f46_a_certificate_never_outlives_its_issuer_and_this_is_told() -> None:
    reading = decide_validity(_issuer_ending(timedelta(days=800)), at=AT)
    assert reading.require().not_after == AT + timedelta(days=800)
    assert [finding.code for finding in reading.findings] == ["draft.ended-by-issuer"]


def test_f46_less_than_a_year_is_refused() -> None:
    reading = decide_validity(_issuer_ending(timedelta(days=365)), at=AT)
    assert [finding.code for finding in reading.findings] == ["draft.issuer-ends-too-soon"]
    assert decide_validity(_issuer_ending(timedelta(days=367)), at=AT).value is not None


@pytest.mark.parametrize("shift", [timedelta(days=-31), timedelta(days=3653)])
def test_f38_an_issuer_outside_its_own_dates_certifies_nothing(shift: timedelta) -> None:
    reading = decide_validity(authority("el-org", "development").facts, at=AT + shift)
    assert [finding.code for finding in reading.findings] == ["draft.issuer-out-of-dates"]


def test_names_of_the_wrong_kind_are_refused_before_anything_is_built() -> None:
    mailbox: tuple[Name, ...] = (Mailbox("x", HostName("mon-domaine.fr")),)
    for product, names in (("SERV_SSL", mailbox), ("SERV_SIGN", names_for("SERV_SSL")), ("SERV_SSL", ())):
        subject = subject_for("SERV_SSL", names_for("SERV_SSL"))
        with pytest.raises(Refused) as caught:
            draft_for(product, warrant_given=warrant(product, names=names, subject=subject))
        assert "draft.names" in {finding.code for finding in caught.value.findings}
