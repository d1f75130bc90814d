"""Build our own fillable form 413 (PDF/UA-1, AcroForm), which Sceau ships and fills from an order.

    python -m venv /tmp/form && /tmp/form/bin/pip install weasyprint==70.0 pikepdf==10.18.0
    SOURCE_DATE_EPOCH=0 /tmp/form/bin/python tools/build_form413.py

Needs Debian's `libpango-1.0-0`, `libpangoft2-1.0-0` and `fonts-liberation`. Writes
`src/sceau/documents/form413.pdf`; the same versions give the same bytes. Where each field is read from is the
edition's own data, `src/sceau/catalogue/data/editions/2026-11.toml`: change both together, and look at the
pages. WeasyPrint lays out and tags the page with plain text inputs; every field is then made anew here
(its kind, help text, look and font), because what it writes for boxes and buttons is not to be relied on.
"""

# ruff: noqa: E501, T201 - the words of a printed page are not wrapped, and a tool says what it made

from __future__ import annotations

import hashlib
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
from fontTools import subset, ttLib
from pikepdf import Array, Dictionary, Name, String
from weasyprint import HTML

TARGET = Path(__file__).parents[1] / "src/sceau/documents/form413.pdf"
FONT = Path("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf")
TITLE = "Formulaire 413 : commande de certificats logiciels"
SIZE = 9
MULTILINE, READ_ONLY, RADIO = 1 << 12, 1, (1 << 15) | (1 << 14)


@dataclass(frozen=True)
class Field:
    """One place on the page. `kind`: text, lines, shown (never typed), box, radio, signature."""

    name: str
    label: str
    width: str
    kind: str = "text"
    help: str = ""
    state: str = ""


FIELDS: dict[str, Field] = {}


def place(field: Field) -> str:
    """The HTML of one field with its label."""
    key = f"{field.name}:{field.state}" if field.state else field.name
    FIELDS[key] = field
    mark = html.escape(key)
    entry = f'<input type="text" id="{mark}" name="{mark}" class="{field.kind}" style="width:{field.width}">'
    label = f'<label for="{mark}">{html.escape(field.label)}</label>'
    return (
        f'<p class="pick">{entry} {label}</p>'
        if field.kind in ("box", "radio")
        else f'<div class="field" style="width:{field.width}">{label}{entry}</div>'
    )


def row(*fields: Field) -> str:
    return f'<div class="row">{"".join(map(place, fields))}</div>'


def text(name: str, label: str, width: str, help_: str = "", kind: str = "text") -> Field:
    return Field(name, label, width, kind, help_)


def box(name: str, label: str, help_: str = "") -> Field:
    return Field(name, label, "9pt", "box", help_)


def radio(name: str, state: str, label: str, help_: str) -> Field:
    return Field(name, label, "9pt", "radio", help_, state)


def names(offer: str, rows: list[tuple[str, str]], *, mail: bool) -> str:
    """The lines for names of one offer."""
    said = []
    for code, label in rows:
        after = [
            box(
                f"{code}_detenteur",
                "Un autre en est détenteur",
                f"{offer}, {label} : un autre que la structure détient ce nom (joindre son courrier)",
            )
        ]
        if mail:
            after.insert(
                0,
                box(
                    f"{code}_restreint",
                    "À cocher pour les cas de restriction",
                    f"{offer}, {label} : restreindre à ce seul nom, sans ses sous-domaines",
                ),
            )
        said.append(
            '<div class="name">'
            + place(text(code, label, "100%", f"{offer} : {label}"))
            + f'<div class="after">{"".join(map(place, after))}</div></div>'
        )
    return "".join(said)


def products(offer: str, several: list[tuple[str, str]]) -> str:
    said = "".join(
        place(box(code, label, f"{offer} : seulement le produit {label}")) for code, label in several
    )
    return f'<p class="hint">Produits (aucun coché : tous ceux de l’offre)</p><div class="picks">{said}</div>'


def administrator(number: int) -> str:
    who = f"Administrateur technique {number}"
    cell = f"4_3_{number}"
    return (
        f"<h4>{who}</h4>"
        + row(
            text(
                f"{cell}_carte",
                "N° de carte",
                "22%",
                f"{who} : numéro imprimé sur la troisième ligne de la carte",
            ),
            text(f"{cell}_nom", "Nom, tel que sur la carte", "38%", f"{who} : nom"),
            text(f"{cell}_prenoms", "Prénom(s)", "38%", f"{who} : prénoms"),
        )
        + row(
            text(f"{cell}_telephone", "Téléphone", "30%", f"{who} : téléphone, utilisé en cas de problème"),
            text(
                f"{cell}_email",
                "Adresse électronique professionnelle",
                "69%",
                f"{who} : adresse électronique",
            ),
        )
    )


