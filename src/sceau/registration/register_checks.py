"""What the registers say of an order: each number and person compared, with the register and its date.

A register is a witness, never a judge: where it says otherwise the check is amber, a question for the two
people who approve. Where no register was loaded, it is said what was not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sceau.catalogue import Catalogue, RegisterState, RegisterSubject
from sceau.registration.examination_people import KnownCard
from sceau.registration.form413 import Form413, PersonOnForm
from sceau.registration.registers import NameMatch, compare_names
from sceau.vocabulary import Finding

FINESS = (RegisterSubject.SITE, RegisterSubject.ENTITY)
SIRENE = (RegisterSubject.ESTABLISHMENT,)


@dataclass(frozen=True, slots=True)
class RegisterFact:
    """What one register says of one number. `source` is its name and date, as a person reads them; `name` of
    an establishment without a name of its own is its company's.
    """

    source: str
    about: RegisterSubject
    key: str
    state: RegisterState
    name: str = ""
    given_names: str = ""
    parent: str = ""
    other: str = ""
    postcode: str = ""
    commune: str = ""
    category: str = ""
    since: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """What the registers that are loaded say of an order's subject matter.

    `loaded` maps what a register is about to its name and date. `numbers` are facts on the structure, by
    subject and number; `cards` by the number printed, `people` by national identifier.
    """

    loaded: Mapping[RegisterSubject, str]
    numbers: Mapping[tuple[RegisterSubject, str], RegisterFact]
    cards: Mapping[str, RegisterFact]
    people: Mapping[str, RegisterFact]


NOTHING_LOADED = RegisterFacts({}, {}, {}, {})


def check_registers(
    form: Form413, facts: RegisterFacts, *, cards: Mapping[str, KnownCard], catalogue: Catalogue
) -> list[Finding]:
    """Structure, cards and professionals as the registers have them. `cards` are those that the records know,
    by number.
    """
    if not facts.loaded:
        return [Finding.warning("register.none-loaded", "structure")]
    found = _check_structure(form, facts, catalogue)
    people = (("signatory", form.signatory.person), *_administrators(form))
    for path, person in people:
        known = cards.get(person.card_number.text)
        holder = "" if known is None else known.holder.national_id.text
        found += _check_card(person, known, f"{path}.card_number", facts=facts, catalogue=catalogue)
        if holder[:1] in {"0", "8"} and "/" not in holder:
            found += _check_professional(holder, person, path, facts=facts, catalogue=catalogue)
    if RegisterSubject.CARD not in facts.loaded:
        found.append(Finding.warning("register.cards-not-loaded", "administrators"))
    return found


def _administrators(form: Form413) -> tuple[tuple[str, PersonOnForm], ...]:
    return tuple((f"administrators.{at}", person) for at, person in enumerate(form.administrators))


def _check_structure(form: Form413, facts: RegisterFacts, catalogue: Catalogue) -> list[Finding]:
    declared = form.structure
    found: list[Finding] = []
    asked = False
    for path, number, subjects, missing in (
        ("structure.finess", declared.finess, FINESS, "FINESS"),
        ("structure.siret", declared.siret, SIRENE, "SIRENE"),
    ):
        if number is None:
            continue
        asked = True
        loaded = [subject for subject in subjects if subject in facts.loaded]
        fact = next(
            (
                facts.numbers[subject, number.text]
                for subject in loaded
                if (subject, number.text) in facts.numbers
            ),
            None,
        )
        if not loaded:
            found.append(Finding.warning("register.not-loaded", path, register=missing))
        elif fact is None:
            found.append(_unknown(path, number.text, facts, loaded))
        else:
            found += _check_fact(fact, path, declared.name, catalogue)
    if not asked:
        found.append(Finding.warning("register.no-number", "structure"))
    return found + _check_together(form, facts)


def _unknown(path: str, number: str, facts: RegisterFacts, loaded: list[RegisterSubject]) -> Finding:
    sources = ", ".join(facts.loaded[subject] for subject in loaded)
    return Finding.warning("register.structure-unknown", path, number=number, source=sources)


def _check_fact(fact: RegisterFact, path: str, name: str, catalogue: Catalogue) -> list[Finding]:
    """One number, and what its register says of it."""
    found = []
    told = {"source": fact.source, "number": fact.key}
    if fact.state is RegisterState.MERGED:
        found.append(
            Finding.warning("register.structure-merged", path, **told, successor=fact.successor or "?")
        )
    elif fact.state is RegisterState.CLOSED:
        found.append(Finding.warning("register.structure-closed", path, **told, since=said_day(fact.since)))
    match = compare_names(name, fact.name, names=catalogue.register_names) if fact.name else None
    if match is None:
        found.append(Finding.warning("register.structure-nameless", path, **told))
    elif match is NameMatch.NEAR:
        found.append(Finding.warning("register.name-near", "structure.name", **told, known=fact.name))
    elif match is NameMatch.OTHER:
        found.append(Finding.warning("register.name-differs", "structure.name", **told, known=fact.name))
    if not found:
        found.append(Finding.info("register.structure-agrees", path, **told, known=fact.name))
    if fact.about is RegisterSubject.ENTITY:
        found.append(Finding.info("register.legal-finess", path, **told))
    elif fact.about is RegisterSubject.SITE:
        found.append(Finding.info("register.site-finess", path, **told, entity=fact.parent or "?"))
    return found


def _check_together(form: Form413, facts: RegisterFacts) -> list[Finding]:
    """A FINESS and a SIRET are one structure's: FINESS knows the SIRET of a site, the SIREN of an entity."""
    finess, siret = form.structure.finess, form.structure.siret
    if finess is None or siret is None:
        return []
    for subject in FINESS:
        fact = facts.numbers.get((subject, finess.text))
        if fact is not None and fact.other and not siret.text.startswith(fact.other[:9]):
            return [
                Finding.warning(
                    "register.numbers-differ",
                    "structure.siret",
                    source=fact.source,
                    number=fact.key,
                    known=fact.other,
                )
            ]
    return []


