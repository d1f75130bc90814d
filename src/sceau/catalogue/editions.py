"""Editions of form 413: what each has a place for, and where its fillable file keeps it.

An edition is data: one file in `data/editions`, named by its code, checked here as strictly as the rest of
the catalogue. What a missing or contradictory field means is decided in `registration`; how a PDF is opened,
in `documents`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sceau.catalogue.reading import Row

PATHS = frozenset(
    [
        "structure.name",
        "structure.siret",
        "structure.finess",
        "structure.rpps_rangs",
        "structure.postcode",
        "structure.commune",
        "structure.takes_charge",
        "contract.number",
        "signatory.quality",
        "signatory.surname",
        "signatory.given_names",
        "signatory.phone",
        "signatory.email",
        "signatory.card_number",
        "visa.date",
        "visa.signed",
        "visa.stamped",
        "usage.description",
        "usage.editor",
        "usage.solution",
        "offers.offer",
        "offers.products",
        "offers.kind",
        "offers.declared",
        "offers.restricted",
        "offers.owner",
        "offers.letter",
        "administrators.card_number",
        "administrators.surname",
        "administrators.given_names",
        "administrators.phone",
        "administrators.email",
        "declarations.terms",
        "declarations.exact",
    ]
)
_ALWAYS = frozenset({"structure.name", "offers.offer", "administrators.card_number"})
_QUALITIES = frozenset({"representative", "mandataire", "holder"})
_YES_NO = frozenset({"yes", "no"})
_KINDS = frozenset({"domain", "subdomain", "server", "mail"})


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A text that stands in a field of the blank form. A `placeholder` left as it is answers nothing."""

    path: str
    text: str
    placeholder: bool


@dataclass(frozen=True, slots=True)
class PdfName:
    """A field for a declared name: the kind that its place on the form states, and words printed after the
    name; the boxes beside it that restrict it, and that say another than the structure holds it (empty:
    none).
    """

    field: str
    kind: str
    drop: str
    restricted: str = ""
    holder: str = ""

    @property
    def boxes(self) -> tuple[str, ...]:
        """The boxes beside the name."""
        return tuple(name for name in (self.restricted, self.holder) if name)


