"""A key is compromised: proved by whoever holds it, or reported to an officer. It is blocked for ever, and
every certificate on it ends, in all structures [ASSURANCE F17, F18].

Blocked first, in a transaction of its own: whatever is cut short afterwards, no further certificate is made
on it, and `finish_key_reports` ends what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sceau.catalogue import Quality
from sceau.certification import read_key_proof, read_public_key
from sceau.operations.acts import acting
from sceau.operations.endings import KEY_COMPROMISE, block_keys
from sceau.operations.key_ends import end_on_key
from sceau.operations.machine import Actor, machine
from sceau.operations.revocation_runs import quality_held
from sceau.operations.standing import AUTHORITY, DESK, require_role
from sceau.operations.typed import read_text
from sceau.records import (
    CertificateLine,
    certificates_on,
    find_on_key,
    hold_issuance,
    is_key_blocked,
    still_to_end,
)
from sceau.records.models import BlockedKey
from sceau.status import reason_findings
from sceau.vocabulary import Finding, Refused

_BY_PROOF = Actor.system("key-proof")
_SWEEP = Actor.system("key-reports")
_LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What came of a report: the key (hex SHA-256 of its SubjectPublicKeyInfo) and the references of the
    certificates that it ended.
    """

    key: str
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyLook:
    """What is known of a key: is it blocked, and the certificates on it, newest first (a hundred at most)."""

    key: str
    blocked: bool
    lines: tuple[CertificateLine, ...]


def look_up_key(data: bytes) -> KeyLook:
    """What the records know of a public key, in any form that `read_public_key` reads. Changes nothing."""
    key = read_public_key(data).require()
    return KeyLook(key, is_key_blocked(key), find_on_key(key, at=machine().clock()))


def report_key_by_proof(proof: bytes) -> KeyReport:
    """Whoever proves that they hold a private key has it blocked, and every certificate on it ended.

    Nobody is at the door: a refusal (`key-report.*`, `csr.*`, `key.*`) is not journaled [decision 18]. A key
    that was never certified here is `key-report.unknown-key`: strangers do not fill the records.
    """
    key = read_key_proof(proof).require()
    if not certificates_on(key).exists():
        raise Refused([Finding.error("key-report.unknown-key", "proof")])
    return report_held_key(key)


def report_held_key(key: str) -> KeyReport:
    """Block this key (its digest) and end what stands on it: for a proof that was judged."""
    return _report(_BY_PROOF, key, quality=Quality.KEY_HOLDER, words="")


def report_key(actor: Actor, *, key: str, quality: str, explanation: str) -> KeyReport:
    """An officer reports a key (its digest), known or not. As many certificates as one person may end alone;
    above, `key-report.too-many`: a run by the key is for two.
    """
    with acting(actor, "key.reported", key) as act:
        require_role(act, DESK, AUTHORITY)
        key = read_public_key(key.encode()).require()
        act.about(key)
        claimed = quality_held(actor, quality)
        found = reason_findings(KEY_COMPROMISE, claimed, subject=key, catalogue=act.machine.catalogue)
        if found:
            raise Refused(found)
        words = read_text(explanation, subject="explanation")
        left = still_to_end(certificates_on(key), act.at).count()
        most = act.machine.catalogue.runs.alone_up_to
        if left > most:
            raise Refused([Finding.error("key-report.too-many", "key", count=left, most=most)])
        act.unchanged()
    return _report(actor, key, quality=claimed, words=words)


def finish_key_reports() -> int:
    """End what is left on keys blocked in the last week (a report cut short, a certificate that was being
    written); how many were ended. For the clockwork: costs as much as there are such keys.
    """
    now = machine().clock()
    keys = BlockedKey.objects.filter(since__gte=now - _LOOKED_BACK)
    ended = 0
    for key in keys.values_list("spki_sha256", flat=True):
        if not still_to_end(certificates_on(key), now).exists():
            continue
        ended += len(_end_all(_SWEEP, key, quality=Quality.AUTHORITY))
    return ended


def _report(actor: Actor, key: str, *, quality: Quality, words: str) -> KeyReport:
    with acting(actor, "key.reported", key) as act:
        hold_issuance()
        if BlockedKey.objects.filter(spki_sha256=key).exists():
            act.unchanged()
        block_keys(act, (key,), why=KEY_COMPROMISE)
        act.tell(key=key, quality=str(quality))
        if words:
            act.keep(explanation=words)
    return KeyReport(key, _end_all(actor, key, quality=quality))


def _end_all(actor: Actor, key: str, *, quality: Quality) -> tuple[str, ...]:
    ended: list[str] = []
    while True:
        with acting(actor, "key.certificates-ended", key) as act:
            some = end_on_key(act, key, quality=quality, by=actor.person_id)
            if not some:
                act.unchanged()
            act.tell(ended=len(some))
        if not some:
            return tuple(ended)
        ended += some
