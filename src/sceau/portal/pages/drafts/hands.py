"""To whom section 4 of a draft may go: one list, of the third parties designated under its contract and of
anybody named by card or national identifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from sceau.operations import EntrustTo, machine
from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.visitor import PortalRequest
from sceau.records import DesignationLine, DraftFile, fillers_for, speaks_under
from sceau.vocabulary import Finding

PERSON = "personne"
PATHS = ("designation", "to", "email", "word")
_WORD = 2000


def to_whom(posted: Mapping[str, Any]) -> EntrustTo:
    """What was chosen: a designation, or the person typed."""
    chosen = str(posted.get("designation", ""))[:20]
    if chosen and chosen != PERSON:
        return EntrustTo(designation=chosen)
    return EntrustTo(person=str(posted.get("to", ""))[:60], email=str(posted.get("email", ""))[:254])


def word_of(posted: Mapping[str, Any]) -> str:
    """The word that goes along."""
    return str(posted.get("word", ""))[:_WORD]


def fillers_of(request: PortalRequest, file: DraftFile) -> tuple[DesignationLine, ...]:
    """The third parties that may have it: those designated under the draft's contract, as its owner may see
    them.
    """
    at = machine().clock()
    number = str((file.raw.get("contract") or {}).get("number") or "")
    base = file.line.corrects or file.line.amends
    if not number or not (base or speaks_under(request.visitor.person_id, number, at=at)):
        return ()
    return fillers_for(number, at=at)


def fields_of(
    request: PortalRequest, fillers: tuple[DesignationLine, ...], findings: tuple[Finding, ...]
) -> list[Field]:
    """The one form. Without any third party, the person only is asked for."""
    asked = request.POST or request.GET
    sheet = Sheet({name: asked.get(name, "") for name in PATHS}, findings)
    chosen = asked.get("designation", "")[:20] or ("" if fillers else PERSON)
    fields = [_choices(sheet, fillers, chosen)] if fillers else []
    return [*fields, *_person(sheet, required=not fillers), _word(sheet)]


def _choices(sheet: Sheet, fillers: tuple[DesignationLine, ...], chosen: str) -> Field:
    choices = [
        Choice(
            one.reference,
            _("L’équipe de %(name)s") % {"name": one.third_party_name},
            one.reference == chosen or (not chosen and len(fillers) == 1),
            _("désignée pour : %(products)s") % {"products": ", ".join(one.terms.products)}
            if one.terms
            else "",
        )
        for one in fillers
    ]
    someone = Choice(PERSON, _("Une personne, par sa carte ou son identifiant"), chosen == PERSON)
    return sheet.field(
        "designation",
        kind="radio",
        label=_("À qui"),
        choices=[*choices, someone],
        required=True,
        value=chosen,
        help=_("Toute l’équipe d’un tiers désigné peut remplir ; une personne nommée, elle seule."),
    )


def _person(sheet: Sheet, *, required: bool) -> list[Field]:
    return [
        sheet.field(
            "to",
            label=_("Numéro de sa carte, ou son identifiant national"),
            help=_("Dix chiffres, troisième ligne de la carte, sous le nom : demandez-les à la personne."),
            example="2600301752",
            required=required,
            width="w20",
            autocomplete="off",
        ),
        sheet.field(
            "email",
            kind="email",
            label=_("Son adresse électronique (facultatif)"),
            help=_("Pour l’avertir par courriel maintenant, et si vous la reprenez."),
            autocomplete="off",
        ),
    ]


def _word(sheet: Sheet) -> Field:
    return sheet.field(
        "word",
        kind="textarea",
        rows=4,
        label=_("Un mot (facultatif)"),
        help=_("Ce que vous attendez, et pour quand. Il se lit sur le portail."),
    )
