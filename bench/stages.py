"""`python -m bench.stages`: where the time of one certificate goes, in process. To work by, not a figure to
publish.

Each step of the way is timed on its own, then the whole is profiled, which makes Python look slower than it
is.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from bench.declared_names import DeclaredNames
from bench.in_process import Line, bare_signature, requests_for
from bench.plan import SERVER_CORE
from bench.rounds import pin

_STEPS = (
    ("bench.in_process.read_csr", "CSR read, possession proved"),
    ("bench.in_process.warrant_for", "right, names, warrant"),
    ("bench.in_process.prepare", "prepare: the whole gate"),
    ("sceau.certification.gate._read_key", "  of it: key policy"),
    ("sceau.certification.gate.build_tbs", "  of it: draft built"),
    ("sceau.certification.gate.examine", "  of it: examined"),
    ("sceau.certification.gate.lint_by_shape", "  of it: linted, by its shape"),
    ("bench.in_process.sign", "signed and compared"),
)


def main() -> None:
    """Print both for the issuer and subscriber kinds given."""
    parser = argparse.ArgumentParser(prog="python -m bench.stages")
    parser.add_argument("issuer", nargs="?", default="ec:P-256", choices=("ec:P-256", "rsa:2048"))
    parser.add_argument("subscriber", nargs="?", default="ec:P-256", choices=("ec:P-256", "rsa:2048"))
    parser.add_argument(
        "--known", action="store_true", help="the keys were judged before (an RSA modulus takes 2 ms)"
    )
    parser.add_argument("--lines", type=int, default=30, help="lines of the profile (0: none)")
    given = parser.parse_args()
    pin(SERVER_CORE)
    line = Line.of(given.issuer, DeclaredNames(1000))
    pool = requests_for(given.subscriber)
    for at in (0, 1):  # the first draft of the shape is linted and examined whole
        line.certify(pool[at], at)
    if given.known:
        for at, csr in enumerate(pool):
            line.certify(csr, at)
    whole = _mean(lambda at: line.certify(pool[at], at), len(pool))
    raw = _mean(lambda _: bare_signature(line.issuer.key, bytes(1000)), 500)
    sys.stdout.write(f"raw signature {raw:.0f} µs; whole way {whole:.0f} µs; ratio {raw / whole:.4f}\n")
    with _watched() as spent:
        for at, csr in enumerate(pool):
            line.certify(csr, at)
    for target, words in _STEPS:
        cost = 1e6 * spent.get(target, 0.0) / len(pool)
        sys.stdout.write(f"{cost:8.0f} µs {100 * cost / whole:5.1f} %  {words}\n")
    if given.lines:
        with cProfile.Profile() as profile:
            for at, csr in enumerate(pool):
                line.certify(csr, at)
        pstats.Stats(profile).sort_stats("tottime").print_stats(given.lines)


def _mean(work: Callable[[int], object], times: int) -> float:
    """µs of CPU a call."""
    began = time.process_time()
    for at in range(times):
        work(at)
    return 1e6 * (time.process_time() - began) / times


@contextmanager
def _watched() -> Iterator[dict[str, float]]:
    """Count the CPU seconds spent in each step, by name; a step that is gone is left out."""
    spent: dict[str, float] = {}
    patches = []
    for target, _ in _STEPS:
        module, _, name = target.rpartition(".")
        function = getattr(sys.modules[module], name, None)
        if function is not None:
            patches.append(patch(target, _timed(function, target, spent)))
    for one in patches:
        one.start()
    try:
        yield spent
    finally:
        for one in patches:
            one.stop()


def _timed(function: Callable[..., Any], target: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return function(*given, **named)
        finally:
            spent[target] = spent.get(target, 0.0) + time.process_time() - began

    return timed


if __name__ == "__main__":
    main()
