"""Importing registers: whole or not at all, once, resumed after a stop; what it then asks of the desk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from sceau.catalogue import RegisterSubject
from sceau.operations import (
    Actor,
    Progress,
    RegisterOrder,
    examination_of,
    finish_task,
    import_register,
    registers,
    take_order,
)
from sceau.operations.register_tasks import raise_register_tasks
from sceau.records import (
    card_line,
    find_in_registers,
    list_imports,
    list_tasks,
    register_changes,
    register_entries,
    register_import,
    rejected_lines,
    standing_registers,
    task_line,
)
from sceau.records.models import JournalEntry, RegisterImport, RegisterRow
from sceau.vocabulary import Fault, Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    DOCTOR,
    EVERYBODY,
    NOON,
    OTHER_SIRET,
    REPRESENTATIVE,
    SIRET,
    STRANGER,
    Instance,
    accepted,
    submitted,
)
from tests.integration.test_orders import refusal
from tests.register_files import (
    CARDS_HEAD,
    COMPANY_HEAD,
    PEOPLE_HEAD,
    SIRENE_HEAD,
    SUCCESSION_HEAD,
    card,
    company,
    establishment,
    many_sites,
    professional,
    site,
    sites,
    write,
)

SYSTEM = Actor.system("setup")
Order = Callable[..., Any]


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of ten lines: a small file then has many."""
    monkeypatch.setattr("sceau.operations.registers.SLICE", 10)


def bring(layout: str, path: Path, **changes: Any) -> Any:
    return import_register(SYSTEM, RegisterOrder(layout, path, **changes))


def rows_of(reference: str) -> int:
    row = RegisterImport.objects.get(reference=reference)
    return RegisterRow.objects.filter(generation=row.pk).count()


def sirene(path: Path, *lines: str, **changes: Any) -> Any:
    return bring("sirene-etablissement", write(path, [SIRENE_HEAD, *lines]), **changes)


def cards(path: Path, *lines: str, **changes: Any) -> Any:
    everybody = {
        who.card: card(who.card, who.card_type, who.national_id.text, who.surname) for who in EVERYBODY
    }
    everybody |= {line[:10]: line for line in lines}
    return bring("cards", write(path, [CARDS_HEAD, *everybody.values()]), **changes)


def test_an_import_is_an_object_with_its_counts_and_its_place_in_the_journal(
    instance: Instance, tmp_path: Path
) -> None:
    lines = [*many_sites(25), many_sites(1)[0], "geolocalisation;1;2;3", "structureet;court"]
    told: list[Progress] = []
    path = sites(tmp_path / "etalab-cs1100502-stock-20261119-0339.csv", lines)
    line = import_register(ALICE.actor, RegisterOrder("finess-et", path), tell=told.append)
    assert (line.state, line.kept, line.repeated, line.rejected) == ("standing", 25, 1, 1)
    assert (line.began_by, line.dated) == (ALICE.national_id.text, date(2026, 11, 20))  # the file's own date
    assert line.source == "FINESS du 20/11/2026"
    assert line.position == line.size == path.stat().st_size
    assert [one.position for one in told] == sorted({one.position for one in told})
    assert told[-1].kept == 25
    (reject,) = rejected_lines(line.reference)
    assert (reject.line, reject.reason, reject.text) == (29, "columns", "structureet;court")
    kinds = list(JournalEntry.objects.filter(subject=line.reference).values_list("kind", flat=True))
    assert kinds == ["register.import-begun", "register.imported"]
    assert standing_registers()[RegisterSubject.SITE].reference == line.reference


@pytest.mark.parametrize("someone", [STRANGER, ADMINISTRATOR, REPRESENTATIVE, AUDITOR])
def test_only_the_desk_the_authority_and_the_machine_import(
    instance: Instance, tmp_path: Path, someone: Any
) -> None:
    order = RegisterOrder("finess-et", sites(tmp_path / "f.csv", many_sites(3)))
    assert refusal(import_register, someone.actor, order) == {"operations.role-missing"}
    assert list_imports() == ()


def test_the_same_file_twice_is_one_import(bare_instance: Instance, tmp_path: Path) -> None:
    path = sites(tmp_path / "f.csv", many_sites(30))
    first = bring("finess-et", path)
    entries = JournalEntry.objects.count()
    again = bring("finess-et", path)
    assert again == first
    assert JournalEntry.objects.count() == entries
    assert RegisterRow.objects.count() == 30


class Stopped(BaseException):
    """What a stop looks like from inside."""


