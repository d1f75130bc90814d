"""What mails about third parties say: a designation, a member of a team; and to whom."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from sceau.catalogue import MailRole
from sceau.operations.machine import machine
from sceau.operations.occasions import Matter, day_text, name_text
from sceau.records.models import (
    PARIS,
    Contract,
    Designation,
    DesignationVersion,
    TeamMember,
    ThirdParty,
)
from sceau.registration import MemberState


def designation_matter(reference: str) -> Matter | None:
    """A designation with its facts; None when there is none."""
    row = _designations().filter(reference=reference).first()
    if row is None:
        return None
    last = DesignationVersion.objects.filter(designation=row).order_by("-number").first()
    matter = _between(reference, row)
    matter.facts["until"] = "" if last is None else day_text(last.until)
    matter.facts["products"] = "" if last is None else ", ".join(last.products)
    matter.quote = row.reason
    return matter


def member_matter(reference: str) -> Matter | None:
    """Somebody of a team; told to whom speaks for the third party."""
    row = TeamMember.objects.select_related("person", "third_party__structure", "third_party__contract")
    found = row.filter(reference=reference).first()
    if found is None:
        return None
    party = found.third_party
    return Matter(
        reference,
        facts={"person": name_text(found.person), "third": party.structure.name},
        quote=found.reason,
        addresses={MailRole.THIRD_PARTY: speakers(party.contract, machine().clock())},
    )


def team_addresses(party: ThirdParty, *, person: int | None = None) -> list[str]:
    """Where the members of a team are written to; or where one person is, still there or not."""
    rows = TeamMember.objects.filter(third_party=party).exclude(email="")
    rows = (
        rows.filter(state=MemberState.ACTIVE).order_by("id")
        if person is None
        else rows.filter(person_id=person).order_by("-id")
    )
    return list(rows.values_list("email", flat=True))


def _between(reference: str, row: Designation) -> Matter:
    at = machine().clock()
    return Matter(
        reference,
        facts={"structure": row.structure.name, "third": row.third_party.structure.name},
        structure=row.structure,
        contract=row.contract,
        addresses={MailRole.THIRD_PARTY: speakers(row.third_party.contract, at)},
    )


def _designations() -> QuerySet[Designation]:
    return Designation.objects.select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    )


def speakers(contract: Contract, at: datetime) -> list[str]:
    """The addresses of whom a contract names on that day."""
    day = at.astimezone(PARIS).date()
    return [
        party.email
        for party in contract.parties.exclude(email="").order_by("id")
        if party.mandate().is_in_force(day)
    ]
