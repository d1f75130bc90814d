"""Issuance asked of a server: one certificate a call, durable, beside the bare signature of the same key.

Our side is a whole instance (see `sceau_api`); the peers check no right and keep no journal.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.authority import authority

from bench.in_process import bare_signature, requests_for
from bench.peers import cfssl_issued, cfssl_serving, django_ca_issued, django_ca_serving
from bench.plan import Plan
from bench.rounds import Contestant, Sample, interleave, rate, ratio, repeated
from bench.rows import Bound, Row, missing
from bench.sceau_api import ApiTarget, sceau_api
from bench.servers import ServerFailedError

_KINDS = {"RSA-2048": "rsa:2048", "P-256": "ec:P-256"}
_OVER_RAW = {"RSA-2048": Bound(0.25, 0.60), "P-256": Bound(0.05, 0.13)}
_OVER_CFSSL = {"RSA-2048": Bound(1.5), "P-256": Bound(2.0)}
_BULK = Bound(0.5, 0.75)
_CALL = "issuance by API over HTTPS, one certificate a call, 32 clients"


_SUBSCRIBERS = "ec:P-256"  # thousands of different keys are needed: RSA ones would take an hour to make
_BULK_SIZE = 500
_POOL, _QUICK_POOL = 60_000, 12_000


def run(plan: Plan) -> list[Row]:
    """For each kind of issuing key: the bare signature, the peers, and ours; then ours in bulk."""
    csrs = [_pem(csr) for csr in requests_for(_SUBSCRIBERS, _QUICK_POOL if plan.quick else _POOL)]
    rows = [row for issuer in _KINDS for row in _rows_of(issuer, csrs, plan)]
    why = "neither in Debian 12 nor on PyPI; no binary could be had"
    rows.append(missing("OpenBao, durable issuance", why, peer="OpenBao"))
    return rows


def _rows_of(issuer: str, csrs: Sequence[str], plan: Plan) -> list[Row]:
    kind = _KINDS[issuer]
    folder = plan.folder / "issuance"
    contestants: dict[str, Contestant] = {"raw": _raw(kind, plan)}
    failures = {}
    bulk: list[Row] = []
    with contextlib.ExitStack() as stack:
        for name, peer in _PEERS.items():
            try:
                contestants[name] = stack.enter_context(peer(folder / f"{name}-{issuer}", kind, csrs, plan))
            except (ServerFailedError, OSError) as failure:
                failures[name] = str(failure)
        try:
            target = stack.enter_context(sceau_api(folder / f"sceau-{issuer}", kind))
            contestants["ours"] = _ours(target, csrs[: -4 * _BULK_SIZE], plan)
        except (ServerFailedError, OSError) as failure:
            failures["ours"] = str(failure)
        rounds = _interleaved(contestants, failures, plan)
        if issuer == "RSA-2048" and "ours" in rounds:
            bulk = [_bulk_row(target, csrs[-4 * _BULK_SIZE :], plan)]
    return [*_our_rows(issuer, rounds, failures), *bulk, *_peer_rows(issuer, rounds, failures)]


def _interleaved(
    contestants: dict[str, Contestant], failures: dict[str, str], plan: Plan
) -> dict[str, list[Sample]]:
    """The rounds; a contestant that fails at its warm-up is left out, and said."""
    for name in [name for name in contestants if name != "raw"]:
        try:
            contestants[name]()
        except (ServerFailedError, ValueError) as failure:
            failures[name] = str(failure)
            del contestants[name]
    return interleave(contestants, plan)


def _ours(target: ApiTarget, csrs: Sequence[str], plan: Plan) -> Contestant:
    load = target.load(csrs, at_once=1)
    return _counted(lambda: load.run(target.server, plan.seconds), target.cpu, target.issued)


def _bulk_row(target: ApiTarget, csrs: Sequence[str], plan: Plan) -> Row:
    """Few rounds: a call of 500 is a long sample by itself."""
    name = f"issuance in bulk, {_BULK_SIZE} CSRs a call, RSA-2048 issuer"
    try:
        load = target.load(csrs, at_once=_BULK_SIZE)
        ours = _counted(lambda: target.prove(load, _BULK_SIZE), target.cpu, target.issued)
        contestants = {"raw": _raw("rsa:2048", plan), "ours": ours}
        rounds = interleave(contestants, replace(plan, rounds=2))
    except (ServerFailedError, OSError, ValueError) as failure:
        return missing(name, str(failure), bound=_BULK, peer="raw key.sign")
    raw = f"raw key.sign: {rate(rounds, 'raw'):,.0f} a CPU second"
    value, over = rate(rounds, "ours"), ratio(rounds, "ours", "raw")
    return Row(name, value, _UNIT, over, _BULK, raw, f"{_OURS}; two rounds of one call")


def _our_rows(issuer: str, rounds: dict[str, list[Sample]], failures: dict[str, str]) -> list[Row]:
    name = f"{_CALL}, {issuer} issuer"
    beside = (("raw", "raw key.sign", _OVER_RAW[issuer]), ("cfssl", "cfssl + SQLite", _OVER_CFSSL[issuer]))
    rows = []
    for peer, words, bound in beside:
        trouble = failures.get("ours") or failures.get(peer)
        if trouble is not None:
            rows.append(missing(name, trouble, bound=bound, peer=words))
            continue
        told = f"{words}: {rate(rounds, peer):,.0f} a CPU second"
        rows.append(Row(name, rate(rounds, "ours"), _UNIT, ratio(rounds, "ours", peer), bound, told, _OURS))
    return rows


def _peer_rows(issuer: str, rounds: dict[str, list[Sample]], failures: dict[str, str]) -> list[Row]:
    rows = []
    for name, words in _WORDS.items():
        title = f"{words}, durable issuance, {issuer} issuer"
        if name in failures:
            rows.append(missing(title, failures[name], peer=name))
            continue
        beside = f"raw key.sign: {rate(rounds, 'raw'):,.0f} a CPU second"
        rows.append(
            Row(title, rate(rounds, name), _UNIT, ratio(rounds, name, "raw"), peer=beside, note=_NOTES[name])
        )
    return rows


_UNIT = "certificates a CPU second"
_OURS = (
    "door, signer and clockwork of an instance on SQLite, all their CPU counted; token, P-256 subscribers, "
    "each key and name new; certificates counted in the database"
)
_WORDS = {"cfssl": "cfssl + SQLite over HTTP", "django-ca": "django-ca 3.2.0 + SQLite over HTTP"}
_PEERS_FIGURE = "a peer's figure, in the column of ours"
_NOTES = {
    "cfssl": f"{_PEERS_FIGURE}; Debian's cfssl 1.2.0 (2016), no authentication, no check of names, no lint; "
    "SQLite as it opens it (rollback journal, synchronous=FULL); 32 clients",
    "django-ca": f"{_PEERS_FIGURE}; REST API under gunicorn, one worker of 4 threads, 4 clients; password "
    "hashed by MD5 in its favour; one POST a certificate, though a client must ask twice more to get it",
}


@contextlib.contextmanager
def _cfssl(folder: Path, kind: str, csrs: Sequence[str], plan: Plan) -> Iterator[Contestant]:
    with cfssl_serving(folder, kind, csrs[:256]) as (server, load):
        yield _counted(lambda: load.run(server, plan.seconds), server.cpu, lambda: cfssl_issued(folder))


@contextlib.contextmanager
def _django_ca(folder: Path, kind: str, csrs: Sequence[str], plan: Plan) -> Iterator[Contestant]:
    with django_ca_serving(folder, kind, csrs[:256]) as (server, load):
        yield _counted(lambda: load.run(server, plan.seconds), server.cpu, lambda: django_ca_issued(folder))


_PEERS = {"cfssl": _cfssl, "django-ca": _django_ca}


def _counted(load: Callable[[], object], cpu: Callable[[], float], issued: Callable[[], int]) -> Contestant:
    """What counts is what the database holds more afterwards, when everything begun is over."""

    def sample() -> Sample:
        before, spent = issued(), cpu()
        load()
        held = -1
        while held != (held := issued()):
            time.sleep(_QUIET)
        return Sample(held - before, cpu() - spent)

    return sample


_QUIET = 0.5  # seconds without a new certificate: what was under way when the load stopped is over


def _raw(kind: str, plan: Plan) -> Contestant:
    key = authority("el-org", "development", kind=kind).key
    message = bytes(1000)
    return lambda: repeated(lambda _: bare_signature(key, message), seconds=plan.seconds / 2, most=1_000_000)


def _pem(csr: bytes) -> str:
    return x509.load_der_x509_csr(csr).public_bytes(Encoding.PEM).decode()
