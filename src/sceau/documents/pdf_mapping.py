"""From the fields of a PDF to the raw form 413, by the edition's own map (`catalogue/data/editions`).

Decides which edition a file is of, and what to think of fields that nobody expects or that contradict the
page. What the values mean is decided by `registration.read_form`, which reads the same raw form from every
door.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sceau.catalogue import Edition, PdfChoice, PdfLayout, PdfName, PdfOffer
from sceau.documents.fields import FieldKind, PdfField
from sceau.vocabulary import Finding, displayed

_MOST_TOLD = 20
_BREAKS = re.compile(r"[\r\n\t]+")
_YES_NO = {"yes": True, "no": False, "": None}
_OF_SEVERAL_LINES = frozenset({"usage.description"})


def edition_of(fields: Iterable[PdfField], editions: Mapping[str, Edition]) -> Edition | None:
    """The edition whose marks are all in the file; of several, the one that knows most of its fields."""
    names = {field.name for field in fields}
    fitting = [
        edition for edition in editions.values() if edition.pdf and names.issuperset(edition.pdf.marks)
    ]
    return max(fitting, key=lambda edition: len(names & _fields_of(edition)), default=None)


def _fields_of(edition: Edition) -> frozenset[str]:
    return edition.pdf.fields if edition.pdf else frozenset()


def values_of(fields: Iterable[PdfField]) -> dict[str, str | bool | None]:
    """Every field's value as it was read, for a person to compare: text, a tick, or the state of a button."""
    return {field.name: field.ticked if field.kind is FieldKind.BOX else field.value for field in fields}


