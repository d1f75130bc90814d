"""The pages: French, plain, for structures, technical administrators, professionals and the desk.

Reads the records, calls the verbs of `operations`; decides nothing. A page belongs to the hats named in
`urls`.
"""

from sceau.portal.door import (
    TLS_EXTENSION,
    Doorkeeper,
    TestCard,
    TlsFacts,
    doorkeeper,
    peer_certificate,
    post,
)
from sceau.portal.limits import KEY_TRIES, post_brakes, too_often_from
from sceau.portal.psc_door import PscDoor, post_psc
from sceau.portal.themes.files import dsfr_folder
from sceau.portal.watch import Reread, Watched, post_watch

__all__ = [
    "KEY_TRIES",
    "TLS_EXTENSION",
    "Doorkeeper",
    "PscDoor",
    "Reread",
    "TestCard",
    "TlsFacts",
    "Watched",
    "doorkeeper",
    "dsfr_folder",
    "peer_certificate",
    "post",
    "post_brakes",
    "post_psc",
    "post_watch",
    "too_often_from",
]
