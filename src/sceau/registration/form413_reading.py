"""The one reader of form 413: what a web page, a PDF or the desk gives becomes a form, or every finding at
once.

An *error* says that something is not what it claims to be, or is missing although this edition asks for it:
there is no form then. A *warning* is a question for the desk: what this edition has no place for, what it
leaves open, what looks doubtful [decisions 4, 5, 11, 15]. Whether the structure has the right to what it
orders is decided later.
"""

from __future__ import annotations

from collections.abc import Mapping

from sceau.catalogue import Catalogue
from sceau.registration.form413 import (
    Declarations,
    Form413,
    FormStructure,
    PersonOnForm,
    Signatory,
    SignatoryQuality,
    Usage,
    Visa,
)
from sceau.registration.form413_offers import read_offers
from sceau.registration.form413_sheet import MOST_ROWS, Part, Sheet, once, same_name
from sceau.vocabulary import (
    Finding,
    IdentifierMode,
    Postcode,
    Reading,
    RppsRang,
    displayed,
    errors,
    read_card_number,
    read_commune,
    read_email,
    read_finess,
    read_ok,
    read_phone,
    read_postcode,
    read_refused,
    read_rpps_rang,
    read_siret,
)

_STRICTEST = "web"  # an unknown edition is refused; the rest is still read, so that all is said at once


