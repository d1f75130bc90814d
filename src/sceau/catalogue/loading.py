"""Loading the catalogue: every file known, every row checked, every reference followed, or nothing is loaded.

The digest is over all data files, names and bytes: two instances with one digest have the same rules and
French words.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from sceau.catalogue import legal_file, sections
from sceau.catalogue.catalogue import Catalogue
from sceau.catalogue.desk import read_desk
from sceau.catalogue.drafts import read_draft_rules
from sceau.catalogue.editions import Edition, read_edition
from sceau.catalogue.entrance import read_entrance
from sceau.catalogue.guidance import Profession
from sceau.catalogue.languages import Language, english_files, with_words
from sceau.catalogue.lookup import read_lookup
from sceau.catalogue.mails import read_mail_rules
from sceau.catalogue.needs import read_needs
from sceau.catalogue.profiles import read_profile
from sceau.catalogue.reading import CatalogueError, Row
from sceau.catalogue.references import check_references
from sceau.catalogue.registers import RegisterLayout, read_layout, read_register_names
from sceau.catalogue.retelling import Retelling, retelling_of, text_pairs
from sceau.catalogue.runs import read_runs
from sceau.catalogue.saying import FindingText, read_finding
from sceau.catalogue.types import Profile

T = TypeVar("T")
_DATA = Path(__file__).parent / "data"
_TABLES = {
    *("revocation_runs", "entrance", "lookup", "drafts", "needs"),
    *("offers", "products", "issuers", "calendar", "environments", "cards", "reasons", "professions"),
    *("departments", "presets", "usages", "help", "glossary", "contacts", "suffixes"),
    *("pieces", "powers", "leaves", "stops", "register_names", "mails", "desk"),
}
_FOLDERS = ("profiles", "editions", "findings", "texts", "registers")  # of TOML files
_FOREIGN = "communes"  # a folder in its own compact form, read by `communes`; part of the digest


def load_catalogue(folder: Path | None = None, *, language: Language = Language.FRENCH) -> Catalogue:
    """The catalogue of `folder` (the shipped one by default), read once and kept. In English, the same rules
    with the shipped English words.

    Raises `CatalogueError` with every problem found.
    """
    return _shipped(language) if folder is None else _other(folder.resolve(), language)


@cache
def _shipped(language: Language) -> Catalogue:
    return _load(_DATA.resolve(), language)


@lru_cache(maxsize=4)
def _other(folder: Path, language: Language) -> Catalogue:
    return _load(folder, language)


def _load(folder: Path, language: Language) -> Catalogue:
    problems: list[str] = []
    files = _read_files(folder, problems)
    words = english_files() if language is Language.ENGLISH else {}
    catalogue = _build(folder, files, words, problems)
    if catalogue is not None and language is Language.ENGLISH:
        catalogue = replace(catalogue, language=language, retelling=_retelling(catalogue, files, words))
    if catalogue is None or problems:
        raise CatalogueError(problems)
    return catalogue


def _read_files(folder: Path, problems: list[str]) -> dict[str, bytes]:
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(paths):
        if not _is_known(name):
            problems.append(f"{name}: a file that nothing reads")
    problems.extend(f"{name}.toml: missing file" for name in sorted(_TABLES) if f"{name}.toml" not in paths)
    return {name: paths[name].read_bytes() for name in sorted(paths)}


def _is_known(name: str) -> bool:
    head, _, tail = name.partition("/")
    if head == _FOREIGN:
        return True
    if head in _FOLDERS:
        return tail.endswith(".toml") and "/" not in tail
    return name.endswith(".toml") and name.removesuffix(".toml") in _TABLES


def digest_of(files: Mapping[str, bytes]) -> str:
    """Hex SHA-256 over the files in the order of their names; each name and content after its length."""
    total = hashlib.sha256()
    for name in sorted(files):
        for piece in (name.encode(), files[name]):
            total.update(len(piece).to_bytes(8, "big"))
            total.update(piece)
    return total.hexdigest()


def _build(
    folder: Path, files: Mapping[str, bytes], words: Mapping[str, bytes], problems: list[str]
) -> Catalogue | None:
    problems.extend(f"english/{name}: a file without a French one" for name in words if name not in files)
    rows = {
        name: Row(name, _worded(name, data, words, problems), problems)
        for name, data in files.items()
        if name.endswith(".toml") and _is_known(name)
    }
    if problems:
        return None

    catalogue = _assemble(folder, digest_of(files), rows, problems)
    check_references(catalogue, problems)
    return catalogue


def _assemble(folder: Path, digest: str, rows: Mapping[str, Row], problems: list[str]) -> Catalogue:
    def table(name: str, read: Callable[[str, Row], T], *, part: str | None = None) -> Mapping[str, T]:
        file = rows[f"{name}.toml"]
        return MappingProxyType(sections.read_each(file.row(part) if part else file, read))

    catalogue = Catalogue(
        folder=folder,
        digest=digest,
        language=Language.FRENCH,
        retelling=None,
        offers=table("offers", sections.read_offer),
        products=table("products", sections.read_product),
        profiles=_profiles(rows, problems),
        issuers=table("issuers", sections.read_issuer),
        calendar=sections.read_calendar(rows["calendar.toml"]),
        environments=table("environments", sections.read_environment),
        cards=table("cards", sections.read_card),
        reasons=table("reasons", sections.read_reason, part="offered"),
        reasons_not_offered=table("reasons", sections.read_reason_not_offered, part="not_offered"),
        runs=read_runs(rows["revocation_runs.toml"]),
        professions=_by_code(table("professions", sections.read_profession)),
        departments=MappingProxyType(sections.read_departments(rows["departments.toml"])),
        presets=table("presets", sections.read_preset),
        usages=table("usages", sections.read_usage_group),
        help=table("help", sections.read_help),
        glossary=table("glossary", sections.read_term),
        contacts=table("contacts", sections.read_contact),
        domain_lists=table("suffixes", sections.read_domain_list),
        piece_kinds=table("pieces", legal_file.read_piece_kind),
        powers=table("powers", legal_file.read_power),
        leave_uses=table("leaves", legal_file.read_leave_use, part="uses"),
        domain_proof=legal_file.read_domain_proof(rows["leaves.toml"].row("dns")),
        stops=table("stops", legal_file.read_stopping_act),
        registers=_registers(rows),
        mail=read_mail_rules(rows["mails.toml"]),
        desk=read_desk(rows["desk.toml"]),
        entrance=read_entrance(rows["entrance.toml"]),
        drafts=read_draft_rules(rows["drafts.toml"]),
        needs=read_needs(rows["needs.toml"]),
        lookup=read_lookup(rows["lookup.toml"]),
        register_names=read_register_names(rows["register_names.toml"]),
        editions=_editions(rows, problems),
        findings=_findings(rows, problems),
        texts=_texts(rows, problems),
    )
    rows["reasons.toml"].close()
    rows["leaves.toml"].close()
    return catalogue


def _by_code(professions: Mapping[str, Profession]) -> Mapping[int, Profession]:
    return MappingProxyType({profession.code: profession for profession in professions.values()})


def _retelling(english: Catalogue, files: Mapping[str, bytes], words: Mapping[str, bytes]) -> Retelling:
    french = load_catalogue(english.folder)
    pairs = (
        pair
        for name, data in words.items()
        for pair in text_pairs(tomllib.loads(files[name].decode()), tomllib.loads(data.decode()))
    )
    return retelling_of(french.findings, english.findings, pairs)


def _worded(name: str, data: bytes, words: Mapping[str, bytes], problems: list[str]) -> object:
    french = _parse(name, data, problems)
    if name not in words:
        return french
    return with_words(french, _parse(name, words[name], problems), name, problems)


def _parse(name: str, data: bytes, problems: list[str]) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        problems.append(f"{name}: {problem}")
        return {}


def _in_folder(rows: Mapping[str, Row], folder: str) -> list[tuple[str, Row]]:
    return [(name, row) for name, row in rows.items() if name.startswith(f"{folder}/")]


def _profiles(rows: Mapping[str, Row], problems: list[str]) -> Mapping[str, Profile]:
    found: dict[str, Profile] = {}
    for name, row in _in_folder(rows, "profiles"):
        profile = read_profile(row)
        if name != f"profiles/{profile.id}.toml":
            problems.append(f"{name}: holds the profile {profile.id!r}")
        found[profile.id] = profile
    return MappingProxyType(found)


def _editions(rows: Mapping[str, Row], problems: list[str]) -> Mapping[str, Edition]:
    found = {Path(name).stem: row for name, row in _in_folder(rows, "editions")}
    if not found:
        problems.append("editions: no edition of the form")
    return MappingProxyType({code: read_edition(code, row) for code, row in found.items()})


def _registers(rows: Mapping[str, Row]) -> Mapping[str, RegisterLayout]:
    found = {Path(name).stem: row for name, row in _in_folder(rows, "registers")}
    return MappingProxyType({code: read_layout(code, row) for code, row in found.items()})


def _findings(rows: Mapping[str, Row], problems: list[str]) -> Mapping[str, FindingText]:
    found: dict[str, FindingText] = {}
    for name, row in _in_folder(rows, "findings"):
        for code, text in sections.read_each(row, read_finding).items():
            if code in found:
                problems.append(f"{name}.{code}: this code has a text in another file")
            found[code] = text
    return MappingProxyType(found)


def _texts(rows: Mapping[str, Row], problems: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, file in _in_folder(rows, "texts"):
        for key, row in file.rows():
            if key in found:
                problems.append(f"{name}.{key}: this key has a text in another file")
            found[key] = row.text("text")
            row.text("clause")
            row.close()
    return MappingProxyType(found)
