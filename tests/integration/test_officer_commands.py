"""The operator's commands on orders, habilitations and certificates, typed as an officer types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sceau.cli import certificate, departure, habilitation, order, order_desk, register, token
from sceau.documents import fill_form
from sceau.operations import Actor, issue_certificate, set_card_status, take_order
from sceau.records.models import Approval, Certificate, JournalDisclosure
from sceau.vocabulary import Refused, errors
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    MANDATAIRE,
    REPRESENTATIVE,
    SIRET,
    STRANGER,
    Instance,
    Someone,
    accepted,
    csr,
    form,
    offer,
    right_for,
    server_request,
    submitted,
)

Run = Callable[..., Result]


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own instance, which is open already."""

    def typed(topic: Any, *arguments: str, who: Someone | None = None) -> Result:
        for module in (topic, *([order_desk] if topic is order else [])):
            monkeypatch.setattr(module, "open_instance", lambda data: None)
        acting = ["--as", who.national_id.text] if who else []
        return CliRunner().invoke(topic.app, [*arguments, *acting])

    return typed


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output or result.exception
    return json.loads(result.stdout)


def refused(result: Result) -> set[str]:
    assert isinstance(result.exception, Refused), result.output
    return {finding.code for finding in errors(result.exception.findings)}


def test_a_form_received_as_a_file_is_decided_by_two_officers(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "413.json"
    file.write_text(json.dumps(form(offer("serv-ssl", kind=None), edition="N413")))
    reference = answer(run(order, "receive", str(file), "--json"))["line"]["reference"]
    assert reference in run(order, "list").stdout
    run(order, "take", reference, who=ALICE)
    shown = answer(run(order, "show", reference, "--json"))
    lights = {check["check"]: check["light"] for check in shown["examination"]}
    assert (lights["scopes"], lights["contract"]) == ("red", "green")
    assert refused(run(order, "approve", reference, who=ALICE)) == {"order.scope-kind-open"}
    settled = answer(run(order, "settle", reference, "--offer", "1", "--kind", "domain", "--json", who=ALICE))
    assert settled["line"]["version"] == 2
    run(order, "approve", reference, who=ALICE)
    done = answer(run(order, "approve", reference, "--version", "2", "--json", who=BRUNO))
    assert done["line"]["state"] == "accepted"
    assert answer(run(habilitation, "list", "--json"))[0]["reference"] in done["habilitations"]


def test_the_desk_shares_holds_asks_and_refuses_from_the_console(run: Run) -> None:
    reference = submitted().line.reference
    run(order, "take", reference, who=ALICE)
    assert answer(run(order, "list", "--which", "mine", "--json", who=ALICE))["lines"]
    given = answer(run(order, "assign", reference, "--to", BRUNO.national_id.text, "--json", who=ALICE))
    assert given["line"]["assigned_to"] == "Bruno Second"
    assert answer(run(order, "list", "--which", "mine", "--json", who=ALICE))["lines"] == []
    run(order, "release", reference, who=BRUNO)
    assert answer(run(order, "list", "--which", "unassigned", "--json"))["lines"]
    assert refused(run(order, "hold", reference, "--why", "x", who=ALICE))
    run(order, "hold", reference, "--why", "Attend le KBIS", "--event", "piece", who=ALICE)
    assert answer(run(order, "list", "--which", "held", "--json"))["lines"]
    run(order, "unhold", reference, who=ALICE)
    assert answer(run(order, "list", "--json"))["lines"]
    run(order, "comment", reference, "--text", "Nous attendons votre KBIS.", who=ALICE)
    found = answer(run(order, "find", "chu-exemple.fr", "--json"))["found"]
    assert [one["reference"] for one in found] == [reference]
    run(order, "take", reference, who=ALICE)
    done = answer(run(order, "refuse", reference, "--code", "other", "--reason", "Faux", "--json", who=ALICE))
    assert done["line"]["state"] == "refused"
    notes = [note["text"] for note in answer(run(order, "show", reference, "--json"))["order"]["notes"]]
    assert "Nous attendons votre KBIS." in notes


def test_an_accepted_order_is_amended_and_an_administrator_leaves_from_the_console(
    run: Run, tmp_path: Path
) -> None:
    base = accepted().line.reference
    right = right_for("SERV_SSL")
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line.reference
    assert issued in run(habilitation, "effects", right).stdout
    raw = json.loads(run(order, "modify", base, who=REPRESENTATIVE).stdout)
    raw["offers"] = [offer("serv-ssl", kind="server", declared="api.chu-exemple.fr")]
    file = tmp_path / "modification.json"
    file.write_text(json.dumps(raw | {"visa": form()["visa"]}))
    made = answer(run(order, "modify", base, str(file), "--json", who=REPRESENTATIVE))["line"]["reference"]
    run(order, "take", made, who=ALICE)
    assert refused(run(order, "effects", base)) == {"amendment.none"}
    assert "sans réponse" in run(order, "effects", made).stdout
    done = answer(run(order, "answer-effects", made, "--revoke", issued, "--json", who=ALICE))
    assert done["answered"] is True
    assert "a sa réponse" in run(order, "effects", made).stdout
    person = ADMINISTRATOR.national_id.text
    asked = ("--person", person, "--structure", f"3{SIRET}", "--reason", "Part", "--json")
    left = answer(run(departure, "open", *asked, who=REPRESENTATIVE))["reference"]
    assert left in run(departure, "list", who=ALICE).stdout
    assert refused(run(departure, "finish", left, who=ALICE)) == {"departure.undecided"}
    run(departure, "decide", left, "--keep", issued, who=MANDATAIRE)
    assert "keep" in run(departure, "show", left, who=ALICE).stdout
    assert answer(run(departure, "finish", left, "--json", who=ALICE))["state"] == "done"
    assert refused(run(departure, "drop", left, "--reason", "x", who=ALICE))


def test_a_form_that_an_officer_keyed_is_decided_by_two_others(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "413.json"
    file.write_text(json.dumps(form()))
    reference = answer(run(order, "receive", str(file), "--json", who=ALICE))["line"]["reference"]
    assert refused(run(order, "take", reference, who=ALICE)) == {"order.own-order"}


def test_the_same_pdf_received_twice_makes_one_order(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "413.pdf"
    file.write_bytes(fill_form(form()))
    first = answer(run(order, "receive", str(file), "--json"))["line"]
    again = answer(run(order, "receive", str(file), "--json"))["line"]
    assert first["reference"] == again["reference"]
    assert first["channel"] != "cli"


@pytest.mark.parametrize("content", ["{", "[]", '{"edition": ', "%PDF-1.7 rien"])
def test_a_file_that_is_no_form_is_refused(run: Run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "413"
    file.write_text(content)
    assert refused(run(order, "receive", str(file)))


@pytest.mark.parametrize("who", [STRANGER, REPRESENTATIVE])
def test_without_a_role_nobody_acts_from_the_console(run: Run, tmp_path: Path, who: Someone) -> None:
    reference = accepted().line.reference
    for topic, arguments in (
        (order, ("take", reference)),
        (order, ("refuse", reference, "--reason", "x")),
        (habilitation, ("suspend", right_for("SERV_SSL"), "--reason", "x")),
    ):
        assert refused(run(topic, *arguments, who=who)) == {"operations.role-missing"}


def test_an_auditor_sees_and_changes_nothing(run: Run) -> None:
    order_ = accepted()
    assert run(order, "show", order_.line.reference).exit_code == 0
    assert "order.not-desk" in refused(run(order, "take", order_.line.reference, who=AUDITOR))
    right = right_for("SERV_SSL")
    assert refused(run(habilitation, "suspend", right, "--reason", "x", who=AUDITOR)) == {
        "habilitation.unknown"
    }


def test_asking_noting_and_refusing(run: Run) -> None:
    reference = submitted().line.reference
    run(order, "take", reference, who=ALICE)
    run(order, "note", reference, "--text", "Rappeler.", who=ALICE)
    asked = answer(
        run(order, "ask", reference, "--text", "Le contrat ?", "--due", "2026-12-01", "--json", who=ALICE)
    )
    assert [(note["kind"], note["due"]) for note in asked["notes"]] == [
        ("note", None),
        ("request", "2026-12-01"),
    ]
    ended = answer(run(order, "refuse", reference, "--reason", "Sans suite.", "--json", who=BRUNO))
    assert (ended["line"]["state"], ended["reason"]) == ("refused", "Sans suite.")


def test_a_right_is_suspended_resumed_and_withdrawn(run: Run) -> None:
    accepted()
    right = right_for("SERV_SSL")
    for verb, usable in (("suspend", "suspended"), ("resume", "approved"), ("withdraw", "withdrawn")):
        line = answer(run(habilitation, verb, right, "--reason", "Essai", "--json", who=ALICE))["line"]
        assert line["usable"] == usable
    assert "retirée" in run(habilitation, "show", right).stdout


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "demande.pem"
    file.write_bytes(csr("console"))
    return file


def test_a_certificate_is_previewed_issued_shown_and_revoked(run: Run, request_file: Path) -> None:
    accepted()
    asked = ["--product", "SERV_SSL", "--habilitation", right_for("SERV_SSL"), "--name", "www.chu-exemple.fr"]
    held = ["--csr", str(request_file), "--card", ADMINISTRATOR.card]
    seen = run(certificate, "preview", *asked, *held, who=ADMINISTRATOR)
    assert "CN = www.chu-exemple.fr" in seen.stdout
    assert Certificate.objects.count() == 0
    line = answer(run(certificate, "issue", *asked, *held, "--json", who=ADMINISTRATOR))["line"]
    for spelling in (line["reference"], line["serial"].lower(), str(int(line["serial"], 16))):
        assert "BEGIN CERTIFICATE" in run(certificate, "show", spelling, "--pem").stdout
    assert line["reference"] in run(certificate, "list", "--text", "www.chu-exemple.fr").stdout
    ended = answer(
        run(certificate, "revoke", line["reference"], "--reason", "superseded", "--json", who=ALICE)
    )
    assert ended["line"]["standing"] == "revoked"


def test_what_comes_from_the_console_is_told_so_in_the_journal(run: Run) -> None:
    accepted()
    run(habilitation, "suspend", right_for("SERV_SSL"), "--reason", "Essai", who=ALICE)
    actor = JournalDisclosure.objects.filter(name="actor").order_by("-id")[0].data
    assert actor["qualities"] == ["console", "desk"]


def test_a_name_outside_the_scope_exits_one_with_its_reason(run: Run, request_file: Path) -> None:
    accepted()
    asked = ["--product", "SERV_SSL", "--habilitation", right_for("SERV_SSL"), "--name", "www.autre.fr"]
    result = run(certificate, "preview", *asked, "--card", ADMINISTRATOR.card, "--json", who=ADMINISTRATOR)
    assert result.exit_code == 1
    assert [found["code"] for found in json.loads(result.stdout)["findings"]] == ["scope.outside"]
    held = ["--csr", str(request_file), "--card", ADMINISTRATOR.card]
    assert refused(run(certificate, "issue", *asked, *held, who=ADMINISTRATOR)) == {"scope.outside"}


@pytest.mark.parametrize("mode", ["production", "test", ""])
def test_t45_outside_a_development_instance_the_console_is_nobody(
    run: Run, instance: Instance, request_file: Path, mode: str
) -> None:
    order_ = submitted().line.reference
    take_order(ALICE.actor, reference=order_)
    accepted()
    right = right_for("SERV_SSL")
    asked = ["--product", "SERV_SSL", "--habilitation", right, "--name", "www.chu-exemple.fr"]
    held = ["--csr", str(request_file), "--card", ADMINISTRATOR.card]
    instance.at_another(mode=mode)
    for topic, arguments, who in (
        (order, ("approve", order_), ALICE),
        (order, ("refuse", order_, "--reason", "x"), BRUNO),
        (habilitation, ("withdraw", right, "--reason", "x"), ALICE),
        (certificate, ("issue", *asked, *held), ADMINISTRATOR),
        (token, ("create", "--habilitation", right, "--label", "x", *held[2:]), ADMINISTRATOR),
    ):
        assert refused(run(topic, *arguments, who=who)) == {"operations.not-by-console"}
    assert run(order, "show", order_).exit_code == 0
    assert Certificate.objects.count() == 0


def test_t45_the_console_acts_with_a_card_the_records_know_as_that_persons(
    run: Run, instance: Instance, request_file: Path
) -> None:
    accepted()
    asked = ["--product", "SERV_SSL", "--habilitation", right_for("SERV_SSL"), "--name", "www.chu-exemple.fr"]
    for typed in (STRANGER.card, "2699999999"):
        held = ["--csr", str(request_file), "--card", typed]
        wrong = run(certificate, "issue", *asked, *held, who=ADMINISTRATOR)
        assert refused(wrong) == {"operations.card-not-yours"}
    reference = submitted().line.reference
    run(order, "take", reference, who=ALICE)
    set_card_status(Actor.system(), number=ALICE.card, status="lost", reason="Perdue")
    assert refused(run(order, "approve", reference, who=ALICE)) == {"operations.no-valid-card"}
    run(order, "approve", reference, who=BRUNO)
    assert Approval.objects.get(order__reference=reference).card_number == BRUNO.card


def test_an_unknown_serial_is_an_error(run: Run) -> None:
    for spelling in ("foobar", "00", "CRT-00000-00000", str(2**159)):
        assert refused(run(certificate, "show", spelling)) == {"certificate.unknown"}


def test_what_a_crash_left_is_accounted_for(run: Run, instance: Instance) -> None:
    from sceau.operations import issue_certificate

    class Stop(BaseException):
        pass

    def stop(kind: str) -> None:
        raise Stop

    accepted()
    instance.signer.before = stop
    with pytest.raises(Stop):
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    assert answer(run(certificate, "recover", "--json")) == []
    (line,) = answer(run(certificate, "recover", "--everything", "--json"))
    assert line["standing"] == "failed"


def test_a_bare_instance_is_peopled_from_the_console(
    bare_instance: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*arguments: str) -> Result:
        monkeypatch.setattr(register, "open_instance", lambda data: None)
        return CliRunner().invoke(register.app, list(arguments))

    alice = ALICE.national_id.text
    named = ["--surname", ALICE.surname, "--given-names", ALICE.given_names]
    assert answer(run("person", alice, *named, "--json"))["surname"] == ALICE.surname
    assert refused(run("person", alice, *named, "--profession", "99")) == {"operations.profession"}
    held = answer(
        run("card", ALICE.card, "--holder", alice, "--type", "CPA", "--until", "2028-01-01", "--json")
    )
    assert (held["status"], held["not_after"][:10]) == ("valid", "2028-01-01")
    assert answer(run("officer", alice, "desk", "--json"))["roles"] == ["desk"]
    assert refused(run("officer", alice, "pape")) == {"operations.role-unknown"}
    assert answer(run("officer", alice, "desk", "--dismiss", "--json"))["roles"] == []
    assert answer(run("officer", alice, "authority", "--json"))["roles"] == ["authority"]
    assert refused(run("officer", alice, "auditor")) == {"operations.roles-by-two"}
    assert refused(run("officer", alice, "authority", "--dismiss")) == {"operations.roles-by-two"}
    assert answer(run("card-status", ALICE.card, "lost", "--reason", "Perdue", "--json"))["status"] == "lost"
    file = tmp_path / "contrat.json"
    structure = {"name": "Clinique", "siret": SIRET, "postcode": "69003", "commune": "Lyon"}
    party = {"quality": "mandataire", "surname": "A", "given_names": "B", "card_number": "2500000001"}
    entry = {"number": "C-1", "valid_from": "2026-01-01", "structure": structure, "parties": [party]}
    file.write_text(json.dumps(entry))
    assert answer(run("contract", str(file), "--json"))["structure"]["national_id"] == f"3{SIRET}"
    file.write_text("[]")
    assert run("contract", str(file)).exit_code == 2
    assert bare_instance.signer.signatures == []
