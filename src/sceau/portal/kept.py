"""A form that was sent too late for its sender's proof: kept sealed while they prove who they are, then taken
up where it was left. What opens it is in the page only: neither the records nor the settings do alone.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from sceau.operations import Actor, hand_on_form, keep_form, machine, take_form
from sceau.portal.visitor import PortalRequest, actor_of

KEPT = "gardee"
"""The field that names the form that was kept."""
_OURS = frozenset({"csrfmiddlewaretoken", "preuve", "reponse", KEPT})
_NONCE = b"\0" * 12  # one key seals one form


def keep(request: PortalRequest) -> str:
    """Keep what was just posted, files included; gives what takes it up again."""
    key = machine().random(32)
    ticket = b64encode(key, b"-_").rstrip(b"=").decode("ascii")
    path, plain = request.get_full_path(), _written(request)
    keep_form(
        actor_of(request),
        reference=_reference(ticket),
        session_key=request.session.session_key or "",
        path=path,
        sealed=AESGCM(_key(ticket)).encrypt(_NONCE, plain, _bound(request, path)),
    )
    return ticket


def hand_on(request: PortalRequest, actor: Actor, ticket: str) -> str:
    """The form goes along to the session just begun; gives the path that it is for, empty without any."""
    if not ticket:
        return ""
    return hand_on_form(actor, reference=_reference(ticket), session_key=request.session.session_key or "")


def take_up(request: PortalRequest, ticket: str) -> bool:
    """Put the form that was kept in the place of what was posted now; whether there was one."""
    path = request.get_full_path()
    sealed = take_form(
        actor_of(request),
        reference=_reference(ticket),
        session_key=request.session.session_key or "",
        path=path,
    )
    if sealed is None:
        return False
    try:
        plain = AESGCM(_key(ticket)).decrypt(_NONCE, sealed, _bound(request, path))
    except InvalidTag:  # sealed by a process that had another secret
        return False
    _read(request, plain)
    return True


def names_of_files(request: HttpRequest) -> list[str]:
    """The files that were posted, as a person knows them."""
    return [str(one.name) for _, several in request.FILES.lists() for one in several]


def _written(request: HttpRequest) -> bytes:
    fields = [[name, values] for name, values in request.POST.lists() if name not in _OURS]
    files = [
        [name, one.name, one.content_type or "", b64encode(one.read()).decode("ascii")]
        for name, several in request.FILES.lists()
        for one in several
    ]
    return json.dumps({"fields": fields, "files": files}).encode()


def _read(request: HttpRequest, plain: bytes) -> None:
    told = json.loads(plain)
    typed = QueryDict(mutable=True)
    for name, values in told["fields"]:
        typed.setlist(name, values)
    typed._mutable = False
    files: MultiValueDict[str, SimpleUploadedFile] = MultiValueDict()
    for field, name, kind, data in told["files"]:
        files.appendlist(field, SimpleUploadedFile(name, b64decode(data), kind))
    request.POST = typed  # type: ignore[assignment]
    request._files = files  # type: ignore[attr-defined]


def _reference(ticket: str) -> str:
    return sha256(b"kept form\0" + ticket.encode("utf-8", "surrogatepass")).hexdigest()[:43]


def _key(ticket: str) -> bytes:
    secret = settings.SECRET_KEY.encode()
    return HKDF(SHA256(), length=32, salt=secret, info=b"sceau kept form").derive(ticket.encode())


def _bound(request: PortalRequest, path: str) -> bytes:
    return f"{request.visitor.person_id}\0{path}".encode()
