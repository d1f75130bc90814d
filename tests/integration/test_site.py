"""What an instance is told by its environment, and what keeps it shut."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import connection

from sceau.catalogue import load_catalogue
from sceau.site.checks import check_instance, problems_of
from sceau.site.environment import (
    Place,
    database_of,
    ensure_web_key,
    environment_written_in,
    hosts_of,
    place_of,
)
from sceau.site.instance import Places, check_ports, only_one
from sceau.site.logs import JsonLines
from sceau.site.mail import FolderMailer, mailer_of, mails_kept
from sceau.site.people import PEOPLE
from sceau.site.postman import message_of
from sceau.site.trust import FileLists, card_authorities
from sceau.vocabulary import Fault, IdentifierMode, read_card_number, read_person_id
from tests.cardmaker import Authority, authority
from tests.instance import NOON


def place(tmp_path: Path, **environ: str) -> Place:
    return place_of({"SCEAU_DATA": str(tmp_path), **environ})


def development(data: Path) -> None:
    """Make `data` look like a development instance."""
    (data / "signer").mkdir(parents=True, exist_ok=True)
    (data / "signer" / "issuers.json").write_text(json.dumps({"environment": "development"}))


def test_a_folder_that_says_nothing_is_production_with_the_drawer_shut(tmp_path: Path) -> None:
    found = place(tmp_path)
    assert (found.environment, found.test_cards) == ("production", False)
    assert environment_written_in(tmp_path / "nowhere") == "production"


def test_the_hierarchy_says_which_environment_an_instance_is_of(tmp_path: Path) -> None:
    development(tmp_path)
    found = place(tmp_path)
    assert (found.environment, found.test_cards, found.is_development) == ("development", True, True)


def test_an_environment_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SCEAU_ENVIRONMENT"):
        place(tmp_path, SCEAU_ENVIRONMENT="prod")


def codes(found: Place, *, hsts: int = 1, debug: bool = False) -> set[str]:
    return {str(problem.id) for problem in problems_of(found, hsts=hsts, debug=debug)}


def test_production_refuses_the_drawer_the_cards_and_a_development_hierarchy(tmp_path: Path) -> None:
    assert codes(place(tmp_path)) == set()
    assert codes(place(tmp_path, SCEAU_TEST_CARDS="1")) == {"sceau.E002"}
    (tmp_path / "cards").mkdir()
    assert codes(place(tmp_path)) == {"sceau.E003"}
    development(tmp_path)
    (tmp_path / "signer" / "passphrase").touch()
    told_otherwise = place(tmp_path, SCEAU_ENVIRONMENT="production")
    assert codes(told_otherwise) == {"sceau.E003", "sceau.E004", "sceau.E006"}
    assert codes(place(tmp_path)) == set()
    assert "sceau.E005" in codes(replace(told_otherwise), hsts=0)
    assert "sceau.E001" in codes(place(tmp_path), debug=True)


def test_run_refuses_production_over_a_development_hierarchy_before_it_opens_anything(tmp_path: Path) -> None:
    development(tmp_path)
    (tmp_path / "cards").mkdir()
    (tmp_path / "tls").mkdir()
    for name in ("server.pem", "server.key"):
        (tmp_path / "tls" / name).touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCEAU_", "DJANGO_"))}
    command = [sys.executable, "-c", "from sceau.cli import main; main()", "run", "--data", str(tmp_path)]
    command += ["--portal-port=0", "--door-port=0", "--publication-port=0"]
    run = subprocess.run(
        command,
        env={**kept, "SCEAU_ENVIRONMENT": "production", "SCEAU_TEST_CARDS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 3
    for code in ("sceau.E002", "sceau.E003", "sceau.E004", "site.not-allowed"):
        assert code in run.stderr
    assert not (tmp_path / "sceau.sqlite3").exists()


def test_the_instance_of_these_tests_would_open() -> None:
    assert list(check_instance()) == []
    assert settings.DEBUG is False
    assert settings.SCEAU_TEST_CARDS is False


def test_the_embedded_database_waits_for_the_disk(database: dict[str, object]) -> None:
    assert database
    if connection.vendor != "sqlite":
        pytest.skip("this run is on PostgreSQL")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,)
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)


def test_one_setting_names_a_postgresql_database(tmp_path: Path) -> None:
    found = database_of({"SCEAU_DATABASE": "postgresql://u:p%40ss@db.example:5433/sceau"}, tmp_path)
    assert (found["HOST"], found["PORT"], found["NAME"], found["USER"]) == (
        "db.example",
        "5433",
        "sceau",
        "u",
    )
    assert found["PASSWORD"] == "p@ss"
    socketed = database_of({"SCEAU_DATABASE": "postgresql:///sceau?host=/run/postgresql"}, tmp_path)
    assert (socketed["HOST"], socketed["NAME"]) == ("/run/postgresql", "sceau")
    with pytest.raises(ValueError, match="postgresql://"):
        database_of({"SCEAU_DATABASE": "mysql://x"}, tmp_path)


def test_hosts_are_this_machine_unless_said(tmp_path: Path) -> None:
    assert hosts_of({}) == ["localhost", "127.0.0.1", "[::1]"]
    assert hosts_of({"SCEAU_HOSTS": "a.fr, b.fr ,"}) == ["a.fr", "b.fr"]


def test_the_web_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    ensure_web_key(tmp_path)
    first = place(tmp_path).secret_key()
    ensure_web_key(tmp_path)
    assert place(tmp_path).secret_key() == first
    assert len(first) >= 60
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert check_ports(Places("127.0.0.1", port, 0, 0)) == [port]
    with pytest.raises(Fault, match=r"site\.host"):
        check_ports(Places("no-such-host.invalid", 1, 2, 3))


def test_two_instances_never_share_their_data(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch(mode=0o644)
    with only_one(tmp_path):
        assert stat.S_IMODE((tmp_path / ".lock").stat().st_mode) == 0o600
        child = os.fork()
        if child == 0:
            try:
                with only_one(tmp_path):
                    os._exit(1)
            except Fault as fault:
                os._exit(0 if fault.code == "site.already-running" else 2)
        assert os.waitpid(child, 0)[1] == 0
    with only_one(tmp_path):
        pass


def test_a_log_line_cannot_be_forged(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("x", logging.WARNING, "f", 1, 'a\n{"level": "fake"}\x1b[31m é', (), None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.isascii()
    assert json.loads(line)["message"] == record.getMessage()


def test_a_development_instance_keeps_its_mails(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", "sceau@exemple.fr")
    mailer(to="claire@exemple.fr", subject="Votre code", text="Code : 123456\n")
    (shown,) = mails_kept(tmp_path / "mail")
    assert "À : claire@exemple.fr" in shown
    assert "123456" in shown


@pytest.mark.parametrize("evil", ["a@exemple.fr\r\nBcc: x@y.fr", "a@exemple.fr\nX: y"])
def test_f47_a_line_break_never_gets_into_a_header(evil: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        message_of("sceau@exemple.fr", to=evil, subject="s", text="t", at=NOON)
    with pytest.raises(ValueError, match=r"."):
        message_of("sceau@exemple.fr", to="a@exemple.fr", subject=evil, text="t", at=NOON)


def test_mail_leaves_by_the_server_that_was_named_and_nowhere_else(tmp_path: Path) -> None:
    assert mailer_of(place(tmp_path), {}) is None
    assert mailer_of(place(tmp_path), {"SCEAU_SMTP": "smtps://mail.example"}) is not None
    development(tmp_path)
    assert isinstance(mailer_of(place(tmp_path), {}), FolderMailer)


def test_the_made_up_people_have_identifiers_that_pass(tmp_path: Path) -> None:
    cards = load_catalogue().cards
    for person in PEOPLE:
        assert read_card_number(person.card.number, mode=IdentifierMode.TEST).value, person.slug
        if cards[person.card.type].nominative:
            assert read_person_id(person.card.national_id, mode=IdentifierMode.TEST).value, person.slug
    assert len({person.card.number for person in PEOPLE}) == len(PEOPLE)


# -- whose cards are trusted


def named_authorities(path: Path, *certificates: Authority) -> None:
    path.write_bytes(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in certificates))


def test_the_operator_names_the_authorities_of_the_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = authority("AC RACINE IGC-SANTE FORT")
    issuer = authority("AC IGC-SANTE FORT PERSONNES", root)
    named_authorities(tmp_path / "cartes.pem", root, issuer)
    (tmp_path / "ACI-FO-PP.crl").write_bytes(issuer.crl())
    monkeypatch.setenv("SCEAU_CARD_AUTHORITIES", str(tmp_path / "cartes.pem"))
    found = card_authorities(tmp_path, {}, load_catalogue())
    trust = found.trust(test_allowed=False)
    assert (trust.roots, trust.issuers) == ((root.der,), (issuer.der,))
    lists = FileLists(found.lists)
    (first,) = lists()
    assert first == (tmp_path / "ACI-FO-PP.crl").read_bytes()
    newer = issuer.crl(4711)
    (tmp_path / "ACI-FO-PP.crl").write_bytes(newer)
    os.utime(tmp_path / "ACI-FO-PP.crl", (2_000_000_000, 2_000_000_000))
    assert lists() == [newer]


def test_authorities_of_software_certificates_cannot_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = authority("AC RACINE IGC-SANTE ELEMENTAIRE")
    named_authorities(tmp_path / "cartes.pem", root, authority("AC IGC-SANTE ELEMENTAIRE PERSONNES", root))
    monkeypatch.setenv("SCEAU_CARD_AUTHORITIES", str(tmp_path / "cartes.pem"))
    with pytest.raises(Fault, match=r"site\.card-authorities"):
        card_authorities(tmp_path, {}, load_catalogue()).trust(test_allowed=False)
    monkeypatch.setenv("SCEAU_CARD_AUTHORITIES", str(tmp_path / "nothing.pem"))
    with pytest.raises(Fault, match=r"site\.card-authorities"):
        card_authorities(tmp_path, {}, load_catalogue())
