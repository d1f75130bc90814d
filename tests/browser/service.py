"""The whole service for a browser test, and browsers that hold a real card certificate."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright

CHROMIUM = "/usr/bin/chromium"
POLICIES = Path("/etc/chromium/policies/managed")
KEPT_POLICY = POLICIES / "sceau-card.json"
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 400  # a first start makes every key and card: ten seconds, minutes on a machine that is full


@dataclass(frozen=True)
class Service:
    """A running instance."""

    data: Path
    portal: str
    door: str
    publication: str
    process: subprocess.Popen[str]

    @property
    def cards(self) -> Path:
        return self.data / "cards"


def why_not() -> str:
    """What this machine lacks for a browser test, empty when it lacks nothing."""
    if not Path(CHROMIUM).exists():
        return f"{CHROMIUM} is not installed"
    for tool in ("certutil", "pk12util"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (libnss3-tools)"
    probe = POLICIES if POLICIES.exists() else Path("/etc")
    if not KEPT_POLICY.exists() and not os.access(probe, os.W_OK):
        return f"{KEPT_POLICY} is missing: Chromium would not choose a certificate by itself (make system)"
    return ""


@contextmanager
def running(folder: Path, *, ports: Sequence[int] = (), **settings: str) -> Iterator[Service]:
    """`sceau run` from its first start to its end, on free ports or the four given (portal, door,
    publication, programs), with these settings.
    """
    portal, door, publication, api = ports or free_ports(4)
    command = [
        sys.executable,
        "-c",
        "from sceau.cli import main; main()",
        "run",
        "--data",
        str(folder / "data"),
    ]
    command += [f"--portal-port={portal}", f"--door-port={door}"]
    command += [f"--publication-port={publication}", f"--api-port={api}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCEAU_")}
    environment |= settings
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            _wait_for(process, folder / "run.log")
            yield Service(
                folder / "data",
                f"https://localhost:{portal}",
                f"https://localhost:{door}",
                f"http://localhost:{publication}",
                process,
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def _wait_for(process: subprocess.Popen[str], log: Path) -> None:
    assert process.stdout is not None
    limit = time.monotonic() + START_SECONDS
    for line in process.stdout:
        if "Ctrl-C" in line:
            return
        assert time.monotonic() < limit, log.read_text()
    raise AssertionError(f"the service did not start: {log.read_text()}")


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def chooses_by_itself(service: Service) -> Iterator[None]:
    """Tell Chromium to present the only certificate it has at the card door, as a person would click.

    `make system` leaves a policy for good; where there is none, one is written for the time of the tests.
    """
    if KEPT_POLICY.exists():
        yield
        return
    POLICIES.mkdir(parents=True, exist_ok=True)
    rule = json.dumps({"pattern": service.door, "filter": {}})
    policy = POLICIES / f"sceau-test-{uuid.uuid4().hex}.json"
    policy.write_text(json.dumps({"AutoSelectCertificateForUrls": [rule]}))
    try:
        yield
    finally:
        policy.unlink()


class Browsers:
    """One Chromium for each person, each with a home and an NSS database of its own."""

    def __init__(self, playwright: Playwright, service: Service, folder: Path) -> None:
        self.playwright = playwright
        self._service = service
        self._folder = folder
        self._open: dict[str, BrowserContext] = {}

    def with_card(self, slug: str) -> Page:
        """A page of the browser in which this person's card is inserted."""
        return self._page(slug, self._service.cards / f"{slug}.p12")

    def without_card(self) -> Page:
        """A page of a browser that has no certificate."""
        return self._page("nobody", None)

    def close(self) -> None:
        """Close every browser."""
        for context in self._open.values():
            context.close()

    def _page(self, name: str, p12: Path | None) -> Page:
        if name not in self._open:
            home = self._folder / name
            _make_nss(home, p12, self._service.data / "tls" / "ca.pem")
            self._open[name] = self.playwright.chromium.launch_persistent_context(
                str(home / "profile"),
                executable_path=CHROMIUM,
                args=list(ARGS),
                locale="fr-FR",
                env={**os.environ, "HOME": str(home)},
                accept_downloads=True,
            )
        context = self._open[name]
        return context.pages[0] if context.pages else context.new_page()


def _make_nss(home: Path, p12: Path | None, authority: Path) -> None:
    base = home / ".pki" / "nssdb"
    base.mkdir(parents=True)
    database = f"sql:{base}"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(home)})

    run("certutil", "-d", database, "-N", "--empty-password")
    run("certutil", "-d", database, "-A", "-t", "C,,", "-n", "portal", "-i", str(authority))
    if p12 is not None:
        run("pk12util", "-d", database, "-i", str(p12), "-W", "carte", "-K", "")
