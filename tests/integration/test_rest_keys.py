"""A compromised key proven by a signature, by program: the same words, proof and count of tries as on the
page [F17, F22, T39]."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from django.utils.dateparse import parse_datetime

from sceau.enrolment.rest.answers import CHALLENGE, KEY_ENDED
from sceau.enrolment.rest.shapes import read_shape
from sceau.operations import challenge_key, report_key_by_signature
from sceau.portal import KEY_TRIES, post_brakes
from sceau.records.models import BlockedKey, Certificate, JournalEntry, Revocation
from tests.instance import Instance
from tests.integration.test_key_signatures import CURVE, OTHER, certified, on_curve, private, public
from tests.integration.test_portal_revocations import text_of
from tests.portal import DoorClient
from tests.rest import Answer, RestClient, rest_app

__all__ = ["certified"]  # the fixture

ASK, REPORT = "compromised-keys/challenge", "compromised-keys"


@pytest.fixture
def program(certified: tuple[Certificate, Certificate]) -> Iterator[RestClient]:
    """A program of nobody's: neither card nor token."""
    del certified
    post_brakes(None)
    with rest_app() as app:
        yield RestClient(app)
    post_brakes(None)


def ask(program: RestClient, key: str | None = None) -> Answer:
    return program.post(ASK, {"key": key or public(CURVE).decode()}, key=None)


def signed(program: RestClient) -> dict[str, str]:
    """A report with the words that are given now, signed."""
    challenge = challenge_key(public(CURVE))
    assert ask(program).json["text"] == challenge.text
    return {"key": challenge.key, "signature": base64.b64encode(on_curve(challenge)).decode()}


def test_f17_a_program_asks_for_the_words_signs_them_and_the_key_is_ended(
    program: RestClient, certified: tuple[Certificate, Certificate]
) -> None:
    given = ask(program)
    assert given.status == 200
    assert read_shape(CHALLENGE, given.json, path="corps") == ()
    assert given.json["key"] == certified[0].spki_sha256
    assert parse_datetime(given.json["until"]) == challenge_key(public(CURVE)).until
    assert ask(program, certified[0].spki_sha256).json == given.json, "asked again, the same"
    done = program.post(REPORT, signed(program))
    assert done.status == 200
    assert read_shape(KEY_ENDED, done.json, path="corps") == ()
    assert (done.json["key"], done.json["blocked"]) == (certified[0].spki_sha256, True)
    assert [(one["reference"], one["standing"]) for one in done.json["certificates"]] == [
        (certified[0].reference, "revoked")
    ]
    row = Revocation.objects.get()
    assert (row.reason, row.quality) == ("keyCompromise", "key-holder")


def test_the_same_signature_sent_again_has_the_same_answer_and_changes_nothing(program: RestClient) -> None:
    sent = signed(program)
    first = program.post(REPORT, sent, key="one")
    entries = JournalEntry.objects.count()
    for key in ("one", "two"):
        again = program.post(REPORT, sent, key=key)
        assert (again.status, again.content) == (200, first.content)
    assert Revocation.objects.count() == BlockedKey.objects.count() == 1
    assert JournalEntry.objects.count() == entries


