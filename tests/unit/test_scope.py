"""The algebra of scopes and how it says itself; tables of cases are in `tests/conformance`."""

from __future__ import annotations

import pytest

from sceau.catalogue import ScopeFamily, load_catalogue
from sceau.registration import (
    Scope,
    ScopeKind,
    decide_declared_names,
    decide_name,
    decide_names,
    decide_narrowing,
    in_words,
    read_scope,
)
from sceau.vocabulary import ApplicationName, HostName, Mailbox, Refused, Severity

CATALOGUE = load_catalogue()
DOMAIN = Scope(ScopeKind.DOMAIN, HostName("mon-domaine.fr"))
BRANCH = Scope(ScopeKind.SUBDOMAIN, HostName("sous.mon-domaine.fr"))
SERVER = Scope(ScopeKind.SERVER, HostName("www.mon-domaine.fr"))
MAIL = Scope(ScopeKind.MAIL, HostName("mon-domaine.fr"))
MAIL_ONLY = Scope(ScopeKind.MAIL, HostName("mon-domaine.fr"), restricted=True)


def test_a_server_scope_covers_exactly_itself() -> None:
    assert SERVER.holds(HostName("www.mon-domaine.fr"))
    assert not SERVER.holds(HostName("a.www.mon-domaine.fr"))
    assert not SERVER.holds(HostName("mon-domaine.fr"))


def test_f28_a_domain_covers_its_apex_its_servers_and_its_sub_domains() -> None:
    for name in ("mon-domaine.fr", "www.mon-domaine.fr", "a.b.mon-domaine.fr"):
        assert DOMAIN.holds(HostName(name))
    assert not DOMAIN.holds(HostName("evilmon-domaine.fr"))


def test_the_box_restricts_mail_to_the_exact_domain() -> None:
    below = HostName("sous.mon-domaine.fr")
    assert MAIL.holds(below)
    assert not MAIL_ONLY.holds(below)


def test_the_box_exists_for_mail_only() -> None:
    with pytest.raises(ValueError, match="mail only"):
        Scope(ScopeKind.DOMAIN, HostName("mon-domaine.fr"), restricted=True)


def test_a_mail_scope_is_declared_with_its_at() -> None:
    assert MAIL.declared == "@mon-domaine.fr"
    assert DOMAIN.declared == "mon-domaine.fr"
    assert (MAIL.family, DOMAIN.family) == (ScopeFamily.MAIL, ScopeFamily.HOST)


def test_canonical_keys_tell_coverage_apart_and_nothing_else() -> None:
    assert len({scope.canonical for scope in (DOMAIN, BRANCH, SERVER, MAIL, MAIL_ONLY)}) == 5
    same = Scope(ScopeKind.SUBDOMAIN, HostName("mon-domaine.fr"))
    assert same.canonical == DOMAIN.canonical == "under:mon-domaine.fr"
    assert MAIL_ONLY.canonical == "only:@mon-domaine.fr"


@pytest.mark.parametrize("scope", [DOMAIN, BRANCH, SERVER, MAIL, MAIL_ONLY])
def test_a_scope_says_in_french_what_it_covers_and_what_it_does_not(scope: Scope) -> None:
    assert scope.name.text in scope.words
    assert "couvre" in scope.words
    assert "ne couvre" in scope.words


def test_narrowing_needs_no_act_and_widening_is_refused() -> None:
    for narrow, wide in ((BRANCH, DOMAIN), (SERVER, DOMAIN), (MAIL_ONLY, MAIL), (DOMAIN, DOMAIN)):
        assert decide_narrowing(narrow, wide).require() == narrow
    for narrow, wide in (
        (DOMAIN, BRANCH),
        (DOMAIN, SERVER),
        (MAIL, MAIL_ONLY),
        (MAIL, DOMAIN),
        (SERVER, BRANCH),
    ):
        with pytest.raises(Refused):
            decide_narrowing(narrow, wide).require()


def test_every_yes_says_why() -> None:
    reading = decide_name(DOMAIN, "WWW.mon-domaine.fr.")
    assert reading.value == HostName("www.mon-domaine.fr")
    assert [(finding.code, finding.severity) for finding in reading.findings] == [
        ("scope.is-below", Severity.INFO)
    ]


def test_names_come_back_in_the_order_asked_each_once() -> None:
    reading = decide_names(
        "SERV_SSL", DOMAIN, ["b.mon-domaine.fr", "a.mon-domaine.fr", "B.mon-domaine.fr"], CATALOGUE
    )
    assert reading.require() == (HostName("b.mon-domaine.fr"), HostName("a.mon-domaine.fr"))


