"""Forms made from an order, signed with a card, tampered with in each way we know of: what each becomes."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pypdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter

from sceau.catalogue import load_catalogue
from sceau.documents import FormPdf, fill_form, read_form_pdf
from sceau.operations import (
    Actor,
    FormFile,
    FormIntake,
    FormOutcome,
    amend_order,
    approve_order,
    end_party,
    examination_of,
    receive_form,
    receive_form_file,
    set_card_status,
    take_order,
)
from sceau.records import order_file
from sceau.records.models import JournalEntry, Order, OrderVersion, Piece
from sceau.registration import Light
from sceau.vocabulary import errors
from tests.cardmaker import authority
from tests.formsigner import reader, sign_form, signed_by, signer_of, signing_certificate
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CONTRACT,
    MANDATAIRE,
    NOON,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    form,
    offer,
)
from tests.pdfmaker import changed, field_named, saved

SYSTEM = Actor.system("mail-room")


def made(*offers: dict[str, Any], **changes: Any) -> bytes:
    """Our form, filled."""
    return fill_form(form(*offers, **changes))


def codes(found: FormPdf | FormIntake) -> set[str]:
    return {finding.code for finding in found.findings}


def taken(instance: Instance, data: bytes, *revoked: int, actor: Actor = SYSTEM) -> FormIntake:
    """The file as it comes in by mail."""
    instance.at_another(signing_card=reader(*revoked))
    return receive_form_file(actor, FormFile(data, "F413.pdf"))


def raw_of(intake: FormIntake) -> dict[str, Any]:
    file = order_file(intake.order)
    assert file is not None
    return dict(file.raw)


# --- whole ------------------------------------------------------------------------------------------------


def test_a_form_signed_by_the_representative_is_an_order_with_its_visa(instance: Instance) -> None:
    found = taken(instance, signed_by(REPRESENTATIVE, made()))
    assert found.signed, [(one.code, one.subject, one.details) for one in found.findings]
    assert (found.outcome, found.signed, errors(found.findings)) == (FormOutcome.RECEIVED, True, ())
    raw = raw_of(found)
    assert raw["visa"] == {"date": "2026-11-24", "signed": True, "stamped": False}
    assert OrderVersion.objects.get(order__reference=found.order).signed_card == REPRESENTATIVE.card
    visa = next(check for check in examination_of(found.order).checks if check.kind == "visa")
    assert {one.code for one in visa.findings} == {"order.visa-not-stamped"}
    assert visa.light is Light.AMBER
    piece = Piece.objects.get(order__reference=found.order)
    assert (piece.kind, piece.sha256) == ("form-pdf", found.sha256)


def test_a_signed_form_is_accepted_by_two_officers(instance: Instance) -> None:
    reference = taken(instance, signed_by(MANDATAIRE, made(signatory=MANDATAIRE))).order
    take_order(ALICE.actor, reference=reference)
    approve_order(ALICE.actor, reference=reference, version=1)
    assert approve_order(BRUNO.actor, reference=reference, version=1).line.state == "accepted"


def test_an_order_made_on_line_is_signed_by_the_form_made_from_it(instance: Instance) -> None:
    order = receive_form(ADMINISTRATOR.actor, raw=form(offer("serv-ssl"), offer("org")), channel="web")
    assert not order.raw["visa"]["signed"]
    blank = fill_form(order.raw, order=order.line.reference, version=1)
    found = taken(instance, signed_by(REPRESENTATIVE, blank))
    assert (found.outcome, found.order, found.signed) == (FormOutcome.SIGNED, order.line.reference, True)
    after = order_file(order.line.reference)
    assert after is not None
    assert after.raw["visa"]["signed"]
    assert {key: after.raw[key] for key in ("structure", "offers", "administrators")} == {
        key: order.raw[key] for key in ("structure", "offers", "administrators")
    }
    assert OrderVersion.objects.get(order__reference=order.line.reference, number=2).signed_card == (
        REPRESENTATIVE.card
    )
    assert Order.objects.count() == 1


def test_a_form_that_says_something_else_than_its_order_opens_another(instance: Instance) -> None:
    order = receive_form(ADMINISTRATOR.actor, raw=form(), channel="web")
    other = form(offer("serv-ssl", declared="autre-exemple.fr"))
    found = taken(
        instance, signed_by(REPRESENTATIVE, fill_form(other, order=order.line.reference, version=1))
    )
    assert found.outcome is FormOutcome.RECEIVED
    assert found.order != order.line.reference
    assert "signature.another-text" in codes(found)
    before = order_file(order.line.reference)
    assert before is not None
    assert (before.line.version, before.raw["visa"]["signed"]) == (1, False)


def test_the_unsigned_form_of_an_order_joins_its_file_and_changes_nothing(instance: Instance) -> None:
    order = receive_form(ADMINISTRATOR.actor, raw=form(), channel="web")
    found = taken(instance, fill_form(order.raw, order=order.line.reference, version=1))
    assert (found.outcome, found.order, found.signed) == (FormOutcome.JOINED, order.line.reference, False)
    assert OrderVersion.objects.filter(order__reference=found.order).count() == 1


def test_the_same_bytes_twice_make_one_order_whoever_brings_them(instance: Instance) -> None:
    data = signed_by(REPRESENTATIVE, made())
    first, again = taken(instance, data), taken(instance, data)
    third = taken(instance, data, actor=ALICE.actor)
    assert [one.outcome for one in (again, third)] == [FormOutcome.KNOWN, FormOutcome.KNOWN]
    assert {first.order, again.order, third.order} == {first.order}
    assert (Order.objects.count(), Piece.objects.count()) == (1, 1)


def test_what_is_changed_at_the_desk_after_the_signature_is_of_another_text(instance: Instance) -> None:
    reference = taken(instance, signed_by(REPRESENTATIVE, made())).order
    file = order_file(reference)
    assert file is not None
    raw = json.loads(json.dumps(file.raw))
    raw["offers"][0]["declared"] = "autre-exemple.fr"
    amend_order(ALICE.actor, reference=reference, version=1, raw=raw, why="erreur")
    visa = next(check for check in examination_of(reference).checks if check.kind == "visa")
    assert "order.visa-of-another-text" in {one.code for one in visa.findings}


# --- who --------------------------------------------------------------------------------------------------


def assert_for_a_person(found: FormIntake, code: str) -> None:
    """An order, not signed, and the reason on its file in French."""
    assert found.outcome is FormOutcome.RECEIVED
    assert not found.signed
    assert code in codes(found)
    assert not raw_of(found)["visa"]["signed"]
    assert OrderVersion.objects.get(order__reference=found.order).signed_card == ""
    sentence = next(load_catalogue().say(one).text for one in found.findings if one.code == code)
    file = order_file(found.order)
    assert file is not None
    assert any(sentence in note.text for note in file.notes)


def test_a_signature_by_another_person_is_not_the_signatorys(instance: Instance) -> None:
    assert_for_a_person(taken(instance, signed_by(MANDATAIRE, made())), "signature.of-another")
    found = taken(instance, signed_by(STRANGER, made()))
    assert_for_a_person(found, "signature.of-another")
    assert "signature.not-in-contract" in codes(found)


def test_somebody_outside_the_contract_signs_for_nobody(instance: Instance) -> None:
    found = taken(instance, signed_by(STRANGER, made(signatory=STRANGER)))
    assert_for_a_person(found, "signature.not-in-contract")


def test_powers_are_those_of_the_day_it_came_in_however_the_signature_is_dated(instance: Instance) -> None:
    end_party(
        ALICE.actor,
        number=CONTRACT,
        card_number=MANDATAIRE.card,
        quality="mandataire",
        until=(NOON - timedelta(days=2)).date(),
        reason="départ",
    )
    signer = signer_of(signing_certificate(MANDATAIRE))
    data = sign_form(made(signatory=MANDATAIRE), signer, at=NOON - timedelta(days=30))
    assert_for_a_person(taken(instance, data), "signature.no-power")


def test_a_signature_from_the_future_is_looked_at(instance: Instance) -> None:
    signer = signer_of(signing_certificate(REPRESENTATIVE))
    found = taken(instance, sign_form(made(), signer, at=NOON + timedelta(hours=2)))
    assert_for_a_person(found, "signature.of-tomorrow")


def test_a_revoked_card_signs_nothing(instance: Instance) -> None:
    certificate = signing_certificate(REPRESENTATIVE)
    data = sign_form(made(), signer_of(certificate))
    assert_for_a_person(taken(instance, data, certificate.serial_number), "card.revoked")


def test_a_card_opposed_at_the_register_signs_nothing(instance: Instance) -> None:
    set_card_status(SYSTEM, number=REPRESENTATIVE.card, status="revoked", reason="vol")
    assert_for_a_person(taken(instance, signed_by(REPRESENTATIVE, made())), "signature.card-stopped")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("card.expired", {"end": NOON - timedelta(days=1)}),
        ("card.software-certificate", {"marker": bytes((4, 1, 0x83))}),
        ("card.not-nominative", {"surname": None}),
        ("card.policy", {"policy": "1.2.3.4"}),
    ],
)
def test_a_certificate_that_is_no_card_to_sign_with_signs_nothing(
    instance: Instance, code: str, changes: dict[str, Any]
) -> None:
    assert_for_a_person(taken(instance, signed_by(REPRESENTATIVE, made(), **changes)), code)


def test_the_key_that_opens_doors_signs_no_form(instance: Instance) -> None:
    from tests.portal import certificate_of

    data = sign_form(made(), signer_of(certificate_of(REPRESENTATIVE)))
    assert_for_a_person(taken(instance, data), "card.not-for-signing")


def test_an_authority_that_bears_the_name_of_a_card_authority_is_not_it(instance: Instance) -> None:
    root = authority("TEST AC RACINE IGC-SANTE STANDARD", key_name="faux")
    fake = authority("TEST AC IGC-SANTE STANDARD PERSONNES", root, key_name="faux2")
    certificate = signing_certificate(REPRESENTATIVE, issuer=fake)
    assert_for_a_person(taken(instance, sign_form(made(), signer_of(certificate))), "card.look-alike-issuer")
    software = authority("TEST AC IGC-SANTE ELEMENTAIRE PERSONNES", authority("TEST AC RACINE ELEMENTAIRE"))
    certificate = signing_certificate(REPRESENTATIVE, issuer=software)
    assert_for_a_person(
        taken(instance, sign_form(made(declarations={"terms": True, "exact": True}), signer_of(certificate))),
        "card.unknown-issuer",
    )


def test_without_lists_nobody_knows_and_a_person_looks(instance: Instance) -> None:
    from sceau.identity import CardUse, read_card
    from tests.portal import TRUST

    instance.at_another(
        signing_card=lambda certificate, *, at: read_card(certificate, trust=TRUST, at=at, use=CardUse.SIGN)
    )
    found = receive_form_file(SYSTEM, FormFile(signed_by(REPRESENTATIVE, made())))
    assert_for_a_person(found, "card.status-unknown")


def test_an_instance_without_card_authorities_ties_a_signature_to_nobody(instance: Instance) -> None:
    found = receive_form_file(SYSTEM, FormFile(signed_by(REPRESENTATIVE, made())))
    assert_for_a_person(found, "signature.not-checked")


# --- tampering --------------------------------------------------------------------------------------------


def refused(data: bytes) -> set[str]:
    found = read_form_pdf(data)
    assert found.raw is None
    for finding in found.findings:
        assert load_catalogue().say(finding).text
    return {finding.code for finding in errors(found.findings)}


def updated(data: bytes, name: str, value: str) -> bytes:
    """The file with a value changed in one more revision, as a form filler would after a signature."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference.get_object()
        if field.get("/T") == name:
            field["/V"] = generic.pdf_string(value)
            writer.mark_update(reference)
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    assert out.getvalue().startswith(data)
    return out.getvalue()


