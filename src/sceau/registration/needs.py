"""What somebody needs, from what they want to do: products, how many, under which names, and the order that
asks for them [N413 4.1, 4.2].

Advice, never a right: what is advised goes through the form and the desk like everything else. A use that
nobody knows, an answer that is none of those offered, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sceau.catalogue import Catalogue, How, NeedAdvice, NeededProduct, NeedQuestion, Per, Use, UseAnswer

MOST_OF_A_USE = 200
_MOST_USES = 20


@dataclass(frozen=True, slots=True)
class UseChosen:
    """A use with the answer to its question and how many servers, applications, mailboxes, people."""

    use: Use
    answer: UseAnswer
    count: int

    @property
    def counted(self) -> bool:
        """Whether how many there are makes a difference."""
        return any(one.per is not Per.STRUCTURE for one in self.answer.certificates)


@dataclass(frozen=True, slots=True)
class NeededCertificates:
    """So many certificates of a product. `name` is the only one they may carry (empty: free); `uses` are the
    labels of what they serve.
    """

    product: str
    per: Per
    count: int
    name: str
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """The answer: certificates, advice (to have, to do), the flags they were chosen by, the words of uses."""

    certificates: tuple[NeededCertificates, ...]
    have: tuple[NeedAdvice, ...]
    do: tuple[NeedAdvice, ...]
    flags: frozenset[str]
    chosen: tuple[UseChosen, ...]


def choose_uses(
    codes: Iterable[str], *, answers: Mapping[str, str], counts: Mapping[str, str], catalogue: Catalogue
) -> tuple[UseChosen, ...]:
    """The uses of these codes, each with the answer given to it, or its first; one of each where no number
    is said.
    """
    found: list[UseChosen] = []
    for code in dict.fromkeys(codes):
        use = catalogue.needs.uses.get(code)
        if use is None or len(found) >= _MOST_USES:
            continue
        first = next(iter(use.answers.values()))
        found.append(
            UseChosen(use, use.answers.get(answers.get(code, ""), first), _count(counts.get(code, "")))
        )
    return tuple(found)


def questions_for(chosen: Iterable[UseChosen], *, catalogue: Catalogue) -> tuple[NeedQuestion, ...]:
    """The common questions that are worth asking. Before a use's own question is answered, every answer to it
    counts.
    """
    possible = [one for each in chosen for answer in each.use.answers.values() for one in answer.certificates]
    flags = _kinds(possible, catalogue)
    return tuple(one for one in catalogue.needs.questions.values() if one.when <= flags)


def needs_of(chosen: tuple[UseChosen, ...], *, answers: Mapping[str, str], catalogue: Catalogue) -> Needs:
    """What follows from the uses chosen and the answers to the common questions (code to code)."""
    flags = _kinds((one for each in chosen for one in each.answer.certificates), catalogue)
    for question in catalogue.needs.questions.values():
        given = answers.get(question.code, "")
        if question.when <= flags and given in question.answers:
            flags |= {f"{question.code}-{given}"}
    return Needs(
        certificates=_certificates(chosen),
        have=tuple(one for one in catalogue.needs.have if one.when <= flags),
        do=tuple(one for one in catalogue.needs.do if one.when <= flags),
        flags=flags,
        chosen=chosen,
    )


def order_for_needs(needs: Needs, *, catalogue: Catalogue) -> dict[str, Any]:
    """The parts of a raw form 413 that the answer already gives: usage, offers, whether patients are taken in
    charge. Names, and what a name covers, are left to who knows them.
    """
    offers: dict[str, list[str]] = {}
    for one in needs.certificates:
        product = catalogue.products[one.product]
        if catalogue.offers[product.offer].how is How.FORM_413:
            offers.setdefault(product.offer, []).append(product.code)
    words = [f"{each.use.label} ({each.use.sentence.rstrip('.')})" for each in needs.chosen]
    return {
        "usage": {"description": " ; ".join(words)[:1500], "editor": "", "solution": ""},
        "takes_charge": True
        if "patients-oui" in needs.flags
        else False
        if "patients-non" in needs.flags
        else None,
        "offers": [_line(code, wanted, needs.flags, catalogue) for code, wanted in offers.items()],
    }


def _line(code: str, wanted: list[str], flags: frozenset[str], catalogue: Catalogue) -> dict[str, Any]:
    offer = catalogue.offers[code]
    family = offer.scope_family.value if offer.scope_family is not None else ""
    owner = "holder" if "domaine-autre" in flags else "structure" if "domaine-structure" in flags else ""
    letter = {"received": False, "signed": False, "id_copy": False, "purpose": ""}
    return {
        "offer": code,
        "products": [product for product in offer.products if product in wanted],
        "kind": "mail" if family == "mail" else None,
        "declared": "" if family else None,
        "restricted": False if family == "mail" else None,
        "owner": owner if family else None,
        "letter": letter if family and owner == "holder" else None,
    }


def _kinds(certificates: Iterable[NeededProduct], catalogue: Catalogue) -> frozenset[str]:
    flags = set()
    for one in certificates:
        offer = catalogue.offers[catalogue.products[one.product].offer]
        flags.add("form" if offer.how is How.FORM_413 else "own")
        if offer.scope_family is not None:
            flags.add("domain")
    return frozenset(flags)


def _certificates(chosen: Iterable[UseChosen]) -> tuple[NeededCertificates, ...]:
    """One line for each product and imposed name, its certificates counted together."""
    counts: dict[tuple[str, Per, str], int] = {}
    uses: dict[tuple[str, Per, str], list[str]] = {}
    for each in chosen:
        for one in each.answer.certificates:
            key = (one.product, one.per, one.name)
            counts[key] = counts.get(key, 0) + (1 if one.per is Per.STRUCTURE else each.count)
            uses.setdefault(key, []).append(each.use.label)
    return tuple(
        NeededCertificates(product, per, count, name, tuple(dict.fromkeys(uses[product, per, name])))
        for (product, per, name), count in counts.items()
    )


def _count(typed: str) -> int:
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 1
    return min(max(number, 1), MOST_OF_A_USE)
