"""The REST door: what goes in, what comes out, who may, and how it says no."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sceau.enrolment import RestApp
from sceau.enrolment.rest import answers, calls
from sceau.enrolment.rest.caller import Brake, Reception
from sceau.enrolment.rest.problems import ENGLISH_TITLES, TITLES, NotServedError
from sceau.enrolment.rest.routes import ROUTES
from sceau.enrolment.rest.shapes import read_shape
from sceau.operations import (
    Actor,
    admit_token,
    confirm_mailbox,
    issue_certificate,
    revoke_by_code,
    revoke_token,
    send_mailbox_code,
    set_card_status,
    suspend_habilitation,
)
from sceau.records.models import ApiTokenUse, Certificate, JournalEntry, Revocation
from sceau.vocabulary import Fault, Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    DOCTOR,
    NOON,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_tokens import make
from tests.portal import staff_the_door
from tests.rest import SETTINGS, Answer, RestClient, rest_app, with_card


@pytest.fixture
def door(instance: Instance) -> Iterator[RestApp]:
    """An instance whose administrator may ask for server and application certificates, and its door."""
    accepted(offer("serv-ssl"), offer("org"))
    with rest_app() as app:
        yield app


@pytest.fixture
def program(door: RestApp) -> RestClient:
    """A program with a token for the server certificates."""
    return RestClient(door, token=make().secret)


@pytest.fixture
def card(door: RestApp) -> RestClient:
    """A program with the administrator's card."""
    return with_card(door, ADMINISTRATOR)


def body(name: str = "www.chu-exemple.fr", *, which: str = "server", **more: Any) -> dict[str, Any]:
    return {"product": "SERV_SSL", "names": [name], "csr": csr(which).decode(), **more}


def card_body(name: str = "www.chu-exemple.fr", **more: Any) -> dict[str, Any]:
    return body(name, habilitation=right_for("SERV_SSL"), terms_accepted=True, **more)


def issued(client: RestClient, sent: dict[str, Any] | None = None) -> Any:
    answer = client.post("certificates", sent or body())
    assert answer.status == 201, answer.content.decode()
    return answer.json


# what comes out


def test_a_program_with_a_token_gets_its_certificate_in_one_call(program: RestClient) -> None:
    answer = program.post("certificates", body())
    assert answer.status == 201
    told = answer.json
    assert read_shape(answers.CERTIFICATE_TOLD, told, path="corps") == ()
    certificate = x509.load_pem_x509_certificate(told["certificate"].encode())
    assert certificate.serial_number == int(told["serial"], 16)
    assert told["names"] == ["www.chu-exemple.fr"]
    assert told["standing"] == "in-service"
    assert told["habilitation"] == right_for("SERV_SSL")
    (authority,) = told["chain"]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
    assert answer.headers["location"] == f"/api/v1/certificates/{told['reference']}"


def test_a_card_gets_it_too_and_accepts_the_terms_each_time(card: RestClient) -> None:
    refused = card.post("certificates", card_body() | {"terms_accepted": False})
    assert (refused.status, refused.codes) == (422, {"collection.terms"})
    silent = card_body()
    del silent["terms_accepted"]
    assert card.post("certificates", silent).codes == {"collection.terms"}
    assert Certificate.objects.count() == 0
    assert issued(card, card_body())["standing"] == "in-service"


def test_a_professional_asks_with_the_card_alone(door: RestApp, instance: Instance) -> None:
    mailbox = "geraldine@cabinet.fr"
    asked = {"product": "PS_AUTH", "names": [mailbox], "csr": csr("ps").decode(), "terms_accepted": True}
    doctor = with_card(door, DOCTOR)
    assert doctor.post("certificates", asked).codes == {"issuance.mailbox-not-confirmed"}
    send_mailbox_code(DOCTOR.actor, mailbox=mailbox)
    code = next(word for word in instance.outbox.mails[-1][2].split() if word.isdecimal() and len(word) == 8)
    confirm_mailbox(DOCTOR.actor, mailbox=mailbox, code=code)
    told = issued(doctor, asked)
    assert (told["issuer"], told["habilitation"]) == ("el-pp", "")
    ended = doctor.post(f"certificates/{told['reference']}/revocation", {"reason": "keyCompromise"})
    assert ended.json["revocation"]["quality"] == "holder"


