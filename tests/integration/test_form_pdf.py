"""Form 413 as a PDF: the real one and ours, filled in the ways that people fill forms, and files meant to
harm.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from sceau.catalogue import load_catalogue
from sceau.documents import FormPdf, read_form_pdf
from sceau.registration import Form413, open_questions, read_form
from sceau.vocabulary import Reading, errors
from tests.pdfmaker import (
    BOXES,
    FILLED,
    LAYOUT,
    MAIL_DOMAIN,
    RADIO,
    SSL_DOMAIN,
    SSL_SERVER,
    TICKED,
    blank,
    changed,
    field_named,
    fill_with_pikepdf,
    fill_with_pypdf,
    saved,
)

CATALOGUE = load_catalogue()
BLANK = blank()
FILLERS = [fill_with_pikepdf, fill_with_pypdf]


def codes(found: FormPdf) -> list[str]:
    return [finding.code for finding in found.findings]


def refused(data: bytes) -> list[str]:
    found = read_form_pdf(data)
    assert found.raw is None
    for finding in found.findings:
        assert CATALOGUE.say(finding).text
    return [finding.code for finding in errors(found.findings)]


def form_of(found: FormPdf) -> Reading[Form413]:
    assert found.raw is not None, found.findings
    return read_form(found.raw, catalogue=CATALOGUE)


def assert_read_without_loss(data: bytes) -> None:
    """Every text, tick and choice of `FILLED` is where it belongs, to the last accent."""
    found = read_form_pdf(data)
    assert errors(found.findings) == ()
    assert {name: found.values[name] for name in FILLED} == FILLED
    assert {name for name in BOXES if found.values[name] is True} == TICKED
    reading = form_of(found)
    assert errors(reading.findings) == (), reading.findings
    form = reading.require()
    assert form.structure.name == "Clinique de l’Étoile & Œuvres"
    assert form.structure.siret is not None
    assert form.structure.finess is not None
    assert [rang.text for rang in form.structure.rpps_rangs] == ["99700367909006"]
    signer = form.signatory.person
    assert (signer.surname, signer.given_names) == ("DÉSIRÉE-MÜLLER", "Élodie Anne")
    assert signer.card_number.text == "2500634598"
    assert form.signatory.quality == "representative"
    assert [
        (person.card_number.text, person.surname, person.given_names) for person in form.administrators
    ] == [
        ("2600301751", "LEFÈVRE", "Jean-Noël"),
        ("2600301752", "D'HÉROUVILLE", "Zoé"),
        ("2600301753", "Núñez", "François"),
        ("2600301754", "O’Brien", "Chloë"),
    ]
    assert [person.email.text for person in form.administrators if person.email] == [
        f"a{row}@chu-exemple.fr" for row in range(1, 5)
    ]
    assert form.usage.description == "Alimentation du DMP :\ndépôt « à l’hôpital »"
    assert form.usage.editor == "Société Générale d’Édition"
    assert form.usage.solution == "Logiciel n° 1 – été"
    assert [(line.offer, line.declared, line.restricted) for line in form.offers] == [
        ("org", "", None),
        ("serv-ssl", "chu-exemple.fr", None),
        ("serv-mail", "@messagerie.chu-exemple.fr", None),
    ]
    assert form.visa.as_raw()["date"] == "2026-11-24"
    assert (form.declarations.terms, form.declarations.exact) == (True, True)


# --- the authority's own file -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def real(shared: Path) -> bytes:
    return (shared / "igc-sante" / "F413.pdf").read_bytes()


@pytest.mark.samples
@pytest.mark.parametrize("fill", FILLERS)
def test_the_real_form_filled_by_either_library_is_read_without_loss(real: bytes, fill: Any) -> None:
    assert_read_without_loss(fill(real, FILLED))


@pytest.mark.samples
def test_the_edition_knows_every_field_of_the_real_form_and_no_other(real: bytes) -> None:
    found = read_form_pdf(real)
    assert (found.edition, found.findings) == ("2024-03", ())
    assert set(found.values) == LAYOUT.fields


@pytest.mark.samples
def test_each_field_of_the_real_form_stands_beside_its_label(real: bytes) -> None:
    """The map is checked against the page itself: the label's line is the field's line."""
    page = {0: _labels(real, 0), 1: _labels(real, 1)}
    boxes = {
        "Check Box9": (1, "Certificat ORG"),
        "Check Box10": (1, "usage SSL_SERVEUR"),
        "Check Box11": (1, "usage SMIME, SIGN, CONF"),
        "Check Box12": (1, "Certificat logiciel PRO"),
        "Check Box13": (1, "conditions générales"),
        "Check Box14": (1, "Je certifie exactes"),
        'N de carte&é"': (0, "N° de carte"),
        "Nom": (0, "Nom"),
        "N SIRET": (0, "SIRET"),
        SSL_SERVER: (1, "restreint au serveur"),
    }
    with Pdf.open(BytesIO(real)) as pdf:
        for name, (number, label) in boxes.items():
            low, high = sorted((float(field_named(pdf, name).Rect[1]), float(field_named(pdf, name).Rect[3])))
            lines = [text for y, _, text in page[number] if low - 6 <= y <= high + 2]
            assert any(label in text for text in lines), (name, lines)
        kids = sorted(field_named(pdf, "Group8").Kids, key=lambda kid: float(kid.Rect[0]))
        states = [next(key for key in kid.AP.N if key != "/Off").removeprefix("/") for kid in kids]
    assert states == list(RADIO.states)
    line = sorted((x, text.strip()) for y, x, text in page[0] if 195 <= y <= 205 and x > 100)
    assert [text.split()[0] for _, text in line][:3] == ["Responsable", "Mandataire", "Titulaire"]
    assert RADIO.values == ("representative", "mandataire", "holder")


def _labels(data: bytes, page: int) -> list[tuple[float, float, str]]:
    found: list[tuple[float, float, str]] = []

    def visit(text: str, cm: Any, tm: Any, font: Any, size: Any) -> None:
        if text.strip():
            found.append((tm[5] * cm[3] + cm[5], tm[4] * cm[0] + cm[4], text))

    pypdf.PdfReader(BytesIO(data)).pages[page].extract_text(visitor_text=visit)
    return found


@pytest.mark.samples
def test_the_real_form_left_blank_says_what_is_missing_and_what_is_still_the_model(real: bytes) -> None:
    reading = form_of(read_form_pdf(real))
    assert [(f.code, f.subject) for f in errors(reading.findings)] == [
        ("form.required", "structure.name"),
        ("form.no-identifier", "structure"),
        ("form.required", "signatory.card_number"),
        ("form.required", "signatory.surname"),
        ("form.required", "signatory.given_names"),
        ("form.template-left", "offers.0.declared"),
        ("form.no-administrator", "administrators"),
    ]
    assert "form.template-kept" in [f.code for f in open_questions(reading.findings)]


@pytest.mark.samples
def test_the_command_reads_the_real_form_and_answers_in_json(real: bytes, tmp_path: Path) -> None:
    (tmp_path / "filled.pdf").write_bytes(fill_with_pypdf(real, FILLED))
    (tmp_path / "blank.pdf").write_bytes(real)
    good = _sceau("form", "read", str(tmp_path / "filled.pdf"), "--json")
    assert good.returncode == 0
    answer = json.loads(good.stdout)
    assert answer["form"]["structure"]["name"] == "Clinique de l’Étoile & Œuvres"
    assert {"code", "severity", "subject", "message"} <= set(answer["findings"][0])
    bad = _sceau("form", "read", str(tmp_path / "blank.pdf"))
    assert bad.returncode == 1
    assert "Dénomination de la structure" in bad.stdout


# --- the command ------------------------------------------------------------------------------------------


def _sceau(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from sceau.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_refuses_with_1_and_misuse_with_2(tmp_path: Path) -> None:
    (tmp_path / "not.pdf").write_bytes(b"hello")
    assert _sceau("form", "read", str(tmp_path / "not.pdf")).returncode == 1
    assert _sceau("form", "read", str(tmp_path / "absent.pdf")).returncode == 2
    assert _sceau("form", "read").returncode == 2


def test_the_command_reads_its_own_answer_again(tmp_path: Path) -> None:
    (tmp_path / "form.pdf").write_bytes(fill_with_pikepdf(BLANK, FILLED))
    first = json.loads(_sceau("form", "read", str(tmp_path / "form.pdf"), "--json").stdout)
    (tmp_path / "form.json").write_text(json.dumps(first["form"]), encoding="utf-8")
    second = _sceau("form", "read", str(tmp_path / "form.json"), "--json")
    assert second.returncode == 0
    assert json.loads(second.stdout)["form"] == first["form"]


def test_the_command_never_loads_django(tmp_path: Path) -> None:
    (tmp_path / "form.pdf").write_bytes(fill_with_pikepdf(BLANK, FILLED))
    program = (
        "import sys; from sceau.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "assert 'django' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "form", "read", str(tmp_path / "form.pdf")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "chu-exemple.fr" in done.stdout


# --- our own files: the ways in which forms are filled ------------------------------------------------------


@pytest.mark.parametrize("fill", FILLERS)
def test_a_form_of_the_edition_filled_by_either_library_is_read_without_loss(fill: Any) -> None:
    assert_read_without_loss(fill(BLANK, FILLED))


@pytest.mark.parametrize("on", ["Oui", "On", "Yes", "1", "Choix#201"])
def test_a_tick_is_a_tick_whatever_its_state_is_called(on: str) -> None:
    found = read_form_pdf(fill_with_pikepdf(blank(on=on), FILLED))
    assert {name for name in BOXES if found.values[name] is True} == TICKED
    assert found.raw is not None


@pytest.mark.parametrize(
    ("quality", "word"), [(0, "representative"), (1, "mandataire"), (2, "holder"), (None, "")]
)
def test_the_quality_of_the_signatory_is_read_from_the_radio_button(quality: int | None, word: str) -> None:
    found = read_form_pdf(fill_with_pikepdf(BLANK, FILLED, quality=quality))
    assert found.raw is not None
    assert found.raw["signatory"]["quality"] == word


def test_a_radio_button_renamed_by_a_program_is_read_by_its_place() -> None:
    def rename(pdf: Pdf) -> None:
        radio = field_named(pdf, RADIO.field)
        for index, kid in enumerate(radio.Kids):
            look = kid.AP.N[f"/{RADIO.states[index]}"]
            kid.AP.N = Dictionary({f"/{index + 7}": look, "/Off": kid.AP.N["/Off"]})
            kid.AS = Name("/8") if index == 1 else Name.Off
        radio.V = Name("/8")

    found = read_form_pdf(changed(fill_with_pikepdf(BLANK, FILLED), rename))
    assert found.raw is not None
    assert found.raw["signatory"]["quality"] == "mandataire"


def test_a_radio_button_that_shows_one_thing_and_says_another_answers_nothing() -> None:
    def lie(pdf: Pdf) -> None:
        field_named(pdf, RADIO.field).V = Name(f"/{RADIO.states[2]}")

    found = read_form_pdf(changed(fill_with_pikepdf(BLANK, FILLED), lie))
    assert "pdf.choice-doubtful" in codes(found)
    assert found.raw is not None
    assert found.raw["signatory"]["quality"] == ""


def test_a_box_that_shows_one_thing_and_says_another_is_not_ticked() -> None:
    def lie(pdf: Pdf) -> None:
        field_named(pdf, "Check Box12").V = Name("/Oui")

    found = read_form_pdf(changed(fill_with_pikepdf(BLANK, FILLED), lie))
    assert "pdf.box-doubtful" in codes(found)
    assert found.raw is not None
    assert "pro" not in [line["offer"] for line in found.raw["offers"]]


def test_a_value_in_utf_16_in_pdfdocencoding_and_in_a_stream_are_one_text() -> None:
    text = "Hôpital Édouard-Œuvre"

    def three_ways(pdf: Pdf) -> None:
        field_named(pdf, "Nom").V = String(text)
        field_named(pdf, "Prénoms").V = pikepdf.Stream(pdf, b"\xfe\xff" + text.encode("utf-16-be"))
        field_named(pdf, "Solution utilisée").V = String(b"H\xf4pital \xc9douard-\x96uvre")

    found = read_form_pdf(changed(BLANK, three_ways))
    assert {found.values[name] for name in ("Nom", "Prénoms", "Solution utilisée")} == {text}


def test_a_line_broken_by_a_viewer_is_one_line_again() -> None:
    found = read_form_pdf(
        fill_with_pikepdf(BLANK, {**FILLED, "Éditeur de la solution": "Société\rd'Édition"})
    )
    assert found.raw is not None
    assert found.raw["usage"]["editor"] == "Société d'Édition"


def test_a_domain_and_a_server_both_filled_are_a_contradiction() -> None:
    found = read_form_pdf(fill_with_pikepdf(BLANK, {**FILLED, SSL_SERVER: "www.autre-exemple.fr"}))
    assert "form.domain-and-server" in [f.code for f in form_of(found).findings]


def test_a_server_beside_the_untouched_model_is_the_server() -> None:
    texts = {**FILLED, SSL_DOMAIN: "xxx.fr (et tous ses sous-domaines)", SSL_SERVER: "www.chu-exemple.fr"}
    form = form_of(read_form_pdf(fill_with_pikepdf(BLANK, texts))).require()
    assert [(line.kind, line.declared) for line in form.offers if line.offer == "serv-ssl"] == [
        ("server", "www.chu-exemple.fr")
    ]


def test_a_ticked_offer_without_its_name_is_incomplete() -> None:
    reading = form_of(read_form_pdf(fill_with_pikepdf(BLANK, {**FILLED, MAIL_DOMAIN: ""})))
    assert [(f.code, f.subject) for f in errors(reading.findings)] == [("form.required", "offers.2.declared")]


def test_a_name_beside_an_unticked_box_is_asked_about_and_not_ordered() -> None:
    found = read_form_pdf(fill_with_pikepdf(BLANK, FILLED, ticked=TICKED - {"Check Box11"}))
    reading = form_of(found)
    assert [line.offer for line in reading.require().offers] == ["org", "serv-ssl"]
    assert "form.offer-not-ticked" in [f.code for f in open_questions(reading.findings)]


def test_the_untouched_model_beside_an_unticked_box_says_nothing() -> None:
    texts = {**FILLED, SSL_DOMAIN: "xxx.fr (et tous ses sous-domaines)"}
    reading = form_of(read_form_pdf(fill_with_pikepdf(BLANK, texts, ticked=TICKED - {"Check Box10"})))
    assert reading.require().not_ordered == ()


def test_what_is_typed_for_a_signature_attests_nothing() -> None:
    texts = {**FILLED, "Signature du représentant légal ou du mandataire": "Élodie"}
    found = read_form_pdf(fill_with_pikepdf(BLANK, texts))
    assert "pdf.place-for-a-hand" in codes(found)
    assert form_of(found).require().visa.signed is False


def test_a_field_that_the_edition_does_not_have_is_told() -> None:
    def add(pdf: Pdf) -> None:
        pdf.Root.AcroForm.Fields.append(
            pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("Case cachée"), V=String("@autre.fr")))
        )

    found = read_form_pdf(changed(fill_with_pikepdf(BLANK, FILLED), add))
    assert set(codes(found)) == {"pdf.phrase-dropped", "pdf.unknown-field"}
    assert found.raw is not None


def test_a_field_that_the_file_lacks_is_told() -> None:
    found = read_form_pdf(blank(without=frozenset({"Date_2"})))
    assert "pdf.field-missing" in codes(found)
    assert found.raw is not None


def test_the_same_field_with_two_values_is_refused() -> None:
    def twice(pdf: Pdf) -> None:
        pdf.Root.AcroForm.Fields.append(
            pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("N SIRET"), V=String("35600000000048")))
        )

    assert refused(changed(fill_with_pikepdf(BLANK, FILLED), twice)) == ["pdf.field-twice"]


def test_fields_under_a_parent_have_the_name_of_both() -> None:
    def nest(pdf: Pdf) -> None:
        child = Dictionary(FT=Name.Tx, T=String("enfant"), V=String("x"))
        parent = pdf.make_indirect(Dictionary(T=String("parent"), Kids=Array([pdf.make_indirect(child)])))
        pdf.Root.AcroForm.Fields.append(parent)

    assert read_form_pdf(changed(BLANK, nest)).values["parent.enfant"] == "x"


def test_a_flattened_form_goes_to_the_desk() -> None:
    def flatten(pdf: Pdf) -> None:
        del pdf.Root.AcroForm
        del pdf.pages[0].obj.Annots

    assert refused(changed(BLANK, flatten)) == ["pdf.no-fields"]


def test_a_form_of_another_kind_is_not_taken_for_ours() -> None:
    assert refused(blank(without=frozenset({"Check Box9"}))) == ["pdf.edition-unknown"]


def test_pages_added_to_the_form_are_told() -> None:
    assert "pdf.other-pages" in codes(read_form_pdf(blank(pages=3)))
    assert refused(blank(pages=21)) == ["pdf.too-many-pages"]


def test_a_signature_that_is_none_refuses_the_file() -> None:
    def sign(pdf: Pdf) -> None:
        pdf.Root.AcroForm.Fields.append(
            pdf.make_indirect(Dictionary(FT=Name.Sig, T=String("Signature1"), V=Dictionary(Type=Name.Sig)))
        )

    assert refused(changed(BLANK, sign)) == ["pdf.signature-unreadable"]


def test_the_digest_is_that_of_the_file() -> None:
    import hashlib

    assert read_form_pdf(BLANK).sha256 == hashlib.sha256(BLANK).hexdigest()
    assert read_form_pdf(b"x").sha256 == hashlib.sha256(b"x").hexdigest()


# --- files meant to harm ------------------------------------------------------------------------------------


def script(text: str = "app.alert(1)") -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String(text))


def _open_action(pdf: Pdf) -> None:
    pdf.Root.OpenAction = script()


def _names_script(pdf: Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script()])))


def _field_script(pdf: Pdf) -> None:
    field_named(pdf, "Nom").AA = Dictionary(K=script("this.submitForm('http://x')"))


def _script_in_stream(pdf: Pdf) -> None:
    action = Dictionary(S=Name.JavaScript, JS=pdf.make_stream(b"app.alert(1)"))
    field_named(pdf, "Nom").AA = Dictionary(K=action)


def _nearly_the_allowed_script(pdf: Pdf) -> None:
    field_named(pdf, "Nom").AA = Dictionary(K=script('AFDate_FormatEx("dd/mm/yyyy");app.alert(1)'))


def _launch(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=String("cmd.exe"))


def _launch_in_next(pdf: Pdf) -> None:
    action = Dictionary(S=Name.GoTo, D=String("a"), Next=Array([Dictionary(S=Name.Launch, F=String("x"))]))
    pdf.pages[0].obj.Annots[0].A = action


def _submit(pdf: Pdf) -> None:
    pdf.pages[0].obj.Annots[0].A = Dictionary(S=Name.SubmitForm, F=String("http://x"))


def _by_itself(pdf: Pdf) -> None:
    pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.URI, URI=String("http://x")))


def _attach(pdf: Pdf) -> None:
    pdf.attachments["virus.exe"] = b"MZ"


def _xfa(pdf: Pdf) -> None:
    pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp/>")


def _rich_media(pdf: Pdf) -> None:
    annot = pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 1, 1]))
    pdf.pages[0].obj.Annots.append(annot)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_open_action, "pdf.javascript"),
        (_names_script, "pdf.javascript"),
        (_field_script, "pdf.javascript"),
        (_script_in_stream, "pdf.javascript"),
        (_nearly_the_allowed_script, "pdf.javascript"),
        (_launch, "pdf.launch"),
        (_launch_in_next, "pdf.launch"),
        (_submit, "pdf.action"),
        (_by_itself, "pdf.automatic-action"),
        (_attach, "pdf.embedded-file"),
        (_xfa, "pdf.xfa"),
        (_rich_media, "pdf.rich-media"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_could_act_is_refused_by_name(change: Any, code: str, packed: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    assert code in refused(changed(BLANK, change, object_stream_mode=mode))


def test_the_dates_own_layout_script_is_let_through() -> None:
    def own(pdf: Pdf) -> None:
        field_named(pdf, "Date_2").AA = Dictionary(K=script(LAYOUT.scripts[1]), F=script(LAYOUT.scripts[0]))

    assert codes(read_form_pdf(changed(BLANK, own))) == []


@pytest.mark.parametrize("password", ["", "secret"])
def test_an_encrypted_file_is_refused(password: str) -> None:
    locked = changed(BLANK, lambda pdf: None, encryption=pikepdf.Encryption(owner="o", user=password))
    assert refused(locked) == ["pdf.encrypted"]


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04", b"%PD", b"\x00" * 3000])
def test_what_is_no_pdf_is_said_to_be_none(data: bytes) -> None:
    assert refused(data) == ["pdf.not-a-pdf"]


def test_a_truncated_file_is_refused() -> None:
    filled = fill_with_pikepdf(BLANK, FILLED)
    for kept in (100, len(filled) // 2, len(filled) - 10):
        assert refused(filled[:kept]) == ["pdf.truncated"]


def test_every_truncation_that_keeps_an_end_mark_is_refused_too() -> None:
    filled = fill_with_pikepdf(BLANK, FILLED)
    end = b"startxref\n0\n%%EOF\n"
    for kept in range(1_000, len(filled) - 100, len(filled) // 7):
        assert refused(filled[:kept] + end)


def test_a_file_that_is_also_something_else_is_refused() -> None:
    assert refused(b"#!/bin/sh\nrm -rf /\n" + BLANK) == ["pdf.something-before"]
    assert refused(BLANK + b"PK\x03\x04 an archive") == ["pdf.something-after"]
    assert refused(BLANK + b"\n" * 5000) == ["pdf.something-after"]


@pytest.mark.parametrize(
    ("before", "after"), [(b"\xef\xbb\xbf", b""), (b"\r\n", b"\r\n\r\n"), (b"", b"\x00\n")]
)
def test_what_mailers_add_around_a_file_is_forgiven(before: bytes, after: bytes) -> None:
    assert codes(read_form_pdf(before + BLANK + after)) == []


def test_a_huge_file_is_refused_unopened() -> None:
    begun = time.monotonic()
    assert refused(BLANK + b" " * 11_000_000) == ["pdf.too-large"]
    assert time.monotonic() - begun < 1


def _bomb(size: int) -> bytes:
    """A text value that is a stream of `size` zeros, packed a thousand times smaller."""
    packed = zlib.compress(b"0" * size, 9)

    def add(pdf: Pdf) -> None:
        stream = pikepdf.Stream(pdf, b"")
        stream.write(packed, filter=Name.FlateDecode)
        field_named(pdf, "Nom").V = pdf.make_indirect(stream)

    return changed(BLANK, add)


def test_a_value_that_unpacks_to_gigabytes_stops_the_child_and_nothing_else() -> None:
    assert refused(_bomb(600_000_000)) == ["pdf.too-heavy"]


def test_an_object_stream_that_unpacks_to_gigabytes_is_refused() -> None:
    body = zlib.compress(b"1 0 " + b" " * 600_000_000 + b"<<>>", 9)
    head = b"%PDF-1.5\n"
    stream = b"1 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(body)
    objects = stream + body + b"\nendstream endobj\n"
    row = bytes([1]) + len(head).to_bytes(4, "big") + bytes([0])
    table = b"\x00\x00\x00\x00\x00\xff" + row + b"\x02\x00\x00\x00\x01\x00"
    place = len(head) + len(objects)
    table += bytes([1]) + place.to_bytes(4, "big") + bytes([0])
    xref = b"3 0 obj<</Type/XRef/Size 4/W[1 4 1]/Root 2 0 R/Length %d>>stream\n" % len(table)
    data = head + objects + xref + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % place
    assert refused(data) in (["pdf.too-heavy"], ["pdf.damaged"])


@pytest.mark.parametrize("depth", [400, 10_000, 200_000])
def test_a_file_nested_without_end_is_refused(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    good = changed(BLANK, lambda pdf: pdf.Root.__setitem__("/Deep", String("HERE")), linearize=False)
    data = _with_object(good, b"(HERE)", nested)
    assert refused(data) in (["pdf.damaged"], ["pdf.too-heavy"])


def _with_object(data: bytes, old: bytes, new: bytes) -> bytes:
    """The file with `old` replaced and its cross-reference table rebuilt by hand."""
    plain = changed(data, lambda pdf: None, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    body = plain[: plain.rindex(b"xref", 0, plain.rindex(b"startxref"))].replace(old, new)
    trailer = plain[plain.rindex(b"trailer") : plain.rindex(b"startxref")]
    places = {}
    at = 0
    for line in body.split(b"\n"):
        if line.endswith(b" 0 obj"):
            places[int(line.split(b" ")[0])] = at
        at += len(line) + 1
    rows = b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(places))
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + rows
    return body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def test_the_hand_made_file_is_sound_before_it_is_made_hostile() -> None:
    good = changed(BLANK, lambda pdf: pdf.Root.__setitem__("/Deep", String("HERE")))
    assert codes(read_form_pdf(_with_object(good, b"(HERE)", b"[1 2]"))) == []


def test_a_form_whose_fields_turn_in_circles_is_refused() -> None:
    def loop(pdf: Pdf) -> None:
        first = pdf.make_indirect(Dictionary(T=String("a"), FT=Name.Tx))
        second = pdf.make_indirect(Dictionary(T=String("b"), FT=Name.Tx, Kids=Array([first])))
        first.Kids = Array([second])
        pdf.Root.AcroForm.Fields.append(first)

    assert refused(changed(BLANK, loop)) == ["pdf.too-heavy"]


def test_pages_that_turn_in_circles_are_refused() -> None:
    def loop(pdf: Pdf) -> None:
        pdf.Root.Pages.Kids.append(pdf.Root.Pages)

    assert refused(changed(BLANK, loop)) in (["pdf.damaged"], ["pdf.too-heavy"], ["pdf.too-many-pages"])


def test_a_file_of_a_hundred_thousand_objects_is_refused() -> None:
    def many(pdf: Pdf) -> None:
        pdf.Root.Many = Array([pdf.make_indirect(Dictionary(A=1)) for _ in range(100_000)])

    assert refused(changed(BLANK, many)) == ["pdf.too-heavy"]


def test_a_form_of_two_thousand_fields_is_refused() -> None:
    def many(pdf: Pdf) -> None:
        for index in range(2_000):
            pdf.Root.AcroForm.Fields.append(pdf.make_indirect(Dictionary(FT=Name.Tx, T=String(f"f{index}"))))

    assert refused(changed(BLANK, many)) == ["pdf.too-heavy"]


def test_a_text_longer_than_any_answer_is_refused() -> None:
    assert refused(fill_with_pikepdf(BLANK, {**FILLED, "Nom": "x" * 10_000})) == ["pdf.text-cut"]


def test_a_file_of_noise_is_refused_whatever_the_noise() -> None:
    import random

    draw = random.Random("sceau")
    filled = bytearray(fill_with_pikepdf(BLANK, FILLED))
    for _ in range(15):
        noisy = bytearray(filled)
        for _ in range(draw.randrange(1, 30)):
            noisy[draw.randrange(len(noisy))] = draw.randrange(256)
        found = read_form_pdf(bytes(noisy))
        assert found.raw is not None or errors(found.findings)


# --- the child ----------------------------------------------------------------------------------------------


def _in_child(statement: str) -> subprocess.CompletedProcess[str]:
    """Run a statement where the PDF is read, under the same limits."""
    child = Path(sys.modules["sceau.documents.sandbox"].__file__ or "").with_name("pdf_child.py")
    program = (
        f"import runpy, sys; child = runpy.run_path({str(child)!r})\n"
        f"import socket, os\nchild['limit']()\nchild['close_the_doors']()\n{statement}"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "statement",
    [
        "open('/etc/passwd')",
        "socket.socket()",
        "os.pipe()",
        "bytearray(500_000_000)",
        "import subprocess; subprocess.run(['/bin/true'])",
    ],
)
def test_the_child_can_open_nothing_connect_to_nothing_and_grow_no_further(statement: str) -> None:
    assert _in_child("pass").returncode == 0
    done = _in_child(statement)
    assert done.returncode != 0
    assert "Error" in done.stderr


def test_the_child_cannot_think_for_long() -> None:
    begun = os.times().children_user
    assert _in_child("while True: pass").returncode != 0
    assert os.times().children_user - begun < 8


def test_the_child_does_not_carry_the_service_with_it() -> None:
    """Nothing of ours is imported there: what a hostile file could reach stays small."""
    child = Path(sys.modules["sceau.documents.sandbox"].__file__ or "").with_name("pdf_child.py")
    assert "import sceau" not in child.read_text()
    assert "from sceau" not in child.read_text()


def test_many_forms_at_once_do_not_wait_for_a_bad_one() -> None:
    from concurrent.futures import ThreadPoolExecutor

    files = [BLANK, _bomb(300_000_000), BLANK, BLANK]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read_form_pdf, files))
    assert [one.raw is None for one in found] == [False, True, False, False]


def test_an_empty_pdf_of_another_maker_is_said_to_have_no_fields() -> None:
    pdf = Pdf.new()
    pdf.add_blank_page()
    assert refused(saved(pdf)) == ["pdf.no-fields"]
