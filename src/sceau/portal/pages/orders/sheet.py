"""Form 413 as a page shows it: every field of the notice, with its numbering, its help and what was found
about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.catalogue import How
from sceau.portal.fields import Choice, Field, Sheet
from sceau.portal.language import page_catalogue
from sceau.portal.pages.orders.raw import MOST_RANGS
from sceau.vocabulary import Finding

_TEXT_LOOKS: dict[str, dict[str, Any]] = {
    "structure.siret": {"width": "w20", "inputmode": "numeric"},
    "structure.finess": {"width": "w14"},
    "structure.postcode": {"width": "w5", "inputmode": "numeric", "autocomplete": "off"},
    "contract.number": {"width": "w20"},
    "signatory.phone": {"kind": "tel", "width": "w14"},
    "signatory.email": {"kind": "email"},
    "signatory.card_number": {"width": "w14", "inputmode": "numeric"},
    "visa.date": {"kind": "date", "width": "w14"},
    "usage.description": {"kind": "textarea", "rows": 4},
}
_KINDS = (
    (
        "domain",
        gettext_noop("Un domaine entier"),
        gettext_noop("Le domaine, tous ses serveurs et tous ses sous-domaines : mon-domaine.fr"),
    ),
    (
        "subdomain",
        gettext_noop("Un sous-domaine et sa branche"),
        gettext_noop("Ce sous-domaine et tout ce qu’il contient : imagerie.mon-domaine.fr"),
    ),
    (
        "server",
        gettext_noop("Un seul serveur"),
        gettext_noop("Exactement ce nom, et aucun autre : www.mon-domaine.fr"),
    ),
)
_OWNERS = (
    ("structure", gettext_noop("La structure"), gettext_noop("Elle est propriétaire du nom de domaine.")),
    (
        "holder",
        gettext_noop("Quelqu’un d’autre"),
        gettext_noop(
            "Le détenteur doit envoyer un courrier signé accordant l’usage, "
            "avec copie de sa carte d’identité."
        ),
    ),
)
_QUALITIES = (
    ("representative", gettext_noop("Représentant légal"), ""),
    ("mandataire", gettext_noop("Mandataire du représentant légal"), ""),
    ("holder", gettext_noop("Titulaire de la structure libérale"), ""),
)
_YES_NO = (("oui", gettext_noop("Oui"), ""), ("non", gettext_noop("Non"), ""))
_ANSWERS = {"True": "oui", "False": "non"}
_RESTRICTIONS = (
    ("oui", gettext_noop("Restreint à ce seul domaine"), ""),
    ("non", gettext_noop("Étendu à ses sous-domaines"), ""),
    (
        "inconnu",
        gettext_noop("Non précisé par le formulaire"),
        gettext_noop("Reste restreint tant que le guichet n’a pas tranché."),
    ),
)


class OrderSheet:
    """The fields of the form, section by section, for the template. `desk` shows what only the desk fills
    in.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        findings: tuple[Finding, ...] = (),
        *,
        desk: bool = False,
        card: str = "",
    ) -> None:
        self.raw = raw
        self.desk = desk
        number = "".join(str(raw["signatory"].get("card_number") or "").split())
        self.signs = bool(card) and number == card
        self._sheet = Sheet(raw, findings)
        self.structure = self._structure()
        self.contract = [self._text("contract.number")]
        self.signatory = self._signatory()
        self.visa = self._visa()
        self.usage = [self._text(f"usage.{key}") for key in ("description", "editor", "solution")]
        self.offers = [self._offer(index, offer) for index, offer in enumerate(raw["offers"])]
        self.administrators = [self._administrator(index) for index in range(len(raw["administrators"]))]
        self.declarations = [
            self._sheet.field(f"declarations.{key}", kind="checkbox") for key in ("terms", "exact")
        ]

    @property
    def paths(self) -> list[str]:
        """The ids on the page, for the links of the summary."""
        return [*self._sheet.paths, "offers", "administrators", "structure"]

    def _text(self, path: str, **look: Any) -> Field:
        general = ".".join(step for step in path.split(".") if not step.isdecimal())
        return self._sheet.field(path, **{**_TEXT_LOOKS.get(general, {}), **look})

    def _structure(self) -> list[Field]:
        answer = _ANSWERS.get(str(self.raw["structure"].get("takes_charge")), "")
        fields = [self._text("structure.name"), self._radio("structure.takes_charge", _YES_NO, answer)]
        fields += [self._text(f"structure.{key}") for key in ("finess", "siret")]
        rangs = [
            self._text(
                f"structure.rpps_rangs.{index}",
                label=_("N° RPPS-rang") + (f" ({index + 1})" if index else ""),
                width="w20",
                inputmode="numeric",
                help=_("Cabinets de radiologie seulement : quatre au plus.") if index == 0 else "",
            )
            for index in range(min(MOST_RANGS, len(self.raw["structure"].get("rpps_rangs") or []) + 1))
        ]
        return [*fields, *rangs, self._text("structure.postcode"), self._text("structure.commune")]

    def _signatory(self) -> list[Field]:
        quality = self._radio("signatory.quality", _QUALITIES, self.raw["signatory"].get("quality") or "")
        rest = ("surname", "given_names", "card_number", "phone", "email")
        return [quality, *(self._text(f"signatory.{key}") for key in rest)]

    def _visa(self) -> list[Field]:
        """What the desk sees on an original. On the requester's page, the card at the door is the visa."""
        if not self.desk:
            return []
        return [
            self._text("visa.date"),
            self._sheet.field("visa.signed", kind="checkbox", help=_("La signature est sur l’original.")),
            self._sheet.field("visa.stamped", kind="checkbox", help=_("Le cachet est sur l’original.")),
        ]

    def _offer(self, index: int, values: Mapping[str, Any]) -> dict[str, Any]:
        path = f"offers.{index}"
        catalogue = page_catalogue()
        offer = catalogue.offers.get(str(values.get("offer") or ""))
        if offer is None:
            return {
                "index": index,
                "path": path,
                "offer": None,
                "code": values.get("offer") or "",
                "fields": [],
            }
        self._sheet.paths.append(path)
        fields = [self._products(path, offer.products, values)] if len(offer.products) > 1 else []
        if offer.scope_family is not None:
            mail = offer.scope_family.value == "mail"
            label = (
                _("Nom de domaine de messagerie")
                if mail
                else _("Nom de domaine, de sous-domaine ou de serveur")
            )
            example = "@mon-domaine.fr" if mail else "mon-domaine.fr"
            fields.append(self._text(f"{path}.declared", label=label, example=example))
            fields.append(self._restriction(path, values) if mail else self._kind(path, values))
            fields.append(self._radio(f"{path}.owner", _OWNERS, values.get("owner") or "", required=True))
            if values.get("owner") == "holder":
                fields += self._letter(path)
        return {"index": index, "path": path, "offer": offer, "code": offer.code, "fields": fields}

    def _products(self, path: str, products: tuple[str, ...], values: Mapping[str, Any]) -> Field:
        chosen = set(values.get("products") or products)
        known = page_catalogue().products
        choices = [Choice(code, code, code in chosen, known[code].label) for code in products]
        return self._sheet.field(
            f"{path}.products",
            kind="checkboxes",
            choices=choices,
            help=_("Décochez ceux dont vous n’avez pas besoin."),
        )

    def _kind(self, path: str, values: Mapping[str, Any]) -> Field:
        return self._radio(f"{path}.kind", _KINDS, values.get("kind") or "", required=True)

    def _restriction(self, path: str, values: Mapping[str, Any]) -> Field:
        if not self.desk:
            return self._sheet.field(f"{path}.restricted", kind="checkbox")
        answer = _ANSWERS.get(str(values.get("restricted")), "inconnu")
        return self._radio(f"{path}.restricted", _RESTRICTIONS, answer, label=_("Restriction"))

    def _letter(self, path: str) -> list[Field]:
        fields = [self._text(f"{path}.letter.purpose")]
        if self.desk:
            keys = ("received", "signed", "id_copy")
            fields += [self._sheet.field(f"{path}.letter.{key}", kind="checkbox") for key in keys]
        return fields

    def _administrator(self, index: int) -> dict[str, Any]:
        path = f"administrators.{index}"
        self._sheet.paths.append(path)
        looks: dict[str, dict[str, Any]] = {
            "card_number": {"width": "w14", "inputmode": "numeric", "label": _("N° de carte")},
            "surname": {"label": _("Nom")},
            "given_names": {"label": _("Prénom(s)")},
            "phone": {"kind": "tel", "width": "w14", "label": _("Téléphone")},
            "email": {"kind": "email", "label": _("Adresse électronique")},
        }
        return {
            "index": index,
            "path": path,
            "fields": [self._text(f"{path}.{key}", **look) for key, look in looks.items()],
        }

    def _radio(self, path: str, answers: tuple[tuple[str, str, str], ...], chosen: str, **look: Any) -> Field:
        choices = [
            Choice(value, _(label), value == chosen, hint and _(hint)) for value, label, hint in answers
        ]
        return self._sheet.field(path, kind="radio", choices=choices, **look)


def offers_to_add() -> list[tuple[str, str, str]]:
    """The offers that form 413 orders: code, short name, title."""
    return [
        (offer.code, offer.short, offer.usage)
        for offer in page_catalogue().offers.values()
        if offer.how is How.FORM_413
    ]
