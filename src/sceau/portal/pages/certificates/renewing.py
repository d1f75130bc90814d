"""When a certificate is renewed, and how: the window opens with the first reminder, and never closes.

After its end it is asked again under the same right, the same file, without a new order. A new key each time:
the gate refuses the old one. Whether the right still stands is said on the request page, with its reasons.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sceau.portal.language import page_catalogue
from sceau.records import CertificateFile, CertificateLine

_STANDINGS = frozenset({"in-service", "expired"})


def window_days() -> int:
    """How many days before its end a certificate may well be renewed: when the first reminder is sent."""
    return max(page_catalogue().mail.reminders["certificate"].days)


def is_to_renew(line: CertificateLine, *, at: datetime) -> bool:
    """Whether its window is open: it serves and ends within it, or it has ended."""
    return line.standing in _STANDINGS and line.not_after - at <= timedelta(days=window_days())


def renewal_of(file: CertificateFile, *, at: datetime) -> dict[str, Any]:
    """For the certificate's page: `renewal` (a sentence, empty outside the window) and `renew_address`."""
    line = file.line
    if file.replaced_by or not is_to_renew(line, at=at):
        return {"renewal": "", "renew_address": ""}
    if line.habilitation:
        address = reverse("request", args=[line.habilitation])
    else:
        address = reverse("request-own", args=[line.product])
    return {"renewal": _said(line, at), "renew_address": f"{address}?remplace={line.reference}"}


def _said(line: CertificateLine, at: datetime) -> str:
    kept = _("même habilitation, mêmes noms, aucune nouvelle commande. Une clé neuve est demandée.")
    if line.standing == "expired":
        return _("Rien n’est perdu : {kept}").format(kept=kept)
    days = max(0, (line.not_after - at).days)
    left = ngettext("Il se termine dans {days} jour", "Il se termine dans {days} jours", days).format(
        days=days
    )
    if days == 0:
        left = _("Il se termine aujourd’hui")
    return _("{left}. Pour le suivant : {kept} L’actuel sert jusqu’à sa fin.").format(left=left, kept=kept)