def page() -> str:
    rows = [
        f"<h1>{html.escape(TITLE)}</h1>",
        '<p class="lead">Déclaration d’habilitation, édition de novembre 2026. Les champs marqués d’une * sont obligatoires. '
        "La notice du formulaire 413 explique chaque rubrique, sous le même numéro.</p>",
        row(
            text(
                "0_commande",
                "Commande en ligne",
                "45%",
                "Numéro de la commande dont ce formulaire est tiré",
                "shown",
            ),
            text("0_version", "Version", "20%", "Version de cette commande", "shown"),
        ),
        "<h2>1. Identification de la structure bénéficiaire</h2>",
        row(
            text(
                "1_denomination",
                "Dénomination ou raison sociale *",
                "100%",
                "Telle que sur le KBIS ou l’avis SIRENE",
            )
        ),
        row(
            text("1_siret", "N° SIRET (14 chiffres)", "49%"),
            text("1_finess", "N° FINESS géographique (9 caractères)", "50%"),
        ),
        row(
            *(
                text(
                    f"1_rpps_rang_{n}",
                    f"N° RPPS-rang {n}",
                    "24.5%",
                    f"Cabinet de radiologie : numéro RPPS-rang {n}",
                )
                for n in (1, 2, 3, 4)
            )
        ),
        row(
            text("1_code_postal", "Code postal du titulaire du contrat *", "32%"),
            text("1_commune", "Commune du titulaire du contrat *", "67%"),
        ),
        '<p class="hint">La structure prend-elle en charge des patients ? (si oui, le n° FINESS est obligatoire)</p><div class="picks">',
        place(radio("1_prise_en_charge", "oui", "Oui", "La structure prend en charge des patients")),
        place(radio("1_prise_en_charge", "non", "Non", "La structure prend en charge des patients")),
        "</div>",
        "<h2>2. Contrat</h2>",
        row(text("2_contrat", "N° du contrat de commande de produits de certification", "60%")),
        "<h2>3. Visa et cachet</h2>",
        '<p class="hint">Qualité du signataire *</p><div class="picks">',
        place(radio("3_qualite", "representant", "Représentant légal", "Qualité du signataire")),
        place(radio("3_qualite", "mandataire", "Mandataire", "Qualité du signataire")),
        place(radio("3_qualite", "titulaire", "Titulaire du cabinet", "Qualité du signataire")),
        "</div>",
        row(
            text("3_carte", "N° de carte *", "22%", "Numéro de la carte du signataire"),
            text("3_nom", "Nom *", "38%", "Nom du signataire"),
            text("3_prenoms", "Prénom(s) *", "38%", "Prénoms du signataire"),
        ),
        row(
            text("3_telephone", "Téléphone", "30%", "Téléphone du signataire"),
            text(
                "3_email", "Adresse électronique professionnelle", "69%", "Adresse électronique du signataire"
            ),
        ),
        place(
            box(
                "3_conditions",
                "J’accepte les conditions générales d’utilisation des certificats. *",
                "Conditions générales acceptées",
            )
        ),
        place(
            box(
                "3_exactitude",
                "Je certifie exactes les informations de ce formulaire. *",
                "Informations certifiées exactes",
            )
        ),
        row(
            text("3_date", "Date (jj/mm/aaaa) *", "22%", "Date du visa"),
            Field(
                "3_signature",
                "Signature *",
                "43%",
                "signature",
                "Signature du représentant légal ou du mandataire, à la main ou avec sa carte",
            ),
            Field(
                "3_cachet",
                "Cachet de la structure *",
                "33%",
                "stamp",
                "Place du cachet de la structure, sur le papier",
            ),
        ),
        '<p class="hint">À la main : datez, signez et apposez le cachet. Avec une carte : signez le fichier (PAdES) dans le champ « Signature », '
        "après avoir tout rempli ; le fichier signé ne se modifie plus.</p>",
        "<h2 class='new'>4. Détails de la demande de certificat logiciel</h2>",
        '<p class="hint">Cette partie peut être remplie par l’éditeur ou le distributeur de la solution, sous votre responsabilité.</p>',
        "<h3>4.1 Usage des certificats et solution utilisée</h3>",
        row(text("4_1_usage", "Usage des certificats et projet *", "100%", kind="lines")),
        row(
            text("4_1_editeur", "Éditeur ou distributeur de la solution", "49%"),
            text("4_1_solution", "Solution logicielle utilisée", "50%"),
        ),
        "<h3>4.2 Offre de certificat souhaitée</h3>",
        '<p class="hint">Si un autre que la structure détient un nom, joignez son courrier signé et la copie de sa carte d’identité.</p>',
        place(
            box(
                "4_2_ssl",
                "Offre serveur, usage SSL (SERV_SSL)",
                "Offre certificat logiciel serveur, usage SSL",
            )
        ),
        names(
            "Offre serveur SSL",
            [
                ("4_2_ssl_domaine_1", "Nom de domaine 1 (et tous ses sous-domaines et serveurs)"),
                ("4_2_ssl_domaine_2", "Nom de domaine 2 (et tous ses sous-domaines et serveurs)"),
                ("4_2_ssl_sous_domaine_1", "Sous-domaine 1"),
                ("4_2_ssl_sous_domaine_2", "Sous-domaine 2"),
                ("4_2_ssl_serveur_1", "Serveur 1 (ce seul nom)"),
                ("4_2_ssl_serveur_2", "Serveur 2 (ce seul nom)"),
            ],
            mail=False,
        ),
        place(
            box(
                "4_2_mail",
                "Offre serveur, usage SMIME, SIGN, CONF",
                "Offre certificat logiciel serveur, usage SMIME, SIGN, CONF",
            )
        ),
        products(
            "Offre serveur SMIME, SIGN, CONF",
            [
                ("4_2_mail_smime", "SERV_S/MIME"),
                ("4_2_mail_sign", "SERV_SIGN"),
                ("4_2_mail_conf", "SERV_CONF"),
            ],
        ),
        names(
            "Offre serveur SMIME, SIGN, CONF",
            [
                ("4_2_mail_nom_1", "Nom de domaine de messagerie 1"),
                ("4_2_mail_nom_2", "Nom de domaine de messagerie 2"),
            ],
            mail=True,
        ),
        place(box("4_2_org", "Offre organisation (ORG)", "Offre certificat logiciel organisation")),
        products(
            "Offre organisation",
            [
                ("4_2_org_auth_cli", "ORG_AUTH_CLI"),
                ("4_2_org_sign", "ORG_SIGN"),
                ("4_2_org_conf", "ORG_CONF"),
            ],
        ),
        place(
            box("4_2_pro", "Offre professionnel dans une structure (PRO)", "Offre certificat logiciel PRO")
        ),
        products(
            "Offre PRO",
            [("4_2_pro_auth", "PRO_AUTH"), ("4_2_pro_sign", "PRO_SIGN"), ("4_2_pro_conf", "PRO_CONF")],
        ),
        names(
            "Offre PRO",
            [
                ("4_2_pro_nom_1", "Nom de domaine de messagerie 1"),
                ("4_2_pro_nom_2", "Nom de domaine de messagerie 2"),
            ],
            mail=True,
        ),
        "<h3 class='new'>4.3 Désignation des administrateurs techniques</h3>",
        '<p class="hint">Une carte CPS, CDE, CPE nominative, CDA ou CPA pour chacun. Au moins un administrateur est obligatoire.</p>',
        *(administrator(number) for number in (1, 2, 3, 4)),
    ]
    return f"""<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{html.escape(TITLE)}</title>
<meta name="author" content="Sceau"><style>{STYLE}</style></head><body>{"".join(rows)}</body></html>"""


