"""`sceau structure-change`: a structure that closes, is absorbed or changes identity, planned thing by thing
and decided by two named officers; and more time for a certificate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

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
    say,
    someone,
    topic,
)
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.operations import structure_change as verbs
    from sceau.records import StructureChangeView

app = topic("Suivre une structure qui ferme, est absorbée ou change d'identité, et en décider.")

Version = Annotated[int, typer.Option("--version", help="La version du plan qui fut lue (`show`).")]
Day = Annotated[
    datetime | None, typer.Option("--revoke-on", formats=["%Y-%m-%d"], help="Jour de révocation.")
]
Before = Annotated[
    datetime | None,
    typer.Option("--replace-before", formats=["%Y-%m-%d"], help="Dernier jour pour remplacer."),
]


@app.command("list")
def list_(
    *,
    as_: As,
    after: Annotated[str, typer.Option("--after", help="Suite de la liste, après cette référence.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Les changements que cette personne peut voir, du plus récent au plus ancien."""
    open_instance(data)
    from sceau.operations import machine
    from sceau.records import list_structure_changes

    found = list_structure_changes(as_, at=machine().clock(), after=after, limit=limit)
    say(found, as_json=as_json, lines=(_line(one) for one in found))


@app.command()
def show(reference: Reference, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Un changement et son plan, chose par chose."""
    open_instance(data)
    _answer(_seen(reference, as_), as_json=as_json)


@app.command("open")
def open_(
    *,
    structure: Annotated[str, typer.Option("--structure", help="Identifiant national de la structure.")],
    kind: Annotated[str, typer.Option("--kind", help="closed, absorbed ou renamed.")],
    effective: Annotated[datetime, typer.Option("--effective", formats=["%Y-%m-%d"], help="À compter du.")],
    as_: As,
    reason: Reason,
    becomes: Annotated[
        list[str] | None,
        typer.Option(
            "--becomes",
            metavar="CHAMP=VALEUR",
            help="Ce qu'elle devient : name, siret, finess, postcode, commune ; plusieurs.",
        ),
    ] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Ouvrir le parcours : tout ce que tient la structure est listé, rien n'est changé."""
    open_instance(data)
    from sceau.operations import StructureEntry
    from sceau.operations import structure_change as verbs

    said = dict(one.partition("=")[::2] for one in becomes or [])
    wanted = ("name", "postcode", "commune", "siret", "finess")
    strangers = [one for one in said if one not in wanted]
    if strangers:
        raise typer.BadParameter(f"{strangers[0]} : attendu {', '.join(wanted)}.", param_hint="--becomes")
    identity = StructureEntry(
        name=said.get("name", ""),
        postcode=said.get("postcode", ""),
        commune=said.get("commune", ""),
        siret=said.get("siret", ""),
        finess=said.get("finess", ""),
    )
    after = None if kind == "closed" else identity
    entry = verbs.ChangeEntry(structure, kind, effective.date(), reason, after)
    _answer(verbs.open_structure_change(someone(as_), entry), as_json=as_json)


@app.command()
def evidence(
    reference: Reference,
    *,
    piece: Annotated[str, typer.Option("--piece", help="L'extrait de registre au dossier (PIE-…).")],
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Joindre l'extrait de registre qui le dit (`sceau piece add` le met au dossier)."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    _answer(verbs.attach_change_evidence(someone(as_), reference=reference, piece=piece), as_json=as_json)


@app.command()
def answer(
    reference: Reference,
    *,
    as_: As,
    that: Annotated[
        list[str],
        typer.Option("--that", metavar="CHOSE=RÉPONSE", help="Par exemple HAB-…=follow ; plusieurs."),
    ],
    replace_before: Before = None,
    revoke_on: Day = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Répondre pour certaines choses du plan ; les autres attendent. Les dates vont aux certificats."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    days = (_day(replace_before), _day(revoke_on))
    answers = list(_answers(_seen(reference, as_), that, days))
    view = verbs.answer_structure_change(someone(as_), reference=reference, answers=answers)
    _answer(view, as_json=as_json)


@app.command()
def propose(
    reference: Reference, *, version: Version, as_: As, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Premier oui d'un agent à ce plan."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    view = verbs.propose_structure_change(officer(as_), reference=reference, version=version)
    _answer(view, as_json=as_json)


@app.command()
def confirm(
    reference: Reference, *, version: Version, as_: As, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Second oui, d'un autre agent, au même plan : ce qui est dû est fait, le reste à ses dates."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    view = verbs.confirm_structure_change(officer(as_), reference=reference, version=version)
    _answer(view, as_json=as_json)


@app.command()
def reopen(
    reference: Reference, *, as_: As, reason: Reason, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Rouvrir un plan proposé : qui l'a lu en second n'est pas d'accord."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    view = verbs.reopen_structure_change(officer(as_), reference=reference, reason=reason)
    _answer(view, as_json=as_json)


@app.command()
def drop(
    reference: Reference, *, as_: As, reason: Reason, data: Data = DATA, as_json: AsJson = False
) -> None:
    """Annuler, avant la confirmation : rien n'a été changé."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    _answer(verbs.drop_structure_change(someone(as_), reference=reference, reason=reason), as_json=as_json)


@app.command()
def move(
    reference: Reference,
    *,
    certificate: Annotated[
        list[str], typer.Option("--certificate", help="Un certificat du plan ; plusieurs.")
    ],
    revoke_on: Annotated[datetime, typer.Option("--revoke-on", formats=["%Y-%m-%d"])],
    as_: As,
    reason: Reason,
    replace_before: Before = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Éloigner les dates de certificats d'un plan confirmé ; jamais les rapprocher."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    later = verbs.LaterDays(tuple(certificate), revoke_on.date(), reason, _day(replace_before))
    _answer(verbs.move_change_days(officer(as_), reference=reference, later=later), as_json=as_json)


@app.command()
def grace(
    reference: Reference,
    *,
    certificate: Annotated[
        list[str], typer.Option("--certificate", help="Un certificat non remplacé à temps ; plusieurs.")
    ],
    revoke_on: Annotated[datetime, typer.Option("--revoke-on", formats=["%Y-%m-%d"])],
    as_: As,
    reason: Reason,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Demander un sursis : un second agent l'accorde (`decide-grace`)."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    entry = verbs.GraceEntry(tuple(certificate), revoke_on.date(), reason)
    _answer(verbs.ask_grace(officer(as_), reference=reference, entry=entry), as_json=as_json)


@app.command("decide-grace")
def decide_grace_(
    reference: Reference,
    *,
    grace: Annotated[str, typer.Option("--grace", help="Le sursis demandé (SUR-…).")],
    grant: Annotated[bool, typer.Option("--grant/--refuse", help="Accorder, ou refuser.")],
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Accorder un sursis, en second agent, ou le refuser."""
    open_instance(data)
    from sceau.operations import structure_change as verbs

    view = verbs.decide_grace(officer(as_), reference=reference, grace=grace, granted=grant)
    _answer(view, as_json=as_json)


def _seen(reference: str, person_id: str) -> StructureChangeView:
    from sceau.operations import machine
    from sceau.records import structure_change

    view = structure_change(reference, person_id, at=machine().clock())
    if view is None:
        raise Refused([Finding.error("change.unknown", reference)])
    return view


def _answers(
    view: StructureChangeView, that: Iterable[str], days: tuple[date | None, date | None]
) -> Iterator[verbs.ThingAnswer]:
    """What was typed, each with the kind of thing that the plan knows it as."""
    from sceau.operations import structure_change as verbs

    kinds = {line.reference: line.thing for line in view.lines}
    for text in that:
        reference, _, said = text.rpartition("=")
        thing = kinds.get(reference, "")
        is_dated = thing == "certificate" and said != "keep"
        yield verbs.ThingAnswer(
            thing,
            reference,
            said,
            days[0] if is_dated and said == "replace" else None,
            days[1] if is_dated else None,
        )


def _day(typed: datetime | None) -> date | None:
    return None if typed is None else typed.date()


def _answer(view: StructureChangeView, *, as_json: bool) -> None:
    say(view, as_json=as_json, lines=_lines(view))


def _line(view: StructureChangeView) -> str:
    becomes = f" → {view.becomes} ({view.becomes_id})" if view.becomes else ""
    return (
        f"{view.reference}  {view.state}  version {view.version}  {view.kind}  {view.structure}"
        f" ({view.structure_id}){becomes}  à compter du {view.effective_on:%d/%m/%Y}"
    )


def _lines(view: StructureChangeView) -> Iterator[str]:
    yield _line(view)
    yield f"  extrait : {view.piece or 'à joindre'}  sans réponse : {view.waiting}  à faire : {view.undone}"
    for line in view.lines:
        before = f"  remplacer avant le {line.replace_before:%d/%m/%Y}" if line.replace_before else ""
        ends = f"  révoqué le {line.revoke_on:%d/%m/%Y}" if line.revoke_on else ""
        late = "  NON REMPLACÉ À TEMPS" if line.warned_at and not line.done_at else ""
        done = f"  fait : {line.outcome}" if line.done_at else ""
        said = line.answer or "à décider"
        yield f"  {line.thing}  {line.reference}  {line.title}  {said}{before}{ends}{late}{done}"
    for one in view.graces:
        yield f"  sursis {one.reference}  {one.certificate} jusqu'au {one.revoke_on:%d/%m/%Y}  {one.state}"
