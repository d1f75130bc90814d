"""The one way to write an entry, and commitments that can be opened or left closed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.journal import (
    MAX_ENTRY_BYTES,
    Disclosure,
    Entry,
    canonical,
    commit,
    encode_entry,
    mould_of,
    read_disclosure,
    read_entry,
)

SALT = bytes(range(32))
AT = datetime(2026, 11, 24, 6, 41, 0, 5, tzinfo=UTC)
ACTOR = commit({"person": "899700000001"}, salt=SALT)
CATALOGUE = hashlib.sha256(b"catalogue").hexdigest()


def entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "kind": "order.received",
        "at": AT,
        "actor": ACTOR,
        "about": ("order/2026-000012",),
        "public": {"offres": ["org", "serv-ssl"], "version": 1, "début": None, "complet": True},
        "catalogue": CATALOGUE,
        "commitments": {"signatory": commit("Élodie Désirée", salt=SALT)},
    }
    return Entry(**(values | changes))


def test_an_entry_is_written_in_one_way_only() -> None:
    line = encode_entry(entry())
    assert line == (
        b'{"about":["order/2026-000012"],"actor":"'
        + ACTOR.encode()
        + b'","at":"2026-11-24T06:41:00.000005Z",'
        b'"catalogue":"' + CATALOGUE.encode() + b'","commitments":{"signatory":"'
        b"" + commit("Élodie Désirée", salt=SALT).encode() + b'"},"kind":"order.received",'
        b'"public":{"complet":true,"d\xc3\xa9but":null,"offres":["org","serv-ssl"],"version":1},"v":1}'
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@given(value=_JSON)
def test_what_is_plain_at_sight_is_spelt_as_the_general_writer_spells_it(value: Any) -> None:
    assert (
        canonical(value)
        == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )


@given(
    told=st.dictionaries(st.text(max_size=9), _JSON, max_size=6),
    kept=st.dictionaries(st.text(max_size=9), _JSON, max_size=4),
    machine=st.sampled_from(["", "machine:clockwork"]),
    about=st.lists(st.text(max_size=12), max_size=3),
)
def test_a_mould_writes_what_is_read_back_as_that_very_entry(
    told: dict[str, Any], kept: dict[str, Any], machine: str, about: list[str]
) -> None:
    mould = mould_of("a.kind", tuple(told), tuple(kept), catalogue=CATALOGUE, machine=machine)
    sealed = {name: commit(kept[name], salt=SALT) for name in mould.personal}
    commitments = [*([] if machine else [ACTOR]), *sealed.values()]
    line = mould.write(at=AT, about=about, public=told, commitments=commitments)
    known = Entry("a.kind", AT, machine or ACTOR, tuple(about), told, CATALOGUE, sealed)
    assert line == encode_entry(known)
    assert read_entry(line).require() == known


def test_a_mould_takes_no_entry_of_another_and_none_that_no_entry_is() -> None:
    mould = mould_of("a.kind", ("one",), (), catalogue=CATALOGUE)
    with pytest.raises(ValueError, match="another mould"):
        mould.write(at=AT, about=(), public={"one": 1, "two": 2}, commitments=[ACTOR])
    with pytest.raises(KeyError):
        mould.write(at=AT, about=(), public={"two": 2}, commitments=[ACTOR])
    with pytest.raises(TypeError):
        mould.write(at=AT, about=(), public={"one": 1}, commitments=[])
    with pytest.raises(ValueError, match="zone"):
        mould.write(at=AT.replace(tzinfo=None), about=(), public={"one": 1}, commitments=[ACTOR])
    with pytest.raises(ValueError, match="longer"):
        mould.write(at=AT, about=(), public={"one": "x" * MAX_ENTRY_BYTES}, commitments=[ACTOR])
    for wrong in ({"kind": "A"}, {"catalogue": "x"}, {"machine": "machine:É"}):
        with pytest.raises(ValueError, match=r"kind|digest|machine"):
            mould_of(**({"kind": "a.kind", "public": (), "personal": (), "catalogue": ""} | wrong))


@given(
    about=st.lists(st.text(max_size=12), max_size=3),
    public=st.dictionaries(st.text(max_size=9), _JSON, max_size=6),
    names=st.sets(st.text(max_size=9), max_size=4),
    hours=st.integers(-12, 12),
)
def test_an_entry_has_the_bytes_that_the_general_writer_gives(
    about: list[str], public: dict[str, Any], names: set[str], hours: int
) -> None:
    at = AT.astimezone(timezone(timedelta(hours=hours)))
    commitments = {name: commit(name, salt=SALT) for name in names}
    written = entry(about=tuple(about), public=public, commitments=commitments, at=at)
    assert encode_entry(written) == canonical(
        {
            "v": 1,
            "kind": "order.received",
            "at": "2026-11-24T06:41:00.000005Z",
            "actor": ACTOR,
            "about": about,
            "public": public,
            "catalogue": CATALOGUE,
            "commitments": commitments,
        }
    )


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1])
def test_the_largest_integers_are_written_and_the_next_ones_are_not(number: int) -> None:
    assert str(number).encode() in encode_entry(entry(public={"number": number}))
    with pytest.raises(ValueError, match="too large"):
        encode_entry(entry(public={"number": number + (1 if number > 0 else -1)}))


def test_an_entry_comes_back_as_it_was_written() -> None:
    assert read_entry(encode_entry(entry())).require() == entry(
        public={"offres": ["org", "serv-ssl"], "version": 1, "début": None, "complet": True}
    )


def test_the_order_of_keys_and_the_time_zone_do_not_change_the_bytes() -> None:
    paris = timezone(timedelta(hours=1))
    turned = dict(reversed(list(entry().public.items())))
    assert encode_entry(entry(at=AT.astimezone(paris), public=turned)) == encode_entry(entry())


def test_read_only_mappings_tuples_and_enumerations_are_plain_data() -> None:
    class Colour(StrEnum):
        RED = "red"

    class Count(IntEnum):
        TWO = 2

    odd = entry(public=MappingProxyType({"a": (Colour.RED, Count.TWO), Colour.RED: {"x": ()}}))
    plain = entry(public={"a": ["red", 2], "red": {"x": []}})
    assert encode_entry(odd) == encode_entry(plain)


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), b"bytes", 2**53, -(2**53), {1: "a"}, {"a": {2, 3}}, datetime(2026, 1, 1, tzinfo=UTC)],
)
def test_what_readers_would_not_agree_on_has_no_place_in_an_entry(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        encode_entry(entry(public={"value": value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "received"},
        {"kind": "Order.Received"},
        {"kind": "order.received\n"},
        {"at": datetime(2026, 11, 24)},  # noqa: DTZ001 - a time without its zone is what must be refused
        {"actor": "899700000001"},
        {"actor": ""},
        {"catalogue": "latest"},
        {"commitments": {"signatory": "Élodie"}},
        {"about": (12,)},
        {"public": ["a"]},
    ],
)
def test_an_entry_that_says_nothing_certain_cannot_be_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="entry"):
        entry(**changes)


def test_a_machine_may_act() -> None:
    assert entry(actor="machine:publication").committed("actor") is None


def test_an_entry_too_long_for_the_public_log_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 65535"):
        encode_entry(entry(public={"text": "x" * MAX_ENTRY_BYTES}))


def test_half_of_a_surrogate_pair_does_not_stop_the_journal() -> None:
    """JSON from a machine may hold one; the refusal that quotes it must still be written, and read back."""
    line = encode_entry(entry(public={"quoted": "\ud800é\udc00\ud83d"}))
    assert b"\\ud800\xc3\xa9\\udc00\\ud83d" in line
    assert read_entry(line).require().public == {"quoted": "\ud800é\udc00\ud83d"}


def test_a_pair_given_in_halves_is_written_as_its_character() -> None:
    line = encode_entry(entry(public={"quoted": "\ud83d\ude00"}))
    assert "😀".encode() in line
    assert read_entry(line).value is not None


LINE = encode_entry(entry())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        LINE + b" ",
        LINE + b"\n",
        LINE.replace(b'"v":1', b'"v":2'),
        LINE.replace(b'"v":1', b'"v":1.0'),
        LINE.replace(b'"v":1', b'"v":true'),
        LINE.replace(b'"version":1', b'"version":1.0'),
        LINE.replace(b'"version":1', b'"version":NaN'),
        LINE.replace(b'"version":1', b'"version":1,"version":1'),
        LINE.replace(b"\xc3\xa9", b"\\u00e9"),
        LINE.replace(b'["order/2026-000012"]', b'"order/2026-000012"'),
        LINE.replace(b".000005Z", b".000005+00:00"),
        LINE.replace(b'"about"', b'"About"'),
        LINE.replace(b'"org","serv-ssl"', b'"org", "serv-ssl"'),
        b'{"public":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_a_line_that_we_would_not_have_written_is_refused(line: bytes) -> None:
    reading = read_entry(line)
    assert [finding.code for finding in reading.findings] == ["journal.not-canonical"]


def test_a_commitment_is_the_digest_of_salt_and_data() -> None:
    data = {"nom": "Désirée", "carte": "2600012345"}
    expected = hashlib.sha256(SALT + '{"carte":"2600012345","nom":"Désirée"}'.encode()).hexdigest()
    assert commit(data, salt=SALT) == expected
    assert commit(data, salt=bytes(32)) != expected


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_a_salt_has_one_length_so_that_data_cannot_slide_into_it(salt: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commit("x", salt=salt)


def test_a_disclosure_comes_back_as_it_was_written() -> None:
    disclosure = Disclosure(12, "signatory", SALT, {"nom": "Désirée", "rangs": [1, 2]})
    assert read_disclosure(disclosure.encode()).require() == disclosure


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"12",
        b"{}",
        b'{"data":1,"name":"a","position":-1,"salt":""}',
        b'{"data":1,"name":"a","position":true,"salt":""}',
        b'{"data":1,"name":"a","position":1,"salt":"zz"}',
        b'{"data":1.5,"name":"a","position":1,"salt":""}',
        b'{"data":1,"name":"a","position":1,"salt":"","more":1}',
    ],
)
def test_a_disclosure_that_cannot_be_read_is_a_finding(line: bytes) -> None:
    assert [finding.code for finding in read_disclosure(line).findings] == ["journal.disclosure-unreadable"]


def test_an_entry_is_readable_by_any_json_reader() -> None:
    assert json.loads(encode_entry(entry()))["public"]["offres"] == ["org", "serv-ssl"]
