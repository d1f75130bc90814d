"""Shapes: what is linted or examined once for a shape refuses whatever reading each draft whole refuses [F23,
F49].

The corpus is every mutant of `tests.mutants` of a draft of each kind. A draft that passes by its shape is
read whole as well, by pkilint and by the whole examination, and must pass there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from sceau.certification import Expected, compose_serial, examine, examine_for_signing, lint
from sceau.certification.examine import forget_shapes
from sceau.certification.issuer import read_issuer
from sceau.certification.lint import LintVerdict, lint_by_shape
from sceau.vocabulary import Fault, Refused
from tests.authority import (
    AT,
    CATALOGUE,
    RANDOM_BITS,
    TestAuthority,
    authority,
    draft_for,
    private_key,
    spki_of,
    warrant,
)
from tests.mutants import holes_of, mutants

# The library warns of lengths, in words, while the examiner spells a subject that it refuses.
pytestmark = pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning")
KEY = private_key("ec:P-256", "subscriber")
LINT_KEY = private_key("ec:P-256", "lint")
PRODUCTS = ("SERV_SSL", "ORG_SIGN", "PS_AUTH", "PRO_SIGN", "SERV_S/MIME")


def issuer_of(product: str, environment: str = "production") -> TestAuthority:
    return authority(CATALOGUE.products[product].issuer, environment, kind="ec:P-256")


def built(product: str) -> bytes:
    return draft_for(product, environment="production", kind="ec:P-256", key=KEY)[0].tbs


def asked(product: str) -> Expected:
    serial = compose_serial(AT, RANDOM_BITS)
    return Expected(warrant(product), spki_of(KEY), serial, AT, issuer_of(product).facts, CATALOGUE)


def verdict(tbs: bytes, product: str, *, whole: bool) -> LintVerdict | None:
    """None when it is refused."""
    look = lint.lint if whole else lint_by_shape
    issuer = read_issuer(issuer_of(product).facts.certificate)
    try:
        return look(tbs, issuer=issuer, key=LINT_KEY, environment="production")
    except (Refused, Fault):
        return None


def corpus(product: str, flips: int) -> Iterator[tuple[str, bytes]]:
    tbs = built(product)
    yield from mutants(tbs, flips=flips)
    yield from holes_of(tbs, random.Random(product))


@pytest.fixture(autouse=True)
def _each_shape_is_new() -> None:
    forget_shapes()
    lint.forget_shapes()


@pytest.mark.parametrize("product", PRODUCTS)
def test_f49_what_passes_by_its_shape_passes_when_pkilint_reads_it_whole(product: str) -> None:
    """Drafts that pkilint did read are equal by construction; those that passed unread are read here."""
    first = verdict(built(product), product, whole=False)
    assert first is not None
    unread = refused = 0
    for what, tbs in corpus(product, 120):
        passed = verdict(tbs, product, whole=False)
        if passed is None:
            refused += 1
        elif passed.linted_sha256 != passed.tbs_sha256:
            unread += 1
            assert verdict(tbs, product, whole=True) is not None, what
    assert unread >= 15
    assert refused >= 250


@pytest.mark.parametrize("product", PRODUCTS)
def test_f23_the_examiner_says_of_a_mutant_what_it_says_when_it_reads_it_whole(product: str) -> None:
    expected = asked(product)
    assert examine(built(product), expected) == ()
    found = 0
    for what, tbs in corpus(product, 1000):
        by_shape = examine(tbs, expected)
        forget_shapes()
        whole = examine(tbs, expected)
        assert by_shape == whole, what
        found += bool(whole)
        assert examine(built(product), expected) == ()  # its shape is known again
    assert found >= 900


@pytest.mark.parametrize("product", PRODUCTS)
def test_f23_so_does_the_signers_examination(product: str) -> None:
    facts = issuer_of(product).facts
    for what, tbs in corpus(product, 700):
        assert examine_for_signing(built(product), issuer=facts, catalogue=CATALOGUE, at=AT) == ()
        by_shape = examine_for_signing(tbs, issuer=facts, catalogue=CATALOGUE, at=AT)
        forget_shapes()
        assert by_shape == examine_for_signing(tbs, issuer=facts, catalogue=CATALOGUE, at=AT), what
