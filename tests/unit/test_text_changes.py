"""What a new text of a form changes, line by line: nothing is left out, and nothing is told twice."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sceau.registration import LineFate, text_changes

BASE: dict[str, Any] = {
    "edition": "web",
    "structure": {"name": "Hôpital", "siret": "", "finess": "750712184", "takes_charge": True},
    "contract": {"number": "C-1"},
    "signatory": {"surname": "Désirée", "card_number": "2600900104"},
    "usage": {"description": "Portail", "editor": "", "solution": ""},
    "offers": [
        {"offer": "serv-ssl", "kind": "domain", "declared": "chu.fr", "products": ["SERV_SSL"], "owner": None}
    ],
    "administrators": [{"card_number": "2 600 900 104", "surname": "Benali", "email": "k@chu.fr"}],
    "declarations": {"terms": True},
    "visa": {"signed": True},
}


def fates(after: dict[str, Any]) -> dict[LineFate, list[str]]:
    found: dict[LineFate, list[str]] = {}
    for one in text_changes(BASE, after):
        found.setdefault(one.fate, []).append(one.place)
    return found


def test_the_same_text_is_kept_line_by_line_whatever_is_not_typed() -> None:
    same = deepcopy(BASE) | {"declarations": {}, "visa": {}}
    same["usage"]["editor"] = "  "
    assert set(fates(same)) == {LineFate.KEPT}
    assert "structure.siret" not in fates(same)[LineFate.KEPT]  # nothing there, in neither


def test_another_name_is_a_line_removed_and_one_added() -> None:
    after = deepcopy(BASE)
    after["offers"][0]["declared"] = "api.chu.fr"
    assert fates(after)[LineFate.REMOVED] == ["offers"]
    assert fates(after)[LineFate.ADDED] == ["offers"]


def test_another_product_of_the_same_name_or_another_mail_of_the_same_card_is_a_change() -> None:
    after = deepcopy(BASE)
    after["offers"][0]["products"] = ["SERV_SSL", "SERV_AUTH"]
    after["administrators"][0] |= {"card_number": "2600900104", "email": "autre@chu.fr"}
    assert fates(after)[LineFate.CHANGED] == ["offers", "administrators"]


def test_a_place_that_was_filled_and_is_emptied_is_removed() -> None:
    after = deepcopy(BASE)
    after["usage"]["description"] = ""
    after["structure"]["siret"] = "18751275100020"
    assert fates(after)[LineFate.REMOVED] == ["usage.description"]
    assert fates(after)[LineFate.ADDED] == ["structure.siret"]


LINE = st.fixed_dictionaries(
    {
        "offer": st.sampled_from(["serv-ssl", "org"]),
        "declared": st.sampled_from(["a.fr", "A.fr ", "b.fr", "", None]),
        "products": st.lists(st.sampled_from(["SERV_SSL", "ORG_SIGN"]), max_size=2),
    }
)


@given(st.lists(LINE, max_size=5), st.lists(LINE, max_size=5))
def test_every_line_of_both_texts_is_told_once(old: list[Any], new: list[Any]) -> None:
    found = text_changes(BASE | {"offers": old}, BASE | {"offers": new})
    lines = [one for one in found if one.place == "offers"]
    assert sum(one.before is not None for one in lines) == len(old)
    assert sum(one.after is not None for one in lines) == len(new)
    assert all((one.fate is LineFate.ADDED) is (one.before is None) for one in lines)