def test_the_answers_of_reading_are_those_of_issuing(program: RestClient) -> None:
    told = issued(program)
    where = f"certificates/{told['reference']}"
    read = program.get(where)
    assert (read.status, read.json) == (200, told)
    pem = program.get(f"{where}.pem")
    assert pem.headers["content-type"] == "application/pem-certificate-chain"
    assert pem.content.decode() == told["certificate"]
    assert program.get(f"{where}/chain.pem").content.decode() == told["certificate"] + told["chain"][0]
    head = program.call("HEAD", where)
    assert (head.status, head.content) == (200, b"")
    assert head.headers["content-length"] == read.headers["content-length"]


def test_what_waits_on_the_portal_is_told_and_not_given(card: RestClient) -> None:
    waiting = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line.reference
    told = card.get(f"certificates/{waiting}").json
    assert (told["standing"], told["certificate"], told["chain"]) == ("to-collect", None, [])
    assert read_shape(answers.CERTIFICATE_TOLD, told, path="corps") == ()
    for ending in (".pem", "/chain.pem"):
        assert card.get(f"certificates/{waiting}{ending}").codes == {"api.not-handed-over"}


def test_lists_are_paged_by_key(program: RestClient, card: RestClient) -> None:
    made = [issued(program, body(f"h{at}.chu-exemple.fr", which=f"h{at}"))["reference"] for at in range(5)]
    seen: list[str] = []
    after: Any = ""
    for expected in (2, 2, 1):
        answer = program.get("certificates", query=f"limit=2{f'&after={after}' if after else ''}")
        assert read_shape(answers.CERTIFICATE_PAGE, answer.json, path="corps") == ()
        seen += [line["reference"] for line in answer.json["certificates"]]
        assert len(answer.json["certificates"]) == expected
        after = answer.json["next"]
    assert after is None
    assert seen == made[::-1]
    assert [line["reference"] for line in card.get("certificates").json["certificates"]] == seen
    right = right_for("ORG_SIGN")
    assert card.get("certificates", query=f"habilitation={right}").json["certificates"] == []


def test_rights_are_listed_and_a_token_has_one(program: RestClient, card: RestClient) -> None:
    told = program.get("habilitations").json
    assert read_shape(answers.HABILITATIONS, told, path="corps") == ()
    (only,) = told["habilitations"]
    assert (only["reference"], only["usable"], only["scope"]) == (
        right_for("SERV_SSL"),
        "approved",
        "chu-exemple.fr",
    )
    assert len(card.get("habilitations").json["habilitations"]) > 1


def test_a_preview_says_everything_and_keeps_nothing(program: RestClient) -> None:
    before = JournalEntry.objects.count()
    asked = {"product": "SERV_SSL", "names": ["www.chu-exemple.fr"]}
    told = program.post("preview", asked, key=None).json
    assert read_shape(answers.VERDICT, told, path="corps") == ()
    assert told["accepted"] is True
    assert told["subject"].startswith("CN=www.chu-exemple.fr")
    assert {"field": "CN", "value": "www.chu-exemple.fr"} in told["subject_lines"]
    no = program.post("preview", asked | {"names": ["www.autre.fr"]}, key=None)
    assert (no.status, no.json["accepted"]) == (200, False)
    assert {finding["code"] for finding in no.json["findings"]} == {"scope.outside"}
    assert all(finding["message"] and finding["remedy"] for finding in no.json["findings"])
    assert JournalEntry.objects.count() == before
    assert Certificate.objects.count() == 0


