"""Our own form 413, filled from an order: every field of the notice, ready to be signed by hand or by card.

Decides how an order's raw form lies on the pages, by the same map by which the file is read again
(`catalogue/data/editions/2026-11.toml`). What does not fit on the pages is refused, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from sceau.catalogue import PdfLayout, PdfName, PdfOffer, load_catalogue
from sceau.vocabulary import Finding, Refused

EDITION = "2026-11"
_FILE = Path(__file__).with_name("form413.pdf")
_SIZE, _LEADING, _EDGE = 9.0, 11.0, 2.0
_DATED = "visa.date"
_LINES = 1 << 12
_PREVIEW = "Aperçu, à ne pas signer : la commande n’est pas envoyée"


def fill_form(raw: Mapping[str, Any], *, order: str = "", version: int = 0, preview: bool = False) -> bytes:
    """The PDF of a raw form, made from version `version` of the order `order`. The visa is left to whoever
    signs. With `preview`, each page says that it is one; the rest is the very file that will be signed.

    Raises `Refused` when the form has more lines than the pages, or letters that they cannot show.
    """
    layout = load_catalogue().editions[EDITION].pdf
    if layout is None:
        raise LookupError(EDITION)
    texts, ticked, chosen = _values(raw, layout)
    if order:
        texts |= {layout.order: order, layout.version: str(version)}
    _require_shown(texts)
    return _written(texts, ticked, chosen, preview=preview)


Values = tuple[dict[str, str], set[str], dict[str, str]]


def _values(raw: Mapping[str, Any], layout: PdfLayout) -> Values:
    """Texts by field, boxes ticked, buttons chosen."""
    texts = {
        name: _plain(_at(raw, path))
        for name, path in layout.texts.items()
        if path != _DATED and _at(raw, path) not in (None, "")
    }
    ticked = {name for name, path in layout.boxes.items() if _at(raw, path) is True}
    chosen = {}
    for choice in layout.choices:
        said = {True: "yes", False: "no"}.get(_at(raw, choice.path), _at(raw, choice.path))
        if said in choice.values:
            chosen[choice.field] = choice.states[choice.values.index(said)]
    _check_rows(raw, "administrators", 4)
    _check_rows(raw, "structure.rpps_rangs", 4)
    offers = raw.get("offers")
    for line in offers if isinstance(offers, list | tuple) else ():
        if isinstance(line, Mapping) and line.get("ticked") is not False:
            _lay(line, layout, texts, ticked)
    return texts, ticked, chosen


def _lay(line: Mapping[str, Any], layout: PdfLayout, texts: dict[str, str], ticked: set[str]) -> None:
    """One line of the order on the first free place of its offer and kind."""
    offer = next((each for each in layout.offers if each.offer == line.get("offer")), None)
    if offer is None:
        raise Refused([Finding.error("form.no-place", "offers.offer", value=str(line.get("offer")))])
    wanted = set(line.get("products") or ())
    if offer.box in ticked and wanted and _products(offer, ticked) != wanted:
        raise Refused([Finding.error("form.no-place", "offers.products", value=", ".join(sorted(wanted)))])
    ticked.add(offer.box)
    if wanted != set(offer.products.values()):
        ticked |= {box for box, product in offer.products.items() if product in wanted}
    declared = _plain(line.get("declared") or "")
    if not declared:
        return
    place = next(_free(offer, line, texts), None)
    if place is None:
        raise Refused([Finding.error("form.no-place", "offers.declared", value=declared)])
    texts[place.field] = declared
    if place.restricted and line.get("restricted") is not False:
        ticked.add(place.restricted)
    if place.holder and line.get("owner") == "holder":
        ticked.add(place.holder)


def _products(offer: PdfOffer, ticked: set[str]) -> set[str]:
    named = {product for box, product in offer.products.items() if box in ticked}
    return named or set(offer.products.values())


def _free(offer: PdfOffer, line: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[PdfName]:
    """A line whose kind nobody said yet lies on the narrowest place."""
    kind = line.get("kind") or ("server" if offer.offer == "serv-ssl" else "mail")
    return (name for name in offer.names if name.kind == kind and name.field not in texts)


def _check_rows(raw: Mapping[str, Any], path: str, most: int) -> None:
    rows = _at(raw, path)
    if isinstance(rows, list | tuple) and len(rows) > most:
        raise Refused([Finding.error("form.too-many-rows", path, found=len(rows), most=most)])


def _at(raw: Any, path: str) -> Any:
    """What stands at a path of the raw form, None where it has no such place."""
    for step in path.split("."):
        if isinstance(raw, Mapping):
            raw = raw.get(step)
        elif isinstance(raw, list | tuple) and step.isdecimal() and int(step) < len(raw):
            raw = raw[int(step)]
        else:
            return None
    return raw


def _plain(value: Any) -> str:
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()


def _require_shown(texts: Mapping[str, str]) -> None:
    """Every letter is one of the font's: a page never shows another text than the one that is read."""
    for name, text in texts.items():
        try:
            text.replace("\n", " ").encode("cp1252")
        except UnicodeEncodeError as error:
            letter = text[error.start : error.end]
            raise Refused([Finding.error("form.letter-not-shown", name, letter=letter)]) from error


