"""`sceau order`: orders of an instance, followed and decided by a named officer."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from sceau.cli.order_desk import add_to
from sceau.cli.order_said import Version, answer, file_of, line_of
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import OrderFile, QueuePage
    from sceau.registration import Examination

app = topic("Suivre et décider les commandes.")
add_to(app)

File = Annotated[Path, typer.Argument(metavar="FICHIER", exists=True, dir_okay=False, help="PDF ou JSON.")]


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    which: Annotated[
        str, typer.Option("--which", help="todo, mine, unassigned, late, waiting ou held.")
    ] = "todo",
    as_: As = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, telle que rendue.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """La file du guichet, ce qui attend depuis le plus longtemps d'abord ; `mine` : celle de --as."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import QueueOf, desk_page

    if which not in set(QueueOf):
        raise typer.BadParameter(", ".join(QueueOf), param_hint="--which")
    found = desk_page(which=which, officer=as_, at=machine().clock(), after=after, limit=limit)
    say(found, as_json=as_json, lines=_queue(found))


@app.command()
def find(
    text: Annotated[str, typer.Argument(metavar="TEXTE", help="Référence, numéro, nom ou domaine.")],
    *,
    data: Data = DATA,
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, telle que rendue.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Ce que désigne un numéro, un nom ou son début : commandes, et tout ce qui s'y rattache."""
    open_instance(data)
    from sceau.catalogue import load_catalogue
    from sceau.records import search

    found = search(text, issuers=list(load_catalogue().issuers), after=after, limit=limit)
    lines = [f"{one.kind}  {one.reference}  {one.title}  {one.detail}" for one in found.found]
    say(found, as_json=as_json, lines=[*lines, *([f"suite : --after {found.after}"] if found.after else [])])


@app.command()
def show(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Le dossier d'une commande, et l'examen de sa version présente."""
    open_instance(data)
    from sceau.operations import examination_of

    file = file_of(reference)
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
        answer(receive_form(actor, raw=raw, channel="cli", idempotency_key=key), as_json=as_json)
        return
    intake = receive_form_file(actor, FormFile(content, name=file.name))
    if not intake.order:
        raise Refused(intake.findings)
    answer(file_of(intake.order), as_json=as_json)


@app.command()
def take(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Commencer l'examen, ou le reprendre à un collègue."""
    open_instance(data)
    from sceau.operations import take_order

    answer(take_order(officer(as_), reference=reference), as_json=as_json)


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

    seen = version or file_of(reference).line.version
    order = settle_scope_kind(
        officer(as_), reference=reference, version=seen, offer=offer - 1, kind=kind, restricted=restricted
    )
    answer(order, as_json=as_json)


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
    seen = version or file_of(reference).line.version
    order = amend_order(officer(as_), reference=reference, version=seen, raw=raw, why=reason)
    answer(order, as_json=as_json)


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


def _queue(found: QueuePage) -> Iterator[str]:
    for one in found.lines:
        due = f"  pour le {one.due_at:%Y-%m-%d}{', en retard' if one.late else ''}" if one.due_at else ""
        yield f"{line_of(one.order)}{due}"
    if found.after:
        yield f"suite : --after {found.after}"


def _lines(file: OrderFile, examination: Examination) -> Iterator[str]:
    from sceau.catalogue import load_catalogue

    catalogue = load_catalogue()
    yield line_of(file.line)
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
