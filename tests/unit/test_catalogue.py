"""What the shipped catalogue says, compared with a second statement of it written out here by hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from sceau.catalogue import (
    Catalogue,
    Holder,
    How,
    Mark,
    NameNeed,
    Quality,
    SanRule,
    ScopeFamily,
    SubjectLayout,
    load_catalogue,
)

DS, NR, KE = "digitalSignature", "nonRepudiation", "keyEncipherment"
SERVER_AUTH, CLIENT_AUTH, EMAIL = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
SMARTCARD_LOGON, ANY_EKU = "1.3.6.1.4.1.311.20.2.2", "2.5.29.37.0"

# F35, written out independently of the data files: product → key usage, extended key usage, policy, SAN.
F35 = {
    "SERV_SSL": ({DS, KE}, {SERVER_AUTH, CLIENT_AUTH}, "1.2.250.1.213.1.7.1.1.2.5.1", "dns"),
    "SERV_S/MIME": ({DS, KE}, {EMAIL}, "1.2.250.1.213.1.7.1.1.2.7.1", "rfc822"),
    "SERV_SIGN": ({DS, NR}, {EMAIL}, "1.2.250.1.213.1.7.1.1.2.8.1", "rfc822"),
    "SERV_CONF": ({KE}, {EMAIL}, "1.2.250.1.213.1.7.1.1.2.9.1", "rfc822"),
    "ORG_AUTH_CLI": ({DS}, {CLIENT_AUTH}, "1.2.250.1.213.1.7.1.1.2.4.1", "none"),
    "ORG_SIGN": ({DS, NR}, {EMAIL}, "1.2.250.1.213.1.7.1.1.2.3.1", "none"),
    "ORG_CONF": ({KE}, {EMAIL, ANY_EKU}, "1.2.250.1.213.1.7.1.1.2.6.1", "none"),
    "PRO_AUTH": ({DS}, {CLIENT_AUTH, SMARTCARD_LOGON}, "1.2.250.1.213.1.7.1.1.1.4.1", "upn"),
    "PRO_SIGN": ({NR}, {EMAIL}, "1.2.250.1.213.1.7.1.1.1.5.1", "rfc822"),
    "PRO_CONF": ({KE}, {EMAIL}, "1.2.250.1.213.1.7.1.1.1.6.1", "rfc822"),
    "PS_AUTH": ({DS}, {CLIENT_AUTH, SMARTCARD_LOGON}, "1.2.250.1.213.1.7.1.1.1.1.1", "upn"),
    "PS_SIGN": ({NR}, {EMAIL}, "1.2.250.1.213.1.7.1.1.1.2.1", "rfc822"),
    "PS_CONF": ({KE}, {EMAIL}, "1.2.250.1.213.1.7.1.1.1.3.1", "rfc822"),
}
OFFERS = {
    "serv-ssl": ("SERV_SSL",),
    "serv-mail": ("SERV_S/MIME", "SERV_SIGN", "SERV_CONF"),
    "org": ("ORG_AUTH_CLI", "ORG_SIGN", "ORG_CONF"),
    "pro": ("PRO_AUTH", "PRO_SIGN", "PRO_CONF"),
    "ps": ("PS_AUTH", "PS_SIGN", "PS_CONF"),
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_there_are_five_offers_with_the_notices_thirteen_products(catalogue: Catalogue) -> None:
    assert {code: offer.products for code, offer in catalogue.offers.items()} == OFFERS
    assert set(catalogue.products) == set(F35)


def test_only_the_professionals_offer_is_ordered_without_the_form(catalogue: Catalogue) -> None:
    direct = [offer.code for offer in catalogue.offers.values() if offer.how is How.PS_DIRECT]
    assert direct == ["ps"]


def test_each_offer_asks_for_the_domain_that_the_notice_says(catalogue: Catalogue) -> None:
    families = {offer.code: offer.scope_family for offer in catalogue.offers.values()}
    assert families == {
        "serv-ssl": ScopeFamily.HOST,
        "serv-mail": ScopeFamily.MAIL,
        "org": None,
        "pro": ScopeFamily.MAIL,
        "ps": None,
    }
    assert all(offer.how_to_declare for offer in catalogue.offers.values() if offer.scope_family)


@pytest.mark.parametrize("product", F35)
def test_f35_each_product_has_its_usages_its_policy_and_its_kind_of_name(
    catalogue: Catalogue, product: str
) -> None:
    profile = catalogue.profiles[catalogue.products[product].profile]
    key_usage, extended, policy, san = F35[product]
    assert set(profile.key_usage) == key_usage
    assert set(profile.extended_key_usage) == extended
    assert profile.policy_oid == policy
    assert profile.san == san


def test_f35_no_two_products_share_a_policy(catalogue: Catalogue) -> None:
    assert (
        len({profile.policy_oid for profile in catalogue.profiles.values()}) == len(catalogue.profiles) == 13
    )


def test_only_signing_products_limit_the_use_of_their_private_key(catalogue: Catalogue) -> None:
    limited = {p.product for p in catalogue.profiles.values() if p.private_key_usage_period}
    assert limited == {"SERV_SIGN", "ORG_SIGN", "PRO_SIGN", "PS_SIGN"}


def test_every_value_of_every_profile_says_how_it_is_known(catalogue: Catalogue) -> None:
    for profile in catalogue.profiles.values():
        values = set(type(profile).__dataclass_fields__) - {"id", "product", "sources", "note", "clause"}
        assert set(profile.sources) == values, profile.id
        assert all(source.reference for source in profile.sources.values())


def test_what_was_never_found_is_not_said_to_be_seen(catalogue: Catalogue) -> None:
    never_found = ("SERV_S/MIME", "SERV_SIGN", "SERV_CONF", "PRO_AUTH", "PRO_SIGN", "PRO_CONF", "PS_CONF")
    for profile in catalogue.profiles.values():
        if profile.product in never_found:
            assert {source.mark for source in profile.sources.values()} == {Mark.INFERRED}, profile.id


def test_production_policies_are_seen_for_three_products_only(catalogue: Catalogue) -> None:
    seen = {p.product for p in catalogue.profiles.values() if p.sources["policy_oid"].mark is Mark.SEEN}
    assert seen == {"SERV_SSL", "ORG_AUTH_CLI", "ORG_SIGN"}


def test_a_persons_certificate_never_has_the_subject_of_a_structure(catalogue: Catalogue) -> None:
    for product in catalogue.products.values():
        subject = catalogue.profiles[product.profile].subject
        assert (product.holder is Holder.PERSON) == (subject is not SubjectLayout.STRUCTURE)
        assert product.issuer == ("el-pp" if product.holder is Holder.PERSON else "el-org")


def test_a_health_professionals_profile_carries_profession_and_specialities(catalogue: Catalogue) -> None:
    for profile in catalogue.profiles.values():
        professional = profile.subject is SubjectLayout.PROFESSIONAL
        assert (profile.profession, profile.specialities) == (professional, professional)
        assert profile.product_category == 3


def test_an_application_name_never_becomes_an_alternative_name(catalogue: Catalogue) -> None:
    for product in catalogue.products.values():
        profile = catalogue.profiles[product.profile]
        assert (product.name_need is NameNeed.APPLICATION) == (profile.san is SanRule.NONE)


def test_the_hierarchy_has_three_ranges_and_only_the_elementary_one_issues_software(
    catalogue: Catalogue,
) -> None:
    assert set(catalogue.issuers) == {
        *("root-el", "root-st", "root-fo"),
        *("el-org", "el-pp", "st-pp", "st-org", "fo-pp"),
    }
    for issuer in catalogue.issuers.values():
        assert (issuer.parent is None) == issuer.code.startswith("root-")
        assert issuer.path_length == (None if issuer.parent is None else 0)
        assert not issuer.products or issuer.range == "elementaire"
        assert not issuer.cards or issuer.range != "elementaire"


def test_nothing_of_a_development_instance_has_the_names_of_the_real_hierarchy(catalogue: Catalogue) -> None:
    real, ours = catalogue.environments["production"], catalogue.environments["development"]
    assert ours.organisation == "SCEAU DEVELOPPEMENT"
    assert not set(ours.organisational_units) & set(real.organisational_units)
    assert "esante" not in "".join((ours.policy_uri, ours.crl_base, ours.ca_issuers_base, ours.ocsp))
    assert ours.ldap_base is None
    names = [
        {env.common_name(i) for i in catalogue.issuers.values()} for env in catalogue.environments.values()
    ]
    assert not names[0] & names[1]
    assert not names[1] & names[2]
    assert all(len(name) <= 64 for group in names for name in group)


def test_every_environment_but_production_has_the_one_test_policy_and_the_test_category(
    catalogue: Catalogue,
) -> None:
    for environment in catalogue.environments.values():
        real = environment.code == "production"
        assert environment.single_policy_oid == (None if real else "1.2.250.1.213.1.7.2.1.1.1.1")
        assert environment.category_offset == (0 if real else 0x80)
        assert environment.identifier_mode == ("real" if real else "test")
        assert environment.test_people == (environment.code == "development")


def test_an_operator_moves_the_addresses_of_an_environment(catalogue: Catalogue) -> None:
    moved = catalogue.environments["test"].moved(
        publication="http://pki.example/", ocsp="http://o.example/{x}", ldap=""
    )
    issuer = catalogue.issuers["el-org"]
    assert moved.crl_uri(issuer) == "http://pki.example/CRL/ACI-EL-ORG-TEST.crl"
    assert moved.ca_issuers_uri(issuer) == "http://pki.example/AC%20TEST/ACI-EL-ORG-TEST.cer"
    assert moved.policy_uri == "http://pki.example/PC%20TEST"
    assert moved.ocsp == "http://o.example/{x}"
    assert moved.ldap_uri(issuer, catalogue.issuers["root-el"]) is None


def test_cards_open_what_the_notice_and_decision_15_say(catalogue: Catalogue) -> None:
    opens = {
        card.code: (card.eligible, card.own_card, card.nominative, card.may_represent, card.may_be_mandataire)
        for card in catalogue.cards.values()
    }
    assert opens == {
        "CPS": (True, True, True, True, True),
        "CDE": (True, False, True, True, True),
        "CPE_NOMINATIVE": (True, False, True, False, True),
        "CDA": (True, False, True, True, True),
        "CPA": (True, False, True, False, True),
        "CPE_SERVICE": (False, False, False, False, False),
        "CPA_SERVICE": (False, False, False, False, False),
        "CPF": (False, False, True, False, False),
    }
    assert {c.code: c.ias_type for c in catalogue.cards.values() if c.nominative} == {
        "CPS": 0,
        "CPF": 1,
        "CDE": 2,
        "CPE_NOMINATIVE": 2,
        "CDA": 3,
        "CPA": 3,
    }


def test_a_revocation_is_final_so_no_reason_suspends(catalogue: Catalogue) -> None:
    assert "certificateHold" not in catalogue.reasons
    assert "suspension" in catalogue.reasons_not_offered["certificateHold"].why
    numbers = {r.rfc5280 for r in catalogue.reasons.values()} | {
        r.rfc5280 for r in catalogue.reasons_not_offered.values()
    }
    assert numbers == {0, 1, 2, 3, 4, 5, 6, 8, 9, 10}  # every CRLReason of RFC 5280, 7 being unused


def test_who_may_invoke_a_reason_is_as_written_here(catalogue: Catalogue) -> None:
    everybody = set(Quality) - {Quality.KEY_HOLDER}
    assert {code: set(reason.who) for code, reason in catalogue.reasons.items()} == {
        "keyCompromise": set(Quality),
        "affiliationChanged": everybody - {Quality.JUDGE},
        "superseded": everybody - {Quality.JUDGE},
        "cessationOfOperation": everybody,
        "privilegeWithdrawn": everybody - {Quality.HOLDER, Quality.ADMINISTRATOR},
        "unspecified": everybody,
        "cACompromise": {Quality.AUTHORITY},
    }


def test_the_dmp_takes_two_certificates_with_one_name_and_insi_imposes_its_own(catalogue: Catalogue) -> None:
    dmp, insi = catalogue.presets["dmp"], catalogue.presets["insi"]
    assert dmp.products == ("ORG_AUTH_CLI", "ORG_SIGN")
    assert dmp.same_subject
    assert insi.products == ("ORG_AUTH_CLI",)
    assert insi.common_names == ("INSI-AUTO", "INSI-MANU")


def test_every_product_is_reached_from_a_usage_sentence(catalogue: Catalogue) -> None:
    reached = {
        product for group in catalogue.usages.values() for usage in group.usages for product in usage.products
    }
    assert reached == set(catalogue.products)


def test_every_department_has_its_label_and_code(catalogue: Catalogue) -> None:
    texts = {department.text for department in catalogue.departments.values()}
    seen = {"Paris (75)", "Rhône (69)", "Côte-d'Or (21)", "Hauts-de-Seine (92)", "Seine-Maritime (76)"}
    assert seen <= texts
    metropolitan = [code for code in catalogue.departments if len(code) == 2]
    assert len(metropolitan) == 96
    assert "20" not in catalogue.departments


def test_names_that_nobody_owns_are_listed_and_the_agencys_own_are_not(catalogue: Catalogue) -> None:
    assert {"mssante.fr", "medecin.mssante.fr", "carte-cps.fr"} <= catalogue.shared_suffixes
    assert {"gmail.com", "orange.fr", "laposte.net", "wanadoo.fr"} <= catalogue.public_mail_providers
    assert len(catalogue.public_mail_providers) >= 80
    assert "asipsante.fr" not in catalogue.shared_suffixes | catalogue.public_mail_providers


def test_a_certificate_never_lives_longer_than_the_notice_says(catalogue: Catalogue) -> None:
    assert {profile.validity_years for profile in catalogue.profiles.values()} == {3}
    assert catalogue.calendar.crl_valid_hours == 6 * 24
    assert catalogue.calendar.crl_every_hours < catalogue.calendar.crl_valid_hours / 2


def test_every_row_names_its_clause(catalogue: Catalogue) -> None:
    tables = (
        *(
            catalogue.offers,
            catalogue.products,
            catalogue.profiles,
            catalogue.issuers,
            catalogue.environments,
        ),
        *(catalogue.cards, catalogue.reasons, catalogue.reasons_not_offered, catalogue.presets),
        *(catalogue.usages, catalogue.help, catalogue.glossary, catalogue.contacts, catalogue.domain_lists),
        catalogue.findings,
    )
    for table in tables:
        assert table
        for code, row in table.items():
            assert re.search(r"\w", row.clause), code


def test_the_table_cannot_be_changed_after_loading(catalogue: Catalogue) -> None:
    with pytest.raises(TypeError):
        catalogue.cards["CPF"] = catalogue.cards["CPS"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        catalogue.cards["CPF"].eligible = True  # type: ignore[misc]


# What follows reads the notice itself, which isn't ours to ship.


def _notice() -> str:
    folder = os.environ.get("SCEAU_SHARED")
    if not folder:
        pytest.skip("SCEAU_SHARED is not set: the notice can't be compared")
    text = (Path(folder) / "notice-413.txt").read_text(encoding="utf-8")
    return _plain(text)


def _plain(text: str) -> str:
    """One spelling for what the notice writes in several ways, footnote marks and typing errors aside."""
    text = re.sub(r"[¹²³⁴⁵⁶⁷⁸⁹°*]", "", text)
    for typed, meant in (
        ("s' authentifier", "s'authentifier"),
        ("des chiffrer", "de chiffrer"),
        ("mon_domaine", "mon-domaine"),
        ("mon_serveur", "mon-serveur"),
        ("sous_domaine", "sous-domaine"),
        ("sous domaine", "sous-domaine"),
        ("et cocher la case", "et cochez la case"),
        ("FINESS géographique sont", "FINESS géographiques sont"),
        ("3^{ème}", "3ème"),
        ("PRO .", "PRO."),
        ("<", ""),
        (">", ""),
    ):
        text = text.replace(typed, meant)
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.samples
def test_descriptions_are_the_notices_word_for_word(catalogue: Catalogue) -> None:
    notice = _notice()
    for product in catalogue.products.values():
        assert _plain(product.description) in notice, product.code


@pytest.mark.samples
def test_what_the_offers_say_of_their_names_is_the_notices(catalogue: Catalogue) -> None:
    notice = _notice()
    for offer in catalogue.offers.values():
        for paragraph in (offer.title, *offer.how_to_declare):
            assert _plain(paragraph) in notice, paragraph
        for example in offer.examples:
            assert _plain(example).casefold() in notice.casefold(), example


@pytest.mark.samples
def test_usages_and_glossary_are_the_notices_word_for_word(catalogue: Catalogue) -> None:
    notice = _notice()
    for group in catalogue.usages.values():
        assert f"{_plain(group.label)} :" in notice
        for usage in group.usages:
            assert _plain(usage.sentence) in notice, usage.sentence
    for term in catalogue.glossary.values():
        assert _plain(term.definition) in notice, term.code
    assert sorted(term.number for term in catalogue.glossary.values()) == list(range(10))


@pytest.mark.samples
def test_presets_quoted_from_the_notice_are_in_it(catalogue: Catalogue) -> None:
    notice = _notice().casefold()
    quoted = [preset for preset in catalogue.presets.values() if "N413" in preset.source]
    assert len(quoted) >= 7
    for preset in quoted:
        assert _plain(preset.sentence).casefold() in notice, preset.code


@pytest.mark.samples
def test_help_that_cites_only_the_notice_begins_with_its_words(catalogue: Catalogue) -> None:
    notice = _notice()
    for code in (
        "structure.name",
        "structure.siret",
        "structure.finess",
        "structure.postcode",
        "signatory.card_number",
    ):
        assert _plain(catalogue.help[code].text) in notice, code
    for code in ("usage.description", "usage.editor", "administrators.card_number", "administrators.phone"):
        assert _plain(catalogue.help[code].text) in notice, code
    assert "3ème ligne" in catalogue.help["administrators.card_number"].text
