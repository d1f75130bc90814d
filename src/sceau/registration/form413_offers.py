"""Section 4.2 of form 413: which offers, for which names [N413 4.2, decisions 3 to 6, 17].

One line of the raw form is one offer for one name. Doubt never widens: a kind nobody stated leaves the line
open, a restriction nobody asked about holds, a name beside an unticked box is not ordered.
"""

from __future__ import annotations

from sceau.catalogue import How, Offer, ScopeFamily
from sceau.registration.declaration import read_scope
from sceau.registration.form413 import Letter, NameOwner, NotOrdered, OfferLine
from sceau.registration.form413_sheet import MOST_ROWS, Part, Sheet
from sceau.registration.scope import Scope, ScopeKind
from sceau.vocabulary import Finding, displayed


def read_offers(form: Part) -> tuple[tuple[OfferLine, ...], tuple[NotOrdered, ...]]:
    """The lines ordered, each once, and the names written beside an unticked box."""
    ordered: list[tuple[str, OfferLine]] = []
    beside: list[NotOrdered] = []
    parts = [
        Part(form.sheet, f"offers.{index}", row)
        for index, row in enumerate(form.rows("offers", most=MOST_ROWS))
    ]
    for part in parts:
        if part.box("ticked") is False:
            _read_beside(part, beside)
        else:
            line = _read_line(part)
            if line is not None:
                ordered.append((part.path, line))
        part.close()
    if all(part.take("ticked") is False for part in parts):
        form.sheet.note(Finding.error("form.no-offer", "offers"))
    _check_alternative(form.sheet, ordered)
    return _each_once(form.sheet, ordered), tuple(beside)


def _read_line(part: Part) -> OfferLine | None:
    offer = _read_offer(part)
    if offer is None:
        _ask_all(part)
        return None
    products = _read_products(part, offer)
    if offer.scope_family is None:
        _refuse_name(part)
        return OfferLine(offer.code, products, None, "", None, None, None, None)
    kind, declared, restricted, scope = _read_name(part, offer)
    owner = part.choice("owner", NameOwner)
    if owner is None and not part.has("owner"):
        part.sheet.note(Finding.warning("form.owner-open", part.at("owner")))
    letter = _read_letter(part, owner)
    return OfferLine(offer.code, products, kind, declared, restricted, scope, owner, letter)


def _read_offer(part: Part) -> Offer | None:
    code = part.line("offer")
    offer = part.sheet.catalogue.offers.get(code)
    if not code:
        if not part.has("offer"):
            part.sheet.missing(part.at("offer"))
    elif offer is None:
        part.sheet.note(Finding.error("form.offer-unknown", part.at("offer"), offer=displayed(code)))
    elif offer.how is not How.FORM_413:
        part.sheet.note(Finding.error("form.ps-with-card", part.at("offer"), offer=offer.short))
        return None
    return offer


def _read_products(part: Part, offer: Offer) -> tuple[str, ...]:
    """The products named, all of the offer when none is, in the catalogue's order [decision 17]."""
    asked: set[str] = set()
    path = part.at("products")
    for product in part.rows("products", most=MOST_ROWS):
        known = part.sheet.catalogue.products.get(product) if isinstance(product, str) else None
        if known is None:
            part.sheet.note(
                Finding.error("form.product-unknown", path, product=displayed(str(product)[:100]))
            )
        elif part.sheet.catalogue.offers[known.offer].how is not How.FORM_413:
            part.sheet.note(Finding.error("form.ps-with-card", path, offer=known.code))
        elif known.code not in offer.products:
            part.sheet.note(
                Finding.error("form.product-elsewhere", path, product=known.code, offer=offer.short)
            )
        else:
            asked.add(known.code)
    return tuple(product for product in offer.products if not asked or product in asked)


def _refuse_name(part: Part) -> None:
    """ORG products need no name: a name written there would be believed to count for something."""
    for key in ("kind", "declared"):
        if part.has(key):
            part.sheet.note(Finding.error("form.no-name-needed", part.at(key)))
    for key in ("restricted", "owner", "letter"):
        part.take(key)


_Name = tuple[ScopeKind | None, str, bool | None, Scope | None]


def _read_name(part: Part, offer: Offer) -> _Name:
    """Kind, name, restriction and scope. Each is None while open or refused; findings say which."""
    kind = _read_kind(part, offer)
    declared = part.line("declared", longest=300)
    restricted = part.box("restricted") if offer.scope_family is ScopeFamily.MAIL else None
    if offer.scope_family is ScopeFamily.HOST:
        part.take("restricted")
    if not declared or part.sheet.from_template(part.at("declared"), declared):
        if not part.has("declared"):
            part.sheet.missing(part.at("declared"))
        return kind, "", restricted, None
    if offer.scope_family is ScopeFamily.MAIL and restricted is None and not part.has("restricted"):
        _ask_restriction(part)
    reading = read_scope(
        kind=kind or ScopeKind.SERVER,  # the narrowest, to check the name while nobody said the kind
        declared=declared,
        restricted=restricted is not False,
        catalogue=part.sheet.catalogue,
        product=offer.products[0],
    )
    part.sheet.note(
        *(finding.about(part.at("declared")) for finding in reading.findings if _told(finding, kind))
    )
    if reading.value is None:
        return kind, "", restricted, None
    if kind is None:
        return None, reading.value.declared, None, None
    return kind, reading.value.declared, restricted, reading.value


