"""Test certificates for relying parties: there, published, renewed, and refused what any token is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from sceau.operations import TestSetOrder, issue_certificate, keep_test_set, revoke_token
from sceau.publication import FolderShelf
from sceau.publication.page import render_page
from sceau.records import StatusRecords
from sceau.records.models import Certificate, JournalEntry
from sceau.site.test_sets import keep_test_sets
from sceau.status import Standing
from sceau.vocabulary import Fault
from tests.instance import ADMINISTRATOR, NOON, Instance, accepted, offer, server_request
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
    assert standing(published(instance, "valide")) is Standing.GOOD
    assert standing(published(instance, "revoque")) is Standing.REVOKED
    keys = {row.spki_sha256 for row in Certificate.objects.all()}
    assert len(keys) == 2
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
    assert Certificate.objects.count() == 2


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
    assert Certificate.objects.count() == 2, "the one that was left over is the one that is revoked"


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
    assert Certificate.objects.count() == 2


def test_after_three_years_the_first_ones_have_ended_and_new_ones_hold(
    instance: Instance, order: TestSetOrder
) -> None:
    first = keep_test_set(order)
    instance.clock.forward(days=3 * 366)
    token = make(until=instance.clock.now + timedelta(days=90))
    found = keep_test_set(replace(order, secret=token.secret))
    assert found.ended is not None
    assert found.ended.reference == first.holding.reference
    assert found.holding.reference != first.holding.reference
    assert published(instance, "expire").not_valid_after_utc < instance.clock.now
    assert published(instance, "valide").not_valid_after_utc > instance.clock.now
