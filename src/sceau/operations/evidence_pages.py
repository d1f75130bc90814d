"""An evidence file for people: the same dossier in French, in the order in which an auditor asks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sceau.documents import PageSection
from sceau.operations.machine import machine
from sceau.records.models import PARIS

_MOST_SHOWN = 2_000
"""Lines of the journal on paper; the machine's part has all of them."""


def pages_of(dossier: Mapping[str, Any]) -> tuple[str, Sequence[str], Sequence[PageSection]]:
    """The title, what is to be known first, and the sections."""
    lead = [
        f"Dossier établi le {_moment(dossier['made_at'])} (environnement {dossier['environment']}). Il se "
        "vérifie hors ligne, sans cette instance : sceau evidence verify FICHIER --key clé-du-journal.",
        "Le fichier dossier.json, scellé avec celui-ci, contient les mêmes faits pour les programmes : "
        "textes exacts, empreintes, lignes du journal et preuves de leur place.",
    ]
    if not dossier["whole"]:
        lead.append("Exemplaire remis à l'intéressé : sans les notes internes ni le nom des agents.")
    sections = [
        *(_certificate(dossier["certificate"]) if dossier["certificate"] else ()),
        _rights(dossier["rights"]),
        _leaves(dossier["leaves"]),
        _designations(dossier["designations"]),
        _contracts(dossier["contracts"]),
        *(section for order in dossier["orders"] for section in _order(order)),
        _pieces(dossier["pieces"]),
        _registers(dossier["registers"]),
        _journal(dossier["journal"]),
    ]
    return f"Dossier de preuve {dossier['subject']}", lead, [one for one in sections if one is not None]


def _moment(text: str | None) -> str:
    if not text:
        return "—"
    return datetime.fromisoformat(text).astimezone(PARIS).strftime("%d/%m/%Y à %H:%M:%S (heure de Paris)")


def _certificate(kept: Mapping[str, Any]) -> Sequence[PageSection]:
    ended = kept["revocation"]
    lines = [
        ("Référence", kept["reference"]),
        ("Numéro de série", kept["serial"]),
        ("Émis par", f"{kept['issuer']}, génération {kept['generation']}, profil {kept['profile']}"),
        ("Sujet", kept["subject"]),
        ("Noms", ", ".join(kept["names"]) or "—"),
        ("Valable", f"du {_moment(kept['not_before'])} au {_moment(kept['not_after'])}"),
        ("Demandé", f"le {_moment(kept['asked_at'])}, avec la carte {kept['asked_with']}"),
        ("Requête (CSR)", kept["csr_attached"] or "non conservée : le certificat est plus ancien"),
        ("Droit", f"{kept['habilitation'] or '—'}, version {kept['habilitation_version'] or '—'}"),
        ("Retiré", _moment(kept["collected_at"])),
        ("Révoqué", "non" if ended is None else f"le {_moment(ended['at'])} : {ended['reason']}"),
    ]
    return [PageSection("Le certificat", columns=("Point", "Valeur"), rows=tuple(lines))]


def _rights(rights: Sequence[Mapping[str, Any]]) -> PageSection:
    rows = tuple(
        (
            f"{one['reference']} v{one['number']}",
            one["person"],
            f"{one['product']} : {one['scope']}",
            f"{one['order']} v{one['order_version']}",
            _moment(one["granted_at"]),
            one["state"] if one["present"] else "remplacée",
        )
        for one in rights
    )
    said = () if rows else ("Aucune : le certificat est celui d'un professionnel, sur sa propre carte.",)
    columns = ("Version", "Personne", "Produit et noms", "Commande", "Accordée", "État")
    return PageSection("L'habilitation", said, columns, rows) if rows else PageSection("L'habilitation", said)


def _leaves(leaves: Sequence[Mapping[str, Any]]) -> PageSection | None:
    said = [(one, json.loads(one["text"])) for one in leaves]
    rows = tuple(
        (one["reference"], text["name"], text["holder"], text["state"], one["digest"]) for one, text in said
    )
    columns = ("Accord", "Nom", "Titulaire", "État", "SHA-256")
    return PageSection("Les accords des titulaires de noms", (), columns, rows) if rows else None


