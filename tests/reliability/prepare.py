"""`python -m tests.reliability.prepare DATA PORTS`: makes a development instance as `sceau run` does at its
first start (with quick keys). Without ports: a right and an API token for it, of which it prints the secret.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sceau.catalogue import load_catalogue
from sceau.custody import SignerFolder, create_hierarchy, make_passphrase_file
from sceau.site.instance import Places, prepare

PRODUCT = "SERV_SSL"
DECLARED = "ch-trois-vallees.fr"  # by the form of `sceau demo`


def make_hierarchy(data: Path, publication: str) -> None:
    """The development hierarchy with P-256 keys throughout: RSA would make the load wait for the signer."""
    from dataclasses import replace

    catalogue = load_catalogue()
    folder = SignerFolder(data / "signer")
    folder.make()
    environment = replace(catalogue.environments["development"], authority_key="ec:P-256")
    create_hierarchy(
        data,
        make_passphrase_file(folder.passphrase),
        catalogue=catalogue,
        environment=environment.moved(publication=publication, ocsp=f"{publication}/ocsp"),
        at=datetime.now(UTC) - timedelta(hours=1),
    )


def main() -> None:
    """Make the instance, or the token."""
    data = Path(sys.argv[1])
    if sys.argv[2:]:
        places = Places("localhost", *(int(port) for port in sys.argv[2:]))
        make_hierarchy(data, places.publication)
        prepare(data, places, say=lambda text: print(text, file=sys.stderr))
        return
    from sceau.site import start

    start(data)
    sys.stdout.write(_make_token() + "\n")


def _make_token() -> str:
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

    file = receive_form(_actor("marchand"), raw=FORM, channel="web", idempotency_key="reliability")
    reference, version = file.line.reference, file.line.version
    take_order(_actor("leroux"), reference=reference)
    for officer in ("leroux", "moreau"):
        approve_order(_actor(officer), reference=reference, version=version)
    administrator = _actor("benali")
    rights = habilitations_of(administrator.person_id, at=machine().clock())
    made = create_token(
        administrator,
        habilitation=next(line.reference for line in rights if line.product == PRODUCT),
        label="endurance",
        valid_until=machine().clock() + timedelta(days=30),
        terms_accepted=True,
        limits=TokenLimits(int(os.environ.get("SCEAU_TEST_PER_DAY", "100000"))),
    )
    return made.secret


def _actor(slug: str) -> Any:
    from sceau.operations import machine, welcome_card
    from sceau.portal import doorkeeper

    card = next(card for card in doorkeeper().drawer if card.slug == slug)
    return welcome_card(doorkeeper().read(card.certificate, at=machine().clock()).require())


if __name__ == "__main__":
    main()
