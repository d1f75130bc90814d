"""The company extract: what an officer read on it, compared with what the form declares [N413 1].

The name and the SIRET are those of the structure that benefits, "présente sur le KBIS". The postcode and the
commune of the form are the contract holder's, who may be another. Decides nothing by itself: it finds.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from sceau.registration.examination_terms import ContractFacts
from sceau.registration.form413 import Form413
from sceau.vocabulary import Finding


@dataclass(frozen=True, slots=True)
class ExtractFacts:
    """An extract as an officer read it. `valid_until` is the last day on which it is believed."""

    piece: str
    name: str
    siret: str
    legal_form: str
    postcode: str
    commune: str
    issued_on: date
    valid_until: date | None


def check_extract(
    form: Form413,
    extract: ExtractFacts | None,
    contract: ContractFacts | None,
    *,
    day: date,
) -> list[Finding]:
    """The structure as its extract has it. Without an extract, what was not compared is said (amber)."""
    found = _check_address(form, contract)
    if extract is None:
        return [Finding.warning("extract.missing", "structure.name"), *found]
    found += _check_identity(form, extract)
    if extract.valid_until is not None and day > extract.valid_until:
        found.append(
            Finding.warning("extract.too-old", "structure.name", issued=f"{extract.issued_on:%d/%m/%Y}")
        )
    if contract is None or _is_holder(form, contract):
        found += _check_place(form, extract)
    if any(finding.severity != "info" for finding in found):
        return found
    return [
        Finding.info(
            "extract.agrees", "structure", piece=extract.piece, issued=f"{extract.issued_on:%d/%m/%Y}"
        ),
        *found,
    ]


def _check_identity(form: Form413, extract: ExtractFacts) -> list[Finding]:
    found = []
    structure = form.structure
    if structure.siret is None:
        found.append(Finding.warning("extract.siret-not-declared", "structure.siret", read=extract.siret))
    elif structure.siret.text != extract.siret:
        found.append(Finding.error("extract.siret-differs", "structure.siret", read=extract.siret))
    declared, read = _words(structure.name), _words(extract.name)
    if declared == read:
        return found
    if set(declared) <= set(read) or set(read) <= set(declared):
        found.append(Finding.warning("extract.name-near", "structure.name", read=extract.name))
    else:
        found.append(Finding.error("extract.name-differs", "structure.name", read=extract.name))
    return found


def _check_place(form: Form413, extract: ExtractFacts) -> list[Finding]:
    """The beneficiary holds the contract itself: its extract has its address."""
    structure = form.structure
    if structure.postcode is not None and extract.postcode and structure.postcode.text != extract.postcode:
        return [
            Finding.warning(
                "extract.place-differs", "structure.postcode", read=f"{extract.postcode} {extract.commune}"
            )
        ]
    return []


def _check_address(form: Form413, contract: ContractFacts | None) -> list[Finding]:
    """Postcode and commune are the contract holder's [N413 1, Code postal et Commune]."""
    if contract is None or contract.address is None or form.structure.postcode is None:
        return []
    address = contract.address
    if form.structure.postcode.text != address.postcode:
        return [
            Finding.warning(
                "extract.not-the-holders-place",
                "structure.postcode",
                known=f"{address.postcode} {address.commune}",
                holder=contract.structure_name,
            )
        ]
    return []


def _is_holder(form: Form413, contract: ContractFacts) -> bool:
    numbers = (form.structure.finess, form.structure.siret, *form.structure.rpps_rangs)
    return any(number is not None and contract.structure_id.number == number.text for number in numbers)


def _words(name: str) -> tuple[str, ...]:
    """The words of a name without case, accents and punctuation: how two clerks may have written it."""
    spread = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter if letter.isalnum() else " " for letter in spread if not _is_accent(letter))
    return tuple(plain.split())


def _is_accent(letter: str) -> bool:
    return unicodedata.combining(letter) != 0
