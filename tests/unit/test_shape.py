"""What a shape is, and that each shape is read whole once [F23, F49]."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.certification import Draft, Expected, compose_serial, examine, examine_for_signing, lint, prepare
from sceau.certification.der import parse
from sceau.certification.examine import forget_shapes
from sceau.certification.issuer import read_issuer
from sceau.certification.lint import Remark
from sceau.certification.remembered import ByItself, Remembered
from sceau.certification.shape import is_period, is_plain_name, is_what_it_seems, read_time, take_apart
from sceau.registration import EmployeeSubject, ProfessionalSubject
from sceau.registration.naming import Name
from sceau.vocabulary import Fault, HostName
from tests.authority import (
    AT,
    CATALOGUE,
    PRODUCTS,
    RANDOM_BITS,
    authority,
    draft_for,
    private_key,
    request,
    spki_of,
    subject_for,
    tlv,
    warrant,
)
from tests.mutants import mutants, rebuilt

SERIAL = compose_serial(AT, RANDOM_BITS)


@pytest.fixture(autouse=True)
def _each_shape_is_new() -> None:
    forget_shapes()
    lint.forget_shapes()


@pytest.fixture
def read_whole(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What pkilint was given to read."""
    given: list[bytes] = []
    real = lint._findings

    def reading(certificate: bytes) -> list[Remark]:
        given.append(certificate)
        return real(certificate)

    monkeypatch.setattr(lint, "_findings", reading)
    return given


def served(*names: str, which: str = "subscriber", kind: str = "ec:P-256", bits: int = RANDOM_BITS) -> Draft:
    hosts: tuple[Name, ...] = tuple(HostName(name) for name in names)
    return prepare(
        warrant("SERV_SSL", names=hosts),
        request(private_key(kind, which)),
        authority("el-org").facts,
        catalogue=CATALOGUE,
        serial=compose_serial(AT, bits),
        at=AT,
        lint_key=private_key("rsa:2048", "lint"),
    )


def test_f49_the_next_draft_of_a_shape_passes_by_the_reading_of_the_first(read_whole: list[bytes]) -> None:
    first = served("www.chu-exemple.fr")
    second = served("imagerie.clinique-du-parc.fr", which="another", bits=RANDOM_BITS ^ 0xFF)
    assert len(read_whole) == 1
    assert first.lint.linted_sha256 == first.lint.tbs_sha256 == second.lint.linted_sha256
    assert second.lint.tbs_sha256 != first.lint.tbs_sha256
    assert second.lint.remarks == first.lint.remarks


def test_f49_another_shape_is_read_whole(read_whole: list[bytes]) -> None:
    served("www.chu-exemple.fr")
    served("www.chu-exemple.fr", "mail.chu-exemple.fr")
    served("www.chu-exemple.fr", kind="rsa:2048")
    for environment in ("production", "test"):
        draft_for("SERV_SSL", environment=environment)
    draft_for("SERV_SSL", environment="production", kind="ec:P-256")
    draft_for("ORG_SIGN")
    assert len(read_whole) == 7


def test_f49_what_is_less_than_plain_is_read_whole_each_time(read_whole: list[bytes]) -> None:
    for bits in (RANDOM_BITS, RANDOM_BITS ^ 0xFF, RANDOM_BITS ^ 0xFF00):
        served("www.xn--caf-dma.fr", bits=bits)
    assert len(read_whole) == 3


def test_f49_a_linter_that_failed_has_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(lint, "_linter", lambda: None)
        with pytest.raises(Fault):
            served("www.chu-exemple.fr")
    assert served("www.chu-exemple.fr").lint.remarks


@pytest.mark.parametrize("key", ["rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384"])
@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_and_key_has_a_shape_whose_holes_are_where_they_seem(product: str, key: str) -> None:
    tbs = draft_for(product, key=private_key(key, "shaped"))[0].tbs
    taken = take_apart(tbs)
    assert taken is not None
    assert taken.is_plain
    assert is_what_it_seems(tbs, taken)
    assert taken.holes.key == spki_of(private_key(key, "shaped"))
    assert taken.holes.serial == SERIAL.to_bytes(20)


