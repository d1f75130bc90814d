"""Kinds of list beside the plain one: deltas and partitions, what the signer admits, what it reads again."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.custody.list_memory import ListMemory
from sceau.status import (
    CrlFacts,
    CrlForm,
    CrlWriter,
    build_crl_tbs,
    crl_entry,
    dropped_serials,
    examine_crl,
    listed_octets,
    partition_at,
    read_crl,
    season,
    signed_der,
)
from sceau.status.crl_partition import LONGEST_LIFE
from sceau.status.crl_shape import read_shape
from sceau.vocabulary import Refused
from tests.status_kit import NOW, Pki, make_pki

FACTS = CrlFacts(12, NOW, NOW + timedelta(days=6))
PART = "http://pki.example/CRL/ACI-EL-ORG-P3.crl"
NEXT = "http://pki.example/CRL/ACI-EL-ORG-P3-DELTA.crl"
FORMS = {
    "plain": CrlForm(),
    "whole": CrlForm(freshest=NEXT),
    "partition": CrlForm(partition=PART, freshest=NEXT),
    "delta": CrlForm(base=11),
    "delta of a partition": CrlForm(partition=PART, base=11),
}


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki()


def tbs_of(pki: Pki, form: CrlForm, count: int = 3, facts: CrlFacts = FACTS) -> bytes:
    entries = [crl_entry(serial, at=NOW) for serial in range(1, count + 1)]
    return build_crl_tbs(facts, entries, issuer=pki.identity, form=form)


@pytest.mark.parametrize("name", FORMS)
def test_each_kind_is_admitted_as_what_it_is_and_as_nothing_else(name: str, pki: Pki) -> None:
    tbs, is_delta = tbs_of(pki, FORMS[name]), "delta" in name
    assert examine_crl(tbs, issuer=pki.identity, at=NOW, delta=is_delta) == FACTS
    with pytest.raises(Refused, match=r"crl\.extension"):
        examine_crl(tbs, issuer=pki.identity, at=NOW, delta=not is_delta)


@pytest.mark.parametrize("name", FORMS)
def test_another_reader_sees_what_each_kind_says(name: str, pki: Pki) -> None:
    form = FORMS[name]
    der = pki.sign(tbs_of(pki, form))
    summary = read_crl(der).require()
    assert (summary.base, summary.partition, summary.count) == (form.base, form.partition, 3)
    seen = {type(one.value): one for one in x509.load_der_x509_crl(der).extensions}
    assert (x509.DeltaCRLIndicator in seen) == (form.base is not None)
    assert (x509.FreshestCRL in seen) == bool(form.freshest)
    if form.partition:
        point = seen[x509.IssuingDistributionPoint]
        assert point.critical
        assert point.value == x509.IssuingDistributionPoint(
            full_name=[x509.UniformResourceIdentifier(PART)],
            relative_name=None,
            only_contains_user_certs=True,
            only_contains_ca_certs=False,
            only_some_reasons=None,
            indirect_crl=False,
            only_contains_attribute_certs=False,
        )


def test_a_delta_names_no_delta() -> None:
    with pytest.raises(ValueError, match="names no delta"):
        CrlForm(base=3, freshest=NEXT)


@pytest.mark.parametrize("base", [0, 12, 13])
def test_a_delta_to_no_list_before_it_is_refused(base: int, pki: Pki) -> None:
    with pytest.raises(Refused, match=r"crl\.base"):
        examine_crl(tbs_of(pki, CrlForm(base=base)), issuer=pki.identity, at=NOW, delta=True)


_NARROW: dict[str, dict[str, object]] = {
    "authorities only": {"only_contains_user_certs": False, "only_contains_ca_certs": True},
    "no word on whose": {"only_contains_user_certs": False},
    "indirect": {"indirect_crl": True},
    "some reasons": {"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})},
    "two addresses": {"full_name": [x509.UniformResourceIdentifier(PART)] * 2},
    "no address": {"full_name": None},
    "a name": {"full_name": [x509.DNSName("pki.example")]},
}


@pytest.mark.parametrize("name", _NARROW)
def test_a_pointer_that_would_narrow_the_list_is_refused(name: str, pki: Pki) -> None:
    wanted: dict[str, object] = {
        "full_name": [x509.UniformResourceIdentifier(PART)],
        "relative_name": None,
        "only_contains_user_certs": True,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    point = x509.IssuingDistributionPoint(**(wanted | _NARROW[name]))  # type: ignore[arg-type]
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=6))
        .add_extension(x509.AuthorityKeyIdentifier(pki.identity.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLNumber(12), critical=False)
        .add_extension(point, critical=True)
    )
    key = pki.issuing.key
    crl = builder.sign(key._private, hashes.SHA256())  # type: ignore[attr-defined]
    with pytest.raises(Refused, match=r"crl\.extension"):
        examine_crl(crl.tbs_certlist_bytes, issuer=pki.identity, at=NOW)


# --- one copy

_PKI = make_pki()


@given(st.lists(st.integers(1, 200), max_size=6), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_pieces_of_entries_give_the_bytes_that_single_entries_give(sizes: list[int], seed: int) -> None:
    issuer = _PKI.identity
    chance = random.Random(seed)
    pieces = [[crl_entry(chance.getrandbits(130) + 1, at=NOW) for _ in range(size)] for size in sizes]
    singles = [entry for piece in pieces for entry in piece]
    joined = [b"".join(piece) for piece in pieces]
    one = build_crl_tbs(FACTS, singles, issuer=issuer)
    assert build_crl_tbs(FACTS, iter(joined), issuer=issuer) == one
    shape = read_shape(one, is_signed=False)
    assert one[shape.begins : shape.ends] == b"".join(joined)


def test_a_list_written_in_place_is_the_list_put_together(pki: Pki) -> None:
    entries = [crl_entry(serial, at=NOW) for serial in (1, 300, 2**150)]
    for added in ([], entries, [b"".join(entries) * 3000]):
        for form in FORMS.values():
            writer = CrlWriter()
            for piece in added:
                writer.add(piece)
            assert writer.entries() == b"".join(added)
            tbs = bytes(writer.body(FACTS, issuer=pki.identity, form=form))
            assert tbs == build_crl_tbs(FACTS, added, issuer=pki.identity, form=form)
            signature = pki.issuing.key.sign(tbs)
            whole = bytes(writer.signed(signature, issuer=pki.identity))
            assert whole == signed_der(tbs, signature)


def test_what_was_not_signed_is_no_list(pki: Pki) -> None:
    with pytest.raises(ValueError, match="signed"):
        CrlWriter().signed(b"", issuer=pki.identity)


def test_the_entries_of_a_signed_list_are_found_without_reading_them(pki: Pki) -> None:
    entries = [crl_entry(serial, at=NOW) for serial in (1, 300, 2**150)]
    for form in FORMS.values():
        der = pki.sign(build_crl_tbs(FACTS, entries, issuer=pki.identity, form=form))
        assert listed_octets(der) == b"".join(entries)
    assert listed_octets(pki.sign(build_crl_tbs(FACTS, [], issuer=pki.identity))) == b""


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_what_is_cut_short_has_no_shape(cut: int, pki: Pki) -> None:
    with pytest.raises(ValueError, match=r"tag|length|longer|cut|bytes"):
        read_shape(tbs_of(pki, CrlForm())[:cut], is_signed=False)


def test_what_was_dropped_is_found_wherever_it_stood_and_whatever_the_order(pki: Pki) -> None:
    chance = random.Random(5)
    before = [crl_entry(serial, at=NOW) for serial in range(1, 200)]
    told = pki.sign(build_crl_tbs(FACTS, before, issuer=pki.identity))
    for _ in range(30):
        gone = set(chance.sample(range(1, 200), chance.randrange(0, 9)))
        after = [crl_entry(serial, at=NOW) for serial in range(1, 230) if serial not in gone]
        if chance.random() < 0.5:
            chance.shuffle(after)
        middle = chance.randrange(len(after))
        assert set(dropped_serials(told, [b"".join(after[:middle]), b"".join(after[middle:])])) == gone


# --- what the signer remembers


class Watched(ListMemory):
    """Tells what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    def known(self, entries: memoryview) -> int:
        self.found.append(super().known(entries))
        return self.found[-1]


