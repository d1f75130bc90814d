"""A complete CRL of a million entries: from the rows to the signed list, beside the least it could cost.

The floor copies the entries once, and signs (which hashes) the copy. Ours reads the rows, builds, signs; each
in a child of its own, so that its peak memory is its own. Peers are command lines that read their own kind of
list.
"""

from __future__ import annotations

import base64
import contextlib
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from tests.authority import authority

from bench.children import child, peak_mib
from bench.database import BEGAN, ISSUER, CertificateMaker, fill_revocations, forget, start_django
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio
from bench.rows import Bound, Row, missing
from sceau.status import CrlFacts, build_crl_tbs, examine_crl, issuer_identity, signed_der, spell_serial

_ROWS, _BLOB, _MEMORY = Bound(5.0, at_least=False), Bound(1.3, at_least=False), Bound(350.0, at_least=False)
_MADE = BEGAN + timedelta(days=300)
_WAYS = {
    "build": "built from entries already in memory",
    "rows": "from the rows",
    "examined": "from the rows, and read again as the signer does before it signs",
}
_MEASURED_MEMORY = ("rows", "examined")


def run(plan: Plan) -> list[Row]:
    """The floor and ours in turn; then each peer, which is slow, beside the floor once more."""
    folder = plan.folder / "crl"
    data = folder / "instance"
    forget(data)
    _keep_issuer(folder)
    with contextlib.ExitStack() as stack:
        fill = stack.enter_context(child("bench.crl", data=data, folder=str(folder), count=plan.crl_entries))
        fill(do="fill")
        asks: dict[str, Callable[..., dict[str, Any]]] = {}
        for way in ("floor", *_WAYS):
            ask = child("bench.crl", data=data, folder=str(folder), count=plan.crl_entries)
            asks[way] = stack.enter_context(ask)
            asks[way](do="prepare", way=way)
        rounds = interleave({way: _sampling(ask, way) for way, ask in asks.items()}, plan)
        peaks = {way: float(asks[way](do="peak")["mib"]) for way in _MEASURED_MEMORY}
    return [*_our_rows(rounds, peaks, plan), *_peer_rows(rate(rounds, "floor"), folder, plan)]


def _sampling(ask: Callable[..., dict[str, Any]], way: str) -> Callable[[], Sample]:
    return lambda: Sample(1, float(ask(do="make", way=way)["cpu"]))


def _our_rows(rounds: dict[str, list[Sample]], peaks: dict[str, float], plan: Plan) -> list[Row]:
    name, floor = f"CRL of {plan.crl_entries:,} entries", 1000 / rate(rounds, "floor")
    rows = []
    for way, words in _WAYS.items():
        bound = None if way == "build" else _ROWS
        beside = f"copy + SHA-256 + RSA-2048 signature: {floor:.0f} ms"
        times = ratio(rounds, "floor", way)
        rows.append(Row(f"{name}, {words}", 1000 / rate(rounds, way), "ms of CPU", times, bound, beside))
    for way in _MEASURED_MEMORY:
        note = "peak resident memory (VmHWM) of a process that does this alone, Python and Django included"
        rows.append(Row(f"{name}, memory {_WAYS[way]}", peaks[way], "MiB", None, _MEMORY, note=note))
    rows.append(
        missing(f"{name}, from the kept blob", "the product keeps no blob of entries yet", bound=_BLOB)
    )
    rows.append(missing("delta CRL, independent of the base", "the product makes no delta yet"))
    return rows


def _peer_rows(floor: float, folder: Path, plan: Plan) -> list[Row]:
    """Each peer's own time over the floor: how many times the floor it costs."""
    rows = []
    for name, peer in (("openssl ca -gencrl", _openssl), ("cfssl gencrl", _cfssl)):
        words = f"CRL of {plan.crl_entries:,} entries by {name}"
        try:
            cpu = peer(folder, plan.crl_entries)
        except (OSError, subprocess.SubprocessError) as failure:
            rows.append(missing(words, str(failure), peer=name))
            continue
        note = "one run only, after ours, in this run; whole command, its input file read too"
        rows.append(
            Row(
                words,
                1000 * cpu,
                "ms of CPU",
                cpu * floor,
                peer=f"the floor: {1000 / floor:.0f} ms",
                note=note,
            )
        )
    return rows


def _keep_issuer(folder: Path) -> None:
    issuer = authority(ISSUER, "development", kind="rsa:2048")
    folder.mkdir(parents=True, exist_ok=True)
    key = issuer.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "issuer.key").write_bytes(key)
    (folder / "issuer.pem").write_bytes(issuer.certificate.public_bytes(Encoding.PEM))


