"""Pro Santé Connect at the door: the question sent, kept in the browser that asked, and taken once.

How an answer is fetched is handed over by `site`; whom an answer names, `identity` reads;
who that is here, `operations` says. Nothing of an answer is believed for coming to the right address.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponseBase

from sceau.identity import PscHolder, PscQuestion, read_psc
from sceau.operations import machine, spend
from sceau.portal.psc_door import PscDoor
from sceau.vocabulary import Finding, Reading, read_refused

COOKIE = "__Host-sceau-psc"
"""Sent on the way back from another site, which the session's own cookie (SameSite=Strict) never is; it opens
nothing: it names the question that this browser asked."""
KEPT = timedelta(minutes=10)
_STORED = "psc"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer. `again` says that it proves anew who is already in; `kept` is the
    ticket of a form that waits for it, empty without any.
    """

    key: str
    state: str
    nonce: str
    verifier: str
    way_on: str
    again: bool
    kept: str = ""


def ask(*, way_on: str, again: bool, kept: str = "") -> Asked:
    """A new question, kept on our side for ten minutes under a key of its own."""
    state, nonce, verifier = (_drawn() for _ in range(3))
    store = SessionStore()
    store[_STORED] = [state, nonce, verifier, way_on, again, kept, machine().clock().isoformat()]
    store.set_expiry(int(KEPT.total_seconds()))
    store.create()
    return Asked(store.session_key or "", state, nonce, verifier, way_on, again, kept)


def address_to_ask(door: PscDoor, asked: Asked) -> str:
    """Where the browser is sent with a question: code flow, PKCE S256, state, nonce, level
    [OpenID Connect Core §3.1.2.1, RFC 7636].
    """
    challenge = urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
    told = {
        "response_type": "code",
        "client_id": door.client,
        "redirect_uri": door.back,
        "scope": door.place.scope,
        "acr_values": door.place.level,
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if asked.again:
        told |= {"prompt": "login", "max_age": str(int(_fresh().total_seconds()))}
    return f"{door.place.authorization}?{urlencode(told)}"


def keep_cookie(response: HttpResponseBase, asked: Asked) -> None:
    """Bind the question to this browser."""
    seconds = int(KEPT.total_seconds())
    response.set_cookie(COOKIE, asked.key, max_age=seconds, secure=True, httponly=True, samesite="Lax")


def take(request: HttpRequest) -> Asked | None:
    """The question that this browser asked and this answer answers; gone with it, whether it was the right
    one or not. None for any other.
    """
    key = request.COOKIES.get(COOKIE, "")
    if not 20 <= len(key) <= 40 or not key.isalnum():
        return None
    kept = SessionStore(key).load().get(_STORED)
    if not isinstance(kept, list) or not spend(key):
        return None
    state, nonce, verifier, way_on, again, ticket, since = kept
    told = request.GET.getlist("state")
    is_answer = len(told) == 1 and hmac.compare_digest(told[0].encode(), state.encode())
    if not is_answer or machine().clock() - datetime.fromisoformat(since) > KEPT:
        return None
    return Asked(key, state, nonce, verifier, way_on, again, ticket)


def read_answer(door: PscDoor, request: HttpRequest, asked: Asked) -> Reading[PscHolder]:
    """The person whom this answer names, or every reason why not. Raises `Fault` when the provider cannot be
    asked.
    """
    issuer = request.GET.get(
        "iss", door.place.issuer
    )  # an answer that says whose it is, says ours [RFC 9207]
    if issuer != door.place.issuer:
        return read_refused(Finding.error("psc.issuer", "psc"))
    codes = request.GET.getlist("code")
    if "error" in request.GET or len(codes) != 1 or not 0 < len(codes[0]) <= 2048:
        return read_refused(Finding.error("psc.declined", "psc"))
    answer = door.exchange(codes[0], asked.verifier)
    question = PscQuestion(
        issuer=door.place.issuer,
        client=door.client,
        nonce=asked.nonce,
        level=door.place.level,
        newer_than=_fresh() if asked.again else None,
    )
    return read_psc(answer, asked=question, at=machine().clock(), mode=door.mode)


def _fresh() -> timedelta:
    return machine().catalogue.entrance.session.fresh


def _drawn() -> str:
    return urlsafe_b64encode(machine().random(32)).rstrip(b"=").decode("ascii")
