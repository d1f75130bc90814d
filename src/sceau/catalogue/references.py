"""Following every reference between the catalogue's tables.

Nothing may point at what isn't there, and what stands in two tables (a product and its offer) must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sceau.catalogue.authorities import Realm
from sceau.catalogue.types import Holder, NameNeed, SanRule, SubjectLayout

if TYPE_CHECKING:
    from sceau.catalogue.catalogue import Catalogue
    from sceau.catalogue.types import Product, Profile

# What a product certifies fixes the subject it may have and the SAN that its name can become.
_SUBJECTS = {
    Holder.SERVER: (SubjectLayout.STRUCTURE,),
    Holder.APPLICATION: (SubjectLayout.STRUCTURE,),
    Holder.PERSON: (SubjectLayout.PROFESSIONAL, SubjectLayout.EMPLOYEE),
}
_REASONS = frozenset({0, 1, 2, 3, 4, 5, 6, 8, 9, 10})  # CRLReason [RFC 5280 5.3.1]
_SANS = {
    NameNeed.HOST: (SanRule.DNS,),
    NameNeed.MAILBOX: (SanRule.RFC822, SanRule.UPN),
    NameNeed.APPLICATION: (SanRule.NONE,),
    NameNeed.NONE: (SanRule.NONE,),
}


def check_references(catalogue: Catalogue, problems: list[str]) -> None:
    """Note every reference that leads nowhere or isn't answered."""
    _check_offers(catalogue, problems)
    _check_products(catalogue, problems)
    _check_profiles(catalogue, problems)
    _check_issuers(catalogue, problems)
    _check_uses(catalogue, problems)
    _check_needs(catalogue, problems)
    _check_reasons(catalogue, problems)
    _check_legal_file(catalogue, problems)
    _known("lookup.toml.listed.products", catalogue.lookup.listed.products, catalogue.products, problems)
    for code in ("shared-health", "public-mail"):
        if code not in catalogue.domain_lists:
            problems.append(f"suffixes.toml: the list {code!r} is missing")
    for code in ("production", "test", "development"):
        if code not in catalogue.environments:
            problems.append(f"environments.toml: the environment {code!r} is missing")


def _known(where: str, codes: Iterable[str], table: Mapping[str, object], problems: list[str]) -> None:
    problems.extend(f"{where}: {code!r} is not in the catalogue" for code in codes if code not in table)


def _check_offers(catalogue: Catalogue, problems: list[str]) -> None:
    for offer in catalogue.offers.values():
        _known(f"offers.toml.{offer.code}.products", offer.products, catalogue.products, problems)
    for rule in catalogue.desk.approvals.values():
        _known(f"desk.toml.{rule.code}.offers", rule.offers, catalogue.offers, problems)


def _check_products(catalogue: Catalogue, problems: list[str]) -> None:
    for product in catalogue.products.values():
        where = f"products.toml.{product.code}"
        _known(f"{where}.offer", [product.offer], catalogue.offers, problems)
        _known(f"{where}.issuer", [product.issuer], catalogue.issuers, problems)
        _known(f"{where}.profile", [product.profile], catalogue.profiles, problems)
        offer = catalogue.offers.get(product.offer)
        if offer and product.code not in offer.products:
            problems.append(f"{where}.offer: the offer {offer.code!r} doesn't list this product")
        if offer and product.scope_family is not offer.scope_family:
            problems.append(f"{where}.scope_family: not the one of its offer")
        issuer = catalogue.issuers.get(product.issuer)
        if issuer and product.code not in issuer.products:
            problems.append(f"{where}.issuer: the issuer {issuer.code!r} doesn't list this product")
        if issuer and (product.holder is Holder.PERSON) != (issuer.realm is Realm.PERSONS):
            problems.append(f"{where}.issuer: certifies {product.holder}s, and its issuer doesn't")
    slugs = [product.slug for product in catalogue.products.values()]
    if len(set(slugs)) != len(slugs):
        problems.append("products.toml: one slug for two products")


def _check_profiles(catalogue: Catalogue, problems: list[str]) -> None:
    for profile in catalogue.profiles.values():
        where = f"profiles/{profile.id}.toml"
        _known(f"{where}.product", [profile.product], catalogue.products, problems)
        product = catalogue.products.get(profile.product)
        if product:
            _check_profile(where, profile, product, problems)