# --- the file ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _blank() -> bytes:
    return _FILE.read_bytes()


def _written(
    texts: Mapping[str, str], ticked: set[str], chosen: Mapping[str, str], *, preview: bool
) -> bytes:
    import pikepdf  # late: most processes never make a form

    with pikepdf.open(BytesIO(_blank())) as pdf:
        font = pdf.Root.AcroForm.DR.Font.SceauSans
        widths = [int(width) for width in font.Widths]  # type: ignore[attr-defined,unused-ignore]
        for field in pdf.Root.AcroForm.Fields:  # type: ignore[attr-defined,unused-ignore]
            name = str(field.T)
            if name in texts:
                field.V = pikepdf.String(texts[name])
                field.AP = pikepdf.Dictionary(N=_look(pdf, field, texts[name], widths))
            elif name in ticked:
                field.V = field.AS = pikepdf.Name("/oui")
            elif name in chosen:
                field.V = pikepdf.Name(f"/{chosen[name]}")
                for kid in field.Kids:
                    state = pikepdf.Name(f"/{chosen[name]}")
                    kid.AS = state if state in kid.AP.N else pikepdf.Name("/Off")
        if preview:
            _mark(pdf, widths)
        out = BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def _mark(pdf: Any, widths: list[int]) -> None:
    """« Aperçu » across the head and the foot of each page, as an artifact: it is no part of the form."""
    import pikepdf

    size = 15.0
    wide = _width(_PREVIEW, widths) * size
    for page in pdf.pages:
        left, low, right, high = (float(value) for value in page.mediabox)
        at = left + (right - left - wide) / 2
        lines = [
            f"BT 0.64 0.13 0.11 rg /SceauSans {size:.1f} Tf 1 0 0 1 {at:.2f} {top:.2f} Tm ".encode()
            + _literal(_PREVIEW)
            + b" Tj ET"
            for top in (high - 20, low + 6)
        ]
        fonts = page.resources.get("/Font", pikepdf.Dictionary())
        fonts["/SceauSans"] = pdf.Root.AcroForm.DR.Font.SceauSans
        page.resources["/Font"] = fonts
        # before what is there: a page may turn its own axes over, and leave them so
        page.contents_add(b"q /Artifact BMC " + b" ".join(lines) + b" EMC Q", prepend=True)


def _look(pdf: Any, field: Any, text: str, widths: list[int]) -> Any:
    """What the field shows: its text, in as large letters as fit, on lines where it has several."""
    import pikepdf

    left, low, right, high = (float(value) for value in field.Rect)
    width, height = right - left, high - low
    several = int(field.get("/Ff", 0)) & _LINES
    size, lines = _fitted(text, widths, width - 2 * _EDGE, height if several else 0)
    leading = size * _LEADING / _SIZE
    top = height - _EDGE - size if several else (height - size) / 2 + size * 0.18
    said = [
        b"/Tx BMC q BT",
        f"/SceauSans {size:.2f} Tf 0 g {leading:.2f} TL {_EDGE:.2f} {top:.2f} Td".encode(),
    ]
    for number, line in enumerate(lines):
        said.append((b"" if number == 0 else b"T* ") + _literal(line) + b" Tj")
    stream = pikepdf.Stream(pdf, b"\n".join([*said, b"ET Q EMC"]))
    stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    stream.BBox = pikepdf.Array([0, 0, round(width, 2), round(height, 2)])
    stream.Resources = pikepdf.Dictionary(
        Font=pikepdf.Dictionary(SceauSans=pdf.Root.AcroForm.DR.Font.SceauSans)
    )
    return pdf.make_indirect(stream)


def _literal(line: str) -> bytes:
    escaped = line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + escaped + b")"


def _fitted(text: str, widths: list[int], room: float, height: float) -> tuple[float, list[str]]:
    """Letter size and lines that fit; on one line when `height` is 0. Never below 3 points."""
    size = _SIZE
    while True:
        lines = _wrapped(text, widths, room / size) if height else [text.replace("\n", " ")]
        tall = len(lines) * size * _LEADING / _SIZE > height - 2 * _EDGE if height else False
        wide = max(_width(line, widths) for line in lines) * size > room
        if not (tall or wide) or size <= 3:
            return size, lines
        size -= 0.25


def _width(line: str, widths: list[int]) -> float:
    """In ems."""
    return sum(widths[code - 32] for code in line.encode("cp1252") if code >= 32) / 1000


def _wrapped(text: str, widths: list[int], room: float) -> list[str]:
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and _width(longer, widths) > room:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines
