"""The people of an order: who signs it, and who will ask for certificates [N413 3, 4.3].

A signatory's card number is compared with the contract's, never with what the form says of itself
[ASSURANCE T01].
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sceau.catalogue import CardType, Catalogue
from sceau.registration.examination_terms import ContractFacts, ContractPartyFacts
from sceau.registration.facts import Card, CardStatus, Person
from sceau.registration.form413 import Form413, PersonOnForm, Signatory, SignatoryQuality
from sceau.vocabulary import Finding

SIGN = "sign"
"""The power to sign form 413, a code of ``powers.toml``."""


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card that the records know, as it stands now, and who holds it."""

    card: Card
    holder: Person


def check_signatory(
    form: Form413, contract: ContractFacts | None, cards: Mapping[str, KnownCard], catalogue: Catalogue
) -> list[Finding]:
    """The visa's card is one of the contract's representatives or *mandataires*, of a type that may
    sign, valid.
    """
    signatory, path = form.signatory, "signatory.card_number"
    if contract is None:
        return [Finding.error("order.signatory-unchecked", path)]
    party = _party_of(signatory, contract, cards, on=form.visa.signed_on)
    if party is None:
        return [Finding.error("order.signatory-not-in-contract", path, number=contract.number)]
    found = _check_mandate(party, form.visa.signed_on, path)
    if signatory.quality is None:
        found.append(
            Finding.warning(
                "order.signatory-quality-open", "signatory.quality", known=_words(party.quality, catalogue)
            )
        )
    elif _as_in_contract(signatory.quality) is not party.quality:
        found.append(
            Finding.warning(
                "order.signatory-quality", "signatory.quality", known=_words(party.quality, catalogue)
            )
        )
    if not _same_name(signatory.person, party.surname):
        found.append(Finding.warning("order.signatory-name", "signatory.surname", known=party.surname))
    found += _check_signing_card(signatory, party, cards, catalogue)
    return found or [
        Finding.info(
            "order.signatory-in-contract",
            path,
            number=contract.number,
            quality=_words(party.quality, catalogue),
        )
    ]


def check_administrators(
    form: Form413, cards: Mapping[str, KnownCard], catalogue: Catalogue
) -> list[Finding]:
    """Each technical administrator holds a known, valid, nominative and eligible card [N413 part 2]."""
    found: list[Finding] = []
    for at, person in enumerate(form.administrators):
        found += _check_administrator(person, f"administrators.{at}", cards, catalogue)
    return found


def _check_administrator(
    person: PersonOnForm, path: str, cards: Mapping[str, KnownCard], catalogue: Catalogue
) -> list[Finding]:
    subject = f"{path}.card_number"
    known = cards.get(person.card_number.text)
    if known is None:
        return [Finding.error("order.administrator-unknown", subject, card=person.card_number.text)]
    type_ = catalogue.cards.get(known.card.type)
    found = []
    if type_ is None or not type_.nominative:
        found.append(
            Finding.error(
                "order.administrator-service-card",
                subject,
                type=known.card.type if type_ is None else type_.label,
            )
        )
    elif not type_.eligible:
        found.append(Finding.error("order.administrator-card-type", subject, type=type_.label))
    if known.card.status is not CardStatus.VALID:
        found.append(
            Finding.error(
                "order.administrator-card-status",
                subject,
                status=catalogue.text(f"card-status.{known.card.status}"),
            )
        )
    if not _same_name(person, known.holder.surname):
        found.append(
            Finding.warning("order.administrator-name", f"{path}.surname", known=known.holder.surname)
        )
    if found or type_ is None:
        return found
    holder = f"{known.holder.given_names} {known.holder.surname}"
    return [Finding.info("order.administrator-known", subject, type=type_.label, holder=holder)]


def _check_mandate(party: ContractPartyFacts, on: date | None, path: str) -> list[Finding]:
    """Who signs has the power to, on the day of the visa [N413 2, Modalité]. Without a date nobody can tell:
    that is the visa's own finding.
    """
    if party.mandate is None:
        return [Finding.error("order.signatory-no-mandate", path)]
    if SIGN not in party.mandate.powers:
        return [Finding.error("order.signatory-no-power", path)]
    if on is not None and not party.mandate.is_in_force(on):
        until = f"{party.mandate.ends:%d/%m/%Y}" if party.mandate.ends else "–"
        return [
            Finding.error(
                "order.signatory-mandate-past",
                path,
                date=f"{on:%d/%m/%Y}",
                begins=f"{party.mandate.begins:%d/%m/%Y}",
                ends=until,
            )
        ]
    return []


def _party_of(
    signatory: Signatory,
    contract: ContractFacts,
    cards: Mapping[str, KnownCard],
    *,
    on: date | None,
) -> ContractPartyFacts | None:
    """The contract's party who signs: by the card's number, or by another card of the same person. Of
    several, the one whose mandate gave the signature on the day of the visa, then the one of the quality
    stated.
    """
    number = signatory.person.card_number.text
    by_number = [party for party in contract.parties if party.card_number == number]
    known = cards.get(number)
    by_person = [
        party
        for party in contract.parties
        if known is not None and party.person_id == known.holder.national_id.text
    ]
    found = by_number or by_person
    able = [
        party
        for party in found
        if on is not None and party.mandate is not None and party.mandate.allows(SIGN, day=on)
    ] or found
    fitting = [
        party for party in able if signatory.quality and party.quality is _as_in_contract(signatory.quality)
    ]
    return next(iter(fitting or able), None)


def _as_in_contract(quality: SignatoryQuality) -> SignatoryQuality:
    """The holder of a private practice represents it by law."""
    return SignatoryQuality.REPRESENTATIVE if quality is SignatoryQuality.HOLDER else quality


def _check_signing_card(
    signatory: Signatory, party: ContractPartyFacts, cards: Mapping[str, KnownCard], catalogue: Catalogue
) -> list[Finding]:
    """CPS, CDE or CDA for a representative, any nominative eligible card for a *mandataire* [decision 15].

    A card that the records do not know is nobody's: its type, its validity, and whether its holder is an
    officer of the desk could not be told. It is registered first.
    """
    path = "signatory.card_number"
    known = cards.get(signatory.person.card_number.text)
    if known is None:
        return [Finding.error("order.signatory-card-unknown", path)]
    found = []
    type_ = catalogue.cards.get(known.card.type)
    if type_ is None or not _may_sign(type_, party.quality):
        label = known.card.type if type_ is None else type_.label
        found.append(
            Finding.error(
                "order.signatory-card-type", path, type=label, quality=_words(party.quality, catalogue)
            )
        )
    if known.card.status is not CardStatus.VALID:
        found.append(
            Finding.error(
                "order.signatory-card-status", path, status=catalogue.text(f"card-status.{known.card.status}")
            )
        )
    return found


def _may_sign(type_: CardType, quality: SignatoryQuality) -> bool:
    return type_.may_represent if quality is SignatoryQuality.REPRESENTATIVE else type_.may_be_mandataire


def _same_name(person: PersonOnForm, surname: str) -> bool:
    return _plain(person.surname) == _plain(surname)


def _words(quality: SignatoryQuality, catalogue: Catalogue) -> str:
    return catalogue.text(f"signatory.{quality}")


def _plain(name: str) -> str:
    """A surname without case, accents, hyphens and spaces: how two clerks may have written it differently."""
    spread = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in spread if letter.isalnum())
