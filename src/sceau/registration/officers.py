"""Who may make somebody an officer, or give them a passkey: two people, neither of them the one concerned.

The first roles are given by the machine at the set-up, while there is no authority; from then on a role is
asked for by the authority and confirmed by another officer, and the last authority stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sceau.vocabulary import Finding

DESK, AUDITOR, AUTHORITY = "desk", "auditor", "authority"
OFFICER_ROLES = frozenset({DESK, AUDITOR, AUTHORITY})
VOUCHERS = frozenset({DESK, AUTHORITY})
"""Whose yes is worth something: an auditor changes nothing."""


class RoleEvent(StrEnum):
    """What happens to a role."""

    GIVE = "give"
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Voucher:
    """Who asks or confirms: national identifier, the roles held now, and what is in hand (a card's number or
    a passkey's reference; empty: nothing).
    """

    person_id: str
    roles: frozenset[str]
    in_hand: str


@dataclass(frozen=True, slots=True)
class RoleCase:
    """A role of one person: what is asked, the roles they hold now, how many hold the authority's."""

    person_id: str
    quality: str
    event: RoleEvent
    held: frozenset[str]
    authorities: int


def check_role_change(case: RoleCase) -> tuple[Finding, ...]:
    """Whether there is such a change to make."""
    findings = []
    if case.quality not in OFFICER_ROLES:
        findings.append(Finding.error("operations.role-unknown", case.quality))
    elif case.event is RoleEvent.GIVE and case.quality in case.held:
        findings.append(Finding.error("role.held", "quality"))
    elif case.event is RoleEvent.TAKE and case.quality not in case.held:
        findings.append(Finding.error("role.not-held", "quality"))
    elif case.event is RoleEvent.TAKE and case.quality == AUTHORITY and case.authorities < 2:
        findings.append(Finding.error("role.last-authority", "quality"))
    return tuple(findings)


def check_role_asked(case: RoleCase, by: Voucher) -> tuple[Finding, ...]:
    """Why this person may not ask for this change."""
    findings = list(check_role_change(case))
    if AUTHORITY not in by.roles:
        findings.append(Finding.error("role.by-authority", "quality"))
    return (*findings, *_check_voucher(by, concerned=case.person_id))


def check_role_confirmed(case: RoleCase, *, asked_by: str, by: Voucher) -> tuple[Finding, ...]:
    """Why this person may not confirm what another one asked."""
    return (*check_role_change(case), *_check_second(by, asked_by=asked_by, concerned=case.person_id))


def check_invitation_asked(person_id: str, held: frozenset[str], by: Voucher) -> tuple[Finding, ...]:
    """Why this person may not invite that one to register a passkey. `held`: the roles of who is invited."""
    findings = [] if held else [Finding.error("passkey.no-role", "person")]
    if not by.roles & VOUCHERS:
        findings.append(Finding.error("role.no-voucher", "person"))
    return (*findings, *_check_voucher(by, concerned=person_id))


def check_invitation_confirmed(
    person_id: str, held: frozenset[str], *, asked_by: str, by: Voucher
) -> tuple[Finding, ...]:
    """Why this person may not confirm the invitation that another one asked for."""
    findings = () if held else (Finding.error("passkey.no-role", "person"),)
    return (*findings, *_check_second(by, asked_by=asked_by, concerned=person_id))


def check_invitation_time(*, valid_until: datetime, at: datetime) -> tuple[Finding, ...]:
    """Whether an open invitation may still be used (both UTC)."""
    return () if at <= valid_until else (Finding.error("passkey.invitation-over", "invitation"),)


def _check_second(by: Voucher, *, asked_by: str, concerned: str) -> tuple[Finding, ...]:
    findings = []
    if by.person_id == asked_by:
        findings.append(Finding.error("role.same-person", "person"))
    if not by.roles & VOUCHERS:
        findings.append(Finding.error("role.no-voucher", "person"))
    return (*findings, *_check_voucher(by, concerned=concerned))


def _check_voucher(by: Voucher, *, concerned: str) -> tuple[Finding, ...]:
    findings = []
    if by.person_id == concerned:
        findings.append(Finding.error("role.own", "person"))
    if not by.in_hand:
        findings.append(Finding.error("role.hand-needed", "person"))
    return tuple(findings)
