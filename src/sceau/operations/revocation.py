"""The end of a certificate: final, with a reason and the quality of who asks."""

from __future__ import annotations

from datetime import timedelta

from sceau.catalogue import Quality
from sceau.certification import CertificateState
from sceau.operations.acts import Act, acting
from sceau.operations.codes import is_code
from sceau.operations.confinement import qualities_left
from sceau.operations.endings import KEY_COMPROMISE, end_certificate
from sceau.operations.key_ends import end_on_key
from sceau.operations.machine import Actor
from sceau.operations.outcomes import view
from sceau.operations.standing import contract_qualities, require_person
from sceau.operations.typed import read_text
from sceau.records import CertificateFile, bearing_serial, is_serial_given, keeper_of, roles_of
from sceau.records.models import Certificate
from sceau.status import choose_serial, read_serial
from sceau.vocabulary import Finding, Refused

MOST_FAILURES = 5
PAUSE = timedelta(hours=1)
_BY_CODE = Actor.system("revocation-code")
_UNSIGNED = (CertificateState.INTENDED, CertificateState.ABANDONED)


def revoke_certificate(
    actor: Actor, *, reference: str, reason: str, quality: str, explanation: str = ""
) -> CertificateFile:
    """Revoke as `quality` (`holder`, `administrator`, `representative`, `mandataire`, `desk`, `authority`,
    `judge`).

    The quality is checked against the records; reason × quality is the catalogue's table. Revoking again
    changes nothing and gives the same answer. A reason of key compromise blocks the key for ever, and ends
    every other certificate on it, whoever's [ASSURANCE F17].
    """
    with acting(actor, "certificate.revoked", reference) as act:
        person = require_person(act).national_id
        row = Certificate.objects.select_for_update().filter(reference=reference).first()
        held = frozenset() if row is None else qualities_left(actor, row, qualities_towards(person, row))
        if row is None or not held or row.state in _UNSIGNED:
            raise Refused([Finding.error("certificate.unknown", reference)])
        if quality not in held:
            raise Refused([Finding.error("revocation.quality-not-held", reference, quality=quality)])
        words = read_text(explanation, subject="explanation", required=False)
        _end(act, row, reason=reason, quality=Quality(quality), explanation=words)
    return view(reference)


def revoke_by_code(*, serial: str, code: str, reason: str) -> CertificateFile:
    """Revoke with the code chosen at collection, without a login. `serial` in any usual spelling, or the
    reference.

    Wrong serial and wrong code give the same answer, in the same time; too many tries close the door for a
    while. Refusals here are counted, not journaled: nobody is at the door [decision 18].
    """
    reference = _find(serial)
    if not _try_code(reference, code):
        raise Refused([Finding.error("revocation.code", "code")])
    with acting(_BY_CODE, "certificate.revoked", reference) as act:
        row = Certificate.objects.select_for_update().get(reference=reference)
        _end(act, row, reason=reason, quality=Quality.HOLDER, explanation="")
    return view(reference)


def revocation_qualities(actor: Actor, *, reference: str) -> tuple[Quality, ...]:
    """In which qualities the actor may ask for the end of a certificate now, the nearest first; empty for one
    that is not theirs to end, as for one that does not exist. For the buttons of a page: the verb asks again.
    """
    row = Certificate.objects.filter(reference=reference).exclude(state__in=_UNSIGNED).first()
    if row is None:
        return ()
    held = qualities_left(actor, row, qualities_towards(actor.person_id, row))
    return tuple(quality for quality in Quality if quality in held)


def find_certificate(typed: str) -> str:
    """The reference of the certificate meant by a reference, or by a serial in any spelling. Raises `Refused`
    (`serial.*`) when it is none, or could be two.
    """
    text = typed.strip()
    named = Certificate.objects.filter(reference=text[:40].upper()).values_list("reference", flat=True)
    found = named.first()
    if found is not None:
        return found
    candidates = read_serial(text).require()
    number = choose_serial(candidates, is_serial_given).require()
    several = list(bearing_serial(number).values_list("reference", flat=True)[:2])
    if len(several) > 1:
        raise Refused([Finding.error("run.serial-of-two-issuers", "serial", text=text)])
    return several[0]


def qualities_towards(person_id: str, row: Certificate) -> frozenset[str]:
    """In which qualities this person may ask for the end of this certificate, by the records.

    Who asked for it, or whom it was handed over to, is its administrator; its holder where the right was
    their own card; so is the person a PRO certificate names. The authority records what a judge or a
    supervisor orders [IGC-SANTE 5.1].
    """
    held = set(contract_qualities(person_id, row.contract_id, power="revoke"))
    if person_id and keeper_of(row) == person_id:
        held.add("holder" if row.habilitation_id is None else "administrator")
    if person_id and row.holder == person_id:
        held.add("holder")
    roles = roles_of(person_id)
    held |= roles & {"desk", "authority"}
    if "authority" in roles:
        held.add("judge")
    return frozenset(held)


def _end(act: Act, row: Certificate, *, reason: str, quality: Quality, explanation: str) -> None:
    decision = end_certificate(act, row, reason=reason, quality=quality, explanation=explanation)
    if not decision.changed:
        act.unchanged()
        return
    act.tell(issuer=row.issuer, serial=row.serial, reason=reason, quality=str(quality))
    act.keep(explanation=explanation)
    if reason == KEY_COMPROMISE:  # whatever else stands on that key is compromised with it [ASSURANCE F17]
        end_on_key(act, row.spki_sha256, quality=Quality.AUTHORITY, by="")


def _find(typed: str) -> str:
    """The reference meant; empty when there is none."""
    try:
        return find_certificate(typed)
    except Refused:
        return ""


def _try_code(reference: str, code: str) -> bool:
    """Whether the code is right, and tries are left; a wrong one is counted, in a transaction of its own."""
    with acting(_BY_CODE, "certificate.code-tried", reference or "-") as act:
        act.unchanged()
        row = Certificate.objects.select_for_update().filter(reference=reference).first()
        kept = "" if row is None else row.code_hash
        is_right = is_code(code, kept)
        if row is None:
            return False
        is_closed = (
            row.code_failures >= MOST_FAILURES
            and row.code_failed_at is not None
            and act.at < row.code_failed_at + PAUSE
        )
        if is_closed:
            return False
        if is_right:
            row.code_failures, row.code_failed_at = 0, None
        else:
            row.code_failures, row.code_failed_at = row.code_failures + 1, act.at
        row.save(update_fields=["code_failures", "code_failed_at"])
        return is_right
