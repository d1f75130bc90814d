"""What an instance may not be when it opens: production with test cards, with a development hierarchy, or
half set.

Asked by `sceau run` before anything listens, and by Django's `check`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from sceau.portal import dsfr_folder
from sceau.site.environment import DEVELOPMENT, Place, environment_written_in
from sceau.site.psc_link import missing_of


@register("sceau")
def check_instance(**_options: Any) -> Sequence[CheckMessage]:
    """Everything that keeps this instance from opening."""
    return problems_of(settings.PLACE, hsts=settings.SECURE_HSTS_SECONDS, debug=settings.DEBUG)


def problems_of(place: Place, *, hsts: int, debug: bool) -> list[CheckMessage]:
    """The same, of any place."""
    found: list[CheckMessage] = []
    if debug:
        found.append(Error("DEBUG est actif : il ne l'est jamais, même en développement.", id="sceau.E001"))
    if settings.SCEAU_THEME == "dsfr" and dsfr_folder() is None:
        hint = "Installez django-dsfr, ou retirez SCEAU_THEME."
        found.append(Error("Le thème de l'État n'est pas installé.", hint=hint, id="sceau.E010"))
    found += _about_psc(os.environ, is_production=place.environment == "production")
    if place.is_development:
        return found
    if place.test_cards:
        hint = "Retirez SCEAU_TEST_CARDS : le tiroir n'existe que dans une instance de développement."
        found.append(
            Error("Le tiroir de cartes de test est ouvert hors développement.", hint=hint, id="sceau.E002")
        )
    if (place.data / "cards").exists():
        hint = f"Retirez le dossier {place.data / 'cards'}, ou servez-vous d'une autre instance."
        found.append(Error("Des cartes de test sont dans les données.", hint=hint, id="sceau.E003"))
    if environment_written_in(place.data) == DEVELOPMENT:
        hint = "Elle ne peut servir en production : créez la vôtre avec « sceau init »."
        found.append(
            Error("La hiérarchie de cette instance est de développement.", hint=hint, id="sceau.E004")
        )
    if hsts <= 0:
        found.append(Error("HSTS est désactivé hors développement.", id="sceau.E005"))
    if (place.data / "signer" / "passphrase").exists():
        hint = "Elle vient d'une personne, d'un descripteur ou du gestionnaire de services."
        found.append(Error("La phrase secrète des clés est à côté des clés.", hint=hint, id="sceau.E006"))
    return found


def _about_psc(environ: Mapping[str, str], *, is_production: bool) -> list[CheckMessage]:
    """Pro Santé Connect is set whole or not at all, and people of the sandbox do not enter a real service."""
    found: list[CheckMessage] = []
    missing = missing_of(environ)
    if missing:
        hint = f"Donnez {', '.join(missing)}, ou retirez tous les réglages SCEAU_PSC."
        found.append(Error("Pro Santé Connect est réglé à moitié.", hint=hint, id="sceau.E007"))
    if is_production and environ.get("SCEAU_PSC") == "sandbox":
        hint = "Mettez SCEAU_PSC=production, ou retirez les réglages SCEAU_PSC."
        found.append(
            Error("Le bac à sable de Pro Santé Connect est ouvert en production.", hint=hint, id="sceau.E008")
        )
    return found
