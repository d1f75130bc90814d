"""Issuance asked of a server: one certificate a call, durable, beside the bare signature of the same key.

Our side joins when its machine door opens: `sceau_api_target` then says where, and with which requests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.authority import authority

from bench.in_process import bare_signature, requests_for
from bench.load import Load
from bench.peers import cfssl_issued, cfssl_serving, django_ca_issued, django_ca_serving
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio, repeated
from bench.rows import Bound, Row, missing
from bench.servers import Running, ServerFailedError

_KINDS = {"RSA-2048": "rsa:2048", "P-256": "ec:P-256"}
_OVER_RAW = {"RSA-2048": Bound(0.25, 0.60), "P-256": Bound(0.05, 0.13)}
_OVER_CFSSL = {"RSA-2048": Bound(1.5), "P-256": Bound(2.0)}
_BULK = Bound(0.5, 0.75)
_CALL = "issuance by API over HTTPS, one certificate a call, 32 clients"


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """A server that issues: how it is loaded, and the other processes that work for it (the signer)."""

    server: Running
    load: Load
    watched: Sequence[Running] = ()


def sceau_api_target(
    folder: Path, kind: str, csrs: Sequence[str]
) -> AbstractContextManager[ApiTarget] | None:
    """Our door, when there is one: an instance with an issuer of `kind`, loaded with `csrs` (PEM). None
    today.
    """
    del folder, kind, csrs
    return None


def run(plan: Plan) -> list[Row]:
    """For each kind of issuing key: the bare signature, the peers, and ours when it can be had."""
    rows = [row for issuer in _KINDS for row in _rows_of(issuer, plan)]
    rows.append(
        missing("issuance in bulk, 500 CSRs a call, RSA-2048", "no REST door yet", bound=_BULK, peer="raw")
    )
    why = "neither in Debian 12 nor on PyPI; no binary could be had"
    rows.append(missing("OpenBao, durable issuance", why, peer="OpenBao"))
    return rows


def _rows_of(issuer: str, plan: Plan) -> list[Row]:
    kind = _KINDS[issuer]
    folder = plan.folder / "issuance"
    csrs = [_pem(csr) for csr in requests_for(kind)]
    contestants: dict[str, Callable[[], Sample]] = {"raw": _raw(kind, plan)}
    failures = {}
    with contextlib.ExitStack() as stack:
        for name, peer in _PEERS.items():
            place = folder / f"{name}-{issuer}"
            try:
                contestants[name] = stack.enter_context(peer(place, kind, csrs, plan))
            except (ServerFailedError, OSError) as failure:
                failures[name] = str(failure)
        target = sceau_api_target(folder / f"sceau-{issuer}", kind, csrs)
        if target is not None:
            contestants["ours"] = _loaded(stack.enter_context(target), plan)
        rounds = interleave(contestants, plan)
    return [*_our_rows(issuer, rounds, failures), *_peer_rows(issuer, rounds, failures)]


def _our_rows(issuer: str, rounds: dict[str, list[Sample]], failures: dict[str, str]) -> list[Row]:
    name, unit = f"{_CALL}, {issuer} issuer", "certificates a CPU second"
    if "ours" not in rounds:
        why = "no REST door yet"
        return [
            missing(name, why, bound=_OVER_RAW[issuer], peer="raw key.sign"),
            missing(name, why, bound=_OVER_CFSSL[issuer], peer="cfssl + SQLite"),
        ]
    value, raw = rate(rounds, "ours"), f"raw key.sign: {rate(rounds, 'raw'):,.0f}"
    rows = [Row(name, value, unit, ratio(rounds, "ours", "raw"), _OVER_RAW[issuer], raw)]
    if "cfssl" in failures:
        return [*rows, missing(name, failures["cfssl"], bound=_OVER_CFSSL[issuer], peer="cfssl + SQLite")]
    cfssl = f"cfssl + SQLite: {rate(rounds, 'cfssl'):,.0f}"
    return [*rows, Row(name, value, unit, ratio(rounds, "ours", "cfssl"), _OVER_CFSSL[issuer], cfssl)]


def _peer_rows(issuer: str, rounds: dict[str, list[Sample]], failures: dict[str, str]) -> list[Row]:
    rows = []
    for name, words in _WORDS.items():
        title = f"{words}, durable issuance, {issuer} issuer"
        if name in failures:
            rows.append(missing(title, failures[name], peer=name))
            continue
        beside = f"raw key.sign: {rate(rounds, 'raw'):,.0f} a CPU second"
        value = rate(rounds, name)
        rows.append(
            Row(
                title,
                value,
                "certificates a CPU second",
                ratio(rounds, name, "raw"),
                peer=beside,
                note=_NOTES[name],
            )
        )
    return rows


_WORDS = {"cfssl": "cfssl + SQLite over HTTP", "django-ca": "django-ca 3.2.0 + SQLite over HTTP"}
_PEERS_FIGURE = "a peer's figure, in the column of ours"
_NOTES = {
    "cfssl": f"{_PEERS_FIGURE}; Debian's cfssl 1.2.0 (2016), no authentication, no check of names, no lint; "
    "SQLite as it opens it (rollback journal, synchronous=FULL); 32 clients",
    "django-ca": f"{_PEERS_FIGURE}; REST API under gunicorn, one worker of 4 threads, 4 clients; password "
    "hashed by MD5 in its favour; one POST a certificate, though a client must ask twice more to get it",
}


@contextlib.contextmanager
def _cfssl(folder: Path, kind: str, csrs: Sequence[str], plan: Plan) -> Iterator[Callable[[], Sample]]:
    with cfssl_serving(folder, kind, csrs) as (server, load):
        yield _counted(server, load, plan, lambda: cfssl_issued(folder))


@contextlib.contextmanager
def _django_ca(folder: Path, kind: str, csrs: Sequence[str], plan: Plan) -> Iterator[Callable[[], Sample]]:
    with django_ca_serving(folder, kind, csrs) as (server, load):
        yield _counted(server, load, plan, lambda: django_ca_issued(folder))


_PEERS = {"cfssl": _cfssl, "django-ca": _django_ca}


def _counted(server: Running, load: Load, plan: Plan, issued: Callable[[], int]) -> Callable[[], Sample]:
    """What counts is what the peer's database holds more afterwards, not what it answered."""

    def sample() -> Sample:
        before = issued()
        answered = load.sample(server, seconds=plan.seconds)
        return Sample(issued() - before, answered.cpu)

    return sample


def _loaded(target: ApiTarget, plan: Plan) -> Callable[[], Sample]:
    return lambda: target.load.sample(target.server, seconds=plan.seconds, watched=target.watched)


def _raw(kind: str, plan: Plan) -> Callable[[], Sample]:
    key = authority("el-org", "development", kind=kind).key
    message = bytes(1000)
    return lambda: repeated(lambda _: bare_signature(key, message), seconds=plan.seconds / 2, most=1_000_000)


def _pem(csr: bytes) -> str:
    return x509.load_der_x509_csr(csr).public_bytes(Encoding.PEM).decode()
