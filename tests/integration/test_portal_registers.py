"""The desk's registers and tasks in the portal, a form filled from them, and the commands that import."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sceau.cli import register, register_imports
from sceau.operations import Actor, RegisterOrder, import_register
from sceau.records import card_line, list_imports, list_tasks
from sceau.vocabulary import PersonId
from tests.instance import (
    ALICE,
    AUDITOR,
    AUTHORITY,
    NOON,
    REPRESENTATIVE,
    SIRET,
    STRANGER,
    Instance,
    submitted,
)
from tests.ordering import begun, step
from tests.portal import staff_the_door, tls_layer, visitor
from tests.register_files import (
    CARDS_HEAD,
    SIRENE_HEAD,
    card,
    establishment,
    many_sites,
    site,
    sites,
    write,
)

SYSTEM = Actor.system("setup")
FINESS = "690000005"


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")))


def bring(layout: str, path: Path) -> Any:
    return import_register(SYSTEM, RegisterOrder(layout, path))


def finess(folder: Path) -> Any:
    rows = [*many_sites(60), site(FINESS, "HOPITAL DE L'EXEMPLE", siret=SIRET), "structureet;=1+1"]
    return bring("finess-et", sites(folder / "f.csv", rows))


def test_the_desk_sees_what_stands_and_what_does_not(portal: Instance, tmp_path: Path) -> None:
    browser = visitor(ALICE)
    assert "Aucun registre n’a été importé" in said(browser.get("/guichet/registres/"))
    line = finess(tmp_path)
    page = said(browser.get("/guichet/registres/"))
    assert "FINESS du 20/11/2026" in page
    assert "Annuaire des cartes" in page  # among those that are not loaded
    shown = said(browser.get(f"/guichet/registres/{line.reference}/"))
    for words in (line.sha256, "61 gardées", "1 rejetées"):
        assert words in shown
    assert browser.get("/guichet/registres/REG-0/").status_code == 404


def test_the_desk_looks_up_by_number_and_by_name(portal: Instance, tmp_path: Path) -> None:
    finess(tmp_path)
    browser = visitor(ALICE)
    for text in (FINESS, SIRET, "hôpital de l’ex"):
        page = said(browser.get("/guichet/registres/", {"texte": text}))
        assert "HOPITAL DE L'EXEMPLE" in page
        assert "69003 LYON" in page
    assert "ne le connaît" in said(browser.get("/guichet/registres/", {"texte": "<script>"}))
    assert visitor(STRANGER).get("/guichet/registres/", {"texte": FINESS}).status_code == 403


def test_rejected_lines_are_downloaded_as_text_never_as_formulas(portal: Instance, tmp_path: Path) -> None:
    rows = [f"{2_600_000_000 + at};CPA;3690000005/A;NOM;Prénom;valide;2026-11-20" for at in range(60)]
    rows.append('=HYPERLINK("http://x";"y");CPA;3690000005/A;NOM;Prénom;valide;2026-11-20')
    line = bring("cards", write(tmp_path / "c.csv", [CARDS_HEAD, *rows]))
    address = f"/guichet/registres/{line.reference}/rejets/"
    answer: Any = visitor(ALICE).get(address)
    text = b"".join(answer.streaming_content).decode()
    found = list(csv.reader(text.removeprefix("\ufeff").splitlines(), delimiter=";", strict=True))
    assert found[0] == ["ligne", "motif", "texte"]
    assert found[1][0] == "62"
    assert found[1][2].startswith("'=HYPERLINK")
    assert visitor(AUDITOR).get(address).status_code == 200
    assert visitor(AUTHORITY).get(address).status_code == 403


def test_a_task_is_read_and_done_at_the_desk(portal: Instance, tmp_path: Path) -> None:
    browser = visitor(ALICE)
    assert "Rien à faire" in said(browser.get("/guichet/taches/"))
    bring(
        "sirene-etablissement",
        write(tmp_path / "s.csv", [SIRENE_HEAD, establishment(SIRET, "CH", state="F")]),
    )
    (task,) = list_tasks()
    page = said(browser.get("/guichet/taches/"))
    assert "est fermée depuis le 01/01/2020, dit SIRENE du" in page
    assert "contrat C-2026-0012" in page
    assert "Tâches du guichet : 1" in said(browser.get("/"))
    address = f"/guichet/taches/{task.reference}/faite/"
    assert "C’est fait" not in said(visitor(AUDITOR).get("/guichet/taches/"))
    assert visitor(AUDITOR).post(address, {"outcome": "x"}).status_code == 403
    empty = browser.post(address, {"outcome": "  "})
    assert empty.status_code == 422
    assert "Dites en quelques mots" in said(empty)
    assert browser.post(address, {"outcome": "Structure jointe"}).status_code == 302
    assert "Structure jointe" in said(browser.get("/guichet/taches/?faites=oui"))
    assert browser.post(address, {"outcome": "encore"}).status_code == 422


def test_an_order_form_is_filled_from_the_finess_or_the_siret(portal: Instance, tmp_path: Path) -> None:
    finess(tmp_path)
    browser = visitor(REPRESENTATIVE)
    address = begun(browser, contrat="aucun")

    def fill(**fields: str) -> str:
        typed = {f"structure.{name}": value for name, value in fields.items()}
        return said(step(browser, address, "structure", {"action": "registre", **typed}))

    page = fill(finess=FINESS)
    for value in ("HOPITAL DE L'EXEMPLE", SIRET, "69003", "LYON"):
        assert f'value="{value}"' in page, value
    assert "remplie d'après FINESS du 20/11/2026" in page
    kept = fill(finess=FINESS, name="Mon hôpital")
    assert 'value="Mon hôpital"' in kept  # what was typed is theirs
    assert "ne connaît 690000013" in fill(finess="690000013")
    assert "HOPITAL" not in fill(siret="35600000000048")


def test_without_registers_the_form_says_so(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    typed = {"action": "registre", "structure.finess": FINESS}
    assert "Aucun registre n'est chargé" in said(step(browser, begun(browser), "structure", typed))


def test_a_legal_finess_is_told_from_a_geographic_one(portal: Instance, tmp_path: Path) -> None:
    entity = (
        f"structureej;{FINESS};CH;CENTRE HOSPITALIER;;1;R;X;;;;383;69003 LYON;69;RHONE;;13;"
        "Public;;;187512751;8610Z;1901-01-01;"
    )
    bring("finess-ej", write(tmp_path / "j.csv", ["finess;etalab;1;2026-11-20", entity]))
    browser = visitor(REPRESENTATIVE)
    typed = {"action": "registre", "structure.finess": FINESS}
    page = said(step(browser, begun(browser), "structure", typed))
    assert "celui d'une entité juridique (EJ)" in page


def test_the_directory_of_cards_fills_people_at_the_desk_only(portal: Instance, tmp_path: Path) -> None:
    bring(
        "cards", write(tmp_path / "c.csv", [CARDS_HEAD, card("2911111111", "CPA", "3690000005/Z", "ZORRO")])
    )
    typed = {"action": "registre", "administrators.0.card_number": "2911111111"}
    reference = submitted().line.reference
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    people = {name: value for name, value in typed.items() if name != "action"}
    step(browser, address, "administrateurs", people)
    assert "ZORRO" not in said(step(browser, address, "structure", {"action": "registre"}))
    assert "ZORRO" not in said(browser.get(f"{address}etape/administrateurs/"))
    assert "ZORRO" in said(visitor(ALICE).post(f"/guichet/{reference}/completer/", typed))


@pytest.mark.parametrize(
    ("listed", "type_"), [("CDE", "CDE"), ("CPA", "CPE_NOMINATIVE"), ("", "CPE_NOMINATIVE")]
)
def test_a_director_met_for_the_first_time_is_told_by_the_directory_of_cards(
    portal: Instance, tmp_path: Path, listed: str, type_: str
) -> None:
    number = PersonId("3", "690000005", "NEW01")
    newcomer = replace(STRANGER, national_id=number, card="2955555555", card_type="CDE", surname="Nouvelle")
    if listed:
        bring("cards", write(tmp_path / "c.csv", [CARDS_HEAD, card(newcomer.card, listed, number.text, "N")]))
    visitor(newcomer)
    met = card_line(newcomer.card, at=NOON)
    assert met is not None
    assert met.type == type_


def test_the_console_imports_lists_and_looks_up(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_imports, "open_instance", lambda data: None)
    path = sites(tmp_path / "f.csv", [*many_sites(60), site(FINESS, "HOPITAL"), "structureet;=1+1"])

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(register.app, list(arguments))

    done = run("import", "finess-et", str(path), "--as", ALICE.national_id.text)
    assert done.exit_code == 0, done.exception
    assert "100 %  63 lignes, 1 rejetées" in done.stderr
    (line,) = list_imports()
    assert line.began_by == ALICE.national_id.text
    assert line.reference in run("imports").stdout
    assert "HOPITAL" in run("look-up", FINESS).stdout
    assert json.loads(run("look-up", "hopital", "--json").stdout)[0]["key"] == FINESS
    assert "structureet;=1+1" in run("rejected", line.reference).stdout
    assert run("tasks").stdout == "Rien à faire.\n"
    assert run("rejected", "REG-0").exception is not None
    for secret in ("HOPITAL", FINESS):
        assert secret not in done.stderr
