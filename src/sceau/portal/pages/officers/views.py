"""Who is an officer, and by which passkey: what waits for a second person, the roles, the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sceau.operations import (
    confirm_invitation,
    confirm_role,
    drop_invitation,
    drop_role,
    invite_passkey,
    machine,
    propose_role,
    register_person,
    revoke_passkey,
)
from sceau.portal.fields import Choice, Sheet
from sceau.portal.hats import Hat
from sceau.portal.rendering import page
from sceau.portal.saying import summary
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.records import card_line, officers, passkey_invitations, passkeys_of, role_proposals
from sceau.registration import OFFICER_ROLES, Person
from sceau.vocabulary import Finding, IdentifierMode, Refused, errors, read_person_id

_VOUCHERS = frozenset({Hat.DESK, Hat.AUTHORITY})
_OFFICER_TITLE = "Agent de l’autorité d’enregistrement"


def board(request: PortalRequest) -> HttpResponse:
    """Everything about officers on one page."""
    return _board(request)


def propose(request: PortalRequest) -> HttpResponse:
    """The authority asks that a role be given or taken."""
    typed = _typed(request, "role.person", "role.quality", "role.event", "role.reason")
    try:
        propose_role(
            actor_of(request),
            person_id=_person_of(typed["role.person"]),
            quality=typed["role.quality"],
            event=typed["role.event"],
            reason=typed["role.reason"],
        )
    except Refused as refusal:
        return _board(request, refusal.findings, typed)
    return _back(request, _("La proposition attend la confirmation d’un autre agent."))


def confirm(request: PortalRequest, reference: str) -> HttpResponse:
    """A second person says yes to a role."""
    return _acted(
        request,
        lambda: confirm_role(actor_of(request), reference=reference),
        _("C’est fait : le changement de rôle a pris effet."),
    )


def drop(request: PortalRequest, reference: str) -> HttpResponse:
    """A proposal is dropped."""
    return _acted(
        request,
        lambda: drop_role(actor_of(request), reference=reference),
        _("La proposition est abandonnée."),
    )


def person(request: PortalRequest) -> HttpResponse:
    """Make an officer known who has no card to come to the door with."""
    typed = _typed(request, "person.national_id", "person.surname", "person.given_names")
    findings = [
        Finding.error("operations.text-missing", path)
        for path in ("person.surname", "person.given_names")
        if not typed[path]
    ]
    mode = IdentifierMode(machine().catalogue.environments[machine().environment].identifier_mode)
    reading = read_person_id(typed["person.national_id"], mode=mode)
    findings += [one.about("person.national_id") for one in errors(reading.findings)]
    if findings or reading.value is None:
        return _board(request, tuple(findings), typed)
    known = Person(reading.value, typed["person.surname"], typed["person.given_names"], _OFFICER_TITLE, None)
    return _acted(
        request,
        lambda: register_person(actor_of(request), known),
        _("La personne est connue : un rôle peut lui être proposé."),
    )


def invite(request: PortalRequest) -> HttpResponse:
    """A first officer asks that a colleague may register a passkey; their half of what opens it is shown."""
    typed = _typed(request, "key.person", "key.kind", "key.reason")
    try:
        asked = invite_passkey(
            actor_of(request),
            person_id=_person_of(typed["key.person"]),
            recovers=typed["key.kind"] == "recover",
            reason=typed["key.reason"],
        )
    except Refused as refusal:
        return _board(request, refusal.findings, typed)
    context = {"title": _("L’invitation attend un second agent"), "asked": asked}
    return page(request, "officers/asked.html", context)


def confirm_key(request: PortalRequest, reference: str) -> HttpResponse:
    """A second officer says yes; their half, the link, is shown."""
    try:
        opened = confirm_invitation(actor_of(request), reference=reference)
    except Refused as refusal:
        return _board(request, refusal.findings)
    context = {
        "title": _("L’invitation est ouverte"),
        "opened": opened,
        "path": reverse("passkey-register", kwargs={"link": opened.link}),
        "minutes": int(machine().catalogue.entrance.passkey.open.total_seconds() // 60),
    }
    return page(request, "officers/opened.html", context)


def drop_key(request: PortalRequest, reference: str) -> HttpResponse:
    """An invitation is dropped."""
    return _acted(
        request,
        lambda: drop_invitation(actor_of(request), reference=reference),
        _("L’invitation est fermée."),
    )


def end_key(request: PortalRequest, reference: str) -> HttpResponse:
    """A colleague's passkey is revoked: stopping takes one person."""
    reason = request.POST.get("reason", "")[:500] or "révoquée par un collègue"
    return _acted(
        request,
        lambda: revoke_passkey(actor_of(request), reference=reference, reason=reason),
        _("La clé d’accès est révoquée, et ce qu’elle avait ouvert est fermé."),
    )


