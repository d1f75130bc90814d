"""Who Pro Santé Connect says is at the door: an OpenID Connect answer becomes a person, or findings that say
why not.

Pure: the answer, the provider's keys, what was asked and the time are given; nothing is fetched. The person
is known by national identifier alone: the answer names no card [IGC-SANTE 3.2]. What they may do here is
not decided here.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from sceau.vocabulary import Finding, IdentifierMode, PersonId, Reading, read_ok, read_person_id, read_refused

LEEWAY = timedelta(seconds=60)
"""By how much two clocks may differ."""
_OLDEST = timedelta(minutes=10)
_ALGORITHMS = ("RS256",)
_LONGEST = 16 * 1024
_SUBJECT = "psc"


@dataclass(frozen=True, slots=True)
class PscQuestion:
    """What was asked of whom: the issuer's name, ours as its client, this question's nonce, the level (`acr`)
    required, and how old the proof may be (None: as old as the provider's own session).
    """

    issuer: str
    client: str
    nonce: str
    level: str
    newer_than: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PscAnswer:
    """What came back, unverified: the ID token (compact JWS), the access token it goes with, the userinfo,
    and the provider's public keys (a JWK set).
    """

    id_token: str
    access_token: str
    userinfo: Mapping[str, object]
    keys: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PscHolder:
    """A person whom Pro Santé Connect has authenticated. `proven_at` (UTC) is when, as far as it says."""

    national_id: PersonId
    surname: str
    given_names: str
    proven_at: datetime


def read_psc(
    answer: PscAnswer,
    *,
    asked: PscQuestion,
    at: datetime,
    mode: IdentifierMode = IdentifierMode.REAL,
) -> Reading[PscHolder]:
    """The person in `answer` if every check of OpenID Connect Core §3.1.3.7 holds at `at`, else every reason
    why not. Nothing of a token whose signature does not hold is looked at.
    """
    claims = _verified(answer)
    if claims is None:
        return read_refused(Finding.error("psc.signature", _SUBJECT))
    findings = [
        *_about_whom_it_is_for(claims, asked),
        *_about_its_time(claims, asked, at),
        *_about_what_comes_with_it(claims, answer),
    ]
    person = _person_in(answer.userinfo, mode)
    if person is None:
        findings.append(Finding.error("psc.identifier", _SUBJECT))
    if findings or person is None:
        return read_refused(*findings)
    proven = _time(claims, "auth_time") or _time(claims, "iat") or at
    names = [answer.userinfo.get(name) for name in ("family_name", "given_name")]
    surname, given_names = (name[:80] if isinstance(name, str) else "" for name in names)
    return read_ok(PscHolder(person, surname, given_names, min(proven, at)))


def _verified(answer: PscAnswer) -> Mapping[str, object] | None:
    """The claims of the ID token, if one of the provider's RSA keys signed them with RS256; never a key that
    the token brings along, never another algorithm.
    """
    if not 0 < len(answer.id_token) <= _LONGEST:
        return None
    keys = answer.keys.get("keys")
    if not isinstance(keys, list):
        return None
    rsa = [one for one in keys if isinstance(one, dict) and one.get("kty") == "RSA" and _for_signing(one)]
    try:
        registry = JWSRegistry(algorithms=list(_ALGORITHMS))
        known = KeySet.import_key_set({"keys": rsa})
        token = jwt.decode(answer.id_token, known, algorithms=list(_ALGORITHMS), registry=registry)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None
    claims: Mapping[str, object] = token.claims
    return claims


def _for_signing(key: Mapping[str, object]) -> bool:
    return key.get("use", "sig") == "sig" and key.get("alg", "RS256") == "RS256" and "d" not in key


def _about_whom_it_is_for(claims: Mapping[str, object], asked: PscQuestion) -> list[Finding]:
    found = []
    if claims.get("iss") != asked.issuer:
        found.append(Finding.error("psc.issuer", _SUBJECT))
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", asked.client if len(several) == 1 else None)
    if asked.client not in several or party != asked.client:
        found.append(Finding.error("psc.audience", _SUBJECT))
    if not _same(claims.get("nonce"), asked.nonce):
        found.append(Finding.error("psc.nonce", _SUBJECT))
    if claims.get("acr") != asked.level:
        found.append(Finding.error("psc.level", _SUBJECT, level=asked.level))
    return found


def _about_its_time(claims: Mapping[str, object], asked: PscQuestion, at: datetime) -> list[Finding]:
    found = []
    ends, made = _time(claims, "exp"), _time(claims, "iat")
    begins = _time(claims, "nbf") if "nbf" in claims else made
    if (
        ends is None
        or made is None
        or begins is None
        or ends <= at - LEEWAY
        or max(made, begins) > at + LEEWAY
        or made < at - _OLDEST
    ):
        found.append(Finding.error("psc.dates", _SUBJECT))
    proven = _time(claims, "auth_time")
    if asked.newer_than is not None and (proven is None or proven < at - asked.newer_than - LEEWAY):
        found.append(Finding.error("psc.not-fresh", _SUBJECT))
    return found


def _about_what_comes_with_it(claims: Mapping[str, object], answer: PscAnswer) -> list[Finding]:
    found = []
    told = claims.get("at_hash")
    if told is not None and not _same(told, half_digest(answer.access_token)):
        found.append(Finding.error("psc.access", _SUBJECT))
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or answer.userinfo.get("sub") != subject:
        found.append(Finding.error("psc.subject", _SUBJECT))
    return found


def _person_in(userinfo: Mapping[str, object], mode: IdentifierMode) -> PersonId | None:
    """The national identifier, under its two names: one may be missing, they may not differ."""
    told = {userinfo[name] for name in ("SubjectNameID", "preferred_username") if userinfo.get(name)}
    if len(told) != 1:
        return None
    reading = read_person_id(told.pop(), mode=mode)
    return reading.value


def half_digest(token: str) -> str:
    """`at_hash` of an access token under RS256 [OpenID Connect Core §3.1.3.6]."""
    digest = hashlib.sha256(token.encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode("ascii")


def _same(told: object, expected: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), expected.encode())


def _time(claims: Mapping[str, object], name: str) -> datetime | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