@pytest.mark.parametrize("slices", [1, 2, 5])
def test_an_import_that_was_stopped_goes_on_where_it_was(
    bare_instance: Instance, tmp_path: Path, slices: int
) -> None:
    lines = many_sites(57)
    lines[33] = "structureet;court"
    path = sites(tmp_path / "f.csv", lines)
    seen = 0

    def stop(progress: Progress) -> None:
        nonlocal seen
        seen += 1
        if seen == slices:
            raise Stopped

    with pytest.raises(Stopped):
        import_register(SYSTEM, RegisterOrder("finess-et", path), tell=stop)
    (half,) = list_imports()
    assert (half.state, half.kept + half.rejected) == ("loading", 10 * slices)
    assert standing_registers() == {}
    assert find_in_registers("CENTRE HOSPITALIER") == ()  # nobody reads half an import
    whole = bring("finess-et", path)
    assert (whole.reference, whole.state) == (half.reference, "standing")
    assert (whole.kept, whole.rejected, rows_of(whole.reference)) == (56, 1, 56)
    kinds = list(JournalEntry.objects.filter(subject=whole.reference).values_list("kind", flat=True))
    assert kinds == ["register.import-begun", "register.import-resumed", "register.imported"]


_CHILD = """
import json, sys
from pathlib import Path
import django
django.setup()
from sceau.operations import Actor, RegisterOrder, import_register, registers
from tests.instance import make_instance
from tests.integration.databases import pointed_at
settings, path, shelf = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
registers.SLICE = 200
def tell(progress):
    print(progress.lines, flush=True)
with pointed_at(settings):
    make_instance(shelf)
    import_register(Actor.system("child"), RegisterOrder("finess-et", path), tell=tell)
"""


def test_a_process_killed_in_the_middle_loses_nothing(
    database: dict[str, Any], bare_instance: Instance, tmp_path: Path
) -> None:
    path = sites(tmp_path / "f.csv", many_sites(20_000))
    arguments = [json.dumps(database, default=str), str(path), str(tmp_path / "shelf")]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "sceau.site.settings"}
    connection.close()
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout is not None
    for _ in range(3):
        assert child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    assert child.wait(30) == -signal.SIGKILL
    child.stdout.close()
    (half,) = list_imports()
    assert half.state == "loading"
    assert 600 <= half.kept < 20_000
    assert half.kept == rows_of(half.reference)
    registers.SLICE = 5_000
    whole = bring("finess-et", path)
    assert (whole.reference, whole.state, whole.kept) == (half.reference, "standing", 20_000)
    assert rows_of(whole.reference) == 20_000


def test_two_imports_of_one_file_at_once_do_not_both_write(bare_instance: Instance, tmp_path: Path) -> None:
    path = sites(tmp_path / "f.csv", many_sites(40))
    others: list[str] = []

    def another(progress: Progress) -> None:
        if not others:
            others.append(bring("finess-et", path).state)

    with pytest.raises(Fault) as caught:
        import_register(SYSTEM, RegisterOrder("finess-et", path), tell=another)
    assert caught.value.code == "register.two-imports"
    assert others == ["standing"]
    assert RegisterRow.objects.count() == 40


def test_a_file_that_changes_while_it_is_read_is_not_put_to_use(
    bare_instance: Instance, tmp_path: Path
) -> None:
    path = sites(tmp_path / "f.csv", many_sites(40))

    def touch(progress: Progress) -> None:
        with path.open("a") as file:
            file.write(site("690000005", "X") + "\n")

    with pytest.raises(Fault) as caught:
        import_register(SYSTEM, RegisterOrder("finess-et", path), tell=touch)
    assert caught.value.code == "register.file-changed"
    assert standing_registers() == {}


def test_a_new_file_takes_the_place_of_the_old_at_once_and_says_what_changed(
    bare_instance: Instance, tmp_path: Path
) -> None:
    old = [*many_sites(40), site("690000005", "HOPITAL NORD"), site("690000013", "HOPITAL SUD")]
    first = bring("finess-et", sites(tmp_path / "a.csv", old))
    new = [*many_sites(41), site("690000005", "HOPITAL DU NORD")]
    states: list[tuple[str, ...]] = []

    def look(progress: Progress) -> None:
        states.append(tuple(one.name for one in find_in_registers("690000005")))

    path = sites(tmp_path / "b.csv", new, dated="2026-11-21")
    second = import_register(SYSTEM, RegisterOrder("finess-et", path), tell=look)
    assert set(states) == {("HOPITAL NORD",)}  # the old one, to the end
    assert [one.name for one in find_in_registers("690000005")] == ["HOPITAL DU NORD"]
    assert (second.changed, second.gone) == (1, 1)
    changes = {(one.key, one.what, one.before, one.after) for one in register_changes(second.reference)}
    assert changes == {
        ("690000005", "name", "HOPITAL NORD", "HOPITAL DU NORD"),
        ("690000013", "gone", "open", "closed"),
    }
    before = register_import(first.reference)
    assert before is not None
    assert before.state == "superseded"
    assert rows_of(first.reference) == 0
    assert rows_of(second.reference) == 42


