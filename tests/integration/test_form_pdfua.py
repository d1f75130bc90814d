"""Our form 413 by the points of PDF/UA-1 (ISO 14289-1) that a machine can tell, blank and filled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary

from sceau.catalogue import load_catalogue
from sceau.documents import fill_form, form_pdf
from tests.instance import form, offer

BLANK = Path(form_pdf.__file__ or "").with_name("form413.pdf")
NOTICE = ("1. ", "2. ", "3. ", "4. ", "4.1 ", "4.2 ", "4.3 ")


@pytest.fixture(params=["blank", "filled"])
def pdf(request: pytest.FixtureRequest) -> Iterator[pikepdf.Pdf]:
    data = BLANK.read_bytes()
    if request.param == "filled":
        data = fill_form(form(offer("serv-ssl"), offer("serv-mail"), offer("org")), order="CMD-1", version=1)
    with pikepdf.open(BytesIO(data)) as opened_pdf:
        yield opened_pdf


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Structure elements in reading order."""
    stack = [pdf.Root.StructTreeRoot]
    while stack:
        one = stack.pop()
        if isinstance(one, Dictionary):
            if "/S" in one:
                yield one
            kids = one.get("/K")
            stack += reversed(list(kids) if isinstance(kids, Array) else [kids] if kids is not None else [])


def widgets(pdf: pikepdf.Pdf) -> list[Any]:
    return [one for page in pdf.pages for one in page.obj.get("/Annots", [])]


def test_the_file_says_its_language_its_title_and_that_it_is_tagged(pdf: pikepdf.Pdf) -> None:
    assert str(pdf.Root.Lang).startswith("fr")
    assert bool(pdf.Root.MarkInfo.Marked) is True
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle) is True
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"].startswith("Formulaire 413")


def test_every_field_has_a_help_text_and_its_place_in_the_tags(pdf: pikepdf.Pdf) -> None:
    seen = []
    for element in elements(pdf):
        if str(element.S) == "/Form":
            kids = element.K if isinstance(element.K, Array) else [element.K]
            seen += [kid.Obj.objgen for kid in kids if isinstance(kid, Dictionary) and "/Obj" in kid]
    assert sorted(seen) == sorted(one.objgen for one in widgets(pdf))
    assert len(seen) == len(set(seen))
    for one in widgets(pdf):
        assert str(one.Subtype) == "/Widget"
        assert str(one.TU).strip(), one
        assert int(one.F) & 4
    helps = [str(one.TU) for one in widgets(pdf)]
    assert len(set(helps)) == len(helps)


def test_the_parent_tree_leads_from_each_field_to_its_tag(pdf: pikepdf.Pdf) -> None:
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(numbers[at]): numbers[at + 1] for at in range(0, len(numbers), 2)}
    for one in widgets(pdf):
        element = parents[int(one.StructParent)]
        assert str(element.S) == "/Form"


def test_fields_are_reached_in_the_order_of_the_page(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        assert str(page.obj.Tabs) == "/S"
        tops = [round(float(one.Rect[3])) for one in page.obj.get("/Annots", [])]
        rises = sum(1 for before, after in pairwise(tops) if after > before + 30)
        assert rises == 0, tops


def test_the_headings_are_those_of_the_notice_and_skip_no_level(pdf: pikepdf.Pdf) -> None:
    levels = [
        int(str(one.S)[2:]) for one in elements(pdf) if str(one.S)[:2] == "/H" and str(one.S)[2:].isdigit()
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert levels.count(2) == 4
    assert levels.count(3) == 3


def test_every_font_is_embedded(pdf: pikepdf.Pdf) -> None:
    fonts = []
    for one in getattr(pdf, "objects"):  # noqa: B009 - see pdf_child
        if isinstance(one, Dictionary) and str(one.get("/Type")) == "/Font":
            fonts.append(one)
    assert fonts
    for font in fonts:
        holder = font.get("/DescendantFonts", [font])[0]
        if str(font.get("/Subtype")) == "/Type0" or "/FontDescriptor" in holder:
            descriptor = holder.FontDescriptor
            assert any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")), font


def test_nothing_in_the_file_acts_and_one_field_waits_for_a_signature(pdf: pikepdf.Pdf) -> None:
    for one in getattr(pdf, "objects"):  # noqa: B009 - see pdf_child
        if isinstance(one, Dictionary):
            assert not {"/JS", "/AA", "/OpenAction", "/XFA"} & set(one.keys())
    signatures = [field for field in pdf.Root.AcroForm.Fields if str(field.get("/FT")) == "/Sig"]
    assert [str(field.T) for field in signatures] == ["3_signature"]
    assert "/V" not in signatures[0]


def test_the_edition_knows_every_field_and_the_pages_are_those_that_it_names(pdf: pikepdf.Pdf) -> None:
    layout = load_catalogue().editions["2026-11"].pdf
    assert layout is not None
    assert {str(field.T) for field in pdf.Root.AcroForm.Fields} == layout.fields
    drawn = [hashlib.sha256(page.Contents.read_bytes().strip() + b"\n").hexdigest() for page in pdf.pages]
    assert drawn == list(layout.contents)


def test_each_section_of_the_notice_is_printed_under_its_number() -> None:
    import shutil
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here")
    said = subprocess.run(
        ["pdftotext", "-layout", str(BLANK), "-"], capture_output=True, text=True, check=True
    )
    lines = [line.strip() for line in said.stdout.splitlines()]
    for number in NOTICE:
        assert any(line.startswith(number) for line in lines), number
