"""`sceau structure-change`, typed as an operator types it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from sceau.cli import structure_change
from sceau.operations.structure_change import advance_structure_changes
from tests.instance import ALICE, BRUNO, STRANGER, Instance, accepted
from tests.integration.test_structure_changes import NEW_SIRET, OLD, issued, seen, with_extract

A, B = ALICE.national_id.text, BRUNO.national_id.text


@pytest.fixture
def sceau(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs one command and gives its output; `refused` for one that is to fail."""
    monkeypatch.setattr(structure_change, "open_instance", lambda data: None)
    runner = CliRunner()

    def run(*arguments: str, refused: bool = False) -> str:
        done = runner.invoke(structure_change.app, list(arguments))
        assert (done.exit_code != 0) == refused, done.output
        return done.output

    return run


def test_a_change_is_opened_answered_decided_and_given_more_time_at_the_console(
    instance: Instance, sceau: Any
) -> None:
    accepted()
    first = issued("first")
    becomes = ("name=Nouvel Exemple", f"siret={NEW_SIRET}", "postcode=69003", "commune=Lyon")
    said = [word for one in becomes for word in ("--becomes", one)]
    opening = ["open", "--structure", OLD, "--kind", "renamed", "--effective", "2026-11-24", "--json"]
    sceau(*opening, "--as", A, "--reason", "Avis", "--becomes", "phone=1", refused=True)
    reference = json.loads(sceau(*opening, "--as", A, "--reason", "Avis", *said))["reference"]
    assert reference in sceau("list", "--as", A)
    sceau("show", reference, "--as", STRANGER.national_id.text, refused=True)
    with_extract(reference)
    shown = json.loads(sceau("show", reference, "--as", A, "--json"))
    answers = {"contract": "follow", "right": "follow", "certificate": "replace"}
    that = [
        word for one in shown["lines"] for word in ("--that", f"{one['reference']}={answers[one['thing']]}")
    ]
    days = ("--replace-before", "2026-12-24", "--revoke-on", "2027-01-24")
    sceau("answer", reference, "--as", A, *that, *days)
    version = str(seen(reference).version)
    sceau("propose", reference, "--version", version, "--as", A)
    sceau("confirm", reference, "--version", version, "--as", A, refused=True)
    sceau("confirm", reference, "--version", version, "--as", B)
    moved = ("move", reference, "--certificate", first, "--reason", "Retard", "--as", A)
    sceau(*moved, "--revoke-on", "2026-12-30", refused=True)
    assert "31/01/2027" in sceau(*moved, "--revoke-on", "2027-01-31")
    instance.clock.forward(days=31)
    advance_structure_changes()
    sceau(*moved, "--revoke-on", "2027-02-15", refused=True)
    assert "NON REMPLACÉ" in sceau("show", reference, "--as", A)
    grace = ("grace", reference, "--certificate", first, "--reason", "Panne", "--as", A)
    sceau(*grace, "--revoke-on", "2027-02-15")
    (asked,) = seen(reference).graces
    decide = ("decide-grace", reference, "--grace", asked.reference, "--grant", "--as")
    sceau(*decide, A, refused=True)
    assert "révoqué le 15/02/2027" in sceau(*decide, B)


def test_a_change_is_reopened_and_dropped_at_the_console(instance: Instance, sceau: Any) -> None:
    accepted()
    opening = ("open", "--structure", OLD, "--kind", "closed", "--effective", "2026-12-24")
    sceau(*opening, "--as", A, "--reason", "Avis")
    reference = json.loads(sceau("list", "--as", A, "--json"))[0]["reference"]
    piece = with_extract(reference)
    sceau("evidence", reference, "--piece", piece, "--as", A)
    lines = [(one.reference, one.thing) for one in seen(reference).lines]
    answers = {"contract": "terminate", "right": "withdraw"}
    that = [word for one, thing in lines for word in ("--that", f"{one}={answers[thing]}")]
    sceau("answer", reference, "--as", A, *that)
    sceau("propose", reference, "--version", str(seen(reference).version), "--as", A)
    sceau("reopen", reference, "--as", B, "--reason", "À revoir")
    assert "dropped" in sceau("drop", reference, "--as", A, "--reason", "Erreur")
