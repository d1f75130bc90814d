"""`sceau token`, typed as a technical administrator types it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from sceau.cli import token
from sceau.operations import admit_token
from sceau.vocabulary import Refused
from tests.instance import ADMINISTRATOR, STRANGER, Instance, Someone, accepted, right_for

Run = Callable[..., Result]


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own instance, which is open already."""
    accepted()
    monkeypatch.setattr(token, "open_instance", lambda data: None)

    def typed(*arguments: str, who: Someone = ADMINISTRATOR) -> Result:
        return CliRunner().invoke(token.app, [*arguments, "--as", who.national_id.text])

    return typed


def create(run: Run, *more: str, who: Someone = ADMINISTRATOR) -> Result:
    right = right_for("SERV_SSL")
    told = ("--habilitation", right, "--label", "serveur web", "--card", who.card)
    return run("create", *told, *more, who=who)


def test_the_secret_is_alone_on_the_output_and_serves(run: Run) -> None:
    made = create(run, "--accept-terms", "--days", "30")
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert made.stdout == f"{secret}\n"
    assert secret not in made.stderr
    assert admit_token(secret).person_id == ADMINISTRATOR.national_id.text


def test_a_token_is_listed_without_its_secret_and_ended(run: Run) -> None:
    made = create(run, "--accept-terms")
    reference = made.stderr.split()[0]
    shown = run("list").stdout
    assert reference in shown
    assert "utilisable" in shown
    assert made.stdout.strip()[6:] not in shown
    assert run("list", who=STRANGER).stdout == ""
    assert "révoqué" in run("revoke", reference).stdout
    with pytest.raises(Refused, match=r"token\.revoked"):
        admit_token(made.stdout.strip())


@pytest.mark.parametrize(
    ("more", "who", "code"),
    [((), ADMINISTRATOR, "token.terms"), (("--accept-terms",), STRANGER, "habilitation.unknown")],
)
def test_a_refusal_comes_with_its_reason(run: Run, more: tuple[str, ...], who: Someone, code: str) -> None:
    refused = create(run, *more, who=who).exception
    assert isinstance(refused, Refused)
    assert {finding.code for finding in refused.findings} == {code}