def test_mutants_of_one_shape_differ_in_their_holes_alone() -> None:
    """Put the holes of the one back and the other is there: nothing else was taken for a hole."""
    for product in ("SERV_SSL", "PS_AUTH", "ORG_SIGN"):
        tbs = draft_for(product)[0].tbs
        known = take_apart(tbs)
        assert known is not None
        same = 0
        for what, changed in mutants(tbs, flips=800):
            taken = take_apart(changed)
            if taken is None or taken.skeleton != known.skeleton:
                continue
            same += 1
            parts = parse(changed).children if taken.is_plain else ()
            assert not parts or len(parts) == 8, what
            assert (taken.holes == known.holes) == (changed == tbs), what
        assert same > 20


@given(st.binary(max_size=400))
def test_any_octets_have_no_shape_and_do_no_harm(octets: bytes) -> None:
    assert take_apart(octets) is None
    assert take_apart(tlv(0x30, octets)) is None


@given(st.data())
def test_a_draft_cut_anywhere_has_no_shape(data: st.DataObject) -> None:
    tbs = draft_for("PS_AUTH")[0].tbs
    at = data.draw(st.integers(0, len(tbs) - 1))
    assert take_apart(tbs[:at]) is None


def with_a_decoy(tbs: bytes) -> bytes:
    """The draft with a second place that looks like its names, inside another extension before them."""

    def twice(pieces: list[bytes]) -> None:
        inside = [node.raw for node in parse(pieces[7]).children[0].children]
        names = next(one for one in inside if b"\x06\x03\x55\x1d\x11\x04" in one)
        decoy = tlv(0x30, b"\x06\x03\x55\x1d\x09" + tlv(0x04, names))
        pieces[7] = tlv(0xA3, tlv(0x30, b"".join([*inside[:-1], decoy, inside[-1]])))

    return rebuilt(tbs, twice)


def test_two_places_that_look_like_the_names_are_no_shape_to_trust(
    monkeypatch: pytest.MonkeyPatch, read_whole: list[bytes]
) -> None:
    tbs = with_a_decoy(draft_for("SERV_SSL")[0].tbs)
    taken = take_apart(tbs)
    assert taken is not None
    assert not is_what_it_seems(tbs, taken)

    def reading(certificate: bytes) -> list[Remark]:
        read_whole.append(certificate)
        return []

    monkeypatch.setattr(lint, "_findings", reading)
    read_whole.clear()
    for _ in range(2):
        verdict = lint.lint_by_shape(
            tbs,
            issuer=read_issuer(authority("el-org").facts.certificate),
            key=private_key("rsa:2048", "lint"),
            environment="development",
        )
        assert verdict.linted_sha256 == verdict.tbs_sha256
    assert len(read_whole) == 2


def test_f25_a_value_cannot_pass_for_the_rest_of_a_subject() -> None:
    """Lengths are part of the shape: a country that spells the next RDNs is not them."""
    tbs = draft_for("SERV_SSL")[0].tbs
    rdns = [node.raw for node in parse(tbs).children[5].children]
    country = tlv(0x31, tlv(0x30, b"\x06\x03\x55\x04\x06" + tlv(0x13, b"FR1\x06\x03\x55\x04\x08\x0c")))

    def change(pieces: list[bytes]) -> None:
        pieces[5] = tlv(0x30, b"".join([country, *rdns[2:]]))

    known, other = take_apart(tbs), take_apart(rebuilt(tbs, change))
    assert known is not None
    assert other is not None
    assert known.skeleton != other.skeleton


