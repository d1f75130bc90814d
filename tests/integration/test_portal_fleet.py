"""The fleet on the pages: what is shown to whom, found by key, taken away as a table; the DMP's pair;
renewing one or many, before and after the end.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO, StringIO
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import AsyncRequestFactory, override_settings

from sceau.operations import collect_certificate, issue_certificate
from sceau.portal.pages.certificates.ends import picture_of
from sceau.portal.pages.certificates.fleet import plain_cell
from sceau.portal.pages.certificates.renewing import renewal_of
from sceau.portal.pages.certificates.renewing_shown import Result, shown_as_they_come
from sceau.portal.visitor import NOBODY, PortalRequest
from sceau.records import (
    CertificateFile,
    FleetWish,
    certificate_file,
    certificates_of,
    fleet_ends,
    fleet_page,
)
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    DOCTOR,
    NOON,
    OTHER_REPRESENTATIVE,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    accepted,
    csr,
    offer,
    right_for,
    server_request,
)
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor

CODE = "Vallee-2026-portail"
ME = ADMINISTRATOR.national_id.text


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance


def issued(name: str, *, collected: bool = True) -> CertificateFile:
    file = issue_certificate(
        ADMINISTRATOR.actor, server_request(name, which=f"key of {name}"), idempotency_key=name
    )
    if collected:
        collect_certificate(
            ADMINISTRATOR.actor,
            reference=file.line.reference,
            terms_accepted=True,
            code=CODE,
            code_again=CODE,
        )
    return file


@pytest.fixture
def fleet(portal: Instance) -> list[str]:
    """The names of seven certificates, the oldest first; the last is not collected."""
    accepted(offer("serv-ssl"))
    names = [f"s{number}.chu-exemple.fr" for number in range(7)]
    for name in names:
        issued(name, collected=name != names[-1])
    return names


def shown(wish: FleetWish, **how: Any) -> list[str]:
    found = fleet_page(ME, wish, at=how.pop("at", NOON), **how)
    return [line.names[0] for line in found.lines]


def test_pages_follow_each_other_by_key_without_loss_or_repetition(fleet: list[str]) -> None:
    seen, after = [], ""
    while True:
        found = fleet_page(ME, FleetWish(), at=NOON, after=after, limit=3)
        seen += [line.names[0] for line in found.lines]
        if not found.more:
            break
        after = found.after
    assert seen == fleet[::-1]


def test_filters_keep_what_they_say_and_nothing_else(fleet: list[str]) -> None:
    assert shown(FleetWish(text="s3.chu-exemple.fr")) == ["s3.chu-exemple.fr"]
    assert shown(FleetWish(text="S3.")) == ["s3.chu-exemple.fr"]
    assert shown(FleetWish(standing="to-collect")) == fleet[-1:]
    assert shown(FleetWish(standing="in-service")) == fleet[-2::-1]
    assert shown(FleetWish(standing="revoked")) == []
    assert shown(FleetWish(product="ORG_SIGN")) == []
    assert shown(FleetWish(administrator=STRANGER.national_id.text)) == []
    assert shown(FleetWish(text="%")) == []


def test_what_ends_soon_comes_by_its_end_and_only_while_it_serves(fleet: list[str]) -> None:
    end = certificates_of(ME, at=NOON)[0].not_after
    assert shown(FleetWish(within_days=30)) == []
    near = end - timedelta(days=20)
    assert shown(FleetWish(within_days=30), at=near) == fleet[:-1]
    assert shown(FleetWish(within_days=30), at=end + timedelta(days=1)) == []
    assert len(fleet_ends(ME, at=near, within_days=30).instants) == 6
    assert fleet_ends(STRANGER.national_id.text, at=near, within_days=30).instants == ()


def test_a_search_that_looks_far_says_where_to_go_on(
    fleet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sceau.records.queries.fleet._SLICE", 2)
    monkeypatch.setattr("sceau.records.queries.fleet._MOST_LOOKED_AT", 4)
    first = fleet_page(ME, FleetWish(text="s0."), at=NOON)
    assert (first.lines, first.more) == ((), True)
    second = fleet_page(ME, FleetWish(text="s0."), at=NOON, after=first.after)
    assert [line.names[0] for line in second.lines] == fleet[:1]


def test_who_represents_the_structure_sees_the_fleet_and_strangers_see_nothing(fleet: list[str]) -> None:
    assert fleet[0] in visitor(REPRESENTATIVE).get("/certificats/").content.decode()
    for someone in (STRANGER, OTHER_REPRESENTATIVE):
        for address in ("/certificats/", "/certificats/export.csv", "/certificats/echeances/"):
            answer = visitor(someone).get(address)
            body = answer.getvalue() if answer.streaming else answer.content
            assert answer.status_code == 200
            assert b"chu-exemple.fr" not in body


def test_the_table_holds_every_line_once_and_no_formula(fleet: list[str]) -> None:
    body = visitor(ADMINISTRATOR).get("/certificats/export.csv").getvalue().decode("utf-8-sig")
    rows = list(csv.reader(StringIO(body), delimiter=";"))
    assert [row[2] for row in rows[1:]] == fleet[::-1]
    assert rows[1][7] == "à retirer"
    for hostile in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
        assert plain_cell(hostile) == f"'{hostile}"
    assert plain_cell("www.exemple.fr") == "www.exemple.fr"


def test_the_ends_are_drawn_and_said_in_words(fleet: list[str]) -> None:
    near = certificates_of(ME, at=NOON)[0].not_after - timedelta(days=20)
    picture = picture_of(fleet_ends(ME, at=near, within_days=365).instants, near)
    assert picture.total == 6
    assert {bar.long: bar.count for bar in picture.bars if bar.count} == {"novembre 2029": 6}
    assert (picture.bars[0].height, picture.bars[1].height) == (120, 0)
    html = render_to_string("portal/certificates/ends.html", {"picture": picture, "rows": [], "more": False})
    assert '<svg viewBox="0 0 624 170" role="img"' in html
    assert '<th scope="row">novembre 2029</th><td>6</td>' in html
    assert (
        "Aucun certificat en service"
        in visitor(ADMINISTRATOR).get("/certificats/echeances/").content.decode()
    )


def archive(**files: bytes) -> SimpleUploadedFile:
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return SimpleUploadedFile("demandes.zip", written.getvalue())


def sent(*files: SimpleUploadedFile, **changes: Any) -> dict[str, Any]:
    usual = {"once": "fois", "terms": "oui", "code": CODE, "code_again": CODE}
    return {**usual, "requests": list(files), **changes}


def test_many_are_renewed_in_one_act_each_with_its_own_answer(fleet: list[str]) -> None:
    reference = certificates_of(ME, at=NOON)[2].reference
    bundle = archive(
        **{
            "dossier/s0.chu-exemple.fr.csr": csr("new 0"),
            f"{reference}.csr": csr("new 4"),
            "nulle-part.fr.csr": csr("new x"),
            "s1.chu-exemple.fr.csr": csr("key of s1.chu-exemple.fr"),
            "__MACOSX/s2.chu-exemple.fr.csr": b"noise",
        }
    )
    browser = visitor(ADMINISTRATOR)
    page = browser.post("/certificats/renouveler/", sent(bundle)).content.decode()
    assert "2 renouvelés sur 4" in page
    assert "nulle-part.fr" in page
    newest = certificates_of(ME, at=NOON)[:2]
    assert {line.names[0] for line in newest} == {"s0.chu-exemple.fr", "s4.chu-exemple.fr"}
    files = [certificate_file(line.reference, at=NOON) for line in newest]
    assert all(file and file.line.state == "collected" and file.replaces and file.has_code for file in files)
    assert "remplacé" in browser.get("/certificats/").content.decode()
    again = browser.post("/certificats/renouveler/", sent(bundle)).content.decode()
    assert len(certificates_of(ME, at=NOON)) == 9, again
    wanted = {"references": " ".join(line.reference for line in newest)}
    with ZipFile(BytesIO(browser.post("/certificats/renouveler/fichiers/", wanted).content)) as given:
        assert [given.read(one).count(b"BEGIN CERT") for one in given.namelist()] == [1, 1]
    assert visitor(STRANGER).post("/certificats/renouveler/fichiers/", wanted).status_code == 404


def test_as_many_files_as_certificates_are_taken_one_by_one_too(fleet: list[str]) -> None:
    files = [SimpleUploadedFile(f"s{one}.chu-exemple.fr.csr", csr(f"alone {one}")) for one in range(5)]
    page = visitor(ADMINISTRATOR).post("/certificats/renouveler/", sent(*files)).content.decode()
    assert "5 renouvelés sur 5" in page


def test_many_results_are_shown_as_they_come_and_a_reload_does_nothing_twice(fleet: list[str]) -> None:
    sevens = {f"s{one}.chu-exemple.fr.csr": csr(f"new {one}") for one in range(7)}
    strangers = {f"n{one}.nulle-part.fr.csr": b"x" for one in range(6)}
    bundle = archive(**sevens, **strangers)
    browser = visitor(ADMINISTRATOR)
    before = len(certificates_of(ME, at=NOON))
    answer = browser.post("/certificats/renouveler/", sent(bundle))
    assert answer.streaming
    pieces: Iterator[bytes] = iter(answer)
    head = next(pieces).decode()
    assert "13 demandes" in head
    assert len(certificates_of(ME, at=NOON)) == before, "the head came before anything was asked"
    first = next(pieces).decode()
    assert (first.count("délivré"), "10 sur 13" in first) == (6, True)  # one of the seven is not collected
    rest = b"".join(pieces).decode()
    assert "6 renouvelés sur 13" in rest
    assert rest.rstrip().endswith("</html>")
    assert len(certificates_of(ME, at=NOON)) == before + 6
    bundle.seek(0)
    again = browser.post("/certificats/renouveler/", sent(bundle)).getvalue().decode()
    assert again.count("délivré") == 6
    assert len(certificates_of(ME, at=NOON)) == before + 6


def test_a_table_of_requests_serves_as_well(fleet: list[str]) -> None:
    written = StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerows([("nom", "demande"), ("s5.chu-exemple.fr", csr("by table").decode())])
    file = SimpleUploadedFile("demandes.csv", written.getvalue().encode())
    assert (
        "1 renouvelé sur 1"
        in visitor(ADMINISTRATOR).post("/certificats/renouveler/", sent(file)).content.decode()
    )


@override_settings(SCEAU_UPLOAD_LIMIT=5 * 1024 * 1024)
@pytest.mark.parametrize(
    ("file", "word"),
    [
        (SimpleUploadedFile("x.zip", b"PK\x03\x04 no archive"), "ne peut pas être lu"),
        (SimpleUploadedFile("x.csv", b"\xff\xfe\xfa;x"), "ne peut pas être lu"),
        (archive(**{f"n{one}.csr": b"x" for one in range(201)}), "plus de 200 demandes"),
        (archive(**{"bombe.csr": b"\x00" * 50_000_000}), "dépasse 16 Kio"),
    ],
)
def test_a_hostile_archive_is_refused_before_anything_is_asked(
    fleet: list[str], file: SimpleUploadedFile, word: str
) -> None:
    file.seek(0)
    answer = visitor(ADMINISTRATOR).post("/certificats/renouveler/", sent(file))
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert len(certificates_of(ME, at=NOON)) == 7


@pytest.mark.parametrize(
    "changes", [{"terms": ""}, {"code_again": "autre-chose-9"}, {"code": "court", "code_again": "court"}]
)
def test_without_terms_or_a_code_nothing_is_renewed(fleet: list[str], changes: dict[str, str]) -> None:
    file = SimpleUploadedFile("s0.chu-exemple.fr.csr", csr("new 0"))
    assert visitor(ADMINISTRATOR).post("/certificats/renouveler/", sent(file, **changes)).status_code == 422
    assert len(certificates_of(ME, at=NOON)) == 7


def test_a_certificate_is_renewed_in_its_window_and_calmly_after_its_end(
    portal: Instance, fleet: list[str]
) -> None:
    line = certificates_of(ME, at=NOON)[-1]
    address, browser = f"/demander/{line.habilitation}/?remplace={line.reference}", visitor(ADMINISTRATOR)
    assert "remplace=" not in browser.get(f"/certificats/{line.reference}/").content.decode()
    assert f">\n{line.names[0]}</textarea>" in browser.get(address).content.decode()

    def said(at: datetime) -> dict[str, str]:
        file = certificate_file(line.reference, at=at)
        assert file is not None
        return renewal_of(file, at=at)

    assert said(line.not_after - timedelta(days=91))["renewal"] == ""
    before = said(line.not_after - timedelta(days=40))
    assert before["renew_address"] == address
    assert "Il se termine dans 40 jours" in before["renewal"]
    portal.clock.now = line.not_after + timedelta(days=20)
    assert "aucune nouvelle commande" in said(portal.clock.now)["renewal"]
    old, new = (
        server_request(line.names[0], which=key, habilitation=line.habilitation, replaces=line.reference)
        for key in (f"key of {line.names[0]}", "a new key")
    )
    with pytest.raises(Refused, match="key"):
        issue_certificate(ADMINISTRATOR.actor, old, idempotency_key="old")
    issue_certificate(ADMINISTRATOR.actor, new, idempotency_key="new")
    assert said(portal.clock.now)["renewal"] == ""


def pair_of(browser: DoorClient, reference: str, **changes: str) -> Any:
    asked = {
        "names": "DPI Exemple",
        "csr_auth": csr("auth").decode(),
        "csr_sign": csr("sign").decode(),
        "once": "paire",
        "action": "demander",
    }
    return browser.post(f"/demander/paire/{reference}/", asked | changes)


def test_the_pair_is_issued_under_one_subject_and_collected_at_once(portal: Instance) -> None:
    accepted(offer("org"))
    reference, browser = right_for("ORG_AUTH_CLI"), visitor(ADMINISTRATOR)
    assert f"/demander/paire/{reference}/" in browser.get("/demander/").content.decode()
    same = pair_of(browser, reference, csr_sign=csr("auth").decode())
    assert (same.status_code, certificates_of(ME, at=NOON)) == (422, ())
    assert pair_of(browser, reference, csr_sign="").status_code == 422
    answer = pair_of(browser, reference)
    assert answer.status_code == 302
    slip = browser.post(f"/demander/paire/{reference}/verdict/", {"names": "www.chu-exemple.ogr"})
    assert "chu-exemple.org" in slip.content.decode()  # a slip is told as for one certificate
    code = {"terms": "oui", "code": CODE, "code_again": CODE, "avec": answer.url.partition("avec=")[2]}
    assert browser.post(answer.url.partition("?")[0], code).status_code == 302
    lines = certificates_of(ME, at=NOON)
    assert {line.product for line in lines} == {"ORG_AUTH_CLI", "ORG_SIGN"}
    assert {line.state for line in lines} == {"collected"}
    assert len({line.subject for line in lines}) == 1
    assert pair_of(browser, reference).url == answer.url
    assert visitor(STRANGER).get(f"/demander/paire/{reference}/").status_code == 404


def test_the_other_half_of_a_pair_is_never_somebody_elses(fleet: list[str]) -> None:
    reference = certificates_of(ME, at=NOON)[0].reference
    assert visitor(STRANGER).get(f"/certificats/{reference}/?avec={reference}").status_code == 404
    assert visitor(ADMINISTRATOR).get(f"/certificats/{reference}/?avec=CRT-NOPE").status_code == 404


def doctors_set(browser: DoorClient, **changes: str) -> Any:
    usual = {"names": "g.dentiste@cabinet-exemple.fr", "once": "trois", "action": "demander", "terms": "oui"}
    usual |= {f"csr_ps_{use}": csr(f"ps {use}").decode() for use in ("auth", "sign", "conf")}
    usual |= {"code": CODE, "code_again": CODE}
    return browser.post("/demander/mes-certificats/", usual | changes)


def test_the_doctor_has_three_certificates_in_three_steps(portal: Instance) -> None:
    browser = visitor(DOCTOR)
    assert "/demander/mes-certificats/" in browser.get("/demander/").content.decode()
    refused = doctors_set(browser)
    assert refused.status_code == 422
    assert "a pas été confirmée" in refused.content.decode()
    doctors_set(browser, action="envoyer-code")
    code = next(word for word in portal.outbox.mails[-1][2].split() if word.strip(".").isdigit())
    told = doctors_set(browser, action="confirmer-code", mailbox_code=code.strip("."))
    assert "est confirmée" in told.content.decode()
    who = DOCTOR.national_id.text
    for wrong in ({"terms": ""}, {"csr_ps_sign": ""}, {"csr_ps_sign": csr("ps auth").decode()}):
        assert doctors_set(browser, **wrong).status_code == 422
    assert certificates_of(who, at=NOON) == ()
    done = doctors_set(browser)
    assert done.status_code == 302
    lines = certificates_of(who, at=NOON)
    assert {line.product for line in lines} == {"PS_AUTH", "PS_SIGN", "PS_CONF"}
    assert {line.state for line in lines} == {"collected"}
    assert "Vos trois certificats sont prêts" in browser.get(done.url).content.decode()
    stranger = visitor(ADMINISTRATOR).get(done.url)
    assert stranger.status_code == 403


def test_the_server_that_serves_sends_each_piece_when_it_is_made(portal: Instance) -> None:
    """On ASGI, where the service runs: nothing is done before its piece is asked for, nor kept for later."""
    done: list[str] = []

    def batch(name: str) -> tuple[Result, ...]:
        done.append(name)
        return (Result(name, "", "", (("Non.", "Autrement."),)),)

    request = cast(PortalRequest, AsyncRequestFactory().get("/certificats/renouveler/"))
    request.visitor = NOBODY
    response = shown_as_they_come(request, [partial(batch, "un"), partial(batch, "deux")], expected=2)
    assert response.is_async

    async def read() -> list[tuple[bytes, int]]:
        return [(piece, len(done)) async for piece in response]

    pieces = async_to_sync(read)()
    assert [count for _, count in pieces] == [0, 1, 2, 2]
    assert " sur 2." in pieces[-1][0].decode()
