"""Our blank form, filled by other programs and by the engine of Chromium's viewer (PDFium), then signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pypdfium2
import pytest
from pypdf.generic import NameObject
from pypdfium2 import raw as engine

from sceau.documents import form_pdf, read_form_pdf
from sceau.operations import Actor, FormFile, receive_form_file
from sceau.registration import read_form
from sceau.vocabulary import IdentifierMode, errors
from tests.formsigner import reader, signed_by
from tests.instance import ADMINISTRATOR, CATALOGUE, CONTRACT, REPRESENTATIVE, SIRET, Instance

BLANK = Path(form_pdf.__file__ or "").with_name("form413.pdf").read_bytes()
TEXTS = {
    "1_denomination": "Clinique de l’Étoile & Œuvres",
    "1_siret": SIRET,
    "1_code_postal": "69003",
    "1_commune": "Lyon",
    "2_contrat": CONTRACT,
    "3_carte": REPRESENTATIVE.card,
    "3_nom": REPRESENTATIVE.surname,
    "3_prenoms": REPRESENTATIVE.given_names,
    "3_telephone": "0123456789",
    "3_email": "direction@chu-exemple.fr",
    "4_1_usage": "Alimentation du DMP : dépôt « à l’hôpital »",
    "4_1_solution": "Logiciel n° 1 – été",
    "4_2_ssl_domaine_1": "chu-exemple.fr",
    "4_2_ssl_serveur_2": "api.chu-exemple.fr",
    "4_2_mail_nom_1": "@chu-exemple.fr",
    "4_3_1_carte": ADMINISTRATOR.card,
    "4_3_1_nom": ADMINISTRATOR.surname,
    "4_3_1_prenoms": ADMINISTRATOR.given_names,
    "4_3_1_telephone": "0612345678",
    "4_3_1_email": "admin@chu-exemple.fr",
}
TICKED = {
    "3_conditions",
    "3_exactitude",
    "4_2_ssl",
    "4_2_mail",
    "4_2_mail_sign",
    "4_2_mail_nom_1_restreint",
    "4_2_ssl_serveur_2_detenteur",
}
CHOSEN = {"3_qualite": "representant", "1_prise_en_charge": "non"}


def with_pypdf(data: bytes, texts: Mapping[str, str] = TEXTS) -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(data))
    values: dict[str, Any] = dict(texts) | {name: NameObject("/oui") for name in TICKED}
    values |= {name: NameObject(f"/{state}") for name, state in CHOSEN.items()}
    for page in writer.pages:
        writer.update_page_form_field_values(page, values, auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def with_pikepdf(data: bytes, texts: Mapping[str, str] = TEXTS) -> bytes:
    with pikepdf.open(BytesIO(data)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            name = str(field.T)
            if name in texts:
                field.V = pikepdf.String(texts[name])
            elif name in TICKED:
                field.V = field.AS = pikepdf.Name("/oui")
            elif name in CHOSEN:
                field.V = pikepdf.Name(f"/{CHOSEN[name]}")
                for kid in field.Kids:
                    kid.AS = field.V if str(field.V) in kid.AP.N else pikepdf.Name("/Off")
        out = BytesIO()
        pdf.save(out)
        return out.getvalue()


def with_pdfium(data: bytes, texts: Mapping[str, str] = TEXTS) -> bytes:
    """As a person does in Chromium: a click in each field, letter by letter, a click on each box."""
    pdf = pypdfium2.PdfDocument(data)
    pdf.init_forms()
    form = pdf.formenv
    with pikepdf.open(BytesIO(data)) as places:
        for number, place in enumerate(places.pages):
            page = pdf[number]
            for widget in place.obj.Annots:
                _click_and_type(form, page.raw, widget, texts)
            page.close()
    out = BytesIO()
    pdf.save(out)
    pdf.close()
    return out.getvalue()


def _click_and_type(form: Any, page: Any, widget: Any, texts: Mapping[str, str]) -> None:
    owner = widget if "/T" in widget else widget.Parent
    name = str(owner.T)
    states = {str(key)[1:] for key in dict(widget.AP.N.items())} if str(owner.FT) == "/Btn" else set()
    if name not in texts and name not in TICKED and CHOSEN.get(name) not in states:
        return
    left, low, right, high = (float(value) for value in widget.Rect)
    engine.FORM_OnMouseMove(form, page, 0, (left + right) / 2, (low + high) / 2)
    engine.FORM_OnLButtonDown(form, page, 0, (left + right) / 2, (low + high) / 2)
    engine.FORM_OnLButtonUp(form, page, 0, (left + right) / 2, (low + high) / 2)
    for letter in texts.get(name, ""):
        engine.FORM_OnChar(form, page, ord(letter), 0)
    engine.FORM_ForceToKillFocus(form)


FILLERS = [with_pypdf, with_pikepdf, with_pdfium]


@pytest.mark.parametrize("fill", FILLERS)
def test_our_form_filled_by_another_program_is_read_without_loss(fill: Callable[..., bytes]) -> None:
    found = read_form_pdf(fill(BLANK))
    assert (found.edition, errors(found.findings)) == ("2026-11", ())
    assert {name: found.values[name] for name in TEXTS} == TEXTS
    assert {name for name, value in found.values.items() if value is True} == TICKED
    reading = read_form(found.raw, catalogue=CATALOGUE, mode=IdentifierMode.TEST)
    form = reading.require()
    assert [(one.offer, one.products, one.declared, one.restricted) for one in form.offers] == [
        ("serv-ssl", ("SERV_SSL",), "chu-exemple.fr", None),
        ("serv-ssl", ("SERV_SSL",), "api.chu-exemple.fr", None),
        ("serv-mail", ("SERV_SIGN",), "@chu-exemple.fr", True),
    ]
    assert [one.owner for one in form.offers] == ["structure", "holder", "structure"]
    assert form.structure.takes_charge is False
    assert form.signatory.quality == "representative"


@pytest.mark.parametrize("fill", FILLERS)
def test_what_another_program_filled_and_a_card_signed_is_the_visa_if_it_shows_what_it_says(
    instance: Instance, fill: Callable[..., bytes]
) -> None:
    instance.at_another(signing_card=reader())
    plain = {name: text.translate(_PLAIN) for name, text in TEXTS.items()}
    signed, doubts = taken(fill(BLANK, plain))
    if fill is with_pikepdf:  # it writes no look: nobody knows what the signatory saw
        assert (signed, doubts) == (False, {"pdf.look-unknown"})
    else:
        assert (signed, doubts) == (True, set())


def test_letters_that_chromium_shows_in_a_font_of_its_own_are_looked_at_by_a_person(
    instance: Instance,
) -> None:
    instance.at_another(signing_card=reader())
    assert taken(with_pdfium(BLANK)) == (False, {"pdf.look-unknown"})


_PLAIN = str.maketrans({"’": "'", "–": "-", "Œ": "OE"})


def taken(filled: bytes) -> tuple[bool, set[str]]:
    """Whether the form is its visa once signed, and what is doubtful in the file."""
    data = signed_by(REPRESENTATIVE, filled)
    found = receive_form_file(Actor.system("mail-room"), FormFile(data, "F413.pdf"))
    assert found.order
    return found.signed, {one.code for one in found.findings if one.code.startswith("pdf.")}