def test_all_names_or_none_and_every_finding() -> None:
    reading = decide_names(
        "SERV_SSL", DOMAIN, ["evil.fr", "www.mon-domaine.fr", "*.mon-domaine.fr"], CATALOGUE
    )
    assert reading.value is None
    assert [finding.code for finding in reading.findings] == [
        "scope.outside",
        "scope.is-below",
        "host.wildcard",
    ]


def test_a_mail_product_gives_mailboxes_and_an_org_product_an_application_name() -> None:
    mail = decide_names("PRO_SIGN", MAIL_ONLY, ["a@mon-domaine.fr"], CATALOGUE)
    assert mail.require() == (Mailbox("a", HostName("mon-domaine.fr")),)
    organisation = decide_names("ORG_SIGN", None, ["DRIMbox"], CATALOGUE)
    assert organisation.require() == (ApplicationName("DRIMbox"),)


def test_a_host_of_64_characters_fits_a_common_name_and_of_65_does_not() -> None:
    fits, too_long = (f"{'a' * count}.mon-domaine.fr" for count in (49, 50))
    assert decide_name(DOMAIN, fits).value is not None
    assert [finding.code for finding in decide_name(DOMAIN, too_long).findings] == ["names.too-long"]


def test_a_mailbox_may_be_longer_than_a_common_name_when_its_domain_is_not() -> None:
    long = f"{'a' * 64}@mon-domaine.fr"
    assert decide_names("SERV_S/MIME", MAIL, [long], CATALOGUE).value is not None


def test_a_mail_server_whose_domain_fits_no_common_name_is_refused_and_a_person_is_not() -> None:
    long = f"x@{'a' * 50}.mon-domaine.fr"
    refused = decide_names("SERV_CONF", MAIL, [long], CATALOGUE)
    assert "names.too-long" in {finding.code for finding in refused.findings}
    assert decide_names("PRO_CONF", MAIL, [long], CATALOGUE).value is not None


def test_a_certificate_does_not_carry_a_thousand_and_one_names() -> None:
    names = [f"a{number}.mon-domaine.fr" for number in range(1_001)]
    assert decide_names("SERV_SSL", DOMAIN, names[:-1], CATALOGUE).value is not None
    refused = decide_names("SERV_SSL", DOMAIN, names, CATALOGUE)
    assert [finding.code for finding in refused.findings] == ["names.too-many"]


def test_a_refused_scope_covers_nothing_and_the_names_are_judged_all_the_same() -> None:
    scope = read_scope(kind="domain", declared="asso.fr", restricted=None, catalogue=CATALOGUE)
    reading = decide_declared_names("SERV_SSL", scope, ["*.asso.fr"], CATALOGUE)
    assert {finding.code for finding in reading.findings} == {"scope.public-suffix", "host.wildcard"}


def test_every_shared_suffix_and_every_provider_of_the_catalogue_is_refused() -> None:
    for name in CATALOGUE.shared_suffixes:
        for kind in ("domain", "subdomain", "server"):
            assert read_scope(kind=kind, declared=name, restricted=None, catalogue=CATALOGUE).value is None
    for name in CATALOGUE.shared_suffixes | CATALOGUE.public_mail_providers:
        for restricted in (True, False):
            mail = read_scope(kind="mail", declared=f"@{name}", restricted=restricted, catalogue=CATALOGUE)
            assert mail.value is None


def test_an_administrator_s_contact_address_is_no_scope() -> None:
    """[ASSURANCE F30] Nothing here takes a person's address; a mailbox is never read as a domain."""
    reading = read_scope(kind="mail", declared="admin@autre.fr", restricted=False, catalogue=CATALOGUE)
    assert [finding.code for finding in reading.findings] == ["scope.mailbox-declared"]


def test_f26_the_placeholder_of_the_notice_is_refused_with_a_sentence_that_says_so() -> None:
    reading = read_scope(kind="domain", declared="mon_domaine.fr", restricted=None, catalogue=CATALOGUE)
    assert "notice" in CATALOGUE.say(reading.findings[0]).remedy


def told(
    kind: str, declared: object, *, restricted: object = False, product: str | None = None
) -> list[tuple[str, str]]:
    reading = read_scope(
        kind=kind, declared=declared, restricted=restricted, catalogue=CATALOGUE, product=product
    )
    return [(finding.code, finding.subject) for finding in reading.findings]