def test_several_requests_have_each_their_result(program: RestClient, instance: Instance) -> None:
    asked = [
        body("a.chu-exemple.fr", which="a"),
        body("b.autre.fr", which="b"),
        body("c.chu-exemple.fr", which="c"),
    ]
    answer = program.post("certificates", {"requests": asked}, key="batch")
    assert answer.status == 200
    assert read_shape(answers.RESULTS, answer.json, path="corps") == ()
    first, refused, last = answer.json["results"]
    assert [one["status"] for one in (first, refused, last)] == [201, 422, 201]
    assert refused["problem"]["findings"][0]["code"] == "scope.outside"
    again = program.post("certificates", {"requests": asked}, key="batch").json["results"]
    assert [one.get("certificate") for one in again] == [first["certificate"], None, last["certificate"]]
    assert len(instance.signer.drafts()) == 2


def test_a_revocation_ends_it_and_asking_again_gives_the_same(program: RestClient) -> None:
    reference = issued(program)["reference"]
    where = f"certificates/{reference}/revocation"
    first = program.post(where, {"reason": "superseded"})
    assert first.status == 200
    assert first.json["revocation"] == {
        "reason": "superseded",
        "at": "2026-11-24T12:00:00Z",
        "quality": "administrator",
    }
    assert program.post(where, {"reason": "superseded"}).json == first.json
    other = program.post(where, {"reason": "keyCompromise"})
    assert (other.status, other.codes) == (409, {"api.revoked-otherwise"})
    assert Revocation.objects.count() == 1


def test_a_revocation_code_may_be_given_and_serves(program: RestClient) -> None:
    told = issued(program, body(revocation_code="un-code-choisi"))
    ended = revoke_by_code(serial=told["serial"], code="un-code-choisi", reason="keyCompromise")
    assert ended.line.standing == "revoked"
    easy = program.post("certificates", body("b.chu-exemple.fr", which="b", revocation_code="aaaaaaaa"))
    assert (easy.status, easy.codes) == (422, {"collection.code-easy"})
    assert Certificate.objects.count() == 1


# who may


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if not route.is_open], ids=lambda route: route.name
)
def test_nobody_gets_nothing(door: RestApp, route: Any) -> None:
    path = route.path.replace("{reference}", "CRT-00000-00000")
    client = RestClient(door)
    answer = client.get(path) if route.method == "GET" else client.post(path, {})
    assert (answer.status, answer.codes) == (401, {"api.nobody"})
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic YTpi", "bearer sceau_" + "A" * 43, "Bearer " + "x" * 500],
)
def test_what_is_no_token_opens_nothing(door: RestApp, authorization: str) -> None:
    client = with_card(door, ADMINISTRATOR)
    answer = client.get("habilitations", authorization=authorization)
    assert answer.status == 401
    assert answer.codes <= {"token.unknown", "api.authorization"}


def test_a_token_never_goes_in_an_address(door: RestApp) -> None:
    secret = make().secret
    for query in (f"access_token={secret}", f"token={secret}"):
        assert RestClient(door).get("certificates", query=query).status == 401
        assert RestClient(door, token=secret).get("certificates", query=query).status == 400


SPOOFS = ["X-SSL-Client-Cert", "X-Client-Verify", "X-Forwarded-Client-Cert", "SSL_CLIENT_CERT", "Cookie"]


@pytest.mark.parametrize("name", SPOOFS)
def test_t06_a_header_that_claims_a_card_opens_nothing(door: RestApp, name: str) -> None:
    claimed = with_card(door, ADMINISTRATOR).certificate
    assert claimed is not None
    answer = RestClient(door).get("habilitations", **{name: claimed.hex()})
    assert answer.codes == {"api.nobody"}


def test_a_card_that_does_not_serve_is_told_why(door: RestApp) -> None:
    from tests.cardmaker import octet

    soft = with_card(door, ADMINISTRATOR, marker=octet(0x83))
    answer = soft.get("habilitations")
    assert answer.status == 401
    assert any(code.startswith("card.") for code in answer.codes)
    past = with_card(door, ADMINISTRATOR, end=NOON - timedelta(days=1))
    assert "card.expired" in past.get("habilitations").codes