STYLE = """
@page { size: A4; margin: 14mm 15mm 16mm; @bottom-right { content: "Page " counter(page) " sur " counter(pages);
  font: 8pt "Liberation Sans" } @bottom-left { content: "Formulaire 413, édition 2026-11"; font: 8pt "Liberation Sans" } }
body { font: 9pt/1.25 "Liberation Sans"; color: #111; margin: 0 }
h1 { font-size: 15pt; margin: 0 0 2pt } h2 { font-size: 11.5pt; margin: 9pt 0 3pt; border-bottom: .8pt solid #111 }
h3 { font-size: 10pt; margin: 7pt 0 2pt } h4 { font-size: 9pt; margin: 6pt 0 0 }
p { margin: 2pt 0 } .lead { margin-bottom: 4pt } .hint { font-size: 8.5pt; color: #333; margin: 3pt 0 1pt }
.new { break-before: page; margin-top: 0 }
.row { display: flex; justify-content: space-between; margin: 2pt 0 3pt }
.field label { display: block; font-size: 8.5pt; margin-bottom: 1pt }
input { appearance: auto; border: .6pt solid #444; height: 14pt; box-sizing: border-box; padding: 0; margin: 0; font: 9pt "Liberation Sans" }
.field input { width: 100% !important; display: block }
input.lines { height: 52pt } input.signature, input.stamp { height: 62pt } input.shown { border-style: dotted }
input.box, input.radio { height: 9pt; width: 9pt; border: none; display: inline-block; vertical-align: -1pt }
.pick { margin: 2pt 0; break-after: avoid } .picks .pick { display: inline-block; margin-right: 14pt } .picks { margin-bottom: 2pt }
.name { display: flex; justify-content: space-between; margin: 1pt 0 3pt 14pt; break-inside: avoid } .name .field { width: 56% !important }
.name .after { width: 42%; padding-top: 4pt } .name .after .pick { font-size: 8pt; margin: 1pt 0 }
"""


