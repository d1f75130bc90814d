"""Who is let in, for how long, and where Pro Santé Connect is, as data.

Values only, as `data/entrance.toml` has them. What a session may do, the portal decides; whom an answer of
Pro Santé Connect names, `identity` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from sceau.catalogue.reading import Row

_MINUTES = range(1, 24 * 60)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session may be silent, and last; how old a proof may be when something is decided;
    how long a form is kept meanwhile.
    """

    idle: timedelta
    longest: timedelta
    fresh: timedelta
    kept: timedelta
    clause: str


@dataclass(frozen=True, slots=True)
class PasskeyRules:
    """How long an invitation waits for its second officer (`asked`), stays open once confirmed (`open`), how
    often its code may be mistyped (`tries`), and how long an authenticator has to answer (`answer`).
    """

    asked: timedelta
    open: timedelta
    tries: int
    answer: timedelta
    clause: str


@dataclass(frozen=True, slots=True)
class PscPlace:
    """One Pro Santé Connect: its name as an issuer, its four addresses (https), the level (`acr`) and scope
    asked for.
    """

    code: str
    issuer: str
    authorization: str
    token: str
    userinfo: str
    keys: str
    level: str
    scope: str
    clause: str


@dataclass(frozen=True, slots=True)
class EntranceRules:
    """The whole table."""

    session: SessionRules
    passkey: PasskeyRules
    psc: Mapping[str, PscPlace]


def read_entrance(row: Row) -> EntranceRules:
    """The whole table. A proof is asked for anew before a session ends, or it would never be."""
    session = row.row("session")
    idle, longest, fresh, kept = (
        timedelta(minutes=session.number(f"{name}_minutes", within=_MINUTES))
        for name in ("idle", "longest", "fresh", "kept")
    )
    rules = SessionRules(idle, longest, fresh, kept, session.text("clause"))
    if not rules.fresh < rules.longest or not rules.idle <= rules.longest:
        session.problem("a session lasts longer than its silence and than a proof", "longest_minutes")
    session.close()
    passkey = _read_passkey(row.row("passkey"))
    places = {}
    for code, one in row.row("psc").rows():
        places[code] = _read_place(code, one)
    row.close()
    return EntranceRules(rules, passkey, MappingProxyType(places))


def _read_passkey(row: Row) -> PasskeyRules:
    rules = PasskeyRules(
        asked=timedelta(hours=row.number("asked_hours", within=range(1, 24 * 31))),
        open=timedelta(minutes=row.number("open_minutes", within=_MINUTES)),
        tries=row.number("tries", within=range(1, 21)),
        answer=timedelta(minutes=row.number("answer_minutes", within=range(1, 61))),
        clause=row.text("clause"),
    )
    row.close()
    return rules


def _read_place(code: str, row: Row) -> PscPlace:
    names = ("issuer", "authorization", "token", "userinfo", "keys")
    addresses = {name: row.text(name) for name in names}
    for name, address in addresses.items():
        if not address.startswith("https://"):
            row.problem("an https address is expected", name)
    place = PscPlace(
        code=code, level=row.text("level"), scope=row.text("scope"), clause=row.text("clause"), **addresses
    )
    row.close()
    return place
