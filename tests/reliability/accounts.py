"""What must hold after anything: judged by the signer's own record, by what programs hold, and by what the
public can ask. Every difference is a sentence; none means that all is accounted for.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from sceau.catalogue import load_catalogue
from sceau.certification import IssuerFacts
from sceau.custody import OutcomeKind, Signature, SignatureKind, SignerFolder, ledger_lines, signatures
from sceau.status import signed_der
from sceau.vocabulary import Fault
from tests.reliability.load import Answers
from tests.reliability.real import RealInstance

ISSUER = "el-org"
_SIGNED = (OutcomeKind.SIGNED, OutcomeKind.UNKNOWN)
_LIST_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Row:
    """A certificate as the database has it."""

    serial: int
    state: str
    draft: bytes
    is_revoked: bool


def settle(instance: RealInstance, points: Mapping[str, str] = MappingProxyType({})) -> None:
    """What an operator's start does: nothing runs but the signer and the public shelf, and what a crash left
    open is closed.
    """
    instance.stop("clockwork", "enrolment")
    instance.sceau("certificate", "recover", "--everything", "--data", str(instance.data))
    for name in ("clockwork", "enrolment"):
        instance.start(name, point=points.get(name, ""))


def check(instance: RealInstance, answers: Answers, *, sample: int | None = None) -> list[str]:
    """Everything. `sample` bounds how many statuses are asked for (the newest), None asks for all."""
    found = list(answers.wrong)
    try:
        record = list(signatures(ledger_lines(instance.ledger)))
    except Fault as fault:
        return [*found, f"the signer's record does not hold: {fault}"]
    rows = {row.serial: row for row in rows_of(instance)}
    found += _twice(record, rows, instance)
    found += unaccounted(record, rows)
    found += _handed(record, answers)
    found += _statuses(instance, record, rows, answers, sample)
    found += _journal(instance)
    return found


def signed_certificates(record: Iterable[Signature]) -> dict[int, Signature]:
    """What the signer signed, or may have signed, by serial."""
    return {
        one.intent.serial: one
        for one in record
        if one.intent.kind is SignatureKind.CERTIFICATE
        and (one.outcome is None or one.outcome.kind in _SIGNED)
    }


def rows_of(instance: RealInstance) -> Iterator[Row]:
    """The certificates in the database."""
    query = (
        "SELECT c.serial, c.state, c.draft, c.der, EXISTS (SELECT 1 FROM records_revocation r"
        " WHERE r.issuer = c.issuer AND r.generation = c.generation AND r.serial = c.serial)"
        " FROM records_certificate c"
    )
    with contextlib.closing(sqlite3.connect(f"file:{instance.database}?mode=ro", uri=True)) as database:
        for serial, state, draft, der, is_revoked in database.execute(query):
            meant = bytes(draft) or x509.load_der_x509_certificate(der).tbs_certificate_bytes
            yield Row(int(serial, 16), state, meant, bool(is_revoked))


def _twice(record: list[Signature], rows: dict[int, Row], instance: RealInstance) -> Iterator[str]:
    seen: set[tuple[str, int]] = set()
    for one in record:
        if one.intent.is_crl or (one.outcome and one.outcome.kind is OutcomeKind.UNSENT):
            continue
        key = (one.intent.issuer, one.intent.serial)
        if key in seen:
            yield f"serial {key[1]:x} was sent to be signed twice"
        seen.add(key)
    numbers: dict[tuple[str, int], int] = {}
    for one in record:
        if one.intent.is_crl and not (one.outcome and one.outcome.kind is OutcomeKind.UNSENT):
            key = (one.intent.issuer, one.intent.generation)
            if one.intent.serial <= numbers.get(key, -1):
                yield f"list number {one.intent.serial} of {key} does not rise"
            numbers[key] = one.intent.serial
    with contextlib.closing(sqlite3.connect(f"file:{instance.database}?mode=ro", uri=True)) as database:
        (count,) = database.execute("SELECT COUNT(*) FROM records_certificate").fetchone()
    if count != len(rows):
        yield f"{count - len(rows)} serial(s) stand twice in the database"


def unaccounted(record: list[Signature], rows: dict[int, Row]) -> Iterator[str]:
    """Signed without a row, over other bytes, or left in between."""
    signed = signed_certificates(record)
    for serial, one in signed.items():
        row = rows.get(serial)
        if row is None:
            yield f"{serial:x} was signed and is in no row"
        elif hashlib.sha256(row.draft).hexdigest() != one.intent.tbs_sha256:
            yield f"{serial:x} was signed over other bytes than were meant"
        elif row.state == "abandoned":
            yield f"{serial:x} was signed and is told to be abandoned"
        if one.outcome is None:
            yield f"{serial:x} is still under way in the signer's record"
    for row in rows.values():
        if row.state == "intended":
            yield f"{row.serial:x} is stuck in 'intended'"
        if row.state in ("issued", "collected") and row.serial not in signed:
            yield f"{row.serial:x} is issued and was never signed"


def _handed(record: list[Signature], answers: Answers) -> Iterator[str]:
    signed = signed_certificates(record)
    for serial, one in answers.handed.items():
        line = signed.get(serial)
        if line is None or line.outcome is None or line.outcome.kind is not OutcomeKind.SIGNED:
            yield f"{serial:x} was handed over and is not signed in the signer's record"
        elif line.outcome.der_sha256 != hashlib.sha256(one.der).hexdigest():
            yield f"{serial:x} was handed over with other bytes than were signed"


def _statuses(
    instance: RealInstance,
    record: list[Signature],
    rows: dict[int, Row],
    answers: Answers,
    sample: int | None,
) -> Iterator[str]:
    """OCSP and list for each serial that was or may have been signed [G07, G15]."""
    signed = signed_certificates(record)
    serials = list(signed) if sample is None else list(signed)[-sample:]
    revoked = {serial for serial, row in rows.items() if row.is_revoked or row.state == "presumed"}
    with Status(instance) as status:
        for serial in serials:
            seen = status.of(serial)
            expected = _expected(rows.get(serial), is_revoked=serial in revoked)
            if seen != expected:
                yield f"{serial:x}: OCSP says {seen}, expected {expected}"
            if serial in answers.revoked and seen != "REVOKED":
                yield f"{serial:x} was revoked by its holder and OCSP says {seen}"
            if serial in answers.handed and serial not in revoked and seen != "GOOD":
                yield f"{serial:x} was handed over, nobody revoked it, and OCSP says {seen}"
        yield from _listed(status, rows.values(), revoked)


def _listed(status: Status, rows: Iterable[Row], revoked: set[int]) -> Iterator[str]:
    """Each revoked one is on the list that it names; nothing else is on any."""
    bodies = [row.draft for row in rows]
    limit = time.monotonic() + _LIST_SECONDS
    while not revoked <= (listed := _serials(status.lists(bodies))) and time.monotonic() < limit:
        time.sleep(1)
    for serial in revoked - listed:
        yield f"{serial:x} is revoked and on no list after {_LIST_SECONDS:.0f} s"
    for serial in listed - revoked:
        yield f"{serial:x} is listed and nobody revoked it"


def _serials(lists: dict[str, x509.CertificateRevocationList]) -> set[int]:
    return {entry.serial_number for one in lists.values() for entry in one}


@lru_cache(maxsize=100_000)
def _list_addresses(body: bytes) -> tuple[str, ...]:
    read = x509.load_der_x509_certificate(signed_der(body, b""))
    points = read.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    names = [name.value for point in points for name in point.full_name or ()]
    return tuple(name for name in names if name.startswith("http"))


def _expected(row: Row | None, *, is_revoked: bool) -> str:
    if row is None:
        return "a row"
    if is_revoked or row.state == "presumed":
        return "REVOKED"
    return "GOOD" if row.state in ("issued", "collected") else f"no row in {row.state}"


def _journal(instance: RealInstance) -> Iterator[str]:
    """Exported, then read by the offline verifier."""
    folder = instance.data.parent / f"{instance.data.name}-journal"
    shutil.rmtree(folder, ignore_errors=True)
    instance.sceau("journal", "export", str(folder), "--data", str(instance.data))
    told = json.loads(instance.sceau("journal", "verify", str(folder), "--json", expected=(0, 1)))
    if not _holds(told):
        yield f"the journal does not hold: {json.dumps(told)[:600]}"
    shutil.rmtree(folder, ignore_errors=True)


def _holds(told: Any) -> bool:
    return bool(told.get("holds", not told.get("flaws", True)))


class Status:
    """What anybody may ask of the public shelf."""

    def __init__(self, instance: RealInstance) -> None:
        self._port = instance.places.publication_port
        facts = SignerFolder(instance.data / "signer").facts(load_catalogue())
        self._facts: IssuerFacts = next(one for one in facts if one.code == ISSUER)
        self.issuer = x509.load_der_x509_certificate(self._facts.certificate)
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Status:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def of(self, serial: int) -> str:
        """GOOD, REVOKED, UNKNOWN, or why there was no answer."""
        return self.answered(self.raw(serial), serial)

    def raw(self, serial: int) -> bytes:
        """The answer, as it came."""
        return self._ask("POST", "/ocsp", self._question(serial))

    def answered(self, raw: bytes, serial: int) -> str:
        """What an answer says of that serial."""
        answer = ocsp.load_der_ocsp_response(raw)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return answer.response_status.name
        if answer.serial_number != serial:
            return "an answer for another serial"
        return answer.certificate_status.name

    def lists(self, bodies: Iterable[bytes]) -> dict[str, x509.CertificateRevocationList]:
        """The published lists that these certificates (to-be-signed DER) name, by address."""
        addresses = {address for body in bodies for address in _list_addresses(body)}
        return {
            address: x509.load_der_x509_crl(self._ask("GET", urlsplit(address).path, b""))
            for address in sorted(addresses)
        }

    def _question(self, serial: int) -> bytes:
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            _sha1(self.issuer.subject.public_bytes()),
            x509.SubjectKeyIdentifier.from_public_key(self.issuer.public_key()).digest,
            serial,
            hashes.SHA1(),
        )
        return builder.build().public_bytes(Encoding.DER)

    def _ask(self, method: str, path: str, body: bytes) -> bytes:
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection("localhost", self._port, timeout=20)
            try:
                self._connection.request(
                    method, path, body or None, {"Content-Type": "application/ocsp-request"}
                )
                return self._connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
