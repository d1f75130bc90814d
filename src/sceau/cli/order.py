"""`sceau order`: orders of an instance, followed and decided by a named officer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sceau.cli.console import (
    DATA,
    As,
    AsJson,
    Data,
    Reason,
    Reference,
    officer,
    open_instance,
    said,
    say,
    topic,
)
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import OrderFile, OrderLine
    from sceau.registration import Examination

app = topic("Suivre et décider les commandes.")

File = Annotated[Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="PDF ou JSON.")]
Version = Annotated[
    int | None, typer.Option("--version", help="La version lue ; sans elle, la version présente.", min=1)
]


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    state: Annotated[list[str] | None, typer.Option("--state", help="Seulement ces états.")] = None,
    text: Annotated[str, typer.Option("--text", help="Dans le nom, le numéro ou la référence.")] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Les commandes, la plus anciennement modifiée d'abord ; par défaut celles qui attendent une décision."""
    open_instance(data)
    from sceau.records import desk_queue

    found = desk_queue(states=state or (), text=text, after=after, limit=limit)
    say(found, as_json=as_json, lines=(_line(line) for line in found))


@app.command()
def show(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Le dossier d'une commande, et l'examen de sa version présente."""
    open_instance(data)
    from sceau.operations import examination_of

    file = _file(reference)
    examination = examination_of(file.line.reference)
    value = {"order": file, "examination": _checks(examination)}
    say(value, as_json=as_json, lines=_lines(file, examination))


@app.command()
def receive(
    file: Annotated[
        Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="PDF ou JSON.")
    ],
    *,
    data: Data = DATA,
    as_: As = "",
    key: Annotated[str, typer.Option("--key", help="Repère d'unicité de ce dépôt.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enregistrer un formulaire 413 arrivé par courrier (PDF, ou formulaire brut en JSON).

    Un PDF est reçu comme par toutes les portes : sa signature est vérifiée, et les mêmes octets ne font
    qu'une commande.

    Avec --as, la personne qui le dépose en devient partie, et n'en décidera pas.
    """
    open_instance(data)
    from sceau.operations import Actor, FormFile, receive_form, receive_form_file

    content = _content_of(file)
    actor = officer(as_) if as_ else Actor.system("mail-room")
    if content.lstrip()[:1] == b"{":
        raw = _raw_of(file.name, content)
        _answer(receive_form(actor, raw=raw, channel="cli", idempotency_key=key), as_json=as_json)
        return
    intake = receive_form_file(actor, FormFile(content, name=file.name))
    if not intake.order:
        raise Refused(intake.findings)
    _answer(_file(intake.order), as_json=as_json)


@app.command()
def take(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Commencer l'examen, ou le reprendre à un collègue."""
    open_instance(data)
    from sceau.operations import take_order

    _answer(take_order(officer(as_), reference=reference), as_json=as_json)


@app.command()
def settle(
    reference: Reference,
    *,
    offer: Annotated[
        int, typer.Option("--offer", min=1, help="Numéro de la ligne d'offre ; la première est 1.")
    ],
    as_: As,
    kind: Annotated[str | None, typer.Option("--kind", help="domain, subdomain, server ou mail.")] = None,
    restricted: Annotated[
        bool | None,
        typer.Option("--restricted/--unrestricted", help="Restriction d'un domaine de mail."),
    ] = None,
    version: Version = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Préciser ce que le formulaire ne dit pas d'un nom ; les approbations déjà données ne comptent plus."""
    open_instance(data)
    from sceau.operations import settle_scope_kind

    seen = version or _file(reference).line.version
    order = settle_scope_kind(
        officer(as_), reference=reference, version=seen, offer=offer - 1, kind=kind, restricted=restricted
    )
    _answer(order, as_json=as_json)


@app.command()
def amend(
    reference: Reference,
    file: Annotated[
        Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="Formulaire brut.")
    ],
    *,
    as_: As,
    reason: Reason,
    version: Version = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Remplacer le texte de la commande par un formulaire brut (JSON) ; une nouvelle version en naît."""
    open_instance(data)
    from sceau.operations import amend_order

    raw = _raw_of(file.name, _content_of(file))
    seen = version or _file(reference).line.version
    order = amend_order(officer(as_), reference=reference, version=seen, raw=raw, why=reason)
    _answer(order, as_json=as_json)


@app.command()
def ask(
    reference: Reference,
    *,
    text: Annotated[str, typer.Option("--text", help="Ce qui manque, en mots pour le demandeur.")],
    as_: As,
    due: Annotated[datetime | None, typer.Option("--due", formats=["%Y-%m-%d"], help="Pour quand.")] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Demander ce qui manque au dossier."""
    open_instance(data)
    from sceau.operations import ask_for_more

    day: date | None = due.date() if due else None
    _answer(ask_for_more(officer(as_), reference=reference, text=text, due=day), as_json=as_json)


@app.command()
def note(
    reference: Reference,
    *,
    text: Annotated[str, typer.Option("--text", help="Pour le guichet seulement.")],
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Écrire une note interne au dossier."""
    open_instance(data)
    from sceau.operations import note_order

    _answer(note_order(officer(as_), reference=reference, text=text), as_json=as_json)


@app.command()
def approve(
    reference: Reference, *, as_: As, version: Version = None, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Approuver ; la seconde personne différente accepte la commande et accorde les habilitations."""
    open_instance(data)
    from sceau.operations import approve_order

    seen = version or _file(reference).line.version
    _answer(approve_order(officer(as_), reference=reference, version=seen), as_json=as_json)


@app.command()
def refuse(
    reference: Reference, *, as_: As, reason: Reason, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Refuser, avec le motif que lira le demandeur. Définitif."""
    open_instance(data)
    from sceau.operations import refuse_order

    _answer(refuse_order(officer(as_), reference=reference, reason=reason), as_json=as_json)


@app.command()
def abandon(
    reference: Reference, *, as_: As, reason: Reason = "", data: Data = DATA, as_json: AsJson = False
) -> None:
    """Clore sans suite une commande à laquelle personne ne répond plus. Définitif."""
    open_instance(data)
    from sceau.operations import abandon_order

    _answer(abandon_order(officer(as_), reference=reference, reason=reason), as_json=as_json)


def _content_of(file: Path) -> bytes:
    from sceau.documents import MOST_BYTES

    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _raw_of(name: str, content: bytes) -> dict[str, Any]:
    """The raw form in a JSON file."""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise Refused([Finding.error("form.not-a-form", name)]) from problem
    if not isinstance(raw, dict):
        raise Refused([Finding.error("form.not-a-form", name)])
    return raw


def _file(reference: str) -> OrderFile:
    from sceau.records import order_file

    file = order_file(reference)
    if file is None:
        raise Refused([Finding.error("order.unknown", reference)])
    return file


def _answer(file: OrderFile, *, as_json: bool) -> None:
    lines = [_line(file.line), *(f"  habilitation {reference}" for reference in file.habilitations)]
    say(file, as_json=as_json, lines=lines)


def _line(line: OrderLine) -> str:
    from sceau.catalogue import load_catalogue

    state = load_catalogue().text(f"order.{line.state}")
    name = line.structure_name or "(formulaire à compléter)"
    given = f", {line.approvals} approbation(s)" if line.approvals else ""
    return f"{line.reference}  v{line.version}  {state}{given}  {name}  contrat {line.contract_number or '–'}"


def _lines(file: OrderFile, examination: Examination) -> Iterator[str]:
    from sceau.catalogue import load_catalogue

    catalogue = load_catalogue()
    yield _line(file.line)
    for check in examination.checks:
        title = catalogue.text(f"check.{check.kind}")
        yield f"[{catalogue.text(f'light.{check.light}')}] {title}"
        for one in said(check.findings):
            yield f"    {one['message']}" + ("" if one["severity"] == "info" else f" {one['remedy']}")
    for given in file.approvals:
        yield f"approuvée (v{given.version}) par {given.officer}, {given.at:%Y-%m-%d %H:%M} UTC"
    for written in file.notes:
        yield f"{written.at:%Y-%m-%d %H:%M} UTC {written.author or 'instance'} : {written.text}"
    for reference in file.habilitations:
        yield f"habilitation {reference}"


def _checks(examination: Examination) -> list[dict[str, Any]]:
    return [
        {"check": str(check.kind), "light": str(check.light), "findings": said(check.findings)}
        for check in examination.checks
    ]