def test_what_a_crash_left_undone_is_done_when_the_same_signature_comes_again(
    program: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = signed(program)

    def cut(key: str) -> None:
        raise KeyboardInterrupt(key)

    with monkeypatch.context() as killed:
        killed.setattr("sceau.operations.key_challenges.report_held_key", cut)
        with pytest.raises(KeyboardInterrupt):
            report_key_by_signature(sent["key"].encode(), sent["signature"].encode())
    assert not BlockedKey.objects.exists()
    assert program.post(REPORT, sent).status == 200
    assert BlockedKey.objects.count() == Revocation.objects.count() == 1


def test_f22_another_signature_of_served_words_and_a_wrong_one_are_refused(program: RestClient) -> None:
    challenge = challenge_key(public(CURVE))
    other = base64.b64encode(on_curve(challenge, OTHER)).decode()
    sent = signed(program)
    for signature, status, code in (
        (other, 422, "key-report.signature-wrong"),
        ("====", 422, "key-report.signature-wrong"),
        (base64.b64encode(bytes(1200)).decode(), 422, "key-report.signature-form"),
    ):
        no = program.post(REPORT, sent | {"signature": signature})
        assert (no.status, no.codes) == (status, {code})
    assert not BlockedKey.objects.exists()
    assert program.post(REPORT, sent).status == 200
    second = base64.b64encode(on_curve(challenge)).decode()  # ECDSA: another signature of the same words
    no = program.post(REPORT, sent | {"signature": second})
    assert (no.status, no.codes) == (409, {"key-report.no-challenge"})


def test_what_is_no_key_of_ours_is_said_and_a_private_key_is_not_repeated(program: RestClient) -> None:
    unknown = ask(program, public(OTHER).decode())
    assert (unknown.status, unknown.codes) == (404, {"key-report.unknown-key"})
    assert ask(program, "rien").status == 422
    shown = ask(program, private(CURVE).decode())
    assert (shown.status, shown.codes) == (422, {"key-report.private-key"})
    assert b"PRIVATE" not in shown.content
    english = program.post(ASK, {"key": "rien"}, key=None, **{"accept-language": "en"})
    assert english.headers["content-language"] == "en"
    for path, body in ((ASK, {}), (ASK, {"key": 1}), (REPORT, {"key": "a"}), (ASK, {"key": "a", "x": 1})):
        assert program.post(path, body).status == 400
    missing = program.post(REPORT, {"key": "a", "signature": "b"}, key=None)
    assert missing.codes == {"api.key-missing"}


def test_t39_tries_are_counted_with_those_of_the_page_by_address(
    program: RestClient, instance: Instance
) -> None:
    browser, where = DoorClient(), "/revoquer/cle/signature/"
    for _ in range(KEY_TRIES // 2):
        assert browser.post(where, {"key": "rien", "act": "ask"}).status_code == 422
        assert ask(program, "rien").status == 422
    no = ask(program)
    assert (no.status, no.codes, no.headers["retry-after"]) == (429, {"api.too-often"}, "60")
    assert program.post(REPORT, {"key": "a", "signature": "b"}).status == 429
    assert browser.post(where, {"key": "rien", "act": "ask"}).status_code == 429
    assert RestClient(program.app, address="198.51.100.7").post(ASK, {"key": "rien"}).status == 422
    assert program.get("health").status == 200
    instance.clock.forward(minutes=1)
    assert ask(program).status == 200


def test_t39_a_network_of_one_subscriber_is_one_on_both_doors(program: RestClient) -> None:
    browser, where = DoorClient(REMOTE_ADDR="2001:db8::1"), "/revoquer/cle/signature/"
    for at in range(KEY_TRIES):
        other = RestClient(program.app, address=f"2001:db8::{at:x}")
        assert other.post(ASK, {"key": "rien"}).status == 422
    page = browser.post(where, {"key": "rien", "act": "ask"})
    assert page.status_code == 429
    assert "minute" in text_of(page)


def test_t35_a_browser_of_anybody_cannot_be_made_to_do_it(program: RestClient) -> None:
    body = signed(program)
    assert program.post(REPORT, body, origin="https://evil.example").codes == {"api.browser"}
    assert program.post(REPORT, body, **{"content-type": "text/plain"}).status == 415
    assert not BlockedKey.objects.exists()


def test_t25_a_body_of_unknown_length_is_read_within_the_limit(program: RestClient) -> None:
    large = {"key": "A" * 70_000}
    assert program.post(ASK, large, key=None).status == 413
    sent = json.dumps({"key": public(CURVE).decode()}).encode()
    told = program.post(ASK, sent, key=None, **{"content-length": "x"})
    assert told.status == 200


def test_the_description_says_that_nobody_need_log_in(program: RestClient) -> None:
    paths = program.get("openapi.json").json["paths"]
    for path in (ASK, REPORT):
        told = paths[f"/api/v1/{path}"]["post"]
        assert told["security"] == []
        assert {"200", "404", "422", "429"} <= set(told["responses"])
        assert "401" not in told["responses"]
    named = {one["name"] for one in paths[f"/api/v1/{REPORT}"]["post"]["parameters"]}
    assert "Idempotency-Key" in named
