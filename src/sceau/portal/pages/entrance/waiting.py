"""The home page of somebody known: what waits for them, the most pressing first, and what they may do here,
what they most often come for first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sceau.operations import untold_officers
from sceau.portal.hats import OFFICERS, Hat
from sceau.portal.language import page_catalogue
from sceau.portal.saying import say
from sceau.portal.visitor import Visitor
from sceau.portal.watch import watched
from sceau.records import (
    CertificateLine,
    DraftLine,
    FleetWish,
    QueueOf,
    desk_page,
    drafts_of,
    fleet_page,
    list_tasks,
    orders_of,
)
from sceau.registration import DraftState, Writer

_SHOWN = 20
_MONTH = 30


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: what to do, about what, a word on how pressing it is, where it is done."""

    what: str
    address: str
    tag: str
    about: str = ""
    tone: str = "warn"


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing that a visitor may come for."""

    title: str
    text: str
    button: str
    address: str


def waiting_for(visitor: Visitor, *, at: datetime) -> list[Waiting]:
    """What waits for this visitor, as far as a page shows; nothing is counted in full."""
    found: list[Waiting] = []
    if Hat.HOLDER in visitor.hats:
        found += [*_orders(visitor), *_drafts(visitor, at), *_to_collect(visitor, at), *_ending(visitor, at)]
    if visitor.hats & OFFICERS:
        found += alarms()
    if Hat.DESK in visitor.hats:
        found += [*_queue(visitor, at), *_tasks(), *untold()]
    return found


def doings_of(visitor: Visitor) -> list[Doing]:
    """What this visitor may do here: an officer's work before what any card opens."""
    found = []
    if visitor.hats & {Hat.DESK, Hat.AUDITOR}:
        found += _at_the_desk(reads_only=Hat.DESK not in visitor.hats)
    elif Hat.AUTHORITY in visitor.hats:
        found.append(_revocations())
    if Hat.PROFESSIONAL in visitor.hats:
        found.append(
            Doing(
                _("Mes certificats de professionnel"),
                _("PS_AUTH, PS_SIGN et PS_CONF avec votre carte CPS, sans formulaire."),
                _("Les obtenir"),
                reverse("own-set"),
            )
        )
    if Hat.HOLDER in visitor.hats:
        return found + _with_any_card()
    return [*found, _agents()]


def _at_the_desk(*, reads_only: bool) -> list[Doing]:
    text = (
        _("Lire les commandes et leurs contrôles ; rien ne s’y change avec votre rôle.")
        if reads_only
        else _("Examiner, compléter et décider les commandes reçues.")
    )
    return [
        Doing(_("Guichet"), text, _("Ouvrir le guichet"), reverse("desk")),
        Doing(
            _("Chercher"),
            _("Une commande, un contrat, une personne ou un certificat, par n’importe quel numéro."),
            _("Chercher"),
            reverse("desk-search"),
        ),
        _revocations(),
    ]


def _agents() -> Doing:
    return Doing(
        _("Agents"),
        _("Qui a quel rôle et quelle clé d’accès ; ce qui attend un second agent."),
        _("Voir les agents"),
        reverse("officers"),
    )


def _revocations() -> Doing:
    return Doing(
        _("Révocations"),
        _("Un certificat d’office, ou beaucoup d’un coup, à deux personnes."),
        _("Voir les révocations"),
        reverse("desk-revocations"),
    )


def _with_any_card() -> list[Doing]:
    return [
        Doing(
            _("Commander"),
            _("Remplir le formulaire 413 pour une structure, ou suivre une commande envoyée."),
            _("Nouvelle commande"),
            reverse("new-order"),
        ),
        Doing(
            _("De quoi ai-je besoin ?"),
            _("Dites à quoi serviront les certificats : nous disons lesquels, combien, sous quels noms."),
            _("Trouver ce qu’il faut"),
            reverse("needs"),
        ),
        Doing(
            _("Demander un certificat"),
            _("Pour une habilitation que vous détenez."),
            _("Demander un certificat"),
            reverse("request-choice"),
        ),
        Doing(
            _("Suivre et révoquer"),
            _("Vos certificats : à retirer, en service, expirés, révoqués."),
            _("Mes certificats"),
            reverse("certificates"),
        ),
        Doing(
            _("Vérifier mes droits"),
            _("Ce que chaque habilitation couvre, qui l’a accordée, et quand."),
            _("Mes habilitations"),
            reverse("habilitations"),
        ),
    ]


def _drafts(visitor: Visitor, at: datetime) -> list[Waiting]:
    """Orders being written: what somebody entrusted first, and what time has erased since the last visit."""
    gone = page_catalogue().drafts.gone
    return [_draft(one) for one in drafts_of(visitor.person_id, at=at, gone=gone)]


