"""`sceau contract`, `sceau piece`, `sceau domain`: the same verbs, from the console."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sceau.cli import contract, domain, piece
from sceau.vocabulary import Refused, errors
from tests.instance import ALICE, BRUNO, CONTRACT, MANDATAIRE, Instance, accepted
from tests.integration.test_legal_file import LENT, PNG, STRUCTURE, identity

APPS = {"contract": contract, "piece": piece, "domain": domain}


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Any:
    for module in APPS.values():
        monkeypatch.setattr(module, "open_instance", lambda data: None)

    def call(topic: str, *arguments: str) -> Result:
        return CliRunner().invoke(APPS[topic].app, list(arguments))

    return call


def answer(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def refused(result: Result) -> set[str]:
    assert isinstance(result.exception, Refused), result.output
    return {finding.code for finding in errors(result.exception.findings)}


def test_contracts_are_read_and_acted_on_as_a_named_officer(run: Any) -> None:
    order = accepted()
    alice, bruno = ALICE.national_id.text, BRUNO.national_id.text
    assert [one["number"] for one in answer(run("contract", "list", "exemple", "--json"))] == [CONTRACT]
    assert answer(run("contract", "show", CONTRACT, "--json"))["line"]["state"] == "active"
    assert refused(run("contract", "show", "C-0")) == {"operations.contract-unknown"}
    assert answer(run("contract", "stops", CONTRACT, "--json"))["rights"] == list(order.habilitations)
    act = ["contract", "act", CONTRACT, "terminate", "--reason", "Fin", "--as", alice, "--json"]
    assert refused(run(*act)) == {"contract.stop-unanswered"}
    asked = run(*act, "--answer", "rights=withdraw")
    assert answer(asked)["state"] == "active"
    waiting = answer(run("contract", "show", CONTRACT, "--json"))["acts"][0]["reference"]
    assert refused(run("contract", "confirm", waiting, "--as", alice)) == {"contract.same-officer"}
    assert answer(run("contract", "confirm", waiting, "--as", bruno, "--json"))["state"] == "terminated"
    assert (
        run(
            "contract", "act", CONTRACT, "suspend", "--reason", "x", "--as", alice, "--answer", "rights"
        ).exit_code
        == 2
    )


def test_outside_development_the_console_acts_on_no_contract(run: Any, instance: Instance) -> None:
    instance.at_another(mode="production")
    act = ["contract", "act", CONTRACT, "suspend", "--reason", "x", "--as", ALICE.national_id.text]
    assert refused(run(*act)) == {"operations.not-by-console"}


def test_a_mandate_is_ended_from_the_console(run: Any) -> None:
    ended = run(
        "contract",
        "end-party",
        CONTRACT,
        MANDATAIRE.card,
        "mandataire",
        "2026-11-23",
        "--reason",
        "Parti",
        "--json",
    )
    parties = {one["card_number"]: one["valid_until"] for one in answer(ended)["parties"]}
    assert parties[MANDATAIRE.card] == "2026-11-23"


def test_pieces_are_added_shown_and_the_key_renewed(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "kbis.png"
    file.write_bytes(PNG)
    added = run(
        "piece",
        "add",
        str(file),
        "--kind",
        "kbis",
        "--of",
        f"contract:{CONTRACT}",
        "--issued",
        "2026-11-02",
        "--json",
    )
    line = answer(added)
    assert answer(run("piece", "show", line["reference"], "--json"))["sha256"] == line["sha256"]
    assert run("piece", "add", str(file), "--kind", "kbis", "--of", CONTRACT).exit_code == 2
    assert refused(run("piece", "show", "PIE-0")) == {"piece.unknown"}
    identity()
    assert "1 pièce" in run("piece", "rotate").output
    assert "0 effacée" in run("piece", "erase").output


def test_a_challenge_is_drawn_and_looked_up(run: Any, instance: Instance) -> None:
    alice = ALICE.national_id.text
    drawn = run(
        "domain", "challenge", LENT, "--structure", STRUCTURE, "--holder", "Mairie", "--as", alice, "--json"
    )
    line = answer(drawn)
    instance.zone.records[f"_sceau-challenge.{LENT}"] = (line["challenge"],)
    looked_up = run("domain", "check", line["reference"], "--as", alice, "--json")
    assert answer(looked_up)["state"] == "standing"