def test_a_revision_that_is_badly_written_refuses_the_signed_file() -> None:
    data = signed_by(REPRESENTATIVE, made())
    writer = pypdf.PdfWriter(BytesIO(data), incremental=True)
    for page in writer.pages:
        writer.update_page_form_field_values(page, {"1_siret": "00000000000000"}, auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    assert refused(out.getvalue()) == {"pdf.signature-unreadable"}


def test_a_value_changed_after_the_signature_is_not_read(instance: Instance) -> None:
    data = updated(signed_by(REPRESENTATIVE, made()), "1_siret", "00000000000000")
    found = taken(instance, data)
    assert_for_a_person(found, "pdf.signature-changed-after")
    assert "pdf.signature-other-value" in codes(found)
    assert raw_of(found)["structure"]["siret"] == form()["structure"]["siret"]


def test_pypdf_reads_the_changed_value_and_we_do_not() -> None:
    data = updated(signed_by(REPRESENTATIVE, made()), "1_siret", "00000000000000")
    fields = pypdf.PdfReader(BytesIO(data)).get_fields()
    assert fields is not None
    assert fields["1_siret"]["/V"] == "00000000000000"
    assert read_form_pdf(data).values["1_siret"] == form()["structure"]["siret"]


def test_an_empty_revision_after_the_signature_is_told(instance: Instance) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(signed_by(REPRESENTATIVE, made())))
    writer.add_object(generic.pdf_string("rien"))
    writer.update_root()  # type: ignore[no-untyped-call]
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    assert_for_a_person(taken(instance, out.getvalue()), "pdf.signature-changed-after")


