"""The examiner's own table of the thirteen products, written beside the catalogue and not read from it [F23,
F35].

A profile edited by mistake in the catalogue gives certificates that this table refuses: nothing is signed
until both agree. Values: IGC-SANTE 2.2 where seen, our reading where only inferred (the catalogue marks
which).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_SERVER_AUTH, _CLIENT_AUTH, _EMAIL = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
_SMARTCARD_LOGIN, _ANY_PURPOSE = "1.3.6.1.4.1.311.20.2.2", "2.5.29.37.0"
_POLICIES = "1.2.250.1.213.1.7.1.1."
_SIGN, _REPUDIATE, _ENCIPHER = "digital_signature", "content_commitment", "key_encipherment"


class Names(StrEnum):
    """What the subjectAltName may hold."""

    HOSTS = "hosts"
    MAILBOXES = "mailboxes"
    UPN = "upn"
    NOTHING = "nothing"


class Layout(StrEnum):
    """How the subject is laid out: structure (C, ST, O, OU, CN), professional, employee."""

    STRUCTURE = "structure"
    PROFESSIONAL = "professional"
    EMPLOYEE = "employee"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a certificate of one product must show, in whatever environment."""

    product: str
    issuer: str
    usages: frozenset[str]
    purposes: tuple[str, ...]
    policy: str
    names: Names
    period: bool
    layout: Layout


def _server(code: str, usages: set[str], arc: str, names: Names = Names.MAILBOXES) -> Rule:
    purposes = (_SERVER_AUTH, _CLIENT_AUTH) if names is Names.HOSTS else (_EMAIL,)
    signs = usages == {_SIGN, _REPUDIATE}
    return Rule(code, "el-org", frozenset(usages), purposes, _POLICIES + arc, names, signs, Layout.STRUCTURE)


def _application(code: str, usages: set[str], purposes: tuple[str, ...], arc: str) -> Rule:
    signs = usages == {_SIGN, _REPUDIATE}
    return Rule(
        code, "el-org", frozenset(usages), purposes, _POLICIES + arc, Names.NOTHING, signs, Layout.STRUCTURE
    )


def _person(code: str, usage: str, arc: str, layout: Layout) -> Rule:
    is_login = usage == _SIGN
    purposes = (_CLIENT_AUTH, _SMARTCARD_LOGIN) if is_login else (_EMAIL,)
    names = Names.UPN if is_login else Names.MAILBOXES
    signs = usage == _REPUDIATE
    return Rule(code, "el-pp", frozenset({usage}), purposes, _POLICIES + arc, names, signs, layout)


_TABLE = (
    _server("SERV_SSL", {_SIGN, _ENCIPHER}, "2.5.1", Names.HOSTS),
    _server("SERV_S/MIME", {_SIGN, _ENCIPHER}, "2.7.1"),
    _server("SERV_SIGN", {_SIGN, _REPUDIATE}, "2.8.1"),
    _server("SERV_CONF", {_ENCIPHER}, "2.9.1"),
    _application("ORG_AUTH_CLI", {_SIGN}, (_CLIENT_AUTH,), "2.4.1"),
    _application("ORG_SIGN", {_SIGN, _REPUDIATE}, (_EMAIL,), "2.3.1"),
    _application("ORG_CONF", {_ENCIPHER}, (_EMAIL, _ANY_PURPOSE), "2.6.1"),
    _person("PRO_AUTH", _SIGN, "1.4.1", Layout.EMPLOYEE),
    _person("PRO_SIGN", _REPUDIATE, "1.5.1", Layout.EMPLOYEE),
    _person("PRO_CONF", _ENCIPHER, "1.6.1", Layout.EMPLOYEE),
    _person("PS_AUTH", _SIGN, "1.1.1", Layout.PROFESSIONAL),
    _person("PS_SIGN", _REPUDIATE, "1.2.1", Layout.PROFESSIONAL),
    _person("PS_CONF", _ENCIPHER, "1.3.1", Layout.PROFESSIONAL),
)
RULES = {rule.product: rule for rule in _TABLE}
