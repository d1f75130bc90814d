"""What a structure's change asks of each thing: pure rules, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sceau.catalogue import load_catalogue
from sceau.registration import (
    ChangeThing,
    PlannedDesignation,
    PlannedThing,
    Scope,
    ScopeKind,
    Structure,
    Terms,
    answers_of,
    carried_terms,
    carries_identity,
    check_designation,
    check_planned,
    under_new_identity,
)
from sceau.vocabulary import HostName, Siret, StructureId

BEFORE = Structure(
    name="Centre hospitalier de l'Exemple",
    structure_id=StructureId("3", "18751275100020"),
    department="Rhône (69)",
    postcode="69003",
    commune="Lyon",
    siret=Siret("18751275100020"),
    finess=None,
    rpps_rangs=(),
)
AFTER = replace(
    BEFORE,
    name="Nouvel Exemple",
    structure_id=StructureId("3", "18751275100038"),
    siret=Siret("18751275100038"),
)
SUBJECT = "C=FR,O=Centre hospitalier de l'Exemple,OU=318751275100020,CN=www.chu-exemple.fr"
RENAMED, CLOSED = (load_catalogue().stops[f"structure-{kind}"] for kind in ("renamed", "closed"))
TODAY, SOON, LATER = date(2026, 11, 24), date(2026, 12, 24), date(2027, 1, 24)
CERTIFICATE = PlannedThing(ChangeThing.CERTIFICATE, "CRT", carries=True)


@pytest.mark.parametrize(
    ("subject", "after", "carries"),
    [
        (SUBJECT, AFTER, True),
        (SUBJECT, None, True),
        (SUBJECT, replace(AFTER, name=BEFORE.name), True),
        (SUBJECT, replace(AFTER, structure_id=BEFORE.structure_id), True),
        (SUBJECT, BEFORE, False),
        ("C=FR,CN=899700041983", AFTER, False),
        ("C=FR,OU=3187512751000201,CN=x", BEFORE, False),
    ],
)
def test_a_subject_carries_what_is_no_longer_so(subject: str, after: Structure | None, carries: bool) -> None:
    assert carries_identity(subject, BEFORE, after) is carries


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (replace(CERTIFICATE, answer="keep"), "change.keeps-identity"),
        (replace(CERTIFICATE, answer="hand-over"), "change.answer"),
        (replace(CERTIFICATE, answer="replace", revoke_on=LATER), "change.day-missing"),
        (replace(CERTIFICATE, answer="replace", replace_before=SOON), "change.day-missing"),
        (replace(CERTIFICATE, answer="revoke"), "change.day-missing"),
        (replace(CERTIFICATE, answer="revoke", revoke_on=date(2026, 11, 23)), "change.day-past"),
        (replace(CERTIFICATE, answer="replace", replace_before=LATER, revoke_on=SOON), "change.days-crossed"),
        (PlannedThing(ChangeThing.RIGHT, "HAB", "suspend"), "change.answer"),
    ],
)
def test_an_answer_that_cannot_be_kept_says_why(one: PlannedThing, code: str) -> None:
    assert [found.code for found in check_planned(one, act=RENAMED, today=TODAY)] == [code]


def test_an_answer_that_can_be_kept_says_nothing() -> None:
    good = replace(CERTIFICATE, answer="replace", replace_before=SOON, revoke_on=SOON)
    assert check_planned(good, act=RENAMED, today=TODAY) == ()
    assert (
        check_planned(replace(CERTIFICATE, answer="revoke", revoke_on=TODAY), act=RENAMED, today=TODAY) == ()
    )
    assert check_planned(replace(CERTIFICATE, answer="keep", carries=False), act=RENAMED, today=TODAY) == ()


def test_a_structure_that_closed_keeps_nothing() -> None:
    assert [answers_of(CLOSED, thing) for thing in ChangeThing] == [
        ("terminate",),
        ("abandon",),
        ("withdraw",),
        ("revoke",),
        ("end",),
    ]


def test_a_designation_follows_with_its_contract_to_nobody_but_those_it_was_made_of() -> None:
    good = PlannedDesignation("DES", "C-1", contract_follows=True)
    assert check_designation(good) == ()
    for bad, code in (
        (replace(good, contract_follows=False), "change.designation-contract"),
        (replace(good, is_self=True), "change.designation-self"),
        (replace(good, has_team=True), "change.designation-other-team"),
    ):
        assert [one.code for one in check_designation(bad)] == [code]


def test_a_designation_of_an_absorbed_structure_follows_for_no_more_than_that_structure_held() -> None:
    terms = Terms(("SERV_SSL", "ORG_SIGN"), (), may_fill=True, may_administer=True, until=SOON)
    held = Scope(ScopeKind.DOMAIN, HostName("chu-exemple.fr"))
    carried = carried_terms(terms, [("SERV_SSL", held), ("ORG_SIGN", None)])
    assert carried is not None
    assert (carried.products, carried.names) == (("SERV_SSL",), (HostName("chu-exemple.fr"),))
    assert carried_terms(terms, [("ORG_SIGN", None)]) is None
    filling = replace(terms, may_administer=False)
    assert carried_terms(filling, [("SERV_SSL", held)]) == replace(carried, may_administer=False)


def test_the_text_under_the_new_identity_is_the_same_but_for_it_and_is_not_signed() -> None:
    raw = {
        "structure": {"name": BEFORE.name, "siret": "18751275100020", "takes_charge": True},
        "contract": {"number": "C-1"},
        "offers": [{"offer": "org"}],
        "visa": {"signed": True},
    }
    changed = under_new_identity(raw, AFTER, "")
    assert "visa" not in changed
    assert (changed["offers"], changed["contract"]) == (raw["offers"], raw["contract"])
    assert changed["structure"]["siret"] == "18751275100038"
    assert (changed["structure"]["name"], changed["structure"]["takes_charge"]) == ("Nouvel Exemple", True)
    assert under_new_identity(raw, AFTER, "C-2")["contract"] == {"number": "C-2"}
