"""A browser at a server that holds our SERV_SSL: accepted under a trusted root, refused for each thing wrong.

OpenSSL serves the page and staples the OCSP answer; Chromium trusts the root through its NSS database, as an
administrator would have it. (For lists and unstapled answers Chromium asks nobody: its own policy.)
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

from tests.conformance.relying_kit import HOST, ISSUER_KINDS, Issued, World
from tests.conformance.relying_parties import Stand, run

CHROMIUM = "/usr/bin/chromium"
ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * 127.0.0.1",
)


@pytest.fixture(params=ISSUER_KINDS)
def world(request: pytest.FixtureRequest, stand: Stand) -> World:
    for tool in (CHROMIUM, "certutil"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    return stand.world(str(request.param))


@contextmanager
def serving(one: Issued, folder: Path) -> Iterator[int]:
    """OpenSSL's server with the certificate, its issuer, and the answer of our own responder stapled."""
    staple = folder / "staple.der"
    code, said = run(
        *("openssl", "ocsp", "-issuer", one.issuing, "-cert", one.leaf, "-url", one.url, "-no_nonce"),
        *("-CAfile", one.root, "-verify_other", one.issuing, "-respout", staple),
    )
    assert code == 0, said
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [
            *(
                "openssl",
                "s_server",
                "-quiet",
                "-www",
                "-accept",
                f"127.0.0.1:{port}",
                "-cert",
                str(one.leaf),
            ),
            *("-key", str(one.key), "-cert_chain", str(one.issuing), "-status_file", str(staple)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    patience = time.monotonic() + 10
    while time.monotonic() < patience:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server did not start")


def look(root: Path | None, url: str, folder: Path) -> str:
    """What Chromium shows at `url`, or its error. `root` is trusted for servers; all names lead here."""
    home = folder / "home"
    base = home / ".pki" / "nssdb"
    base.mkdir(parents=True)
    run("certutil", "-d", f"sql:{base}", "-N", "--empty-password")
    if root is not None:
        run("certutil", "-d", f"sql:{base}", "-A", "-t", "C,,", "-n", "root", "-i", root)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(home / "profile"),
            executable_path=CHROMIUM,
            args=list(ARGS),
            env={**os.environ, "HOME": str(home)},
        )
        try:
            page = context.pages[0]
            page.goto(url, timeout=60_000)
            return page.content()
        except Error as problem:
            return problem.message
        finally:
            context.close()


def visit(one: Issued, folder: Path, *, host: str = HOST, root: Path | None) -> str:
    with serving(one, folder) as port:
        return look(root, f"https://{host}:{port}/", folder)


def accepted(page: str) -> bool:
    return "s_server" in page and "Ciphers" in page


def test_chromium_accepts_a_server_of_ours(world: World, tmp_path: Path) -> None:
    for number, one in enumerate(world.each("SERV_SSL", "good")):
        folder = tmp_path / str(number)
        folder.mkdir()
        page = visit(one, folder, root=one.root)
        assert accepted(page), f"{one.subscriber}: {page[-2000:]}"


@pytest.mark.parametrize(
    ("state", "why"), [("revoked", "ERR_CERT_REVOKED"), ("expired", "ERR_CERT_DATE_INVALID")]
)
def test_chromium_refuses_one_no_longer_good(world: World, tmp_path: Path, state: str, why: str) -> None:
    (one, *_) = world.each("SERV_SSL", state)
    page = visit(one, tmp_path, root=one.root)
    assert not accepted(page)
    assert why in page


def test_chromium_refuses_another_name(world: World, tmp_path: Path) -> None:
    (one, *_) = world.each("SERV_SSL", "good")
    page = visit(one, tmp_path, host="autre.asipsante.fr", root=one.root)
    assert not accepted(page)
    assert "ERR_CERT_COMMON_NAME_INVALID" in page


def test_chromium_refuses_without_the_root(world: World, tmp_path: Path) -> None:
    (one, *_) = world.each("SERV_SSL", "good")
    page = visit(one, tmp_path, root=None)
    assert not accepted(page)
    assert "ERR_CERT_AUTHORITY_INVALID" in page


def test_chromium_refuses_a_certificate_that_is_no_servers(world: World, tmp_path: Path) -> None:
    (one, *_) = world.each("ORG_AUTH_CLI", "good")
    page = visit(one, tmp_path, root=one.root)
    assert not accepted(page)
    assert "ERR_CERT_" in page
