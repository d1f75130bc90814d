"""The pure rules of the life of rights: what an amendment changes, which certificate is covered, which card
waits.
"""

from __future__ import annotations

from itertools import product as pairs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.catalogue import RegisterState, RegisterSubject
from sceau.registration import (
    Grant,
    HeldRight,
    HolderLetter,
    RegisterFact,
    Scope,
    ScopeKind,
    StandingCertificate,
    Structure,
    Succession,
    decide_succession,
    effects_of,
    key_of,
)
from sceau.vocabulary import CardNumber, HostName, PersonId, StructureId

PEOPLE = tuple(PersonId("3", "690000005", f"ADM{number:02}") for number in range(3))
STRUCTURE = Structure("CHU", StructureId("1", "690000001"), "Rhône (69)", "69001", "LYON")
SCOPES = (
    Scope(ScopeKind.DOMAIN, HostName("chu.fr")),
    Scope(ScopeKind.SERVER, HostName("www.chu.fr")),
    Scope(ScopeKind.SERVER, HostName("api.chu.fr")),
    None,
)
ALL = tuple(
    Grant(person, CardNumber("2600000001"), product, scope, STRUCTURE, HolderLetter.NOT_NEEDED)
    for person, product, scope in pairs(PEOPLE, ("SERV_SSL", "ORG_SIGN"), SCOPES)
)
NAMES = tuple(HostName(text) for text in ("www.chu.fr", "api.chu.fr", "other.chu.fr"))


@given(
    st.sets(st.sampled_from(range(len(ALL)))),
    st.sets(st.sampled_from(range(len(ALL)))),
    st.lists(st.tuples(st.sampled_from(range(len(ALL))), st.sampled_from(NAMES)), max_size=8),
)
def test_after_an_amendment_there_is_exactly_what_its_text_gives(
    before: set[int], after: set[int], issued: list[tuple[int, HostName]]
) -> None:
    held = [HeldRight(f"HAB-{at}", key_of(ALL[at])) for at in before]
    certificates = [
        StandingCertificate(f"CRT-{number}", f"HAB-{at}", ALL[at].product, (name,))
        for number, (at, name) in enumerate(issued)
        if at in before
    ]
    found = effects_of(held, [ALL[at] for at in after], certificates)
    assert set(found.lost) == {f"HAB-{at}" for at in before - after}
    assert set(found.kept) == {f"HAB-{at}" for at in before & after}
    assert set(found.gained) == {key_of(ALL[at]) for at in after - before}
    affected = {one.reference for one in found.certificates}
    assert affected == {one.reference for one in certificates if one.right in found.lost}
    given_now = [ALL[at] for at in after]
    for one in found.certificates:
        name = issued[int(one.reference.removeprefix("CRT-"))][1]
        product = next(which.product for which in certificates if which.reference == one.reference)
        assert one.is_covered == any(
            which.product == product and (which.scope is None or which.scope.holds(name))
            for which in given_now
        )
    again = effects_of(reversed(held), [ALL[at] for at in after], reversed(certificates))
    assert again == found


def fact(state: RegisterState, parent: str) -> RegisterFact:
    return RegisterFact("Annuaire", RegisterSubject.CARD, "2600000777", state, parent=parent)


@pytest.mark.parametrize(
    ("another", "holds", "said", "expected"),
    [
        (False, True, None, Succession.FREE),
        (True, False, None, Succession.FREE),
        (True, True, None, Succession.HELD),
        (True, True, fact(RegisterState.VALID, "me"), Succession.CONFIRMED),
        (True, True, fact(RegisterState.VALID, "another"), Succession.HELD),
        (True, True, fact(RegisterState.VALID, ""), Succession.HELD),
        (True, True, fact(RegisterState.LOST, "me"), Succession.HELD),
        (True, True, fact(RegisterState.EXPIRED, "me"), Succession.HELD),
    ],
)
def test_a_further_card_waits_unless_there_is_nothing_to_open_or_the_directory_says_whose_it_is(
    another: bool, holds: bool, said: RegisterFact | None, expected: Succession
) -> None:
    decided = decide_succession("me", has_another_card=another, holds_something=holds, fact=said)
    assert decided is expected
