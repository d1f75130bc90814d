"""Path validation suites of others through our own: NIST's PKITS, and x509-limbo where it is given [G07].

PKITS comes with PyPI's cryptography-vectors. x509-limbo is not to be had from a package: `LIMBO` names its
limbo.json (docs/conformance.md says how it is made). No path that a suite refuses may be accepted; every
difference is named in path_skips.toml, and one that is named must be there.
"""

from __future__ import annotations

import base64
import json
import os
import tomllib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest

from tests.conformance.path_kit import OF_CARDS_ONLY, why_refused

HERE = Path(__file__).parent
PKITS = Path(cryptography_vectors.__file__).parent / "x509" / "PKITS_data"
ARC = "2.16.840.1.101.3.2.1.48"
"""Under which the policies of PKITS lie."""

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
SUITE: dict[str, Any] = tomllib.loads((HERE / "pkits.toml").read_text())
SKIPS: dict[str, Any] = tomllib.loads((HERE / "path_skips.toml").read_text())
TESTS = {
    f"{section}.{number}": (end, path, verdict)
    for section, table in SUITE.items()
    for number, end, path, verdict in table["tests"]
}


def named(kind: str) -> frozenset[str]:
    return frozenset(test for group in SKIPS[kind] for test in group["tests"])


@lru_cache(maxsize=1)
def lists() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted((PKITS / "crls").glob("*.crl")))


def pkits_certificate(name: str) -> bytes:
    return (PKITS / "certs" / f"{name}.crt").read_bytes()


@pytest.mark.parametrize("test", TESTS)
def test_g07_pkits(test: str) -> None:
    """The last authority of the path is pinned under NIST's anchor; all 173 lists are at hand."""
    end, path, verdict = TESTS[test]
    anchor = pkits_certificate("TrustAnchorRootCertificate")
    wrong = why_refused(
        pkits_certificate(end),
        roots=[anchor],
        issuers=[pkits_certificate(path[-1]) if path else anchor],
        at=AT,
        lists=lists(),
        policy_arcs=(ARC,),
        apart=OF_CARDS_ONLY | {"card.extended-key-usage"},
    )
    if verdict == "invalid":
        assert wrong, "accepted, and NIST refuses"
    elif test in named("pkits"):
        assert wrong, "accepted as NIST does: take it off path_skips.toml"
    else:
        assert wrong == ()


def test_pkits_is_whole() -> None:
    counts = {section: len(table["tests"]) for section, table in SUITE.items()}
    assert counts == {
        "4.1": 6,
        "4.2": 8,
        "4.3": 11,
        "4.4": 21,
        "4.5": 8,
        "4.6": 17,
        "4.7": 5,
        "4.8": 20,
        "4.9": 8,
        "4.10": 14,
        "4.11": 11,
        "4.12": 10,
        "4.13": 38,
        "4.14": 35,
        "4.15": 10,
        "4.16": 2,
    }
    assert all(
        [number for number, *_ in table["tests"]] == list(range(1, len(table["tests"]) + 1))
        for table in SUITE.values()
    )
    assert len(lists()) == 173
    assert named("pkits") <= {test for test, (_, _, verdict) in TESTS.items() if verdict == "valid"}


def der(pem: str) -> bytes:
    return base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))


def limbo_verdict(case: dict[str, Any]) -> tuple[bool, list[tuple[str, ...]]]:
    """Every certificate that a case offers is pinned in turn: accepted when one way is."""
    at = datetime.fromisoformat(case["validation_time"]) if case["validation_time"] else AT
    roots = [der(one) for one in case["trusted_certs"]]
    apart = OF_CARDS_ONLY | {"card.policy"}
    if "clientAuth" not in case["extended_key_usage"]:
        apart |= {"card.extended-key-usage"}
    ways = [
        why_refused(
            der(case["peer_certificate"]),
            roots=roots,
            issuers=[issuer],
            at=at,
            lists=[der(one) for one in case["crls"]] or None,
            apart=apart,
        )
        for issuer in [*(der(one) for one in case["untrusted_intermediates"]), *roots]
    ]
    return () in ways, ways


def limbo() -> list[dict[str, Any]]:
    place = os.environ.get("LIMBO")
    if not place:
        pytest.skip("LIMBO names no limbo.json (docs/conformance.md)")
    found: list[dict[str, Any]] = json.loads(Path(place).read_text())["testcases"]
    return [case for case in found if not case["id"].startswith("bettertls::")]


def test_g07_limbo() -> None:
    """BetterTLS's cases are left out: they are of names and of building a path; ours does neither."""
    cases = limbo()
    accepted = {case["id"] for case in cases if limbo_verdict(case)[0]}
    good = {case["id"] for case in cases if case["expected_result"] == "SUCCESS"}
    assert accepted - good == named("limbo_not_asked")
    assert good - accepted == named("limbo_stricter")
    assert len(cases) >= 200


def test_the_skips_are_few_enough() -> None:
    """ASSURANCE G07 lets at most 60 accepted paths be named, each with its reason."""
    assert len(named("limbo_not_asked")) <= 60
    assert all(len(group["reason"]) > 20 for kind in SKIPS.values() for group in kind)
