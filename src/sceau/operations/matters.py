"""What a mail is about, gathered from the records as they stand: facts for its words, and who is behind each
role (`addressees` has their addresses).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sceau.catalogue import MailRole
from sceau.operations.change_matters import change_matter
from sceau.operations.delegation.telling import (
    designation_matter,
    member_matter,
    team_addresses,
)
from sceau.operations.departure_matters import departure_matter
from sceau.operations.draft_matters import draft_matter
from sceau.operations.machine import machine
from sceau.operations.occasions import NO_OCCASION, Matter, Occasion, day_text, name_text
from sceau.operations.order_matters import order_matter
from sceau.records import keeper_of, planned_days, replacement_of
from sceau.records.models import (
    ApiToken,
    Certificate,
    Contract,
    Habilitation,
    HabilitationVersion,
    Leave,
    OrderVersion,
    Passkey,
    Person,
    Revocation,
)

_NO_SCOPE = "-"


def matter_of(subject: str, occasion: Occasion = NO_OCCASION) -> Matter | None:
    """What stands under this reference; None when nobody knows it, or nobody is told of such things."""
    kind, _, rest = subject.partition("/")
    if rest:
        return _NAMED[kind](rest) if kind in _NAMED else None
    kind = subject.partition("-")[0]
    if kind in _TOLD_APART:
        return _TOLD_APART[kind](subject, occasion)
    return _REFERRED[kind](subject) if kind in _REFERRED else None


def _right(reference: str) -> Matter | None:
    row = Habilitation.objects.select_related("person", "structure").filter(reference=reference).first()
    return None if row is None else _of_right(row)


def _of_right(row: Habilitation) -> Matter:
    version = HabilitationVersion.objects.select_related(
        "contract", "order", "designation__designation__third_party"
    ).get(habilitation=row, number=row.current_version)
    designated = version.designation
    theirs = (
        [] if designated is None else team_addresses(designated.designation.third_party, person=row.person_id)
    )
    raw = OrderVersion.objects.get(order=version.order_id, number=version.order_version).raw
    product = machine().catalogue.products.get(row.product)
    return Matter(
        row.reference,
        facts={
            "structure": row.structure.name,
            "person": name_text(row.person),
            "product": row.product if product is None else product.label,
            "scope": version.scope_name if row.canonical_scope != _NO_SCOPE else "la structure",
        },
        quote=row.reason,
        structure=row.structure,
        contract=version.contract,
        people={MailRole.ADMINISTRATOR: row.person},
        forms=[json.loads(raw)],
        addresses={MailRole.ADMINISTRATOR: theirs} if theirs else {},
    )


def _certificate(reference: str) -> Matter | None:
    row = (
        Certificate.objects.select_related("habilitation__person", "habilitation__structure", "structure")
        .filter(reference=reference)
        .first()
    )
    if row is None:
        return None
    matter = Matter(reference) if row.habilitation is None else _of_right(row.habilitation)
    keeper = Person.objects.filter(national_id=keeper_of(row)).first()
    if keeper is not None:
        matter.people[MailRole.ADMINISTRATOR] = keeper
        matter.forms += _forms_of(keeper, row)
    product = machine().catalogue.products.get(row.product)
    ended = Revocation.objects.filter(certificate=row).first()
    names = ", ".join(row.names.order_by("position").values_list("value", flat=True)[:5]) or row.subject
    matter.reference, matter.quote = reference, ""
    matter.facts |= {
        "structure": matter.facts.get("structure", "votre exercice"),
        "product": row.product if product is None else product.label,
        "names": names,
        "until": day_text(row.not_after),
        "serial": row.serial,
        "reason": "" if ended is None else _reason(ended.reason),
    }
    planned = planned_days(reference)
    if planned is not None:
        matter.facts |= {
            "before": "" if planned.replace_before is None else day_text(planned.replace_before),
            "ends": "" if planned.revoke_on is None else day_text(planned.revoke_on),
        }
    matter.over = (
        ended is not None
        or (planned is not None and bool(replacement_of(planned)))
        or Certificate.objects.filter(
            replaces=row, state__in=("issued", "collected"), revocation=None
        ).exists()
    )
    return matter


def _forms_of(keeper: Person, row: Certificate) -> list[Any]:
    """The order in which stands the address of who took it over: their own, of the same structure."""
    if keeper.national_id == row.asked_by:
        return []
    versions = HabilitationVersion.objects.filter(
        habilitation__person=keeper, habilitation__structure=row.structure_id
    )
    last = versions.order_by("-id").first()
    if last is None:
        return []
    return [json.loads(OrderVersion.objects.get(order=last.order_id, number=last.order_version).raw)]


def _token(reference: str) -> Matter | None:
    row = ApiToken.objects.select_related("habilitation__person", "habilitation__structure")
    token = row.filter(reference=reference).first()
    if token is None:
        return None
    matter = _of_right(token.habilitation)
    matter.reference, matter.quote = reference, ""
    matter.facts |= {"right": token.habilitation.reference, "until": day_text(token.valid_until)}
    return matter


def _passkey(reference: str) -> Matter | None:
    """An officer's passkey: theirs, and the desk's to know of."""
    row = Passkey.objects.select_related("person").filter(reference=reference).first()
    if row is None:
        return None
    return Matter(reference, facts={"person": name_text(row.person)}, people={MailRole.OFFICER: row.person})


def _person(number: str) -> Matter | None:
    person = Person.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if person is None:
        return None
    right = (
        Habilitation.objects.select_related("person", "structure")
        .filter(person=person)
        .exclude(state="withdrawn")
        .order_by("-id")
        .first()
    )
    matter = Matter(f"person/{number}") if right is None else _of_right(right)
    matter.reference, matter.quote = f"person/{number}", ""
    matter.people[MailRole.ADMINISTRATOR] = person
    matter.facts["person"] = name_text(person)
    return matter


def _contract(number: str) -> Matter | None:
    row = Contract.objects.select_related("structure").filter(number=number).first()
    if row is None:
        return None
    return Matter(
        f"contract/{number}",
        facts={
            "number": number,
            "structure": row.structure.name,
            "until": "" if row.valid_until is None else day_text(row.valid_until),
        },
        quote=row.reason,
        structure=row.structure,
        contract=row,
        over=row.state == "terminated",
    )


def _leave(reference: str) -> Matter | None:
    row = Leave.objects.select_related("structure").filter(reference=reference).first()
    if row is None:
        return None
    contracts = Contract.objects.filter(structure=row.structure).exclude(state="terminated")
    return Matter(
        reference,
        facts={
            "name": row.name,
            "holder": row.holder,
            "structure": row.structure.name,
            "until": "" if row.ends is None else day_text(row.ends),
        },
        quote=row.reason,
        structure=row.structure,
        contract=contracts.order_by("-id").first(),
        over=row.state != "standing",
    )


def _reason(code: str) -> str:
    reason = machine().catalogue.reasons.get(code)
    return code if reason is None else reason.label.lower()


_TOLD_APART: Mapping[str, Callable[[str, Occasion], Matter | None]] = {
    "CMD": order_matter,
    "BRO": draft_matter,
}
"""Those of which it counts what happened to them."""
_REFERRED: Mapping[str, Callable[[str], Matter | None]] = {
    "HAB": _right,
    "CRT": _certificate,
    "ACC": _leave,
    "DEP": departure_matter,
    "DES": designation_matter,
    "EQU": member_matter,
    "JET": _token,
    "CHG": change_matter,
    "PK": _passkey,
}
_NAMED: Mapping[str, Callable[[str], Matter | None]] = {"person": _person, "contract": _contract}
