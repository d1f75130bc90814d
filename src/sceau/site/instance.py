"""Bringing an instance up: is it there, may it open, are its ports free; then its parts, in order, until
told to stop.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sceau.site.environment import DEVELOPMENT, HIERARCHY_FILE, ensure_web_key, environment_written_in
from sceau.vocabulary import Fault

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Places:
    """Where an instance listens. `host` is a name or an address of this machine; without `api_port` (0), no
    door for programs is opened.
    """

    host: str
    portal_port: int
    door_port: int
    publication_port: int
    api_port: int = 0

    @property
    def portal(self) -> str:
        """The public address of the portal."""
        return f"https://{self.host}:{self.portal_port}"

    @property
    def door(self) -> str:
        """The address of the card door."""
        return f"https://{self.host}:{self.door_port}"

    @property
    def publication(self) -> str:
        """The address of the public shelf."""
        return f"http://{self.host}:{self.publication_port}"

    @property
    def api(self) -> str:
        """The address of the door for programs."""
        return f"https://{self.host}:{self.api_port}"

    def environment(self, data: Path) -> dict[str, str]:
        """The settings that tell every process of the instance the same."""
        told = {"SCEAU_DATA": str(data), "SCEAU_HOST": self.host}
        for name, address in (
            ("PORTAL", self.portal),
            ("DOOR", self.door),
            ("PUBLICATION", self.publication),
            *((("API", self.api),) if self.api_port else ()),
        ):
            told[f"SCEAU_{name}_ADDRESS"] = os.environ.get(f"SCEAU_{name}_ADDRESS", address)
        return told


def check_ports(places: Places) -> list[int]:
    """The ports that something else already listens on."""
    taken = []
    wanted = (places.portal_port, places.door_port, places.publication_port, places.api_port)
    for port in wanted if places.api_port else wanted[:3]:
        try:
            found = socket.getaddrinfo(places.host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Fault("site.host", retryable=False, detail=places.host) from error
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError:
                    taken.append(port)
                    break
    return taken


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the instance for this process. Raises `Fault` (``site.already-running``) when another has it.
    The lock goes with the process, whatever ends it."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(data / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        os.fchmod(file.fileno(), 0o600)  # one made by an older version was open to readers
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Fault("site.already-running", retryable=True, detail=str(data)) from error
        yield


def prepare(data: Path, places: Places, *, say: Say) -> None:
    """Make what a first start needs, bring the tables up to date, and see that the instance may open.

    Without a hierarchy a development instance is made, unless `SCEAU_ENVIRONMENT` says something else:
    another one begins with a ceremony (`sceau init`). Raises `Fault` (``site.no-instance``, ``site.not-
    allowed``).
    """
    os.environ.update(places.environment(data))
    wanted = os.environ.get("SCEAU_ENVIRONMENT", DEVELOPMENT)
    first = not (data / HIERARCHY_FILE).exists()
    if first and wanted != DEVELOPMENT:
        raise Fault("site.no-instance", retryable=False, detail=str(data))
    development = wanted == DEVELOPMENT and (first or environment_written_in(data) == DEVELOPMENT)
    if development:
        from sceau.site.first_keys import create_keys

        create_keys(data, publication=places.publication, at=datetime.now(UTC), say=say)
    if not (data / "tls" / "server.pem").exists() or not (data / "tls" / "server.key").exists():
        raise Fault("site.no-tls", retryable=False, detail=str(data / "tls"))
    ensure_web_key(data)
    _refuse_unfit()
    _start_and_migrate(data, say)
    if development:
        from sceau.site.development import create_people

        create_people(data, at=datetime.now(UTC), say=say)


def _start_and_migrate(data: Path, say: Say) -> None:
    from sceau.site import start

    start(data)
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Mise à jour de la base…")
        call_command("migrate", verbosity=0, interactive=False)
    from sceau.operations import check_records, recover_intents

    check_records()
    recover_intents(older_than=timedelta(0))  # nothing else runs yet: what is still open, a crash left open
    connection.close()


def _refuse_unfit() -> None:
    """Ask Django's checks, ours among them. Every problem is said; any error keeps the instance shut."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sceau.site.settings")
    import django
    from django.core import checks

    django.setup()
    errors = [one for one in checks.run_checks() if one.level >= checks.ERROR]
    for one in errors:
        sys.stderr.write(f"{one.msg} {one.hint or ''} [{one.id}]\n")
    if errors:
        raise Fault("site.not-allowed", retryable=False, detail=", ".join(str(one.id) for one in errors))
