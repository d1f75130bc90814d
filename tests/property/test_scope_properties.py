"""What holds for every scope and every name, and a second reading of the notice that must agree.

`oracle_*` below is written from the notice and the decisions alone, by other means than the product (reversed
lists, one regular expression): where the two differ, one of them is wrong.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from sceau.catalogue import load_catalogue
from sceau.cli.explain_batch import answer_line
from sceau.cli.explain_questions import QUESTIONS, new_asker
from sceau.registration import (
    Scope,
    ScopeKind,
    covering_keys,
    decide_name,
    decide_names,
    decide_narrowing,
    read_scope,
    scope_of_key,
)
from sceau.vocabulary import (
    HostName,
    Mailbox,
    read_application_name,
    read_declared_host_name,
    read_host_name,
    read_mailbox,
)

CATALOGUE = load_catalogue()
ASKER = new_asker(lambda: datetime(2026, 11, 24, tzinfo=UTC))
LDH = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

labels = st.from_regex(r"[a-z0-9]([a-z0-9]{0,6}[a-z0-9])?", fullmatch=True)
registered = st.sampled_from(["mon-domaine.fr", "a.fr", "chu.asso.fr", "x.github.io", "hopital.mssante.fr"])
below = st.lists(labels, max_size=4)
host_texts = st.builds(lambda more, base: ".".join([*more, base]), below, registered)
kinds = st.sampled_from(list(ScopeKind))
near_labels = st.sampled_from(
    ["mon-domaine", "fr", "a", "evilmon-domaine", "chu", "asso", "x", "github", "io", "mssante"]
)
near_hosts = st.lists(st.one_of(near_labels, labels), min_size=2, max_size=5).map(".".join)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    kind = draw(kinds)
    restricted = kind is ScopeKind.MAIL and draw(st.booleans())
    return Scope(kind, HostName(draw(host_texts)), restricted)


def asked_under(scope: Scope, host: str) -> str:
    return f"x.y@{host}" if scope.kind is ScopeKind.MAIL else host


def host_of(name: HostName | Mailbox) -> HostName:
    return name.domain if isinstance(name, Mailbox) else name


def oracle_covers(scope: Scope, host: str) -> bool:
    """From the notice: the name alone for a server or a ticked box, else it and what ends in a dot and it."""
    name = scope.name.text
    exact = scope.kind == "server" or scope.restricted
    return host == name or (not exact and host[-len(name) - 1 :] == "." + name)


def oracle_is_host(text: str) -> bool:
    folded = text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")
    parts = list(reversed((folded[:-1] if folded[-1:] == "." else folded).split(".")))
    if len(parts) < 2 or sum(len(part) + 1 for part in parts) - 1 > 253:
        return False
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", parts[0]):
        return False
    return all(LDH.fullmatch(part) and part[2:4] != "--" for part in parts)


@given(scopes(), st.one_of(near_hosts, host_texts))
def test_the_product_and_the_second_reading_agree(scope: Scope, host: str) -> None:
    assume(len(host) <= 64)
    reading = decide_name(scope, asked_under(scope, host))
    covered = oracle_is_host(host) and oracle_covers(scope, host)
    assert (reading.value is not None) == covered, reading.findings


@given(scopes(), below)
def test_an_allowed_name_ends_in_the_labels_of_the_scope(scope: Scope, more: list[str]) -> None:
    reading = decide_name(scope, asked_under(scope, ".".join([*more, scope.name.text])))
    if reading.value is not None:
        allowed = host_of(reading.value).labels
        assert allowed[len(allowed) - len(scope.name.labels) :] == scope.name.labels


@given(scopes(), st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8))
def test_letters_put_before_a_name_make_another_name(scope: Scope, letters: str) -> None:
    glued = decide_name(scope, asked_under(scope, letters + scope.name.text))
    assert glued.value is None


@given(scopes(), near_hosts, st.booleans(), st.data())
def test_case_and_a_trailing_dot_change_nothing(
    scope: Scope, host: str, dot: bool, data: st.DataObject
) -> None:
    cased = "".join(char.upper() if data.draw(st.booleans()) else char for char in host)
    plain = decide_name(scope, asked_under(scope, host))
    other = decide_name(scope, asked_under(scope, cased + ("." if dot else "")))
    assert plain.value == other.value


@st.composite
def scopes_beside(draw: st.DrawFn) -> tuple[Scope, Scope]:
    """Two scopes of one family, the second one at or below the first: some narrow it, some don't."""
    wide = draw(scopes())
    name = HostName(".".join([*draw(st.lists(labels, max_size=2)), wide.name.text]))
    if wide.kind is ScopeKind.MAIL:
        return wide, Scope(ScopeKind.MAIL, name, draw(st.booleans()))
    return wide, Scope(draw(st.sampled_from(list(ScopeKind)[:3])), name)


@given(scopes_beside(), near_hosts)
def test_narrowing_a_scope_never_adds_a_name(pair: tuple[Scope, Scope], host: str) -> None:
    wide, narrow = pair
    if decide_narrowing(narrow, wide).value is None:
        return
    for asked in (host, narrow.name.text, f"www.{narrow.name.text}"):
        if decide_name(narrow, asked_under(narrow, asked)).value is not None:
            assert decide_name(wide, asked_under(wide, asked)).value is not None


@given(st.one_of(scopes_beside(), scopes_beside().map(lambda pair: pair[::-1])))
def test_what_is_no_narrowing_has_a_name_of_its_own(pair: tuple[Scope, Scope]) -> None:
    one, other = pair
    if decide_narrowing(other, one).value is not None:
        return
    own = (other.name.text, f"www.{other.name.text}")
    covered = [host for host in own if other.holds(HostName(host))]
    assert any(not one.holds(HostName(host)) for host in covered)