def _draft(one: DraftLine) -> Waiting:
    address = reverse("draft", args=[one.reference])
    day = f"{localtime(one.changed_at):%d/%m/%Y}"
    if one.by_time:
        text = _("Un brouillon non repris a été effacé le %(day)s") % {"day": day}
        return Waiting(text, reverse("new-order"), _("effacé"), one.structure_name, tone="")
    if one.writer == Writer.HELPER:
        text = _("Remplir la partie technique que %(owner)s vous confie") % {"owner": one.owner}
        return Waiting(text, address, _("confiée"), one.structure_name)
    what = _("Reprendre la commande en préparation")
    until = _("gardée jusqu’au %(day)s") % {"day": f"{localtime(one.expires_at):%d/%m/%Y}"}
    is_back = one.state == DraftState.WRITING and one.given_back_at is not None
    return Waiting(
        what, address, _("à relire") if is_back else until, one.structure_name, tone="warn" if is_back else ""
    )


def _orders(visitor: Visitor) -> list[Waiting]:
    return [
        Waiting(
            _("Répondre au guichet : commande %(reference)s") % {"reference": order.reference},
            reverse("order", args=[order.reference]),
            _("à compléter"),
            order.structure_name,
        )
        for order in orders_of(visitor.person_id, limit=_SHOWN)
        if order.state == "incomplete"
    ]


def _to_collect(visitor: Visitor, at: datetime) -> list[Waiting]:
    return [
        Waiting(
            _("Retirer le certificat %(name)s") % {"name": _name(one)},
            reverse("collect", args=[one.reference]),
            _("à retirer"),
            f"{one.product}, {one.reference}",
        )
        for one in fleet_page(visitor.person_id, FleetWish(), at=at, limit=_SHOWN).lines
        if one.standing == "to-collect"
    ]


def _ending(visitor: Visitor, at: datetime) -> list[Waiting]:
    """Certificates that end within the month and that nothing has replaced."""
    found = fleet_page(visitor.person_id, FleetWish(within_days=_MONTH), at=at, limit=_SHOWN)
    lines = [one for one in found.lines if one.reference not in found.successors]
    if not lines:
        return []
    many = _many(len(lines), more=bool(found.more))
    return [
        Waiting(
            ngettext("Renouveler %(n)s certificat", "Renouveler %(n)s certificats", len(lines)) % {"n": many},
            f"{reverse('certificates')}?dans={_MONTH}",
            _("avant le %(day)s") % {"day": f"{localtime(lines[0].not_after):%d/%m/%Y}"},
            _("Le premier à se terminer : %(name)s") % {"name": _name(lines[0])},
        )
    ]


def _queue(visitor: Visitor, at: datetime) -> list[Waiting]:
    """What is late first, then what this officer has taken up, then what nobody has."""
    told = []
    for which, what, tag, tone in (
        (QueueOf.LATE, _("Commandes en retard"), _("en retard"), "bad"),
        (QueueOf.MINE, _("Commandes que vous suivez"), _("les vôtres"), "warn"),
        (QueueOf.UNASSIGNED, _("Commandes que personne ne suit"), _("à prendre"), "warn"),
    ):
        found = desk_page(which=which, officer=visitor.person_id, at=at, limit=_SHOWN)
        if found.lines:
            many = _many(len(found.lines), more=bool(found.after))
            address = f"{reverse('desk')}?file={which}"
            told.append(Waiting(f"{what} : {many}", address, tag, tone=tone))
    return told


def _tasks() -> list[Waiting]:
    many = len(list_tasks(limit=_SHOWN))
    if not many:
        return []
    said = _many(many, more=many == _SHOWN)
    return [Waiting(_("Tâches du guichet : %(n)s") % {"n": said}, reverse("desk-tasks"), _("à faire"))]


def alarms() -> list[Waiting]:
    """What calls for somebody before anybody feels it: late lists, a silent signer, a re-reading that found
    differences… The first one is said, the page has them all. Officers whom no mail reaches have a line of
    their own (`untold`).
    """
    seen = watched()
    found = [one for one in seen.alarms if one.code != "health.officer-untold"] if seen else []
    if not found:
        return []
    many = len(found)
    return [
        Waiting(
            ngettext(
                "Le service demande une intervention : %(n)s alarme",
                "Le service demande une intervention : %(n)s alarmes",
                many,
            )
            % {"n": many},
            reverse("watch"),
            _("alarme"),
            say(found)[0].text,
            tone="bad",
        )
    ]


def untold() -> list[Waiting]:
    """Officers whom no mail reaches: somebody is to set the desk's own mailbox."""
    people = untold_officers()
    if not people:
        return []
    names = ", ".join(one.display for one in people[:5]) + (", …" if len(people) > 5 else "")
    return [
        Waiting(
            _("Agents qu’aucun courriel n’atteint : %(names)s") % {"names": names},
            reverse("desk-mails"),
            _("à régler"),
            _("Donnez au guichet une boîte commune (réglage SCEAU_MAIL_DESK), lue par tous."),
            tone="bad",
        )
    ]


def _many(count: int, *, more: bool) -> str:
    return _("%(n)d ou plus") % {"n": count} if more else str(count)


def _name(line: CertificateLine) -> str:
    return line.names[0] if line.names else line.subject
