"""The examiner finds whatever is not as the warrant, the table and the issuer ask [F23, F25, F35, F46]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from sceau.catalogue import Catalogue, SanRule
from sceau.certification import Expected, IssuerFacts, compose_serial, examine, examine_for_signing
from sceau.certification.der import parse
from sceau.certification.rules import RULES, Names
from sceau.registration.naming import Name
from sceau.vocabulary import Finding, HostName, Refused
from tests.authority import (
    AT,
    CATALOGUE,
    PRODUCTS,
    RANDOM_BITS,
    authority,
    draft_for,
    private_key,
    spki_of,
    subject_for,
    tlv,
    warrant,
)
from tests.requests import CRITICAL, extension, oid

KEY = private_key("ec:P-256", "subscriber")


def expected(product: str = "SERV_SSL", environment: str = "production") -> Expected:
    issuer = authority(CATALOGUE.products[product].issuer, environment)
    return Expected(
        warrant(product), spki_of(KEY), compose_serial(AT, RANDOM_BITS), AT, issuer.facts, CATALOGUE
    )


def built(product: str = "SERV_SSL", environment: str = "production") -> bytes:
    return draft_for(product, environment=environment)[0].tbs


def parts(findings: tuple[Finding, ...]) -> set[str]:
    assert {finding.code for finding in findings} <= {"draft.not-as-expected"}
    return {finding.subject for finding in findings}


@pytest.mark.parametrize("environment", ["production", "test", "development"])
@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_as_it_must_be_gives_no_finding(product: str, environment: str) -> None:
    tbs = built(product, environment)
    assert examine(tbs, expected(product, environment)) == ()
    issuer = authority(CATALOGUE.products[product].issuer, environment)
    assert examine_for_signing(tbs, issuer=issuer.facts, catalogue=CATALOGUE, at=AT) == ()


def test_f35_the_examiners_table_agrees_with_the_catalogue() -> None:
    words = {
        "digitalSignature": "digital_signature",
        "nonRepudiation": "content_commitment",
        "keyEncipherment": "key_encipherment",
    }
    kinds = {
        SanRule.DNS: Names.HOSTS,
        SanRule.RFC822: Names.MAILBOXES,
        SanRule.UPN: Names.UPN,
        SanRule.NONE: Names.NOTHING,
    }
    assert set(RULES) == set(PRODUCTS)
    for code, rule in RULES.items():
        product = CATALOGUE.products[code]
        profile = CATALOGUE.profiles[product.profile]
        assert rule.usages == {words[name] for name in profile.key_usage}, code
        assert rule.purposes == profile.extended_key_usage, code
        assert rule.policy == profile.policy_oid, code
        assert rule.names is kinds[profile.san], code
        assert rule.period == profile.private_key_usage_period, code
        assert rule.layout.value == profile.subject.value, code
        assert rule.issuer == product.issuer, code


def changed_profile(product: str, **changes: object) -> Catalogue:
    profile = CATALOGUE.profiles[CATALOGUE.products[product].profile]
    changed = replace(profile, **changes)  # type: ignore[arg-type]
    return replace(CATALOGUE, profiles={**CATALOGUE.profiles, profile.id: changed})


@pytest.mark.parametrize(
    ("product", "changes"),
    [
        ("ORG_AUTH_CLI", {"key_usage": ("digitalSignature", "keyEncipherment")}),
        ("ORG_AUTH_CLI", {"extended_key_usage": ("1.3.6.1.5.5.7.3.1",)}),
        ("ORG_AUTH_CLI", {"policy_oid": "1.2.250.1.213.1.7.1.1.2.5.1"}),
        ("ORG_AUTH_CLI", {"private_key_usage_period": True}),
        ("ORG_SIGN", {"private_key_usage_period": False}),
        ("ORG_SIGN", {"product_category": 0}),
        ("ORG_SIGN", {"crl_distribution_points": ("http",)}),
        ("ORG_SIGN", {"freshest_crl": False}),
        ("ORG_SIGN", {"authority_information_access": ("ocsp",)}),
        ("SERV_SSL", {"san": SanRule.NONE}),
        ("PS_AUTH", {"san": SanRule.RFC822}),
        ("PS_SIGN", {"profession": False}),
        ("ORG_SIGN", {"organisation_length": 10}),
    ],
)
def test_f23_a_profile_changed_in_the_catalogue_alone_certifies_nothing(
    product: str, changes: dict[str, object]
) -> None:
    with pytest.raises(Refused) as caught:
        draft_for(product, environment="production", catalogue=changed_profile(product, **changes))
    assert "draft.not-as-expected" in {finding.code for finding in caught.value.findings}


def rebuilt(change: Callable[[list[bytes]], None], product: str = "SERV_SSL") -> bytes:
    """The good TBS with its eight parts changed."""
    pieces = [node.raw for node in parse(built(product)).children]
    change(pieces)
    return tlv(0x30, b"".join(pieces))


def with_extensions(change: Callable[[list[bytes]], list[bytes]], product: str = "SERV_SSL") -> bytes:
    def apply(pieces: list[bytes]) -> None:
        inside = [node.raw for node in parse(pieces[7]).children[0].children]
        pieces[7] = tlv(0xA3, tlv(0x30, b"".join(change(inside))))

    return rebuilt(apply, product)


def setting(index: int, value: bytes) -> Callable[[list[bytes]], None]:
    def apply(pieces: list[bytes]) -> None:
        pieces[index] = value

    return apply


def test_f03_another_serial_is_found() -> None:
    for value in (b"\x02\x01\x01", tlv(0x02, b"\x7f" + bytes(19)), tlv(0x02, b"\x01" + bytes(20))):
        assert "serial" in parts(examine(rebuilt(setting(1, value)), expected()))
    for value in (b"\x02\x01\x00", b"\x02\x01\xff"):
        assert parts(examine(rebuilt(setting(1, value)), expected())) == {"encoding"}


def test_f37_another_signature_algorithm_is_found() -> None:
    sha1 = tlv(0x30, oid("1.2.840.113549.1.1.5") + b"\x05\x00")
    assert "signature algorithm" in parts(examine(rebuilt(setting(2, sha1)), expected()))


def test_another_issuer_name_is_found_even_spelt_alike() -> None:
    lowered = parse(built()).children[3].raw.replace(b"IGC-SANTE", b"igc-sante")
    assert "issuer" in parts(examine(rebuilt(setting(3, lowered)), expected()))


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (b"261124093014Z", b"291124093014Z"),
        (b"261124093015Z", b"291124093015Z"),
        (b"261124093015Z", b"301124093014Z"),
        (b"251124093015Z", b"281124093014Z"),
    ],
)
def test_f04_f05_other_dates_are_found(begin: bytes, end: bytes) -> None:
    dates = tlv(0x30, tlv(0x17, begin) + tlv(0x17, end))
    assert parts(examine(rebuilt(setting(4, dates)), expected())) == {"validity"}


def test_f22_another_key_is_found() -> None:
    other = spki_of(private_key("ec:P-256", "another"))
    assert "key" in parts(examine(rebuilt(setting(6, other)), expected()))


def test_f32_another_subject_is_found() -> None:
    subject = parse(built()).children[5]
    rdns = [node.raw for node in subject.children]
    for changed in (
        rdns[::-1],
        rdns[:-1],
        [*rdns, rdns[-1]],
        [rdns[0], *rdns[2:]],
        [rdns[0].replace(b"FR", b"BE"), *rdns[1:]],
        [*rdns[:4], rdns[4].replace(b"\x0c", b"\x13")],
    ):
        tbs = rebuilt(setting(5, tlv(0x30, b"".join(changed))))
        assert "subject" in parts(examine(tbs, expected()))


def test_an_extension_lost_added_twice_or_critical_is_found() -> None:
    good = [node for node in parse(built()).children[7].children[0].children]
    for node in good:
        identifier = node.children[0].oid()
        lost = with_extensions(lambda inside, raw=node.raw: [one for one in inside if one != raw])  # type: ignore[misc]
        assert f"extension {identifier}" in parts(examine(lost, expected()))
        value = node.children[-1].octets()
        flipped = extension(identifier, value, b"" if len(node.children) == 3 else CRITICAL)
        other = with_extensions(
            lambda inside, raw=node.raw, new=flipped: [new if one == raw else one for one in inside]  # type: ignore[misc]
        )
        assert f"extension {identifier}" in parts(examine(other, expected()))
        twice = with_extensions(lambda inside, raw=node.raw: [*inside, raw])  # type: ignore[misc]
        assert parts(examine(twice, expected())) == {"encoding"}


@pytest.mark.parametrize(
    "added",
    [
        extension("2.5.29.30", tlv(0x30, b"")),
        extension("1.3.6.1.5.5.7.48.1.5", b"\x05\x00"),
        extension("1.3.6.1.5.5.7.1.24", tlv(0x30, b"\x02\x01\x05")),
        extension("1.2.250.1.71.1.2.2", b"\x02\x01\x00"),
        extension("1.3.6.1.4.1.99999.1", b"\x05\x00"),
    ],
)
def test_f36_an_extension_that_nobody_ordered_is_found(added: bytes) -> None:
    tbs = with_extensions(lambda inside: [*inside, added])
    assert len(examine(tbs, expected())) == 1
    issuer = authority("el-org", "production").facts
    assert examine_for_signing(tbs, issuer=issuer, catalogue=CATALOGUE, at=AT)


def test_f23_an_authority_is_found_by_both_examinations() -> None:
    ca = extension("2.5.29.19", tlv(0x30, b"\x01\x01\xff"))
    tbs = with_extensions(lambda inside: [ca, *inside[1:]])
    assert parts(examine(tbs, expected())) == {"extension 2.5.29.19"}
    found = examine_for_signing(
        tbs, issuer=authority("el-org", "production").facts, catalogue=CATALOGUE, at=AT
    )
    assert parts(found) == {"extension 2.5.29.19"}


def test_f23_a_key_usage_that_certifies_is_found_by_both_examinations() -> None:
    usage = extension("2.5.29.15", b"\x03\x02\x01\x06", CRITICAL)
    tbs = with_extensions(lambda inside: [*inside[:3], usage, *inside[4:]])
    assert "extension 2.5.29.15" in parts(examine(tbs, expected()))
    issuer = authority("el-org", "production").facts
    assert examine_for_signing(tbs, issuer=issuer, catalogue=CATALOGUE, at=AT)


def test_f25_other_names_are_found() -> None:
    for names in (
        (HostName("evil.fr"),),
        (HostName("tops.demo.asipsante.fr"),),
        (HostName("topspsc.demo.asipsante.fr"), HostName("tops.demo.asipsante.fr")),
    ):
        subject = subject_for("SERV_SSL", (HostName("tops.demo.asipsante.fr"),))
        chosen: tuple[Name, ...] = names
        draft, _ = draft_for(
            "SERV_SSL",
            environment="production",
            warrant_given=warrant("SERV_SSL", names=chosen, subject=subject),
        )
        assert "extension 2.5.29.17" in parts(examine(draft.tbs, expected()))


def test_f24_one_environments_certificate_is_not_anothers() -> None:
    """The test hierarchy's certificate under the production's facts, and the other way round."""
    for environment, other in (("production", "test"), ("test", "production"), ("development", "production")):
        facts = replace(authority("el-org", environment).facts, environment=other)
        given = Expected(
            warrant("SERV_SSL"), spki_of(KEY), compose_serial(AT, RANDOM_BITS), AT, facts, CATALOGUE
        )
        assert "hierarchy" in parts(examine(built("SERV_SSL", environment), given))
        found = examine_for_signing(built("SERV_SSL", environment), issuer=facts, catalogue=CATALOGUE, at=AT)
        assert "hierarchy" in parts(found)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"rubbish", bytes(100), b"\x30\x82\xff\xff"])
def test_what_is_no_certificate_is_found_and_does_not_crash(data: bytes) -> None:
    assert parts(examine(data, expected())) == {"encoding"}
    issuer = authority("el-org", "production").facts
    assert parts(examine_for_signing(data, issuer=issuer, catalogue=CATALOGUE, at=AT)) == {"encoding"}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_is_not_signed_by_another_issuer(product: str) -> None:
    other = "el-pp" if CATALOGUE.products[product].issuer == "el-org" else "el-org"
    facts = authority(other, "production").facts
    assert "issuer" in parts(examine_for_signing(built(product), issuer=facts, catalogue=CATALOGUE, at=AT))
    assert parts(examine(built(product), replace(expected(product), issuer=facts))) == {"product"}


def test_an_issuer_without_products_signs_no_subscriber() -> None:
    facts = authority("fo-pp", "production").facts
    found = examine_for_signing(built("PS_AUTH"), issuer=facts, catalogue=CATALOGUE, at=AT)
    assert "product" in parts(found)


@pytest.mark.parametrize(
    ("shift", "found"),
    [
        (timedelta(0), set()),
        (timedelta(minutes=59), set()),
        (timedelta(minutes=61), {"notBefore"}),
        (timedelta(minutes=-4), set()),
        (timedelta(minutes=-6), {"notBefore"}),
        (timedelta(days=900), {"notBefore"}),
    ],
)
def test_f05_a_signer_refuses_what_was_not_made_now(shift: timedelta, found: set[str]) -> None:
    issuer = authority("el-org", "production").facts
    seen = examine_for_signing(built(), issuer=issuer, catalogue=CATALOGUE, at=AT + shift)
    assert parts(seen) == found


def test_f46_a_signer_refuses_a_day_beyond_the_issuer() -> None:
    ends = AT + timedelta(days=500)
    short = authority("el-org", "production", ends=ends)
    facts: IssuerFacts = short.facts
    dates = tlv(0x30, tlv(0x17, b"261124093015Z") + tlv(0x17, b"291124093014Z"))
    found = examine_for_signing(rebuilt(setting(4, dates)), issuer=facts, catalogue=CATALOGUE, at=AT)
    assert "validity" in parts(found)


def test_a_structure_certificate_with_the_cn_of_another_host_is_not_signed() -> None:
    with_other_cn = [node.raw for node in parse(built()).children[5].children]
    with_other_cn[-1] = with_other_cn[-1].replace(b"tops.demo", b"evil.demo")
    tbs = rebuilt(setting(5, tlv(0x30, b"".join(with_other_cn))))
    issuer = authority("el-org", "production").facts
    found = examine_for_signing(tbs, issuer=issuer, catalogue=CATALOGUE, at=AT)
    assert parts(found) == {"common name"}
