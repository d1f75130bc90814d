"""The names that a person's structures are known by: what they declared, had certified, receive mail at. Read
to warn of slips, never to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sceau.operations.machine import Actor, machine
from sceau.records import declared_by, habilitations_of, names_given_under
from sceau.registration import doubts_about
from sceau.vocabulary import Finding

_MOST_ORDERS = 5


def doubts_about_form(actor: Actor, raw: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What is odd about the names declared in a form, beside each other, beside the mail of the people on it,
    and beside what this person's structures declared before.
    """
    lines = raw.get("offers") or []
    names = [str(line.get("declared") or "") for line in lines]
    known = [*_mails_on(raw), *_declared_before(actor)]
    found: list[Finding] = []
    for index, name in enumerate(names):
        beside = [one for at, one in enumerate(names) if at != index]
        found += doubts_about(name, known=[*known, *beside], subject=f"offers.{index}.declared")
    return tuple(found)


def doubts_about_names(names: Iterable[str], *, habilitation: str | None) -> tuple[Finding, ...]:
    """What is odd about names asked for, beside those that the latest certificates of this right carry."""
    known = list(names_given_under(habilitation)) if habilitation else []
    found = [one for name in names for one in doubts_about(name, known=known, subject="names")]
    return tuple(dict.fromkeys(found))


def _mails_on(raw: Mapping[str, Any]) -> list[str]:
    """The domains at which the people on the form have their mail, but those of everybody."""
    people = [raw.get("signatory") or {}, *(raw.get("administrators") or [])]
    domains = [str(person.get("email") or "").rpartition("@")[2].casefold() for person in people]
    public = machine().catalogue.public_mail_providers
    return [domain for domain in domains if domain and domain not in public]


def _declared_before(actor: Actor) -> list[str]:
    """The names in this person's latest orders, and those of the rights that they hold."""
    rights = habilitations_of(actor.person_id, at=machine().clock())
    return [*declared_by(actor.person_id, limit=_MOST_ORDERS), *(one.scope_name for one in rights)]