@dataclass(slots=True)
class Mapper:
    """One file's fields on their way into a raw form of one edition."""

    edition: Edition
    layout: PdfLayout
    fields: dict[str, PdfField]
    findings: list[Finding]

    @classmethod
    def of(cls, edition: Edition, layout: PdfLayout, fields: tuple[PdfField, ...]) -> Mapper:
        """The mapper; fields unknown, missing, twice, or cut are noted."""
        mapper = cls(edition, layout, {}, [])
        for field in fields:
            known = mapper.fields.setdefault(field.name, field)
            if (known.value, known.ticked) != (field.value, field.ticked):
                mapper.note(Finding.error("pdf.field-twice", displayed(field.name)))
        mapper.check_fields()
        return mapper

    def note(self, finding: Finding) -> None:
        """Keep a finding; of one code, only so many."""
        if sum(1 for known in self.findings if known.code == finding.code) < _MOST_TOLD:
            self.findings.append(finding)

    def check_fields(self) -> None:
        """Fields that this edition does not have, those it should have, and what only a hand may fill."""
        for name, field in self.fields.items():
            if field.cut:
                self.note(Finding.error("pdf.text-cut", displayed(name)))
            if field.kind is FieldKind.SIGNATURE and field.value:
                continue  # judged apart (`signatures`)
            if name not in self.layout.fields and field.kind is not FieldKind.OTHER:
                value = displayed(field.value or "")
                self.note(Finding.warning("pdf.unknown-field", displayed(name), value=value))
            elif name in self.layout.unread and (field.value or "").strip():
                self.note(
                    Finding.info("pdf.place-for-a-hand", displayed(name), value=displayed(field.value or ""))
                )
        for name in sorted(self.layout.fields - set(self.fields)):
            self.note(Finding.warning("pdf.field-missing", displayed(name)))

    def raw(self) -> dict[str, Any]:
        """The raw form, every key there, empty rows of people and practices left out."""
        raw = _blank(self.edition.code)
        for name, path in self.layout.texts.items():
            _put(raw, path, self.text(name, lines=path in _OF_SEVERAL_LINES))
        for name, path in self.layout.boxes.items():
            _put(raw, path, self.box(name))
        for choice in self.layout.choices:
            said: Any = self.choice(choice)
            _put(raw, choice.path, _YES_NO[said] if choice.path == "structure.takes_charge" else said)
        raw["offers"] = [line for offer in self.layout.offers for line in self.offer(offer)]
        raw["administrators"] = [row for row in _rows(raw["administrators"]) if any(row.values())]
        raw["structure"]["rpps_rangs"] = [rang for rang in _rows(raw["structure"]["rpps_rangs"]) if rang]
        return raw

    def text(self, name: str, *, lines: bool = False) -> str:
        """A text; on one line unless its place has several."""
        field = self.fields.get(name)
        value = field.value if field is not None and field.kind is FieldKind.TEXT else None
        value = (value or "").strip(" \r\n\t")
        return value if lines else _BREAKS.sub(" ", value)

    def box(self, name: str) -> bool | None:
        """A box: None where the file has none; a doubtful one counts for not ticked."""
        field = self.fields.get(name)
        if field is None or field.kind is not FieldKind.BOX:
            return None
        if field.ticked is None and (field.value is not None or field.widgets):
            self.note(Finding.warning("pdf.box-doubtful", displayed(name)))
        return field.ticked is True

    def choice(self, choice: PdfChoice) -> str:
        """What a radio button says: by the state's name, else by its place from the left."""
        field = self.fields.get(choice.field)
        chosen = field.chosen if field is not None and field.kind is FieldKind.RADIO else None
        if chosen is None:
            return ""
        place, state = chosen
        if state in choice.states:
            return choice.values[choice.states.index(state)]
        if field is not None and 0 <= place < len(choice.values) and len(field.widgets) == len(choice.values):
            return choice.values[place]
        self.note(Finding.warning("pdf.choice-doubtful", displayed(choice.field)))
        return ""

    def offer(self, offer: PdfOffer) -> list[dict[str, Any]]:
        """The lines of one offer: ordered when its box is ticked, else kept beside if a name was written."""
        ticked = self.box(offer.box) is True
        filled = [(name, text) for name in offer.names if (text := self.name(name))]
        own = [(name, text) for name, text in filled if not self._is_placeholder(text)]
        if not ticked:
            return [
                {"offer": offer.offer, "kind": name.kind, "declared": text, "ticked": False}
                for name, text in own
            ]
        products = [product for box, product in offer.products.items() if self.box(box) is True]
        if not filled:
            kind = offer.names[0].kind if offer.names else None
            return [_line(offer.offer, kind, "") | {"products": products}]
        return [
            _line(offer.offer, name.kind, text) | {"products": products} | self.beside(name)
            for name, text in own or filled
        ]

    def beside(self, name: PdfName) -> dict[str, Any]:
        """What the boxes beside a name say. A doubtful box leaves the question open."""
        said: dict[str, Any] = {}
        if name.restricted:
            said["restricted"] = self.sure_box(name.restricted)
        if name.holder:
            holder = self.sure_box(name.holder)
            said["owner"] = "" if holder is None else "holder" if holder else "structure"
        return said

    def sure_box(self, name: str) -> bool | None:
        """A box; None where its value and its look disagree: neither answer is the lesser one."""
        self.box(name)
        field = self.fields.get(name)
        return None if field is None or field.kind is not FieldKind.BOX else field.ticked

    def order(self) -> tuple[str, int]:
        """The order that the file says it was made from, and its version; empty and 0 when it names none."""
        version = self.text(self.layout.version) if self.layout.version else ""
        known = version if version.isascii() and version.isdecimal() and len(version) < 9 else "0"
        return (self.text(self.layout.order)[:20] if self.layout.order else "", int(known))

    def name(self, name: PdfName) -> str:
        """A declared name, without the words that the blank form prints after it."""
        text = self.text(name.field)
        if name.drop and text.casefold().endswith(name.drop.casefold()):
            text = text[: -len(name.drop)].strip()
            if text and not self._is_placeholder(text):
                self.note(Finding.info("pdf.phrase-dropped", displayed(text), phrase=name.drop))
        return text

    def _is_placeholder(self, text: str) -> bool:
        return any(
            template.placeholder
            and template.path == "offers.declared"
            and template.text.casefold() == text.casefold()
            for template in self.edition.templates
        )


def _blank(edition: str) -> dict[str, Any]:
    person = dict.fromkeys(("surname", "given_names", "phone", "email", "card_number"), "")
    structure: dict[str, Any] = dict.fromkeys(("name", "siret", "finess", "postcode", "commune"), "")
    return {
        "edition": edition,
        "structure": structure | {"rpps_rangs": {}, "takes_charge": None},
        "contract": {"number": ""},
        "signatory": {"quality": ""} | person,
        "visa": {"date": "", "signed": None, "stamped": None},
        "usage": {"description": "", "editor": "", "solution": ""},
        "offers": [],
        "administrators": {},
        "declarations": {"terms": None, "exact": None},
    }


def _line(offer: str, kind: str | None, declared: str) -> dict[str, Any]:
    return {
        "offer": offer,
        "products": [],
        "kind": kind,
        "declared": declared,
        "restricted": None,
        "owner": "",
        "letter": None,
    }


def _put(raw: dict[str, Any], path: str, value: Any) -> None:
    """Set a path; rows are kept by their number until `raw` makes lists of them."""
    *steps, last = path.split(".")
    at = raw
    for step in steps:
        at = at.setdefault(step, {})
    at[last] = value


def _rows(by_number: dict[str, Any]) -> list[Any]:
    return [by_number[number] for number in sorted(by_number, key=int)]
