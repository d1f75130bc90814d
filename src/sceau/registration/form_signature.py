"""Whether an electronic signature on form 413 is its visa [N413 3, ASSURANCE T01].

The signature itself was verified, and the card read, before. Decides only whether the person who signed is
the signatory whom the form names, and spoke for the structure on the day of the signature and on the day when
it came in: the first is what the signer says, the second what we know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sceau.registration.examination_people import SIGN, KnownCard
from sceau.registration.examination_terms import ContractFacts, ContractPartyFacts
from sceau.registration.facts import CardStatus
from sceau.registration.form413 import Form413
from sceau.vocabulary import Finding

_PARIS = ZoneInfo("Europe/Paris")
_CLOCKS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """Who signed, as the card says it: national identifier, number of the card, name; when, as the signer
    says it (aware, None when nothing does).
    """

    person_id: str
    card_number: str
    name: str
    signed_at: datetime | None


def check_form_signature(
    form: Form413,
    signer: SignerFacts,
    *,
    contract: ContractFacts | None,
    cards: Mapping[str, KnownCard],
    at: datetime,
) -> tuple[Finding, ...]:
    """Every reason why the signature does not settle the visa, as warnings; else one that says that it does.

    `cards` are those that the records know, of the signer and of the signatory named; `at` is when the form
    came in (aware).
    """
    found = [*_check_moment(signer, at), *_check_person(form, signer, cards)]
    found += _check_power(signer, contract, at)
    if found or signer.signed_at is None:
        return tuple(found)
    day = signer.signed_at.astimezone(_PARIS)
    return (Finding.info("signature.holds", signer.name, date=f"{day:%d/%m/%Y}", card=signer.card_number),)


def _check_moment(signer: SignerFacts, at: datetime) -> list[Finding]:
    if signer.signed_at is None:
        return [Finding.warning("signature.undated", signer.name)]
    if signer.signed_at > at + _CLOCKS:
        day = signer.signed_at.astimezone(_PARIS)
        return [Finding.warning("signature.of-tomorrow", signer.name, date=f"{day:%d/%m/%Y}")]
    return []


def _check_person(form: Form413, signer: SignerFacts, cards: Mapping[str, KnownCard]) -> list[Finding]:
    """The signatory named, by the card's number or by another card of the same person; no card stopped."""
    found = []
    named = form.signatory.person
    known = cards.get(named.card_number.text)
    is_same = known is not None and known.holder.national_id.text == signer.person_id
    if named.card_number.text != signer.card_number and not is_same:
        found.append(
            Finding.warning(
                "signature.of-another",
                named.card_number.text,
                signer=signer.name,
                card=signer.card_number,
                named=f"{named.given_names} {named.surname}",
            )
        )
    held = cards.get(signer.card_number)
    if held is not None and held.card.status is not CardStatus.VALID:
        found.append(Finding.warning("signature.card-stopped", signer.card_number))
    return found


def _check_power(signer: SignerFacts, contract: ContractFacts | None, at: datetime) -> list[Finding]:
    if contract is None:
        return [Finding.warning("signature.no-contract", signer.name)]
    parties = [
        party
        for party in contract.parties
        if signer.card_number == party.card_number
        or (party.person_id and party.person_id == signer.person_id)
    ]
    if not parties:
        return [Finding.warning("signature.not-in-contract", signer.name, number=contract.number)]
    moments = [at] if signer.signed_at is None else [min(signer.signed_at, at), at]
    for moment in moments:
        day = moment.astimezone(_PARIS).date()
        if not any(_may_sign(party, moment) for party in parties):
            return [Finding.warning("signature.no-power", signer.name, date=f"{day:%d/%m/%Y}")]
    return []


def _may_sign(party: ContractPartyFacts, moment: datetime) -> bool:
    day = moment.astimezone(_PARIS).date()
    return party.mandate is not None and party.mandate.allows(SIGN, day=day)
