"""How `sceau order` shows orders, whatever was done with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sceau.cli.console import say
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import OrderFile, OrderLine

Version = Annotated[
    int | None, typer.Option("--version", help="La version lue ; sans elle, la version présente.", min=1)
]


def file_of(reference: str) -> OrderFile:
    """The whole file of an order; `Refused` when there is none."""

    from sceau.records import order_file

    file = order_file(reference)
    if file is None:
        raise Refused([Finding.error("order.unknown", reference)])
    return file


def answer(file: OrderFile, *, as_json: bool) -> None:
    """The order as it now stands, with the rights it gave."""
    lines = [line_of(file.line), *(f"  habilitation {reference}" for reference in file.habilitations)]
    say(file, as_json=as_json, lines=lines)


def line_of(line: OrderLine) -> str:
    """An order on one line."""
    from sceau.catalogue import load_catalogue

    state = load_catalogue().text(f"order.{line.state}")
    name = line.structure_name or "(formulaire à compléter)"
    given = f", {line.approvals} approbation(s)" if line.approvals else ""
    return f"{line.reference}  v{line.version}  {state}{given}  {name}  contrat {line.contract_number or '–'}"


def raw_of(file: Path) -> dict[str, Any]:
    """The raw form in a JSON file. `Refused` when it is none."""
    try:
        raw = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise Refused([Finding.error("form.not-a-form", file.name)]) from problem
    if not isinstance(raw, dict):
        raise Refused([Finding.error("form.not-a-form", file.name)])
    return raw
