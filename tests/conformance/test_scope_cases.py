"""The adversarial tables of `cases/scope`: each line is a case, a file that nobody reads is a failure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sceau.cli.explain_batch import answer_safely, as_answer
from sceau.cli.explain_questions import Asker, new_asker

FOLDER = Path(__file__).parent / "cases" / "scope"
MAIL_PRODUCTS = ("SERV_S/MIME", "SERV_SIGN", "SERV_CONF", "PRO_AUTH", "PRO_SIGN", "PRO_CONF")
Case = tuple[str, dict[str, Any], str, str]


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def names_under_scopes(name: str) -> Iterator[Case]:
    for scope in read(name)["scope"]:
        products = MAIL_PRODUCTS if scope["kind"] == "mail" else ("SERV_SSL",)
        for verdict in ("accept", "refuse"):
            for number, (asked, code) in enumerate(scope.get(verdict, {}).items()):
                declared = {key: scope[key] for key in ("kind", "declared", "restricted") if key in scope}
                product = products[number % len(products)]
                request = {"explain": "name", "product": product, **declared, "names": [asked]}
                yield f"{declared} {asked!r}", request, verdict, code


def declarations(name: str) -> Iterator[Case]:
    for kind, table in read(name).items():
        for verdict in ("accept", "refuse"):
            for declared, code in table[verdict].items():
                request = {"explain": "scope", "kind": kind, "declared": declared, "restricted": False}
                yield f"{kind} {declared!r}", request, verdict, code


def applications(name: str) -> Iterator[Case]:
    for verdict, table in read(name).items():
        for asked, code in table.items():
            request = {"explain": "name", "product": "ORG_AUTH_CLI", "names": [asked]}
            yield f"{asked!r}", request, verdict, code


def whole_requests(name: str) -> Iterator[Case]:
    for case in read(name)["case"]:
        yield case["why"], case["request"], case["verdict"], case["code"]


def changed_rights(name: str) -> Iterator[Case]:
    table = read(name)
    for case in table["case"]:
        request = dict(table["base"][case["base"]])
        for path, value in case.get("change", {}).items():
            head, _, tail = path.partition(".")
            request[head] = {**request[head], tail: value} if tail else value
        verdict = "refuse" if case.get("refused") else "accept"
        yield f"{case['base']} {case.get('change', '')}", request, verdict, case["code"]


READERS = {
    "hosts.toml": names_under_scopes,
    "mail.toml": names_under_scopes,
    "declarations.toml": declarations,
    "applications.toml": applications,
    "several.toml": whole_requests,
    "right.toml": changed_rights,
}
CASES = [
    pytest.param(*case[1:], id=f"{file}: {case[0]}".encode("unicode_escape").decode())
    for file, reader in READERS.items()
    for case in reader(file)
]


@pytest.fixture(scope="module")
def asker() -> Asker:
    return new_asker(lambda: datetime(2026, 11, 24, tzinfo=UTC))


def test_every_file_of_cases_has_a_reader() -> None:
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()} == set(
        READERS
    )


def test_no_case_was_lost() -> None:
    assert len(CASES) == 794


@pytest.mark.parametrize(("request_", "verdict", "code"), CASES)
def test_case(request_: dict[str, Any], verdict: str, code: str, asker: Asker) -> None:
    said = as_answer(answer_safely(request_, asker), asker.catalogue)
    codes = {finding["code"]: finding["severity"] for finding in said["findings"]}
    assert said["verdict"] == verdict, codes
    assert code in codes
    assert (codes[code] == "error") == (verdict == "refuse")
    assert all(finding["message"] and finding["subject"] for finding in said["findings"])
