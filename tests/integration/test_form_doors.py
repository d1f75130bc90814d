"""The ways by which forms come in: drop folder, command line, page, post. And the way out: the PDF."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from pikepdf import Pdf, String
from typer.testing import CliRunner

from sceau.documents import MOST_MAIL_BYTES, fill_form, read_form_mail, read_form_pdf
from sceau.operations import (
    Actor,
    FormFile,
    FormOutcome,
    PaperForm,
    VisaEntry,
    attest_visa,
    bring_forms,
    key_paper_form,
    receive_form_file,
    receive_forms,
    twice_typed,
)
from sceau.records import order_file, search
from sceau.records.models import FormReceipt, JournalEntry, Order, Piece, SearchWord
from sceau.site.drop import take_drop
from sceau.vocabulary import Refused
from tests.formsigner import reader, signed_by
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    MANDATAIRE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    form,
    offer,
    submitted,
)
from tests.integration.test_concurrency import insistently, together
from tests.pdfmaker import changed, field_named
from tests.portal import staff_the_door, tls_layer, visitor

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The folder where forms come in."""
    folder = tmp_path / "arrivées"
    folder.mkdir()
    return folder


def mail(*files: tuple[str, bytes], sender: str = "dir@chu-exemple.fr", reply: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "guichet@exemple.fr", "Formulaire 413"
    message["Date"] = "Tue, 24 Nov 2026 10:00:00 +0100"
    if reply:
        message["Reply-To"] = reply
    message.set_content("Bonjour, voici le formulaire.")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def signed(**changes: Any) -> bytes:
    return signed_by(REPRESENTATIVE, fill_form(form(**changes)))


# --- by mail ----------------------------------------------------------------------------------------------


def test_a_mail_twice_makes_one_order_and_is_moved(instance: Instance, drop: Path) -> None:
    instance.at_another(signing_card=reader())
    data = mail(("F413.pdf", signed()))
    (drop / "a.eml").write_bytes(data)
    (drop / "b.eml").write_bytes(data)
    lines = take_drop(drop, settled=0)
    assert [line.outcome for line in lines] == [FormOutcome.RECEIVED, FormOutcome.KNOWN]
    assert lines[0].signed
    assert Order.objects.count() == 1
    assert sorted(path.name for path in drop.iterdir()) == ["done", "refused"]
    assert len(list((drop / "done").glob("*.eml"))) == 2
    assert take_drop(drop, settled=0) == []


def test_two_people_who_bring_the_same_file_at_once_make_one_order_and_are_both_told(
    instance: Instance,
) -> None:
    instance.at_another(signing_card=reader())
    file = FormFile(signed(), name="F413.pdf")
    people = (REPRESENTATIVE.actor, MANDATAIRE.actor, Actor.system("mail-room"))
    told = together([partial(insistently, partial(receive_form_file, who, file)) for who in people])
    assert sorted(one.outcome for one in told) == ["known", "known", "received"]
    assert Order.objects.count() == 1
    assert {one.order for one in told} == {Order.objects.get().reference}
    receipt = FormReceipt.objects.get()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        FormReceipt.objects.update(by="another")
    with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
        receipt.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        FormReceipt.objects.create(sha256=receipt.sha256, order=receipt.order, at=receipt.at)


def test_orders_of_before_are_found_by_their_people_and_names_once_the_migration_has_run(
    instance: Instance,
) -> None:
    line = submitted().line
    SearchWord.objects.filter(kind="order").delete()
    migration = importlib.import_module("sceau.records.migrations.0016_own_structure")
    for _ in range(2):
        migration.adopt(apps, None)
    card = ADMINISTRATOR.card
    for text in ("chu-exemple.fr", ADMINISTRATOR.person.surname, card, f"{card[:3]} {card[3:]}"):
        found = [one.reference for one in search(text, issuers=()).found if one.kind == "order"]
        assert found == [line.reference], text


def test_a_mail_is_only_a_channel_and_its_doubts_are_on_the_file(instance: Instance, drop: Path) -> None:
    data = mail(("F413.pdf", fill_form(form())), reply="pirate@ailleurs.fr")
    (drop / "new").mkdir()
    (drop / "new" / "1763978400.M1.host").write_bytes(data)
    (line,) = take_drop(drop)
    assert {"drop.reply-elsewhere", "drop.unsigned"} <= {finding.code for finding in line.findings}
    file = order_file(line.order)
    assert file is not None
    assert (file.line.state, file.raw["visa"]["signed"]) == ("received", None)
    assert any("pirate@ailleurs.fr" in note.text and note.audience == "desk" for note in file.notes)


def test_what_is_no_form_is_kept_aside_with_its_reasons(instance: Instance, drop: Path) -> None:
    (drop / "vide.eml").write_bytes(mail())
    (drop / "faux.pdf").write_bytes(b"%PDF-1.7\n garbage")
    (drop / "autre.bin").write_bytes(b"\x00\x01\x02" * 50)
    lines = take_drop(drop, settled=0)
    assert {line.outcome for line in lines} == {FormOutcome.REJECTED}
    kept = sorted((drop / "refused").glob("*.txt"))
    assert len(kept) == 3
    said = "\n".join(path.read_text() for path in kept)
    for code in ("drop.no-pdf", "pdf.truncated", "drop.not-a-mail"):
        assert f"[{code}]" in said
    assert Order.objects.count() == 0


def test_a_file_still_being_written_and_a_link_are_left_alone(instance: Instance, drop: Path) -> None:
    (drop / "frais.pdf").write_bytes(fill_form(form()))
    secret = drop.parent / "secret.pdf"
    secret.write_bytes(fill_form(form()))
    (drop / "lien.pdf").symlink_to(secret)
    assert take_drop(drop, settled=3600) == []
    os.utime(drop / "frais.pdf", (1, 1))
    assert [line.name for line in take_drop(drop, settled=5)] == ["frais.pdf"]
    assert secret.exists()


def test_a_form_that_cannot_be_kept_as_text_stops_none_of_the_others(instance: Instance, drop: Path) -> None:
    def poison(pdf: Pdf) -> None:
        field_named(pdf, "4_1_editeur").V = String("a\x00b")

    (drop / "1.pdf").write_bytes(changed(fill_form(form()), poison))
    (drop / "2.pdf").write_bytes(fill_form(form()))
    first, second = take_drop(drop, settled=0)
    assert (first.outcome, second.outcome) == (FormOutcome.REJECTED, FormOutcome.RECEIVED)
    assert "order.form-unkeepable" in {finding.code for finding in first.findings}
    assert [path.name[-5:] for path in (drop / "refused").glob("*.pdf")] == ["1.pdf"]


def test_several_forms_of_one_mail_are_told_one_by_one(instance: Instance) -> None:
    first, second = fill_form(form()), fill_form(form(offer("org")))
    lines = receive_forms(
        Actor.system("mail-room"),
        mail(("a.pdf", first), ("notes.txt", b"rien"), ("b.pdf", second), ("c.pdf", b"%PDF-1.4 x")),
        name="m.eml",
    )
    assert [(line.name, line.outcome) for line in lines] == [
        ("a.pdf", FormOutcome.RECEIVED),
        ("b.pdf", FormOutcome.RECEIVED),
        ("c.pdf", FormOutcome.REJECTED),
    ]


def test_a_mail_that_is_too_large_or_has_too_much_in_it_is_rejected() -> None:
    assert [f.code for f in read_form_mail(b"x" * (MOST_MAIL_BYTES + 1), name="m").findings] == [
        "drop.too-large"
    ]
    many = mail(*((f"{n}.pdf", b"%PDF-1.4") for n in range(11)))
    assert "drop.too-many" in [f.code for f in read_form_mail(many, name="m").findings]


@pytest.mark.parametrize(
    "data", [b"", b"From: =?utf-8?q?=00?=\n\n", b"\xff\xfe", b"From: a\r\nContent-Type: multipart/mixed\n\n"]
)
def test_hostile_mails_are_told_and_raise_nothing(data: bytes) -> None:
    found = read_form_mail(data, name="m")
    assert not found.forms
    assert found.findings


# --- by the command line ----------------------------------------------------------------------------------


def test_a_batch_is_told_line_by_line(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sceau.cli import form as command

    monkeypatch.setattr(command, "open_instance", lambda data: None)
    (tmp_path / "1.pdf").write_bytes(fill_form(form()))
    (tmp_path / "2.pdf").write_bytes(fill_form(form()))
    (tmp_path / "3.pdf").write_bytes(b"%PDF-1.7")
    done = CliRunner().invoke(command.app, ["import", str(tmp_path)])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1.pdf : nouvelle commande CMD-")
    assert lines[1].startswith("2.pdf : déjà reçu, commande CMD-")
    assert lines[2] == "3.pdf : rejeté"
    assert "[pdf.truncated]" in lines[3]
    reference = Order.objects.get().reference
    out = tmp_path / "out.pdf"
    assert CliRunner().invoke(command.app, ["make", reference, "--out", str(out)]).exit_code == 0
    assert read_form_pdf(out.read_bytes()).order == reference


# --- by the pages -----------------------------------------------------------------------------------------


def test_the_form_of_an_order_is_downloaded_signed_and_brought_back(portal: Instance) -> None:
    order = submitted(signatory=REPRESENTATIVE)
    reference = order.line.reference
    browser = visitor(REPRESENTATIVE)
    page = browser.get(f"/commandes/{reference}/")
    assert f"/commandes/{reference}/formulaire/" in page.content.decode()
    made = browser.get(f"/commandes/{reference}/formulaire/")
    assert (made.status_code, made["Content-Type"]) == (200, "application/pdf")
    assert made["Content-Disposition"].startswith("attachment;")
    portal.at_another(signing_card=reader())
    file = SimpleUploadedFile("F413.pdf", signed_by(REPRESENTATIVE, made.content), "application/pdf")
    answer = browser.post("/commandes/nouvelle/", {"action": "lire-pdf", "pdf": file})
    assert (answer.status_code, answer["Location"]) == (302, f"/commandes/{reference}/")
    assert Order.objects.count() == 1


def test_a_stranger_downloads_nobodys_form(portal: Instance) -> None:
    reference = submitted().line.reference
    assert visitor(STRANGER).get(f"/commandes/{reference}/formulaire/").status_code == 404
    assert visitor(BRUNO).get(f"/guichet/{reference}/formulaire/").status_code == 200


# --- by post ----------------------------------------------------------------------------------------------


def paper(**changes: Any) -> PaperForm:
    raw = form() | {"edition": "2026-11"}
    again = {path: _at(raw, path) for path in twice_typed(raw)}
    values: dict[str, Any] = {"raw": raw, "again": again, "scan": PNG, "scan_name": "scan.png"}
    return PaperForm(**(values | changes))


def _at(raw: Any, path: str) -> str:
    for step in path.split("."):
        raw = raw[int(step)] if isinstance(raw, list) else raw[step]
    return str(raw)


def test_a_paper_form_is_keyed_by_one_officer_and_attested_by_another(instance: Instance) -> None:
    file = key_paper_form(ALICE.actor, paper())
    piece = Piece.objects.get(order__reference=file.line.reference)
    assert piece.kind == "form-scan"
    entry = VisaEntry(
        order=file.line.reference,
        version=1,
        piece=piece.reference,
        signed_on=instance.clock().date(),
        stamped=True,
    )
    with pytest.raises(Refused) as caught:
        attest_visa(ALICE.actor, entry)
    assert "order.own-order" in {finding.code for finding in caught.value.findings}
    assert attest_visa(BRUNO.actor, entry).raw["visa"]["signed"] is True


@pytest.mark.parametrize("path", ["structure.siret", "signatory.card_number", "administrators.0.card_number"])
def test_a_number_typed_otherwise_the_second_time_keeps_nothing(instance: Instance, path: str) -> None:
    good = paper()
    for value, code in (("", "paper.typed-once"), ("9" * 10, "paper.typed-otherwise")):
        with pytest.raises(Refused) as caught:
            key_paper_form(ALICE.actor, paper(again={**good.again, path: value}))
        assert [(one.code, one.subject) for one in caught.value.findings] == [(code, path)]
    assert (Order.objects.count(), Piece.objects.count()) == (0, 0)


def test_a_paper_form_without_its_paper_or_with_a_bad_one_keeps_nothing(instance: Instance) -> None:
    for scan, code in ((b"", "paper.no-scan"), (b"MZ" * 99, "piece.medium-unknown")):
        with pytest.raises(Refused) as caught:
            key_paper_form(ALICE.actor, paper(scan=scan))
        assert code in {one.code for one in caught.value.findings}
    with pytest.raises(Refused):
        key_paper_form(ADMINISTRATOR.actor, paper())
    assert Order.objects.count() == 0


def test_the_page_of_the_post_asks_each_number_twice_and_loses_nothing(portal: Instance) -> None:
    browser = visitor(ALICE)
    page = browser.get("/guichet/courrier/").content.decode()
    for name in ("structure.siret", "structure.finess", "signatory.card_number"):
        assert f'name="encore.{name}"' in page
    answer = browser.post(
        "/guichet/courrier/",
        {
            "action": "envoyer",
            "structure.name": "Clinique Été",
            "structure.siret": "1",
            "encore.structure.siret": "2",
        },
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Clinique Été"' in text
    assert "Les deux saisies de ce numéro diffèrent." in text
    assert visitor(ADMINISTRATOR).get("/guichet/courrier/").status_code in {403, 404}


# --- several at the desk ------------------------------------------------------------------------------------


def test_an_officer_puts_in_forms_and_mails_together_and_may_examine_what_came_of_them(
    portal: Instance,
) -> None:
    portal.at_another(signing_card=reader())
    browser, form_file = visitor(ALICE), signed()
    files = [
        SimpleUploadedFile("a.pdf", form_file),
        SimpleUploadedFile("b.eml", mail(("F413.pdf", form_file), ("autre.pdf", b"%PDF-1.7 no more"))),
        SimpleUploadedFile("c.pdf", b"hello"),
    ]
    text = browser.post("/guichet/formulaires/", {"forms": files}).content.decode()
    order = Order.objects.get()
    assert text.count(f">{order.reference}</a>") == 2
    assert "nouvelle commande" in text
    assert "signature vérifiée, elle vaut visa" in text
    assert "déjà reçu, commande" in text
    assert text.count(">rejeté<") == 2
    entries = [json.loads(bytes(one.entry)) for one in JournalEntry.objects.filter(kind="form.received")]
    assert {json.dumps(one).count(ALICE.person.national_id.text) for one in entries} == {1}
    assert entries
    taken = browser.post(f"/guichet/{order.reference}/prendre/", follow=True)
    assert taken.status_code == 200
    assert Order.objects.get().state == "under-review"


def test_only_the_desk_puts_in_forms_and_the_limits_are_said(portal: Instance) -> None:
    assert visitor(REPRESENTATIVE).get("/guichet/formulaires/").status_code in {403, 404}
    with pytest.raises(Refused) as refused:
        bring_forms(REPRESENTATIVE.actor, signed(), name="F413.pdf")
    assert [one.code for one in refused.value.findings] == ["operations.role-missing"]
    browser = visitor(ALICE)
    assert "a été reçu." in browser.post("/guichet/formulaires/", {}).content.decode()
    many = [SimpleUploadedFile(f"{one}.pdf", b"%PDF-") for one in range(21)]
    text = browser.post("/guichet/formulaires/", {"forms": many}).content.decode()
    assert "21 fichiers ont été envoyés" in text
    assert not Order.objects.exists()
