"""Everything that was sent and its fate; dead addresses, further contacts, the letter for the post."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.catalogue import WITH_CONTACTS, MailRole
from sceau.operations import add_contact, end_contact, letter_of, resend_mail, revive_address
from sceau.portal.hats import Hat
from sceau.portal.language import page_catalogue
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import dead_addresses, list_mails, mail_contacts, mail_file
from sceau.vocabulary import Finding, Refused

_PAGE = 25
_STATES = ("waiting", "sending", "sent", "presumed", "refused", "bounced", "given-up")


def mails(request: PortalRequest) -> HttpResponse:
    """The outbox, the newest first; dead addresses and contacts below."""
    return _page(request)


def mail(request: PortalRequest, number: int) -> HttpResponse:
    """One mail as it was written."""
    return _mail_page(request, number)


def resend(request: PortalRequest, number: int) -> HttpResponse:
    """Send it once more."""
    try:
        copy = resend_mail(actor_of(request), number=number)
    except Refused as refusal:
        return _mail_page(request, number, refusal.findings, status=422)
    messages.success(request, _("Une copie part vers la même adresse. Il n’y en aura pas d’autre."))
    return HttpResponseRedirect(reverse("desk-mail", args=[copy]))


def letter(request: PortalRequest, number: int) -> HttpResponse:
    """What it said, as a letter to print."""
    response = HttpResponse(letter_of(actor_of(request), number=number), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="lettre-{number}.pdf"'
    return response


def contacts(request: PortalRequest) -> HttpResponse:
    """Put an address on file, take one off, or say that a dead one lives."""
    actor, typed = actor_of(request), {key: request.POST.get(key, "")[:254].strip() for key in _TYPED}
    try:
        if typed["action"] == "retirer":
            end_contact(actor, number=int(typed["number"]) if typed["number"].isdecimal() else 0)
            done = _("L’adresse n’est plus utilisée.")
        elif typed["action"] == "retablir":
            revive_address(actor, address=typed["address"], reason=typed["reason"])
            done = _("L’adresse est de nouveau utilisée.")
        else:
            add_contact(actor, structure=typed["structure"], role=typed["role"], address=typed["address"])
            done = _("L’adresse est au dossier : elle est essayée après celles qui y étaient.")
    except Refused as refusal:
        return _page(request, refusal.findings, status=422)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk-mails"))


_TYPED = ("action", "number", "structure", "role", "address", "reason")


def _page(request: PortalRequest, findings: tuple[Finding, ...] = (), *, status: int = 200) -> HttpResponse:
    text, state = request.GET.get("texte", "")[:254].strip(), request.GET.get("etat", "")
    before = request.GET.get("avant", "")
    after = int(before) if before.isascii() and before.isdecimal() and len(before) < 15 else 0
    found = list_mails(text=text, state=state if state in _STATES else "", after=after, limit=_PAGE + 1)
    texts = page_catalogue().texts
    context = {
        "title": _("Courriels"),
        "mails": found[:_PAGE],
        "before": found[_PAGE - 1].number if len(found) > _PAGE else 0,
        "text": text,
        "state": state,
        "states": _STATES,
        "dead": dead_addresses(),
        "further": mail_contacts(),
        "roles": [(str(role), texts[f"mail-role.{role}"]) for role in MailRole if role in WITH_CONTACTS],
        "may_act": Hat.DESK in request.visitor.hats,
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=["structure", "role", "email"]),
    }
    return page(request, "mails/list.html", context, status=status)


def _mail_page(
    request: PortalRequest, number: int, findings: tuple[Finding, ...] = (), *, status: int = 200
) -> HttpResponse:
    file = mail_file(number)
    if file is None:
        raise Http404
    line = file.line
    gone = line.state not in {"waiting", "sending"}
    context = {
        "title": _("Courriel {number}").format(number=number),
        "line": line,
        "text": file.text,
        "message_id": file.message_id,
        "may_act": Hat.DESK in request.visitor.hats,
        "may_resend": gone and not line.is_copy and not line.again,
        **summary(findings, heading=_("Cela n’a pas été fait"), fields=[]),
    }
    return page(request, "mails/mail.html", context, status=status)
