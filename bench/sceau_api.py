"""Our own side of issuance by API: a whole instance with an issuer of the kind wanted, a right, a token, a
load.

The hierarchy is made by the product's ceremony with another kind of key; the order, its two approvals and the
token by the product's verbs; signer, clockwork and door run as `sceau run` starts them, and all three count.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.children import child
from bench.database import forget
from bench.instance import make_instance
from bench.load import Load, Request
from bench.servers import Running, ServerFailedError
from sceau.catalogue import load_catalogue
from sceau.custody import SignerFolder, create_hierarchy, make_passphrase_file, passphrase_from_file

PRODUCT = "SERV_SSL"
_DECLARED = "ch-trois-vallees.fr"  # by the form of `sceau demo`
_PER_DAY = 100_000


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """A door that issues, the other processes that work for it, the token it takes, and its database."""

    server: Running
    others: Sequence[Running]
    token: str
    data: Path

    def cpu(self) -> float:
        """CPU seconds of all its processes."""
        return sum(process.cpu() for process in (self.server, *self.others))

    def issued(self) -> int:
        """How many certificates are in the database, signed bytes and all."""
        query = "SELECT COUNT(*) FROM records_certificate WHERE state IN ('issued', 'collected')"
        with contextlib.closing(sqlite3.connect(self.data / "sceau.sqlite3", timeout=30)) as database:
            return int(database.execute(query).fetchone()[0])

    def load(self, csrs: Sequence[str], *, at_once: int) -> Load:
        """Asking for `csrs` (PEM), each once, `at_once` a call; a first call is proved."""
        name, folder = f"api-{at_once}", self.data.parent
        load = Load(folder, name, _requests(csrs, self.token, at_once), clients=32, tls=True, once=True)
        self.prove(load, at_once)
        return load

    def prove(self, load: Load, at_once: int) -> None:
        """One more call, whose certificates are looked at."""
        load.prove(self.server, lambda _, body: _check(body, at_once), most=1)


@contextlib.contextmanager
def sceau_api(folder: Path, kind: str) -> Iterator[ApiTarget]:
    """The door of a fresh instance whose issuers have keys of `kind`."""
    data = folder / "instance"
    forget(data)
    with child("bench.sceau_api", data=data, data_folder=str(data)) as ask:
        ask(do="keys", kind=kind)
    instance = make_instance(data)
    with contextlib.ExitStack() as stack:
        socket = SignerFolder(data / "signer").socket
        signer = stack.enter_context(instance.part("signer", is_ready=socket.exists))
        with child("bench.sceau_api", data=data, data_folder=str(data)) as ask:
            token = str(ask(do="right")["token"])
        clockwork = stack.enter_context(instance.part("clockwork", is_ready=lambda: True))
        door = stack.enter_context(instance.part("enrolment", instance.api))
        yield ApiTarget(door, (signer, clockwork), token, data)


def _requests(csrs: Sequence[str], token: str, at_once: int) -> list[Request]:
    """One request a body; names and idempotency keys are all different."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = [
        {"product": PRODUCT, "names": [f"srv{number}.{_DECLARED}"], "csr": csr}
        for number, csr in enumerate(csrs)
    ]
    bodies: list[Any] = list(asked)
    if at_once > 1:
        bodies = [{"requests": asked[at : at + at_once]} for at in range(0, len(asked), at_once)]
    return [
        Request(
            "POST",
            "/api/v1/certificates",
            json.dumps(body).encode(),
            {**headers, "Idempotency-Key": f"bench-{at_once}-{at}"},
        )
        for at, body in enumerate(bodies)
    ]


def _check(body: bytes, at_once: int) -> None:
    answer = json.loads(body)
    made = [answer] if at_once == 1 else [one.get("certificate") or {} for one in answer["results"]]
    if not all("BEGIN CERTIFICATE" in str(one.get("certificate")) for one in made):
        raise ServerFailedError(f"the door issued nothing: {body[:400]!r}")


def worker(data_folder: str) -> Callable[..., dict[str, Any]]:
    """The child: makes the hierarchy, or the right and its token."""
    data = Path(data_folder)

    def answer(do: str, kind: str = "") -> dict[str, Any]:
        if do == "keys":
            _make_hierarchy(data, kind)
            return {}
        return {"token": _make_token(data)}

    return answer


def _make_hierarchy(data: Path, kind: str) -> None:
    """The ceremony of a development instance, with keys of `kind` throughout."""
    catalogue = load_catalogue()
    folder = SignerFolder(data / "signer")
    folder.make()
    make_passphrase_file(folder.passphrase)
    environment = replace(catalogue.environments["development"], authority_key=kind)
    at = datetime.now(UTC) - timedelta(hours=1)
    create_hierarchy(
        data, passphrase_from_file(folder.passphrase), catalogue=catalogue, environment=environment, at=at
    )


def _make_token(data: Path) -> str:
    """An order received, taken, approved by two people; then a token of the right that came of it."""
    from sceau.site import start

    os.environ.setdefault("SCEAU_DATA", str(data))
    start(data)
    from sceau.cli.demo_story import FORM
    from sceau.operations import (
        TokenLimits,
        approve_order,
        create_token,
        machine,
        receive_form,
        take_order,
    )
    from sceau.records import habilitations_of

    at = machine().clock()
    file = receive_form(actor_of("marchand"), raw=FORM, channel="web", idempotency_key="bench")
    reference, version = file.line.reference, file.line.version
    take_order(actor_of("leroux"), reference=reference)
    for officer in ("leroux", "moreau"):
        approve_order(actor_of(officer), reference=reference, version=version)
    administrator = actor_of("benali")
    rights = habilitations_of(administrator.person_id, at=machine().clock())
    right = next(line.reference for line in rights if line.product == PRODUCT)
    made = create_token(
        administrator,
        habilitation=right,
        label="banc",
        valid_until=at + timedelta(days=30),
        terms_accepted=True,
        limits=TokenLimits(_PER_DAY),
    )
    return made.secret


def actor_of(slug: str) -> Any:
    """A made-up person at the door, their card read like any card."""
    from sceau.operations import machine, welcome_card
    from sceau.portal import doorkeeper

    card = next(card for card in doorkeeper().drawer if card.slug == slug)
    return welcome_card(doorkeeper().read(card.certificate, at=machine().clock()).require())
