"""The structure of a form, filled from the registers by the FINESS or the SIRET typed. Empty fields only:
what somebody typed is theirs. At the desk, the people too, by the number of their card: the directory of
cards is nobody else's to look into.
"""

from __future__ import annotations

from sceau.catalogue import RegisterState, RegisterSubject
from sceau.operations import structure_facts_of
from sceau.portal.pages.orders.raw import Raw
from sceau.records import register_entries, standing_registers
from sceau.registration import RegisterFact, said_day
from sceau.vocabulary import Finding, displayed

_ORDER = (RegisterSubject.SITE, RegisterSubject.ENTITY, RegisterSubject.ESTABLISHMENT)


def filled(raw: Raw, *, desk: bool = False) -> tuple[Raw, tuple[Finding, ...]]:
    """The form with what the registers know put in its empty fields, and what is to be known of it."""
    if not standing_registers():
        return raw, (Finding.warning("register.none-loaded", "structure"),)
    structure = raw["structure"]
    finess, siret = _number(structure.get("finess")), _number(structure.get("siret"))
    known = structure_facts_of([number for number in (finess, siret) if number])
    asked = [(subject, number) for subject in _ORDER for number in (finess, siret)]
    facts = [known[one] for one in asked if one in known]
    people = {**raw, **_people(raw)} if desk else raw
    if not facts:
        path = "structure.finess" if finess else "structure.siret"
        typed = displayed(finess or siret) or "—"
        return people, (Finding.warning("register.nothing-found", path, number=typed),)
    found: list[Finding] = []
    for fact in facts:
        structure = _completed(structure, fact)
        found += _told(fact)
    return {**people, "structure": structure}, tuple(found)


def _completed(structure: Raw, fact: RegisterFact) -> Raw:
    values = {"name": fact.name, "postcode": fact.postcode, "commune": fact.commune}
    if fact.about is RegisterSubject.SITE:
        values |= {"siret": fact.other if len(fact.other) == 14 else ""}
    return _with(structure, values)


def _with(fields: Raw, values: dict[str, str]) -> Raw:
    """The fields, those that are empty filled."""
    return {**fields, **{name: value for name, value in values.items() if value and not fields.get(name)}}


def _told(fact: RegisterFact) -> list[Finding]:
    told = {"source": fact.source, "number": fact.key}
    path = "structure.siret" if fact.about is RegisterSubject.ESTABLISHMENT else "structure.finess"
    found = [Finding.info("register.filled", path, **told)]
    if fact.about is RegisterSubject.ENTITY:
        found.append(Finding.warning("register.filled-legal", path, **told))
    if fact.state is RegisterState.CLOSED:
        found.append(Finding.warning("register.structure-closed", path, **told, since=said_day(fact.since)))
    if fact.state is RegisterState.MERGED:
        found.append(Finding.warning("register.structure-merged", path, **told, successor=fact.successor))
    return found


def _people(raw: Raw) -> Raw:
    people = [raw["signatory"], *raw["administrators"]]
    numbers = [_number(person.get("card_number")) for person in people]
    cards = register_entries([RegisterSubject.CARD], numbers)

    def completed(person: Raw, number: str) -> Raw:
        card = cards.get((RegisterSubject.CARD, number))
        if card is None:
            return person
        return _with(person, {"surname": card.name, "given_names": card.given_names})

    signatory, *administrators = [
        completed(person, number) for person, number in zip(people, numbers, strict=True)
    ]
    return {"signatory": signatory, "administrators": administrators}


def _number(typed: object) -> str:
    return "".join(str(typed or "").split()).upper()[:14]
