"""What is typed and should not be: a private key in the place of a request, a name with a slip in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from sceau.records.models import Certificate, JournalDisclosure, JournalEntry
from tests.instance import ADMINISTRATOR, REPRESENTATIVE, Instance, accepted, csr_key, offer, right_for
from tests.ordering import begun, order_form, step
from tests.portal import staff_the_door, tls_layer, visitor

KEY = csr_key("server").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
HIDDEN = KEY.splitlines()[1][:40]


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    accepted(offer("serv-ssl"), offer("org"))
    with tls_layer():
        yield instance


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).replace("&#x27;", "'")


def everywhere() -> str:
    """All that the database holds, as text."""
    rows = [
        str(list(model.objects.values_list())) for model in (Certificate, JournalEntry, JournalDisclosure)
    ]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {table}")
            rows.append(str(cursor.fetchall()))
    return "".join(rows)


@pytest.mark.parametrize("by_file", [False, True])
def test_a_private_key_pasted_or_dropped_is_refused_and_left_nowhere(
    portal: Instance, caplog: pytest.LogCaptureFixture, by_file: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    sent: dict[str, Any] = {"names": "www.chu-exemple.fr", "action": "demander", "once": "k"}
    sent |= {"csr_file": SimpleUploadedFile("cle.pem", KEY.encode())} if by_file else {"csr": KEY}
    answer = visitor(ADMINISTRATOR).post(f"/demander/{right_for('SERV_SSL')}/", sent)
    assert answer.status_code == 422
    assert "contient une clé privée" in text(answer)
    assert "Détruisez cette clé" in text(answer)
    assert 'href="#csr"' in answer.content.decode()
    assert HIDDEN not in answer.content.decode()
    assert HIDDEN not in everywhere()
    assert HIDDEN not in caplog.text
    assert Certificate.objects.count() == 0


def test_the_pair_and_the_verdict_do_not_show_a_private_key_again(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    sent = {"names": "appli", "csr_auth": KEY, "csr_sign": "", "action": "demander"}
    answer = browser.post(f"/demander/paire/{right_for('ORG_AUTH_CLI')}/", sent)
    assert "contient une clé privée" in text(answer)
    assert HIDDEN not in answer.content.decode()
    shown = browser.post(
        f"/demander/{right_for('SERV_SSL')}/verdict/", {"names": "www.chu-exemple.fr", "csr": KEY}
    )
    assert "contient une clé privée" in text(shown)
    assert HIDDEN not in shown.content.decode()


def test_a_private_key_is_not_carried_through_the_proof(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    portal.clock.forward(minutes=20)
    answer = browser.post(f"/demander/{right_for('SERV_SSL')}/", {"csr": KEY, "action": "demander"})
    assert answer.status_code == 422
    assert "contient une clé privée" in text(answer)
    assert HIDDEN not in answer.content.decode()


def test_a_slip_is_told_and_refuses_nothing(portal: Instance) -> None:
    browser = visitor(ADMINISTRATOR)
    address = f"/demander/{right_for('SERV_SSL')}/verdict/"
    shown = text(browser.post(address, {"names": "wwww.chu-exemple.fr"}))
    assert "ressemble à « www.chu-exemple.fr »" in shown
    assert "Oui, ce certificat peut être délivré" in shown
    assert "ressemble" not in text(browser.post(address, {"names": "www.chu-exemple.fr"}))


def test_a_declared_name_is_compared_with_the_mail_of_the_people_on_the_form(portal: Instance) -> None:
    browser = visitor(REPRESENTATIVE)
    address = begun(browser)
    typed = order_form(offer("serv-ssl", declared="chu-exemlpe.fr"))
    step(browser, address, "administrateurs", typed)
    shown = text(browser.post(f"{address}verdict/", typed))
    assert "ressemble à « chu-exemple.fr »" in shown
    assert "couvre" in shown
    assert step(browser, address, "offres", typed).status_code == 302  # told, and kept
    assert "ressemble à « chu-exemple.fr »" in text(browser.get(f"{address}etape/offres/"))