def test_a_byte_changed_under_the_signature_refuses_the_file(instance: Instance) -> None:
    data = signed_by(REPRESENTATIVE, made())
    place = data.index(b"%PDF-") + 12  # in the comment of the second line: every reader reads on
    broken = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]
    assert refused(broken) == {"pdf.signature-altered"}


def test_a_signature_of_another_key_refuses_the_file() -> None:
    certificate = signing_certificate(REPRESENTATIVE)
    data = sign_form(made(), signer_of(certificate, "somebody-else"))
    assert refused(data) == {"pdf.signature-forged"}


def test_a_signature_that_does_not_cover_the_file_refuses_it() -> None:
    data = signed_by(REPRESENTATIVE, made())
    start = data.rindex(b"/ByteRange")
    opened, closed = data.index(b"[", start), data.index(b"]", start)
    ranges = [int(each) for each in data[opened + 1 : closed].split()]
    short = [ranges[0], ranges[1], ranges[2], ranges[3] - 50]
    text = " ".join(map(str, short)).encode().ljust(closed - opened - 1)
    assert refused(data[: opened + 1] + text + data[closed:]) & {
        "pdf.signature-altered",
        "pdf.signature-range",
    }


def test_a_signature_over_a_part_only_refuses_the_file() -> None:
    """The range begins after the start of the file: what stands before it could be anything."""
    data = signed_by(REPRESENTATIVE, made())
    start = data.rindex(b"/ByteRange")
    opened, closed = data.index(b"[", start), data.index(b"]", start)
    ranges = [int(each) for each in data[opened + 1 : closed].split()]
    moved = [1, ranges[1] - 1, ranges[2], ranges[3]]
    text = " ".join(map(str, moved)).encode().ljust(closed - opened - 1)
    assert "pdf.signature-range" in refused(data[: opened + 1] + text + data[closed:])


