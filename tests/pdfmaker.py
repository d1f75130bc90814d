"""Blank and filled form 413 files of our own making, with the field names of the authority's, and hostile
ones.

Two fillers, pypdf and pikepdf, because people fill forms with very different programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pikepdf
import pypdf
from pikepdf import Array, Dictionary, Name, Pdf, String
from pypdf.generic import NameObject

from sceau.catalogue import Edition, PdfLayout, load_catalogue

EDITION: Edition = load_catalogue().editions["2024-03"]
assert EDITION.pdf is not None
LAYOUT: PdfLayout = EDITION.pdf
BOXES = [*LAYOUT.boxes, *(offer.box for offer in LAYOUT.offers)]
TEXTS = [*LAYOUT.texts, *LAYOUT.unread, *(name.field for offer in LAYOUT.offers for name in offer.names)]
RADIO = LAYOUT.choices[0]

SSL_DOMAIN, SSL_SERVER = (name.field for name in LAYOUT.offers[1].names)
MAIL_DOMAIN = LAYOUT.offers[2].names[0].field
PRO_DOMAIN = LAYOUT.offers[3].names[0].field
USAGE = next(field for field, path in LAYOUT.texts.items() if path == "usage.description")


def administrator(row: int, card: str, surname: str, given: str) -> dict[str, str]:
    """The fields of one administrator's row (1 to 4)."""
    return {
        f"N de carteRow{row}": card,
        f"Nom figurant sur la carteRow{row}": surname,
        f"Prénom figurant sur la carteRow{row}": given,
        f"TéléphoneRow{row}": f"061234567{row}",
        f"Email professionnelRow{row}": f"a{row}@chu-exemple.fr",
    }


FILLED: dict[str, str] = {
    "Dénomination de la structure": "Clinique de l’Étoile & Œuvres",
    "FINESS Géographique sauf structures ne prenant pas en charge dusagers": "690000385",
    "N SIRET": "18751275100020",
    "1": "99700367909006",
    "Nom": "DÉSIRÉE-MÜLLER",
    "Prénoms": "Élodie Anne",
    "Téléphone": "0123456789",
    "Email professionnel": "elodie@chu-exemple.fr",
    'N de carte&é"': "2500634598",
    **administrator(1, "2600301751", "LEFÈVRE", "Jean-Noël"),
    **administrator(2, "2600301752", "D'HÉROUVILLE", "Zoé"),
    **administrator(3, "2600301753", "Núñez", "François"),
    **administrator(4, "2600301754", "O’Brien", "Chloë"),
    USAGE: "Alimentation du DMP :\ndépôt « à l’hôpital »",
    "Éditeur de la solution": "Société Générale d’Édition",
    "Solution utilisée": "Logiciel n° 1 – été",
    SSL_DOMAIN: "chu-exemple.fr (et tous ses sous-domaines)",
    MAIL_DOMAIN: "@messagerie.chu-exemple.fr",
    "Date_2": "24/11/2026",
}
TICKED = {"Check Box9", "Check Box10", "Check Box11", "Check Box13", "Check Box14"}


def blank(*, on: str = "Oui", without: frozenset[str] = frozenset(), pages: int = 2) -> bytes:
    """A file with every field of the edition, all empty. `on` is the name of a box's ticked state."""
    pdf = Pdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    fields = [_text_field(pdf, name) for name in TEXTS if name not in without]
    fields += [_box_field(pdf, name, on) for name in BOXES if name not in without]
    if RADIO.field not in without:
        fields.append(_radio_field(pdf, RADIO.field, RADIO.states))
    pdf.Root.AcroForm = Dictionary(
        Fields=Array(fields), DA=String("/Helv 0 Tf 0 g"), DR=Dictionary(Font=Dictionary(Helv=_font(pdf)))
    )
    _on_page(pdf, fields)
    return saved(pdf)


def saved(pdf: Pdf, **options: Any) -> bytes:
    """The bytes of a file."""
    out = BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def changed(data: bytes, change: Callable[[Pdf], object], **options: Any) -> bytes:
    """The file after `change`."""
    with Pdf.open(BytesIO(data)) as pdf:
        change(pdf)
        return saved(pdf, **options)


def field_named(pdf: Pdf, name: str) -> Any:
    """A field at the top of the form."""
    return next(field for field in pdf.Root.AcroForm.Fields if str(field.get("/T")) == name)


def fill_with_pikepdf(
    data: bytes, texts: Mapping[str, str], *, ticked: set[str] = TICKED, quality: int | None = 0
) -> bytes:
    """Filled through pikepdf; every box and the radio set, one way or the other."""

    def fill(pdf: Pdf) -> None:
        for name, value in texts.items():
            field_named(pdf, name).V = String(value)
        for name in BOXES:
            field = field_named(pdf, name)
            states = [key for key in field.AP.N if key != "/Off"]
            field.V = field.AS = Name(states[0] if name in ticked else "/Off")
        radio = field_named(pdf, RADIO.field)
        radio.V = Name("/Off" if quality is None else f"/{RADIO.states[quality]}")
        for index, kid in enumerate(radio.Kids):
            kid.AS = Name(f"/{RADIO.states[index]}" if index == quality else "/Off")

    return changed(data, fill)


def fill_with_pypdf(
    data: bytes, texts: Mapping[str, str], *, ticked: set[str] = TICKED, quality: int | None = 0
) -> bytes:
    """Filled through pypdf, as an editor's own program might."""
    writer = pypdf.PdfWriter(clone_from=BytesIO(data))
    values: dict[str, Any] = dict(texts)
    values |= {name: NameObject("/Oui" if name in ticked else "/Off") for name in BOXES}
    if quality is not None:
        values[RADIO.field] = NameObject(f"/{RADIO.states[quality]}")
    for page in writer.pages:
        writer.update_page_form_field_values(page, values, auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _font(pdf: Pdf) -> Any:
    return pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )


def _text_field(pdf: Pdf, name: str) -> Any:
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String(name),
            Rect=[50, 50, 250, 70],
            DA=String("/Helv 0 Tf 0 g"),
        )
    )


def _look(pdf: Pdf, *states: str) -> Any:
    looks = {f"/{state}": pikepdf.Stream(pdf, b"") for state in states}
    return Dictionary(N=Dictionary(looks))


def _box_field(pdf: Pdf, name: str, on: str) -> Any:
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Btn,
            T=String(name),
            Rect=[45, 540, 59, 554],
            AP=_look(pdf, "Off", on),
            AS=Name.Off,
        )
    )


def _radio_field(pdf: Pdf, name: str, states: tuple[str, ...]) -> Any:
    radio = pdf.make_indirect(Dictionary(FT=Name.Btn, Ff=49152, T=String(name), Kids=Array()))
    for index, state in enumerate(states):
        left = 150 + 100 * index
        radio.Kids.append(
            pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Widget,
                    Parent=radio,
                    Rect=[left, 196, left + 14, 210],
                    AP=_look(pdf, "Off", state),
                    AS=Name.Off,
                )
            )
        )
    return radio


def _on_page(pdf: Pdf, fields: list[Any]) -> None:
    widgets = []
    for field in fields:
        widgets += list(field.Kids) if "/Kids" in field else [field]
    pdf.pages[0].obj.Annots = Array(widgets)
