"""The technical part of a form (section 4), filled by a third party under the structure's responsibility.

The structure entrusts it and says what it needs; the third party's team writes section 4 and nothing else,
and gives it back; the structure reviews it and sends the form, signed by its own signatory's card. Every text
is kept, with who wrote it; who wrote decides nothing on the order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from sceau.operations.acts import Act, acting, refuse_with
from sceau.operations.delegation.sides import (
    is_of_team,
    quality_towards,
    require_apart,
    require_card,
    unknown,
)
from sceau.operations.machine import Actor, machine
from sceau.operations.order_facts import reading_of
from sceau.operations.order_texts import amend_order, receive_form, require_requester
from sceau.operations.references import TECHNICAL_PART, draw_reference
from sceau.operations.standing import require_person
from sceau.operations.typed import canonical, digest_of, read_text
from sceau.records import OrderFile, TechnicalView, technical_view
from sceau.records.models import (
    Designation,
    DesignationVersion,
    Order,
    TechnicalPart,
    TechnicalText,
)
from sceau.registration import (
    TECHNICAL_LIFE,
    TECHNICAL_PLACES,
    OrderState,
    TechnicalEvent,
    TechnicalState,
    Terms,
    check_technical,
    technical_of,
)
from sceau.vocabulary import Finding, Refused, displayed, errors

STRUCTURE, THIRD_PARTY = "structure", "third-party"
_OPEN_ORDER = (OrderState.RECEIVED, OrderState.INCOMPLETE)
_WHY = "Partie technique remplie par {third} ({part}), relue et envoyée par la structure"


def entrust_technical_part(
    actor: Actor, *, designation: str, raw: Mapping[str, Any], message: str = "", order: str = ""
) -> TechnicalView:
    """Hand section 4 of a form over to a designated third party: `raw` is the form as far as it goes, and
    what it says already of section 4 is what the third party starts from.

    By whom the contract names, or for an `order` received or incomplete by its requester. The designation is
    in force and lets the third party fill section 4; the form is of the same contract.
    """
    with acting(actor, "technical.entrusted") as act:
        row, version = _designation(designation)
        against = _order_of(act, row, order)
        if against is None and quality_towards(require_person(act).national_id, row.contract) is None:
            raise unknown(designation)
        require_apart(act, row.third_party, subject=designation)
        _require_fill(version, act)
        kept = {name: value for name, value in raw.items() if name not in {*TECHNICAL_PLACES, "visa"}}
        contract = kept.get("contract")
        if not isinstance(contract, Mapping) or contract.get("number") != row.contract.number:
            raise Refused([Finding.error("technical.other-contract", "contract.number")])
        canonical(kept)
        part = TechnicalPart.objects.create(
            reference=draw_reference(TECHNICAL_PART, act.machine.random),
            designation=row,
            order=against,
            state=TechnicalState.ENTRUSTED,
            raw=kept,
            message=read_text(message, subject="message", required=False),
            current=1,
            opened_by=actor.person_id,
            opened_at=act.at,
            changed_at=act.at,
        )
        act.about(part.reference, row.reference, *([against.reference] if against else []))
        act.tell(designation=row.reference, designation_version=version.number)
        _write(act, part, technical_of(raw), STRUCTURE)
    return _view(part.reference)


def fill_technical_part(
    actor: Actor, *, reference: str, version: int, part: Mapping[str, Any]
) -> TechnicalView:
    """The third party's team writes section 4: `part` holds 4.1 (`usage`), 4.2 (`offers`), 4.3
    (`administrators`), and nothing else is theirs. `version` is the text that the writer started from.

    What is unfinished may be kept; what is outside of the designation is refused.
    """
    with acting(actor, "technical.filled", reference) as act:
        row, terms = _theirs(act, reference)
        _step(act, row, TechnicalEvent.FILL)
        _require_text(row, version)
        refuse_with(check_technical(part, terms))
        before = row.texts.get(number=row.current)
        if digest_of(canonical(part)) == before.digest:
            act.unchanged()
        else:
            row.current += 1
            row.save(update_fields=["current"])
            _write(act, row, part, THIRD_PARTY)
    return _view(reference)


def give_back_technical_part(actor: Actor, *, reference: str, version: int) -> TechnicalView:
    """The third party has finished: the structure reviews. Refused with everything that section 4 lacks."""
    with acting(actor, "technical.given-back", reference) as act:
        row, terms = _theirs(act, reference)
        _require_text(row, version)
        _step(act, row, TechnicalEvent.GIVE_BACK)
        text = _text(row)
        refuse_with([*check_technical(text, terms), *_lacks(row, text)])
        act.tell(version=version)
    return _view(reference)


def return_technical_part(actor: Actor, *, reference: str, message: str) -> TechnicalView:
    """The structure has looked, and asks the third party for something else."""
    with acting(actor, "technical.returned", reference) as act:
        row = _ours(act, reference)
        _require_fill(_version_of(row.designation), act)
        _step(act, row, TechnicalEvent.ENTRUST)
        row.message = read_text(message, subject="message")
        row.save(update_fields=["message"])
        act.keep(message=row.message)
    return _view(reference)


def take_back_technical_part(actor: Actor, *, reference: str) -> TechnicalView:
    """The structure takes it back, filled or not: nobody of the third party sees or writes it any more."""
    with acting(actor, "technical.taken-back", reference) as act:
        row = _ours(act, reference)
        _step(act, row, TechnicalEvent.TAKE_BACK)
    return _view(reference)


def send_technical_part(
    actor: Actor, *, reference: str, version: int, changes: Mapping[str, Any] | None = None
) -> OrderFile:
    """The structure has reviewed the form and sends it: an order, or the next text of the one it mends. The
    visa is the signatory's own card at the door, as for any form; nobody of the third party may do this.

    `version` is the text that was reviewed; `changes` are the structure's own (its declarations, a
    correction).
    """
    with acting(actor, "technical.signed", reference) as act:
        row = _ours(act, reference)
        _require_text(row, version)
        state = TECHNICAL_LIFE.after(
            TechnicalState(row.state), TechnicalEvent.SIGN, subject=reference
        ).require()
        raw = whole_form(row) | deepcopy(dict(changes or {}))
        if row.order is None:
            file = receive_form(actor, raw=raw, channel="web", idempotency_key=reference)
        else:
            why = _WHY.format(third=row.designation.third_party.structure.name, part=reference)
            seen = row.order.current_version
            file = amend_order(actor, reference=row.order.reference, version=seen, raw=raw, why=why)
        row.order = Order.objects.get(reference=file.line.reference)
        row.state, row.changed_at = state, act.at
        row.save(update_fields=["order", "state", "changed_at"])
        act.about(row.reference, file.line.reference, row.designation.reference)
        act.tell(version=version, order=file.line.reference)
    return file


def whole_form(row: TechnicalPart) -> dict[str, Any]:
    """The raw form: the structure's own part, with section 4 as it was written last."""
    return {**deepcopy(row.raw), "visa": {"date": "", "signed": False, "stamped": False}, **_text(row)}