@pytest.mark.parametrize(
    ("product", "changes"),
    [
        ("PS_AUTH", {"profession_code": 60}),
        ("PS_AUTH", {"specialities": ("SM27",)}),
        ("PS_AUTH", {"specialities": ()}),
        ("PS_SIGN", {"surname": "AUTRE"}),
        ("PRO_AUTH", {"title": "Autre"}),
        ("PRO_AUTH", {"organisation": "AUTRE"}),
    ],
)
def test_f35_a_shape_that_was_examined_for_one_holder_says_nothing_of_another(
    product: str, changes: dict[str, object]
) -> None:
    draft, issuer = draft_for(product)
    given = warrant(product)
    spki = spki_of(private_key("ec:P-256", "subscriber"))
    good = Expected(given, spki, SERIAL, AT, issuer.facts, CATALOGUE)
    assert examine(draft.tbs, good) == ()
    holder = subject_for(product, given.names)
    assert isinstance(holder, ProfessionalSubject | EmployeeSubject)
    other = replace(good, warrant=warrant(product, subject=replace(holder, **changes)))  # type: ignore[arg-type]
    assert {one.code for one in examine(draft.tbs, other)} == {"draft.not-as-expected"}
    assert examine(draft.tbs, good) == ()


def test_f24_a_shape_examined_under_one_issuer_says_nothing_under_another() -> None:
    draft, issuer = draft_for("SERV_SSL")
    good = Expected(
        warrant("SERV_SSL"),
        spki_of(private_key("ec:P-256", "subscriber")),
        SERIAL,
        AT,
        issuer.facts,
        CATALOGUE,
    )
    assert examine(draft.tbs, good) == ()
    moved = CATALOGUE.environments["development"].moved(publication="http://ailleurs.exemple.fr")
    for facts in (
        replace(issuer.facts, generation=2),
        replace(issuer.facts, environment="production"),
        replace(issuer.facts, addresses=moved),
        authority("el-org", kind="ec:P-256").facts,
    ):
        assert examine(draft.tbs, replace(good, issuer=facts))
        assert examine_for_signing(draft.tbs, issuer=facts, catalogue=CATALOGUE, at=AT)


@pytest.mark.parametrize(
    ("octets", "is_time"),
    [
        (b"261124093015Z", True),
        (b"260229093015Z", False),
        (b"280229093015Z", True),
        (b"491231235959Z", True),
        (b"500101000000Z", False),
        (b"20491231235959Z", False),
        (b"20500101000000Z", True),
        (b"19991231235959Z", False),
        (b"261124093060Z", False),
        (b"26112409301Z", False),
        (b"2611240930150", False),
        (b"+61124093015Z", False),
        (b" 61124093015Z", False),
        (b"", False),
        (b"\xb26112409301Z", False),
    ],
)
def test_times_are_read_as_certificates_write_them(octets: bytes, is_time: bool) -> None:
    assert (read_time(octets) is not None) is is_time


def test_a_memory_is_bounded_and_the_oldest_goes_first() -> None:
    memory: Remembered[int, str] = Remembered(3)
    for number in range(5):
        memory.keep(number, str(number))
    assert [memory.get(number) for number in range(5)] == [None, None, "2", "3", "4"]
    memory.forget()
    assert memory.get(4) is None


def test_what_is_found_by_itself_is_never_anothers() -> None:
    made: list[tuple[int, ...]] = []

    def make(subject: tuple[int, ...]) -> tuple[int, ...]:
        made.append(subject)
        return subject

    memory = ByItself(make, most=2)
    subjects = [tuple(range(at, at + 2)) for at in range(6)]
    for _ in range(2):
        assert [memory.of(subject) for subject in subjects] == subjects
    assert len(made) == 12
    assert memory.of(subjects[-1]) is subjects[-1]
    assert len(made) == 12


def test_a_plain_host_has_253_octets_at_most_and_a_period_does_not_end_before_it_begins() -> None:
    host = b".".join([b"a" * 49] * 5) + b".fr"
    assert len(host) == 252
    assert is_plain_name((0x82, b"a" + host))
    assert not is_plain_name((0x82, b"aa" + host))
    early, late = b"20261124093015Z", b"20291124093014Z"
    assert is_period((early, late))
    assert is_period((early, early))
    assert not is_period((late, early))
    assert not is_period((early, b"20291324093014Z"))