def worker(folder: str, count: int) -> Callable[..., dict[str, Any]]:
    """The child: fills the table, or makes one list after the other in one way."""
    maker = ListMaker(Path(folder))

    def answer(do: str, way: str = "") -> dict[str, Any]:
        if do == "fill":
            start_django()
            fill_revocations(Path(folder) / "instance", count)
        elif do == "prepare":
            start_django()
            maker.prepare(way)
        elif do == "make":
            began = time.process_time()
            size = maker.make(way)
            return {"cpu": time.process_time() - began, "size": size}
        return {"mib": peak_mib()}

    return answer


class ListMaker:
    """Makes lists of everything that is in the table, under the issuer kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        key = load_pem_private_key((folder / "issuer.key").read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("an RSA key was kept")
        certificate = x509.load_pem_x509_certificate((folder / "issuer.pem").read_bytes())
        self._key = key
        self._identity = issuer_identity(ISSUER, 1, certificate.public_bytes(Encoding.DER))
        self._facts = CrlFacts(number=413, this_update=_MADE, next_update=_MADE + timedelta(days=6))
        self._entries: tuple[bytes, ...] = ()
        self._blob = b""

    def prepare(self, way: str) -> None:
        """Have at hand what this way may have."""
        if way == "floor":
            self._blob = b"".join(_rows_of_the_table())
        elif way == "build":
            self._entries = _rows_of_the_table()

    def make(self, way: str) -> int:
        """Make a list; its size."""
        if way == "floor":
            copy = self._blob + b"\x00"  # one copy of the entries, which is the point
            return len(copy) + len(self._key.sign(copy, PKCS1v15(), SHA256()))
        entries = self._entries if way == "build" else _rows_of_the_table()
        tbs = build_crl_tbs(self._facts, entries, issuer=self._identity)
        if way == "examined":
            examine_crl(tbs, issuer=self._identity, at=_MADE)
        return len(signed_der(tbs, self._key.sign(tbs, PKCS1v15(), SHA256())))


def _rows_of_the_table() -> tuple[bytes, ...]:
    from sceau.records import revoked_entries

    return revoked_entries(ISSUER, 1, last_list=None)


def _openssl(folder: Path, count: int) -> float:
    """CPU seconds of `openssl ca -gencrl` over an index of `count` revoked certificates."""
    if shutil.which("openssl") is None:
        raise FileNotFoundError("openssl is not installed")
    index = folder / "index.txt"
    with index.open("w") as file:
        for line in _index_lines(count):
            file.write(line)
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    (folder / "crlnumber").write_text("01\n")
    configuration = folder / "openssl.cnf"
    configuration.write_text(
        f"[ca]\ndefault_ca=one\n[one]\ndatabase={index}\ncrlnumber={folder / 'crlnumber'}\n"
        f"default_md=sha256\ndefault_crl_days=6\n"
        f"certificate={folder / 'issuer.pem'}\nprivate_key={folder / 'issuer.key'}\n"
    )
    command = ["openssl", "ca", "-gencrl", "-config", str(configuration), "-out", str(folder / "openssl.crl")]
    cpu = _cpu_of(command, folder)
    _check_count(x509.load_pem_x509_crl((folder / "openssl.crl").read_bytes()), count)
    return cpu


def _index_lines(count: int) -> Iterator[str]:
    maker = CertificateMaker()
    for number in range(1, count + 1):
        serial = spell_serial(maker.serial(number))
        yield f"R\t290101000000Z\t{BEGAN:%y%m%d%H%M%S}Z\t{serial}\tunknown\t/CN={number}\n"


def _cfssl(folder: Path, count: int) -> float:
    """CPU seconds of `cfssl gencrl`, which takes serials in decimal and says base64."""
    if shutil.which("cfssl") is None:
        raise FileNotFoundError("cfssl is not installed (apt-get install golang-cfssl)")
    maker = CertificateMaker()
    listed = folder / "serials.txt"
    listed.write_text("\n".join(str(maker.serial(number)) for number in range(1, count + 1)))
    command = ["cfssl", "gencrl", str(listed), str(folder / "issuer.pem"), str(folder / "issuer.key")]
    cpu = _cpu_of(command, folder)
    _check_count(x509.load_der_x509_crl(base64.b64decode((folder / "said.txt").read_bytes())), count)
    return cpu


def _cpu_of(command: list[str], folder: Path) -> float:
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    with (folder / "said.txt").open("wb") as said:
        subprocess.run(command, stdout=said, stderr=subprocess.DEVNULL, timeout=600, check=True, cwd=folder)
    return spent() - before


def _check_count(made: x509.CertificateRevocationList, count: int) -> None:
    if len(made) != count:
        raise OSError(f"a list of {len(made)} entries instead of {count}")
