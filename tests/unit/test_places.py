"""Postcodes and communes: the shape refuses, the table of communes only warns."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from sceau.catalogue import load_catalogue
from sceau.catalogue.communes import load_communes
from sceau.vocabulary import Postcode, Severity, read_commune, read_postcode
from tests.unit.said import codes, said

COMMUNES = load_communes()
TABLE = Path("src/sceau/catalogue/data/communes/communes.tsv.gz")


@pytest.mark.parametrize("text", ["75012", "01000", "20000", "97400", "98800", "64053", "69999", " 75 012 "])
def test_a_postcode_is_five_digits_of_a_territory(text: str) -> None:
    reading = read_postcode(text)
    assert reading.require() == Postcode(text.replace(" ", ""))
    assert reading.findings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("7501", {"postcode.length"}),
        ("750123", {"postcode.length"}),
        ("00000", {"postcode.no-department"}),
        ("00100", {"postcode.no-department"}),
        ("96000", {"postcode.no-department"}),
        ("99999", {"postcode.no-department"}),
        ("97900", {"postcode.no-department"}),
        ("98200", {"postcode.no-department"}),
        ("2A004", {"postcode.corsican-commune-code"}),
        ("2b033", {"postcode.corsican-commune-code"}),
        ("F-75012", {"typed.character", "postcode.length"}),
        ("75012 PARIS", {"typed.character", "postcode.length"}),
        ("７５０１２", {"typed.foreign-digit"}),
        ("75012\n", {"typed.control-character"}),
        ("7501\u200b2", {"typed.hidden-character"}),
        ("7501-2", {"typed.separator"}),
    ],
)
def test_what_is_no_postcode_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_postcode(text), Severity.ERROR) == expected


def test_the_zero_that_a_spreadsheet_took_is_proposed() -> None:
    assert said(read_postcode("1000"), "postcode.zero-missing") == {"value": "01000"}


def test_monaco_has_no_department_and_is_told() -> None:
    reading = read_postcode("98000")
    assert reading.require().department is None
    assert codes(reading, Severity.WARNING) == {"postcode.monaco"}
    assert COMMUNES.check("98000", "Monaco") == ()
    assert COMMUNES.department_of("98000", "Monaco") is None


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("75012", "75"),
        ("01000", "01"),
        ("20000", "2A"),
        ("20137", "2A"),
        ("20200", "2B"),
        ("20620", "2B"),
        ("20303", None),
        ("97400", "974"),
        ("98800", "988"),
    ],
)
def test_a_postcode_names_a_department_when_it_can(text: str, department: str | None) -> None:
    assert Postcode(text).department == department


@pytest.mark.parametrize(
    "text", ["Paris", "L'Haÿ-les-Roses", "CHALON S/SAONE", "Y", "Œting", "Le Havre (76)"]
)
def test_the_name_of_a_commune_is_read(text: str) -> None:
    assert read_commune(f" {text} ").require() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"typed.empty"}),
        ("x" * 101, {"commune.too-long"}),
        ("<script>", {"commune.character"}),
        ("=cmd|'/C calc'!A0", {"commune.character"}),
        ("Рaris", {"commune.character"}),
        ("東京", {"commune.character"}),
        ("Paris\n", {"typed.control-character"}),
        ("Paris\u202e", {"typed.hidden-character"}),
        ("\ud800", {"typed.hidden-character"}),
    ],
)
def test_what_no_french_name_holds_is_refused(text: str, expected: set[str]) -> None:
    assert codes(read_commune(text), Severity.ERROR) == expected


@pytest.mark.parametrize(
    ("postcode", "commune"),
    [
        ("75012", "Paris"),
        ("75012", "PARIS 12"),
        ("75012", "Paris 12e"),
        ("75012", "Paris 12ème arrondissement"),
        ("75001", "PARIS 1ER"),
        ("75116", "Paris 16"),
        ("69003", "LYON 03"),
        ("69003", "Lyon 3e Arrondissement"),
        ("69003", "69003 LYON CEDEX 03"),
        ("13008", "marseille 8"),
        ("42000", "ST ETIENNE"),
        ("42000", "Saint-Étienne"),
        ("42000", "SAINT ETIENNE"),
        ("76600", "LE HAVRE"),
        ("76600", "Havre"),
        ("76600", "HAVRE (LE)"),
        ("94240", "L HAY LES ROSES"),
        ("94240", "L’Haÿ-les-Roses"),
        ("59493", "VILLENEUVE D ASCQ"),
        ("71100", "CHALON S/SAONE"),
        ("57600", "Œting"),
        ("57600", "OETING"),
        ("13460", "STES MARIES DE LA MER"),
        ("01200", "Bellegarde-sur-Valserine"),  # a former commune, in Valserhône
        ("97133", "ST BARTHELEMY"),
        ("98800", "NOUMEA"),
        ("20137", "PORTO VECCHIO"),
        ("75012", ""),
    ],
)
def test_a_commune_is_known_at_its_postcode_however_it_is_written(postcode: str, commune: str) -> None:
    assert COMMUNES.check(postcode, commune) == ()


@pytest.mark.parametrize(
    ("postcode", "commune"),
    [("75012", "Lyon"), ("75012", "Paris 13"), ("69003", "Villeurbanne"), ("42000", "-")],
)
def test_a_commune_elsewhere_warns_and_names_those_that_are_there(postcode: str, commune: str) -> None:
    (finding,) = COMMUNES.check(postcode, commune)
    assert (finding.code, finding.severity) == ("commune.not-at-postcode", Severity.WARNING)
    assert dict(finding.details)["communes"] == ", ".join(COMMUNES.suggest(postcode))


@pytest.mark.parametrize(
    ("postcode", "commune"),
    [("64053", "PAU CEDEX 9"), ("75571", "Paris Cedex 12"), ("20303", "AJACCIO CEDEX 1")],
)
def test_a_cedex_passes_with_a_note(postcode: str, commune: str) -> None:
    (finding,) = COMMUNES.check(postcode, commune)
    assert (finding.code, finding.severity) == ("postcode.cedex", Severity.INFO)


def test_an_unknown_postcode_warns() -> None:
    (finding,) = COMMUNES.check("64999", "Pau")
    assert (finding.code, finding.severity) == ("postcode.unknown", Severity.WARNING)
    assert [f.code for f in COMMUNES.check("64999", "Lyon")] == [
        "postcode.unknown",
        "commune.not-near-postcode",
    ]


@pytest.mark.parametrize(
    "commune", ["x" * 100_000, "\ud800", "\x00", "(", "cedex", "75012", "paris 99999999999"]
)
@pytest.mark.parametrize("postcode", ["75012", "64999", "", "abc", "2", "20"])
def test_the_table_never_refuses_and_never_fails(postcode: str, commune: str) -> None:
    assert all(finding.severity is not Severity.ERROR for finding in COMMUNES.check(postcode, commune))
    COMMUNES.department_of(postcode, commune)


@pytest.mark.parametrize(
    ("postcode", "commune", "label"),
    [
        ("75012", "Paris", "Paris (75)"),
        ("69003", "Lyon", "Rhône (69)"),
        ("21000", "Dijon", "Côte-d'Or (21)"),
        ("92100", "Boulogne-Billancourt", "Hauts-de-Seine (92)"),
        ("76600", "Le Havre", "Seine-Maritime (76)"),
        ("20000", "Ajaccio", "Corse-du-Sud (2A)"),
        ("20200", "Bastia", "Haute-Corse (2B)"),
        ("20303", "AJACCIO CEDEX 1", "Corse-du-Sud (2A)"),
        ("20406", "BASTIA CEDEX 9", "Haute-Corse (2B)"),
        ("20303", "", None),
        ("05110", "La Saulce", "Hautes-Alpes (05)"),  # one postcode, two departments
        ("05110", "Curbans", "Alpes-de-Haute-Provence (04)"),
        ("64053", "PAU CEDEX 9", "Pyrénées-Atlantiques (64)"),
        ("97400", "Saint-Denis", "La Réunion (974)"),
        ("97133", "Saint-Barthélemy", "Saint-Barthélemy (977)"),
        ("97150", "Saint-Martin", "Saint-Martin (978)"),
        ("97600", "Mamoudzou", "Mayotte (976)"),
        ("98800", "Nouméa", "Nouvelle-Calédonie (988)"),
        ("69999", "nowhere", "Rhône (69)"),
    ],
)
def test_the_department_is_the_commune_s(postcode: str, commune: str, label: str | None) -> None:
    assert COMMUNES.department_of(Postcode(postcode), commune) == label


def test_every_commune_of_the_table_is_known_at_each_of_its_postcodes_and_has_a_department() -> None:
    known = load_catalogue().departments
    for line in gzip.decompress(TABLE.read_bytes()).decode().splitlines():
        code, name, postcodes, _ = line.split("\t")
        department = code[:3] if code[:2] in ("97", "98") else code[:2]
        for postcode in postcodes.split(" "):
            assert read_postcode(postcode).findings == ()
            assert COMMUNES.check(postcode, name.upper()) == (), (postcode, name)
            expected = None if department == "989" else known[department].text  # nobody lives on Clipperton
            assert COMMUNES.department_of(postcode, name) == expected, (postcode, name)


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_communes", "tools/build_communes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_built_from_one_known_package_only(tmp_path: Path) -> None:
    package = tmp_path / "package.tgz"
    with tarfile.open(package, "w:gz") as archive:
        data = json.dumps([]).encode()
        member = tarfile.TarInfo("package/data/communes.json")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    with pytest.raises(SystemExit, match="is not @etalab"):
        _builder().read_package(package)


def test_the_builder_gives_former_communes_the_postcodes_of_their_commune() -> None:
    records = [
        {"code": "01033", "nom": "Valserhône", "type": "commune-actuelle", "codesPostaux": ["01200"]},
        {"code": "01033", "nom": "Valserhône", "type": "commune-deleguee", "chefLieu": "01033"},
        {"code": "01205", "nom": "Lancrans", "type": "commune-deleguee", "chefLieu": "01033"},
        {"code": "98412", "nom": "Archipel des Kerguelen", "type": "commune-actuelle"},
        {
            "code": "69383",
            "nom": "Lyon 3e Arrondissement",
            "type": "arrondissement-municipal",
            "codesPostaux": ["69003"],
        },
    ]
    assert _builder().lines(records) == [
        "01033\tLancrans\t01200\td",
        "01033\tValserhône\t01200\t",
        "69383\tLyon 3e Arrondissement\t69003\ta",
    ]
