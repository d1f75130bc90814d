"""From what people want to do to what they order: every known use is reached, names and numbers follow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.catalogue import How, load_catalogue
from sceau.registration import Needs, choose_uses, needs_of, order_for_needs, questions_for, read_form
from sceau.vocabulary import Severity

CATALOGUE = load_catalogue()
USES = CATALOGUE.needs.uses
ANSWERS = ["", "x", *sorted({code for use in USES.values() for code in use.answers})]
SAID = ["", "x", *sorted({code for one in CATALOGUE.needs.questions.values() for code in one.answers})]


def needed(*uses: str, answers: Any = None, **said: str) -> Needs:
    counts = {code: said.pop(f"n_{code}") for code in uses if f"n_{code}" in said}
    chosen = choose_uses(uses, answers=answers or {}, counts=counts, catalogue=CATALOGUE)
    return needs_of(chosen, answers=said, catalogue=CATALOGUE)


def lines(needs: Needs) -> list[tuple[str, int, str]]:
    return [(one.product, one.count, one.name) for one in needs.certificates]


def test_every_known_use_and_every_product_is_reached_by_somebody() -> None:
    answers = [answer for use in USES.values() for answer in use.answers.values()]
    assert {answer.preset for answer in answers} - {""} >= set(CATALOGUE.presets) - {"pflau-pull"} | {
        "pflau-pull"
    }
    assert {one.product for answer in answers for one in answer.certificates} == set(CATALOGUE.products)


def test_the_words_of_the_uses_are_the_notices_own() -> None:
    said = {one.sentence for group in CATALOGUE.usages.values() for one in group.usages}
    said |= {example for offer in CATALOGUE.offers.values() for example in offer.examples}
    assert {use.sentence for use in USES.values()} <= said


def test_no_word_of_cryptography_is_asked_of_anybody() -> None:
    texts = [use.label + use.question for use in USES.values()]
    texts += [one.label for use in USES.values() for one in use.answers.values()]
    texts += [one.label for one in CATALOGUE.needs.questions.values()]
    for word in ("PKCS", "CSR", "clé publique", "X.509", "TLS", "DN", "PKI"):
        assert not [text for text in texts if word in text], word


def test_the_dmp_takes_a_pair_for_each_application() -> None:
    assert lines(needed("dmp", n_dmp="2")) == [("ORG_AUTH_CLI", 2, ""), ("ORG_SIGN", 2, "")]
    assert lines(needed("dmp", answers={"dmp": "server"}))[1] == ("SERV_SIGN", 1, "")


def test_insi_takes_its_imposed_names_whatever_the_number() -> None:
    both = needed("insi", answers={"insi": "both"}, n_insi="9")
    assert lines(both) == [("ORG_AUTH_CLI", 1, "INSI-AUTO"), ("ORG_AUTH_CLI", 1, "INSI-MANU")]


def test_the_same_product_for_two_uses_is_counted_together() -> None:
    (line,) = needed("web", "mssante", n_web="3", n_mssante="2").certificates
    assert (line.product, line.count, len(line.uses)) == ("SERV_SSL", 5, 2)


def test_a_doctors_own_certificate_takes_no_form_and_asks_nothing_of_the_structure() -> None:
    mine = needed("sign", answers={"sign": "myself"}, contrat="non")
    assert mine.flags == {"own"}
    assert [one.code for one in mine.have] == ["cps"]
    assert order_for_needs(mine, catalogue=CATALOGUE)["offers"] == []


@pytest.mark.parametrize(
    ("said", "have", "do"),
    [
        ({"contrat": "non"}, set(), {"contract"}),
        ({"contrat": "inconnu"}, set(), {"contract-ask"}),
        ({"domaine": "autre"}, {"letter"}, set()),
        ({"domaine": "inconnu"}, set(), {"owner-ask"}),
        ({"patients": "oui"}, {"finess"}, set()),
        ({"patients": "non"}, {"siret"}, set()),
        ({"technique": "editeur"}, set(), {"editor"}),
    ],
)
def test_each_answer_changes_what_is_told(said: dict[str, str], have: set[str], do: set[str]) -> None:
    plain, told = needed("web"), needed("web", **said)
    assert {one.code for one in told.have} - {one.code for one in plain.have} == have
    assert {one.code for one in told.do} - {one.code for one in plain.do} == do


def test_nobody_is_asked_for_a_domain_that_needs_none() -> None:
    def asked(*uses: str) -> set[str]:
        chosen = choose_uses(uses, answers={}, counts={}, catalogue=CATALOGUE)
        return {one.code for one in questions_for(chosen, catalogue=CATALOGUE)}

    assert asked("insi") == {"contrat", "patients", "technique"}
    assert asked("web") == {"contrat", "patients", "domaine", "technique"}


@given(
    st.lists(st.sampled_from(sorted(USES)), max_size=6),
    st.dictionaries(st.sampled_from(sorted(USES)), st.sampled_from(ANSWERS)),
    st.dictionaries(
        st.sampled_from(sorted(USES)), st.sampled_from(["", "0", "7", "999", "12345", "²", "-1"])
    ),
    st.dictionaries(st.sampled_from(sorted(CATALOGUE.needs.questions)), st.sampled_from(SAID)),
)
def test_whatever_is_answered_the_order_it_fills_is_one_that_the_form_understands(
    uses: list[str], answers: dict[str, str], counts: dict[str, str], said: dict[str, str]
) -> None:
    chosen = choose_uses(uses, answers=answers, counts=counts, catalogue=CATALOGUE)
    assert all(1 <= one.count <= 200 for one in chosen)
    needs = needs_of(chosen, answers=said, catalogue=CATALOGUE)
    order: dict[str, Any] = order_for_needs(needs, catalogue=CATALOGUE)
    by_form = {
        one.product
        for one in needs.certificates
        if CATALOGUE.offers[CATALOGUE.products[one.product].offer].how is How.FORM_413
    }
    assert {product for line in order["offers"] for product in line["products"]} == by_form
    raw = {"edition": "web", "usage": order["usage"], "offers": order["offers"]}
    read = read_form(raw, catalogue=CATALOGUE)
    wrong = [
        one for one in read.findings if one.subject.startswith("offers.") and one.severity is Severity.ERROR
    ]
    assert {one.code for one in wrong} <= {
        "form.required"
    }  # the name, and what it covers, are still to be said