def test_a_truncated_file_does_not_close_half_of_france(bare_instance: Instance, tmp_path: Path) -> None:
    first = bring("finess-et", sites(tmp_path / "a.csv", many_sites(50)))
    short = sites(tmp_path / "b.csv", many_sites(20))
    assert refusal(bring, "finess-et", short) == {"register.shrunk"}
    assert standing_registers()[RegisterSubject.SITE].reference == first.reference
    assert [line.state for line in list_imports()] == ["refused", "standing"]
    assert RegisterRow.objects.count() == 50
    accepted_one = bring("finess-et", short, accept_shrunk=True)
    assert (accepted_one.state, accepted_one.gone) == ("standing", 30)


def test_an_older_file_does_not_take_the_place_of_a_newer(bare_instance: Instance, tmp_path: Path) -> None:
    bring("finess-et", sites(tmp_path / "a.csv", many_sites(5), dated="2026-11-20"))
    older = sites(tmp_path / "b.csv", many_sites(6), dated="2026-10-20")
    assert refusal(bring, "finess-et", older) == {"register.older"}
    assert bring("finess-et", older, accept_shrunk=True).state == "standing"


def test_too_many_bad_lines_are_kept_for_who_looks_and_nothing_is_put_to_use(
    bare_instance: Instance, tmp_path: Path
) -> None:
    bad = [f"structureet;{at};court" for at in range(30)]
    assert refusal(bring, "finess-et", sites(tmp_path / "f.csv", [*many_sites(50), *bad])) == {
        "register.too-many-rejected"
    }
    (line,) = list_imports()
    assert (line.state, line.rejected) == ("refused", 30)
    assert len(list(rejected_lines(line.reference))) == 30
    assert RegisterRow.objects.count() == 0
    assert standing_registers() == {}


@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("cp1252", "\r\n")])
def test_published_encodings_are_told_apart(
    bare_instance: Instance, tmp_path: Path, encoding: str, end: str
) -> None:
    path = tmp_path / "f.csv"
    lines = ["finess;etalab;2;2026-11-20", site("690000005", "HÔPITAL ÉDOUARD"), *many_sites(2)]
    write(path, lines, encoding=encoding, end=end)
    assert bring("finess-et", path).rejected == 0
    (found,) = find_in_registers("hopital edou")
    assert found.name == "HÔPITAL ÉDOUARD"


