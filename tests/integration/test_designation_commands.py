"""`sceau designation`, typed as an operator types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from sceau.cli import designation
from sceau.records import designation_view
from tests.designations import admitted, designated, editor_registered
from tests.instance import ALICE, NOON, STRANGER, Instance, accepted
from tests.integration.test_designations import issued, rights


def test_designations_are_listed_shown_and_ended(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designation, "open_instance", lambda data: None)
    editor_registered()
    accepted()
    admitted()
    reference = designated()
    certificate = issued("first").line.reference
    runner = CliRunner()
    listed = runner.invoke(designation.app, ["list"])
    assert reference in listed.output
    assert "Éditeur de l'Exemple" in listed.output
    shown = runner.invoke(designation.app, ["show", reference, "--json"])
    assert json.loads(shown.output)["rights"] == 1
    assert "1 certificat(s) en service" in runner.invoke(designation.app, ["show", reference]).output
    end = ["end", reference, "--reason", "Demande écrite de la structure", "--as"]
    assert runner.invoke(designation.app, [*end, STRANGER.national_id.text]).exit_code != 0
    assert rights() != set()
    ended = runner.invoke(designation.app, [*end, ALICE.national_id.text, "--revoke", certificate])
    assert ended.exit_code == 0, ended.output
    view = designation_view(reference, at=NOON)
    assert view is not None
    assert (view.line.state, view.ended_as, view.rights, view.certificates) == ("ended", "desk", 0, 0)
