"""The first night of the search for shared primes, over a whole store: how long, how much memory, and that a
night that is killed goes on where it was [F20].

`python -m tests.reliability.first_night DATA make COUNT` puts certificates on RSA keys in an instance's
records, `… DATA search` is the night, as the re-reading begins it. The moduli are products of 32 successive
primes of 64 bits, each used once: as coprime as real keys, and of their size, which is all that the search
looks at; made at thousands a second. The first few and the last few share half of theirs, two and two.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.reliability.drills import fresh, one_more
from tests.reliability.load import Program
from tests.reliability.real import RealInstance

TWINS = 5
_PRIMES = 32
_AT_ONCE = 2_000


@dataclass(slots=True)
class Night:
    """What was seen: sentences on what did not hold, and the figures of the night that ended."""

    found: list[str] = field(default_factory=list)
    compared: int = 0
    before: int = 0
    seconds: float = 0.0
    killed_after: float = 0.0
    megabytes: int = 0

    def told(self) -> list[str]:
        """What did not hold; the figures go to the standard error output."""
        sys.stderr.write(
            f"  killed after {self.killed_after:.0f} s with {self.before} rows compared; then "
            f"{self.compared} keys in {self.seconds:.0f} s, {self.megabytes} MiB at most\n"
        )
        return self.found


def first_night(instance: RealInstance, *, count: int) -> Night:
    """Have `count` keys compared for the first time, with a kill when half of them are done."""
    program = Program(instance, timeout=60)
    told = one_more(program, fresh("night"))
    program.close()
    assert told is not None
    assert told[0] == 201, told
    instance.stop()
    command = [sys.executable, "-m", "tests.reliability.first_night", str(instance.data)]
    instance.run([*command, "make", str(count)], patience=3600)
    night, began = Night(), time.monotonic()
    search = subprocess.Popen([*command, "search"], env=instance.environment(), stdout=subprocess.DEVNULL)
    while search.poll() is None and _through(instance) < count // 2:
        time.sleep(0.05)
    search.send_signal(signal.SIGKILL)
    search.wait()
    night.killed_after, night.before = time.monotonic() - began, _through(instance)
    if not 0 < night.before < count:
        night.found.append(f"it was to be killed in the midst, and had compared {night.before} of {count}")
    said = json.loads(instance.run([*command, "search"], patience=6 * 3600).splitlines()[-1])
    night.compared, night.seconds, night.megabytes = said["compared"], said["seconds"], said["megabytes"]
    if night.compared > count - night.before + 1:
        night.found.append(f"{night.compared} keys were compared after {night.before} had been")
    if _through(instance) < count:
        night.found.append(f"only {_through(instance)} of {count} were compared")
    with _reading(instance) as records:
        noted = {key for (key,) in records.execute("SELECT spki_sha256 FROM records_sharedfactor")}
        (runs,) = records.execute("SELECT COUNT(*) FROM records_revocationrun").fetchone()
    if len(noted) != 2 * TWINS:
        night.found.append(f"{len(noted)} of {2 * TWINS} keys that share a prime were found")
    if not runs:
        night.found.append("no run was proposed for them")
    instance.start()
    return night


def _through(instance: RealInstance) -> int:
    with _reading(instance) as records:
        row = records.execute(
            "SELECT value FROM records_setting WHERE name = 'shared-factors.through'"
        ).fetchone()
    return 0 if row is None else int(row[0])


@contextlib.contextmanager
def _reading(instance: RealInstance) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(
        sqlite3.connect(f"file:{instance.database}?mode=ro", uri=True, timeout=60)
    ) as records:
        yield records


def moduli(count: int) -> Iterator[int]:
    """So many moduli of 2,048 bits, of which only the first and the last `TWINS` share."""
    import gmpy2

    prime, firsts = gmpy2.mpz(2**64 * 98 // 100), list[list[int]]()
    for which in range(count):
        several = []
        for _ in range(_PRIMES):
            prime = gmpy2.next_prime(prime)
            several.append(int(prime))
        if which < TWINS:
            firsts.append(several)
        elif which >= count - TWINS:
            several = firsts[which - count + TWINS][: _PRIMES // 2] + several[_PRIMES // 2 :]
        yield math.prod(several)


def _make(count: int) -> None:
    """Copies of the one certificate there is, each on a key of its own."""
    from django.db import connection, transaction

    from sceau.records.models import Certificate, KeyUse

    model = Certificate.objects.order_by("id").first()
    assert model is not None
    pattern, held = _pattern()
    numbers = moduli(count)
    for first in range(0, count, _AT_ONCE):
        rows, signed = [], []
        for at in range(first, min(first + _AT_ONCE, count)):
            der = pattern.replace(held, next(numbers).to_bytes(256, "big"))
            row = copy(model)
            row._state = copy(model._state)
            row.pk, row.der, row.state, row._state.adding = None, None, "intended", True
            row.reference, row.serial = f"CRT-{at:06d}-NUIT", f"{(1 << 150) + at:038X}"
            row.idempotency_key, row.collected_at = f"night-{at}", None
            row.spki_sha256 = hashlib.sha256(der).hexdigest()
            rows.append(row)
            signed.append((der, row.reference))
        with transaction.atomic(), connection.cursor() as cursor:
            Certificate.objects.bulk_create(rows)
            KeyUse.objects.bulk_create(
                KeyUse(spki_sha256=row.spki_sha256, product=row.product, owner="1", certificate=row)
                for row in rows
            )
            cursor.executemany(
                "UPDATE records_certificate SET state = 'issued', der = %s WHERE reference = %s", signed
            )


def _pattern() -> tuple[bytes, bytes]:
    """A certificate on an RSA key, and the octets of its modulus."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    modulus = next(moduli(1))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(rsa.RSAPublicNumbers(65537, modulus).public_key())
        .serial_number(413)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER), modulus.to_bytes(256, "big")


def main() -> None:
    """Make the keys, or search."""
    from sceau.site import start

    start(Path(sys.argv[1]))
    if sys.argv[2] == "make":
        _make(int(sys.argv[3]))
        return
    from sceau.operations import find_all_shared_factors

    began = time.monotonic()
    report = find_all_shared_factors()
    told = {
        "compared": report.compared,
        "found": len(report.found),
        "seconds": round(time.monotonic() - began, 1),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
