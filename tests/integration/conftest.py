"""What the tests of the verbs share: a database of their own, and an instance in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from sceau.portal import post_brakes
from tests.instance import Instance, make_instance, people_it
from tests.integration.databases import copy, drop, make_template, pointed_at

_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def _brakes_released() -> None:
    """The clock of an instance stands still: without this, all tests would try things in one minute."""
    post_brakes(None)


@pytest.fixture(scope="session")
def empty_template(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """A migrated, empty database."""
    with django_db_blocker.unblock():
        template = make_template(tmp_path_factory.mktemp("databases"))
        yield template
        drop(template)


@pytest.fixture(scope="session")
def peopled_template(
    empty_template: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[dict[str, Any]]:
    """The same, with everybody registered by the verbs."""
    folder = tmp_path_factory.mktemp("peopled")
    with django_db_blocker.unblock():
        template = copy(empty_template, folder, "peopled")
        with pointed_at(template):
            make_instance(folder / "public")
            people_it()
        yield template
        drop(template)


@pytest.fixture
def database(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """A fresh database, where verbs commit for real; its settings. Peopled for the tests that use
    `instance`.
    """
    wanted = "peopled_template" if "instance" in request.fixturenames else "empty_template"
    template = request.getfixturevalue(wanted)
    with django_db_blocker.unblock():
        settings = copy(template, tmp_path, f"t{next(_NUMBERS)}")
        with pointed_at(settings):
            yield settings
        drop(settings)


@pytest.fixture
def bare_instance(database: dict[str, Any], tmp_path: Path) -> Instance:
    """A machine on an empty database."""
    assert database
    return make_instance(tmp_path / "public")


@pytest.fixture
def instance(bare_instance: Instance) -> Instance:
    """A machine, with everybody registered."""
    return bare_instance