def test_t03_a_card_put_on_a_list_between_two_calls_opens_nothing_more(card: RestClient) -> None:
    assert card.get("habilitations").status == 200
    assert card.certificate is not None
    staff_the_door(revoked=(x509.load_der_x509_certificate(card.certificate).serial_number,))
    refused = card.get("habilitations")
    assert (refused.status, refused.codes) == (401, {"card.revoked"})


def test_t03_a_card_opposed_between_two_calls_opens_nothing_more(card: RestClient) -> None:
    assert card.get("habilitations").status == 200
    set_card_status(Actor.system("t"), number=ADMINISTRATOR.card, status="lost", reason="Perdue")
    for answer in (card.get("habilitations"), card.post("certificates", card_body())):
        assert (answer.status, answer.codes) == (401, {"operations.card-not-valid"})


def test_a_token_dies_at_once_at_the_door_too(program: RestClient) -> None:
    assert program.get("habilitations").status == 200
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Doute")
    answer = program.post("certificates", body())
    assert (answer.status, answer.codes) == (401, {"token.right"})


def test_a_revoked_token_is_told_so(door: RestApp) -> None:
    made = make()
    revoke_token(ADMINISTRATOR.actor, reference=made.line.reference)
    assert RestClient(door, token=made.secret).get("habilitations").codes == {"token.revoked"}


def test_a_token_stays_within_its_right(program: RestClient) -> None:
    other = body("INSI-AUTO", which="o") | {"product": "ORG_SIGN"}
    refused = program.post("certificates", other | {"habilitation": right_for("ORG_SIGN")})
    assert (refused.status, refused.codes) == (404, {"habilitation.unknown"})
    assert program.post("certificates", other).status == 422
    assert program.post("preview", other | {"habilitation": right_for("ORG_SIGN")}, key=None).status == 404
    assert program.post("certificates", body("www.autre.fr")).codes == {"scope.outside"}


def test_a_days_limit_is_429(door: RestApp) -> None:
    client = RestClient(door, token=make(per_day=1).secret)
    issued(client)
    more = client.post("certificates", body("b.chu-exemple.fr", which="b"))
    assert (more.status, more.codes) == (429, {"token.quota"})
    assert "retry-after" in more.headers


def test_guesses_are_slowed_down_by_address(door: RestApp, program: RestClient) -> None:
    brake = Brake(clock=lambda: 61.0)
    app = RestApp(SETTINGS, reception=Reception(SETTINGS.read_card, brake=brake))
    neighbour = RestClient(app, token=program.token, address="192.0.2.9")
    assert neighbour.get("habilitations").status == 200
    guesser = RestClient(app, token="sceau_" + "A" * 43, address="192.0.2.9")
    statuses = [guesser.get("habilitations") for _ in range(25)]
    assert [answer.status for answer in statuses] == [401] * 20 + [429] * 5
    assert statuses[-1].headers["retry-after"] == "59"
    new = RestClient(app, token=make(label="autre").secret, address="192.0.2.9")
    assert new.get("habilitations").status == 429
    assert neighbour.get("habilitations").status == 200
    assert RestClient(app, token=program.token, address="192.0.2.10").get("habilitations").status == 200
    brake.clock = lambda: 121.0
    assert new.get("habilitations").status == 200
    app.close()


