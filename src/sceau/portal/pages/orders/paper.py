"""Paper at the desk: a form that came by post, keyed with its identifiers twice, its scan with it; and the
form of an order, to print.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import PaperForm, key_paper_form, twice_typed
from sceau.portal.language import page_catalogue
from sceau.portal.limits import too_often
from sceau.portal.pages.desk.views import required_file
from sceau.portal.pages.orders.checking import check_products
from sceau.portal.pages.orders.editing import edited
from sceau.portal.pages.orders.raw import Raw, raw_from
from sceau.portal.pages.orders.sheet import OrderSheet, offers_to_add
from sceau.portal.pages.orders.views import form_response
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Finding, Refused

EDITION = "2026-11"
_AGAIN = "encore."


def paper(request: PortalRequest) -> HttpResponse:
    """Key a form on paper. What was typed is never lost; the second typing of an identifier is never shown
    back from the first.
    """
    raw = raw_from(request.POST, desk=True) | {"edition": EDITION}
    once = request.POST.get("once", "")[:80] or secrets.token_urlsafe(16)
    again = {
        name.removeprefix(_AGAIN): str(value)[:40]
        for name, value in request.POST.items()
        if name.startswith(_AGAIN)
    }
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if action != "envoyer":
        return _page(request, edited(raw, action) if action else raw, again, once=once)
    findings = check_products(raw)
    sent = read_upload(request, "scan")
    if too_often(request, "piece", per_minute=20):
        findings = (*findings, Finding.error("portal.too-often", "scan"))
    if not findings:
        scan, name = (sent[1], sent[0]) if sent else (b"", "")
        entry = PaperForm(raw=raw, again=again, scan=scan, scan_name=name[:200], idempotency_key=once)
        try:
            file = key_paper_form(actor_of(request), entry)
        except Refused as refusal:
            findings = refusal.findings
        else:
            messages.success(
                request,
                _("Le formulaire est la commande {reference} ; un autre agent atteste son visa.").format(
                    reference=file.line.reference
                ),
            )
            return HttpResponseRedirect(reverse("desk-order", args=[file.line.reference]))
    return _page(request, raw, again, once=once, findings=findings)


def form_pdf(request: PortalRequest, reference: str) -> HttpResponse:
    """The form 413 of any order, for the desk."""
    return form_response(request, required_file(reference))


def _page(
    request: PortalRequest,
    raw: Raw,
    again: dict[str, str],
    *,
    once: str,
    findings: tuple[Finding, ...] = (),
) -> HttpResponse:
    sheet = OrderSheet(raw, findings, desk=True)
    twice: list[dict[str, Any]] = [
        {
            "name": f"{_AGAIN}{path}",
            "id": f"encore-{index}",
            "label": _label(path),
            "value": again.get(path, ""),
        }
        for index, path in enumerate(twice_typed(raw))
    ]
    context = {
        "title": _("Saisir un formulaire papier"),
        "sheet": sheet,
        "twice": twice,
        "once": once,
        "offers_to_add": offers_to_add(),
        **summary(findings, heading=_("Le formulaire n’est pas enregistré"), fields=[*sheet.paths, "scan"]),
    }
    return page(request, "desk/paper.html", context, status=422 if findings else 200)


def _label(path: str) -> str:
    """The field's label, with its row where there are several."""
    steps = path.split(".")
    row = next((f" {int(step) + 1}" for step in steps if step.isdecimal()), "")
    help_ = page_catalogue().help[".".join(step for step in steps if not step.isdecimal())]
    return f"{help_.label}{row}"