@dataclass(frozen=True, slots=True)
class PdfOffer:
    """The box of an offer, the fields for its names, and the boxes of its products (box → product)."""

    offer: str
    box: str
    names: tuple[PdfName, ...]
    products: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class PdfChoice:
    """A radio button: its states from left to right, and what each means at `path`."""

    field: str
    path: str
    states: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PdfLayout:
    """Where a fillable file keeps what. `marks` are the fields that make a file be of this edition.

    `texts` and `boxes` map a field to a path (with indices); `unread` are fields for a hand; `scripts` the
    only scripts that such a file may hold. Of a file of our own making: `order` and `version` are the fields
    that name the order it was made from; `contents` are the digests of what its pages draw, and `fonts` of
    the font programs in it (hex SHA-256), so that nothing else is taken for what a signatory saw.
    """

    marks: tuple[str, ...]
    pages: int
    texts: Mapping[str, str]
    boxes: Mapping[str, str]
    choices: tuple[PdfChoice, ...]
    offers: tuple[PdfOffer, ...]
    unread: tuple[str, ...]
    scripts: tuple[str, ...]
    order: str = ""
    version: str = ""
    contents: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """Every field that a file of this edition has."""
        return frozenset(self.every_field())

    def every_field(self) -> Iterator[str]:
        """Each field as often as it is read (once, in an edition that passed its checks)."""
        yield from (*self.texts, *self.boxes, *self.unread)
        yield from (name for name in (self.order, self.version) if name)
        yield from (choice.field for choice in self.choices)
        for offer in self.offers:
            yield from (offer.box, *offer.products)
            for name in offer.names:
                yield from (name.field, *name.boxes)


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of the form. `fields` are the paths that it has a place for; `pdf` is None when it is paper
    only.

    `domain_or_server` says that the form asks for a domain *or* one server, on two lines. `most_…` are the
    rows that one copy has, 0 where they are not counted.
    """

    code: str
    title: str
    dated: str
    clause: str
    fields: frozenset[str]
    domain_or_server: bool
    most_administrators: int
    most_rpps_rangs: int
    templates: tuple[TemplateText, ...]
    pdf: PdfLayout | None

    def has(self, path: str) -> bool:
        """Whether this edition has a place for `path` (``offers.0.declared`` or ``offers.declared``)."""
        return ".".join(step for step in path.split(".") if not step.isdecimal()) in self.fields


def read_edition(code: str, row: Row) -> Edition:
    """The edition in a file; problems are noted on `row`."""
    edition = Edition(
        code=code,
        title=row.text("title"),
        dated=row.text("dated", ""),
        clause=row.text("clause"),
        fields=frozenset(row.texts("fields")),
        domain_or_server=row.flag("domain_or_server"),
        most_administrators=row.number("most_administrators", 0),
        most_rpps_rangs=row.number("most_rpps_rangs", 0),
        templates=_templates(row),
        pdf=_read_pdf(row.row("pdf")) if "pdf" in row else None,
    )
    _known(row, edition.fields, PATHS, "is no path of the form")
    _known(row, _ALWAYS, edition.fields, "is on every edition, and missing here")
    if edition.pdf is not None:
        _check_pdf(row, edition, edition.pdf)
    row.close()
    return edition


def _templates(row: Row) -> tuple[TemplateText, ...]:
    found = []
    for each in row.list_of_rows("templates") if "templates" in row else ():
        found.append(TemplateText(each.text("path"), each.text("text"), each.flag("placeholder")))
        _known(each, (found[-1].path,), PATHS, "is no path of the form")
        each.close()
    return tuple(found)


def _read_pdf(row: Row) -> PdfLayout:
    layout = PdfLayout(
        marks=row.texts("marks"),
        pages=row.number("pages"),
        texts=_mapping(row.row("texts")),
        boxes=_mapping(row.row("boxes")) if "boxes" in row else {},
        choices=tuple(_choice(each) for each in (row.list_of_rows("choices") if "choices" in row else ())),
        offers=tuple(_offer(each) for each in row.list_of_rows("offers")),
        unread=row.texts("unread", empty=True),
        scripts=row.texts("scripts", empty=True),
        order=row.text("order", ""),
        version=row.text("version", ""),
        contents=row.texts("contents", empty=True) if "contents" in row else (),
        fonts=row.texts("fonts", empty=True) if "fonts" in row else (),
    )
    row.close()
    return layout


def _mapping(row: Row) -> Mapping[str, str]:
    return MappingProxyType({name: row.text(name) for name in row.names})


def _choice(row: Row) -> PdfChoice:
    choice = PdfChoice(row.text("field"), row.text("path"), row.texts("states"), row.texts("values"))
    if len(choice.states) != len(choice.values):
        row.problem("as many values as states are expected", "values")
    if choice.path == "structure.takes_charge":
        _known(row, choice.values, _YES_NO, "is neither yes nor no")
    else:
        _known(row, choice.values, _QUALITIES, "is no quality of a signatory")
    row.close()
    return choice


def _offer(row: Row) -> PdfOffer:
    offer = PdfOffer(
        offer=row.text("offer"),
        box=row.text("box"),
        names=tuple(_name(each) for each in (row.list_of_rows("names") if "names" in row else ())),
        products=_mapping(row.row("products")) if "products" in row else MappingProxyType({}),
    )
    row.close()
    return offer


def _name(row: Row) -> PdfName:
    name = PdfName(
        row.text("field"),
        row.text("kind"),
        row.text("drop", ""),
        row.text("restricted", ""),
        row.text("holder", ""),
    )
    _known(row, (name.kind,), _KINDS, "is no kind of scope")
    row.close()
    return name


def _check_pdf(row: Row, edition: Edition, layout: PdfLayout) -> None:
    """Every field read once, every path one that the edition has, every mark a field of the file."""
    paths = [*layout.texts.values(), *layout.boxes.values(), *(choice.path for choice in layout.choices)]
    _known(
        row, [path for path in paths if not edition.has(path)], (), "is a path that the edition does not have"
    )
    _known(row, layout.marks, layout.fields, "is a mark, and no field of the file")
    names = list(layout.every_field())
    for twice in sorted({name for name in names if names.count(name) > 1}):
        row.problem(f"the field {twice!r} is read twice")
    for twice in sorted({path for path in paths if paths.count(path) > 1}):
        row.problem(f"two fields for {twice!r}")


def _known(row: Row, values: Iterable[str], known: Container[str], what: str) -> None:
    for value in values:
        if value not in known:
            row.problem(f"{value!r} {what}")