def test_t18_what_is_anothers_takes_the_same_questions_as_what_does_not_exist(door: RestApp) -> None:
    mine, right, _ = owned(door)
    token = admit_token(make(product="ORG_SIGN").secret)

    def asked(actor: Actor, act: Any, **call: Any) -> list[str]:
        with CaptureQueriesContext(connection) as seen, pytest.raises((Refused, NotServedError)):
            act(calls.Call(actor, "urn:uuid:0", key="k", **call))
        return [re.sub(r"'[^']*'|\b\d+\b", "?", query["sql"]) for query in seen.captured_queries]

    def request(habilitation: str) -> dict[str, Any]:
        return body(which="t", habilitation=habilitation, terms_accepted=True)

    for actor in (STRANGER.actor, token):
        for act in (calls.get_certificate, calls.get_pem, calls.get_chain, calls.post_revocation):
            told = {"body": {"reason": "superseded"}}
            assert asked(actor, act, reference=mine, **told) == asked(actor, act, reference="CRT-0", **told)
        for act in (calls.post_certificates, calls.post_preview):
            theirs, nothing = request(right), request("HAB-00000-00000")
            assert asked(actor, act, body=theirs) == asked(actor, act, body=nothing)
        for query in ("after", "habilitation"):
            theirs, nothing = {query: mine if query == "after" else right}, {query: "XXX-00000-00000"}
            assert asked(actor, calls.get_certificates, query=theirs) == asked(
                actor, calls.get_certificates, query=nothing
            )


def owned(door: RestApp) -> tuple[str, str, str]:
    """What belongs to the administrator: a certificate, a right, a certificate of another right."""
    program = RestClient(door, token=make().secret)
    mine = issued(program)["reference"]
    application = body("INSI-AUTO", which="o", habilitation=right_for("ORG_SIGN"), terms_accepted=True)
    other = issued(with_card(door, ADMINISTRATOR), application | {"product": "ORG_SIGN"})["reference"]
    return mine, right_for("SERV_SSL"), other


def asked_of_others(client: RestClient, certificate: str, right: str) -> list[Answer]:
    """Every route of the door, asked about somebody else's things."""
    asked = body("x.chu-exemple.fr", which="x", habilitation=right, terms_accepted=True)
    named = {route.name for route in ROUTES}
    found = {
        "lireUnCertificat": client.get(f"certificates/{certificate}"),
        "lireLePem": client.get(f"certificates/{certificate}.pem"),
        "lireLaChaine": client.get(f"certificates/{certificate}/chain.pem"),
        "revoquer": client.post(f"certificates/{certificate}/revocation", {"reason": "superseded"}),
        "listerLesCertificats": client.get("certificates", query=f"habilitation={right}"),
        "demanderDesCertificats": client.post("certificates", asked),
        "apercevoir": client.post(
            "preview", {"product": "SERV_SSL", "names": ["x.fr"], "habilitation": right}, key=None
        ),
    }
    of_nobody = {"demanderUnDefi", "signalerUneCleCompromise"}  # whoever holds the key, whosesoever it was
    assert named - set(found) == {"listerLesHabilitations", "decrire", "etreLa"} | of_nobody
    assert client.get("certificates", query=f"after={certificate}").codes == {"api.after-unknown"}
    for route in ("certificates", "habilitations"):
        told = client.get(route).content.decode()
        assert certificate not in told
        assert right not in told
    return list(found.values())


def bare(answer: Answer, *secrets: str) -> str:
    """A problem without the call's number and without what was asked about."""
    text = json.dumps({**answer.json, "instance": ""})
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def test_t18_what_is_anothers_does_not_exist(door: RestApp) -> None:
    mine, right, _ = owned(door)
    stranger = with_card(door, STRANGER)
    before = Certificate.objects.count(), Revocation.objects.count()
    theirs = asked_of_others(stranger, mine, right)
    nothing = asked_of_others(stranger, "CRT-00000-00000", "HAB-00000-00000")
    assert [answer.status for answer in theirs] == [404] * len(theirs)
    assert [bare(one, mine, right) for one in theirs] == [
        bare(one, "CRT-00000-00000", "HAB-00000-00000") for one in nothing
    ]
    assert (Certificate.objects.count(), Revocation.objects.count()) == before


