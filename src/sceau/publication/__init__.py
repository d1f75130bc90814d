"""Publication: what anybody may read. CA certificates, lists, status answers; read-only, without login
or CA key.
"""

from sceau.publication.asgi import PublicApp
from sceau.publication.patience import PatientProtocol, address_group
from sceau.publication.policy import policy_path, render_policy
from sceau.publication.prepared import PreparedShelf
from sceau.publication.preparer import NoResponderError, Preparer
from sceau.publication.public_site import PublicSite
from sceau.publication.quick import QuickProtocol
from sceau.publication.responder import OcspDesk, OcspReply
from sceau.publication.server import OcspService, build_app, serve, server_for, shared_sockets
from sceau.publication.shelf import FolderShelf, Item, Shelf

__all__ = [
    "FolderShelf",
    "Item",
    "NoResponderError",
    "OcspDesk",
    "OcspReply",
    "OcspService",
    "PatientProtocol",
    "PreparedShelf",
    "Preparer",
    "PublicApp",
    "PublicSite",
    "QuickProtocol",
    "Shelf",
    "address_group",
    "build_app",
    "policy_path",
    "render_policy",
    "serve",
    "server_for",
    "shared_sockets",
]