@pytest.mark.parametrize(
    ("kind", "declared", "codes"),
    [
        ("domain", "mon-domaine.fr", []),
        ("domain", "chu.asso.fr", []),
        ("domain", "hopital.mssante.fr", []),
        ("domain", "www.mon-domaine.fr", ["scope.not-a-domain"]),
        ("domain", "imap.hopital.mssante.fr", ["scope.not-a-domain"]),
        ("subdomain", "sous.mon-domaine.fr", []),
        ("subdomain", "a.b.mon-domaine.fr", []),
        ("subdomain", "www.chu.asso.fr", []),
        ("subdomain", "mon-domaine.fr", ["scope.not-a-subdomain"]),
        ("subdomain", "chu.asso.fr", ["scope.not-a-subdomain"]),
        ("server", "mon-domaine.fr", []),
        ("server", "a.b.mon-domaine.fr", []),
        ("mail", "@mon-domaine.fr", []),
        ("mail", "@a.b.mon-domaine.fr", []),
    ],
)
def test_a_kind_that_does_not_fit_its_name_is_a_question_and_one_that_does_is_none(
    kind: str, declared: str, codes: list[str]
) -> None:
    """[decision 4]"""
    found = [code for code, _ in told(kind, declared) if not code.startswith("scope.words-")]
    assert found == codes


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        (DOMAIN, "scope.words-branch"),
        (BRANCH, "scope.words-branch"),
        (SERVER, "scope.words-server"),
        (MAIL, "scope.words-mail"),
        (MAIL_ONLY, "scope.words-mail-restricted"),
    ],
)
def test_the_words_are_those_of_the_scope(scope: Scope, code: str) -> None:
    assert in_words(scope).code == code
    assert told(scope.kind, scope.declared, restricted=scope.restricted)[-1] == (code, scope.declared)


def test_a_finding_is_about_the_text_that_was_declared_or_about_its_field() -> None:
    assert told("domain", "a_b.fr") == [("host.underscore", "a_b.fr")]
    assert told("domain", None) == [("scope.declared-missing", "declared")]
    assert told("mail", "ORANGE.fr") == [("scope.public-mail", "@orange.fr")]
    assert told("domain", "ASSO.fr") == [("scope.public-suffix", "asso.fr")]
    assert told("mail", "@asso.fr", restricted=None) == [
        ("scope.restricted-missing", "restricted"),
        ("scope.public-suffix", "@asso.fr"),
    ]


@pytest.mark.parametrize(
    ("product", "kind", "code"),
    [
        ("SERV_SSL", "domain", None),
        ("SERV_SSL", "mail", "scope.wrong-family"),
        ("PRO_AUTH", "mail", None),
        ("PRO_AUTH", "server", "scope.wrong-family"),
        ("ORG_SIGN", "domain", "scope.not-for-product"),
        ("PS_SIGN", "mail", "scope.not-for-product"),
        ("SERV_TLS", "domain", "right.product-unknown"),
    ],
)
def test_a_scope_is_declared_for_a_product_that_asks_for_one_of_its_kind(
    product: str, kind: str, code: str | None
) -> None:
    found = [
        code
        for code, _ in told(kind, "mon-domaine.fr", product=product)
        if not code.startswith("scope.words-")
    ]
    assert found == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("product", "scope", "name", "code"),
    [
        ("SERV_SSL", MAIL, "www.mon-domaine.fr", "scope.wrong-family"),
        ("SERV_SIGN", DOMAIN, "a@mon-domaine.fr", "scope.wrong-family"),
        ("ORG_SIGN", DOMAIN, "DRIMbox", "scope.not-for-product"),
        ("PS_SIGN", MAIL, "a@mon-domaine.fr", "scope.not-for-product"),
        ("SERV_SSL", None, "www.mon-domaine.fr", "scope.missing"),
        ("PRO_SIGN", None, "a@mon-domaine.fr", "scope.missing"),
        ("PS_SIGN", None, "a@mon-domaine.fr", "names.own-card-only"),
        ("SERV_TLS", DOMAIN, "www.mon-domaine.fr", "right.product-unknown"),
    ],
)
def test_a_good_name_under_a_scope_that_is_not_the_product_s_is_refused(
    product: str, scope: Scope | None, name: str, code: str
) -> None:
    """[ASSURANCE T19]"""
    reading = decide_names(product, scope, [name], CATALOGUE)
    assert reading.value is None
    assert [finding.code for finding in reading.findings if finding.severity is Severity.ERROR] == [code]