def technical_form(actor: Actor, *, reference: str) -> dict[str, Any]:
    """The whole raw form, for whom it belongs to: to be reviewed, or taken on elsewhere. Else `Refused`."""
    row = TechnicalPart.objects.select_related("designation__contract", "order").filter(reference=reference)
    found = row.first()
    if found is None or not _is_ours(actor.person_id, found):
        raise unknown(reference)
    return whole_form(found)


def technical_findings(actor: Actor, *, reference: str) -> tuple[Finding, ...]:
    """What section 4 lacks as it stands, for either side; for anybody else it does not exist."""
    found = (
        TechnicalPart.objects.select_related("designation__third_party__contract", "designation__contract")
        .filter(reference=reference)
        .first()
    )
    if found is None:
        raise unknown(reference)
    third = found.designation.third_party
    if not _is_ours(actor.person_id, found) and not is_of_team(actor.person_id, third):
        raise unknown(reference)
    text = _text(found)
    terms = _version_of(found.designation).terms()
    return (*check_technical(text, terms), *_lacks(found, text))


def _lacks(row: TechnicalPart, text: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The errors of the whole form that are section 4's."""
    raw = {**row.raw, "visa": {"date": "", "signed": False, "stamped": False}, **text}
    found = errors(reading_of(raw).findings)
    return tuple(one for one in found if one.subject.partition(".")[0] in TECHNICAL_PLACES)


def _text(row: TechnicalPart) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(row.texts.get(number=row.current).text)
    return kept


def _designation(reference: str) -> tuple[Designation, DesignationVersion]:
    row = (
        Designation.objects.select_related(
            "contract__structure", "structure", "third_party__contract", "third_party__structure"
        )
        .select_for_update(of=("self",))
        .filter(reference=reference)
        .first()
    )
    if row is None or not row.current_version:
        raise unknown(reference)
    return row, _version_of(row)


def _version_of(row: Designation) -> DesignationVersion:
    version = row.versions.get(number=row.current_version)
    version.designation = row
    return version


def _require_fill(version: DesignationVersion, act: Act) -> None:
    if not version.may_fill or not version.is_in_force(act.at):
        raise Refused([Finding.error("technical.not-designated", version.designation.reference)])


def _order_of(act: Act, row: Designation, reference: str) -> Order | None:
    """The order that the part is to mend, held, if it is the actor's and open to its requester."""
    if not reference:
        return None
    order = Order.objects.select_for_update().filter(reference=reference).first()
    if order is None:
        raise Refused([Finding.error("order.unknown", displayed(reference))])
    require_requester(act, order)
    if order.state not in _OPEN_ORDER:
        raise Refused([Finding.error("life.not-now", reference)])
    if order.contract_number != row.contract.number:
        raise Refused([Finding.error("technical.other-contract", "contract.number")])
    return order


def _lock(act: Act, reference: str) -> TechnicalPart:
    row = (
        TechnicalPart.objects.select_for_update(of=("self",))
        .select_related(
            "designation__contract__structure",
            "designation__structure",
            "designation__third_party__contract",
            "designation__third_party__structure",
            "order",
        )
        .filter(reference=reference)
        .first()
    )
    if row is None:
        raise unknown(reference)
    act.about(row.reference, row.designation.reference)
    return row


def _theirs(act: Act, reference: str) -> tuple[TechnicalPart, Terms]:
    """The part, held, for somebody of the third party's team, under a designation that lets them fill it."""
    row = _lock(act, reference)
    person = require_person(act)
    if not is_of_team(person.national_id, row.designation.third_party):
        raise unknown(reference)
    version = _version_of(row.designation)
    _require_fill(version, act)
    act.tell(designation=row.designation.reference, designation_version=version.number)
    return row, version.terms()


def _ours(act: Act, reference: str) -> TechnicalPart:
    """The part, held, for whom it belongs to: who entrusted it, or whom the contract names."""
    row = _lock(act, reference)
    person = require_card(act).national_id
    if not _is_ours(person, row):
        raise unknown(reference)
    require_apart(act, row.designation.third_party, subject=reference)
    return row


def _is_ours(person_id: str, row: TechnicalPart) -> bool:
    """Whom the contract names today, or the requester of the order that it is to mend."""
    is_requester = row.order_id is not None and person_id == row.opened_by
    return is_requester or quality_towards(person_id, row.designation.contract) is not None


def _require_text(row: TechnicalPart, seen: int) -> None:
    if seen != row.current:
        raise Refused([Finding.error("technical.version", row.reference, seen=seen, now=row.current)])


def _step(act: Act, row: TechnicalPart, event: TechnicalEvent) -> None:
    state = TECHNICAL_LIFE.after(TechnicalState(row.state), event, subject=row.reference).require()
    row.state, row.changed_at = state, act.at
    row.save(update_fields=["state", "changed_at"])


def _write(act: Act, row: TechnicalPart, part: Mapping[str, Any], made_as: str) -> None:
    text = canonical(part)
    digest = digest_of(text)
    TechnicalText.objects.create(
        part=row,
        number=row.current,
        text=text,
        digest=digest,
        made_by=act.actor.person_id,
        made_as=made_as,
        made_at=act.at,
    )
    act.tell(text=row.current, digest=digest, made_as=made_as)


def _view(reference: str) -> TechnicalView:
    found = technical_view(reference, at=machine().clock())
    if found is None:
        raise LookupError(f"technical part {reference} was just written")
    return found
