"""An answer of Pro Santé Connect, read without a network: what is not signed by the provider says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from sceau.identity import PscAnswer, PscHolder, PscQuestion, half_digest, read_psc
from sceau.site.checks import problems_of
from sceau.site.environment import place_of
from sceau.site.psc_link import missing_of
from sceau.vocabulary import IdentifierMode, Reading

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
ASKED = PscQuestion("https://psc.example/realm", "sceau", "n" * 43, "eidas1")
PUBLIC = {"keys": [KEY.as_dict(private=False)]}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(AT.timestamp())
    right = {
        "iss": ASKED.issuer,
        "aud": ASKED.client,
        "sub": "f:1",
        "nonce": ASKED.nonce,
        "acr": "eidas1",
        "iat": now,
        "exp": now + 300,
        "at_hash": half_digest("access"),
    }
    return {**right, **changes}


def answer(token: str, **changes: Any) -> PscAnswer:
    info = {"sub": "f:1", "SubjectNameID": "899700041983", "family_name": "ESSAI", "given_name": "Camille"}
    return PscAnswer(token, "access", {**info, **changes.pop("userinfo", {})}, changes.pop("keys", PUBLIC))


def signed(**changes: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims(**changes), KEY)


def read(one: PscAnswer, question: PscQuestion = ASKED) -> Reading[PscHolder]:
    return read_psc(one, asked=question, at=AT, mode=IdentifierMode.TEST)


def codes(reading: Reading[PscHolder]) -> list[str]:
    assert reading.value is None
    return [one.code for one in reading.findings]


def test_a_right_answer_names_the_person_by_national_identifier() -> None:
    holder = read(answer(signed())).require()
    assert (holder.national_id.text, holder.surname, holder.proven_at) == ("899700041983", "ESSAI", AT)


def test_every_wrong_claim_is_told_at_once() -> None:
    told = codes(
        read(answer(signed(iss="x", aud="y", nonce="z", acr="eidas2", exp=1), userinfo={"sub": "f:2"}))
    )
    assert told == ["psc.issuer", "psc.audience", "psc.nonce", "psc.level", "psc.dates", "psc.subject"]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": []},
        {"keys": "x"},
        {"keys": [{"kty": "oct", "k": "AAAA", "kid": "one"}]},
        {"keys": [None]},
    ],
)
def test_without_a_right_key_nothing_is_believed(keys: dict[str, Any]) -> None:
    assert codes(read(answer(signed(), keys=keys))) == ["psc.signature"]


def test_another_algorithm_is_never_accepted_even_under_a_key_of_the_set() -> None:
    secret = OctKey.import_key(b"s" * 32)
    shared = {"keys": [{"kty": "oct", "k": "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M", "kid": "one"}]}
    token = jwt.encode({"alg": "HS256", "kid": "one"}, claims(), secret)
    assert codes(read(answer(token, keys=shared))) == ["psc.signature"]
    longer = jwt.encode({"alg": "RS512", "kid": "one"}, claims(), KEY, algorithms=["RS512"])
    assert codes(read(answer(longer))) == ["psc.signature"]


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_octet_of_a_token_may_change(where: int, by: int) -> None:
    token = bytearray(_TOKEN)
    at = where % len(token)
    token[at] ^= by
    reading = read(answer(token.decode("latin-1")))
    # the last character of base64 has bits that stand for nothing
    assert reading.value is None or at in {len(token) - 1}


_TOKEN = signed().encode()


@given(st.text(max_size=200))
def test_whatever_comes_is_refused_and_never_a_defect(text: str) -> None:
    assert codes(read(answer(text))) == ["psc.signature"]


def test_a_new_proof_is_asked_for_by_its_own_time() -> None:
    question = PscQuestion(ASKED.issuer, ASKED.client, ASKED.nonce, "eidas1", timedelta(minutes=15))
    now = int(AT.timestamp())
    assert codes(read(answer(signed()), question)) == ["psc.not-fresh"]
    assert codes(read(answer(signed(auth_time=now - 1000)), question)) == ["psc.not-fresh"]
    assert read(answer(signed(auth_time=now - 900)), question).value is not None


@pytest.mark.parametrize("value", [True, "1", None, float("inf"), -1e300, [1]])
def test_a_time_that_is_none_is_no_time(value: Any) -> None:
    reading = read(answer(signed(exp=value) if value not in (float("inf"),) else _with_infinity()))
    assert codes(reading) == ["psc.dates"]


def _with_infinity() -> str:
    return signed(exp=10**400)


def test_half_of_the_settings_keeps_an_instance_shut() -> None:
    assert missing_of({}) == ()
    assert missing_of({"SCEAU_PSC": "production"}) == (
        "SCEAU_PSC_CLIENT",
        "SCEAU_PSC_CERTIFICATE",
        "SCEAU_PSC_KEY",
    )
    assert "SCEAU_PSC" in missing_of({"SCEAU_PSC_CLIENT": "x"})


def test_the_checks_say_what_is_missing_and_refuse_the_sandbox_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = place_of({"SCEAU_ENVIRONMENT": "production", "SCEAU_DATA": "/nonexistent"})
    assert problems_of(place, hsts=1, debug=False) == []
    monkeypatch.setenv("SCEAU_PSC", "sandbox")
    found = {str(one.id): one for one in problems_of(place, hsts=1, debug=False)}
    assert set(found) == {"sceau.E007", "sceau.E008"}
    assert "SCEAU_PSC_KEY" in str(found["sceau.E007"].hint)
