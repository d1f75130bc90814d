"""A professional's mailbox, confirmed by a code mailed to it, on the very page that asks for the
certificate.
"""

from __future__ import annotations

from django.contrib import messages
from django.utils.translation import gettext as _

from sceau.operations import confirm_mailbox, send_mailbox_code
from sceau.portal.fields import Field, Sheet
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Finding, Refused

ACTIONS = frozenset({"envoyer-code", "confirmer-code"})


def act_on_mailbox(request: PortalRequest) -> tuple[Finding, ...]:
    """Send the code, or take it back; empty when it is done."""
    mailbox = request.POST.get("names", "")[:300].strip()
    try:
        if request.POST.get("action") == "envoyer-code":
            sent_to = send_mailbox_code(actor_of(request), mailbox=mailbox)
            messages.success(
                request, _("Un code est parti à {sent_to}. Il vaut trente minutes.").format(sent_to=sent_to)
            )
        else:
            code = request.POST.get("mailbox_code", "")[:40]
            confirmed = confirm_mailbox(actor_of(request), mailbox=mailbox, code=code)
            messages.success(request, _("L’adresse {confirmed} est confirmée.").format(confirmed=confirmed))
    except Refused as refusal:
        return refusal.findings
    return ()


def code_field(sheet: Sheet) -> Field:
    """Where the code that came by mail is typed."""
    return sheet.field(
        "mailbox_code",
        label=_("Code reçu par courriel"),
        width="w10",
        inputmode="numeric",
        autocomplete="one-time-code",
        value="",
    )