def build() -> bytes:
    laid = HTML(string=page()).write_pdf(pdf_forms=True, pdf_variant="pdf/ua-1", full_fonts=False)
    pdf = pikepdf.open(io.BytesIO(laid))
    font = embedded_font(pdf)
    remade: list[Any] = []
    groups: dict[str, Any] = {}
    for sheet in pdf.pages:
        sheet.obj.Tabs = Name.S
        kept = Array()
        for widget in sheet.obj.get("/Annots", []):
            field = FIELDS[str(widget.T)]
            if field.kind == "stamp":
                tag_as_text(pdf, widget)
                continue
            remake(pdf, widget, field, groups)
            kept.append(widget)
            if field.kind != "radio":
                remade.append(widget)
        sheet.obj.Annots = kept
    remade += list(groups.values())
    pdf.Root.AcroForm = Dictionary(
        Fields=Array(remade),
        DA=String(f"/SceauSans {SIZE} Tf 0 g"),
        DR=Dictionary(Font=Dictionary(SceauSans=font)),
    )
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def remake(pdf: Any, widget: Any, field: Field, groups: dict[str, Any]) -> None:
    """The widget as a field of its kind; its place on the page and in the tags stays."""
    kept = {key: widget[key] for key in ("/Type", "/Subtype", "/Rect", "/P", "/StructParent")}
    for key in list(widget.keys()):
        del widget[key]
    for key, value in kept.items():
        widget[key] = value
    left, one, right, other = (float(value) for value in kept["/Rect"])  # WeasyPrint gives the top first
    widget.Rect = Array([round(each, 3) for each in (left, min(one, other), right, max(one, other))])
    widget.F = 4
    widget.TU = String(field.help or field.label.rstrip(" *"))
    if field.kind == "radio":
        group = groups.get(field.name)
        if group is None:
            group = groups[field.name] = pdf.make_indirect(
                Dictionary(
                    FT=Name.Btn,
                    Ff=RADIO,
                    T=String(field.name),
                    TU=String(field.help),
                    V=Name.Off,
                    Kids=Array(),
                )
            )
        group.Kids.append(widget)
        widget.Parent = group
        widget.TU = String(f"{field.help} : {field.label}")
        pick(pdf, widget, field.state, round_=True)
        return
    widget.T = String(field.name)
    if field.kind == "box":
        widget.FT, widget.V = Name.Btn, Name.Off
        pick(pdf, widget, "oui", round_=False)
    elif field.kind == "signature":
        widget.FT = Name.Sig
    else:
        widget.FT, widget.V, widget.DA = Name.Tx, String(""), String(f"/SceauSans {SIZE} Tf 0 g")
        flags = (MULTILINE if field.kind == "lines" else 0) | (READ_ONLY if field.kind == "shown" else 0)
        if flags:
            widget.Ff = flags


