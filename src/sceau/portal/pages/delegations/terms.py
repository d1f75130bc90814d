"""The terms of a designation as a page asks for them: products, names, what the third party may do, until
when.
"""

from __future__ import annotations

from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _

from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.records import DesignationVersionLine
from sceau.registration import TermsEntry, delegable
from sceau.vocabulary import Finding

_MOST = 60


def terms_from(posted: QueryDict) -> TermsEntry:
    """The terms as they were sent; judges nothing."""
    return TermsEntry(
        products=tuple(code[:40] for code in posted.getlist("products")[:_MOST]),
        names=tuple(name for name in posted.get("names", "")[:4000].split() if name),
        may_fill=posted.get("may_fill") == "oui",
        may_administer=posted.get("may_administer") == "oui",
        until=day_from(posted.get("until", "")),
    )


def terms_of(line: DesignationVersionLine) -> TermsEntry:
    """The terms of a version, to be changed."""
    return TermsEntry(line.products, line.names, line.may_fill, line.may_administer, line.until)


def terms_fields(entry: TermsEntry, findings: tuple[Finding, ...]) -> list[Field]:
    """The fields, filled."""
    catalogue = page_catalogue()
    sheet = Sheet({}, findings)
    products = [
        Choice(code, catalogue.products[code].label, code in entry.products, code)
        for code in delegable(catalogue)
    ]
    return [
        sheet.field(
            "products", kind="checkboxes", label=_("Pour quels produits"), choices=products, required=True
        ),
        sheet.field(
            "names",
            kind="textarea",
            label=_("Pour quels noms de domaine"),
            help=_("Un par ligne. Laissez vide : tous ceux que vos habilitations couvrent, et rien d’autre."),
            rows=3,
            value="\n".join(entry.names),
        ),
        *_permissions(entry, sheet),
        sheet.field(
            "until",
            kind="date",
            label=_("Jusqu’au"),
            width="w14",
            required=True,
            help=_("Dernier jour compris."),
            value="" if entry.until is None else entry.until.isoformat(),
        ),
    ]


def _permissions(entry: TermsEntry, sheet: Sheet) -> list[Field]:
    return [
        sheet.field(
            "may_fill",
            kind="checkbox",
            label=_("Il peut remplir la partie technique (section 4) de nos commandes"),
            help=_("Vous la relisez et la signez : elle reste sous votre responsabilité."),
            value=entry.may_fill,
        ),
        sheet.field(
            "may_administer",
            kind="checkbox",
            label=_("Son équipe peut obtenir nos certificats, comme des administrateurs techniques"),
            help=_("Chaque personne de l’équipe est vérifiée par le guichet, et figure sur cette page."),
            value=entry.may_administer,
        ),
    ]


def day_from(text: str) -> date | None:
    """A day of a date field; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
