"""What an authenticator answers, honest or not, as the pure room reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.identity import (
    KnownPasskey,
    NewPasskey,
    PasskeyQuestion,
    check_counter,
    credential_named,
    read_new_passkey,
    read_passkey_use,
)
from sceau.vocabulary import Reading
from tests.authenticator import Authenticator, Lie, octets, text

HOST, ORIGIN = "portail.exemple.fr", "https://portail.exemple.fr"
CHALLENGE, OTHER = b"c" * 32, b"d" * 32
ASKED = PasskeyQuestion(HOST, ORIGIN, CHALLENGE)
HANDLE = b"u" * 32
MAKING = json.dumps({"challenge": text(CHALLENGE), "rp": {"id": HOST}, "user": {"id": text(HANDLE)}})
USING = json.dumps({"challenge": text(CHALLENGE), "rpId": HOST})


def device(name: str = "a", **kind: Any) -> tuple[Authenticator, KnownPasskey]:
    """A device with one passkey, and what we keep of it."""
    made = Authenticator(name, origin=ORIGIN, **kind)
    new = read_new_passkey(made.make(MAKING), ASKED).require()
    return made, KnownPasskey(new.credential, new.public_key, HANDLE)


def codes(reading: Reading[Any]) -> set[str]:
    assert reading.value is None
    return {one.code for one in reading.findings}


def test_an_honest_authenticator_makes_a_passkey_and_uses_it() -> None:
    authenticator = Authenticator("a", origin=ORIGIN)
    new = read_new_passkey(authenticator.make(MAKING), ASKED).require()
    assert (new.credential, new.sign_count, new.backed_up) == (authenticator.keys[0].credential, 1, False)
    known = KnownPasskey(new.credential, new.public_key, HANDLE)
    used = read_passkey_use(authenticator.use(USING), ASKED, known).require()
    assert (used.credential, used.sign_count) == (new.credential, 2)


def test_a_passkey_that_its_maker_keeps_copies_of_says_so() -> None:
    made = Authenticator("a", origin=ORIGIN, backed_up=True)
    assert read_new_passkey(made.make(MAKING), ASKED).require().backed_up


LIES = [
    (Lie(origin="https://portail-exemple.fr"), "passkey.origin"),
    (Lie(origin="http://portail.exemple.fr"), "passkey.origin"),
    (Lie(origin=f"{ORIGIN}:8444"), "passkey.origin"),
    (Lie(cross_origin=True), "passkey.origin"),
    (Lie(relying_party="evil.example"), "passkey.origin"),
    (Lie(relying_party="exemple.fr"), "passkey.origin"),
    (Lie(challenge=OTHER), "passkey.challenge"),
    (Lie(challenge=b""), "passkey.challenge"),
    (Lie(verified=False), "passkey.not-verified"),
    (Lie(present=False), "passkey.unreadable"),
]


@pytest.mark.parametrize(("lie", "code"), LIES)
def test_no_passkey_is_made_by_an_answer_that_lies(lie: Lie, code: str) -> None:
    made = Authenticator("a", origin=ORIGIN)
    assert codes(read_new_passkey(made.make(MAKING, lie), ASKED)) == {code}


@pytest.mark.parametrize(("lie", "code"), LIES)
def test_nothing_is_opened_by_an_answer_that_lies(lie: Lie, code: str) -> None:
    made, known = device()
    assert codes(read_passkey_use(made.use(USING, lie), ASKED, known)) == {code}


def test_an_answer_of_the_other_ceremony_is_none() -> None:
    made, known = device()
    assert read_passkey_use(made.use(USING, Lie(kind="webauthn.create")), ASKED, known).value is None
    assert read_new_passkey(made.make(MAKING, Lie(kind="webauthn.get")), ASKED).value is None
    assert read_new_passkey(made.use(USING), ASKED).value is None


def test_a_key_of_another_person_opens_nothing_under_ones_own_name() -> None:
    mine, known = device("a")
    theirs, _ = device("b")
    assert codes(read_passkey_use(theirs.use(USING), ASKED, known)) == {"passkey.other-key"}
    forged = json.loads(theirs.use(USING))
    forged["id"] = forged["rawId"] = text(mine.keys[0].credential)
    assert codes(read_passkey_use(json.dumps(forged), ASKED, known)) == {"passkey.signature"}
    lie = Lie(user=b"v" * 32)
    assert codes(read_passkey_use(mine.use(USING, lie), ASKED, known)) == {"passkey.other-key"}


@pytest.mark.parametrize("place", ["authenticatorData", "signature", "clientDataJSON"])
def test_an_answer_touched_anywhere_opens_nothing(place: str) -> None:
    made, known = device()
    answer = json.loads(made.use(USING))
    data = bytearray(octets(answer["response"][place]))
    data[-1] ^= 1
    answer["response"][place] = text(bytes(data))
    assert read_passkey_use(json.dumps(answer), ASKED, known).value is None


def test_an_attestation_that_nobody_asked_for_is_not_read() -> None:
    made = Authenticator("a", origin=ORIGIN)
    for kind in ("tpm", "android-safetynet", "fido-u2f", "apple", "autre"):
        assert codes(read_new_passkey(made.make(MAKING, Lie(attestation=kind)), ASKED)) == {
            "passkey.unreadable"
        }


@pytest.mark.parametrize(
    ("known", "shown", "refused"),
    [(0, 0, False), (0, 1, False), (5, 6, False), (5, 5, True), (5, 4, True), (5, 0, True)],
)
def test_a_counter_goes_up_or_is_not_kept_at_all(known: int, shown: int, refused: bool) -> None:
    assert bool(check_counter(known=known, shown=shown)) is refused


@given(st.text(max_size=400))
@settings(max_examples=200)
def test_whatever_is_sent_is_refused_and_never_breaks(answer: str) -> None:
    _, known = device()
    assert read_passkey_use(answer, ASKED, known).value is None
    assert read_new_passkey(answer, ASKED).value is None
    assert credential_named(answer) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=60).map(text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
PLACES = ("id", "rawId", "type", "response")
WITHIN = ("clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject")


@given(st.sampled_from(PLACES + WITHIN), ANYTHING)
@settings(max_examples=300, deadline=None)
def test_an_answer_with_anything_in_one_place_is_refused_or_as_good(place: str, value: object) -> None:
    made, known = device()
    for answer in (json.loads(made.use(USING)), json.loads(made.make(MAKING))):
        inner = answer if place in PLACES else answer["response"]
        if place not in inner or inner[place] == value:
            continue
        inner[place] = value
        told = json.dumps(answer)
        new = read_new_passkey(told, ASKED)
        assert new.value is None or isinstance(new.value, NewPasskey)
        used = read_passkey_use(told, ASKED, known)
        assert used.value is None or place == "userHandle"


def test_an_endless_answer_is_not_read() -> None:
    deep = "[" * 9000 + "]" * 9000
    for answer in (deep, '{"rawId":' * 1500 + "1" + "}" * 1500, "9" * 5000, "x" * 100_000):
        assert read_new_passkey(answer, ASKED).value is None
        assert credential_named(answer) is None
