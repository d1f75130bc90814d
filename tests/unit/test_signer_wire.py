"""Frames between the signer and who asks it: whatever pieces a stream comes in, the same requests in their
order.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.custody import wire
from sceau.custody.ledger_lines import SignatureKind
from sceau.vocabulary import Fault, Finding, Refused

REQUESTS = st.builds(
    wire.SignatureRequest,
    st.sampled_from(list(SignatureKind)),
    st.from_regex(r"[a-z-]{0,20}", fullmatch=True),
    st.integers(0, 0xFFFF),
    st.binary(max_size=300),
)
ANSWERS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda text: Refused([Finding.error("signer.kind", text)]), st.text(max_size=40)),
    st.builds(lambda flag: Fault("signer.busy", retryable=flag, detail="é"), st.booleans()),
)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    return [stream[begin:end] for begin, end in itertools.pairwise(places)]


@given(st.lists(REQUESTS, max_size=8), st.lists(st.integers(0, 4000), max_size=8), st.integers(1, 5))
def test_requests_come_out_whole_and_in_order_however_they_were_cut(
    requests: list[wire.SignatureRequest], cuts: list[int], most: int
) -> None:
    inbox, seen = wire.requests_inbox(), []
    for piece in pieces(b"".join(map(wire.write_request, requests)), cuts):
        inbox.add(piece)
        while some := wire.take_requests(inbox, most=most):
            assert len(some) <= most
            seen += some
    assert seen == requests
    assert inbox.is_empty


@given(st.lists(ANSWERS, max_size=8), st.lists(st.integers(0, 4000), max_size=8))
def test_answers_come_out_as_they_were_given(answers: list[wire.Answer], cuts: list[int]) -> None:
    inbox, seen = wire.answers_inbox(), []
    for piece in pieces(b"".join(map(wire.write_answer, answers)), cuts):
        inbox.add(piece)
        seen += [wire.read_answer(frame) for frame in inbox.take(100)]
    assert list(map(told, seen)) == list(map(told, answers))


def told(answer: wire.Answer) -> object:
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, Fault):
        return answer.code, answer.retryable, answer.detail
    return answer.findings


@given(st.lists(REQUESTS, max_size=4), st.binary(min_size=11, max_size=40))
def test_what_is_whole_before_a_bad_frame_is_given_and_then_the_bad_one_is_told(
    requests: list[wire.SignatureRequest], bad: bytes
) -> None:
    inbox = wire.requests_inbox()
    inbox.add(b"".join(map(wire.write_request, requests)) + b"X" + bad)
    if requests:
        assert wire.take_requests(inbox, most=100) == requests
    with pytest.raises(wire.BadFrameError):
        wire.take_requests(inbox, most=100)


def test_a_length_beyond_the_kinds_is_told_before_its_body_is_waited_for() -> None:
    frame = wire.write_request(
        wire.SignatureRequest(SignatureKind.CERTIFICATE, "el-org", 1, bytes(64 * 1024 + 1))
    )
    inbox = wire.requests_inbox()
    inbox.add(frame[:12])
    with pytest.raises(wire.BadFrameError):
        wire.take_requests(inbox, most=1)


def test_a_kind_outside_the_closed_set_is_refused_in_its_place() -> None:
    good = wire.write_request(wire.SignatureRequest(SignatureKind.CRL, "el-org", 1, b"abc"))
    other = good[:4] + b"\x09" + good[5:]
    inbox = wire.requests_inbox()
    inbox.add(good + other + good)
    first, second, third = wire.take_requests(inbox, most=100)
    assert first == third == wire.SignatureRequest(SignatureKind.CRL, "el-org", 1, b"abc")
    assert isinstance(second, Refused)
    assert [one.code for one in second.findings] == ["signer.kind"]
