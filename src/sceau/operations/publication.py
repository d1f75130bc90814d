"""What status services publish: lists of revoked certificates, certificates of OCSP responders.

A list's number is taken and committed before it is signed, so that it never serves twice; what was signed
is kept, then put on the public shelf at once and whole (written beside, synced, renamed).
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509

from sceau.certification import IssuerFacts, draw_serial, life_of_issuer
from sceau.operations.acts import acting
from sceau.operations.clock import require_clock
from sceau.operations.continuity import LOST, require_nothing_lost
from sceau.operations.machine import Actor, machine
from sceau.records import CrlLine, Turn, latest_crl, revoked_entries, take_turn
from sceau.records.models import CrlIssue, ResponderCertificate, Revocation
from sceau.status import (
    CrlCalendar,
    CrlFacts,
    ResponderOrder,
    build_crl_tbs,
    build_responder_tbs,
    crl_is_due,
    issuer_identity,
    next_crl,
    read_crl,
    spell_serial,
)
from sceau.vocabulary import Fault, Refused

_PUBLISHER = Actor.system("publication")


def publish_crls(*, only: tuple[str, ...] = (), due_only: bool = False) -> tuple[CrlLine, ...]:
    """Sign and put on the public shelf a fresh list for each issuer (or those named); gives the lists made.

    With `due_only`, where one is due alone: something was revoked, or a period is over. Numbers only ever
    grow, also above the one on the shelf (after a restore of the database). Raises `Fault` when the signer
    cannot be had; and, once the other issuers have theirs, when a revocation that was published is missing
    from the records (``crl.revocation-lost``): the list before stays.
    """
    made: list[CrlLine] = []
    lost: Fault | None = None
    for issuer in _issuers(only):
        if due_only and not _is_due(issuer):
            continue
        try:
            made.append(_publish(issuer))
        except Fault as fault:
            if fault.code != LOST:
                raise
            lost = lost or fault
    if lost is not None:
        raise lost
    return tuple(made)


def restore_shelf() -> tuple[Path, ...]:
    """Write again the last list of each issuer where the shelf has lost it or holds another; the paths
    written.
    """
    written = []
    for issuer in _issuers(()):
        last = latest_crl(issuer.code, issuer.generation)
        path = crl_path(issuer)
        if last is not None and (not path.is_file() or path.read_bytes() != last.der):
            _replace(path, last.der)
            written.append(path)
    return tuple(written)


def refresh_responders() -> tuple[str, ...]:
    """Make a new responder certificate for each issuer whose present one is half through its life.

    Gives the issuers' codes. The serial and the exact bytes are stored before the signature, as for any
    other.
    """
    responders = machine().responders
    if responders is None:
        return ()
    renewed = []
    for issuer in _issuers(()):
        if responders.is_due(issuer.code, issuer.generation, at=machine().clock()):
            spki = responders.new_key(issuer.code, issuer.generation)
            responders.install(issuer.code, issuer.generation, _certify_responder(issuer, spki))
            renewed.append(issuer.code)
    return tuple(renewed)


def crl_path(issuer: IssuerFacts) -> Path:
    """Where the list of `issuer` lies on the shelf: the path its certificates name [IGC-SANTE 1.3]."""
    catalogue = machine().catalogue
    environment = issuer.addresses or catalogue.environments[issuer.environment]
    address = environment.crl_uri(catalogue.issuers[issuer.code].of_generation(issuer.generation))
    inside = unquote(address.removeprefix(environment.publication).lstrip("/"))
    return machine().shelf / inside


def _issuers(only: tuple[str, ...]) -> tuple[IssuerFacts, ...]:
    """Every generation whose certificate has not ended: no certificate under it outlives it, so that its
    status is told to the last.
    """
    now = machine().clock()
    return tuple(
        facts
        for code, generations in machine().issuers.items()
        if not only or code in only
        for facts in generations
        if now <= life_of_issuer(facts).not_after
    )


def _calendar() -> CrlCalendar:
    row = machine().catalogue.calendar
    return CrlCalendar(every=timedelta(hours=row.crl_every_hours), valid=timedelta(hours=row.crl_valid_hours))


def _is_due(issuer: IssuerFacts) -> bool:
    last = (
        CrlIssue.objects.filter(issuer=issuer.code, generation=issuer.generation, der__isnull=False)
        .order_by("-number")
        .first()
    )
    changed = last is not None and (
        Revocation.objects.filter(
            issuer=issuer.code, generation=issuer.generation, id__gt=last.through
        ).exists()
    )
    facts = None if last is None else CrlFacts(last.number, last.this_update, last.next_update)
    return crl_is_due(facts, at=machine().clock(), calendar=_calendar(), changed=changed)


def _publish(issuer: IssuerFacts) -> CrlLine:
    row, tbs = _intend_list(issuer, _number_on_shelf(issuer))
    try:
        der = machine().signer.sign(kind="crl", issuer=issuer.code, generation=issuer.generation, tbs=tbs)
    except Refused as refused:
        floor = _number_in_ledger(refused)
        if floor is None:
            raise
        row, tbs = _intend_list(issuer, floor)  # the database was restored: the signer remembers further
        der = machine().signer.sign(kind="crl", issuer=issuer.code, generation=issuer.generation, tbs=tbs)
    with acting(_PUBLISHER, "crl.published", f"crl/{issuer.code}/{row.number}") as act:
        row.der = der
        row.save(update_fields=["der"])
        act.tell(issuer=issuer.code, generation=issuer.generation, number=row.number, entries=row.entries)
    _replace(crl_path(issuer), der)
    line = latest_crl(issuer.code, issuer.generation)
    if line is None:
        raise LookupError(f"a list of {issuer.code} was just written")
    return line


def _intend_list(issuer: IssuerFacts, floor: int) -> tuple[CrlIssue, bytes]:
    """Take the next number, and write the list that will bear it."""
    with acting(_PUBLISHER, "crl.intended") as act:
        act.unchanged()  # its publication is the event
        take_turn(Turn.LISTS)
        require_clock(act)
        mine = CrlIssue.objects.filter(issuer=issuer.code, generation=issuer.generation)
        last = mine.order_by("-number").first()
        listed = mine.filter(der__isnull=False).order_by("-number").first()
        facts = next_crl(
            None if last is None else CrlFacts(last.number, last.this_update, last.next_update),
            at=act.at,
            calendar=_calendar(),
            floor=floor,
        )
        ends = Revocation.objects.filter(issuer=issuer.code, generation=issuer.generation)
        through = ends.order_by("-id").values_list("id", flat=True).first() or 0
        last_list = None if listed is None else listed.this_update
        entries = revoked_entries(issuer.code, issuer.generation, last_list=last_list)
        require_nothing_lost(issuer, entries, told=_told(issuer, listed), last_list=last_list)
        row = CrlIssue.objects.create(
            issuer=issuer.code,
            generation=issuer.generation,
            number=facts.number,
            this_update=facts.this_update,
            next_update=facts.next_update,
            entries=len(entries),
            through=through,
        )
    identity = issuer_identity(issuer.code, issuer.generation, issuer.certificate)
    return row, build_crl_tbs(facts, entries, issuer=identity)


def _told(issuer: IssuerFacts, listed: CrlIssue | None) -> list[bytes]:
    """The lists that the world has: the last one of the records, and the one on the shelf."""
    path = crl_path(issuer)
    kept = [] if listed is None or listed.der is None else [bytes(listed.der)]
    return [*kept, path.read_bytes()] if path.is_file() else kept


def _number_on_shelf(issuer: IssuerFacts) -> int:
    path = crl_path(issuer)
    found = read_crl(path.read_bytes()).value if path.is_file() else None
    return 0 if found is None else found.facts.number


def _number_in_ledger(refused: Refused) -> int | None:
    """The last number that the signer's own record holds, when that is why it refused."""
    for finding in refused.findings:
        last = dict(finding.details).get("last", "")
        if finding.code == "crl.number-not-rising" and last.isdecimal():
            return int(last)
    return None


