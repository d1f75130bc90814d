"""Test certificates for relying parties: there, published, renewed, and refused what any token is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from sceau.certification import recheck_content
from sceau.operations import (
    Actor,
    TestSetOrder,
    confirm_employee,
    issue_certificate,
    keep_test_set,
    recheck_warrants,
    register_card,
    register_person,
    revoke_token,
)
from sceau.operations.recheck_batch import batch_of
from sceau.operations.recheck_certificates import kept_of
from sceau.operations.recheck_run import RecheckOrder, Run
from sceau.publication import FolderShelf
from sceau.publication.page import render_page
from sceau.records import StatusRecords
from sceau.records.models import Certificate, Habilitation, JournalEntry
from sceau.registration import Person
from sceau.site.test_sets import keep_test_sets
from sceau.status import Standing
from sceau.vocabulary import Fault, PersonId
from tests.instance import ADMINISTRATOR, ALICE, NOON, Instance, accepted, offer, server_request
from tests.integration.test_orders import refusal
from tests.integration.test_tokens import make

NAMES = ("chu-exemple.fr",)


@pytest.fixture
def order(instance: Instance) -> TestSetOrder:
    accepted(offer("serv-ssl"))
    return TestSetOrder(make(until=NOON + timedelta(days=300)).secret, "SERV_SSL", NAMES)


def published(instance: Instance, word: str) -> x509.Certificate:
    path = instance.machine.shelf / "ESSAI" / f"el-org-g1-{word}.cer"
    return x509.load_der_x509_certificate(path.read_bytes())


def standing(certificate: x509.Certificate) -> Standing:
    return StatusRecords().status("el-org", 1, certificate.serial_number).standing


def test_one_holds_and_one_is_revoked_and_both_can_be_had(instance: Instance, order: TestSetOrder) -> None:
    found = keep_test_set(order)
    assert (found.holding.standing, found.revoked.standing, found.ended) == ("in-service", "revoked", None)
    assert not (instance.machine.shelf / "ESSAI" / "el-org-g1-expire.cer").exists(), "not before it has ended"
    assert standing(published(instance, "valide")) is Standing.GOOD
    assert standing(published(instance, "revoque")) is Standing.REVOKED
    keys = {row.spki_sha256 for row in Certificate.objects.all()}
    assert len(keys) == 3
    page = render_page("Essai", FolderShelf(instance.machine.shelf), has_ocsp=True)
    assert page.index("Certificats d&#x27;essai") < page.index("el-org-g1-revoque.cer")
    assert "révoqué" in page


def test_f24_they_are_ordinary_certificates_of_an_ordinary_right_with_its_warrant_in_the_journal(
    instance: Instance, order: TestSetOrder
) -> None:
    found = keep_test_set(order)
    row = Certificate.objects.get(reference=found.holding.reference)
    assert row.habilitation is not None
    assert (row.asked_by, row.product) == (ADMINISTRATOR.person.national_id.text, "SERV_SSL")
    told = set(JournalEntry.objects.values_list("kind", flat=True))
    assert {"certificate.intended", "certificate.issued", "certificate.revoked"} <= told
    revoke_token(ADMINISTRATOR.actor, reference=_token())
    assert refusal(keep_test_set, order) == {"token.revoked"}


def _token() -> str:
    from sceau.records.models import ApiToken

    return ApiToken.objects.get().reference


@pytest.mark.parametrize("names", [("un-autre.fr",), ("chu-exemple.fr.evil.fr",), ()])
def test_f24_a_name_that_the_right_does_not_hold_is_refused_to_the_test_set_too(
    order: TestSetOrder, names: tuple[str, ...], tmp_path: Path
) -> None:
    assert refusal(keep_test_set, replace(order, names=names))
    assert not Certificate.objects.exists()


def test_a_second_time_nothing_is_issued(instance: Instance, order: TestSetOrder) -> None:
    first = keep_test_set(order)
    instance.clock.forward(days=30)
    assert keep_test_set(order).holding.reference == first.holding.reference
    assert Certificate.objects.count() == 3


def test_a_crash_between_issuing_and_revoking_leaves_nothing_that_is_not_made_up_for(
    instance: Instance, order: TestSetOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sceau.operations import test_set

    def crash(*told: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(test_set, "revoke_certificate", crash)
        with pytest.raises(KeyboardInterrupt):
            keep_test_set(order)
    found = keep_test_set(order)
    assert (found.holding.standing, found.revoked.standing) == ("in-service", "revoked")
    assert Certificate.objects.count() == 3, "the one that was left over is the one that is revoked"


def test_no_other_certificate_of_the_right_is_shown_or_revoked(
    instance: Instance, order: TestSetOrder
) -> None:
    real = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line
    found = keep_test_set(order)
    assert real.reference not in {found.holding.reference, found.revoked.reference}
    assert StatusRecords().status("el-org", 1, int(real.serial, 16)).standing is Standing.GOOD


@pytest.mark.parametrize("fault", ["open", "toml", "token"])
def test_a_file_that_cannot_be_trusted_or_read_asks_for_nothing(
    order: TestSetOrder, tmp_path: Path, fault: str
) -> None:
    file = tmp_path / "test-set" / "serveur.toml"
    file.parent.mkdir()
    text = f'token = "{order.secret}"\nproduct = "SERV_SSL"\nnames = ["chu-exemple.fr"]\n'
    file.write_text({"toml": "token =", "token": text.replace("token", "jeton")}.get(fault, text))
    file.chmod(0o644 if fault == "open" else 0o600)
    with pytest.raises(Fault, match=r"site\.test-set"):
        keep_test_sets(tmp_path)
    assert not Certificate.objects.exists()
    file.write_text(text)
    file.chmod(0o600)
    assert keep_test_sets(tmp_path) == 1
    assert Certificate.objects.count() == 3


def test_f24_a_day_after_the_start_there_is_one_that_has_ended_and_it_was_never_backdated(
    instance: Instance, order: TestSetOrder
) -> None:
    began = instance.clock.now
    keep_test_set(order)
    instance.clock.forward(hours=23)
    assert keep_test_set(order).ended is None
    assert Certificate.objects.count() == 3, "the one that ends soon is waited for"
    instance.clock.forward(hours=1)
    found = keep_test_set(order)
    ended = published(instance, "expire")
    assert found.ended is not None
    assert ended.not_valid_before_utc == began
    assert ended.not_valid_after_utc == began + timedelta(days=1, seconds=-1)
    assert published(instance, "valide").not_valid_after_utc > instance.clock.now + timedelta(days=1000)
    assert Certificate.objects.count() == 3


def test_f24_the_nightly_reading_holds_a_short_life_to_what_the_journal_says_was_asked(
    instance: Instance, order: TestSetOrder
) -> None:
    keep_test_set(order)
    short = Certificate.objects.get(not_after__lt=instance.clock.now + timedelta(days=2))
    assert _alarms(instance) == set()
    entry = JournalEntry.objects.get(kind="certificate.intended", subject=short.reference)
    assert b'"term":"day"' in bytes(entry.entry)
    (batch,) = [batch_of((short,))]
    whole = recheck_warrants.warrant_again(short, replace(batch, entries={}), instance.machine.catalogue)
    issuer = instance.machine.issuer_of("SERV_SSL", at=instance.clock.now)
    found = recheck_content(kept_of(short), whole, issuer, catalogue=instance.machine.catalogue)
    assert {dict(one.details).get("part", one.subject) for one in found} >= {"validity"}


def _alarms(instance: Instance) -> set[str]:
    run = Run(RecheckOrder(ledger=None), instance.machine, instance.clock(), None, lambda kind, count: None)  # type: ignore[arg-type]
    found: set[str] = set()
    for row in Certificate.objects.all():
        batch = batch_of((row,))
        warrant = recheck_warrants.warrant_again(row, batch, run.machine.catalogue)
        issuer = run.machine.issuer_of(row.product, at=run.began)
        said = recheck_content(kept_of(row), warrant, issuer, catalogue=run.machine.catalogue)
        found |= {finding.code for finding in said}
    return found


@pytest.fixture
def persons(instance: Instance) -> TestSetOrder:
    accepted(offer("pro"))
    subject = nobody("ESSAI-1")
    confirm_employee(ALICE.actor, structure_id=structure_id(), person=subject)
    token = make(until=NOON + timedelta(days=300), product="PRO_AUTH")
    return TestSetOrder(token.secret, "PRO_AUTH", ("essai@chu-exemple.fr",), subject.national_id.text)


def nobody(number: str, surname: str = "ESSAI", given_names: str = "CERTIFICAT", **changes: Any) -> Person:
    return Person(PersonId("3", "690000005", number), surname, given_names, "Essai", **changes)


def structure_id() -> str:
    return Habilitation.objects.first().structure.national_id  # type: ignore[union-attr]


def test_f24_the_issuer_of_persons_has_its_three_under_a_name_that_nobody_bears(
    instance: Instance, persons: TestSetOrder
) -> None:
    keep_test_set(persons)
    instance.clock.forward(days=1)
    found = keep_test_set(persons)
    assert found.ended is not None
    for word in ("valide", "revoque", "expire"):
        path = instance.machine.shelf / "ESSAI" / f"el-pp-g1-{word}.cer"
        subject = x509.load_der_x509_certificate(path.read_bytes()).subject.rfc4514_string()
        assert "ESSAI" in subject
        assert "CERTIFICAT" in subject
    page = render_page("Essai", FolderShelf(instance.machine.shelf), has_ocsp=True)
    assert "el-pp-g1-expire.cer" in page
    assert "expiré" in page


def test_f24_a_persons_test_set_names_no_person(instance: Instance, persons: TestSetOrder) -> None:
    real = ADMINISTRATOR.person.national_id.text
    assert refusal(keep_test_set, replace(persons, holder=real)) == {"right.test-subject-real"}
    assert "right.holder-missing" in refusal(keep_test_set, replace(persons, holder=""))
    unknown = nobody("ESSAI-2").national_id.text
    assert refusal(keep_test_set, replace(persons, holder=unknown)) == {"operations.person-unknown"}
    assert not Certificate.objects.exists()


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (nobody("ESSAI-3", "Martin"), "right.test-subject-named"),
        (nobody("ESSAI-3", given_names="Paul"), "right.test-subject-named"),
        (nobody("ESSAI-3", profession_code=10), "right.test-subject-named"),
        (nobody("essai3", "Martin"), "right.test-subject-named"),
        (nobody("EMP7"), "right.test-subject-unmarked"),
        (nobody("EMP7", "Essai", "Certificat"), "right.test-subject-unmarked"),
    ],
)
def test_f24_the_mark_and_the_name_of_a_test_subject_go_together(
    persons: TestSetOrder, person: Person, code: str
) -> None:
    del persons
    assert refusal(confirm_employee, ALICE.actor, structure_id=structure_id(), person=person) == {code}
    assert refusal(register_person, Actor.system("registers"), person) == {code}


def test_f24_a_test_subject_has_no_card(persons: TestSetOrder) -> None:
    card = replace(ADMINISTRATOR.card_facts(), person_id=nobody("ESSAI-1").national_id)
    assert refusal(register_card, Actor.system("registers"), card) == {"right.test-subject-asks"}


def test_after_three_years_the_first_ones_have_ended_and_new_ones_hold(
    instance: Instance, order: TestSetOrder
) -> None:
    first = keep_test_set(order)
    instance.clock.forward(days=3 * 366)
    token = make(until=instance.clock.now + timedelta(days=90))
    found = keep_test_set(replace(order, secret=token.secret))
    assert found.ended is not None
    assert found.ended.standing == "expired"
    assert found.holding.reference != first.holding.reference
    assert published(instance, "expire").not_valid_after_utc < instance.clock.now
    assert published(instance, "valide").not_valid_after_utc > instance.clock.now
