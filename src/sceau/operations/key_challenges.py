"""The words that whoever holds a private key signs to have it blocked: of one key, one hour, one use.

One challenge a key at a time, kept until it has served or its hour is over: asking again meanwhile gives the
same words, so that a stranger who asks takes nothing from the one who is signing. Nothing is kept for a key
that was never certified here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from sceau.certification import challenge_text, check_signature, read_public_key, read_signature
from sceau.operations.key_reports import KeyReport, report_held_key
from sceau.operations.machine import machine
from sceau.records import certificates_on
from sceau.records.models import Setting
from sceau.vocabulary import Finding, Refused

CHALLENGE_LIVES = timedelta(hours=1)
_PREFIX = "key-challenge."
_USED = "used_by"  # SHA-256 of the signature that they served
_NAMED = 48  # of the key's digest: a name has 64 characters


@dataclass(frozen=True, slots=True)
class KeyChallenge:
    """The words to sign, for which key (hex SHA-256 of its SubjectPublicKeyInfo), until when (UTC)."""

    key: str
    text: str
    until: datetime


def challenge_key(named: bytes) -> KeyChallenge:
    """The words to sign for the key that `named` holds, in any form that `read_public_key` reads.

    Raises `Refused`: what that reader refuses, `key-report.unknown-key` for a key never certified here.
    """
    key = read_public_key(named).require()
    _spki_of(key)
    now = machine().clock().astimezone(UTC).replace(microsecond=0)
    with transaction.atomic():
        row = Setting.objects.select_for_update().filter(name=_name_of(key)).first()
        held = None if row is None or _USED in row.value else _challenge(key, row)
        if held is not None and now < held.until:
            return held
        value = {"nonce": machine().random(16).hex(), "until": (now + CHALLENGE_LIVES).isoformat()}
        fresh, _ = Setting.objects.update_or_create(name=_name_of(key), defaults={"value": value})
    return _challenge(key, fresh)


def report_key_by_signature(named: bytes, signature: bytes) -> KeyReport:
    """Whoever signed the key's challenge with it has it blocked, and every certificate on it ended, as by any
    other proof. A signature that is wrong leaves the challenge as it is; a right one uses it up. The very
    same signature, sent again within the hour (an answer was lost), finishes what the first began.

    Raises `Refused`: `key-report.*`, all of them before anything changes.
    """
    key = read_public_key(named).require()
    spki = _spki_of(key)
    octets = read_signature(signature).require()
    row = Setting.objects.filter(name=_name_of(key)).first()
    held = None if row is None else _challenge(key, row)
    if row is None or held is None or machine().clock() >= held.until or _is_spent(row, octets):
        raise Refused([Finding.error("key-report.no-challenge", "signature")])
    found = check_signature(held.text, octets, spki)
    if found:
        raise Refused(found)
    _spend(row, octets)
    return report_held_key(key)


def _spend(row: Setting, signature: bytes) -> None:
    """Have these words serve this signature, and no other ever."""
    if _USED in row.value:
        return
    used = {**row.value, _USED: hashlib.sha256(signature).hexdigest()}
    if Setting.objects.filter(name=row.name, value=row.value).update(value=used):
        return
    row = Setting.objects.filter(name=row.name).first() or row  # another one was faster with the same words
    if _USED not in row.value or _is_spent(row, signature):
        raise Refused([Finding.error("key-report.no-challenge", "signature")])


def _is_spent(row: Setting, signature: bytes) -> bool:
    """Whether these words served another signature."""
    return row.value.get(_USED, "") not in {"", hashlib.sha256(signature).hexdigest()}


def forget_challenges() -> int:
    """Drop those whose hour is over; how many. For the clockwork: there are few."""
    now, over = machine().clock(), []
    for row in Setting.objects.filter(name__startswith=_PREFIX):
        if datetime.fromisoformat(row.value["until"]) <= now:
            over.append(row.name)
    return Setting.objects.filter(name__in=over).delete()[0]


def _name_of(key: str) -> str:
    return _PREFIX + key[:_NAMED]


def _challenge(key: str, row: Setting) -> KeyChallenge:
    until = datetime.fromisoformat(row.value["until"])
    return KeyChallenge(key, challenge_text(key, nonce=row.value["nonce"], until=until), until)


def _spki_of(key: str) -> bytes:
    """The key itself, from a certificate of ours on it: what the visitor named is only looked up."""
    row = certificates_on(key).exclude(der=None).first()
    if row is None:
        raise Refused([Finding.error("key-report.unknown-key", "key")])
    public = x509.load_der_x509_certificate(bytes(row.der or b"")).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if hashlib.sha256(spki).hexdigest() != key:
        raise Refused([Finding.error("key-report.unknown-key", "key")])
    return spki