def test_t18_another_right_of_the_same_person_does_not_exist_for_a_token(door: RestApp) -> None:
    _, _, other = owned(door)
    program = RestClient(door, token=make().secret)
    answers_given = asked_of_others_right(program, other, right_for("ORG_SIGN"))
    assert [answer.status for answer in answers_given] == [404] * len(answers_given)


def asked_of_others_right(client: RestClient, certificate: str, right: str) -> list[Answer]:
    assert client.get("certificates", query=f"after={certificate}").codes == {"api.after-unknown"}
    return [
        client.get(f"certificates/{certificate}"),
        client.get(f"certificates/{certificate}.pem"),
        client.get(f"certificates/{certificate}/chain.pem"),
        client.post(f"certificates/{certificate}/revocation", {"reason": "superseded"}),
        client.get("certificates", query=f"habilitation={right}"),
    ]


def test_who_represents_the_structure_sees_and_revokes_in_that_quality(door: RestApp) -> None:
    mine, _, _ = owned(door)
    representative = with_card(door, REPRESENTATIVE)
    assert representative.get(f"certificates/{mine}").status == 200
    asked = {"reason": "superseded", "quality": "administrator"}
    refused = representative.post(f"certificates/{mine}/revocation", asked)
    assert (refused.status, refused.codes) == (403, {"revocation.quality-not-held"})
    asked["quality"] = "representative"
    assert representative.post(f"certificates/{mine}/revocation", asked).status == 200


# once


def test_a_change_needs_a_key(program: RestClient) -> None:
    for path, sent in (
        ("certificates", body()),
        ("certificates/CRT-00000-00000/revocation", {"reason": "superseded"}),
    ):
        assert program.post(path, sent, key=None).codes == {"api.key-missing"}
        for key in ("deux mots", "é", "x" * 41, "a/b", '"'):
            answer = program.post(path, sent, key=key)
            assert (answer.status, answer.codes) == (400, {"api.key-unreadable"})
    assert Certificate.objects.count() == 0


def test_the_same_call_gives_the_same_certificate(program: RestClient, instance: Instance) -> None:
    first = program.post("certificates", body(), key="une-fois")
    again = program.post("certificates", body(), key='"une-fois"')
    assert (again.status, again.json) == (201, first.json)
    assert len(instance.signer.drafts()) == 1


@pytest.mark.parametrize(
    "other",
    [
        body("autre.chu-exemple.fr"),
        body(which="another"),
        {"requests": [body()]},
        {"requests": [body("z.chu-exemple.fr", which="z"), body()]},
        body(revocation_code="un-code-choisi"),
    ],
)
def test_the_same_key_for_another_body_is_409(program: RestClient, other: dict[str, Any]) -> None:
    assert program.post("certificates", body(), key="k").status == 201
    answer = program.post("certificates", other, key="k")
    assert answer.status == 409
    assert answer.codes <= {"api.key-for-another", "issuance.key-for-another"}
    assert Certificate.objects.count() == 1


def test_a_batch_cut_short_or_made_longer_is_another_body(program: RestClient) -> None:
    asked = [body(f"{at}.chu-exemple.fr", which=at) for at in ("a", "b")]
    assert program.post("certificates", {"requests": asked}, key="k").status == 200
    for other in ({"requests": asked[:1]}, {"requests": asked[::-1]}, asked[0]):
        assert program.post("certificates", other, key="k").status == 409
    assert Certificate.objects.count() == 2


def test_keys_of_two_rights_do_not_meet(door: RestApp, program: RestClient) -> None:
    application = body("INSI-AUTO", which="o") | {"product": "ORG_SIGN"}
    other = RestClient(door, token=make(product="ORG_SIGN").secret)
    assert program.post("certificates", body(), key="k").status == 201
    assert other.post("certificates", application, key="k").status == 201