def test_two_signatures_are_looked_at_by_a_person(instance: Instance) -> None:
    data = sign_form(signed_by(MANDATAIRE, made()), signer_of(signing_certificate(REPRESENTATIVE)), field="B")
    assert_for_a_person(taken(instance, data), "pdf.several-signatures")


def test_a_weak_digest_attests_nothing(instance: Instance) -> None:
    data = sign_form(
        made(),
        signer_of(signing_certificate(REPRESENTATIVE)),
        digest="sha1",
        subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
    )
    assert_for_a_person(taken(instance, data), "pdf.signature-weak")


# --- shadows: what the signatory saw is not what is read --------------------------------------------------


def shadowed(change: Any) -> bytes:
    return signed_by(REPRESENTATIVE, changed(made(), change))


def test_a_field_that_shows_another_text_than_its_value_is_told(instance: Instance) -> None:
    def change(pdf: Pdf) -> None:
        field_named(pdf, "4_2_ssl_domaine_1").V = String("pirate-exemple.fr")

    found = taken(instance, shadowed(change))
    assert_for_a_person(found, "pdf.shows-otherwise")


def test_a_field_without_a_look_was_seen_by_nobody(instance: Instance) -> None:
    def change(pdf: Pdf) -> None:
        del field_named(pdf, "4_2_ssl_domaine_1").AP

    assert_for_a_person(taken(instance, shadowed(change)), "pdf.look-unknown")


