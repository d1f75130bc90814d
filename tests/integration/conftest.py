"""What the tests of the verbs share: a database of their own, and an instance in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.instance import Instance, make_instance, people_it
from tests.integration.databases import copy_of, drop_template, make_template

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def empty_template(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """A migrated, empty database."""
    with django_db_blocker.unblock():
        template = make_template(tmp_path_factory.mktemp("databases"))
        yield template
        drop_template(template)


@pytest.fixture
def database(
    empty_template: dict[str, Any], tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """A fresh database, where verbs commit for real; its settings."""
    with django_db_blocker.unblock(), copy_of(empty_template, tmp_path, f"t{next(_NUMBERS)}") as settings:
        yield settings


@pytest.fixture
def bare_instance(database: dict[str, Any], tmp_path: Path) -> Instance:
    """A machine on an empty database."""
    assert database
    return make_instance(tmp_path / "public")


@pytest.fixture
def instance(bare_instance: Instance) -> Instance:
    """A machine, with everybody registered."""
    people_it()
    return bare_instance
