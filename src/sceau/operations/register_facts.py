"""What the registers that stand say, gathered for the rules: nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sceau.catalogue import RegisterState, RegisterSubject
from sceau.records import RegisterEntry, register_entries, standing_registers
from sceau.records.models import PARIS, RegisterChange, RegisterImport
from sceau.registration import FINESS, NOTHING_LOADED, Form413, RegisterFact, RegisterFacts

STRUCTURES = (*FINESS, RegisterSubject.ESTABLISHMENT)


def register_facts(form: Form413, holders: Mapping[str, str]) -> RegisterFacts:
    """What is known of a form's structure and people. `holders`: card number → national identifier."""
    standing = standing_registers()
    if not standing:
        return NOTHING_LOADED
    structure = form.structure
    numbers = [number.text for number in (structure.finess, structure.siret) if number is not None]
    people = [form.signatory.person, *form.administrators]
    return RegisterFacts(
        loaded={subject: line.source for subject, line in standing.items()},
        numbers=structure_facts_of(numbers),
        cards=facts_of(RegisterSubject.CARD, [person.card_number.text for person in people]),
        people=facts_of(RegisterSubject.PROFESSIONAL, holders.values()),
    )


def structure_facts_of(numbers: Collection[str]) -> dict[tuple[RegisterSubject, str], RegisterFact]:
    """Facts on FINESS and SIRET numbers: those that went from a register are closed there, a closed
    establishment that another took over is merged, one without a name has its company's.
    """
    entries = register_entries(STRUCTURES, numbers)
    facts = {found: as_fact(entry) for found, entry in entries.items()}
    sirets = [number for subject, number in facts if subject is RegisterSubject.ESTABLISHMENT]
    companies = register_entries([RegisterSubject.COMPANY], [number[:9] for number in sirets])
    successions = register_entries([RegisterSubject.SUCCESSION], sirets)
    for number in sirets:
        entry = entries[RegisterSubject.ESTABLISHMENT, number]
        company = companies.get((RegisterSubject.COMPANY, number[:9]))
        taken_over = successions.get((RegisterSubject.SUCCESSION, number))
        facts[RegisterSubject.ESTABLISHMENT, number] = as_fact(entry, company, taken_over)
    for subject in FINESS:
        missing = {number for number in numbers if (subject, number) not in facts}
        for number, fact in gone_from(subject, missing).items():
            facts[subject, number] = fact
    return facts


def facts_of(subject: RegisterSubject, keys: Iterable[str]) -> dict[str, RegisterFact]:
    """Facts on cards or professionals, by number; those that went from their register included."""
    wanted = {key for key in keys if key}
    found = {key: as_fact(entry) for (_, key), entry in register_entries([subject], wanted).items()}
    return found | gone_from(subject, wanted - set(found))


def gone_from(subject: RegisterSubject, keys: Collection[str]) -> dict[str, RegisterFact]:
    """Of these numbers, those that a register once had and has no more, where that means something."""
    standing = standing_registers().get(subject)
    if standing is None or not keys:
        return {}
    of_layout = RegisterImport.objects.filter(layout=standing.layout)
    changes = RegisterChange.objects.filter(key__in=sorted(keys), what="gone")
    rows = list(changes.filter(generation__in=of_layout.values("pk")).order_by("id"))
    imports = of_layout.in_bulk({row.generation for row in rows})
    found = {}
    for row in rows:
        if row.after:
            seen = imports[row.generation]
            day = seen.dated or seen.began_at.astimezone(PARIS).date()
            state = RegisterState(row.after)
            found[row.key] = RegisterFact(
                standing.source, subject, row.key, state, since=day.isoformat(), name=""
            )
    return found


def as_fact(
    entry: RegisterEntry, company: RegisterEntry | None = None, taken_over: RegisterEntry | None = None
) -> RegisterFact:
    """An entry as the rules want it."""
    state = RegisterState(entry.state)
    is_merged = state is RegisterState.CLOSED and taken_over is not None
    name = entry.name
    if not name and company is not None:
        name = f"{company.given_names} {company.name}".strip()
    return RegisterFact(
        source=entry.source,
        about=RegisterSubject(entry.about),
        key=entry.key,
        state=RegisterState.MERGED if is_merged else state,
        name=name,
        given_names=entry.given_names,
        parent=entry.parent,
        other=entry.other,
        postcode=entry.postcode,
        commune=entry.commune,
        category=entry.category,
        since=entry.since,
        successor=taken_over.successor if is_merged and taken_over is not None else entry.successor,
    )
