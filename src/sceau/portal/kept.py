"""A form that was sent too late, for its sender's proof or for their session: kept sealed while they prove
who they are or come in anew, then taken up where it was left, by the same person only. What opens it is in
the page only: neither the records nor the settings do alone.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any, cast
from urllib.parse import urlencode

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
from sceau.records import who_had_session

KEPT = "gardee"
"""The field that names the form that was kept."""
_OURS = frozenset({"csrfmiddlewaretoken", "preuve", "reponse", KEPT})
_NONCE = b"\0" * 12  # one key seals one form


class TakenUp(HttpRequest):
    """The request that takes a form up: the present one in all but what was posted."""

    def __init__(self, asked: HttpRequest, posted: QueryDict, files: MultiValueDict[str, Any]) -> None:
        super().__init__()
        vars(self).update(vars(asked))
        self.GET, self.COOKIES = asked.GET, asked.COOKIES
        self.POST, self.FILES = posted, files  # type: ignore[assignment]
        self._asked = asked

    @property
    def scheme(self) -> str | None:
        """As of the connection that it came by."""
        return self._asked.scheme


def keep(request: PortalRequest) -> str:
    """Keep what was just posted, files included; gives what takes it up again."""
    return _keep(request, actor_of(request).person_id, request.session.session_key or "")


def keep_for_later(request: PortalRequest) -> str:
    """Keep what was posted after its sender's session had ended, for the session that they begin next. Empty
    when nothing is: nobody knows whose it was, or it was ended on purpose.
    """
    whose = who_had_session(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")[:40])
    return _keep(request, whose, "") if whose else ""


def _keep(request: PortalRequest, person_id: str, session_key: str) -> str:
    key = machine().random(32)
    ticket = b64encode(key, b"-_").rstrip(b"=").decode("ascii")
    path, plain = request.get_full_path(), _written(request)
    keep_form(
        person_id,
        reference=_reference(ticket),
        session_key=session_key,
        path=path,
        sealed=AESGCM(_key(ticket)).encrypt(_NONCE, plain, _bound(person_id, path)),
    )
    return ticket


def hand_on(request: PortalRequest, actor: Actor, ticket: str) -> str:
    """The form goes along to the session just begun; gives the path that it is for, empty without any."""
    if not ticket:
        return ""
    return hand_on_form(actor, reference=_reference(ticket), session_key=request.session.session_key or "")


def take_up(request: PortalRequest, ticket: str) -> PortalRequest | None:
    """The request with the form that was kept in the place of what was posted now; None without any."""
    path = request.get_full_path()
    sealed = take_form(
        actor_of(request),
        reference=_reference(ticket),
        session_key=request.session.session_key or "",
        path=path,
    )
    if sealed is None:
        return None
    try:
        plain = AESGCM(_key(ticket)).decrypt(_NONCE, sealed, _bound(request.visitor.person_id, path))
    except InvalidTag:  # sealed by a process that had another secret
        return None
    return _read(request, plain)


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


def _read(request: PortalRequest, plain: bytes) -> PortalRequest:
    told = json.loads(plain)
    typed = [(name, value) for name, values in told["fields"] for value in values]
    files: MultiValueDict[str, SimpleUploadedFile] = MultiValueDict()
    for field, name, kind, data in told["files"]:
        files.appendlist(field, SimpleUploadedFile(name, b64decode(data), kind))
    return cast(PortalRequest, TakenUp(request, QueryDict(urlencode(typed)), files))


def _reference(ticket: str) -> str:
    return sha256(b"kept form\0" + ticket.encode("utf-8", "surrogatepass")).hexdigest()[:43]


def _key(ticket: str) -> bytes:
    secret = settings.SECRET_KEY.encode()
    return HKDF(SHA256(), length=32, salt=secret, info=b"sceau kept form").derive(ticket.encode())


def _bound(person_id: str, path: str) -> bytes:
    return f"{person_id}\0{path}".encode()