def _check_profile(where: str, profile: Profile, product: Product, problems: list[str]) -> None:
    if not profile.id.startswith(product.slug.replace("-", "_") + "@"):
        problems.append(f"{where}.id: not named after its product")
    if profile.subject not in _SUBJECTS[product.holder]:
        problems.append(f"{where}.subject: not a subject of a {product.holder} certificate")
    if profile.san not in _SANS[product.name_need]:
        problems.append(f"{where}.san: a {product.name_need} name can't become it")


def _check_issuers(catalogue: Catalogue, problems: list[str]) -> None:
    for issuer in catalogue.issuers.values():
        where = f"issuers.toml.{issuer.code}"
        _known(f"{where}.products", issuer.products, catalogue.products, problems)
        _known(f"{where}.cards", issuer.cards, catalogue.cards, problems)
        if issuer.parent is not None:
            _known(f"{where}.parent", [issuer.parent], catalogue.issuers, problems)
        for code in issuer.products:
            if code in catalogue.products and catalogue.products[code].issuer != issuer.code:
                problems.append(f"{where}.products: {code!r} is issued by another")
    for card in catalogue.cards.values():
        issuer_of_card = catalogue.issuers.get(card.issuer)
        if issuer_of_card is None or card.code not in issuer_of_card.cards:
            problems.append(f"cards.toml.{card.code}.issuer: {card.issuer!r} doesn't list this card")
        if card.eligible and not card.nominative:
            problems.append(f"cards.toml.{card.code}.eligible: a card that names nobody can't be eligible")


def _check_uses(catalogue: Catalogue, problems: list[str]) -> None:
    for preset in catalogue.presets.values():
        _known(f"presets.toml.{preset.code}.products", preset.products, catalogue.products, problems)
    for group in catalogue.usages.values():
        for usage in group.usages:
            _known(f"usages.toml.{group.code}", usage.products, catalogue.products, problems)


def _check_needs(catalogue: Catalogue, problems: list[str]) -> None:
    """A name that a use imposes is one of its preset's; a use that is a known one takes its products."""
    for use in catalogue.needs.uses.values():
        for answer in use.answers.values():
            where = f"needs.toml.uses.{use.code}.answers.{answer.code}"
            taken = {one.product for one in answer.certificates}
            _known(where, taken, catalogue.products, problems)
            if answer.preset:
                _known(where, [answer.preset], catalogue.presets, problems)
            preset = catalogue.presets.get(answer.preset)
            names = preset.common_names if preset is not None else ()
            if preset is not None and not taken & set(preset.products):
                problems.append(f"{where}: takes nothing of {preset.code!r}")
            given = {one.name for one in answer.certificates}
            if given - {*names, ""} or (names and "" in given):
                problems.append(f"{where}: names that {answer.preset!r} does not impose")


def _check_reasons(catalogue: Catalogue, problems: list[str]) -> None:
    codes = [reason.rfc5280 for reason in catalogue.reasons.values()]
    codes += [reason.rfc5280 for reason in catalogue.reasons_not_offered.values()]
    if len(set(codes)) != len(codes):
        problems.append("reasons.toml: one RFC 5280 number for two reasons")
    problems.extend(
        f"reasons.toml: {code} is no reason of RFC 5280" for code in codes if code not in _REASONS
    )


def _check_legal_file(catalogue: Catalogue, problems: list[str]) -> None:
    for use in catalogue.leave_uses.values():
        _known(f"leaves.toml.uses.{use.code}.products", use.products, catalogue.products, problems)
    for act in catalogue.stops.values():
        where = f"stops.toml.{act.code}"
        _known(where, [act.revocation_reason], catalogue.reasons, problems)
        for name, answers, may in (
            ("orders", act.orders, {"keep", "abandon"}),
            ("contracts", act.contracts, {"follow", "terminate"}),
            ("designations", act.designations, {"follow", "end"}),
            ("rights", act.rights, {"keep", "suspend", "withdraw", "follow"}),
            ("certificates", act.certificates, {"keep", "hand-over", "revoke", "replace"}),
        ):
            problems.extend(f"{where}.{name}: {one!r} is no answer" for one in answers if one not in may)
    for kind in catalogue.piece_kinds.values():
        if kind.valid_months and not kind.dated:
            problems.append(f"pieces.toml.{kind.code}: what ends needs a date of issue")