def test_hostile_lines_are_rejected_and_the_rest_is_read(bare_instance: Instance, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    accented = [site("690000054", "HÔPITAL"), site("690000062", "ÉTOILE")]
    good = "\n".join(["finess;etalab;2;2026-11-20", *many_sites(98), *accented]).encode()
    hostile = [
        site("690000005", "A\0B").encode(),
        site("690000013", "é").encode("latin-1"),
        b"structureet;" + b"9" * 3_000_000,
        site("690000021", '"OUVERT').encode(),
        site("690000039", "=HYPERLINK(1)").encode(),
    ]
    path.write_bytes(b"\n".join([good, *hostile, site("690000047", "DERNIER").encode()]))
    line = bring("finess-et", path)
    assert (line.kept, line.rejected) == (102, 4)
    reasons = [(one.line, one.reason) for one in rejected_lines(line.reference)]
    assert reasons == [(102, "control"), (103, "encoding"), (104, "too-long"), (105, "quotes")]
    assert all(len(one.text) <= 2_000 for one in rejected_lines(line.reference))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "register.empty"),
        ("finess;etalab;1;2026-11-20\n".encode("utf-16"), "register.encoding"),
        (b"PK\x03\x04" + b"\0" * 4000, "register.encoding"),
        (b"<html><body>404</body></html>\n", "register.other-file"),
        (b"finess;etalab;0;2026-11-20\n", "register.too-many-rejected"),
    ],
)
def test_what_is_no_register_is_refused(
    bare_instance: Instance, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    assert refusal(bring, "finess-et", path) == {code}
    assert standing_registers() == {}
    assert refusal(bring, "pape", path) == {"register.layout-unknown"}
    assert refusal(bring, "finess-et", tmp_path / "absent.csv") == {"register.no-file"}


def test_look_ups_are_by_any_number_or_the_beginning_of_a_name(
    bare_instance: Instance, tmp_path: Path
) -> None:
    bring("finess-et", sites(tmp_path / "f.csv", [site("690000005", "Hôpital Édouard", siret=SIRET)]))
    bring(
        "annuaire-sante",
        write(tmp_path / "p.txt", [PEOPLE_HEAD, professional("899700041983", "DENTISTE", "G")]),
    )
    sirene(tmp_path / "s.csv", establishment(SIRET, ""))
    assert {one.layout for one in find_in_registers(SIRET)} == {"finess-et", "sirene-etablissement"}
    assert [one.key for one in find_in_registers("690 000 005")] == ["690000005"]
    assert [one.key for one in find_in_registers("99700041983")] == ["899700041983"]
    assert [one.key for one in find_in_registers("hopital edo")] == ["690000005"]
    assert [one.key for one in find_in_registers("dentiste")] == ["899700041983"]
    for nothing in ("ho", "", "%", "_______", "zzz", "690000006"):
        assert find_in_registers(nothing) == ()


def test_a_closed_structure_under_contract_is_one_task(instance: Instance, tmp_path: Path) -> None:
    sirene(tmp_path / "a.csv", establishment(SIRET, "CH"), establishment(OTHER_SIRET, "CLINIQUE"))
    assert list_tasks() == ()
    closed = establishment(SIRET, "CH", state="F", since="2026-11-01")
    line = sirene(tmp_path / "b.csv", closed, establishment(OTHER_SIRET, "CLINIQUE"))
    (task,) = list_tasks()
    assert (task.code, task.subject) == ("task.structure-closed", f"structure/3{SIRET}")
    assert task.raised_by == line.reference
    assert task.about == ("contract/C-2026-0012",)
    sirene(tmp_path / "c.csv", closed, establishment(OTHER_SIRET, "CLINIQUE SUD"))
    assert len(list_tasks()) == 1  # the same fact


def test_a_merged_structure_names_who_took_over(instance: Instance, tmp_path: Path) -> None:
    succession = [SUCCESSION_HEAD, f"{SIRET},{OTHER_SIRET},2026-11-01,true"]
    bring("sirene-succession", write(tmp_path / "l.csv", succession))
    sirene(tmp_path / "s.csv", establishment(SIRET, "CH", state="F"), establishment(OTHER_SIRET, "CLINIQUE"))
    (task,) = list_tasks()
    assert task.code == "task.structure-merged"
    assert dict(task.details)["successor"] == OTHER_SIRET


def test_a_professional_who_left_and_holds_something_is_a_task(instance: Instance, tmp_path: Path) -> None:
    others = [professional(f"8{10_000_000_000 + at}", "AUTRE", "A") for at in range(20)]
    everybody = [*others, professional(DOCTOR.national_id.text, "DENTISTE", "GERALDINE")]
    bring("annuaire-sante", write(tmp_path / "a.txt", [PEOPLE_HEAD, *everybody]))
    bring("annuaire-sante", write(tmp_path / "b.txt", [PEOPLE_HEAD, *others]))
    assert list_tasks() == ()  # holds nothing
    accepted(administrators=(DOCTOR,))
    bring("annuaire-sante", write(tmp_path / "c.txt", [PEOPLE_HEAD, *others[1:]]))
    (task,) = list_tasks()
    assert (task.code, task.subject) == ("task.professional-departed", f"person/{DOCTOR.national_id.text}")
    assert any(about.startswith("HAB-") for about in task.about)


def test_an_opposed_card_opens_nothing_more_from_the_import_on(instance: Instance, tmp_path: Path) -> None:
    reference = submitted().line.reference
    cards(tmp_path / "a.csv")
    assert list_tasks() == ()
    opposed = card(ALICE.card, ALICE.card_type, ALICE.national_id.text, ALICE.surname, state="opposee")
    line = cards(tmp_path / "b.csv", opposed)
    found = card_line(ALICE.card, at=NOON)
    assert found is not None
    assert found.status == "revoked"
    assert refusal(take_order, ALICE.actor, reference=reference) == {"operations.card-not-valid"}
    (task,) = list_tasks()
    assert (task.code, task.raised_by) == ("task.card-opposed", line.reference)
    changed = JournalEntry.objects.filter(kind="card.changed").count()
    cards(tmp_path / "c.csv", opposed, card("2999999999", "CPA", "3690000005/Z", "Z"))
    assert JournalEntry.objects.filter(kind="card.changed").count() == changed
    assert len(list_tasks()) == 1


def test_a_card_of_another_type_is_a_task_and_changes_nothing_by_itself(
    instance: Instance, tmp_path: Path
) -> None:
    cards(tmp_path / "a.csv", card(ADMINISTRATOR.card, "CDE", ADMINISTRATOR.national_id.text, "LEFEVRE"))
    (task,) = list_tasks()
    assert task.code == "task.card-type"
    found = card_line(ADMINISTRATOR.card, at=NOON)
    assert found is not None
    assert found.type == "CPE_NOMINATIVE"


def test_tasks_left_when_a_stop_came_between_are_raised_by_the_next_run(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(row: RegisterImport) -> int:
        raise Stopped

    monkeypatch.setattr(registers, "raise_register_tasks", stopped)
    with pytest.raises(Stopped):
        sirene(tmp_path / "s.csv", establishment(SIRET, "CH", state="F"))
    assert list_tasks() == ()
    monkeypatch.setattr(registers, "raise_register_tasks", raise_register_tasks)
    line = sirene(tmp_path / "s.csv", establishment(SIRET, "CH", state="F"))
    assert line.compared_at is not None
    assert [task.code for task in list_tasks()] == ["task.structure-closed"]


def test_a_task_is_done_once_by_the_desk_in_words(instance: Instance, tmp_path: Path) -> None:
    sirene(tmp_path / "s.csv", establishment(SIRET, "CH", state="F"))
    (task,) = list_tasks()
    reference = task.reference
    assert refusal(finish_task, AUDITOR.actor, reference=reference, outcome="Vu") == {
        "operations.role-missing"
    }
    assert refusal(finish_task, ALICE.actor, reference=reference, outcome=" ") == {"task.no-outcome"}
    assert refusal(finish_task, ALICE.actor, reference="TCH-0", outcome="Vu") == {"task.unknown"}
    done = finish_task(ALICE.actor, reference=reference, outcome="Structure jointe, contrat résilié")
    assert (done.done_by, done.outcome) == ("Alice Premier", "Structure jointe, contrat résilié")
    assert refusal(finish_task, AUTHORITY.actor, reference=reference, outcome="x") == {"task.done-already"}
    assert list_tasks() == ()
    assert [one.reference for one in list_tasks(done=True)] == [reference]


def test_the_database_keeps_imports_and_tasks_as_they_were(instance: Instance, tmp_path: Path) -> None:
    line = sirene(tmp_path / "s.csv", establishment(SIRET, "CH", state="F"))
    (task,) = list_tasks()
    finish_task(ALICE.actor, reference=task.reference, outcome="Fait")
    for statement in (
        f"UPDATE records_desktask SET outcome = 'autre' WHERE reference = '{task.reference}'",
        f"DELETE FROM records_desktask WHERE reference = '{task.reference}'",
        f"UPDATE records_registerimport SET sha256 = '0' WHERE reference = '{line.reference}'",
        f"UPDATE records_registerimport SET state = 'loading' WHERE reference = '{line.reference}'",
        f"DELETE FROM records_registerimport WHERE reference = '{line.reference}'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    kept = task_line(task.reference)
    assert kept is not None
    assert kept.outcome == "Fait"


def test_an_order_is_compared_with_the_registers_that_stand(instance: Instance, tmp_path: Path) -> None:
    reference = submitted().line.reference

    def seen() -> tuple[str, set[str]]:
        check = next(one for one in examination_of(reference).checks if one.kind == "registers")
        return check.light, {finding.code for finding in check.findings}

    assert seen() == ("amber", {"register.none-loaded"})
    sirene(tmp_path / "s.csv", establishment(SIRET, ""), establishment(OTHER_SIRET, "CLINIQUE"))
    assert "register.structure-nameless" in seen()[1]
    companies = [COMPANY_HEAD, company(SIRET[:9], "CENTRE HOSPITALIER DE L'EXEMPLE")]
    bring("sirene-unite-legale", write(tmp_path / "u.csv", companies))
    cards(tmp_path / "c.csv")
    assert seen() == ("green", {"register.structure-agrees", "register.card-agrees"})
    assert register_entries([RegisterSubject.COMPANY], [SIRET[:9]])


def test_no_name_or_number_of_a_line_is_logged(
    bare_instance: Instance, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        cards(tmp_path / "c.csv", "2600000077;CPA;3690000005/S;Secrète;Sonia;peut-être;2026-11-20")
        with pytest.raises(Refused):
            bring("cards", write(tmp_path / "d.csv", ["Secrète;2600000077"]))
    assert "Secrète" not in caplog.text
    assert "2600000077" not in caplog.text