def _acted(request: PortalRequest, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        return _board(request, refusal.findings)
    return _back(request, said)


def _back(request: PortalRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("officers"))


def _board(
    request: PortalRequest, findings: tuple[Finding, ...] = (), typed: dict[str, str] | None = None
) -> HttpResponse:
    at, hat = machine().clock(), request.visitor.hat
    people = officers()
    sheets = _sheets(findings, typed or {}, people)
    proposals, invitations = role_proposals(at=at), passkey_invitations(at=at)
    waits = {"asked", "open"}
    context: dict[str, Any] = {
        "is_past": any(one.state not in waits for several in (proposals, invitations) for one in several),
        "is_waiting": any(one.state in waits for several in (proposals, invitations) for one in several),
        "title": _("Rôles et clés d’accès"),
        "officers": people,
        "proposals": proposals,
        "invitations": invitations,
        "keys": passkeys_of(),
        "me": request.visitor.person_id,
        "may_propose": hat is Hat.AUTHORITY,
        "may_vouch": hat in _VOUCHERS,
        "asked_hours": int(machine().catalogue.entrance.passkey.asked.total_seconds() // 3600),
        **sheets,
    }
    paths = [one.path for several in sheets.values() for one in several]
    context.update(summary(findings, heading=_("Cela n’a pas été fait"), fields=paths))
    return page(request, "officers/board.html", context, status=422 if findings else 200)


def _sheets(
    findings: tuple[Finding, ...], typed: dict[str, str], people: tuple[Any, ...]
) -> dict[str, list[Any]]:
    role = _role_fields(_part("role", findings, typed))
    key = _key_fields(_part("key", findings, typed), people)
    known = _part("person", findings, typed)
    person_fields = [
        known.field(
            "person.national_id",
            label=_("Identifiant national"),
            help=_("Celui d’un agent qui n’a pas de carte : le chiffre du type puis le numéro."),
            required=True,
        ),
        known.field("person.surname", label=_("Nom"), required=True),
        known.field("person.given_names", label=_("Prénom(s)"), required=True),
    ]
    return {"role_fields": role, "key_fields": key, "person_fields": person_fields}


def _part(name: str, findings: tuple[Finding, ...], typed: dict[str, str]) -> Sheet:
    """The sheet of one form: findings that name its fields plainly are its own if it was the one sent."""
    values = {key.partition(".")[2]: value for key, value in typed.items() if key.startswith(f"{name}.")}
    mine = tuple(
        one.about(f"{name}.{one.subject}")
        if one.subject in {"person", "quality", "event", "reason"} and values
        else one
        for one in findings
    )
    return Sheet({name: values}, mine)


def _role_fields(sheet: Sheet) -> list[Any]:
    typed = sheet.values["role"]
    roles = [
        Choice(one, machine().catalogue.text(f"role.{one}"), typed.get("quality") == one)
        for one in sorted(OFFICER_ROLES)
    ]
    events = [
        Choice("give", _("Donner ce rôle"), typed.get("event", "give") == "give"),
        Choice("take", _("Reprendre ce rôle"), typed.get("event") == "take"),
    ]
    return [
        sheet.field(
            "role.person",
            label=_("Personne"),
            help=_("Son identifiant national, ou le numéro de sa carte."),
            required=True,
        ),
        sheet.field("role.quality", label=_("Rôle"), kind="select", choices=roles),
        sheet.field("role.event", label=_("Changement"), kind="radio", choices=events),
        sheet.field("role.reason", label=_("Motif"), help=_("Le journal le garde."), required=True),
    ]


def _key_fields(sheet: Sheet, people: tuple[Any, ...]) -> list[Any]:
    typed = sheet.values["key"]
    chosen = [
        Choice(one.national_id, f"{one.display} ({one.national_id})", typed.get("person") == one.national_id)
        for one in people
    ]
    kinds = [
        Choice(
            "add",
            _("Une clé de plus"),
            typed.get("kind", "add") == "add",
            hint=_("Celles qu’elle a déjà restent en service."),
        ),
        Choice(
            "recover",
            _("Clés perdues ou volées"),
            typed.get("kind") == "recover",
            hint=_("À la confirmation, toutes ses clés sont révoquées et ses connexions par elles fermées."),
        ),
    ]
    return [
        sheet.field("key.person", label=_("Agent"), kind="select", choices=chosen),
        sheet.field("key.kind", label=_("Pourquoi une clé"), kind="radio", choices=kinds),
        sheet.field("key.reason", label=_("Motif"), help=_("Le journal le garde."), required=True),
    ]


def _typed(request: PortalRequest, *paths: str) -> dict[str, str]:
    return {path: request.POST.get(path, "")[:500].strip() for path in paths}


def _person_of(text: str) -> str:
    """Whom a national identifier or a card's number names; the text itself when it is nobody's card."""
    card = card_line(text, at=machine().clock())
    return text if card is None else card.person.national_id