@given(scopes(), scopes())
def test_the_canonical_key_is_equal_for_the_same_names_only(one: Scope, other: Scope) -> None:
    same = one.contains(other) and other.contains(one)
    assert (one.canonical == other.canonical) == same


@given(scopes())
def test_ticking_the_box_or_naming_one_server_narrows(scope: Scope) -> None:
    point = (
        Scope(ScopeKind.MAIL, scope.name, True)
        if scope.kind is ScopeKind.MAIL
        else Scope(ScopeKind.SERVER, scope.name)
    )
    assert decide_narrowing(point, scope).value == point


bad_hosts = st.sampled_from(
    [
        "evil.fr",
        "*.mon-domaine.fr",
        "evilmon-domaine.fr",
        "fr",
        "1.2.3.4",
        "a_b.mon-domaine.fr",
        "",
        "é.mon-domaine.fr",
    ]
)


@given(st.lists(labels, min_size=1, max_size=12, unique=True), bad_hosts, st.data())
def test_one_bad_name_at_any_place_refuses_all(good: list[str], bad: str, data: st.DataObject) -> None:
    """[ASSURANCE F29]"""
    scope = Scope(ScopeKind.DOMAIN, HostName("mon-domaine.fr"))
    names = [f"{label}.mon-domaine.fr" for label in good]
    assert decide_names("SERV_SSL", scope, names, CATALOGUE).value is not None
    names.insert(data.draw(st.integers(0, len(names))), bad)
    assert decide_names("SERV_SSL", scope, names, CATALOGUE).value is None


@given(st.text())
def test_any_text_gets_an_answer_and_what_is_read_is_read_again_the_same(text: str) -> None:
    for reading in (read_host_name(text), read_declared_host_name(text)):
        if reading.value is not None:
            assert read_host_name(reading.value.text).value == reading.value
            assert reading.value.text.isascii()
    mailbox = read_mailbox(text).value
    if mailbox is not None:
        assert read_mailbox(mailbox.text).value == mailbox
    application = read_application_name(text).value
    if application is not None:
        assert application.text == text


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=80))
def test_an_ascii_text_is_a_host_name_just_when_the_second_reading_says_so(text: str) -> None:
    assume("xn--" not in text.lower())
    assert (read_host_name(text).value is not None) == (bool(text) and oracle_is_host(text))


@given(st.text(max_size=12), st.integers(0, 11))
def test_no_foreign_letter_ever_passes_in_a_requested_name(extra: str, place: int) -> None:
    assume(not extra.isascii())
    name = "www.mon-domaine.fr"
    assert read_host_name(name[:place] + extra + name[place:]).value is None


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.booleans())), kinds)
def test_only_a_true_boolean_answers_the_box(restricted: object, kind: ScopeKind) -> None:
    """[ASSURANCE T17]"""
    declared = "mon-domaine.fr"
    reading = read_scope(kind=kind, declared=declared, restricted=restricted, catalogue=CATALOGUE)
    expected = kind is not ScopeKind.MAIL or isinstance(restricted, bool)
    assert (reading.value is not None) == expected
    if reading.value is not None:
        assert reading.value.restricted == (kind is ScopeKind.MAIL and restricted is True)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
words = st.sampled_from(["name", "scope", "csr", "key", "id", "right"])
fields = st.sampled_from(
    sorted(set().union(*(question.fields for question in QUESTIONS.values()), {"id", "other"}))
)


@given(words, st.dictionaries(fields, json_values, max_size=12))
def test_any_request_gets_an_answer_and_never_a_fault(word: str, request: dict[str, object]) -> None:
    said = answer_line(json.dumps({**request, "explain": word}).encode(), ASKER)
    assert said["verdict"] in {"accept", "refuse"}
    assert "explain.fault" not in {finding["code"] for finding in said["findings"]}


@given(st.binary(max_size=200))
def test_any_line_gets_an_answer(line: bytes) -> None:
    said = answer_line(line, ASKER)
    assert said["verdict"] == "refuse"
    assert json.dumps(said).isascii()


@given(scopes(), host_texts | near_hosts)
def test_a_scope_holds_a_name_exactly_when_its_key_is_one_of_the_names_keys(scope: Scope, host: str) -> None:
    name = HostName(host)
    asked: HostName | Mailbox = Mailbox("x.y", name) if scope.kind is ScopeKind.MAIL else name
    assert (scope.canonical in covering_keys(asked)) is scope.holds(name)


@given(host_texts | near_hosts)
def test_the_keys_of_a_name_go_from_the_nearest_scope_to_the_widest(host: str) -> None:
    name = HostName(host)
    for asked in (name, Mailbox("x.y", name)):
        found = [scope_of_key(key) for key in covering_keys(asked)]
        assert len(found) == len(name.labels)
        assert all(wider.contains(narrower) for narrower, wider in pairwise(found))


@given(scopes())
def test_a_key_gives_back_a_scope_that_covers_the_same(scope: Scope) -> None:
    again = scope_of_key(scope.canonical)
    assert again.canonical == scope.canonical
    assert again.contains(scope)
    assert scope.contains(again)


def test_what_is_no_key_gives_no_scope() -> None:
    for text in ("", "-", "under:", "under:fr", "above:a.fr", "only:*.a.fr", "only:@"):
        try:
            scope_of_key(text)
        except ValueError:
            continue
        raise AssertionError(text)
