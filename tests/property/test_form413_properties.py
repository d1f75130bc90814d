"""What holds for every form: its canonical raw form reads back to it, and nothing breaks the reader."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sceau.catalogue import load_catalogue
from sceau.registration import ScopeKind, read_form
from sceau.vocabulary import errors

CATALOGUE = load_catalogue()
EDITIONS = sorted(load_catalogue().editions)

NAMES = st.sampled_from(["LEFÈVRE", "de La Tour", "O’Brien", " Núñez ", "Jean-Noël", "d'Hérouville"])
PHONES = st.sampled_from(["0123456789", "+33 6 12 34 56 78", "0262 12 34 56", "06.12.34.56.78"])
EMAILS = st.sampled_from(["a@chu-exemple.fr", "x.y@CLINIQUE.fr", "astreinte+1@sante.exemple.com"])
CARDS = st.integers(2_000_000_000, 2_999_999_999).map(str)
LINES = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40).map(lambda text: "é" + text)
DOMAINS = st.sampled_from(["chu-exemple.fr", "App.Chu-Exemple.FR", "hôpital-exemple.fr", "a.b.clinique.re"])

HOST_LINES = st.fixed_dictionaries(
    {
        "offer": st.just("serv-ssl"),
        "products": st.sampled_from([[], ["SERV_SSL"]]),
        "kind": st.sampled_from(["domain", "subdomain", "server"]) | st.none(),
        "declared": DOMAINS,
        "restricted": st.sampled_from([None, True, False]),
        "owner": st.sampled_from(["", "structure", "holder"]),
        "letter": st.none()
        | st.fixed_dictionaries(
            {"received": st.booleans(), "signed": st.booleans(), "id_copy": st.booleans(), "purpose": LINES}
        ),
    }
)
MAIL_LINES = st.fixed_dictionaries(
    {
        "offer": st.sampled_from(["serv-mail", "pro"]),
        "products": st.just([]),
        "kind": st.sampled_from([None, "mail"]),
        "declared": DOMAINS.map(lambda name: f"@{name}"),
        "restricted": st.booleans() | st.none(),
        "owner": st.sampled_from(["", "structure"]),
    }
)
ORG_LINES = st.fixed_dictionaries(
    {"offer": st.just("org"), "products": st.lists(st.sampled_from(["ORG_SIGN", "ORG_CONF"]), max_size=2)}
)
BESIDE_LINES = st.fixed_dictionaries(
    {"offer": st.sampled_from(["pro", "serv-ssl"]), "declared": DOMAINS, "ticked": st.just(False)}
)
PEOPLE = st.fixed_dictionaries(
    {"card_number": CARDS, "surname": NAMES, "given_names": NAMES, "phone": PHONES, "email": EMAILS}
)


@st.composite
def raw_forms(draw: st.DrawFn) -> dict[str, Any]:
    """Mostly forms that can be read: people have one name and one contact for each card."""
    people = draw(st.lists(PEOPLE, min_size=1, max_size=4, unique_by=lambda one: one["card_number"]))
    signatory = draw(st.sampled_from(people) | PEOPLE)
    qualities = ["representative", "holder", "mandataire", "representative", "mandataire", ""]
    declarations = [{"terms": True, "exact": True}] * 4 + [{}, {"terms": None, "exact": None}]
    return {
        "edition": draw(st.sampled_from(EDITIONS)),
        "structure": {
            "name": draw(LINES),
            "siret": draw(st.sampled_from(["187 512 751 00020", "18751275100020", "187 512 751 00020", ""])),
            "finess": draw(st.sampled_from(["690000385", "", "2A0000022"])),
            "rpps_rangs": draw(st.lists(st.sampled_from(["99700367909006", "99700237045007"]), max_size=3)),
            "postcode": draw(
                st.sampled_from(["69003", "97400", "20000", "75908", "69003", "97400", "20000", "75908", ""])
            ),
            "commune": draw(
                st.sampled_from(["Lyon", "Saint-Denis", "AJACCIO", "PARIS CEDEX 15", "Lyon", "Lyon", ""])
            ),
            "takes_charge": draw(st.sampled_from([None, True, False])),
        },
        "contract": {"number": draw(st.sampled_from(["", "C-2026-0012"]))},
        "signatory": {"quality": draw(st.sampled_from(qualities)), **signatory},
        "visa": {
            "date": draw(st.sampled_from(["", "24/11/2026", "2026-11-24", "1.2.2027"])),
            "signed": draw(st.sampled_from([None, True, False])),
            "stamped": draw(st.sampled_from([None, True, False])),
        },
        "usage": {"description": draw(LINES), "editor": draw(LINES), "solution": draw(LINES)},
        "offers": draw(
            st.lists(HOST_LINES | MAIL_LINES | ORG_LINES, min_size=1, max_size=4).flatmap(
                lambda lines: st.lists(BESIDE_LINES, max_size=2).map(lambda beside: [*lines, *beside])
            )
        ),
        "administrators": people,
        "declarations": draw(st.sampled_from(declarations)),
    }


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(raw_forms())
def test_the_canonical_raw_form_reads_back_to_the_same_form(raw: dict[str, Any]) -> None:
    before = copy.deepcopy(raw)
    reading = read_form(raw, catalogue=CATALOGUE)
    assert raw == before
    if reading.value is None:
        return
    canonical = json.loads(json.dumps(reading.value.as_raw()))
    again = read_form(canonical, catalogue=CATALOGUE)
    assert again.value == reading.value
    assert again.require().as_raw() == canonical


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(raw_forms())
def test_no_form_widens_what_was_doubtful(raw: dict[str, Any]) -> None:
    form = read_form(raw, catalogue=CATALOGUE).value
    for line in form.offers if form else ():
        if line.kind is None:
            assert line.scope is None
        if line.kind is ScopeKind.MAIL and line.scope is not None:
            assert line.scope.restricted is (line.restricted is not False)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
    max_leaves=20,
)
_WORDS = """ edition structure contract signatory visa usage offers administrators declarations name siret
finess rpps_rangs postcode commune takes_charge number quality surname given_names phone email card_number
date signed stamped description editor solution offer products kind declared restricted owner letter received
id_copy purpose terms exact ticked
"""
KEYS = st.sampled_from(_WORDS.split())
NEARLY = st.recursive(
    ANYTHING | st.sampled_from(["web", "N413", "2024-03", "serv-ssl", "org", "ps", "mail", "x@y.fr", "é.fr"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=30,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANYTHING | NEARLY)
def test_nothing_at_all_breaks_the_reader(raw: Any) -> None:
    reading = read_form(raw, catalogue=CATALOGUE)
    assert (reading.value is None) == bool(errors(reading.findings))
    for finding in reading.findings:
        assert CATALOGUE.say(finding).text


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(raw_forms(), st.data())
def test_one_value_replaced_by_anything_is_read_or_refused_with_its_path(
    raw: dict[str, Any], data: st.DataObject
) -> None:
    section = data.draw(st.sampled_from(sorted(raw)))
    value = data.draw(ANYTHING)
    if isinstance(raw[section], dict) and raw[section]:
        key = data.draw(st.sampled_from(sorted(raw[section])))
        raw[section][key] = value
    else:
        raw[section] = value
    reading = read_form(raw, catalogue=CATALOGUE)
    for finding in reading.findings:
        assert finding.subject
        assert CATALOGUE.say(finding).text
