"""The rules of the house that import-linter can't see, kept by reading the source."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "sceau"
ROOMS = (
    *("vocabulary", "catalogue", "registration", "identity", "certification", "status", "journal", "records"),
    *("custody", "documents", "operations", "portal", "enrolment", "publication"),
)
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "base", "services", "managers"}
FINDING_MAKERS = {"error", "warning", "info"}


@lru_cache
def parsed() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def written_code() -> Iterator[tuple[Path, ast.Module]]:
    """Everything but generated migrations."""
    return ((path, tree) for path, tree in parsed().items() if "migrations" not in path.parts)


def calls_of(tree: ast.Module, name: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


@pytest.mark.parametrize(("noun", "home"), [("Warrant", "registration"), ("Draft", "certification")])
def test_a_noun_of_the_gate_is_made_in_its_own_room_only(noun: str, home: str) -> None:
    makers = {room_of(path) for path, tree in parsed().items() if calls_of(tree, noun)}
    assert makers == {home}


def test_models_are_named_in_records_and_operations_only() -> None:
    guilty = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in parsed().items()
        if room_of(path) not in {"records", "operations"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    ]
    assert guilty == []


def imported_modules(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno


def test_rooms_are_entered_by_their_front_door() -> None:
    guilty = []
    for path, tree in parsed().items():
        here = room_of(path)
        for module, line in imported_modules(tree):
            parts = module.split(".")
            if parts[0] != "sceau" or len(parts) < 3 or parts[1] not in ROOMS or parts[1] == here:
                continue
            if module == "sceau.records.models" and here == "operations":
                continue
            guilty.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert guilty == []


def test_relative_imports_are_not_used() -> None:
    guilty = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert guilty == []


def test_every_room_has_a_front_door_that_lists_its_names() -> None:
    for room in ROOMS:
        tree = parsed()[SOURCE / room / "__init__.py"]
        assigned = [
            t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
        ]
        assert "__all__" in assigned, room


def test_modules_say_what_they_decide() -> None:
    guilty = [str(path.relative_to(ROOT)) for path, tree in written_code() if not ast.get_docstring(tree)]
    assert guilty == []


def test_no_folder_or_module_has_a_name_that_says_nothing() -> None:
    guilty = [
        str(p.relative_to(ROOT))
        for p in SOURCE.rglob("*")
        if p.stem in FORBIDDEN_NAMES and p.suffix != ".html"
    ]
    assert guilty == []


def test_files_stay_within_their_wall() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path, _ in written_code()}
    assert {name: size for name, size in sizes.items() if size > 500} == {}


def test_functions_stay_within_their_wall() -> None:
    guilty = []
    for path, tree in written_code():
        wall = 60 if room_of(path) == "operations" else 50
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > wall:
                    guilty.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {length}")
    assert guilty == []


def test_functions_take_few_positional_parameters() -> None:
    guilty = []
    for path, tree in written_code():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            names = [argument.arg for argument in node.args.posonlyargs + node.args.args]
            count = len([name for name in names if name not in {"self", "cls"}])
            if count > 4:
                guilty.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {count}")
    assert guilty == []


def finding_codes() -> Iterator[tuple[str | None, str]]:
    """Every code given to `Finding.error/warning/info(`, `Finding(` or `Fault(`; None where no literal."""
    for path, tree in parsed().items():
        if path == SOURCE / "vocabulary" / "findings.py":
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            is_maker = (
                isinstance(function, ast.Attribute)
                and function.attr in FINDING_MAKERS
                and isinstance(function.value, ast.Name)
                and function.value.id == "Finding"
            )
            is_direct = isinstance(function, ast.Name) and function.id in {"Finding", "Fault"}
            if not (is_maker or is_direct):
                continue
            first = node.args[0] if node.args else None
            literal = (
                first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
            )
            yield literal, f"{path.relative_to(ROOT)}:{node.lineno}"


def catalogue_codes() -> set[str]:
    folder = SOURCE / "catalogue" / "data" / "findings"
    return {
        code for path in folder.glob("*.toml") for code in tomllib.loads(path.read_text(encoding="utf-8"))
    }


def test_codes_of_findings_are_literal() -> None:
    assert [place for code, place in finding_codes() if code is None] == []


def test_every_code_has_its_french_sentence() -> None:
    texts = catalogue_codes()
    assert (
        sorted({f"{code} ({place})" for code, place in finding_codes() if code and code not in texts}) == []
    )


def test_no_sentence_is_left_without_a_finding() -> None:
    used = {code for code, _ in finding_codes()}
    assert sorted(catalogue_codes() - used) == []


def test_locked_requirements_name_no_registry_and_carry_hashes() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        pinned = re.findall(r"^\S+==\S+", text, flags=re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)


def test_decision_records_are_numbered_and_complete() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        for heading in ("## Context", "## Decision", "## Consequences", "## What would change our mind"):
            assert heading in text, f"{record.name} lacks {heading!r}"
