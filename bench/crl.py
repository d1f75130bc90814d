"""A complete CRL of a million entries: from the rows, and from the kept entries, to the signed list, beside
the least it could cost; and a delta over a small list and over a large one.

The floor copies the entries once, and signs (which hashes) the copy. Ours reads, writes the list, signs; each
in a child of its own, so that its peak memory is its own. Peers are command lines that read their own kind of
list.
"""

from __future__ import annotations

import base64
import contextlib
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
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
from sceau.custody.list_memory import ListMemory
from sceau.status import CrlFacts, CrlWriter, examine_crl, issuer_identity, spell_serial

_ROWS, _BLOB, _MEMORY = Bound(5.0, at_least=False), Bound(1.3, at_least=False), Bound(350.0, at_least=False)
_INDEPENDENT = Bound(1.2, at_least=False)
_MADE = BEGAN + timedelta(days=300)
_WAYS: dict[str, tuple[str, Bound | None]] = {
    "rows": ("from the rows", _ROWS),
    "examined": ("from the rows, and read whole as the signer does with a list it does not know", None),
    "ended": ("from the rows, asked of each whether it has ended", None),
    "kept": ("from the kept blob", _BLOB),
    "reread": ("from the kept blob, all of it read from the database", None),
    "known": (
        "from the kept blob, and read as the signer does with a list it knows the most of",
        None,
    ),
}
_AT_HAND = "as the clockwork makes one after the other: full segments at hand, the records hold their checks"
_MEASURED_MEMORY = ("rows", "examined", "known")
_SMALL_BASE, _ADDED, _DELTAS = 10_000, 500, 50


def run(plan: Plan) -> list[Row]:
    """The floor and ours in turn; the deltas in turn; then each peer, which is slow, beside the floor."""
    folder = plan.folder / "crl"
    large, small = folder / "instance", folder / "small"
    counts = {large: plan.crl_entries, small: min(_SMALL_BASE, plan.crl_entries // 10)}
    _keep_issuer(folder)
    with contextlib.ExitStack() as stack:

        def at(data: Path) -> Callable[..., dict[str, Any]]:
            made = child("bench.crl", data=data, folder=str(folder), count=counts[data])
            return stack.enter_context(made)

        for data in counts:
            forget(data)
            at(data)(do="fill")
        asks: dict[str, Callable[..., dict[str, Any]]] = {}
        for way in ("floor", *_WAYS):
            asks[way] = at(large)
            asks[way](do="prepare", way=way)
        rounds = interleave({way: _sampling(ask, way) for way, ask in asks.items()}, plan)
        peaks = {way: float(asks[way](do="peak")["mib"]) for way in _MEASURED_MEMORY}
        deltas = {"small": at(small), "large": at(large)}
        for ask in deltas.values():
            ask(do="prepare", way="delta")
        added = interleave({name: _sampling(ask, "delta") for name, ask in deltas.items()}, plan)
    rows = [*_our_rows(rounds, peaks, plan), _delta_row(added, counts[small], plan)]
    return [*rows, *_peer_rows(rate(rounds, "floor"), folder, plan)]


def _sampling(ask: Callable[..., dict[str, Any]], way: str) -> Callable[[], Sample]:
    made = _DELTAS if way == "delta" else 1
    return lambda: Sample(made, float(ask(do="make", way=way)["cpu"]))


def _our_rows(rounds: dict[str, list[Sample]], peaks: dict[str, float], plan: Plan) -> list[Row]:
    name, floor = f"CRL of {plan.crl_entries:,} entries", 1000 / rate(rounds, "floor")
    rows = []
    for way, (words, bound) in _WAYS.items():
        beside = f"copy + SHA-256 + RSA-2048 signature: {floor:.0f} ms"
        times = ratio(rounds, "floor", way)
        note = _AT_HAND if way in ("kept", "known") else ""
        rows.append(
            Row(f"{name}, {words}", 1000 / rate(rounds, way), "ms of CPU", times, bound, beside, note=note)
        )
    for way in _MEASURED_MEMORY:
        note = "peak resident memory (VmHWM) of a process that does this alone, Python and Django included"
        rows.append(Row(f"{name}, memory {_WAYS[way][0]}", peaks[way], "MiB", None, _MEMORY, note=note))
    return rows


def _delta_row(rounds: dict[str, list[Sample]], small: int, plan: Plan) -> Row:
    beside = f"the same over a base of {small:,}: {1000 / rate(rounds, 'small'):.2f} ms"
    name = f"delta CRL of {_ADDED} entries over a base of {plan.crl_entries:,}"
    times = ratio(rounds, "small", "large")
    return Row(name, 1000 / rate(rounds, "large"), "ms of CPU", times, _INDEPENDENT, beside)


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
            fill_revocations(Path(os.environ["SCEAU_DATA"]), count)
            maker.make("kept")
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
        self._blob = b""
        self._memory = ListMemory()

    def prepare(self, way: str) -> None:
        """Have at hand what this way may have."""
        if way == "floor":
            self._blob = b"".join(piece.entries for piece in _rows())
        elif way == "known":
            self.make(way)

    def make(self, way: str) -> int:
        """Make a list, or so many deltas that they can be timed; its size."""
        if way == "floor":
            copy = self._blob + b"\x00"  # one copy of the entries, which is the point
            return len(copy) + len(self._key.sign(copy, PKCS1v15(), SHA256()))
        if way == "delta":
            return sum(self._list(way) for _ in range(_DELTAS))
        return self._list(way)

    def _list(self, way: str) -> int:
        writer = CrlWriter()
        self._fill(way, writer)
        tbs = writer.body(self._facts, issuer=self._identity)
        if way in ("examined", "known"):
            memory = self._memory if way == "known" else None
            examine_crl(bytes(tbs), issuer=self._identity, at=_MADE, memory=memory)
        signature = self._key.sign(tbs, PKCS1v15(), SHA256())  # type: ignore[arg-type]  # any buffer will do
        return len(writer.signed(signature, issuer=self._identity))

    def _fill(self, way: str, writer: CrlWriter) -> None:
        if way in ("kept", "known", "reread"):
            _keep(writer, afresh=way == "reread")
            return
        after = _last() - _ADDED if way == "delta" else 0
        for piece in _rows(after, last_list=_MADE if way in ("ended", "delta") else None):
            writer.add(piece.entries)


def _rows(after: int = 0, *, last_list: datetime | None = None) -> Iterator[Any]:
    from sceau.records import Series, revoked_pieces

    return revoked_pieces(Series(ISSUER, 1), after=after, last_list=last_list)


def _last() -> int:
    from sceau.records import last_revocation

    return last_revocation()


def _keep(writer: CrlWriter, *, afresh: bool) -> None:
    from django.db import transaction

    from sceau.operations.list_entries import FULL_SEGMENTS, keep_entries
    from sceau.records import Series

    if afresh:
        FULL_SEGMENTS.forget()
    with transaction.atomic():
        keep_entries([Series(ISSUER, 1)], ended_before=_MADE, turn=1, into=writer)


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
