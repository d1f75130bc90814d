"""What an authenticator is asked, and whether an answer is to a question of ours.

A challenge proves by itself that we asked it, of this browser, for this purpose, a few minutes ago: nothing
is written for whoever only looks at the entrance. That it is answered once, the verbs see to.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.middleware.csrf import get_token
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from sceau.identity import (
    ALGORITHMS,
    KnownPasskey,
    PasskeyQuestion,
    PasskeyUse,
    credential_named,
    read_passkey_use,
)
from sceau.operations import Invited, machine
from sceau.portal.visitor import PortalRequest
from sceau.records import PasskeyFacts, passkey_facts
from sceau.vocabulary import Finding, Reading, read_refused

ANSWER = "reponse"
"""The field that brings an authenticator's answer."""
_DRAWN, _MARK = 16, 32
_ENTRY = "enter"


def options_to_enter(request: PortalRequest, *, purpose: str = _ENTRY) -> str:
    """The question of the entrance, as JSON: any passkey that this browser can find, its holder verified."""
    return json.dumps(
        {
            "challenge": _text(_challenge(request, purpose)),
            "rpId": relying_party(),
            "timeout": _milliseconds(),
            "userVerification": "required",
        }
    )


def options_to_register(request: PortalRequest, invited: Invited) -> str:
    """The question that makes a new passkey, as JSON: one that its holder finds again, no attestation."""
    return json.dumps(
        {
            "challenge": _text(_challenge(request, f"register:{invited.reference}")),
            "rp": {"id": relying_party(), "name": _("Sceau")},
            "user": {
                "id": _text(invited.user_handle),
                "name": invited.display,
                "displayName": invited.display,
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": int(one)} for one in ALGORITHMS],
            "excludeCredentials": [{"type": "public-key", "id": _text(one)} for one in invited.known],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
            "timeout": _milliseconds(),
        }
    )


def question_of(request: PortalRequest, purpose: str) -> PasskeyQuestion:
    """The question that the posted answer names, if it is one of ours for `purpose`; else one that no answer
    fits.
    """
    named = _challenge_named(request.POST.get(ANSWER, ""))
    challenge = named if _is_ours(request, named, purpose) else machine().random(_DRAWN)
    return PasskeyQuestion(relying_party(), settings.SCEAU_PORTAL_ADDRESS, challenge)


def used_passkey(
    request: PortalRequest, *, purpose: str = _ENTRY, person_id: str = ""
) -> tuple[Reading[PasskeyUse], PasskeyFacts | None, bytes]:
    """The passkey that the posted answer proves, with what the records know of it and the challenge; or why
    not. With `person_id`, nobody else's will do.
    """
    answer, asked = request.POST.get(ANSWER, ""), question_of(request, purpose)
    named = credential_named(answer)
    if named is None:
        return read_refused(Finding.error("passkey.unreadable", "passkey")), None, asked.challenge
    known = passkey_facts(credential=named)
    if known is None:
        return read_refused(Finding.error("passkey.unknown", "passkey")), None, asked.challenge
    if person_id and known.person_id != person_id:
        return read_refused(Finding.error("passkey.other-key", "passkey")), None, asked.challenge
    facts = KnownPasskey(known.credential, known.public_key, known.user_handle)
    return read_passkey_use(answer, asked, facts), known, asked.challenge


def relying_party() -> str:
    """The host name that passkeys are made for: the portal's, on any port."""
    return urlsplit(settings.SCEAU_PORTAL_ADDRESS).hostname or ""


def _challenge(request: PortalRequest, purpose: str) -> bytes:
    get_token(request)
    drawn = machine().random(_DRAWN) + int(machine().clock().timestamp()).to_bytes(8, "big")
    return drawn + _mark(request, drawn, purpose)


def _is_ours(request: PortalRequest, challenge: bytes, purpose: str) -> bool:
    drawn, mark = challenge[:-_MARK], challenge[-_MARK:]
    if len(drawn) != _DRAWN + 8 or not hmac.compare_digest(mark, _mark(request, drawn, purpose)):
        return False
    age = machine().clock().timestamp() - int.from_bytes(drawn[_DRAWN:], "big")
    return -1 <= age <= machine().catalogue.entrance.passkey.answer.total_seconds()


def _mark(request: PortalRequest, drawn: bytes, purpose: str) -> bytes:
    """Bound to the browser by the secret of its form token, which it holds before it is known."""
    browser = str(request.META.get("CSRF_COOKIE", ""))
    told = b"\0".join((purpose.encode(), browser.encode(), drawn))
    return salted_hmac("sceau.passkey", told, algorithm="sha256").digest()


def _challenge_named(answer: str) -> bytes:
    try:
        told: Any = json.loads(_octets(json.loads(answer[: 16 * 1024])["response"]["clientDataJSON"]))
        return _octets(told["challenge"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return b""


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _milliseconds() -> int:
    return int(machine().catalogue.entrance.passkey.answer.total_seconds() * 1000)


def digest_of_session(request: PortalRequest) -> str:
    """What a proof in the middle of a session is bound to."""
    return sha256((request.session.session_key or "").encode()).hexdigest()
