"""ML-DSA in a plan: only with the word, only in files, and the word for nothing else."""

from __future__ import annotations

import pytest

from sceau.catalogue import load_catalogue
from sceau.custody import Plan, read_plan
from sceau.vocabulary import Refused

CATALOGUE = load_catalogue()
WORD = 'experimental = "post-quantum"\n'
HEAD = (
    'title = "Essai"\nenvironment = "{environment}"\nissuers = ["root-el", "el-org"]\nbackend = "{backend}"\n'
)
KEYS = '[keys]\nroot-el = "ml-dsa-87"\n'
TOKEN = '[token]\nmodule = "/usr/lib/softhsm/libsofthsm2.so"\ntoken = "essai"\n'


def plan(text: str, *, environment: str = "test", backend: str = "software") -> Plan:
    filled = text.replace("{environment}", environment).replace("{backend}", backend)
    return read_plan(filled.encode(), catalogue=CATALOGUE)


def refusals(text: str, **where: str) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        plan(text, **where)
    return [(finding.code, finding.subject) for finding in refused.value.findings]


@pytest.mark.parametrize("kind", ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"])
@pytest.mark.parametrize("environment", ["test", "production"])
def test_the_word_opens_it(kind: str, environment: str) -> None:
    read = plan(HEAD + WORD + KEYS.replace("ml-dsa-87", kind), environment=environment)
    assert read.post_quantum == ("root-el",)
    assert read.issuers[0].key == kind


@pytest.mark.parametrize("environment", ["test", "production"])
def test_without_the_word_it_is_refused(environment: str) -> None:
    assert refusals(HEAD + KEYS, environment=environment) == [("ceremony.experimental", "root-el")]


def test_another_word_or_the_word_for_nothing_is_refused() -> None:
    assert refusals(HEAD + 'experimental = "oui"\n' + KEYS) == [("ceremony.plan-value", "experimental")]
    assert refusals(HEAD + WORD) == [("ceremony.plan-value", "experimental")]
    assert refusals(HEAD + "experimental = true\n" + KEYS) == [("ceremony.plan-value", "experimental")]


def test_no_module_is_asked_for_such_a_key() -> None:
    assert refusals(HEAD + WORD + KEYS + TOKEN, backend="pkcs11") == [
        ("ceremony.experimental-token", "root-el")
    ]


def test_a_plan_without_such_keys_is_no_experiment() -> None:
    assert plan(HEAD).post_quantum == ()


@pytest.mark.parametrize("kind", ["ml-dsa-45", "ML-DSA-65", "ml-dsa:65", "slh-dsa"])
def test_other_kinds_are_not_known(kind: str) -> None:
    assert refusals(HEAD + WORD + KEYS.replace("ml-dsa-87", kind))[0] == (
        "ceremony.plan-value",
        "keys.root-el",
    )
