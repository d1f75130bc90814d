"""Files of registers, in the published forms, made for tests: sites, establishments, professionals, cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

SIRENE_HEAD = (
    "siren,nic,siret,statutDiffusionEtablissement,codePostalEtablissement,libelleCommuneEtablissement,"
    "dateDebut,etatAdministratifEtablissement,enseigne1Etablissement,denominationUsuelleEtablissement,"
    "activitePrincipaleEtablissement"
)
COMPANY_HEAD = (
    "siren,denominationUniteLegale,denominationUsuelle1UniteLegale,nomUniteLegale,nomUsageUniteLegale,"
    "prenomUsuelUniteLegale,categorieJuridiqueUniteLegale,etatAdministratifUniteLegale,dateDebut"
)
SUCCESSION_HEAD = (
    "siretEtablissementPredecesseur,siretEtablissementSuccesseur,dateLienSuccession,transfertSiege"
)
CARDS_HEAD = "numero_carte;type_carte;identifiant_national;nom;prenom;etat;date_etat"
PEOPLE_HEAD = (
    "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Nom d'exercice|Prénom d'exercice|"
    "Code profession|Numéro SIRET site|Numéro FINESS site|Numéro FINESS établissement juridique|"
    "Code postal (coord. structure)|Libellé commune (coord. structure)|"
)


def write(path: Path, lines: Iterable[str], *, encoding: str = "utf-8", end: str = "\n") -> Path:
    """A file of these lines."""
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def establishment(siret: str, name: str, *, state: str = "A", since: str = "2020-01-01") -> str:
    return f"{siret[:9]},{siret[9:]},{siret},O,69003,LYON,{since},{state},{name},,86.10Z"


def company(siren: str, name: str) -> str:
    return f"{siren},{name},,,,,7364,A,1990-01-01"


def site(finess: str, name: str, *, entity: str = "690000013", siret: str = "", commune: str = "LYON") -> str:
    before = ["structureet", finess, entity, name[:38], name, "", "", "1", "R", "DE L'EXEMPLE", "", "", "383"]
    after = ["69", "RHONE", f"69003 {commune}", "", "", "355", "CH", "1102", "CH", siret, "8610Z", "03"]
    return ";".join([*before, *after, "ARS", "1", "Public", "1979-02-13", "1979-02-13", "2020-02-04", ""])


def sites(path: Path, rows: Sequence[str], *, dated: str = "2026-11-20") -> Path:
    return write(path, [f"finess;etalab;{len(rows)};{dated}", *rows])


def many_sites(count: int, *, begin: int = 0) -> list[str]:
    return [
        site(f"{100_000_000 + at * 7:09d}", f"CENTRE HOSPITALIER N {at}")
        for at in range(begin, begin + count)
    ]


def professional(number: str, surname: str, given: str) -> str:
    return f"8|{number[1:]}|{number}|{surname}|{given}|40|||||LYON|"


def card(number: str, type_: str, holder: str, surname: str, *, state: str = "valide") -> str:
    return f"{number};{type_};{holder};{surname};;{state};2026-11-20"
