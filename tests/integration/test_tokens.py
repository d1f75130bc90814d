"""Tokens of the machine door: one right, one person, one card, one day's limit; dead with any of them."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection

from sceau.operations import (
    Actor,
    CertificateRequest,
    NewToken,
    TokenLimits,
    admit_token,
    collect_certificate,
    create_token,
    hand_over,
    issue_certificate,
    preview_certificate,
    receive_form,
    resume_habilitation,
    revoke_certificate,
    revoke_token,
    set_card_status,
    suspend_habilitation,
    withdraw_habilitation,
)
from sceau.records import journal_lines, list_tokens, token_line
from sceau.records.models import ApiToken, ApiTokenUse, Certificate, JournalDisclosure, JournalEntry
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUTHORITY,
    NOON,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    csr,
    form,
    give_role,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_orders import refusal


def make(
    *,
    who: Someone = ADMINISTRATOR,
    product: str = "SERV_SSL",
    until: datetime = NOON + timedelta(days=90),
    per_day: int = 500,
    terms: bool = True,
    label: str = "serveur web",
    habilitation: str = "",
    actor: Actor | None = None,
) -> NewToken:
    return create_token(
        actor or who.actor,
        habilitation=habilitation or right_for(product),
        label=label,
        valid_until=until,
        terms_accepted=terms,
        limits=TokenLimits(per_day),
    )


@pytest.fixture
def habilitated(instance: Instance) -> Instance:
    accepted(offer("serv-ssl"), offer("org"))
    return instance


def test_the_secret_is_shown_once_and_only_its_digest_is_kept(habilitated: Instance) -> None:
    made = make()
    assert made.secret.startswith("sceau_")
    assert len(made.secret) == len("sceau_") + 43
    assert ApiToken.objects.get().secret_sha256 == hashlib.sha256(made.secret.encode()).hexdigest()
    assert made.secret not in repr(made)
    kept = [bytes(entry.entry) for entry in JournalEntry.objects.all()]
    kept += [json.dumps(one.data).encode() for one in JournalDisclosure.objects.all()]
    assert not any(made.secret.encode() in line or made.secret[6:].encode() in line for line in kept)


def test_a_token_acts_for_its_maker_with_the_card_that_made_it(habilitated: Instance) -> None:
    made = make()
    actor = admit_token(made.secret)
    assert (actor.person_id, actor.card, actor.token) == (
        ADMINISTRATOR.national_id.text,
        ADMINISTRATOR.card,
        made.line.reference,
    )
    issued = issue_certificate(actor, server_request(), idempotency_key="k")
    assert issued.line.habilitation == right_for("SERV_SSL")
    assert list(ApiTokenUse.objects.values_list("token__reference", flat=True)) == [made.line.reference]
    entry = next(
        line for line in journal_lines(subject=issued.line.reference) if line.kind.endswith("intended")
    )
    assert json.loads(entry.entry)["public"]["token"] == made.line.reference
    line = token_line(made.line.reference, at=NOON)
    assert line is not None
    assert (line.used, line.standing) == (1, "usable")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"terms": False}, "token.terms"),
        ({"label": ""}, "operations.text-missing"),
        ({"label": "x" * 81}, "token.label"),
        ({"label": "deux\nlignes"}, "token.label"),
        ({"per_day": 0}, "token.limits"),
        ({"per_day": 100_001}, "token.limits"),
        ({"until": NOON}, "token.term"),
        ({"until": NOON + timedelta(days=367)}, "token.term"),
        ({"who": STRANGER}, "habilitation.unknown"),
        ({"who": REPRESENTATIVE}, "habilitation.unknown"),
        ({"who": SECOND_ADMINISTRATOR}, "habilitation.unknown"),
        ({"actor": replace(ADMINISTRATOR.actor, card=None)}, "token.card-needed"),
        ({"actor": replace(ADMINISTRATOR.actor, card=STRANGER.card)}, "operations.card-not-yours"),
    ],
)
def test_what_keeps_a_token_from_being_made(
    habilitated: Instance, changes: dict[str, Any], code: str
) -> None:
    assert code in refusal(make, **changes)
    assert ApiToken.objects.count() == 0


def test_a_token_never_outlives_the_card_that_made_it(habilitated: Instance) -> None:
    from sceau.records.models import Card

    Card.objects.filter(number=ADMINISTRATOR.card).update(not_after=NOON + timedelta(days=30))
    assert refusal(make) == {"token.term"}
    assert make(until=NOON + timedelta(days=29)).line.standing == "usable"


def test_a_suspended_right_gives_no_token(habilitated: Instance) -> None:
    suspend_habilitation(ALICE.actor, reference=right_for("SERV_SSL"), reason="Doute")
    assert refusal(make) == {"token.right"}


def _suspend(made: NewToken) -> None:
    suspend_habilitation(ALICE.actor, reference=made.line.habilitation, reason="Doute")


def _withdraw(made: NewToken) -> None:
    withdraw_habilitation(ALICE.actor, reference=made.line.habilitation, reason="Fin")


def _oppose(made: NewToken) -> None:
    set_card_status(Actor.system("t"), number=made.line.card_number, status="revoked", reason="Perdue")


def _revoke(made: NewToken) -> None:
    revoke_token(ADMINISTRATOR.actor, reference=made.line.reference)


ENDINGS = [
    (_suspend, "token.right", "right"),
    (_withdraw, "token.revoked", "revoked"),
    (_oppose, "operations.card-not-valid", "card"),
    (_revoke, "token.revoked", "revoked"),
]


@pytest.mark.parametrize(("end", "code", "standing"), ENDINGS)
def test_a_token_is_dead_at_once_with_what_is_behind_it(
    habilitated: Instance, end: Any, code: str, standing: str
) -> None:
    made = make()
    actor = admit_token(made.secret)
    issued = issue_certificate(actor, server_request(), idempotency_key="k")
    end(made)
    assert code in refusal(admit_token, made.secret)
    # and the one that was admitted a moment before can do nothing more
    other = server_request("b.chu-exemple.fr", which="other")
    assert code in refusal(issue_certificate, actor, other, idempotency_key="k2")
    assert code in {found.code for found in preview_certificate(actor, other).findings}
    reference = issued.line.reference
    with pytest.raises(Refused, match=code):
        revoke_certificate(actor, reference=reference, reason="superseded", quality="administrator")
    with pytest.raises(Refused, match=code):
        hand_over(actor, reference=reference, terms_accepted=True)
    line = token_line(made.line.reference, at=habilitated.clock())
    assert line is not None
    assert line.standing == standing


def test_a_token_dies_at_its_term(habilitated: Instance) -> None:
    made = make(until=NOON + timedelta(hours=1))
    actor = admit_token(made.secret)
    habilitated.clock.forward(hours=1)
    assert refusal(admit_token, made.secret) == {"token.expired"}
    assert "token.expired" in refusal(issue_certificate, actor, server_request(), idempotency_key="k")


def test_a_suspension_lifted_lets_it_serve_again_a_revocation_does_not(habilitated: Instance) -> None:
    made = make()
    _suspend(made)
    resume_habilitation(ALICE.actor, reference=made.line.habilitation, reason="Levé")
    assert admit_token(made.secret).token == made.line.reference
    _revoke(made)
    revoke_token(ADMINISTRATOR.actor, reference=made.line.reference)
    with pytest.raises(IntegrityError, match="revoked is final"):
        ApiToken.objects.update(revoked_at=None, revoked_by="")


def test_a_right_withdrawn_in_mid_signature_ends_what_a_token_was_getting(habilitated: Instance) -> None:
    made = make()
    actor = admit_token(made.secret)
    habilitated.signer.before = lambda kind: _withdraw(made)
    with pytest.raises(Refused, match=r"issuance\.right-lost"):
        issue_certificate(actor, server_request(), idempotency_key="k")
    assert Certificate.objects.get().revocation.reason == "privilegeWithdrawn"


def test_another_right_of_the_same_person_does_not_exist_for_it(habilitated: Instance) -> None:
    actor = admit_token(make().secret)
    other = CertificateRequest("ORG_SIGN", ("INSI-AUTO",), csr("org"), right_for("ORG_SIGN"))
    assert refusal(issue_certificate, actor, other, idempotency_key="k") == {"habilitation.unknown"}
    nobodys = replace(other, habilitation=None)
    assert refusal(issue_certificate, actor, nobodys, idempotency_key="k") == {"habilitation.unknown"}
    mine = issue_certificate(ADMINISTRATOR.actor, other, idempotency_key="k").line.reference
    for verb in (
        lambda: revoke_certificate(actor, reference=mine, reason="superseded", quality="administrator"),
        lambda: hand_over(actor, reference=mine, terms_accepted=True),
    ):
        assert refusal(verb) == {"certificate.unknown"}
    assert refusal(issue_certificate, actor, server_request("autre.fr"), idempotency_key="z") == {
        "scope.outside"
    }


def test_a_token_does_nothing_but_what_a_token_does(habilitated: Instance) -> None:
    actor = admit_token(make().secret)
    right = right_for("SERV_SSL")
    assert refusal(make, actor=actor) == {"token.act"}
    assert refusal(receive_form, actor, raw=form(), channel="web") == {"token.act"}
    assert refusal(withdraw_habilitation, actor, reference=right, reason="x") == {"token.act"}
    issued = issue_certificate(actor, server_request(), idempotency_key="k").line.reference
    collect = {"terms_accepted": True, "code": "un-code-choisi", "code_again": "un-code-choisi"}
    assert refusal(collect_certificate, actor, reference=issued, **collect) == {"token.act"}
    with pytest.raises(Refused, match=r"revocation\.quality-not-held"):
        revoke_certificate(actor, reference=issued, reason="superseded", quality="desk")


def test_the_verbs_of_an_officers_token_are_no_officers_verbs(habilitated: Instance) -> None:
    """A token of somebody who is also of the desk gives nothing of the desk."""
    give_role(ADMINISTRATOR, "desk")
    actor = admit_token(make().secret)
    issued = issue_certificate(actor, server_request(), idempotency_key="k").line.reference
    assert "token.act" in refusal(set_card_status, actor, number=STRANGER.card, status="lost", reason="x")
    with pytest.raises(Refused, match=r"revocation\.quality-not-held"):
        revoke_certificate(actor, reference=issued, reason="superseded", quality="desk")


@pytest.mark.parametrize(
    "secret",
    ["", "sceau_", "sceau_" + "A" * 43, "Sceau_" + "A" * 43, "é" * 49, "sceau_" + "A" * 42 + "\ud800"],
)
def test_an_unknown_secret_opens_nothing(habilitated: Instance, secret: str) -> None:
    make()
    assert refusal(admit_token, secret) == {"token.unknown"}


@pytest.mark.parametrize("someone", [ADMINISTRATOR, REPRESENTATIVE, ALICE, AUTHORITY])
def test_who_may_end_a_token(habilitated: Instance, someone: Someone) -> None:
    made = make()
    assert revoke_token(someone.actor, reference=made.line.reference).standing == "revoked"


def test_a_token_of_others_does_not_exist(habilitated: Instance) -> None:
    made = make()
    assert refusal(revoke_token, STRANGER.actor, reference=made.line.reference) == {"token.unknown"}
    assert refusal(revoke_token, STRANGER.actor, reference="JET-00000-00000") == {"token.unknown"}
    assert list_tokens(at=NOON, created_by=STRANGER.national_id.text) == ()
    assert [line.reference for line in list_tokens(at=NOON, created_by=ADMINISTRATOR.national_id.text)] == [
        made.line.reference
    ]


def test_t56_the_days_limit_is_exact_when_many_ask_at_once(habilitated: Instance) -> None:
    actor = admit_token(make(per_day=3).secret)
    requests = [server_request(f"h{at}.chu-exemple.fr", which=f"quota-{at}") for at in range(8)]
    given: list[str] = []
    refusals: list[str] = []

    def ask(at: int) -> None:
        try:
            given.append(issue_certificate(actor, requests[at], idempotency_key=f"k{at}").line.reference)
        except Refused as refused:
            refusals.extend(found.code for found in refused.findings)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == ["token.quota"] * 5
    assert len(given) == ApiTokenUse.objects.count() == len(habilitated.signer.drafts()) == 3
    habilitated.clock.forward(hours=24)
    later = server_request("z.chu-exemple.fr", which="quota-later")
    assert issue_certificate(actor, later, idempotency_key="later")


def test_the_database_keeps_tokens_and_their_uses_as_they_were(habilitated: Instance) -> None:
    made = make()
    issue_certificate(admit_token(made.secret), server_request(), idempotency_key="k")
    other = ApiToken.objects.get()
    for change in (
        lambda: ApiToken.objects.update(valid_until=NOON + timedelta(days=999)),
        lambda: ApiToken.objects.update(per_day=9),
        lambda: ApiToken.objects.update(secret_sha256="0" * 64),
        lambda: ApiTokenUse.objects.update(at=NOON),
        lambda: ApiToken.objects.filter(pk=other.pk).update(revoked_at=NOON),
        lambda: _sql("DELETE FROM records_apitoken"),
        lambda: _sql("DELETE FROM records_apitokenuse"),
    ):
        with pytest.raises(DatabaseError):
            change()


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
