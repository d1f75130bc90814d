"""Mass revocation: who may, what is shown first, two people, slices that are killed and go on, nothing
missed, nothing else ended.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.db import IntegrityError, connection, transaction

from sceau.operations import (
    advance_run,
    advance_runs,
    approve_run,
    drop_run,
    issue_certificate,
    pause_run,
    prepare_run,
    publish_crls,
    resume_run,
    revoke_certificate,
    run_slices,
    seal_journal,
)
from sceau.operations.recheck_batch import batch_of
from sceau.operations.recheck_entries import entry_findings
from sceau.operations.recheck_rights import recheck_rights
from sceau.operations.recheck_run import RecheckOrder, Run
from sceau.operations.recheck_status import status_findings
from sceau.records import RunFile, StatusRecords, list_runs, run_preview, run_report
from sceau.records.models import (
    Certificate,
    Habilitation,
    IssuerStop,
    JournalEntry,
    Revocation,
    RevocationRun,
    RevocationRunLine,
)
from sceau.status import Standing
from sceau.vocabulary import Fault
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    BRUNO,
    CHLOE,
    CONTRACT,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)
from tests.integration.test_concurrency import insistently, together
from tests.integration.test_orders import refusal
from tests.runs import accounted, file_of, finished, many, one, request, started

PERSON = ADMINISTRATOR.national_id.text


@pytest.fixture
def stocked(instance: Instance) -> list[Certificate]:
    """Thirty certificates of one administrator."""
    accepted(offer("serv-ssl"))
    return [one(), *many(29)]


def listed(rows: list[Certificate]) -> str:
    return "\n".join(row.serial for row in rows)


def slices_of(monkeypatch: pytest.MonkeyPatch, instance: Instance, size: int) -> None:
    """A machine whose catalogue cuts smaller slices."""
    from dataclasses import replace

    catalogue = instance.machine.catalogue
    small = replace(catalogue, runs=replace(catalogue.runs, slice=size))
    instance.at_another(catalogue=small)


def test_a_list_in_any_spelling_is_ended_by_two_people_and_by_nobody_alone(
    instance: Instance, stocked: list[Certificate]
) -> None:
    spelt = [stocked[0].reference.lower(), f"0x{stocked[1].serial}", str(int(stocked[2].serial, 16))]
    spelt += [":".join(row.serial[at : at + 2] for at in range(0, 38, 2)) for row in stocked[3:25]]
    text = "numéro de série;nom\n" + "\n".join(f"{one};x" for one in spelt) + "\n\n# fin\n"
    file = prepare_run(ALICE.actor, request("list", listed=text))
    reference = file.line.reference
    assert (file.line.total, file.deciders_needed, file.line.state) == (25, 2, "prepared")
    assert Revocation.objects.count() == 0
    approve_run(ALICE.actor, reference=reference)
    assert advance_run(reference).state == "prepared"
    assert refusal(approve_run, ALICE.actor, reference=reference) == {"run.already-approved"}
    assert Revocation.objects.count() == 0
    approve_run(BRUNO.actor, reference=reference)
    done = finished(reference)
    assert done.line.state == "done"
    assert accounted(reference) == {row.reference for row in stocked[:25]}
    assert Revocation.objects.count() == 25


def test_what_one_officer_may_end_alone_one_ends_alone(stocked: list[Certificate]) -> None:
    reference = started(request("list", listed=listed(stocked[:20])), ALICE)
    assert finished(reference).line.done == 20
    assert refusal(prepare_run, ALICE.actor, request("list", listed=listed(stocked[:20]))) == {"run.nothing"}


def test_f15_a_line_that_names_nothing_refuses_the_whole_list_and_names_it(
    stocked: list[Certificate],
) -> None:
    text = f"{stocked[0].serial}\nABCD\nCRT-AAAAA-AAAAA\nvingt-deux\n"
    from sceau.vocabulary import Refused

    with pytest.raises(Refused) as caught:
        prepare_run(ALICE.actor, request("list", listed=text))
    found = sorted((one.code, one.subject) for one in caught.value.findings)
    assert found == [
        ("serial.unknown", "ligne 2"),
        ("serial.unknown", "ligne 3"),
        ("serial.unreadable", "ligne 4"),
    ]
    assert RevocationRun.objects.count() == 0
    assert refusal(prepare_run, ALICE.actor, request("list", listed="numéro de série\n")) == {
        "run.list-empty"
    }


@pytest.mark.parametrize("who", [STRANGER, AUDITOR, REPRESENTATIVE, ADMINISTRATOR])
def test_runs_are_for_the_desk_and_the_authority(stocked: list[Certificate], who: Someone) -> None:
    asked = request("list", listed=listed(stocked[:1]))
    assert refusal(prepare_run, who.actor, asked) == {"operations.role-missing"}
    reference = prepare_run(ALICE.actor, asked).line.reference
    for verb in (approve_run, pause_run, resume_run):
        assert refusal(verb, who.actor, reference=reference) == {"operations.role-missing"}
    assert refusal(drop_run, who.actor, reference=reference, reason="x") == {"operations.role-missing"}


def test_the_quality_is_held_and_the_reason_and_criterion_are_open_to_it(stocked: list[Certificate]) -> None:
    text = listed(stocked[:1])
    for quality, code in (
        ("authority", "revocation.quality-not-held"),
        ("holder", "revocation.quality-not-held"),
    ):
        assert refusal(prepare_run, ALICE.actor, request("list", listed=text, quality=quality)) == {code}
    asked = request("issuer", subject="el-org/1", reason="cACompromise")
    assert refusal(prepare_run, ALICE.actor, asked) == {"run.criterion-quality", "revocation.quality"}
    for reason in ("certificateHold", "removeFromCRL"):
        asked = request("list", listed=text, reason=reason)
        assert refusal(prepare_run, ALICE.actor, asked) == {"revocation.reason-not-offered"}
    judged = request("list", listed=text, quality="judge", reason="privilegeWithdrawn")
    assert prepare_run(AUTHORITY.actor, judged).line.quality == "judge"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("administrator", {"subject": "3690000005/NOBODY"}),
        ("structure", {"subject": "x"}),
        ("contract", {"subject": ""}),
        ("issuer", {"subject": "el-org", "quality": "authority"}),
        ("issuer", {"subject": "el-org/2", "quality": "authority"}),
        ("nothing", {}),
    ],
)
def test_a_criterion_that_is_not_known_is_refused(
    stocked: list[Certificate], kind: str, changes: dict[str, Any]
) -> None:
    who = AUTHORITY if "quality" in changes else ALICE
    codes = {"run.kind"} if kind == "nothing" else {"run.subject-unknown"}
    assert refusal(prepare_run, who.actor, request(kind, **changes)) == codes


def test_the_preview_says_what_would_end_and_what_would_not(
    instance: Instance, stocked: list[Certificate]
) -> None:
    revoke_certificate(
        ALICE.actor, reference=stocked[0].reference, reason="superseded", quality="desk", explanation="x"
    )
    file = prepare_run(ALICE.actor, request("administrator", subject=PERSON))
    seen = run_preview(file.line.reference, at=instance.clock())
    assert seen is not None
    assert (seen.total, seen.rights, len(seen.lines)) == (29, 1, 20)
    assert [(share.code, share.count) for share in seen.products] == [("SERV_SSL", 29)]
    assert [(share.code, share.count) for share in seen.states] == [("issued", 29)]
    assert [(share.code, share.count) for share in seen.excluded] == [("revoked", 1)]
    assert seen.structures[0].count == 29
    assert run_preview("OPR-00000-00000", at=instance.clock()) is None


def test_by_administrator_the_rights_are_suspended_before_the_first_certificate_ends(
    instance: Instance, stocked: list[Certificate]
) -> None:
    right = right_for("SERV_SSL")
    reference = started(request("administrator", subject=PERSON))
    advance_run(reference)
    assert Habilitation.objects.get().state == "suspended"
    assert Revocation.objects.count() == 0
    codes = refusal(
        issue_certificate,
        ADMINISTRATOR.actor,
        server_request(habilitation=right, which="late"),
        idempotency_key="late",
    )
    assert codes == {"right.habilitation-suspended"}
    finished(reference)
    assert accounted(reference) == {row.reference for row in stocked}
    told = JournalEntry.objects.filter(subject=right, kind="habilitation.suspended")
    assert told.count() == 1


def test_a_certificate_being_signed_when_the_run_comes_is_ended_too(
    instance: Instance, stocked: list[Certificate]
) -> None:
    reference = started(request("administrator", subject=PERSON))
    seen: list[str] = []

    def meanwhile(kind: str) -> None:
        finished(reference)
        seen.append(kind)

    instance.signer.before = meanwhile
    codes = refusal(
        issue_certificate,
        ADMINISTRATOR.actor,
        server_request("api.chu-exemple.fr", which="meanwhile"),
        idempotency_key="meanwhile",
    )
    assert codes == {"issuance.right-lost"}
    assert seen == ["certificate"]
    row = Certificate.objects.get(idempotency_key="meanwhile")
    assert row.state == "issued"
    assert StatusRecords().status(row.issuer, 1, int(row.serial, 16)).standing is Standing.REVOKED
    assert row.reference in accounted(reference)


def test_a_structure_and_a_contract_are_always_for_two(stocked: list[Certificate]) -> None:
    structure = stocked[0].structure
    assert structure is not None
    for kind, subject in (("structure", structure.national_id), ("contract", CONTRACT)):
        file = prepare_run(ALICE.actor, request(kind, subject=subject))
        assert (file.deciders_needed, file.line.total) == (2, 30)
        drop_run(ALICE.actor, reference=file.line.reference, reason="essai")
    reference = started(request("contract", subject=CONTRACT))
    assert finished(reference).line.done == 30
    assert Habilitation.objects.get().state == "suspended"


def test_an_issuer_without_end_signs_no_more(instance: Instance, stocked: list[Certificate]) -> None:
    asked = request("issuer", subject="el-org/1", quality="authority", reason="cACompromise")
    reference = started(asked, AUTHORITY, ALICE, by=AUTHORITY)
    advance_run(reference)
    assert IssuerStop.objects.count() == 1
    with pytest.raises(Fault) as caught:
        issue_certificate(
            ADMINISTRATOR.actor, server_request("new.chu-exemple.fr", which="new"), idempotency_key="new"
        )
    assert caught.value.code == "operations.database-refused"
    assert "signs no more" in caught.value.detail
    assert instance.signer.drafts() == instance.signer.drafts()[:1]  # nothing was signed since
    assert finished(reference).line.done == 30
    assert set(Revocation.objects.values_list("reason_number", flat=True)) == {2}


def test_an_issuer_between_two_days_is_ended_for_these_days_only(
    instance: Instance, stocked: list[Certificate]
) -> None:
    instance.clock.forward(days=3)
    many(5, first=1000, asked_at=instance.clock())
    today = date(2026, 11, 27)
    base: dict[str, Any] = {"subject": "el-org/1", "quality": "authority"}
    assert refusal(prepare_run, AUTHORITY.actor, request("issuer", **base, until=today)) == {
        "run.until-to-come"
    }
    crossed = request("issuer", **base, since=today, until=today - timedelta(days=2))
    assert refusal(prepare_run, AUTHORITY.actor, crossed) == {"run.dates-crossed"}
    asked = request("issuer", **base, since=date(2026, 11, 24), until=date(2026, 11, 25))
    reference = started(asked, AUTHORITY, ALICE, by=AUTHORITY)
    assert finished(reference).line.done == 30
    assert IssuerStop.objects.count() == 0
    assert accounted(reference) == {row.reference for row in stocked}


@pytest.mark.parametrize(("kind", "first"), [("issuer", "serial"), ("administrator", "id")])
def test_a_large_run_shows_what_was_counted_once_less_what_is_done_and_its_latest(
    instance: Instance, stocked: list[Certificate], monkeypatch: pytest.MonkeyPatch, *, kind: str, first: str
) -> None:
    subject = {"issuer": "el-org/1", "administrator": PERSON}[kind]
    asked = request(kind, subject=subject, quality="authority" if kind == "issuer" else "desk")
    officers = (AUTHORITY, ALICE) if kind == "issuer" else (ALICE, BRUNO)
    small = run_preview(prepare_run(officers[0].actor, asked).line.reference, at=instance.clock())
    for room in ("sceau.operations.revocation_runs", "sceau.records.queries.revocation_runs"):
        monkeypatch.setattr(f"{room}.MOST_COUNTED", 5)
    reference = started(asked, *officers, by=officers[0])
    large = run_preview(reference, at=instance.clock())
    assert small is not None
    assert large is not None
    assert large.counted_at is not None
    assert replace(large, counted_at=None, lines=()) == replace(small, lines=())
    latest = sorted(stocked, key=attrgetter(first), reverse=True)[:20]
    assert [one.reference for one in large.lines] == [one.reference for one in latest]
    finished(reference)
    over = run_preview(reference, at=instance.clock())
    assert over is not None
    assert (over.total, over.lines) == (0, ())


def test_f18_by_key_the_key_is_blocked_first_and_for_ever(
    instance: Instance, stocked: list[Certificate]
) -> None:
    reference = started(request("key", key=csr("server"), reason="keyCompromise"))
    finished(reference)
    assert accounted(reference) == {row.reference for row in stocked}  # copies share the key
    codes = refusal(
        issue_certificate, ADMINISTRATOR.actor, server_request("z.chu-exemple.fr"), idempotency_key="again"
    )
    assert "key.blocked" in codes
    row = Certificate.objects.order_by("id").first()
    assert row is not None
    row.pk, row.reference, row.serial, row.state, row.der = None, "CRT-X", "7F", "intended", None
    row.idempotency_key = "by-hand"
    with pytest.raises(IntegrityError, match="blocked for ever"), transaction.atomic():
        row.save(force_insert=True)


def test_f16_a_run_changes_no_earlier_revocation(instance: Instance, stocked: list[Certificate]) -> None:
    reference = started(request("list", listed=listed(stocked)))
    first = revoke_certificate(
        ALICE.actor, reference=stocked[3].reference, reason="superseded", quality="desk", explanation="x"
    ).line.revocation
    instance.clock.forward(days=1)
    assert finished(reference).line.done == 29
    again = Revocation.objects.get(certificate=stocked[3])
    assert first is not None
    assert (again.at, again.reason) == (first.at, "superseded")
    at = instance.clock()
    finished(reference)
    assert set(Revocation.objects.exclude(pk=again.pk).values_list("at", flat=True)) == {at}


def test_a_paused_run_stands_still_goes_on_where_it_was_and_may_be_dropped(
    instance: Instance, stocked: list[Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    slices_of(monkeypatch, instance, 7)
    reference = started(request("list", listed=listed(stocked)))
    advance_run(reference)
    assert advance_run(reference).done == 7
    assert pause_run(BRUNO.actor, reference=reference).line.state == "paused"
    assert advance_run(reference).done == 7
    assert advance_runs() == 0
    resume_run(BRUNO.actor, reference=reference)
    assert advance_run(reference).done == 14
    pause_run(ALICE.actor, reference=reference)
    dropped = drop_run(ALICE.actor, reference=reference, reason="Fausse alerte.")
    assert (dropped.line.state, dropped.line.done, dropped.why) == ("dropped", 14, "Fausse alerte.")
    assert refusal(resume_run, ALICE.actor, reference=reference) == {"life.not-now"}
    assert advance_run(reference).done == 14
    assert len(accounted(reference)) == 14


def test_the_clockwork_brings_every_run_to_its_end(
    instance: Instance, stocked: list[Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    slices_of(monkeypatch, instance, 4)
    two = [started(request("list", listed=listed(part))) for part in (stocked[:15], stocked[15:])]
    assert advance_runs(budget=timedelta(seconds=60)) == 30
    assert {line.state for line in list_runs()} == {"done"}
    for reference in two:
        assert len(accounted(reference)) == 15
    assert advance_runs() == 0


def test_one_run_that_fails_does_not_hold_up_another(
    stocked: list[Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (started(request("list", listed=listed(part))) for part in (stocked[:5], stocked[5:9]))
    real = run_slices._slice

    def away(act: Any, row: RevocationRun) -> None:
        if row.reference == first:
            raise Fault("operations.database", retryable=True)
        real(act, row)

    monkeypatch.setattr(run_slices, "_slice", away)
    with pytest.raises(Fault):
        advance_runs(budget=timedelta(seconds=60))
    assert file_of(second).line.state == "done"
    monkeypatch.undo()
    advance_runs(budget=timedelta(seconds=60))
    assert file_of(first).line.state == "done"


def test_what_grows_past_one_persons_number_waits_for_the_second(
    instance: Instance, stocked: list[Certificate]
) -> None:
    for row in stocked[:12]:
        revoke_certificate(
            ALICE.actor, reference=row.reference, reason="superseded", quality="desk", explanation="x"
        )
    prepared = prepare_run(ALICE.actor, request("administrator", subject=PERSON))
    assert prepared.deciders_needed == 1
    reference = prepared.line.reference
    approve_run(ALICE.actor, reference=reference)
    many(4, first=2000)
    assert advance_run(reference).state == "paused"
    assert Revocation.objects.count() == 12
    assert refusal(resume_run, ALICE.actor, reference=reference) == {"run.needs-yes"}
    approve_run(CHLOE.actor, reference=reference)
    resume_run(ALICE.actor, reference=reference)
    assert finished(reference).line.done == 22


def test_the_report_names_what_was_ended_and_the_journal_keeps_its_digest(
    stocked: list[Certificate],
) -> None:
    reference = started(request("list", listed=listed(stocked)))
    done = finished(reference)
    report = b"".join(run_report(reference))
    assert hashlib.sha256(report).hexdigest() == done.report_sha256
    rows = report.decode().splitlines()
    assert len(rows) == 31
    assert {row.split(";")[1] for row in rows[1:]} == {one.serial for one in stocked}
    import json

    told = JournalEntry.objects.get(subject=reference, kind="revocation-run.done")
    public = json.loads(bytes(told.entry))["public"]
    assert public == {"done": 30, "report": done.report_sha256}


def test_what_a_run_ended_stands_on_the_next_list_and_is_told_at_once(
    instance: Instance, stocked: list[Certificate]
) -> None:
    source = StatusRecords()
    mark = source.changes(-1).mark
    reference = started(request("list", listed=listed(stocked)))
    finished(reference)
    assert len(source.changes(mark).revoked) == 30
    (made,) = publish_crls(only=("el-org",))
    listed_serials = {entry.serial_number for entry in x509.load_der_x509_crl(made.der)}
    assert listed_serials == {int(row.serial, 16) for row in stocked}


# -- the last line of defence


def run_sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused_sql(statement: str, *values: Any) -> str:
    with pytest.raises(IntegrityError) as caught:
        run_sql(statement, *values)
    return str(caught.value)


def test_the_former_certificates_of_a_key_stay_known(stocked: list[Certificate]) -> None:
    assert "never changed" in refused_sql("UPDATE records_formerkeyuse SET id = id")
    assert "never removed" in refused_sql("DELETE FROM records_formerkeyuse")


def test_t45_the_database_itself_starts_no_run_for_one_person(stocked: list[Certificate]) -> None:
    reference = prepare_run(ALICE.actor, request("list", listed=listed(stocked))).line.reference
    approve_run(ALICE.actor, reference=reference)
    start = "UPDATE records_revocationrun SET state = 'running' WHERE reference = %s"
    assert "as many different officers" in refused_sql(start, reference)
    assert "never falls" in refused_sql(
        "UPDATE records_revocationrun SET deciders_needed = 1 WHERE reference = %s", reference
    )
    assert "never change" in refused_sql("UPDATE records_revocationrun SET alone_up_to = 90")
    refused_sql("UPDATE records_revocationrun SET total = 10, done = 200, deciders_needed = 3")
    approve = (
        "INSERT INTO records_revocationrunapproval (run_id, officer, card_number, at)"
        " SELECT id, %s, %s, changed_at FROM records_revocationrun WHERE reference = %s"
    )
    for officer, card in (
        (STRANGER.national_id.text, "1"),
        (AUDITOR.national_id.text, "1"),
        (BRUNO.national_id.text, ""),
    ):
        assert "by an officer" in refused_sql(approve, officer, card, reference)
    refused_sql(approve, ALICE.national_id.text, "1", reference)


def test_the_database_itself_keeps_lines_to_running_runs_and_histories_as_they_are(
    stocked: list[Certificate],
) -> None:
    reference = prepare_run(ALICE.actor, request("list", listed=listed(stocked[:5]))).line.reference
    add = (
        "INSERT INTO records_revocationrunline (run_id, certificate_id)"
        " SELECT id, %s FROM records_revocationrun WHERE reference = %s"
    )
    assert "of a running run only" in refused_sql(add, stocked[0].pk, reference)
    approve_run(ALICE.actor, reference=reference)
    advance_run(reference)
    assert "with its revocation" in refused_sql(add, stocked[9].pk, reference)
    finished(reference)
    assert "what is over" in refused_sql("UPDATE records_revocationrun SET done = 1")
    for table in ("revocationrunmember", "revocationrunapproval", "revocationrunline"):
        assert "never changed" in refused_sql(f"UPDATE records_{table} SET id = id")
        assert "never removed" in refused_sql(f"DELETE FROM records_{table}")
    assert "never removed" in refused_sql("DELETE FROM records_revocationrun")
    assert "begins as prepared" in refused_sql(
        "INSERT INTO records_revocationrun (reference, title, kind, criterion, reason, quality, explanation,"
        " state, created_by, created_at, changed_at, alone_up_to, deciders_needed, total, done, cursor, why,"
        " report_sha256) SELECT 'OPR-X', title, kind, criterion, reason, quality, explanation, 'running', '',"
        " created_at, changed_at, 100, 1, 1, 0, 0, '', '' FROM records_revocationrun"
    )


# -- killed at any point [G01 for runs]


class Crash(BaseException):
    """The end of the process."""


POINTS = (
    "hold_issuance",
    "lock_run",
    "rights_under",
    "end_certificates",
    "run_report",
    "run_file",
    "step_run",
)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_point_a_run_goes_on_without_a_double_or_a_miss(
    instance: Instance,
    stocked: list[Certificate],
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    after: bool,
) -> None:
    slices_of(monkeypatch, instance, 8)
    reference = started(request("key", key=csr("server"), reason="keyCompromise"))
    real = getattr(run_slices, point)
    calls, crashes = 0, 0

    def crashing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls, crashes
        calls += 1
        dies = calls % 2 == 1 and crashes < 6
        if dies and not after:
            crashes += 1
            raise Crash
        result = real(*args, **kwargs)
        if dies:
            crashes += 1
            raise Crash
        return result

    monkeypatch.setattr(run_slices, point, crashing)
    for _ in range(40):
        try:
            if advance_run(reference).state == "done":
                break
        except Crash:
            continue
    monkeypatch.undo()
    assert crashes > 0
    assert finished(reference).line.state == "done"
    assert accounted(reference) == {row.reference for row in stocked}
    assert RevocationRunLine.objects.count() == Revocation.objects.count() == 30


# -- several at once


def test_two_officers_at_one_moment_start_a_run_once(stocked: list[Certificate]) -> None:
    reference = prepare_run(ALICE.actor, request("list", listed=listed(stocked))).line.reference
    answers = together(
        [partial(insistently, partial(approve_run, one.actor, reference=reference)) for one in (ALICE, BRUNO)]
    )
    assert all(isinstance(answer, RunFile) for answer in answers)
    assert file_of(reference).line.state == "running"
    started_once = JournalEntry.objects.filter(subject=reference, kind="revocation-run.started")
    assert started_once.count() == 1


def test_many_hands_on_one_run_and_single_revocations_meanwhile_end_each_certificate_once(
    instance: Instance, stocked: list[Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    slices_of(monkeypatch, instance, 3)
    reference = started(request("list", listed=listed(stocked)))

    def to_the_end() -> None:
        while insistently(partial(advance_run, reference)).state == "running":
            pass

    def one_by_one() -> None:
        for row in stocked[10:20]:
            act = {"reason": "superseded", "quality": "desk", "explanation": "x"}
            insistently(partial(revoke_certificate, CHLOE.actor, reference=row.reference, **act))

    together([to_the_end, to_the_end, one_by_one])
    ended = accounted(reference)
    assert Revocation.objects.count() == 30
    others = Revocation.objects.exclude(certificate__reference__in=ended)
    assert set(others.values_list("reason", flat=True)) <= {"superseded"}
    for row in stocked:
        told = JournalEntry.objects.filter(subject=row.reference, kind="certificate.revoked")
        assert told.count() == 1


def test_the_nightly_reading_finds_nothing_to_say_of_what_a_run_ended(
    instance: Instance, stocked: list[Certificate]
) -> None:
    finished(started(request("administrator", subject=PERSON)))
    seal_journal()
    run = Run(RecheckOrder(ledger=Path()), instance.machine, instance.clock(), None, lambda kind, count: None)  # type: ignore[arg-type]
    rows = tuple(Certificate.objects.select_related("habilitation", "revocation").filter(pk=stocked[0].pk))
    assert list(entry_findings(run, rows[0], batch_of(rows))) == []
    assert list(status_findings(run, rows[0])) == []
    recheck_rights(run)
    assert run.findings == []
    assert run.read["rights"] == 1
