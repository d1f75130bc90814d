"""A database of its own for each test: a copy of one that was migrated once, on SQLite or on PostgreSQL.

Verbs then commit for real, as in service, and histories need not be emptied (the database would refuse).
Without SCEAU_TEST_POSTGRES the databases are SQLite files; with it (`postgresql://…`, a server where
databases may be made) they are made there from a template.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections

from sceau.site.environment import database_of

ADDRESS = os.environ.get("SCEAU_TEST_POSTGRES", "")
VENDOR = "postgresql" if ADDRESS else "sqlite"


@contextmanager
def pointed_at(settings: dict[str, Any]) -> Iterator[None]:
    """Have Django's default connection be another database, for this thread and those started meanwhile."""
    kept_settings = connections.settings["default"]
    kept_connection = connections["default"]
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": settings})["default"]
    try:
        yield
    finally:
        connections["default"].close()
        _drop_pool()
        del connections["default"]
        connections.settings["default"] = kept_settings
        connections["default"] = kept_connection


def make_template(folder: Path) -> dict[str, Any]:
    """A migrated database to copy from; its settings."""
    settings = _settings(folder, "template")
    if ADDRESS:
        _on_server(f'CREATE DATABASE "{settings["NAME"]}"')
    with pointed_at(settings):
        call_command("migrate", verbosity=0, skip_checks=True)
    return settings


def drop(settings: dict[str, Any]) -> None:
    """Remove a database from the server (a file goes with its folder)."""
    if ADDRESS:
        _on_server(f'DROP DATABASE IF EXISTS "{settings["NAME"]}" WITH (FORCE)')


def copy(template: dict[str, Any], folder: Path, name: str) -> dict[str, Any]:
    """A fresh copy of a database that nobody is connected to; its settings."""
    settings = _settings(folder, name)
    if ADDRESS:
        _on_server(f'CREATE DATABASE "{settings["NAME"]}" TEMPLATE "{template["NAME"]}"')
    else:
        shutil.copy(template["NAME"], settings["NAME"])
    return settings


def _settings(folder: Path, name: str) -> dict[str, Any]:
    settings = deepcopy(database_of({"SCEAU_DATABASE": ADDRESS}, folder))
    if ADDRESS:
        settings["NAME"] = f"sceau_test_{os.getpid()}_{name}"
    else:
        settings["NAME"] = str(folder / f"{name}.sqlite3")
    return settings


def _on_server(statement: str) -> None:
    import psycopg

    parts = database_of({"SCEAU_DATABASE": ADDRESS}, Path())
    known = {
        "dbname": parts["NAME"],
        "user": parts["USER"],
        "password": parts["PASSWORD"],
        "host": parts["HOST"],
        "port": parts["PORT"],
    }
    with psycopg.connect(autocommit=True, **{key: value for key, value in known.items() if value}) as link:
        link.execute(statement)


def _drop_pool() -> None:
    close = getattr(connections["default"], "close_pool", None)
    if close is not None:
        close()
