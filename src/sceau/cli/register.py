"""`sceau register`: who an instance knows, at its set-up and after (national registers: `register_imports`).

Without `--as` the console acts as the machine itself, and the journal says so; roles are the machine's to
give only while nobody holds the role of authority.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sceau.cli.console import DATA, As, AsJson, Data, Reason, open_instance, registrar, say, topic
from sceau.cli.register_imports import add_to
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.operations import Actor, ContractEntry, PartyEntry
    from sceau.vocabulary import IdentifierMode

app = topic("Enregistrer personnes, cartes, contrats et rôles ; importer les registres nationaux.")
add_to(app)

PersonArgument = Annotated[str, typer.Argument(metavar="IDENTIFIANT", help="Identifiant national.")]
CardArgument = Annotated[
    str, typer.Argument(metavar="NUMÉRO", help="Troisième ligne de la carte, sous le nom.")
]


@app.command()
def person(
    national_id: PersonArgument,
    *,
    surname: Annotated[str, typer.Option("--surname", help="Nom, comme sur la carte.")],
    given_names: Annotated[str, typer.Option("--given-names", help="Prénoms, comme sur la carte.")],
    profession: Annotated[int | None, typer.Option("--profession", help="Code de la table G15.")] = None,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Enregistrer une personne, ou mettre son nom et sa profession à jour."""
    open_instance(data)
    from sceau.catalogue import load_catalogue
    from sceau.operations import register_person
    from sceau.registration import Person
    from sceau.vocabulary import read_person_id

    known = None if profession is None else load_catalogue().professions.get(profession)
    if profession is not None and known is None:
        raise Refused([Finding.error("operations.profession", str(profession))])
    line = register_person(
        _actor(as_),
        Person(
            national_id=read_person_id(national_id, mode=_mode()).require(),
            surname=surname,
            given_names=given_names,
            title=known.title if known else "Personnel santé ou social",
            profession_code=profession,
        ),
    )
    say(line, as_json=as_json, lines=[f"{line.national_id}  {line.display}"])


@app.command()
def card(
    number: CardArgument,
    *,
    holder: Annotated[str, typer.Option("--holder", help="Identifiant national du titulaire.")],
    type_: Annotated[str, typer.Option("--type", help="CPS, CDE, CPE_NOMINATIVE, CDA ou CPA.")],
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"])] = None,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Enregistrer la carte d'une personne déjà connue."""
    open_instance(data)
    from sceau.operations import register_card
    from sceau.registration import Card, CardStatus
    from sceau.vocabulary import read_card_number, read_person_id

    facts = Card(
        number=read_card_number(number, mode=_mode()).require(),
        type=type_,
        status=CardStatus.VALID,
        person_id=read_person_id(holder, mode=_mode()).require(),
    )
    ends = None if until is None else until.replace(tzinfo=UTC)
    line = register_card(_actor(as_), facts, not_after=ends)
    say(line, as_json=as_json, lines=[f"{line.number}  {line.type}  {line.status}  {line.person.display}"])


@app.command("card-status")
def card_status(
    number: CardArgument,
    status: Annotated[str, typer.Argument(metavar="ÉTAT", help="valid, revoked, suspended ou lost.")],
    *,
    reason: Reason,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Noter une opposition, une perte, ou qu'une carte est de nouveau valide."""
    open_instance(data)
    from sceau.operations import set_card_status

    line = set_card_status(_actor(as_), number=number, status=status, reason=reason)
    say(line, as_json=as_json, lines=[f"{line.number}  {line.type}  {line.status}  {line.person.display}"])


@app.command()
def contract(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="JSON.")],
    *,
    as_: As = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Enregistrer un contrat et sa structure, décrits en JSON.

    {"number", "valid_from", "valid_until", "invoiceable", "structure": {"name", "siret", "finess",
    "rpps_rangs", "postcode", "commune"}, "parties": [{"quality", "surname", "given_names", "card_number",
    "email", "phone", "valid_from", "valid_until", "powers"}]}
    """
    open_instance(data)
    from sceau.operations import register_structure_contract

    line = register_structure_contract(_actor(as_), _contract_in(file))
    say(line, as_json=as_json, lines=[f"{line.number}  {line.state}  {line.structure.name}"])


@app.command("officer")
def officer_(
    national_id: PersonArgument,
    quality: Annotated[str, typer.Argument(metavar="RÔLE", help="desk, auditor ou authority.")],
    *,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Reprendre le rôle.")] = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Donner ou reprendre un rôle à l'installation, l'autorité en dernier. Ensuite, il faut deux personnes,
    dans le portail.
    """
    open_instance(data)
    from sceau.operations import Actor, appoint_officer, dismiss_officer

    verb = dismiss_officer if dismiss else appoint_officer
    line = verb(Actor.system("console"), person_id=national_id, quality=quality)
    held = ", ".join(sorted(line.roles)) or "aucun rôle"
    say(line, as_json=as_json, lines=[f"{line.national_id}  {line.display} : {held}"])


def _actor(person_id: str) -> Actor:
    from sceau.operations import Actor

    return registrar(person_id) if person_id else Actor.system("console")


def _mode() -> IdentifierMode:
    from sceau.operations import machine
    from sceau.vocabulary import IdentifierMode

    present = machine()
    return IdentifierMode(present.catalogue.environments[present.environment].identifier_mode)


def _party_in(raw: dict[str, Any]) -> PartyEntry:
    from sceau.operations import PartyEntry

    dates = {key: date.fromisoformat(raw[key]) for key in ("valid_from", "valid_until") if raw.get(key)}
    return PartyEntry(**{**raw, **dates, "powers": tuple(raw.get("powers", ()))})


def _contract_in(file: Path) -> ContractEntry:
    from sceau.operations import ContractEntry, StructureEntry

    try:
        raw: dict[str, Any] = json.loads(file.read_text("utf-8"))
        structure = dict(raw["structure"])
        structure["rpps_rangs"] = tuple(structure.get("rpps_rangs", ()))
        until = raw.get("valid_until")
        return ContractEntry(
            number=raw["number"],
            structure=StructureEntry(**structure),
            valid_from=date.fromisoformat(raw["valid_from"]),
            valid_until=date.fromisoformat(until) if until else None,
            parties=tuple(_party_in(party) for party in raw.get("parties", ())),
            invoiceable=bool(raw.get("invoiceable", True)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise typer.BadParameter(f"ce fichier ne décrit pas un contrat : {problem!r}") from problem
