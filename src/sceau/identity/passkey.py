"""Who holds a passkey: an authenticator's answer becomes a new passkey, or a known one in use, or findings
that say why not.

Pure: the answer, the question asked and the known key are given. No attestation is asked for: which make of
authenticator it is says nothing of who holds it, and two officers vouch for that. User verification is
required always [WebAuthn §7.1, §7.2].
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Any

from cbor2 import CBORError
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.authentication.verify_authentication_response import verify_authentication_response
from webauthn.helpers import (
    base64url_to_bytes,
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.registration.verify_registration_response import verify_registration_response

from sceau.vocabulary import Finding, Reading, read_ok, read_refused

ALGORITHMS = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
"""ES256, EdDSA, RS256: what authenticators make [WebAuthn §5.8.5]."""
_LONGEST = 16 * 1024
_ATTESTATIONS = ("none", "packed")  # asked for none; an authenticator may vouch for itself all the same
_LIBRARY = (WebAuthnException, UnsupportedAlgorithm, CBORError)
_MALFORMED = (*_LIBRARY, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class PasskeyQuestion:
    """What was asked: the relying party (a host name), the origin that may answer, the challenge."""

    relying_party: str
    origin: str
    challenge: bytes


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """What is known of a passkey: its credential, its public key (COSE), and the handle of its user."""

    credential: bytes
    public_key: bytes
    user_handle: bytes


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey just made. `backed_up`: whoever makes the authenticator keeps copies of it."""

    credential: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True)
class PasskeyUse:
    """A passkey just used, verified but for its counter, which is weighed under the lock of its row."""

    credential: bytes
    sign_count: int


def read_new_passkey(answer: str, asked: PasskeyQuestion) -> Reading[NewPasskey]:
    """The passkey that this answer to a registration makes known, or why not (``passkey.*``)."""
    refusal = _refuse_beforehand(answer, asked, registering=True)
    if refusal is not None:
        return read_refused(refusal)
    try:
        given = parse_registration_credential_json(answer)
        if parse_attestation_object(given.response.attestation_object).fmt not in _ATTESTATIONS:
            return read_refused(Finding.error("passkey.unreadable", "passkey"))
        made = verify_registration_response(
            credential=given,
            expected_challenge=asked.challenge,
            expected_rp_id=asked.relying_party,
            expected_origin=asked.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except _MALFORMED as error:
        return read_refused(_why(error))
    return read_ok(
        NewPasskey(
            credential=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            backed_up=made.credential_backed_up,
        )
    )


def credential_named(answer: str) -> bytes | None:
    """The credential that an answer says it is of, unverified: to look it up. None: nothing can be read."""
    if len(answer) > _LONGEST:
        return None
    try:
        named: object = json.loads(answer)["rawId"]
        found = base64url_to_bytes(named) if isinstance(named, str) else b""
    except _MALFORMED:
        return None
    return found if 16 <= len(found) <= 1023 else None


def read_passkey_use(answer: str, asked: PasskeyQuestion, known: KnownPasskey) -> Reading[PasskeyUse]:
    """The use of the `known` passkey that this answer proves, or why not (``passkey.*``)."""
    refusal = _refuse_beforehand(answer, asked, registering=False)
    if refusal is not None:
        return read_refused(refusal)
    try:
        given = parse_authentication_credential_json(answer)
        handle = given.response.user_handle
        is_theirs = not handle or hmac.compare_digest(handle, known.user_handle)
        if given.raw_id != known.credential or not is_theirs:
            return read_refused(Finding.error("passkey.other-key", "passkey"))
        used = verify_authentication_response(
            credential=given,
            expected_challenge=asked.challenge,
            expected_rp_id=asked.relying_party,
            expected_origin=asked.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        return read_refused(_why(error))
    return read_ok(PasskeyUse(used.credential_id, used.new_sign_count))


def check_counter(*, known: int, shown: int) -> tuple[Finding, ...]:
    """Whether the authenticator has counted on since; one that never counts shows zero always. A counter that
    stands still or goes back: there are two of this key [WebAuthn §6.1.1].
    """
    return () if shown > known or known == shown == 0 else (Finding.error("passkey.counter", "passkey"),)


def _refuse_beforehand(answer: str, asked: PasskeyQuestion, *, registering: bool) -> Finding | None:
    """The reasons that a person can do something about, told apart; everything else is one reason."""
    if len(answer) > _LONGEST:
        return Finding.error("passkey.unreadable", "passkey")
    parse = parse_registration_credential_json if registering else parse_authentication_credential_json
    try:
        response: Any = parse(answer).response
        told = parse_client_data_json(response.client_data_json)
    except _MALFORMED as error:
        return _why(error)
    if not hmac.compare_digest(told.challenge, asked.challenge):
        return Finding.error("passkey.challenge", "passkey")
    if told.origin != asked.origin or told.cross_origin:
        return Finding.error("passkey.origin", "passkey")
    return None


def _why(error: Exception) -> Finding:
    told = str(error)
    if "RP ID" in told:
        return Finding.error("passkey.origin", "passkey")
    if "verification is required" in told:
        return Finding.error("passkey.not-verified", "passkey")
    if "signature" in told:
        return Finding.error("passkey.signature", "passkey")
    return Finding.error("passkey.unreadable", "passkey")