def _told(finding: Finding, kind: ScopeKind | None) -> bool:
    """Not the words of the scope that was only tried, when the kind is open."""
    return kind is not None or finding.code != "scope.words-server"


def _read_kind(part: Part, offer: Offer) -> ScopeKind | None:
    kind = part.choice("kind", ScopeKind)
    if offer.scope_family is ScopeFamily.MAIL:
        if kind is not None and kind is not ScopeKind.MAIL:
            part.sheet.note(Finding.error("form.kind-not-for-offer", part.at("kind"), offer=offer.short))
        return ScopeKind.MAIL
    if kind is ScopeKind.MAIL:
        part.sheet.note(Finding.error("form.kind-not-for-offer", part.at("kind"), offer=offer.short))
        return None
    if kind is None and not part.has("kind"):
        if part.sheet.edition.has("offers.kind"):
            part.sheet.note(Finding.error("form.required", part.at("kind")))
        else:
            part.sheet.note(Finding.warning("form.kind-open", part.at("kind")))
    return kind


def _ask_restriction(part: Part) -> None:
    """The box [decision 5]: required where the edition has it; where it has none the desk asks."""
    if part.sheet.edition.has("offers.restricted"):
        part.sheet.note(Finding.error("form.required", part.at("restricted")))
    else:
        part.sheet.note(Finding.warning("form.restriction-open", part.at("restricted")))


def _read_letter(part: Part, owner: NameOwner | None) -> Letter | None:
    """The holder's letter, asked for when the name is another's [N413 4.2]."""
    if part.take("letter") is None:
        if owner is NameOwner.HOLDER:
            part.sheet.note(Finding.warning("form.letter-missing", part.at("letter.received")))
        return None
    row = part.part("letter")
    letter = Letter(
        received=row.box("received") is True,
        signed=row.box("signed") is True,
        id_copy=row.box("id_copy") is True,
        purpose=row.line("purpose"),
    )
    row.close()
    if owner is NameOwner.HOLDER:
        _check_letter(row, letter)
    return letter


def _check_letter(row: Part, letter: Letter) -> None:
    if not letter.received:
        row.sheet.note(Finding.warning("form.letter-missing", row.at("received")))
        return
    if not letter.signed:
        row.sheet.note(Finding.warning("form.letter-unsigned", row.at("signed")))
    if not letter.id_copy:
        row.sheet.note(Finding.warning("form.letter-no-id-copy", row.at("id_copy")))


def _read_beside(part: Part, beside: list[NotOrdered]) -> None:
    """A name beside an unticked box: nothing is ordered, the desk asks whether it should have been."""
    code = part.line("offer")
    kind = part.choice("kind", ScopeKind)
    declared = part.line("declared", longest=300)
    _ask_all(part)
    if code not in part.sheet.catalogue.offers:
        part.sheet.note(Finding.error("form.offer-unknown", part.at("offer"), offer=displayed(code)))
    elif declared:
        part.sheet.note(
            Finding.warning("form.offer-not-ticked", part.at("declared"), name=displayed(declared))
        )
        beside.append(NotOrdered(code, kind, declared))


def _ask_all(part: Part) -> None:
    for key in ("offer", "products", "kind", "declared", "restricted", "owner", "letter", "ticked"):
        part.take(key)


def _check_alternative(sheet: Sheet, ordered: list[tuple[str, OfferLine]]) -> None:
    """« Remplir l'une des lignes suivantes »: a domain or one server, never both [F413 4.3]."""
    if not sheet.edition.domain_or_server:
        return
    kinds = {line.kind for _, line in ordered if line.declared}
    if ScopeKind.SERVER in kinds and kinds & {ScopeKind.DOMAIN, ScopeKind.SUBDOMAIN}:
        path = next(path for path, line in ordered if line.kind is ScopeKind.SERVER and line.declared)
        sheet.note(Finding.error("form.domain-and-server", f"{path}.declared"))


def _each_once(sheet: Sheet, ordered: list[tuple[str, OfferLine]]) -> tuple[OfferLine, ...]:
    """The lines without those that say the same twice, which is told."""
    found: dict[object, OfferLine] = {}
    for path, line in ordered:
        known = found.setdefault((line.offer, line.products, line.kind, line.declared, line.restricted), line)
        if known is not line:
            sheet.note(Finding.warning("form.offer-twice", f"{path}.offer"))
    return tuple(found.values())
