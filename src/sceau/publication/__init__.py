"""Publication: what anybody may read. CA certificates, lists, status answers; read-only, without login
or CA key.
"""

from sceau.publication.asgi import PublicApp
from sceau.publication.patience import PatientProtocol, address_group
from sceau.publication.public_site import PublicSite
from sceau.publication.responder import OcspDesk, OcspReply
from sceau.publication.server import OcspService, build_app, serve, server_for
from sceau.publication.shelf import FolderShelf, Item, Shelf

__all__ = [
    "FolderShelf",
    "Item",
    "OcspDesk",
    "OcspReply",
    "OcspService",
    "PatientProtocol",
    "PublicApp",
    "PublicSite",
    "Shelf",
    "address_group",
    "build_app",
    "serve",
    "server_for",
]
