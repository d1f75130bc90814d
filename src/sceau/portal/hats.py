"""The hats a visitor may wear, and the table entry that says which page is for which. Deny by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpResponseBase


class Hat(StrEnum):
    """What a visitor is, as far as pages go. What they may do with one object, the verbs decide."""

    ANYBODY = "anybody"
    HOLDER = "holder"
    PROFESSIONAL = "professional"
    DESK = "desk"
    AUDITOR = "auditor"
    AUTHORITY = "authority"


ANYBODY = frozenset(Hat)
CARD_HOLDERS = frozenset({Hat.HOLDER})
DESK = frozenset({Hat.DESK})
DESK_READERS = frozenset({Hat.DESK, Hat.AUDITOR})
ENDERS = frozenset({Hat.DESK, Hat.AUTHORITY})
ENDER_READERS = frozenset({Hat.DESK, Hat.AUTHORITY, Hat.AUDITOR})
PROFESSIONALS = frozenset({Hat.PROFESSIONAL})
OFFICERS = frozenset({Hat.DESK, Hat.AUDITOR, Hat.AUTHORITY})
AUTHORITIES = frozenset({Hat.AUTHORITY})
KNOWN = frozenset(Hat) - {Hat.ANYBODY}
CHOICES = (Hat.DESK, Hat.AUTHORITY, Hat.AUDITOR, Hat.HOLDER)
"""The hats that are chosen, the first one held being worn until another is: one at a time, so that nobody
does with one role what they hold another for."""

READ = ("GET", "HEAD")
ACT = ("POST",)
BOTH = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class Page:
    """One address: its route, its view, its name, the hats it is for and the methods it answers."""

    route: str
    view: Callable[..., HttpResponseBase]
    name: str
    hats: frozenset[Hat]
    methods: tuple[str, ...] = READ