def _check_card(
    person: PersonOnForm, known: KnownCard | None, path: str, *, facts: RegisterFacts, catalogue: Catalogue
) -> list[Finding]:
    """A card as the directory has it: valid, this person's, of the type that the records have. A director's
    card and an employee's are told apart there and nowhere else [IGC-SANTE 3.1].
    """
    source = facts.loaded.get(RegisterSubject.CARD)
    if source is None:
        return []
    number = person.card_number.text
    card = facts.cards.get(number)
    if card is None:
        return [Finding.warning("register.card-unknown", path, source=source, card=number)]
    found = []
    if card.state is not RegisterState.VALID:
        status = catalogue.text(f"card-status.{card.state}")
        found.append(
            Finding.warning("register.card-not-valid", path, source=source, card=number, status=status)
        )
    if not is_same_person(person.surname, card.name, catalogue):
        found.append(
            Finding.warning("register.card-holder", path, source=source, card=number, known=card.name)
        )
    type_ = catalogue.cards.get(card.category)
    label = card.category if type_ is None else type_.label
    if known is not None and type_ is not None and known.card.type != card.category:
        ours = catalogue.cards.get(known.card.type)
        told = known.card.type if ours is None else ours.label
        found.append(
            Finding.warning("register.card-type", path, source=source, card=number, type=label, known=told)
        )
    return found or [Finding.info("register.card-agrees", path, source=source, card=number, type=label)]


def _check_professional(
    national_id: str, person: PersonOnForm, path: str, *, facts: RegisterFacts, catalogue: Catalogue
) -> list[Finding]:
    source = facts.loaded.get(RegisterSubject.PROFESSIONAL)
    if source is None:
        return [Finding.warning("register.professionals-not-loaded", path)]
    known = facts.people.get(national_id)
    if known is None:
        return [Finding.warning("register.professional-unknown", path, source=source, number=national_id)]
    if known.state is RegisterState.DEPARTED:
        return [Finding.warning("register.professional-departed", path, source=source, number=national_id)]
    if not is_same_person(person.surname, known.name, catalogue):
        return [Finding.warning("register.professional-name", path, source=source, known=known.name)]
    return [Finding.info("register.professional-agrees", path, source=source, number=national_id)]


def is_same_person(surname: str, known: str, catalogue: Catalogue) -> bool:
    """Whether a surname as typed may be the register's. Half of a double name is the same person's."""
    return compare_names(surname, known, names=catalogue.register_names) is not NameMatch.OTHER


def said_day(day: str) -> str:
    """A register's date as a person reads it after *depuis*."""
    return f"le {day[8:10]}/{day[5:7]}/{day[:4]}" if len(day) == 10 else "une date inconnue"
