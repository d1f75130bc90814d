"""The operator's commands. Each topic is a module; this one only puts them together.

`sceau explain` and `sceau form read` never touch a database, so a topic is imported when it is called, not
before.
Exit codes, everywhere: 0 done or accepted, 1 refused, 2 misuse, 3 a machine failed.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click
from typer.main import get_command

from sceau import __version__
from sceau.vocabulary import Fault, Refused

__all__ = ["main"]

# topic → (module, one line of help shown by `sceau --help` without importing the module)
TOPICS: dict[str, tuple[str, str]] = {
    "init": ("sceau.cli.init", "Créer une instance : hiérarchie, base, clés."),
    "ceremony": ("sceau.cli.ceremony", "Tenir une cérémonie : plan, secret partagé, racine hors ligne."),
    "run": ("sceau.cli.run", "Lancer tout le service sur cette machine."),
    "demo": ("sceau.cli.demo", "Jouer toute la notice, du formulaire 413 au certificat révoqué."),
    "register": ("sceau.cli.register", "Enregistrer personnes, cartes et contrats ; importer les registres."),
    "contract": ("sceau.cli.contract", "Voir les contrats, ce qui y tient, qui parle pour la structure."),
    "piece": ("sceau.cli.piece", "Mettre des pièces au dossier, les effacer à leur terme."),
    "domain": ("sceau.cli.domain", "Contrôler dans le DNS l'accord du détenteur d'un nom."),
    "form": ("sceau.cli.form", "Lire, éditer et recevoir des formulaires 413."),
    "order": ("sceau.cli.order", "Suivre et décider les commandes."),
    "designation": (
        "sceau.cli.designation",
        "Voir les désignations d'éditeurs et de distributeurs, et y mettre fin.",
    ),
    "habilitation": ("sceau.cli.habilitation", "Voir, suspendre et retirer les habilitations."),
    "departure": ("sceau.cli.departure", "Suivre le départ d'un administrateur."),
    "structure-change": (
        "sceau.cli.structure_change",
        "Suivre une structure qui ferme, est absorbée ou change d'identité.",
    ),
    "token": ("sceau.cli.token", "Créer, lister et révoquer les jetons de l'interface programmable."),
    "certificate": ("sceau.cli.certificate", "Délivrer, voir et révoquer les certificats."),
    "revocation": ("sceau.cli.revocation", "Révoquer en masse, et signaler les clés compromises."),
    "check": ("sceau.cli.check", "Dire ce qui demande une intervention, pour une alarme."),
    "crl": ("sceau.cli.crl", "Publier et lire les listes de révocation."),
    "recheck": ("sceau.cli.recheck", "Relire tout ce qui a été délivré ; toute différence est une alarme."),
    "ledger": ("sceau.cli.ledger", "Relire le registre du signataire, ligne à ligne."),
    "journal": ("sceau.cli.journal", "Montrer, exporter et vérifier le journal."),
    "evidence": ("sceau.cli.evidence", "Établir un dossier de preuve, et le vérifier hors ligne."),
    "mail": ("sceau.cli.mail", "Voir les courriels et leur sort, en renvoyer un, essayer l'envoi."),
    "explain": ("sceau.cli.explain", "Demander à la règle : oui ou non, et pourquoi."),
}


class Topic(click.Command):
    """A topic's Typer application, given its arguments as they are.

    Typer carries its own copy of click: its commands can't be members of a click group, and its errors and
    exits are known to itself only. It therefore runs as a program of its own; `Refused` and `Fault` come
    through.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Nothing is read here."""
        ctx.args = list(args)
        return args

    def invoke(self, ctx: click.Context) -> Any:
        """Run the topic, which exits with its own code."""
        command = get_command(importlib.import_module(TOPICS[ctx.info_name or ""][0]).app)
        return command.main(args=ctx.args, prog_name=ctx.command_path)


class Topics(click.Group):
    """A group that imports a topic only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The topics, in the order in which an operator meets them."""
        return list(TOPICS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The topic's own command; None when there is no such topic (click then says so and exits 2)."""
        return Topic(cmd_name) if cmd_name in TOPICS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of topics, without importing them."""
        with formatter.section("Commandes"):
            formatter.write_dl([(name, summary) for name, (_, summary) in TOPICS.items()])


@click.group(
    cls=Topics,
    help="Sceau, l'autorité de certification d'un domaine de santé.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="sceau")
def _sceau() -> None:
    """Nothing to do before the topic."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; every refusal and fault is said in French, with what to do next, never as a
    traceback.
    """
    try:
        return _sceau(args=arguments)
    except Refused as refused:
        _say(refused)
        sys.exit(1)
    except Fault as fault:
        _say(fault)
        sys.exit(3)


def _say(trouble: Refused | Fault) -> None:
    from sceau.catalogue import load_catalogue

    catalogue = load_catalogue()
    findings = trouble.findings if isinstance(trouble, Refused) else ()
    for finding in findings:
        sentence = catalogue.say(finding)
        click.echo(f"{finding.severity}: {sentence.text} {sentence.remedy} [{finding.code}]", err=True)
    if isinstance(trouble, Fault):
        sentence = catalogue.say_fault(trouble)
        click.echo(f"{sentence.text} {sentence.remedy} [{trouble.code}]", err=True)
