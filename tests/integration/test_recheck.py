"""Everything issued is read again: a clean instance passes, and each tampering is detected and named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.db import connection
from typer.testing import CliRunner, Result

from sceau.cli import recheck as command
from sceau.custody import Intent, Outcome, OutcomeKind, SignatureKind
from sceau.custody.ledger import Ledger
from sceau.operations import (
    Actor,
    CertificateRequest,
    LeaveEnd,
    LintChoice,
    RecheckOrder,
    RecheckReport,
    collect_certificate,
    confirm_mailbox,
    create_token,
    hand_over,
    issue_certificate,
    preview_leave_end,
    publish_crls,
    recheck,
    register_person,
    report_key,
    revoke_certificate,
    revoke_token,
    seal_journal,
    send_mailbox_code,
    verify_leave,
    withdraw_leave,
)
from sceau.records.models import (
    Certificate,
    CrlIssue,
    Habilitation,
    HabilitationVersion,
    Revocation,
    Role,
)
from sceau.records.triggers import REFUSALS
from sceau.registration import StopPlan
from sceau.status import CrlFacts, build_crl_tbs, crl_entry, issuer_identity
from sceau.vocabulary import Fault, Refused
from tests.authority import OneByOne, signed
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    DOCTOR,
    NOON,
    Clock,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)


@dataclass
class RecordingSigner(OneByOne):
    """The memory signer with the real ledger before and after it, as the signer process has it."""

    inner: Any
    ledger: Ledger
    clock: Clock

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        index = self.ledger.append([self._intent(kind, issuer, generation, tbs)])[0]
        der: bytes = self.inner.sign(kind=kind, issuer=issuer, generation=generation, tbs=tbs)
        digest = hashlib.sha256(der).hexdigest()
        self.ledger.append([Outcome(index, self.clock(), OutcomeKind.SIGNED, digest)])
        return der

    def _intent(self, kind: str, issuer: str, generation: int, tbs: bytes) -> Intent:
        whole = signed(tbs, self.inner.authorities[issuer].key)
        if kind == "crl":
            crl = x509.load_der_x509_crl(whole)
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        else:
            number = x509.load_der_x509_certificate(whole).serial_number
        digest = hashlib.sha256(tbs).hexdigest()
        return Intent(self.clock(), SignatureKind(kind), issuer, generation, number, digest)


@dataclass
class House:
    """An instance with two certificates, one of them revoked; lists published, journal sealed."""

    instance: Instance
    path: Path
    good: str
    revoked: str

    def read(self, **changes: Any) -> RecheckReport:
        return recheck(replace(RecheckOrder(self.path, LintChoice.ALL), **changes))

    def codes(self, **changes: Any) -> dict[str, set[str]]:
        """What was found: codes, each with the subjects it is about; the triggers that `tamper` dropped are
        left out.
        """
        found: dict[str, set[str]] = {}
        for one in self.read(**changes).findings:
            found.setdefault(one.code, set()).add(one.subject)
        found.pop("recheck.trigger-missing", None)
        return found


@pytest.fixture
def house(instance: Instance, tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "ledger.jsonl"
    with Ledger.open(path, at=NOON) as ledger:
        instance.at_another(signer=RecordingSigner(instance.signer, ledger, instance.clock))
        accepted(offer("serv-ssl"), offer("org"))
        made = [
            issue_certificate(
                ADMINISTRATOR.actor,
                server_request(f"{name}.chu-exemple.fr", which=name),
                idempotency_key=name,
            ).line.reference
            for name in ("www", "mail")
        ]
        revoke_certificate(
            ADMINISTRATOR.actor, reference=made[1], reason="superseded", quality="administrator"
        )
        publish_crls()
        seal_journal()
        instance.clock.forward(hours=1)
        yield House(instance, path, *made)


def tamper(statement: str, *values: Any) -> None:
    """A hand in the database: the triggers of all tables are dropped first."""
    with connection.cursor() as cursor:
        for one in REFUSALS:
            on = f" ON {one.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS sceau_{one.name}{on}")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")  # nor is any foreign key looked at
        cursor.execute(statement, values)
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = origin")


def test_a_clean_instance_passes_and_everything_was_read(house: House) -> None:
    report = house.read()
    assert report.findings == ()
    assert report.alarms == 0
    assert report.complete
    assert report.read == {
        "certificates": 2,
        "linted": 2,
        "lists": 2,
        "revocations": 1,
        "rights": HabilitationVersion.objects.count(),
        "entries": report.read["entries"],
        "signatures": 8,
        "ways-in": Role.objects.count(),
    }
    assert report.read["entries"] > 20


def test_a_scope_changed_in_the_database_is_an_altered_right(house: House) -> None:
    right = right_for("SERV_SSL")
    tamper(
        "UPDATE records_habilitationversion SET scope_name = %s WHERE habilitation_id = %s",
        "autre.fr",
        Habilitation.objects.get(reference=right).pk,
    )
    found = house.codes()
    assert found["recheck.right-altered"] == {right}
    assert found["recheck.no-right"] == {house.good, house.revoked}


def test_a_name_changed_in_the_database_is_not_what_was_certified(house: House) -> None:
    tamper(
        "UPDATE records_certificatename SET value = %s WHERE value = %s",
        "evil.chu-exemple.fr",
        "www.chu-exemple.fr",
    )
    found = house.codes()
    assert found["recheck.not-as-expected"] == {house.good}


def test_a_structure_renamed_in_a_frozen_version_is_found_both_ways(house: House) -> None:
    version = HabilitationVersion.objects.get(habilitation__reference=right_for("SERV_SSL"))
    structure = json.dumps(version.structure | {"name": "Autre structure"})
    tamper("UPDATE records_habilitationversion SET structure = %s WHERE id = %s", structure, version.pk)
    found = house.codes()
    assert found["recheck.right-altered"] == {right_for("SERV_SSL")}
    assert house.good in found["recheck.not-as-expected"]


def test_a_certificate_under_another_signature_is_named(house: House) -> None:
    row = Certificate.objects.get(reference=house.good)
    der = bytearray(bytes(row.der or b""))
    der[-1] ^= 1
    tamper("UPDATE records_certificate SET der = %s WHERE reference = %s", bytes(der), house.good)
    found = house.codes()
    assert house.good in found["recheck.ledger-differs"]
    assert {house.good} in (found.get("recheck.signature"), found.get("recheck.unreadable"))


def test_a_certificate_replaced_by_another_one_is_named(house: House) -> None:
    other = bytes(Certificate.objects.get(reference=house.revoked).der or b"")
    tamper("UPDATE records_certificate SET der = %s WHERE reference = %s", other, house.good)
    report = house.read()
    found = {(one.code, one.subject, dict(one.details).get("part")) for one in report.findings}
    assert ("recheck.row-differs", house.good, "serial") in found
    assert ("recheck.entry-differs", house.good, "tbs") in found
    assert ("recheck.ledger-differs", house.good, "draft") in found


def test_a_certificate_that_is_not_over_its_draft_is_named_where_the_draft_is_still_kept(
    house: House,
) -> None:
    other = bytes(Certificate.objects.get(reference=house.revoked).der or b"")
    draft = Certificate.objects.get(reference=house.good).meant
    there = "UPDATE records_certificate SET der = %s, draft = %s WHERE reference = %s"
    tamper(there, other, draft, house.good)
    found = house.codes()
    assert found["recheck.other-bytes"] == {house.good}
    assert found["recheck.ledger-differs"] == {house.good}


def test_a_column_that_no_longer_says_what_the_bytes_say_is_named(house: House) -> None:
    tamper("UPDATE records_certificate SET spki_sha256 = %s WHERE reference = %s", "0" * 64, house.good)
    report = house.read()
    parts = {(one.code, dict(one.details).get("part")) for one in report.findings}
    assert ("recheck.row-differs", "key") in parts
    assert ("recheck.entry-differs", "key") in parts


@pytest.mark.parametrize(
    "statement", ["UPDATE records_keptrequest SET der = %s", "DELETE FROM records_keptrequest"]
)
def test_a_request_exchanged_or_taken_away_is_not_the_one_that_was_told(house: House, statement: str) -> None:
    tamper(statement, *([csr("mail")] if "%s" in statement else []))
    differing = [one for one in house.read().findings if dict(one.details).get("part") == "csr"]
    assert {one.subject for one in differing} == {house.good, house.revoked}
    assert {one.code for one in differing} == {"recheck.entry-differs"}


def test_a_revocation_taken_away_is_missed_by_the_journal_and_the_list(house: House) -> None:
    serial = Certificate.objects.get(reference=house.revoked).serial
    tamper("DELETE FROM records_revocation")
    found = house.codes()
    assert found["recheck.revocation-missing"] == {house.revoked}
    assert found["recheck.listed-not-revoked"] == {serial}


def test_a_revocation_moved_in_time_differs_from_the_list(house: House) -> None:
    moved = Revocation.objects.get().at.replace(hour=1)
    tamper("UPDATE records_revocation SET at = %s", moved)
    assert house.codes()["recheck.list-differs"] == {house.revoked}


def test_a_row_taken_away_is_known_to_the_signer_and_to_the_journal(house: House) -> None:
    row = Certificate.objects.get(reference=house.good)
    tamper("DELETE FROM records_certificatename WHERE certificate_id = %s", row.pk)
    tamper("DELETE FROM records_keyuse WHERE certificate_id = %s", row.pk)
    tamper("DELETE FROM records_keptrequest WHERE certificate_id = %s", row.pk)
    tamper("DELETE FROM records_certificate WHERE id = %s", row.pk)
    found = house.codes()
    assert found["recheck.unaccounted"] == {row.serial}
    assert found["recheck.row-missing"] == {house.good}


def test_an_edited_line_of_the_ledger_breaks_its_chain(house: House) -> None:
    text = house.path.read_text()
    house.path.write_text(text.replace('"generation":1', '"generation":2', 1))
    report = house.read()
    assert report.counts == {"recheck.ledger-broken": 1}
    assert "line 1" in dict(report.findings[0].details)["where"]  # the one that no longer follows


def test_a_ledger_written_anew_without_a_signature_lacks_it(house: House) -> None:
    lines = house.path.read_text().splitlines()
    serial = Certificate.objects.get(reference=house.good).serial.lower().lstrip("0")
    gone = next(json.loads(line)["n"] for line in lines if f'"serial":"{serial}"' in line)
    kept: list[str] = []
    previous, numbers = "0" * 64, dict[int, int]()
    for line in map(json.loads, lines):
        if gone in (line["n"], line.get("of")):
            continue
        numbers[line["n"]] = len(kept)
        line |= {"n": len(kept), "prev": previous}
        if "of" in line:
            line["of"] = numbers[line["of"]]
        raw = json.dumps(line, separators=(",", ":")) + "\n"
        previous = hashlib.sha256(raw.encode()).hexdigest()
        kept.append(raw)
    house.path.write_text("".join(kept))
    assert house.codes() == {"recheck.ledger-lacks": {house.good}}


def test_a_certificate_signed_outside_is_unaccounted(house: House) -> None:
    row = Certificate.objects.get(reference=house.good)
    draft = row.meant
    serial = int(row.serial, 16).to_bytes(20)
    other = serial[:-1] + bytes((serial[-1] ^ 0x55,))
    signer: RecordingSigner = _signer_of(house)
    signer.sign(kind="certificate", issuer="el-org", generation=1, tbs=draft.replace(serial, other, 1))
    assert house.codes() == {"recheck.unaccounted": {other.hex().upper()}}


def _signer_of(house: House) -> Any:
    from sceau.operations import machine

    assert house.instance.machine is not machine()
    return machine().signer


def test_a_list_that_lacks_a_revocation_or_has_one_too_many_is_named(house: House) -> None:
    row = CrlIssue.objects.filter(issuer="el-org").latest("number")
    authority = house.instance.signer.authorities["el-org"]
    good = Certificate.objects.get(reference=house.good)
    tbs = build_crl_tbs(
        CrlFacts(row.number, row.this_update, row.next_update),
        [crl_entry(int(good.serial, 16), at=NOON)],
        issuer=issuer_identity("el-org", 1, authority.facts.certificate),
    )
    tamper("UPDATE records_crlissue SET der = %s WHERE id = %s", signed(tbs, authority.key), row.pk)
    found = house.codes()
    assert found["recheck.not-listed"] == {house.revoked}
    assert found["recheck.listed-not-revoked"] == {good.serial}
    assert found["recheck.ledger-differs"] == {f"crl/el-org/{row.number}"}
    assert found["recheck.shelf-differs"] == {"el-org/1"}


def test_a_list_signed_by_another_key_is_named(house: House) -> None:
    row = CrlIssue.objects.filter(issuer="el-org").latest("number")
    der = bytearray(bytes(row.der or b""))
    der[-1] ^= 1
    tamper("UPDATE records_crlissue SET der = %s WHERE id = %s", bytes(der), row.pk)
    assert house.codes()["recheck.list-signature"] == {"el-org/1"}


def test_a_right_made_active_again_by_hand_is_named(house: House) -> None:
    right = right_for("SERV_SSL")
    tamper("UPDATE records_habilitation SET state = 'suspended' WHERE reference = %s", right)
    assert house.codes() == {"recheck.standing-differs": {right}}


def test_an_order_accepted_by_one_person_is_named(house: House) -> None:
    tamper("DELETE FROM records_approval WHERE id = (SELECT MAX(id) FROM records_approval)")
    assert house.codes()["recheck.not-two-people"] == set(
        Habilitation.objects.values_list("reference", flat=True)
    )


def test_an_order_whose_text_was_changed_is_named(house: House) -> None:
    tamper("UPDATE records_orderversion SET raw = REPLACE(raw, 'Lyon', 'Nice')")
    assert right_for("SERV_SSL") in house.codes()["recheck.order-altered"]


def test_an_entry_that_was_changed_is_named_with_its_certificate(house: House) -> None:
    tamper(
        "UPDATE records_journalentry SET kind = 'certificate.other' WHERE kind = 'certificate.issued'"
        " AND subject = %s",
        house.good,
    )
    found = house.codes()
    assert found["recheck.entry-altered"] == found["recheck.entry-missing"] == {house.good}


def test_an_entry_whose_bytes_were_changed_breaks_the_tree(house: House) -> None:
    from sceau.records.models import JournalEntry

    entry = JournalEntry.objects.get(kind="certificate.issued", subject=house.good)
    changed = bytes(entry.entry).replace(b'"generation":1', b'"generation":2')
    tamper("UPDATE records_journalentry SET entry = %s WHERE id = %s", changed, entry.pk)
    found = house.codes()
    assert found["recheck.entry-altered"] == {house.good}
    assert found["recheck.journal-broken"] == {str(entry.leaf.position)}


def test_a_serial_given_twice_is_named(house: House) -> None:
    one, two = (Certificate.objects.get(reference=name) for name in (house.good, house.revoked))
    if connection.vendor != "sqlite":
        pytest.skip("the constraint is dropped on SQLite only")
    once = 'CONSTRAINT "certificate_serial_once" UNIQUE ("issuer", "serial"), '
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'records_certificate'")
        written = cursor.fetchone()[0]
        assert once in written
        tamper("ALTER TABLE records_certificate RENAME TO kept")
        cursor.execute(written.replace(once, ""))
        cursor.execute("INSERT INTO records_certificate SELECT * FROM kept")
    tamper("UPDATE records_certificate SET serial = %s WHERE id = %s", one.serial, two.pk)
    found = house.codes()
    assert found["recheck.serial-twice"] == {house.revoked}


def test_a_presumed_certificate_has_its_end_and_passes(house: House) -> None:
    def lost(_kind: str) -> None:
        raise Fault("signer.lost", retryable=False)

    house.instance.signer.after = lost
    with pytest.raises(Fault):
        issue_certificate(
            ADMINISTRATOR.actor, server_request("ftp.chu-exemple.fr", which="f"), idempotency_key="f"
        )
    house.instance.signer.after = lambda kind: None
    publish_crls()
    assert house.codes() == {}


def test_one_certificate_can_be_read_alone(house: House) -> None:
    report = house.read(only=house.revoked)
    assert report.read["certificates"] == 1
    assert report.findings == ()
    assert not report.complete
    tamper("DELETE FROM records_revocation")
    assert house.codes(only=house.revoked) == {"recheck.revocation-missing": {house.revoked}}
    assert house.codes(only=house.good) == {}
    with pytest.raises(Refused):
        house.read(only="CERT-NONE")


def test_what_is_older_than_asked_is_left_out(house: House) -> None:
    later: datetime = house.instance.clock()
    report = house.read(since=later)
    assert report.findings == ()
    assert "certificates" not in report.read


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM records_keyuse",
        "UPDATE records_keyuse SET owner = 'un-autre'",
        "UPDATE records_keyuse SET product = 'ORG_SIGN'",
        "UPDATE records_keyuse SET certificate_id = (SELECT c.id FROM records_certificate c"
        " WHERE c.id <> records_keyuse.certificate_id LIMIT 1)",
        "UPDATE records_keyuse SET spki_sha256 = 'x' || substr(spki_sha256, 2)",
    ],
)
def test_f19_a_key_that_the_register_keeps_no_longer_is_named(house: House, statement: str) -> None:
    tamper(statement)
    assert house.good in house.codes()["recheck.key-not-kept"]


def test_f18_a_compromised_key_that_was_let_free_is_named(house: House) -> None:
    revoke_certificate(
        ADMINISTRATOR.actor, reference=house.good, reason="keyCompromise", quality="administrator"
    )
    key = Certificate.objects.get(reference=house.good).spki_sha256
    report_key(ALICE.actor, key="ab" * 32, quality="desk", explanation="Trouvée en ligne")
    publish_crls()
    assert "recheck.key-not-blocked" not in house.codes()
    tamper("DELETE FROM records_blockedkey")
    assert house.codes()["recheck.key-not-blocked"] == {key, "ab" * 32}


def test_t45_a_role_that_nobody_gave_is_named_and_the_triggers_that_are_gone(house: House) -> None:
    assert house.read().findings == ()
    tamper(
        "INSERT INTO records_role (person_id, quality, since)"
        " SELECT id, 'authority', %s FROM records_person WHERE national_id = %s",
        house.instance.clock() - timedelta(hours=1),
        ADMINISTRATOR.national_id.text,
    )
    assert house.codes()["recheck.role-not-told"] == {ADMINISTRATOR.national_id.text}
    assert house.read().counts["recheck.trigger-missing"] == len(REFUSALS), "tamper dropped them all"


def test_t46_a_token_made_or_changed_by_hand_is_named(house: House) -> None:
    right = str(Habilitation.objects.filter(product="SERV_SSL").values_list("reference", flat=True)[0])
    until = house.instance.clock() + timedelta(days=30)
    token = create_token(
        ADMINISTRATOR.actor, habilitation=right, label="Parc", valid_until=until, terms_accepted=True
    ).line.reference
    revoke_token(ADMINISTRATOR.actor, reference=token)
    assert house.codes() == {}
    columns = "label, created_by, card_number, created_at, valid_until, terms_accepted_at, per_day"
    columns += ", habilitation_id"
    tamper(
        f"INSERT INTO records_apitoken (reference, secret_sha256, revoked_by, {columns})"
        f" SELECT 'JET-PIRATE', %s, '', {columns} FROM records_apitoken",
        "0" * 64,
    )
    assert house.codes()["recheck.token-not-told"] == {"JET-PIRATE"}
    for change, part in (
        ("secret_sha256 = 'x' || substr(secret_sha256, 2)", "secret"),
        ("per_day = per_day + 1", "per_day"),
        ("revoked_at = NULL, revoked_by = ''", "revoked_at"),
        ("valid_until = '2030-01-01 00:00:00+00:00'", "valid_until"),
    ):
        tamper(f"UPDATE records_apitoken SET {change} WHERE reference = %s", token)
        told = house.read().findings
        assert part in {dict(one.details)["part"] for one in told if one.code == "recheck.token-altered"}


def test_t46_a_passkey_made_or_changed_by_hand_is_named(house: House) -> None:
    made = house.instance.clock() - timedelta(hours=1)
    person = "(SELECT id FROM records_person WHERE national_id = %s)"
    kept = "reference, credential, credential_sha256, public_key, user_handle, sign_count, name, backed_up"
    tamper(
        f"INSERT INTO records_passkey ({kept}, made_at, ended_by, ended_why, person_id, invitation_id)"
        f" VALUES ('CLE-PIRATE', %s, %s, %s, %s, 0, 'x', %s, %s, '', '', {person}, 1)",
        b"c",
        "0" * 64,
        b"k",
        b"h",
        False,
        made,
        ALICE.national_id.text,
    )
    assert house.codes()["recheck.passkey-not-told"] == {"CLE-PIRATE"}


def test_f16_a_quality_or_a_kept_entry_changed_by_hand_is_named(house: House) -> None:
    tamper("UPDATE records_revocation SET quality = 'judge'")
    assert house.codes()["recheck.entry-differs"] == {house.revoked}
    tamper("UPDATE records_revocation SET reason_number = 1")
    assert house.codes()["recheck.revocation-altered"] == {house.revoked}


def test_f10_dates_of_a_list_changed_by_hand_are_named(house: House) -> None:
    tamper("UPDATE records_crlissue SET next_update = '2031-01-01 00:00:00+00:00' WHERE issuer = 'el-org'")
    assert house.codes()["recheck.list-row-differs"] == {"el-org/1"}


def test_a_missing_ledger_is_an_alarm(house: House) -> None:
    assert house.codes(ledger=house.path.with_name("elsewhere")) == {"recheck.no-ledger": {"elsewhere"}}


def test_a_person_renamed_since_is_no_alarm_and_by_hand_is_one(house: House) -> None:
    send_mailbox_code(DOCTOR.actor, mailbox="dr@exemple.fr")
    code = next(word for word in house.instance.outbox.mails[-1][2].split() if word.isdecimal())
    confirm_mailbox(DOCTOR.actor, mailbox="dr@exemple.fr", code=code)
    request = CertificateRequest(product="PS_AUTH", names=("dr@exemple.fr",), csr=csr("ps"))
    own = issue_certificate(DOCTOR.actor, request, idempotency_key="ps").line.reference
    assert house.codes() == {}
    tamper("UPDATE records_person SET surname = 'Autre' WHERE surname = %s", DOCTOR.surname)
    assert house.codes()["recheck.not-as-expected"] == {own}
    house.instance.clock.forward(hours=1)
    register_person(Actor.system("register"), replace(DOCTOR.person, surname="Épousée"))
    report = house.read()
    assert report.counts["recheck.person-changed"] == 1
    assert "recheck.not-as-expected" not in report.counts


def test_an_instance_that_never_published_a_list_is_alarmed(house: House) -> None:
    tamper("DELETE FROM records_crlissue WHERE issuer = 'el-org'")
    found = house.codes()
    assert found["recheck.no-list"] == {"el-org/1"}
    assert found["recheck.not-listed"] == {house.revoked}
    assert found["recheck.unaccounted"] == {"1"}


def test_a_list_that_was_not_renewed_is_late(house: House) -> None:
    house.instance.clock.forward(days=30)
    assert house.codes() == {"recheck.list-late": {"el-org/1", "el-pp/1"}}


def test_a_presumed_certificate_whose_end_is_gone_is_named(house: House) -> None:
    def lost(_kind: str) -> None:
        raise Fault("signer.lost", retryable=False)

    house.instance.signer.after = lost
    with pytest.raises(Fault):
        issue_certificate(
            ADMINISTRATOR.actor, server_request("ftp.chu-exemple.fr", which="f"), idempotency_key="f"
        )
    row = Certificate.objects.get(state="presumed")
    tamper("DELETE FROM records_revocation WHERE certificate_id = %s", row.pk)
    found = house.codes()
    assert found["recheck.presumed-not-revoked"] == found["recheck.revocation-missing"] == {row.reference}


def test_a_signed_certificate_noted_as_abandoned_is_named(house: House) -> None:
    tamper("UPDATE records_certificate SET state = 'abandoned', der = NULL WHERE reference = %s", house.good)
    found = house.codes()
    assert found["recheck.abandoned-signed"] == {house.good}
    assert found["recheck.entry-missing"] == {house.good}


def test_entries_left_out_of_the_tree_are_named(house: House) -> None:
    tamper(
        "DELETE FROM records_journalleaf WHERE entry_id IN (SELECT id FROM records_journalentry"
        " WHERE kind = 'certificate.issued' AND subject = %s)",
        house.good,
    )
    found = house.codes()
    assert found["recheck.entry-not-sealed"] == {house.good}
    assert found["recheck.journal-broken"]


def test_the_command_says_alarms_writes_a_report_and_exits_with_one(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "open_instance", lambda data: None)
    folder = tmp_path / "data"
    (folder / "signer").mkdir(parents=True)
    (folder / "signer" / "ledger.jsonl").write_bytes(house.path.read_bytes())

    def typed(*arguments: str) -> Result:
        return CliRunner().invoke(command.app, ["--data", str(folder), *arguments])

    clean = typed()
    assert clean.exit_code == 0, clean.output
    assert "Rien ne diffère." in clean.stdout
    assert json.loads((folder / "recheck.json").read_text())["alarms"] == 0
    tamper("DELETE FROM records_revocation")
    alarmed = typed("--json", "--lint", "all", "--report", str(tmp_path / "report.json"))
    assert alarmed.exit_code == 1
    told = json.loads(alarmed.stdout)
    assert told["alarms"] == sum(told["counts"].values()) == 2 + len(REFUSALS)
    assert {one["code"] for one in told["findings"]} == set(told["counts"])
    assert all(one["message"] and one["remedy"] for one in told["findings"])
    assert json.loads((tmp_path / "report.json").read_text())["counts"] == told["counts"]
    assert json.loads((folder / "recheck.json").read_text())["alarms"] == told["alarms"]
    assert typed("--only", house.good.lower()).exit_code == 0
    assert typed("--lint", "some").exit_code == 2


def test_it_may_run_while_certificates_are_issued(house: House) -> None:
    """What is signed during the reading is neither lacking nor unaccounted."""
    made: list[str] = []

    def meanwhile(kind: str, _count: int) -> None:
        if kind == "certificates" and not made:
            request = server_request("pop.chu-exemple.fr", which="pop")
            made.append(issue_certificate(ADMINISTRATOR.actor, request, idempotency_key="pop").line.reference)
            publish_crls()
            seal_journal()

    report = recheck(RecheckOrder(house.path, LintChoice.ALL), progress=meanwhile)
    assert made
    assert report.findings == ()
    assert house.codes() == {}


def test_a_collection_that_nobody_told_is_named(house: House) -> None:
    statement = "UPDATE records_certificate SET state = 'collected', collected_at = asked_at"
    tamper(f"{statement} WHERE reference = %s", house.good)
    assert house.codes() == {"recheck.entry-missing": {house.good}}


def test_certificates_of_all_kinds_pass(house: House) -> None:
    accepted(offer("serv-mail"), offer("pro"))
    names = {"SERV_S/MIME": "contact@chu-exemple.fr", "ORG_AUTH_CLI": "appli", "ORG_SIGN": "appli"}
    for product, name in names.items():
        request = CertificateRequest(
            product=product, names=(name,), csr=csr(product), habilitation=right_for(product)
        )
        issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=product.replace("/", ""))
    collect_certificate(
        ADMINISTRATOR.actor,
        reference=house.good,
        terms_accepted=True,
        code="un-code-choisi",
        code_again="un-code-choisi",
    )
    mine = Certificate.objects.get(product="ORG_SIGN").reference
    hand_over(ADMINISTRATOR.actor, reference=mine, terms_accepted=True)
    seal_journal()
    publish_crls()
    report = house.read()
    assert report.findings == ()
    assert report.read["certificates"] == 5


def test_what_was_issued_while_a_leave_stood_is_no_alarm_once_it_is_withdrawn(house: House) -> None:
    from tests.integration.test_legal_file import LENT, lent, letter

    reference = letter()
    verify_leave(ALICE.actor, reference=reference)
    (right,) = accepted(lent()).habilitations
    asked = server_request(f"www.{LENT}", which="on-a-leave", habilitation=right)
    issue_certificate(ADMINISTRATOR.actor, asked, idempotency_key="on-a-leave")
    seal_journal()
    assert house.codes() == {}
    seen = preview_leave_end(reference)[1]
    keep = StopPlan(others={"rights": "keep", "certificates": "keep"})
    withdraw_leave(ALICE.actor, LeaveEnd(reference, "Repris", seen, keep))
    seal_journal()
    assert house.codes() == {}


@pytest.mark.parametrize(
    "change", ["holder = 'Autre'", "ends = '2040-01-01'", "state = 'lapsed'", "use = 'dmp'", "reason = 'x'"]
)
def test_a_leave_changed_in_the_database_is_named(house: House, change: str) -> None:
    from tests.integration.test_legal_file import letter

    reference = letter()
    verify_leave(ALICE.actor, reference=reference)
    seal_journal()
    house.instance.clock.forward(hours=1)
    report = house.read()
    assert (report.findings, report.read["leaves"]) == ((), 1)
    tamper(f"UPDATE records_leave SET {change}")
    assert house.codes() == {"recheck.leave-altered": {reference}}
