"""A slip, a double of another alphabet, a usual ending mistyped: told. Another name: not."""

from __future__ import annotations

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.registration import doubts_about
from sceau.registration.lookalikes import _distance
from sceau.vocabulary import Severity

KNOWN = ("chu-exemple.fr", "@messagerie.chu-exemple.fr", "portail.autre-nom.fr")


def told(name: str, known: tuple[str, ...] = KNOWN) -> dict[str, str]:
    found = doubts_about(name, known=known, subject="offers.0.declared")
    assert all(one.severity is Severity.WARNING for one in found)
    assert all(one.subject == "offers.0.declared" for one in found)
    return {one.code.partition(".")[2]: dict(one.details)["meant"] for one in found}


@pytest.mark.parametrize(
    "name", ["chu-exmple.fr", "chu-exepmle.fr", "chuexemple.fr", "www.chu-exempl.fr", "@chu-exemplr.fr"]
)
def test_one_or_two_slips_from_a_known_name_are_told(name: str) -> None:
    assert told(name) == {"near": "chu-exemple.fr"}


@pytest.mark.parametrize(
    "name",
    [
        "chu-exemple.fr",
        "CHU-Exemple.fr",
        "www.chu-exemple.fr",
        "jean@chu-exemple.fr",
        "@messagerie.chu-exemple.fr",
        "autre-nom.fr",  # above a known one
        "hopital-de-la-vallee.fr",
        "chu",
        "",
    ],
)
def test_a_known_name_what_lies_under_it_and_another_name_raise_no_doubt(name: str) -> None:
    assert told(name) == {}


def test_numbered_servers_are_not_slips_of_each_other() -> None:
    assert told("srv-appli-2.exemple.org", ("srv-appli-1.exemple.org",)) == {}
    assert told("srv-apli-1.exemple.org", ("srv-appli-1.exemple.org",)) == {"near": "srv-appli-1.exemple.org"}


@pytest.mark.parametrize(
    "name",
    [
        "chu-exemple.fr".replace("e", "\u0435"),  # a Cyrillic letter for each Latin one
        "chu-\u0435xemple.fr",
        "chu-exernple.fr",
        "chu-exemp1e.fr",
        "chu-exémple.fr",
        idna.encode("chu-exémple.fr").decode(),
    ],
)
def test_what_reads_like_a_known_name_is_told_as_such(name: str) -> None:
    assert told(name) == {"same-look": "chu-exemple.fr"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [("mon-hopital.ft", "mon-hopital.fr"), ("mon-hopital.con", "mon-hopital.com"), ("a.b.ogr", "a.b.org")],
)
def test_a_usual_ending_mistyped_is_told(name: str, meant: str) -> None:
    assert told(name, ()) == {"top": meant}


def test_www_mistyped_is_told() -> None:
    assert told("wwww.hopital.fr", ()) == {"near": "www.hopital.fr"}
    assert told("www.hopital.fr", ()) == {}


def plain(first: str, second: str) -> int:
    """The same distance, by its definition, for short words."""
    if not first or not second:
        return len(first) + len(second)
    ways = [
        plain(first[1:], second) + 1,
        plain(first, second[1:]) + 1,
        plain(first[1:], second[1:]) + (first[0] != second[0]),
    ]
    if len(first) > 1 and len(second) > 1 and first[:2] == second[1::-1]:
        ways.append(plain(first[2:], second[2:]) + 1)
    return min(ways)


@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(1, 3))
def test_the_distance_is_what_it_says(first: str, second: str, most: int) -> None:
    assert _distance(first, second, most=most) == min(plain(first, second), most + 1)