def read_form(
    raw: object, *, catalogue: Catalogue, mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[Form413]:
    """The form in `raw` (layout: `docs/forms.md`), or every finding; each subject is a path
    (``offers.0.declared``).

    Nothing in `raw` is trusted: it may be of any type and any size that its door let through.
    """
    if not isinstance(raw, Mapping):
        return read_refused(Finding.error("form.not-a-form", "form"))
    sheet = Sheet(catalogue.editions[_STRICTEST], catalogue, mode)
    form = Part(sheet, "", raw)
    _read_edition(form)
    read = _read_sections(form)
    form.close()
    if read is None or errors(sheet.findings):
        return read_refused(*sheet.findings)
    return read_ok(read, *sheet.findings)


def _read_edition(form: Part) -> None:
    code = form.line("edition", longest=40)
    editions = form.sheet.catalogue.editions
    if code in editions:
        form.sheet.edition = editions[code]
    else:
        form.sheet.note(Finding.error("form.edition-unknown", "edition", edition=displayed(code)))


def _read_sections(form: Part) -> Form413 | None:
    structure = _read_structure(form.part("structure"))
    contract = form.part("contract")
    contract_number = contract.line("number", longest=40)
    contract.close()
    signatory = _read_signatory(form.part("signatory"))
    visa = _read_visa(form.part("visa"))
    usage = _read_usage(form.part("usage"))
    offers, beside = read_offers(form)
    administrators = _read_administrators(form)
    declarations = _read_declarations(form.part("declarations"))
    if not contract_number and (signatory is None or signatory.quality is not SignatoryQuality.HOLDER):
        form.sheet.note(Finding.warning("form.contract-missing", "contract.number"))
    _check_same_card(form.sheet, signatory, administrators)
    if signatory is None:
        return None
    return Form413(
        edition=form.sheet.edition.code,
        structure=structure,
        contract_number=contract_number,
        signatory=signatory,
        visa=visa,
        usage=usage,
        offers=offers,
        administrators=tuple(person for _, person in administrators),
        declarations=declarations,
        not_ordered=beside,
    )


def _read_structure(part: Part) -> FormStructure:
    name = _required_line(part, "name", longest=250)
    structure = FormStructure(
        name=name,
        siret=part.value("siret", read_siret),
        finess=part.value("finess", read_finess),
        rpps_rangs=_read_rangs(part),
        postcode=part.value("postcode", read_postcode),
        commune=part.value("commune", _read_commune) or "",
        takes_charge=part.box("takes_charge"),
    )
    _check_identifiers(part, structure)
    if structure.postcode is not None and structure.commune:
        _check_commune(part, structure.postcode, structure.commune)
    part.close()
    return structure


def _read_commune(text: str, *, subject: str, mode: IdentifierMode) -> Reading[str]:
    del mode  # a commune is a commune
    return read_commune(text, subject=subject)


def _check_commune(part: Part, postcode: Postcode, commune: str) -> None:
    for finding in part.sheet.catalogue.communes.check(postcode, commune):
        part.sheet.note(finding.about(part.at(finding.subject)))


def _read_rangs(part: Part) -> tuple[RppsRang, ...]:
    """Practices of radiology, each once; no more than one copy of the edition has lines for [IGC-SANTE
    6.1].
    """
    path = part.at("rpps_rangs")
    found: list[RppsRang] = []
    rows = part.rows("rpps_rangs", most=part.sheet.edition.most_rpps_rangs or MOST_ROWS)
    for index, row in enumerate(rows):
        if row is None or row == "":
            continue
        reading = read_rpps_rang(row, subject=f"{path}.{index}", mode=part.sheet.mode)
        part.sheet.note(*reading.findings)
        if reading.value in found:
            part.sheet.note(Finding.warning("form.number-twice", f"{path}.{index}"))
        elif reading.value is not None:
            found.append(reading.value)
    return tuple(found)


def _check_identifiers(part: Part, structure: FormStructure) -> None:
    """At least one identifier; FINESS if the structure takes charge of patients [decision 15]."""
    written = [key for key in ("siret", "finess", "rpps_rangs") if part.has(key)]
    if not written:
        part.sheet.note(Finding.error("form.no-identifier", part.path))
    if not part.has("finess"):
        if structure.takes_charge:
            part.sheet.note(Finding.error("form.finess-needed", part.at("finess")))
        elif structure.takes_charge is None and written:
            part.sheet.note(Finding.warning("form.takes-charge-open", part.at("takes_charge")))


def _read_person(part: Part) -> PersonOnForm | None:
    card = part.value("card_number", read_card_number)
    person = (
        part.name("surname"),
        part.name("given_names"),
        part.value("phone", read_phone),
        part.value("email", read_email),
    )
    return None if card is None else PersonOnForm(card, *person)


def _read_signatory(part: Part) -> Signatory | None:
    quality = part.choice("quality", SignatoryQuality)
    if quality is None and not part.has("quality"):
        part.sheet.missing(part.at("quality"))
    person = _read_person(part)
    part.close()
    return None if person is None else Signatory(person, quality)


def _read_visa(part: Part) -> Visa:
    """The visa is an act on paper or by card: what the form doesn't show of it, the desk attests [N413 3]."""
    visa = Visa(part.day("date"), part.box("signed") is True, part.box("stamped") is True)
    if visa.signed_on is None and not part.has("date"):
        part.sheet.note(Finding.warning("form.visa-undated", part.at("date")))
    for key, there in (("signed", visa.signed), ("stamped", visa.stamped)):
        if not there:
            part.sheet.note(Finding.warning("form.visa-to-attest", part.at(key)))
    part.close()
    return visa


def _read_usage(part: Part) -> Usage:
    description = part.lines("description")
    path = part.at("description")
    if description and part.sheet.from_template(path, description):
        description = ""
    elif not description and not part.has("description"):
        part.sheet.missing(path)
    usage = Usage(description, part.line("editor"), part.line("solution"))
    part.close()
    return usage


def _read_administrators(form: Part) -> list[tuple[str, PersonOnForm]]:
    most = form.sheet.edition.most_administrators or MOST_ROWS
    found: list[tuple[str, PersonOnForm]] = []
    rows = form.rows("administrators", most=most)
    if not rows:
        form.sheet.note(Finding.error("form.no-administrator", "administrators"))
    for index, row in enumerate(rows):
        part = Part(form.sheet, f"administrators.{index}", row)
        person = _read_person(part)
        part.close()
        if person is None:
            continue
        if any(person == other for _, other in found):
            form.sheet.note(Finding.warning("form.administrator-twice", part.at("card_number")))
        found.append((part.path, person))
    return once(found, lambda pair: pair[1])


def _check_same_card(
    sheet: Sheet, signatory: Signatory | None, administrators: list[tuple[str, PersonOnForm]]
) -> None:
    """A card belongs to one person: the same number under two names is a slip of the pen, or worse."""
    signer = signatory.person if signatory else None
    seen = {signer.card_number: signer} if signer else {}
    for path, person in administrators:
        other = seen.setdefault(person.card_number, person)
        if other is person:
            continue
        names = ((other.surname, person.surname), (other.given_names, person.given_names))
        if not all(same_name(first, second) for first, second in names):
            sheet.note(
                Finding.error(
                    "form.card-two-names",
                    f"{path}.card_number",
                    first=f"{other.surname} {other.given_names}",
                    second=f"{person.surname} {person.given_names}",
                )
            )
        elif other is not signer:
            sheet.note(Finding.error("form.administrator-two-contacts", f"{path}.card_number"))


def _read_declarations(part: Part) -> Declarations:
    """Both are required where the edition has them; a box left empty is a refusal to certify."""
    declarations = Declarations(part.box("terms"), part.box("exact"))
    if declarations.terms is False:
        part.sheet.note(Finding.error("form.terms-not-accepted", part.at("terms")))
    elif not part.has("terms"):
        part.sheet.missing(part.at("terms"))
    if declarations.exact is False:
        part.sheet.note(Finding.error("form.not-certified-exact", part.at("exact")))
    elif not part.has("exact"):
        part.sheet.missing(part.at("exact"))
    part.close()
    return declarations


def _required_line(part: Part, key: str, *, longest: int) -> str:
    text = part.line(key, longest=longest)
    if not text and not part.has(key):
        part.sheet.missing(part.at(key))
    return text