def test_a_font_whose_letters_are_others_is_told(instance: Instance) -> None:
    def change(pdf: Pdf) -> None:
        font = field_named(pdf, "1_siret").AP.N.Resources.Font.SceauSans
        font.Encoding = Dictionary(
            Type=Name.Encoding, BaseEncoding=Name.WinAnsiEncoding, Differences=Array([49, Name.two])
        )

    assert_for_a_person(taken(instance, shadowed(change)), "pdf.look-unknown")


def test_another_font_program_is_told(instance: Instance) -> None:
    def change(pdf: Pdf) -> None:
        descriptor = field_named(pdf, "1_siret").AP.N.Resources.Font.SceauSans.FontDescriptor
        descriptor.FontFile2 = pdf.make_stream(descriptor.FontFile2.read_bytes() + b"\0")

    assert_for_a_person(taken(instance, shadowed(change)), "pdf.font-unknown")


def test_a_page_that_was_drawn_over_is_told(instance: Instance) -> None:
    def change(pdf: Pdf) -> None:
        page = pdf.pages[1]
        page.contents_add(pikepdf.Stream(pdf, b"1 1 1 rg 0 0 600 800 re f"))

    assert_for_a_person(taken(instance, shadowed(change)), "pdf.page-changed")


def test_an_annotation_over_the_page_is_told(instance: Instance) -> None:
    def change(pdf: Pdf) -> None:
        pdf.pages[1].Annots.append(
            pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=[0, 0, 600, 800]))
        )

    assert_for_a_person(taken(instance, shadowed(change)), "pdf.page-covered")


def test_the_authoritys_own_edition_signed_by_card_is_looked_at(instance: Instance) -> None:
    from tests.pdfmaker import FILLED, blank, fill_with_pikepdf

    data = sign_form(
        fill_with_pikepdf(blank(), FILLED), signer_of(signing_certificate(REPRESENTATIVE)), field="S"
    )
    found = taken(instance, data)
    assert_for_a_person(found, "pdf.page-unknown")


# --- rejected ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["truncated", "encrypted", "script", "attachment", "not-a-pdf"])
def test_a_file_meant_to_harm_is_rejected_with_its_reasons_and_the_journal_says_so(
    instance: Instance, kind: str
) -> None:
    data = made()
    if kind == "truncated":
        data = data[: len(data) // 2]
    elif kind == "encrypted":
        with Pdf.open(BytesIO(data)) as pdf:
            data = saved(pdf, encryption=pikepdf.Encryption(owner="a", user="b"))
    elif kind == "script":
        data = changed(data, lambda pdf: setattr(pdf.Root, "OpenAction", _script()))
    elif kind == "attachment":
        data = changed(data, lambda pdf: pdf.attachments.__setitem__("x.bin", b"MZ"))
    else:
        data = b"MZ" + data[5:]
    found = taken(instance, data)
    assert (found.outcome, found.order) == (FormOutcome.REJECTED, "")
    assert errors(found.findings)
    assert Order.objects.count() == 0
    entry = JournalEntry.objects.filter(kind="refused.form.received").get()
    assert hashlib.sha256(data).hexdigest()[:16] in entry.subject


def _script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
