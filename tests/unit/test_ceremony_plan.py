"""The plan of a ceremony: everything wrong in it is said at once, and nothing unknown passes."""

from __future__ import annotations

from pathlib import Path

import pytest

import sceau.cli
from sceau.catalogue import load_catalogue
from sceau.custody import Plan, read_plan
from sceau.vocabulary import Refused

CATALOGUE = load_catalogue()
GOOD = """
title = "Essai"
environment = "test"
issuers = ["el-org", "root-el"]
backend = "software"
[keys]
root-el = "ec:P-384"
[years]
el-org = 10
[addresses]
publication = "http://igc.example.fr"
ldap = ""
[custodians]
threshold = 2
names = ["A", "B", "C"]
"""


def plan(text: str) -> Plan:
    return read_plan(text.encode(), catalogue=CATALOGUE)


def refusals(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        plan(text)
    return [(finding.code, finding.subject) for finding in refused.value.findings]


def test_a_plan_changes_what_it_names_and_nothing_else() -> None:
    read = plan(GOOD)
    assert [issuer.code for issuer in read.issuers] == ["root-el", "el-org"]
    assert [issuer.key for issuer in read.issuers] == ["ec:P-384", CATALOGUE.issuers["el-org"].key]
    assert [issuer.years for issuer in read.issuers] == [CATALOGUE.issuers["root-el"].years, 10]
    assert read.environment.publication == "http://igc.example.fr"
    assert read.environment.ldap_base is None
    assert (read.threshold, read.custodians, read.place, read.generation) == (2, ("A", "B", "C"), None, 1)
    assert read.roots_missing == ()


def test_the_model_that_the_command_gives_is_a_good_plan() -> None:
    model = Path(sceau.cli.__file__).with_name("ceremony_model.toml").read_text(encoding="utf-8")
    read = plan(model)
    assert (read.threshold, len(read.custodians), read.environment.code) == (3, 5, "production")
    # what it shows behind a # is good too
    other = model.replace('# root-el = "rsa', 'root-el = "rsa').replace("# el-org = 10", "el-org = 10")
    assert plan(other).issuers[1].years == 10


def test_an_issuing_authority_alone_waits_for_a_root_from_elsewhere() -> None:
    assert plan(GOOD.replace(', "root-el"', "").replace('root-el = "ec:P-384"', "")).roots_missing == (
        "el-org",
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('environment = "test"', 'environment = "development"', ("ceremony.plan-value", "environment")),
        ('environment = "test"', 'environment = "nowhere"', ("ceremony.plan-value", "environment")),
        ('"root-el"]', '"root-el", "root-el"]', ("ceremony.plan-value", "issuers")),
        ('"root-el"]', '"root-xx"]', ("ceremony.plan-value", "issuers")),
        ('"root-el"]', "3]", ("ceremony.plan-value", "issuers")),
        ('"software"', '"hsm"', ("ceremony.plan-value", "backend")),
        ('"software"', '"pkcs11"', ("ceremony.plan-value", "backend")),
        ('"ec:P-384"', '"rsa:1024"', ("ceremony.plan-value", "keys.root-el")),
        ('root-el = "ec', 'fo-pp = "ec', ("ceremony.plan-value", "keys.fo-pp")),
        ("el-org = 10", "el-org = 31", ("ceremony.plan-value", "years.el-org")),
        ("el-org = 10", "el-org = true", ("ceremony.plan-value", "years.el-org")),
        ('"http://igc', '"file://igc', ("ceremony.plan-value", "addresses.publication")),
        ("publication =", "publicatoin =", ("ceremony.plan-unknown", "addresses.publicatoin")),
        ("threshold = 2", "threshold = 1", ("ceremony.custodians", "custodians")),
        ("threshold = 2", "threshold = 4", ("ceremony.custodians", "custodians")),
        ('["A", "B", "C"]', '["A", "B", "A"]', ("ceremony.custodians", "custodians")),
        ("threshold = 2", "threshold = 2\npassphrase = 1", ("ceremony.custodians", "custodians")),
        ("title =", "pin = 'x'\ntitle =", ("ceremony.plan-unknown", "pin")),
        ("title =", "generation = 0\ntitle =", ("ceremony.plan-value", "generation")),
        ('title = "Essai"', "", ("ceremony.plan-value", "title")),
        ("[keys]", "[roots]\nroot-el = 'ab'\n[keys]", ("ceremony.plan-value", "roots.root-el")),
        ("[keys]", "[lists]\ndays = 401\n[keys]", ("ceremony.plan-value", "lists")),
        ("[keys]", "[lists]\nhours = 4\n[keys]", ("ceremony.plan-value", "lists")),
        ("[keys]", "[[revoked]]\nissuer = 'root-el'\n[keys]", ("ceremony.plan-value", "revoked.0")),
        ("[keys]", "[service.fo-pp]\n[keys]", ("ceremony.plan-value", "service.fo-pp")),
        (
            "[keys]",
            "[service.el-org]\nproducts = ['PS_AUTH']\n[keys]",
            ("ceremony.plan-value", "service.el-org"),
        ),
        ("[keys]", "[service.el-org]\nfrom = 'x'\n[keys]", ("ceremony.plan-value", "service.el-org")),
        ("title", "[", ("ceremony.plan-unreadable", "plan")),
    ],
)
def test_a_plan_that_says_something_else_is_refused(old: str, new: str, expected: tuple[str, str]) -> None:
    changed = GOOD.replace(old, new, 1)
    assert changed != GOOD
    assert expected in refusals(changed)


def test_a_token_takes_no_custodians_and_no_pin() -> None:
    token = '[token]\nmodule = "/x.so"\ntoken = "sceau"\n'
    good = GOOD[: GOOD.index("[custodians]")].replace('"software"', '"pkcs11"') + token
    read = plan(good)
    assert read.place is not None
    assert (read.place.label, read.place.slot) == ("sceau", None)
    assert ("ceremony.custodians", "custodians") in refusals(GOOD.replace('"software"', '"pkcs11"') + token)
    assert ("ceremony.plan-value", "token") in refusals(good + 'pin = "1234"\n')


def test_everything_wrong_is_said_at_once() -> None:
    bad = GOOD.replace('"ec:P-384"', '"x"').replace("el-org = 10", "el-org = 0").replace("= 2", "= 9")
    assert len(refusals(bad)) == 3
