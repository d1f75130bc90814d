"""The keys of a development instance at its first start: hierarchy, journal, TLS, web. Needs no Django.

Done once, in a folder that has no hierarchy; an instance of another environment begins with a ceremony.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sceau.catalogue import load_catalogue
from sceau.custody import (
    SignerFolder,
    create_head_key,
    create_hierarchy,
    ensure_tls,
    make_passphrase_file,
    passphrase_from_file,
)
from sceau.site.environment import DEVELOPMENT, HEAD_KEY_FILE, ensure_web_key


def create_keys(data: Path, *, publication: str, at: datetime, say: Callable[[str], None]) -> None:
    """The hierarchy, the journal's key, TLS and web keys of a development instance that has none yet.

    `publication` is the address written into certificates. What is there already is left as it is.
    """
    catalogue = load_catalogue()
    folder = SignerFolder(data / "signer")
    folder.make()
    if not folder.passphrase.exists():
        make_passphrase_file(folder.passphrase)
    if not folder.contents.exists():
        say("Création de la hiérarchie de développement (racines, autorités, cartes)…")
        environment = catalogue.environments[DEVELOPMENT].moved(publication=publication)
        phrase = passphrase_from_file(folder.passphrase)
        create_hierarchy(
            data, phrase, catalogue=catalogue, environment=environment, at=at - timedelta(hours=1)
        )
    if not (data / HEAD_KEY_FILE).exists():
        create_head_key(data / HEAD_KEY_FILE)
    ensure_tls(data / "tls", at=at)
    ensure_web_key(data)
