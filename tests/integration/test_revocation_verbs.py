"""The end of a certificate through the verbs: who may, why, once and for good; and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from sceau.operations import (
    collect_certificate,
    issue_certificate,
    publish_crls,
    refresh_responders,
    restore_shelf,
    revoke_by_code,
    revoke_certificate,
)
from sceau.records import CertificateFile, StatusRecords, latest_crl
from sceau.records.models import Certificate, CrlIssue, CrlSegment, JournalEntry, ResponderCertificate
from sceau.status import Standing
from sceau.vocabulary import Fault
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    MANDATAIRE,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    server_request,
)
from tests.integration.test_orders import refusal

CODE = "un-code-choisi"


@pytest.fixture
def collected(instance: Instance) -> CertificateFile:
    """A certificate in service."""
    accepted()
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    return collect_certificate(
        ADMINISTRATOR.actor,
        reference=issued.line.reference,
        terms_accepted=True,
        code=CODE,
        code_again=CODE,
    )


def revoke(file: CertificateFile, who: Someone, quality: str, reason: str = "superseded") -> CertificateFile:
    return revoke_certificate(who.actor, reference=file.line.reference, reason=reason, quality=quality)


@pytest.mark.parametrize(
    ("who", "quality", "reason"),
    [
        (ADMINISTRATOR, "administrator", "superseded"),
        (REPRESENTATIVE, "representative", "privilegeWithdrawn"),
        (MANDATAIRE, "mandataire", "cessationOfOperation"),
        (ALICE, "desk", "affiliationChanged"),
        (AUTHORITY, "authority", "keyCompromise"),
        (AUTHORITY, "judge", "privilegeWithdrawn"),
    ],
)
def test_who_may_revoke_revokes(collected: CertificateFile, who: Someone, quality: str, reason: str) -> None:
    ended = revoke(collected, who, quality, reason).line
    assert ended.standing == "revoked"
    assert ended.revocation is not None
    assert (ended.revocation.reason, ended.revocation.quality, ended.revocation.at) == (reason, quality, NOON)


@pytest.mark.parametrize("who", [STRANGER, AUDITOR, OTHER_REPRESENTATIVE])
def test_for_everybody_else_the_certificate_does_not_exist(collected: CertificateFile, who: Someone) -> None:
    for quality in ("holder", "administrator", "representative", "desk", "authority", "judge", "rien"):
        act: dict[str, Any] = {"reason": "superseded", "quality": quality}
        assert refusal(revoke_certificate, who.actor, reference=collected.line.reference, **act) == {
            "certificate.unknown"
        }
        assert refusal(revoke_certificate, who.actor, reference="CRT-00000-00000", **act) == {
            "certificate.unknown"
        }


def test_a_quality_one_does_not_have_is_not_believed(collected: CertificateFile) -> None:
    assert refusal(revoke, collected, ADMINISTRATOR, "authority") == {"revocation.quality-not-held"}
    assert refusal(revoke, collected, ALICE, "judge") == {"revocation.quality-not-held"}
    assert refusal(revoke, collected, ADMINISTRATOR, "administrator", "privilegeWithdrawn") == {
        "revocation.quality"
    }
    assert refusal(revoke, collected, ADMINISTRATOR, "administrator", "certificateHold") == {
        "revocation.reason-not-offered"
    }


def test_f16_a_second_revocation_changes_nothing(instance: Instance, collected: CertificateFile) -> None:
    first = revoke(collected, ADMINISTRATOR, "administrator").line.revocation
    entries = JournalEntry.objects.count()
    instance.clock.forward(days=2)
    second = revoke(collected, AUTHORITY, "authority", "keyCompromise").line.revocation
    assert first == second
    assert JournalEntry.objects.count() == entries


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as printed": lambda serial: serial,
    "as C writes it": lambda serial: f"0x{serial}",
    "small letters": str.lower,
    "colons": lambda serial: ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)),
    "spaces": lambda serial: f"  {serial} ",
    "no zero": lambda serial: serial.lstrip("0"),
    "decimal": lambda serial: str(int(serial, 16)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_f15_the_code_revokes_by_any_spelling_of_the_serial(
    collected: CertificateFile, spelling: str
) -> None:
    spelt = SPELLINGS[spelling](collected.line.serial)
    ended = revoke_by_code(serial=spelt, code=CODE, reason="cessationOfOperation")
    assert ended.line.standing == "revoked"
    assert ended.line.revocation is not None
    assert ended.line.revocation.quality == "holder"


def test_the_code_revokes_by_the_reference_too(collected: CertificateFile) -> None:
    reference = collected.line.reference.lower()
    assert revoke_by_code(serial=reference, code=CODE, reason="superseded").line.standing == "revoked"


def test_a_wrong_code_and_a_wrong_serial_get_one_answer(collected: CertificateFile) -> None:
    for serial, code in ((collected.line.serial, "faux-code"), ("00AB", CODE), ("", ""), ("zz", CODE)):
        assert refusal(revoke_by_code, serial=serial, code=code, reason="superseded") == {"revocation.code"}
    assert JournalEntry.objects.filter(kind__contains="code-tried").count() == 0


def test_too_many_tries_close_the_door_for_an_hour(instance: Instance, collected: CertificateFile) -> None:
    act = {"serial": collected.line.serial, "reason": "superseded"}
    for _ in range(5):
        refusal(revoke_by_code, code="faux-code", **act)
    assert refusal(revoke_by_code, code=CODE, **act) == {"revocation.code"}
    instance.clock.forward(minutes=61)
    assert revoke_by_code(code=CODE, **act).line.standing == "revoked"


def test_a_certificate_without_a_code_is_not_revoked_by_one(instance: Instance) -> None:
    accepted()
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    for code in ("", CODE):
        assert refusal(revoke_by_code, serial=issued.line.serial, code=code, reason="superseded") == {
            "revocation.code"
        }


def test_lists_hold_what_is_revoked_and_their_numbers_rise(
    instance: Instance, collected: CertificateFile
) -> None:
    (before,) = publish_crls(only=("el-org",))
    revoke(collected, ADMINISTRATOR, "administrator")
    instance.clock.forward(minutes=1)
    (after,) = publish_crls(only=("el-org",))
    assert (before.entries, after.entries, after.number) == (0, 1, before.number + 1)
    read = x509.load_der_x509_crl(after.der)
    assert [entry.serial_number for entry in read] == [int(collected.line.serial, 16)]
    issuer = instance.signer.authorities["el-org"].certificate
    assert read.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]


def test_a_list_is_made_when_it_is_due_and_not_before(instance: Instance, collected: CertificateFile) -> None:
    assert len(publish_crls(due_only=True)) == 2
    assert publish_crls(due_only=True) == ()
    revoke(collected, ADMINISTRATOR, "administrator")
    assert [line.issuer for line in publish_crls(due_only=True)] == ["el-org"]
    instance.clock.forward(hours=25)
    assert len(publish_crls(due_only=True)) == 2


def test_the_shelf_holds_the_very_bytes_of_the_records(instance: Instance) -> None:
    publish_crls()
    shelf = instance.machine.shelf
    files = sorted(path.relative_to(shelf).as_posix() for path in shelf.rglob("*") if path.is_file())
    assert files == ["CRL/ACI-EL-ORG-DEV.crl", "CRL/ACI-EL-PP-DEV.crl"]
    last = latest_crl("el-org", 1)
    assert last is not None
    path = shelf / "CRL/ACI-EL-ORG-DEV.crl"
    assert path.read_bytes() == last.der
    path.write_bytes(b"autre chose")
    assert restore_shelf() == (path,)
    assert path.read_bytes() == last.der
    assert restore_shelf() == ()


def test_f11_a_number_never_serves_twice_even_when_the_signer_failed(instance: Instance) -> None:
    def away(kind: str) -> None:
        raise Fault("signer.unreachable", retryable=True)

    instance.signer.before = away
    with pytest.raises(Fault):
        publish_crls(only=("el-org",))
    instance.signer.before = lambda kind: None
    (made,) = publish_crls(only=("el-org",))
    assert made.number == 2
    assert list(CrlIssue.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_f11_a_restored_database_goes_on_above_what_the_shelf_shows(instance: Instance) -> None:
    for _ in range(3):
        publish_crls(only=("el-org",))
    from django.db import connection

    with connection.cursor() as cursor:  # yesterday's backup: the lists since then are forgotten
        drop = "DROP TRIGGER sceau_crlissue_no_delete"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_crlissue")
    CrlIssue.objects.filter(number__gt=1).delete()
    (made,) = publish_crls(only=("el-org",))
    assert made.number == 4


def test_f12_a_revoked_certificate_leaves_the_lists_after_its_end_only(
    instance: Instance, collected: CertificateFile
) -> None:
    revoke(collected, ADMINISTRATOR, "administrator")
    publish_crls(only=("el-org",))
    instance.clock.now = collected.line.not_after - timedelta(minutes=1)
    assert publish_crls(only=("el-org",))[0].entries == 1
    instance.clock.now = collected.line.not_after + timedelta(minutes=1)
    assert publish_crls(only=("el-org",))[0].entries == 1
    instance.clock.forward(hours=1)
    assert publish_crls(only=("el-org",))[0].entries == 0


def lose_revocations() -> None:
    """What a hand in the database, or a restored backup, would do."""
    from django.db import connection

    with connection.cursor() as cursor:
        drop = "DROP TRIGGER sceau_revocation_no_delete"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_revocation")
        cursor.execute("DELETE FROM records_revocation")


def test_t46_a_revocation_lost_from_the_records_stops_the_list(
    instance: Instance, collected: CertificateFile
) -> None:
    revoke(collected, ADMINISTRATOR, "administrator")
    publish_crls()
    told, other = latest_crl("el-org", 1), latest_crl("el-pp", 1)
    assert told is not None
    assert other is not None
    lose_revocations()
    instance.clock.forward(hours=1)
    with pytest.raises(Fault) as caught:
        publish_crls()
    assert (caught.value.code, caught.value.retryable) == ("crl.revocation-lost", False)
    assert collected.line.serial in caught.value.detail
    assert latest_crl("el-org", 1) == told
    assert (instance.machine.shelf / "CRL/ACI-EL-ORG-DEV.crl").read_bytes() == told.der
    after = latest_crl("el-pp", 1)
    assert after is not None
    assert after.number == other.number + 1  # the other issuer is not held up


def test_f43_t46_the_list_on_the_shelf_tells_what_a_restored_database_forgot(
    instance: Instance, collected: CertificateFile
) -> None:
    publish_crls(only=("el-org",))
    revoke(collected, ADMINISTRATOR, "administrator")
    (told,) = publish_crls(only=("el-org",))
    from django.db import connection

    lose_revocations()
    with connection.cursor() as cursor:
        drop = "DROP TRIGGER sceau_crlissue_no_delete"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_crlissue")
        drop = "DROP TRIGGER sceau_crlsegment_no_delete"
        cursor.execute(drop if connection.vendor == "sqlite" else f"{drop} ON records_crlsegment")
    CrlIssue.objects.filter(number=told.number).delete()
    CrlSegment.objects.all().delete()
    with pytest.raises(Fault, match=r"crl\.revocation-lost"):
        publish_crls(only=("el-org",))
    shelf = instance.machine.shelf / "CRL/ACI-EL-ORG-DEV.crl"
    assert shelf.read_bytes() == told.der
    shelf.write_bytes(told.der[:-1] + bytes([told.der[-1] ^ 1]))  # no longer the authority's word
    assert publish_crls(only=("el-org",))[0].entries == 0


def test_f06_status_is_good_for_what_was_issued_only(instance: Instance) -> None:
    status, seen = StatusRecords(), []
    accepted()

    def look(kind: str) -> None:
        serial = int(Certificate.objects.get().serial, 16)
        seen.append(status.status("el-org", 1, serial).standing)

    instance.signer.before = look
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    serial = int(issued.line.serial, 16)
    assert seen == [Standing.UNKNOWN]
    assert status.status("el-org", 1, serial).standing is Standing.GOOD
    assert status.status("el-org", 1, serial + 1).standing is Standing.UNKNOWN
    assert status.status("el-org", 2, serial).standing is Standing.UNKNOWN
    assert status.status("el-pp", 1, serial).standing is Standing.UNKNOWN


def test_a_revocation_is_told_to_the_status_service_at_once(
    instance: Instance, collected: CertificateFile
) -> None:
    status = StatusRecords()
    mark = status.changes(-1).mark
    assert status.changes(mark).revoked == ()
    revoke(collected, ADMINISTRATOR, "administrator", "keyCompromise")
    serial = int(collected.line.serial, 16)
    told = status.changes(mark)
    assert told.revoked == (("el-org", serial),)
    assert status.changes(told.mark).revoked == ()
    answer = status.status("el-org", 1, serial)
    assert (answer.standing, answer.revoked_at, answer.reason) == (Standing.REVOKED, NOON, 1)


class _Responders:
    """Responder keys in memory."""

    def __init__(self) -> None:
        self.installed: dict[str, bytes] = {}

    def is_due(self, issuer: str, generation: int, *, at: Any) -> bool:
        return issuer not in self.installed

    def new_key(self, issuer: str, generation: int) -> bytes:
        from tests.authority import private_key, spki_of

        return spki_of(private_key("ec:P-256", f"responder {issuer}"))

    def install(self, issuer: str, generation: int, certificate: bytes) -> None:
        self.installed[issuer] = certificate


def test_f09_responders_get_a_certificate_of_their_own_and_its_serial_is_known(instance: Instance) -> None:
    responders = _Responders()
    instance.at_another(responders=responders)
    assert refresh_responders() == ("el-org", "el-pp")
    assert refresh_responders() == ()
    row = ResponderCertificate.objects.get(issuer="el-org")
    read = x509.load_der_x509_certificate(responders.installed["el-org"])
    assert read.serial_number == int(row.serial, 16)
    assert (read.not_valid_before_utc, read.not_valid_after_utc) == (row.not_before, row.not_after)
    assert StatusRecords().status("el-org", 1, read.serial_number).standing is Standing.GOOD