def pick(pdf: Any, widget: Any, state: str, *, round_: bool) -> None:
    """The two looks of a box or a button, drawn with lines: no font of symbols is needed."""
    left, low, right, high = (float(value) for value in widget.Rect)
    side = min(right - left, high - low)
    edge = round_frame(side) if round_ else f"0.8 0.8 {side - 1.6:.2f} {side - 1.6:.2f} re S"
    a, b = side * 0.22, side * 0.78
    cross = f"{a:.2f} {a:.2f} m {b:.2f} {b:.2f} l S {a:.2f} {b:.2f} m {b:.2f} {a:.2f} l S"

    def look(drawn: str) -> Any:
        stream = pikepdf.Stream(pdf, f"q 0.9 w 0 G {drawn} Q".encode())
        stream.Type, stream.Subtype, stream.BBox = (
            Name.XObject,
            Name.Form,
            Array([0, 0, round(side, 2), round(side, 2)]),
        )
        stream.Resources = Dictionary()
        return pdf.make_indirect(stream)

    widget.AP = Dictionary(N=Dictionary({"/Off": look(edge), f"/{state}": look(f"{edge} 1.4 w {cross}")}))
    widget.AS = Name.Off
    widget.MK = Dictionary(CA=String("8"))


def round_frame(side: float) -> str:
    """A circle from four curves."""
    r, c = side / 2 - 0.8, side / 2
    k = r * 0.5523
    return (
        f"{c + r:.2f} {c:.2f} m {c + r:.2f} {c + k:.2f} {c + k:.2f} {c + r:.2f} {c:.2f} {c + r:.2f} c "
        f"{c - k:.2f} {c + r:.2f} {c - r:.2f} {c + k:.2f} {c - r:.2f} {c:.2f} c "
        f"{c - r:.2f} {c - k:.2f} {c - k:.2f} {c - r:.2f} {c:.2f} {c - r:.2f} c "
        f"{c + k:.2f} {c - r:.2f} {c + r:.2f} {c - k:.2f} {c + r:.2f} {c:.2f} c S"
    )


def tag_as_text(pdf: Any, widget: Any) -> None:
    """The place of the stamp is drawn on the page and is no field: its tag of a field goes away."""
    number = widget.StructParent
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    at = next(index for index in range(0, len(numbers), 2) if int(numbers[index]) == int(number))
    element = numbers[at + 1]
    parent = element.P
    parent.K = Array([kid for kid in parent.K if not same(kid, element)])
    del numbers[at : at + 2]


def same(one: Any, other: Any) -> bool:
    return getattr(one, "objgen", None) == other.objgen


def embedded_font(pdf: Any) -> Any:
    """Liberation Sans (OFL 1.1), the glyphs of WinAnsi, embedded: what is typed is shown with it everywhere."""
    codes = {code: bytes((code,)).decode("cp1252", "replace") for code in range(32, 256)}
    options = subset.Options(hinting=False, notdef_outline=True, layout_features=[])
    loaded = ttLib.TTFont(FONT, recalcTimestamp=False)
    shrink = subset.Subsetter(options)
    shrink.populate(unicodes=[ord(each) for each in codes.values() if each != "\ufffd"])
    shrink.subset(loaded)
    out = io.BytesIO()
    loaded.save(out)
    cmap, metrics, scale = loaded.getBestCmap(), loaded["hmtx"], 1000 / loaded["head"].unitsPerEm
    widths = [round(metrics[cmap.get(ord(each), ".notdef")][0] * scale) for each in codes.values()]
    head, lines = loaded["head"], loaded["hhea"]
    program = pikepdf.Stream(pdf, out.getvalue())
    program.Length1 = len(out.getvalue())
    descriptor = pdf.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/SCEAUA+LiberationSans"),
            Flags=32,
            FontBBox=Array([round(v * scale) for v in (head.xMin, head.yMin, head.xMax, head.yMax)]),
            ItalicAngle=0,
            Ascent=round(lines.ascent * scale),
            Descent=round(lines.descent * scale),
            CapHeight=729,
            StemV=80,
            FontFile2=pdf.make_indirect(program),
        )
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.TrueType,
            BaseFont=Name("/SCEAUA+LiberationSans"),
            Encoding=Name.WinAnsiEncoding,
            FirstChar=32,
            LastChar=255,
            Widths=Array(widths),
            FontDescriptor=descriptor,
        )
    )


if __name__ == "__main__":
    TARGET.write_bytes(build())
    print(f"{TARGET}: {TARGET.stat().st_size} bytes, {len(FIELDS)} places; for the edition's data:")
    with pikepdf.open(TARGET) as made:
        drawn = [sheet.Contents.read_bytes().strip() + b"\n" for sheet in made.pages]
        program = made.Root.AcroForm.DR.Font.SceauSans.FontDescriptor.FontFile2.read_bytes()
    print("contents =", [hashlib.sha256(each).hexdigest() for each in drawn])
    print("fonts =", [hashlib.sha256(program).hexdigest()])
