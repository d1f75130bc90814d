"""The fields that name the person of a PRO certificate [decision 14]."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.language import page_catalogue


def holder_fields(sheet: Sheet) -> list[Field]:
    """National identifier, names, profession."""
    chosen = str(sheet.values.get("holder", {}).get("profession", "")) if sheet.values else ""
    professions = [Choice("", _("Personnel de la structure"), chosen == "")]
    professions += [
        Choice(str(one.code), one.label, chosen == str(one.code))
        for one in page_catalogue().professions.values()
    ]
    help_text = _("Le chiffre 8 suivi de son numéro RPPS, ou l’identifiant national écrit sur sa carte.")
    return [
        sheet.field(
            "holder.national_id", label=_("Identifiant national du porteur"), help=help_text, required=True
        ),
        sheet.field("holder.surname", label=_("Nom du porteur"), required=True),
        sheet.field("holder.given_names", label=_("Prénom(s) du porteur"), required=True),
        sheet.field(
            "holder.profession", label=_("Profession du porteur"), kind="select", choices=professions
        ),
    ]
