"""What somebody hostile tries at the portal, one test for each kind; docs/security-tests.md lists them."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from sceau.portal import post_brakes, post_psc
from sceau.portal.limits import Brakes, network_of
from sceau.portal.urls import PAGES
from sceau.site.logs import JsonLines
from tests.instance import ALICE, CHLOE, Instance
from tests.integration.test_portal_rights import address_of
from tests.passkey_kit import device, options_in, registered
from tests.portal import DoorClient, certificate_of, der, psc_visitor, staff_the_door, tls_layer, visitor

ROOT = Path(__file__).parents[2]
SIGNED_BY_OTHERS = {"mail-bounce"}  # a program calls it, with a signature over what it sends


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    staff_the_door()
    with tls_layer():
        yield instance
    post_psc(None)


def test_csrf_no_page_takes_anything_without_our_own_token(portal: Instance) -> None:
    browser = DoorClient(der(certificate_of(ALICE)), enforce_csrf_checks=True)
    tried = 0
    for page in PAGES:
        if "POST" in page.methods and page.name not in SIGNED_BY_OTHERS:
            for origin in ("", "https://evil.example"):
                answer = browser.post(address_of(page), headers={"origin": origin} if origin else {})
                assert answer.status_code == 403, page.name
                assert "portal/refusals/csrf.html" in {one.name for one in answer.templates}, page.name
                tried += 1
    assert tried > 150


def test_clickjacking_no_page_is_ever_framed(portal: Instance) -> None:
    browsers = DoorClient(at_door=False), visitor(ALICE)
    for page in PAGES:
        for browser in browsers:
            if page.name == "leave":
                continue
            post_brakes(None)
            answer = browser.get(address_of(page))
            assert answer["X-Frame-Options"] == "DENY", page.name
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], page.name
    for address in ("/nulle-part/", "/%00", "/commandes/../../etc"):
        assert browsers[0].get(address)["X-Frame-Options"] == "DENY"


def test_session_fixation_every_way_in_gives_a_new_key_and_forgets_what_was_planted(portal: Instance) -> None:
    made = device("clé")
    registered(CHLOE, made)

    def by_passkey(browser: DoorClient) -> None:
        browser.post("/cle-acces/", {"reponse": made.use(options_in(browser.get("/cle-acces/")))})

    ways = (
        (DoorClient(der(certificate_of(ALICE))), lambda one: one.enters()),
        (DoorClient(at_door=False), by_passkey),
    )
    for browser, comes_in in ways:
        planted = browser.session
        planted["visitor"] = "planted"
        planted["suite"] = "planted"
        planted.save()
        before = browser.cookies[settings.SESSION_COOKIE_NAME].value
        comes_in(browser)
        after = browser.cookies[settings.SESSION_COOKIE_NAME].value
        assert after != before
        assert "suite" not in browser.session
        victim = DoorClient(at_door=False)
        victim.facts = browser.facts
        victim.cookies[settings.SESSION_COOKIE_NAME] = before
        assert victim.get("/guichet/").status_code == 403
        browser.post("/sortie/")
        browser.cookies[settings.SESSION_COOKIE_NAME] = after
        assert browser.get("/guichet/").status_code == 403


def test_enumeration_what_is_not_ones_own_and_what_does_not_exist_look_alike(portal: Instance) -> None:
    """Of passkeys and sessions; `test_portal_rights` does it for every object of a structure."""
    reference = registered(CHLOE, device("clé"))
    browser = visitor(ALICE)
    pages = [browser.post(f"/mes-cles/{one}/revoquer/") for one in (reference, "PK-0000000")]
    assert [one.status_code for one in pages] == [404, 404]
    assert _plain(pages[0]) == _plain(pages[1])
    stranger = DoorClient(at_door=False)
    for code in ("AAAAA-AAAAA", ""):
        answers = {
            _plain(stranger.post(f"/cle-acces/inscription/{link}/", {"code": code}))
            for link in ("x" * 43, "y" * 43, "court")
        }
        assert len(answers) == 1


def _plain(answer: Any) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", answer.content.decode())


def test_uploads_too_many_fields_or_files_and_too_large_ones_end_before_any_page(portal: Instance) -> None:
    browser = visitor(ALICE)
    address = "/guichet/CMD-00000-00000/visa/"
    assert (
        browser.post(
            address, {f"f{one}": "x" for one in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 9)}
        ).status_code
        == 400
    )
    most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
    files = {f"f{one}": SimpleUploadedFile("a.pdf", b"x") for one in range(most + 1)}
    assert browser.post(address, files).status_code == 400
    large = SimpleUploadedFile("a.pdf", b"x" * (settings.SCEAU_UPLOAD_LIMIT + 1))
    guarded = DoorClient(der(certificate_of(ALICE)), enforce_csrf_checks=True)
    assert guarded.post(address, {"piece": large}).status_code == 403  # cut short: its token never came
    typed = {"note": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    assert browser.post(address, typed).status_code == 400


def test_rate_limits_hold_across_processes(portal: Instance, tmp_path: Path) -> None:
    path = tmp_path / "run" / "brakes"
    told = (
        "import sys; from pathlib import Path; from sceau.portal.limits import Brakes;"
        "b = Brakes(Path(sys.argv[1]));"
        "[b.count('door', '192.0.2.1', minute=7) for _ in range(50)]"
    )
    command = [sys.executable, "-c", told, str(path)]
    several = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [one.wait(timeout=120) for one in several] == [0, 0, 0]
    here = Brakes(path)
    assert here.count("door", "192.0.2.1", minute=7) == 151
    assert here.count("door", "192.0.2.2", minute=7) == 1
    assert here.count("other", "192.0.2.1", minute=7) == 1
    assert here.count("door", "192.0.2.1", minute=8) == 1
    assert path.stat().st_mode & 0o077 == 0


def test_rate_limits_are_a_table_that_never_grows_and_is_hardly_ever_unjust(tmp_path: Path) -> None:
    path = tmp_path / "brakes"
    here = Brakes(path)
    size = path.stat().st_size
    shared = sum(
        here.count("door", f"10.{one >> 16}.{one >> 8 & 255}.{one & 255}", minute=1) > 1
        for one in range(20_000)
    )
    assert path.stat().st_size == size < 2 * 1024 * 1024
    assert shared < 20_000 * 0.1
    again = Brakes(path)
    assert again.count("door", "10.0.0.0", minute=1) >= 2


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_rate_limits_count_a_subscriber_and_not_an_address(one: str, other: str, *, together: bool) -> None:
    asked = [network_of(RequestFactory().get("/", REMOTE_ADDR=address)) for address in (one, other)]
    assert (asked[0] == asked[1]) is together


def test_a_file_of_brakes_that_cannot_be_had_counts_all_the_same(
    portal: Instance, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    post_brakes(tmp_path / "file" / "brakes")
    browser = DoorClient(at_door=False)
    answers = {browser.post("/cle-acces/", {"reponse": "{}"}).status_code for _ in range(25)}
    assert answers == {403, 429}
    assert "not shared" in caplog.text


def test_a_strangers_tries_write_nothing_to_the_database(portal: Instance) -> None:
    browser = DoorClient(at_door=False)
    with CaptureQueriesContext(connection) as asked:
        for address in ("/", "/porte/", "/cle-acces/", "/diagnostic/", "/revoquer/", "/trouver/"):
            browser.get(address)
        for _ in range(30):
            browser.post("/cle-acces/", {"reponse": '{"rawId": "eHh4eHh4eHh4eHh4eHh4eHh4"}'})
            browser.post(f"/cle-acces/inscription/{'x' * 43}/", {"code": "AAAAA-AAAAA"})
            browser.get("/guichet/")
    wrote = [one["sql"] for one in asked if re.match(r"\s*(INSERT|UPDATE|DELETE)", one["sql"])]
    assert wrote == []


def test_log_injection_what_a_stranger_sends_is_one_line_of_ascii(
    portal: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        DoorClient(HTTP_USER_AGENT="x\r\n{}").get('/nulle\npart/%0a{"level": "info"}\x1b[31m/\u202e/')
        DoorClient(at_door=False).post("/cle-acces/", {"reponse": "x\n{}\x1b[2J"})
    lines = [JsonLines().format(one) for one in caplog.records]
    assert lines
    for line in lines:
        assert line.isascii()
        assert line.isprintable()


def test_a_session_by_pro_sante_connect_is_no_way_around_the_hats(portal: Instance) -> None:
    browser = psc_visitor(ALICE)
    for address in ("/guichet/", "/agents/", "/revocations/"):
        assert browser.get(address).status_code == 403
    assert browser.post("/role/", {"role": "desk"}).status_code == 403


def test_the_list_of_abuses_names_tests_that_exist() -> None:
    told = (ROOT / "docs" / "security-tests.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+)::(test_\w+)`", told)
    assert len(named) >= 20
    for file, name in named:
        places = (ROOT / "tests").glob(f"*/{file}.py")
        assert any(f"def {name}(" in one.read_text("utf-8") for one in places), name
