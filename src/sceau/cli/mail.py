"""`sceau mail`: what was sent, to whom, and what became of it; once more, dead addresses, a trial.

Nothing is written here by hand: what is told, when and to whom is the table `mails.toml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sceau.catalogue import load_catalogue
from sceau.cli.console import DATA, As, AsJson, Data, Reason, open_instance, registrar, say, topic
from sceau.vocabulary import Finding, Refused

if TYPE_CHECKING:
    from sceau.records import MailFile, MailLine

app = topic("Voir les courriels et leur sort, en renvoyer un, essayer l'envoi.")

Number = Annotated[int, typer.Argument(metavar="NUMÉRO", min=1, help="Le numéro du courriel.")]
_STATES = ("waiting", "sending", "sent", "presumed", "refused", "bounced", "given-up")


@app.command("list")
def list_(
    *,
    state: Annotated[str, typer.Option("--state", help=", ".join(_STATES) + ".")] = "",
    to: Annotated[str, typer.Option("--to", metavar="ADRESSE", help="À cette adresse, en entier.")] = "",
    about: Annotated[str, typer.Option("--about", metavar="RÉFÉRENCE", help="Au sujet de.")] = "",
    event: Annotated[
        str, typer.Option("--event", help="L'acte dit (order.accepted) ou le code du courriel.")
    ] = "",
    before: Annotated[int, typer.Option("--before", metavar="NUMÉRO", help="Plus anciens que.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Les courriels, du plus récent au plus ancien."""
    if state and state not in _STATES:
        raise typer.BadParameter(f"--state attend l'un de : {', '.join(_STATES)}")
    if to and about:
        raise typer.BadParameter("--to et --about ne vont pas ensemble")
    templates = _templates(event)
    open_instance(data)
    from sceau.records import list_mails

    found = list_mails(text=to or about, state=state, templates=templates, after=before, limit=limit)
    say(found, as_json=as_json, lines=map(_line, found))


@app.command()
def show(number: Number, *, data: Data = DATA, as_json: AsJson = False) -> None:
    """Un courriel : ce qu'il dit, à qui, ce qu'en a dit le serveur, ce qui l'a suivi."""
    open_instance(data)
    file = _file(number)
    say(file, as_json=as_json, lines=_shown(file))


@app.command()
def resend(number: Number, *, as_: As, data: Data = DATA, as_json: AsJson = False) -> None:
    """Renvoyer un courriel à la même adresse : une copie, une seule fois."""
    open_instance(data)
    from sceau.operations import resend_mail

    copy = resend_mail(registrar(as_), number=number)
    say({"copy": copy}, as_json=as_json, lines=[f"Copie {copy} : l'instance l'enverra dans la minute."])


@app.command()
def untold(*, data: Data = DATA, as_json: AsJson = False) -> None:
    """Les agents du guichet qu'aucun courriel n'atteint ; code de sortie 3 s'il y en a."""
    open_instance(data)
    from sceau.operations import untold_officers

    found = untold_officers()
    lines = [
        f"{one.national_id}  {one.display} : aucune boîte confirmée, et SCEAU_MAIL_DESK vide" for one in found
    ]
    say(found, as_json=as_json, lines=lines or ["Aucun."])
    if found:
        raise typer.Exit(3)


@app.command()
def dead(*, data: Data = DATA, as_json: AsJson = False) -> None:
    """Les adresses dont des courriels sont revenus : on ne leur écrit plus."""
    open_instance(data)
    from sceau.records import dead_addresses

    found = dead_addresses()
    lines = [f"{one.address}  depuis le {one.since:%d/%m/%Y}  {one.why}" for one in found]
    say(found, as_json=as_json, lines=lines or ["Aucune."])


@app.command()
def revive(
    address: Annotated[str, typer.Argument(metavar="ADRESSE")],
    *,
    reason: Reason,
    as_: As,
    data: Data = DATA,
) -> None:
    """Dire qu'une adresse fonctionne de nouveau, et comment on le sait."""
    open_instance(data)
    from sceau.operations import revive_address

    revive_address(registrar(as_), address=address, reason=reason)
    typer.echo(f"{address} est de nouveau utilisée.")


@app.command("test")
def trial(
    address: Annotated[str, typer.Argument(metavar="ADRESSE", help="À qui envoyer l'essai.")],
    *,
    as_: As,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Envoyer un courriel d'essai, maintenant, et dire ce que le serveur répond."""
    open_instance(data)
    from sceau.operations import try_mail

    file = _file(try_mail(registrar(as_), address=address))
    say(file, as_json=as_json, lines=[_line(file.line), f"Réponse : {file.line.reply or '—'}"])
    if file.line.state not in {"sent", "presumed"}:
        raise typer.Exit(3)


@app.command()
def events(*, as_json: AsJson = False) -> None:
    """Ce qui est dit, par quel courriel, à qui ; et les actes qu'aucun courriel ne dit, avec la raison."""
    rules = load_catalogue().mail
    told = {kind: [mail.code for mail in mails] for kind, mails in rules.told_by.items()}
    lines = [
        *(f"{kind:32} {', '.join(codes)}" for kind, codes in told.items()),
        *(f"{kind:32} — {why}" for kind, why in rules.silent.items()),
    ]
    say({"told": told, "silent": rules.silent}, as_json=as_json, lines=lines)


def _templates(event: str) -> tuple[str, ...]:
    rules = load_catalogue().mail
    if not event:
        return ()
    found = (event,) if event in rules.mails else tuple(one.code for one in rules.told_by.get(event, ()))
    if not found:
        raise Refused([Finding.error("mail.event-unknown", event)])
    return found


def _file(number: int) -> MailFile:
    from sceau.records import mail_file

    file = mail_file(number)
    if file is None:
        raise Refused([Finding.error("mail.unknown", str(number))])
    return file


def _line(line: MailLine) -> str:
    state = load_catalogue().text(f"mail-state.{line.state}")
    return f"{line.number:8}  {line.made_at:%d/%m/%Y %H:%M}  {state:22}  {line.address:32}  {line.subject}"


def _shown(file: MailFile) -> list[str]:
    line, texts = file.line, load_catalogue()
    state = texts.text(f"mail-state.{line.state}")
    return [
        f"Courriel {line.number} ({line.template}), au sujet de {line.about}",
        f"À       : {line.address}, {texts.text(f'mail-role.{line.role}')}",
        f"État    : {state}, {line.tries} essai(s) ; réponse : {line.reply or '—'}",
        f"Nom     : <{file.message_id}>",
        *([f"Renvoyé : courriel {line.again}"] if line.again else []),
        *([f"Puis    : courriel {line.next}, à l'adresse suivante"] if line.next else []),
        f"Objet   : {line.subject}",
        "",
        file.text,
    ]