def _designations(designations: Sequence[Mapping[str, Any]]) -> PageSection | None:
    rows = tuple(
        (
            f"{one['reference']} v{one['number']}",
            one["structure"],
            one["third_party"],
            one["until"],
            one["digest"],
        )
        for one in designations
    )
    columns = ("Acte", "Structure", "Tiers désigné", "Jusqu'au", "SHA-256")
    return PageSection("La désignation du tiers", (), columns, rows) if rows else None


def _contracts(contracts: Sequence[Mapping[str, Any]]) -> PageSection | None:
    rows = tuple(
        (one["number"], one["structure"], one["state"], f"{one['from']} – {one['until'] or 'sans terme'}")
        for one in contracts
    )
    return PageSection("Le contrat", (), ("Numéro", "Structure", "État", "Dates"), rows) if rows else None


def _order(order: Mapping[str, Any]) -> Sequence[PageSection]:
    texts = machine().catalogue.texts
    name = order["reference"]
    versions = tuple(
        (str(one["number"]), _moment(one["made_at"]), one["signed_card"] or "—", one["digest"])
        for one in order["versions"]
    )
    decided = tuple(
        (f"Version {one['version']}", _moment(one["at"]), one["officer"] or "un agent du guichet")
        for one in order["approvals"]
    )
    checks = tuple(
        (texts.get(f"check.{one['check']}", one["check"]), one["light"], " ".join(one["says"]) or "—")
        for one in order["checks_at_export"]
    )
    notes = tuple((_moment(one["at"]), one["kind"], one["text"]) for one in order["notes"])
    received = f"Reçue le {_moment(order['received_at'])} par {order['channel']} ; état : {order['state']}."
    found = [PageSection(f"La commande {name}", (received,), ("Version", "Le", "Carte", "SHA-256"), versions)]
    if decided:
        found.append(PageSection(f"Qui a approuvé {name}", (), ("Version", "Le", "Agent"), decided))
    if checks:
        said = "Tels qu'ils se lisent au moment de l'export ; ce qui fut vu à la décision est au journal."
        found.append(PageSection(f"Les contrôles de {name}", (said,), ("Contrôle", "Feu", "Constat"), checks))
    if notes:
        found.append(PageSection(f"Échanges sur {name}", (), ("Le", "Nature", "Texte"), notes))
    return found


def _pieces(pieces: Sequence[Mapping[str, Any]]) -> PageSection:
    kinds = machine().catalogue.piece_kinds
    rows = tuple(
        (
            one["reference"],
            kinds[one["kind"]].label if one["kind"] in kinds else one["kind"],
            _moment(one["received_at"]),
            one["attached"] or ("effacée" if one["erased_at"] else "empreinte seule"),
            one["sha256"],
        )
        for one in pieces
    )
    if not rows:
        return PageSection("Les pièces", ("Aucune pièce au dossier.",))
    return PageSection("Les pièces", (), ("Pièce", "Nature", "Reçue", "Original joint", "SHA-256"), rows)


def _registers(registers: Sequence[Mapping[str, Any]]) -> PageSection:
    if not registers:
        return PageSection("Les registres", ("Aucun registre n'est chargé : rien n'y a été comparé.",))
    rows = tuple((one["layout"], one["source"]) for one in registers)
    return PageSection("Les registres", (), ("Registre", "Fichier et date"), rows)


def _journal(journal: Mapping[str, Any]) -> PageSection:
    entries = journal["entries"]
    shown = entries[:_MOST_SHOWN]
    rows = tuple((str(one["position"]), _moment(one["at"]), one["kind"]) for one in shown)
    said: tuple[str, ...] = (
        f"Journal {journal['origin']}, clé {journal['key']}. {len(entries)} lignes, avec leurs preuves.",
    )
    if len(entries) > len(shown):
        said += (
            f"Les {len(shown)} premières sont ci-dessous. Les {len(entries) - len(shown)} autres sont, comme "
            "elles, dans dossier.json, scellé avec ces pages.",
        )
    return PageSection("Le journal", said, ("Position", "Le", "Acte"), rows)
