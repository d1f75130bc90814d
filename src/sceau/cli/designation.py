"""`sceau designation`: which structures designated which third parties, and the end of a designation by a
named officer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from sceau.cli.console import (
    DATA,
    As,
    AsJson,
    Data,
    Reason,
    Reference,
    Revoke,
    RevokeAll,
    officer,
    open_instance,
    say,
    topic,
)
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import DesignationLine, DesignationView

app = topic("Voir les désignations d'éditeurs et de distributeurs, et y mettre fin.")


@app.command("list")
def list_(
    *,
    data: Data = DATA,
    third_party: Annotated[str, typer.Option("--third-party", help="Référence du tiers (TIE-…).")] = "",
    contract: Annotated[str, typer.Option("--contract", help="Numéro de contrat de la structure.")] = "",
    state: Annotated[str, typer.Option("--state", help="prepared, offered, active, declined, ended.")] = "",
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Les désignations, de la plus ancienne à la plus récente."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import list_designations

    found = list_designations(
        at=machine().clock(),
        third_party=third_party,
        contract=contract,
        state=state,
        after=after,
        limit=limit,
    )
    say(found, as_json=as_json, lines=(_line(one) for one in found))


@app.command()
def show(reference: Reference, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Une désignation : ses actes signés, l'équipe, ce qu'elle tient, et ce que sa fin arrêterait."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import designation_view

    view = designation_view(reference, at=machine().clock())
    if view is None:
        raise Refused([Finding.error("designation.unknown", reference)])
    say(view, as_json=as_json, lines=_view(view))


@app.command()
def end(
    reference: Reference,
    *,
    as_: As,
    reason: Reason,
    data: Data = DATA,
    revoke: Revoke = None,
    revoke_all: RevokeAll = False,
    as_json: AsJson = False,
) -> None:
    """Mettre fin à une désignation : droits retirés, jetons terminés ; les certificats restent, sauf ceux
    nommés.
    """
    open_instance(data)
    from sceau.operations import DesignationEnd, end_designation, preview_designation_end
    from sceau.registration import StopPlan

    seen = preview_designation_end(reference).seen
    plan = StopPlan(
        each=dict.fromkeys(revoke or [], "revoke"),
        others={"certificates": "revoke" if revoke_all else "keep"},
    )
    view = end_designation(officer(as_), DesignationEnd(reference, reason, seen, plan))
    say(view, as_json=as_json, lines=_view(view))


def _line(line: DesignationLine) -> str:
    until = "" if line.terms is None else f" jusqu'au {line.terms.until:%d/%m/%Y}"
    force = "" if line.is_in_force or line.state != "active" else ", sans effet aujourd'hui"
    return (
        f"{line.reference}  {line.state}{force}  {line.structure} ({line.contract})"
        f" → {line.third_party_name}{until}"
    )


def _view(view: DesignationView) -> Iterator[str]:
    yield _line(view.line)
    for version in view.versions:
        mark = "présente" if version.is_present else "attend un second agent" if version.waits else "passée"
        names = ", ".join(version.names) or "tous les noms de la structure"
        powers = [
            word
            for word, given in (
                ("partie technique", version.may_fill),
                ("certificats", version.may_administer),
            )
            if given
        ]
        yield (
            f"  version {version.number} ({mark}) : {', '.join(version.products)} ; {names} ;"
            f" {' et '.join(powers)} ; jusqu'au {version.until:%d/%m/%Y}"
        )
    for member in view.team:
        yield f"  équipe : {member.person} (carte {member.card_number})"
    yield f"  {view.rights} habilitation(s), {view.certificates} certificat(s) en service"
    if view.ended_at is not None:
        yield f"  terminée le {view.ended_at:%d/%m/%Y} ({view.ended_as}) : {view.reason}"