def test_t55_twenty_posts_at_once_make_one_certificate(program: RestClient, instance: Instance) -> None:
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    content = json.dumps(body(revocation_code="un-code-choisi")).encode()

    async def all_at_once() -> list[Answer]:
        calls = [program.ask("POST", "certificates", content=content, headers=headers) for _ in range(20)]
        return await asyncio.gather(*calls)

    given = asyncio.run(all_at_once())
    done = [answer.json["reference"] for answer in given if answer.status == 201]
    assert {answer.status for answer in given} <= {201, 409, 503}
    assert all("retry-after" in answer.headers for answer in given if answer.status != 201)
    assert done
    assert len(set(done)) == 1
    assert Certificate.objects.count() == ApiTokenUse.objects.count() == len(instance.signer.drafts()) == 1


# when a machine fails


def test_a_signer_away_is_503_and_may_be_asked_again(program: RestClient, instance: Instance) -> None:
    def away(kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True, detail="/run/secret/socket")

    instance.signer.before = away
    answer = program.post("certificates", body(), key="k")
    assert (answer.status, answer.codes) == (503, {"signer.unreachable"})
    assert int(answer.headers["retry-after"]) > 0
    assert b"/run/secret" not in answer.content
    instance.signer.before = lambda kind: None
    assert program.post("certificates", body(), key="k").status == 201


def test_t59_an_unknown_outcome_is_said_and_never_signed_again(
    program: RestClient, instance: Instance
) -> None:
    def dies(kind: str) -> None:
        raise Fault("signer.outcome-unknown", retryable=False, detail="lost")

    instance.signer.after = dies
    for _ in range(2):
        answer = program.post("certificates", body(), key="k")
        assert (answer.status, answer.codes) == (500, {"issuance.outcome-unknown"})
    assert len(instance.signer.drafts()) == 1
    assert Certificate.objects.get().revocation.quality == "authority"


def test_what_was_issued_and_not_handed_over_is_handed_over_by_asking_again(program: RestClient) -> None:
    actor = admit_token(program.token)
    issue_certificate(actor, server_request(), idempotency_key=f"{actor.within}:k")
    assert Certificate.objects.get().state == "issued"
    assert program.post("certificates", body(), key="k").json["standing"] == "in-service"
    assert Certificate.objects.count() == 1