def _certify_responder(issuer: IssuerFacts, spki: bytes) -> bytes:
    identity = issuer_identity(issuer.code, issuer.generation, issuer.certificate)
    ends = x509.load_der_x509_certificate(issuer.certificate).not_valid_after_utc
    with acting(_PUBLISHER, "responder.intended", f"responder/{issuer.code}") as act:
        require_clock(act)
        serial = draw_serial(act.at, act.machine.random)
        days = act.machine.catalogue.calendar.ocsp_responder_days
        order = ResponderOrder(spki=spki, serial=serial, not_before=act.at, days=days, ends_by=ends)
        tbs = build_responder_tbs(order, issuer=identity)
        row = ResponderCertificate.objects.create(
            issuer=issuer.code,
            generation=issuer.generation,
            serial=spell_serial(serial),
            draft=tbs,
            not_before=act.at.replace(microsecond=0),
            not_after=_end_of(act.at, days, ends),
        )
        act.tell(issuer=issuer.code, serial=row.serial)
    der = machine().signer.sign(
        kind="ocsp-responder", issuer=issuer.code, generation=issuer.generation, tbs=tbs
    )
    with acting(_PUBLISHER, "responder.issued", f"responder/{issuer.code}") as act:
        row.der = der
        row.save(update_fields=["der"])
        act.tell(issuer=issuer.code, serial=row.serial)
    return der


def _end_of(begin: datetime, days: int, latest: datetime) -> datetime:
    return min(begin.replace(microsecond=0) + timedelta(days=days) - timedelta(seconds=1), latest)


def _replace(path: Path, content: bytes) -> None:
    """Put a file on the shelf at once and whole; it is on the disk before its name changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
