"""A revocation: who may ask for it, why, and that it is final."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sceau.catalogue import Quality, load_catalogue
from sceau.status import RevocableFacts, Revocation, Signed, Standing, decide_revocation, status_of
from sceau.vocabulary import Refused
from tests.status_kit import NOW

CATALOGUE = load_catalogue()
FACTS = RevocableFacts("el-org", 0xABCD, NOW + timedelta(days=100))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refused.value.findings]


@pytest.mark.parametrize("reason", sorted(CATALOGUE.reasons))
@pytest.mark.parametrize("quality", list(Quality))
def test_the_table_of_reasons_decides_who_may_invoke_which(reason: str, quality: Quality) -> None:
    if quality in CATALOGUE.reasons[reason].who:
        decision = decide_revocation(FACTS, reason=reason, quality=quality, at=NOW, catalogue=CATALOGUE)
        assert decision.changed
        assert decision.revocation == Revocation(NOW, reason, quality)
        assert decision.rfc5280 == CATALOGUE.reasons[reason].rfc5280
    else:
        with pytest.raises(Refused) as refused:
            decide_revocation(FACTS, reason=reason, quality=quality, at=NOW, catalogue=CATALOGUE)
        assert codes(refused) == ["revocation.quality"]
        assert CATALOGUE.say(refused.value.findings[0]).text


@pytest.mark.parametrize("reason", ["certificateHold", "removeFromCRL"])
def test_there_is_no_suspension(reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decide_revocation(FACTS, reason=reason, quality=Quality.AUTHORITY, at=NOW, catalogue=CATALOGUE)
    assert codes(refused) == ["revocation.reason-not-offered"]


def test_a_reason_nobody_knows_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        decide_revocation(FACTS, reason="keycompromise", quality=Quality.DESK, at=NOW, catalogue=CATALOGUE)
    assert codes(refused) == ["revocation.reason-unknown"]


def test_revoking_again_changes_nothing_and_says_so() -> None:
    first = Revocation(NOW, "superseded", Quality.ADMINISTRATOR)
    again = decide_revocation(
        replace(FACTS, revoked=first),
        reason="keyCompromise",
        quality=Quality.HOLDER,
        at=NOW + timedelta(days=3),
        catalogue=CATALOGUE,
    )
    assert not again.changed
    assert again.revocation == first
    assert again.rfc5280 == 4
    assert [finding.code for finding in again.findings] == ["revocation.already"]


def test_who_may_not_revoke_does_not_learn_that_it_was_done() -> None:
    facts = replace(FACTS, revoked=Revocation(NOW, "superseded", Quality.ADMINISTRATOR))
    with pytest.raises(Refused) as refused:
        decide_revocation(
            facts, reason="privilegeWithdrawn", quality=Quality.HOLDER, at=NOW, catalogue=CATALOGUE
        )
    assert codes(refused) == ["revocation.quality"]


def test_a_certificate_past_its_end_is_not_revoked_unless_it_is_presumed_signed() -> None:
    at = FACTS.not_after + timedelta(seconds=1)
    with pytest.raises(Refused) as refused:
        decide_revocation(FACTS, reason="superseded", quality=Quality.DESK, at=at, catalogue=CATALOGUE)
    assert codes(refused) == ["revocation.expired"]
    presumed = replace(FACTS, presumed_signed=True)
    assert decide_revocation(
        presumed, reason="superseded", quality=Quality.AUTHORITY, at=at, catalogue=CATALOGUE
    ).changed


def test_the_date_is_to_the_second_as_lists_say_it() -> None:
    at = NOW + timedelta(microseconds=999_999)
    decision = decide_revocation(FACTS, reason="superseded", quality=Quality.DESK, at=at, catalogue=CATALOGUE)
    assert decision.revocation.at == NOW


@pytest.mark.parametrize(
    ("signed", "revoked", "standing"),
    [
        (None, False, Standing.UNKNOWN),
        (Signed.INTENDED, False, Standing.UNKNOWN),
        (Signed.FAILED, False, Standing.UNKNOWN),
        (Signed.SIGNED, False, Standing.GOOD),
        (Signed.PRESUMED, False, Standing.REVOKED),
        (Signed.INTENDED, True, Standing.REVOKED),
        (Signed.SIGNED, True, Standing.REVOKED),
        (Signed.PRESUMED, True, Standing.REVOKED),
    ],
)
def test_good_is_said_of_what_was_signed_and_of_nothing_else(
    signed: Signed | None, revoked: bool, standing: Standing
) -> None:
    revoked_at = NOW if revoked else None
    assert status_of(signed, known_at=NOW, revoked_at=revoked_at, reason=4).standing is standing


@pytest.mark.parametrize(("reason", "said"), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 0), (5, 0), (9, 0)])
def test_an_answer_says_the_reason_only_when_a_key_was_compromised(reason: int, said: int) -> None:
    assert status_of(Signed.SIGNED, known_at=NOW, revoked_at=NOW, reason=reason).reason == said
