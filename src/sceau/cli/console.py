"""What the operator's commands on an instance share: opening it, saying who acts, answering in text or
JSON.

An operator acts as a named person whom the instance knows (`--as`), never as a superuser: the verb checks
their role as it does for a page. What engages that person is done from here in a development instance only.
Exit codes: 0 done, 1 refused, 2 misuse, 3 a machine failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.operations import Actor
    from sceau.records import PersonLine

AsJson = Annotated[bool, typer.Option("--json", help="Répondre en JSON.")]
Data = Annotated[
    Path,
    typer.Option("--data", help="Dossier des données de l'instance.", envvar="SCEAU_DATA", file_okay=False),
]
As = Annotated[
    str, typer.Option("--as", metavar="IDENTIFIANT", help="Identifiant national de la personne qui agit.")
]
Reference = Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="La référence, telle qu'affichée.")]
Reason = Annotated[str, typer.Option("--reason", help="Le motif, en toutes lettres.")]
Revoke = Annotated[
    list[str] | None, typer.Option("--revoke", help="Un certificat à révoquer (plusieurs fois, au besoin).")
]
RevokeAll = Annotated[bool, typer.Option("--revoke-all", help="Révoquer tous ceux qui sont en service.")]
DATA = Path("data")


def topic(summary: str) -> typer.Typer:
    """The Typer application of one topic."""
    return typer.Typer(
        help=summary, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )


def open_instance(data: Path) -> None:
    """Start Django on the instance and install its machine. Comes before any import of verbs or queries."""
    from sceau.site import start

    start(data)


def someone(person_id: str, *, card: str | None = None) -> Actor:
    """The person an operator acts as, with their own card. `card`: which one, if they hold several.

    Whoever has a shell is not everybody the instance knows: an act that engages a person is theirs to do in
    the portal, card in hand. Only a development instance, where nobody is engaged, lets the console do it,
    with a card that the records know as that person's and valid [ASSURANCE T45]. The journal keeps that the
    act came from the console.
    """
    from sceau.operations import machine
    from sceau.records import valid_cards_of

    line = _known(person_id)
    present = machine()
    if present.mode != "development":
        raise Refused([Finding.error("operations.not-by-console", person_id)])
    held = [known.number for known in valid_cards_of(line.national_id, at=present.clock())]
    if card is not None and card not in held:
        raise Refused([Finding.error("operations.card-not-yours", card)])
    if not held:
        raise Refused([Finding.error("operations.no-valid-card", person_id)])
    return _actor(line, card or held[0])


def officer(person_id: str) -> Actor:
    """The same, who must hold a role at the desk."""
    _require_role(_known(person_id))
    return someone(person_id)


def registrar(person_id: str) -> Actor:
    """Who keeps the registers from the console, by role and without a card: no page does it yet. Whatever is
    asked of a card is refused to this actor.
    """
    line = _known(person_id)
    _require_role(line)
    return _actor(line, None)


def _known(person_id: str) -> PersonLine:
    from sceau.records import person_line

    line = person_line(person_id)
    if line is None:
        raise Refused([Finding.error("operations.person-unknown", person_id)])
    return line


def _require_role(line: PersonLine) -> None:
    if not line.roles:
        needed = "desk, auditor, authority"
        raise Refused([Finding.error("operations.role-missing", line.national_id, needed=needed)])


def _actor(line: PersonLine, card: str | None) -> Actor:
    from sceau.operations import Actor

    return Actor(line.national_id, card, line.roles | {"console"}, line.display)


def say(value: Any, *, as_json: bool, lines: Iterable[str]) -> None:
    """The answer: `value` as JSON, or `lines` for a person."""
    if as_json:
        typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2, sort_keys=True))
        return
    for line in lines:
        typer.echo(line)


def said(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Findings as JSON has them, with their French sentence."""
    from sceau.catalogue import load_catalogue

    catalogue = load_catalogue()
    found = []
    for finding in findings:
        sentence = catalogue.say(finding)
        found.append(
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "subject": finding.subject,
                "message": sentence.text,
                "remedy": sentence.remedy,
            }
        )
    return found


def plain(value: Any) -> Any:
    """A view as JSON has it: bytes are left out, instants and dates in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: plain(content) for name, content in named if not isinstance(content, bytes)}
    if isinstance(value, Mapping):
        return {str(key): plain(content) for key, content in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(content) for content in value)
    if isinstance(value, tuple | list):
        return [plain(content) for content in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
