"""Where an instance lives and what it is: the reading of `SCEAU_*`, apart from Django so that commands can
ask too.

A data folder that says nothing is production: only an instance that was made as a development instance, or
told so by `SCEAU_ENVIRONMENT`, is one.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

DEVELOPMENT = "development"
ENVIRONMENTS = ("production", "test", DEVELOPMENT)
HIERARCHY_FILE = Path("signer") / "issuers.json"
WEB_KEY_FILE = "secret-key"
HEAD_KEY_FILE = "journal-head.key"

# The inner pages alone of a table of a million rows are ten megabytes: without room for them each row found
# by its number is read from the file three times.
_SQLITE_START = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA cache_size=-32768;"
)
_MOST_PROCESSES = 64
READS_ONLY = "SCEAU_READS_ONLY"
"""Set to 1 by a process that only reads, and would rather hear a refusal than wait (publication)."""
_SQLITE_READS_ONLY = "PRAGMA query_only=ON;"
_POSTGRES_READS_ONLY: Mapping[str, Any] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 3000,
    "options": "-c default_transaction_read_only=on -c statement_timeout=2000",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One instance: its folder, its environment (a key of the catalogue's), whether test cards may be
    inserted by a click, and the addresses under which people and programs reach it."""

    data: Path
    environment: str
    test_cards: bool
    portal_address: str
    door_address: str
    publication_address: str
    api_address: str = "https://localhost:8445"

    @property
    def is_development(self) -> bool:
        """Whether this is a development instance."""
        return self.environment == DEVELOPMENT

    def secret_key(self) -> str:
        """The kept key of the web application, empty when the instance has none yet."""
        path = self.data / WEB_KEY_FILE
        return path.read_text("ascii").strip() if path.is_file() else ""


def now() -> datetime:
    """The clock of the instance."""
    return datetime.now(UTC)


def place_of(environ: Mapping[str, str]) -> Place:
    """The instance that the environment names. Raises ValueError on an environment that does not exist."""
    data = Path(environ.get("SCEAU_DATA", "data")).absolute()
    environment = environ.get("SCEAU_ENVIRONMENT") or environment_written_in(data)
    if environment not in ENVIRONMENTS:
        raise ValueError(
            f"SCEAU_ENVIRONMENT is {environment!r}: one of {', '.join(ENVIRONMENTS)} is expected"
        )
    drawer = environ.get("SCEAU_TEST_CARDS", "1" if environment == DEVELOPMENT else "0")
    return Place(
        data=data,
        environment=environment,
        test_cards=drawer == "1",
        portal_address=environ.get("SCEAU_PORTAL_ADDRESS", "https://localhost:8443"),
        door_address=environ.get("SCEAU_DOOR_ADDRESS", "https://localhost:8444"),
        publication_address=environ.get("SCEAU_PUBLICATION_ADDRESS", "http://localhost:8480"),
        api_address=environ.get("SCEAU_API_ADDRESS", "https://localhost:8445"),
    )


def ensure_web_key(data: Path) -> None:
    """Make the web application's key when the instance has none: drawn at random, for its owner only."""
    path = data / WEB_KEY_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())


def environment_written_in(data: Path) -> str:
    """The environment the instance's hierarchy was made for; production when there is none, or it cannot be
    read.
    """
    try:
        written = json.loads((data / HIERARCHY_FILE).read_bytes())["environment"]
    except (OSError, ValueError, KeyError, TypeError):
        return "production"
    return str(written)


def ocsp_shelf_of(environ: Mapping[str, str]) -> Path | None:
    """The folder of the OCSP answers prepared ahead (`SCEAU_OCSP_SHELF`), None when none are."""
    folder = environ.get("SCEAU_OCSP_SHELF", "")
    return Path(folder).absolute() if folder else None


def publication_processes_of(environ: Mapping[str, str]) -> int:
    """How many processes answer on the publication's port (`SCEAU_PUBLICATION_PROCESSES`): one, unless told.
    Raises ValueError for what is no number from 1 to 64.
    """
    count = int(environ.get("SCEAU_PUBLICATION_PROCESSES", "1"))
    if not 1 <= count <= _MOST_PROCESSES:
        raise ValueError(f"SCEAU_PUBLICATION_PROCESSES is {count}: 1 to {_MOST_PROCESSES} is expected")
    return count


def hosts_of(environ: Mapping[str, str]) -> list[str]:
    """The host names we answer to, from `SCEAU_HOSTS` (comma separated)."""
    names = [name.strip() for name in environ.get("SCEAU_HOSTS", "").split(",")]
    return [name for name in names if name] or ["localhost", "127.0.0.1", "[::1]"]


def psc_origin_of(environ: Mapping[str, str]) -> list[str]:
    """The origin that browsers are sent to for Pro Santé Connect; none without its settings."""
    from sceau.catalogue import load_catalogue

    place = load_catalogue().entrance.psc.get(environ.get("SCEAU_PSC", ""))
    if place is None:
        return []
    parts = urlsplit(environ.get("SCEAU_PSC_AUTHORIZATION") or place.authorization)
    return [f"{parts.scheme}://{parts.netloc}"]


def database_of(environ: Mapping[str, str], data: Path) -> dict[str, Any]:
    """Django's database: SQLite in the data folder, or what `SCEAU_DATABASE` names.

    ``postgresql://user:password@host:port/name`` or ``postgresql:///name?host=/folder`` (a Unix socket's
    folder). Every commit is on the disk before it is believed: a serial or a journal entry may not be lost
    [ASSURANCE G03].
    """
    address = environ.get("SCEAU_DATABASE", "")
    reads_only = environ.get(READS_ONLY, "") == "1"
    if not address:
        start, patience = (_SQLITE_START + _SQLITE_READS_ONLY, 1) if reads_only else (_SQLITE_START, 20)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data / "sceau.sqlite3"),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": patience, "init_command": start},
        }
    parts = urlsplit(address)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("SCEAU_DATABASE must begin with postgresql://")
    query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", "")) or parts.hostname or "",
        "PORT": str(parts.port or query.get("port", "")),
        "OPTIONS": dict(_POSTGRES_READS_ONLY) if reads_only else {"pool": True},
    }