def test_a_defect_is_written_down_and_answered_without_a_word_of_it(
    program: RestClient, instance: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    def defect() -> Any:
        raise ZeroDivisionError("inside")

    instance.at_another(random=lambda count: defect())
    with caplog.at_level(logging.INFO):
        answer = program.post("certificates", body())
    assert answer.status == 500
    assert b"inside" not in answer.content
    assert answer.headers["x-request-id"] in caplog.text
    assert program.token not in caplog.text


# the door itself


def test_every_answer_has_the_same_guards_and_none_speaks_to_another_site(program: RestClient) -> None:
    given = [
        program.get("habilitations"),
        program.get("nowhere"),
        program.get("health"),
        program.post("certificates", b"{"),
        program.call("OPTIONS", "certificates", headers={"origin": "https://evil.example"}),
    ]
    for answer in given:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert not any(name.startswith("access-control-") for name in answer.headers)
        assert "server" not in answer.headers


def test_methods_and_addresses(program: RestClient) -> None:
    options = program.call("OPTIONS", "certificates")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW"):
        answer = program.call(method, "certificates")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    for path in (
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/certificates/",
        "/api/v1/certificates/x",
        "/api/v2/health",
    ):
        assert program.get(path).codes == {"api.no-such-address"}


def test_t35_a_page_of_a_browser_cannot_drive_it(card: RestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert card.post("certificates", card_body(), **{"content-type": kind}).status == 415
    answer = card.post("certificates", card_body(), origin="https://evil.example")
    assert (answer.status, answer.codes) == (403, {"api.browser"})
    assert card.post("certificates", card_body(), **{"content-encoding": "gzip"}).status == 415
    assert Certificate.objects.count() == 0


def test_the_description_is_whole_and_true_to_the_declarations(door: RestApp) -> None:
    told = RestClient(door).get("openapi.json").json
    assert told["openapi"] == "3.1.0"
    assert {(path, method) for path, operations in told["paths"].items() for method in operations} == {
        (route.path, route.method.lower()) for route in ROUTES
    }
    schemas = told["components"]["schemas"]
    text = json.dumps(told)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in schemas
    asked = schemas["DemandeDeCertificat"]
    assert asked["required"] == ["product", "names", "csr"]
    assert asked["additionalProperties"] is False
    assert "SERV_S/MIME" in asked["properties"]["product"]["enum"]
    for operations in told["paths"].values():
        for operation in operations.values():
            assert set(operation["responses"]) <= {str(status) for status in (*TITLES, 200, 201)}


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        (None, "fr"),
        ("", "fr"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("de, en;q=0.7, fr;q=0.3", "en"),
        ("fr, en", "fr"),
        ("en, fr", "en"),
        ("en;q=0.4, fr;q=0.8", "fr"),
        ("en;q=0", "fr"),
        ("*", "fr"),
        ("en;q=0.5, *", "fr"),
        ("en;q=nonsense", "fr"),
        ("e" * 600 + ",en", "fr"),
    ],
)
def test_a_no_is_said_in_the_language_that_the_caller_prefers(
    program: RestClient, wish: str | None, language: str
) -> None:
    headers = {} if wish is None else {"accept-language": wish}
    no = program.post("certificates", body("www.autre.fr"), **headers)
    assert no.codes == {"scope.outside"}
    assert no.headers["content-language"] == language
    assert no.headers["vary"] == "Accept-Language"
    assert no.json["title"] == {"fr": "Refusé par une règle", "en": "Refused by a rule"}[language]
    french = program.post("certificates", body("www.autre.fr")).json["findings"][0]
    (told,) = no.json["findings"]
    assert told["code"] == french["code"]
    assert (told["message"] == french["message"], told["remedy"] == french["remedy"]) == (
        (language == "fr",) * 2
    )


def test_english_reaches_batches_previews_and_what_is_stopped_at_the_door(
    program: RestClient, door: RestApp
) -> None:
    english = {"accept-language": "en"}
    many = program.post("certificates", {"requests": [body("www.autre.fr")]}, **english)
    assert many.json["results"][0]["problem"]["title"] == "Refused by a rule"
    assert many.headers["content-language"] == "en"
    asked = {"product": "SERV_SSL", "names": ["www.autre.fr"]}
    seen = program.post("preview", asked, key=None, **english)
    assert seen.headers["content-language"] == "en"
    assert seen.json["findings"] != program.post("preview", asked, key=None).json["findings"]
    assert RestClient(door).get("certificates", **english).json["title"] == "Who are you?"
    assert program.get("nowhere", **english).json["title"] == "Not found"


def test_each_title_has_its_english_and_the_description_says_how_to_ask_for_it(door: RestApp) -> None:
    assert ENGLISH_TITLES.keys() == TITLES.keys()
    assert all(ENGLISH_TITLES[status] != TITLES[status] for status in TITLES)
    described = RestClient(door).get("openapi.json").json
    for path in described["paths"].values():
        for operation in path.values():
            assert "Accept-Language" in {one["name"] for one in operation["parameters"]}


def test_a_preview_warns_of_a_name_that_is_a_slip_of_one_it_gave_before(program: RestClient) -> None:
    issued(program)
    asked = {"product": "SERV_SSL", "names": ["ww.chu-exemple.fr"]}
    seen = program.post("preview", asked, key=None).json
    assert seen["accepted"] is True
    assert ("lookalike.near", "warning") in [(one["code"], one["severity"]) for one in seen["findings"]]
    right = program.post("preview", asked | {"names": ["www.chu-exemple.fr"]}, key=None).json
    assert not any(one["code"].startswith("lookalike.") for one in right["findings"])


def test_health_says_nothing_but_that_it_is_there(door: RestApp) -> None:
    assert RestClient(door).get("health").json == {"status": "ok"}