def big(pki: Pki, serials: range, *, number: int = 12) -> bytes:
    entries = [crl_entry(serial, at=NOW) for serial in serials]
    facts = CrlFacts(number, NOW, NOW + timedelta(days=6))
    return build_crl_tbs(facts, entries, issuer=pki.identity)


def test_entries_read_before_are_not_read_again_and_new_ones_are(pki: Pki) -> None:
    memory = Watched()
    first, second = big(pki, range(1, 5000)), big(pki, range(1, 5003), number=13)
    for tbs, number in ((first, 12), (second, 13), (second, 13)):
        assert examine_crl(tbs, issuer=pki.identity, at=NOW, memory=memory).number == number
    lengths = [len(read_shape_entries(tbs)) for tbs in (first, second)]
    assert memory.found == [0, lengths[0], lengths[1]]


def read_shape_entries(tbs: bytes) -> bytes:
    shape = read_shape(tbs, is_signed=False)
    return tbs[shape.begins : shape.ends]


@pytest.mark.parametrize("where", ["first", "middle", "last of the known", "new"])
def test_a_broken_entry_is_seen_whether_the_list_is_known_or_not(where: str, pki: Pki) -> None:
    memory = ListMemory()
    known, tbs = big(pki, range(1, 5000)), bytearray(big(pki, range(1, 5003)))
    examine_crl(known, issuer=pki.identity, at=NOW, memory=memory)
    shape = read_shape(bytes(tbs), is_signed=False)
    length = len(read_shape_entries(known))
    entry = len(crl_entry(4999, at=NOW))
    place = {"first": 0, "middle": length // 2 // entry, "last of the known": length - entry, "new": length}
    tbs[shape.begins + place[where]] ^= 0x10
    with pytest.raises(Refused, match=r"crl\.malformed"):
        examine_crl(bytes(tbs), issuer=pki.identity, at=NOW, memory=memory)
    with pytest.raises(Refused, match=r"crl\.malformed"):
        examine_crl(bytes(tbs), issuer=pki.identity, at=NOW)


def test_what_was_refused_is_not_remembered(pki: Pki) -> None:
    memory = Watched()
    tbs = bytearray(big(pki, range(1, 5000)))
    tbs[read_shape(bytes(tbs), is_signed=False).begins] ^= 0x10
    for _ in range(2):
        with pytest.raises(Refused):
            examine_crl(bytes(tbs), issuer=pki.identity, at=NOW, memory=memory)
    assert memory.found == [0, 0]


def test_the_head_and_foot_of_a_known_list_are_read_each_time(pki: Pki) -> None:
    memory = ListMemory()
    other = make_pki("el-pp")
    examine_crl(big(pki, range(1, 5000)), issuer=pki.identity, at=NOW, memory=memory)
    with pytest.raises(Refused, match=r"crl\.issuer"):
        examine_crl(big(other, range(1, 5000)), issuer=pki.identity, at=NOW, memory=memory)
    with pytest.raises(Refused, match=r"crl\.number"):
        examine_crl(big(pki, range(1, 5000), number=0), issuer=pki.identity, at=NOW, memory=memory)


# --- partitions


def test_one_partition_is_none() -> None:
    assert partition_at(NOW, partitions=1) is None


@pytest.mark.parametrize("partitions", [0, 100, -1])
def test_a_number_of_partitions_that_is_none_is_refused(partitions: int) -> None:
    with pytest.raises(ValueError, match="partitions"):
        partition_at(NOW, partitions=partitions)


@given(st.integers(2, 99), st.integers(0, 40 * 366), st.integers(0, 86399))
def test_a_partition_comes_round_when_everything_of_its_turn_before_has_ended(
    partitions: int, day: int, second: int
) -> None:
    at = NOW + timedelta(days=day, seconds=second)
    own = partition_at(at, partitions=partitions)
    assert own is not None
    assert 1 <= own <= partitions
    step = season(partitions)
    assert partition_at(at + step, partitions=partitions) == own % partitions + 1
    turn = at
    while partition_at(turn, partitions=partitions) == own:
        turn += timedelta(days=1)
    again = turn
    while partition_at(again, partitions=partitions) != own:
        again += timedelta(days=1)
    assert again - turn > LONGEST_LIFE + timedelta(days=29)  # `turn` is later than all that was made before


@given(st.integers(2, 99))
def test_every_partition_has_its_season(partitions: int) -> None:
    step = season(partitions)
    seen = {partition_at(NOW + turn * step, partitions=partitions) for turn in range(partitions)}
    assert seen == set(range(1, partitions + 1))
