"""Registers: what a line says by its layout, why one is not taken, names as people write them, and what a
register's word is worth."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.catalogue import RegisterLayout, RegisterState, RegisterSubject, load_catalogue
from sceau.registration import (
    CardAsKept,
    CardStatus,
    LineReading,
    NameMatch,
    RegisterFact,
    RegisterRow,
    Rejection,
    Structure,
    card_tasks,
    compare_names,
    fold,
    line_reader,
    opposition,
    professional_tasks,
    read_head,
    spreadsheet_row,
    structure_tasks,
)
from sceau.vocabulary import Finding, Refused, Siret, StructureId

CATALOGUE = load_catalogue()
SITE = (
    "structureet;010000024;010780054;CH DE FLEYRIAT;CENTRE HOSPITALIER DE BOURG-EN-BRESSE FLEYRIAT;;;900;RTE;"
    "DE PARIS;;;451;01;AIN;01440 VIRIAT;0474454647;0474454114;355;Centre Hospitalier (C.H.);1102;"
    "Centres Hospitaliers;26010004500012;8610Z;03;ARS établissements;1;Etablissement public;1979-02-13;"
    "1979-02-13;2020-02-04;"
)
ENTITY = (
    "structureej;010780054;CH BOURG;CENTRE HOSPITALIER DE BOURG EN BRESSE;;900;RTE;DE PARIS;;;;451;"
    "01440 VIRIAT;01;AIN;0474454647;13;Etablissement public communal;;;260100045;8610Z;1901-01-01;"
)
SIRENE_HEAD = (
    "siren,nic,siret,statutDiffusionEtablissement,dateCreationEtablissement,codePostalEtablissement,"
    "libelleCommuneEtablissement,dateDebut,etatAdministratifEtablissement,enseigne1Etablissement,"
    "denominationUsuelleEtablissement,activitePrincipaleEtablissement"
)
CARDS_HEAD = "numero_carte;type_carte;identifiant_national;nom;prenom;etat;date_etat"


def layout(code: str) -> RegisterLayout:
    return CATALOGUE.registers[code]


def reader(code: str, first: str) -> Callable[[str], LineReading]:
    return line_reader(layout(code), read_head(layout(code), first))


def row(reading: LineReading) -> RegisterRow:
    assert isinstance(reading, RegisterRow), reading
    return reading


def test_a_finess_site_says_its_entity_siret_and_place() -> None:
    read = reader("finess-et", "finess;etalab;111;2026-05-12")
    found = row(read(SITE + "\r\n"))
    assert found.key == "010000024"
    assert found.parent == "010780054"
    assert found.other == "26010004500012"
    assert found.name == "CENTRE HOSPITALIER DE BOURG-EN-BRESSE FLEYRIAT"
    assert found.folded == "CENTRE HOSPITALIER DE BOURG EN BRESSE FLEYRIAT"
    assert (found.postcode, found.commune, found.category) == ("01440", "VIRIAT", "355")
    assert (found.state, found.since) == ("open", "1979-02-13")
    assert read("geolocalisation;010000024;870215.7;6571590.5;1,ATLASANTE") is None
    assert read("") is None


def test_a_finess_entity_has_no_site_of_its_own() -> None:
    found = row(reader("finess-ej", "finess;etalab;98;2026-05-12")(ENTITY))
    assert (found.key, found.other, found.parent) == ("010780054", "260100045", "")
    assert found.name == "CENTRE HOSPITALIER DE BOURG EN BRESSE"
    assert (found.postcode, found.commune, found.since) == ("01440", "VIRIAT", "1901-01-01")


def test_the_finess_file_says_its_own_date() -> None:
    assert read_head(layout("finess-et"), "finess;etalab;111;2026-05-12\n").dated == "2026-05-12"
    assert read_head(layout("finess-et"), "finess;etalab;111;bientôt\n").dated == ""


def test_columns_are_found_by_their_names_in_any_order() -> None:
    names = SIRENE_HEAD.split(",")
    line = "356000000,00048,35600000000048,O,1991-01-01,75015,PARIS 15,2020-01-02,F,LA POSTE,[ND],53.10Z"
    straight = row(reader("sirene-etablissement", SIRENE_HEAD)(line))
    turned = row(
        reader("sirene-etablissement", ",".join(reversed(names)))(",".join(reversed(line.split(","))))
    )
    assert straight == turned
    assert (straight.state, straight.since, straight.parent) == ("closed", "2020-01-02", "356000000")
    assert straight.name == "LA POSTE"  # the first name is undisclosed


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    head = read_head(layout("cards"), "\ufeff" + CARDS_HEAD)
    assert head.columns[0] == "numero_carte"


@pytest.mark.parametrize("code", sorted(CATALOGUE.registers))
def test_another_file_is_refused_whole(code: str) -> None:
    for first in ("nom;prenom;age", "<html>", "", '"ouvert'):
        with pytest.raises(Refused):
            read_head(layout(code), first)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2600000001;CPA;3690000005/A;Lefèvre;Jean;valide", Rejection.COLUMNS),
        ("2600000001;CPA;3690000005/A;Lefèvre;Jean;valide;2026-01-01;", Rejection.COLUMNS),
        ("260000000;CPA;3690000005/A;Lefèvre;Jean;valide;2026-01-01", Rejection.KEY),
        ("٢٦٠٠٠٠٠٠٠١;CPA;3690000005/A;Lefèvre;Jean;valide;2026-01-01", Rejection.KEY),
        ("2,6E+09;CPA;3690000005/A;Lefèvre;Jean;valide;2026-01-01", Rejection.SPREADSHEET),
        ("2600000001;CPA;3690000005/A;Lefèvre;Jean;peut-être;2026-01-01", Rejection.STATE),
        ("2600000001;CPA;3690000005/A;Lefèvre;Jean;;2026-01-01", Rejection.STATE),
        ('2600000001;CPA;3690000005/A;"Lefèvre;Jean;valide;2026-01-01', Rejection.QUOTES),
        ('2600000001;CPA;3690000005/A;"Lef"èvre;Jean;valide;2026-01-01', Rejection.QUOTES),
        ("2600000001;CPA;3690000005/A;Lef\0vre;Jean;valide;2026-01-01", Rejection.CONTROL),
        ("2600000001;CPA;3690000005/A;Lef\x1b[31mvre;Jean;valide;2026-01-01", Rejection.CONTROL),
    ],
)
def test_a_line_that_is_not_one_is_rejected_with_its_reason(line: str, why: Rejection) -> None:
    assert reader("cards", CARDS_HEAD)(line) is why
    assert CATALOGUE.text(f"register-reject.{why}")


def test_quotes_hold_a_delimiter_and_a_quote() -> None:
    found = row(
        reader("cards", CARDS_HEAD)('2600000001;CPA;3690000005/A;"O""Brien; fils";Sam;opposee;14/11/2026')
    )
    assert (found.name, found.state, found.since) == ('O"Brien; fils', "revoked", "2026-11-14")


@given(st.text(max_size=300))
def test_whatever_a_line_is_it_is_a_row_a_rejection_or_nothing(line: str) -> None:
    for code, first in (("cards", CARDS_HEAD), ("finess-et", "finess;etalab;1;2026-05-12")):
        found = reader(code, first)(line)
        assert found is None or isinstance(found, RegisterRow | Rejection)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6))
def test_no_exported_cell_begins_a_formula(cells: list[str]) -> None:
    (read,) = csv.reader([spreadsheet_row(cells)], delimiter=";", strict=True)
    assert len(read) == len(cells)
    assert not any(cell[:1] in {"=", "+", "-", "@", "\t", "\r"} for cell in read)


@pytest.mark.parametrize(
    ("left", "right", "match"),
    [
        ("Centre hospitalier de l'Exemple", "CENTRE HOSPITALIER DE L EXEMPLE", "same"),
        ("CHU de Lyon", "C.H.U. LYON", "same"),
        ("CHU de Lyon", "Centre Hospitalier Universitaire de Lyon", "same"),
        ("Clinique St-Jean", "SAS CLINIQUE SAINT JEAN", "same"),
        ("Œuvre de Saint-Étienne", "OEUVRE ST ETIENNE", "same"),
        ("Lefèvre-Martin", "MARTIN LEFEVRE", "same"),
        ("CH de Bourg", "Centre hospitalier de Bourg en Bresse", "near"),
        ("Lefèvre", "LEFEVRE MARTIN", "near"),
        ("CH de Bourg", "Clinique de Bourg", "other"),
        ("Hôpital nord", "Hôpital sud", "other"),
        ("", "Hôpital sud", "other"),
        ("La", "Le", "other"),
    ],
)
def test_names_are_compared_as_people_write_them(left: str, right: str, match: str) -> None:
    assert compare_names(left, right, names=CATALOGUE.register_names) == match
    assert compare_names(right, left, names=CATALOGUE.register_names) == match


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_and_a_name_is_its_own(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    if fold(name):
        assert compare_names(name, name.upper(), names=CATALOGUE.register_names) is NameMatch.SAME or (
            fold(name) != fold(name.upper())
        )


STRUCTURE = Structure(
    "CH de Bourg", StructureId("3", "26010004500012"), "Ain (01)", "01440", "Viriat", Siret("26010004500012")
)
SOURCE = "SIRENE du 02/11/2026"


def fact(state: RegisterState, about: RegisterSubject, key: str, **values: str) -> RegisterFact:
    return RegisterFact(SOURCE, about, key, state, **values)


def codes(findings: list[Finding]) -> set[str]:
    for finding in findings:
        assert CATALOGUE.say(finding).text
    return {finding.code for finding in findings}


@pytest.mark.parametrize(
    ("state", "code"),
    [("open", set()), ("closed", {"task.structure-closed"}), ("merged", {"task.structure-merged"})],
)
def test_a_structure_that_ended_is_a_task(state: str, code: set[str]) -> None:
    told = fact(RegisterState(state), RegisterSubject.ESTABLISHMENT, "26010004500012", since="2026-10-01")
    assert codes(structure_tasks(STRUCTURE, [told])) == code


def test_a_professional_who_left_is_a_task() -> None:
    left = fact(RegisterState.DEPARTED, RegisterSubject.PROFESSIONAL, "899700041983")
    assert codes(professional_tasks(left, name="Géraldine Dentiste")) == {"task.professional-departed"}
    assert professional_tasks(replace(left, state=RegisterState.ACTIVE), name="x") == []


CARD = CardAsKept("2600000001", "CPE_NOMINATIVE", "Lefèvre", "3690000005/A", is_live=True)


@pytest.mark.parametrize(
    ("state", "status"),
    [("revoked", CardStatus.REVOKED), ("lost", CardStatus.LOST), ("suspended", CardStatus.SUSPENDED)],
)
def test_an_opposed_card_is_a_task_and_has_its_status(state: str, status: CardStatus) -> None:
    told = fact(RegisterState(state), RegisterSubject.CARD, "2600000001", category="CPE_NOMINATIVE")
    assert opposition(told) is status
    assert codes(card_tasks(CARD, told, catalogue=CATALOGUE)) == {"task.card-opposed"}
    assert card_tasks(replace(CARD, is_live=False), told, catalogue=CATALOGUE) == []


@pytest.mark.parametrize("state", ["valid", "expired"])
def test_a_card_that_nobody_opposed_is_left_alone(state: str) -> None:
    assert opposition(fact(RegisterState(state), RegisterSubject.CARD, "2600000001")) is None


def test_a_director_s_card_is_told_from_an_employee_s_by_the_directory() -> None:
    told = fact(RegisterState.VALID, RegisterSubject.CARD, "2600000001", category="CDE", name="LEFEVRE")
    assert codes(card_tasks(CARD, told, catalogue=CATALOGUE)) == {"task.card-type"}
    other = replace(told, category="CPE_NOMINATIVE", name="DUPONT")
    assert codes(card_tasks(CARD, other, catalogue=CATALOGUE)) == {"task.card-holder"}
    moved = replace(other, name="LEFEVRE", parent="3690000005/B")
    assert codes(card_tasks(CARD, moved, catalogue=CATALOGUE)) == {"task.card-holder"}
