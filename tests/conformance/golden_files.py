"""The golden to-be-signed bytes: one file a product, environment and kind of key, made from facts that never
change.

`python -m tests.conformance.golden_files --write` makes them again after a wanted change; the difference is
then read by a person in the commit. Issuers and the RSA key are public files beside them, made once and kept:
their private halves were thrown away.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from sceau.certification import CertificationRequest, Draft, IssuerFacts, compose_serial, prepare
from sceau.certification.keys import read_shape
from tests.authority import AT, CATALOGUE, PRODUCTS, RANDOM_BITS, authority, private_key, spki_of, warrant

FOLDER = Path(__file__).parent / "golden"
ENVIRONMENTS = ("production", "test", "development")
KEYS = ("rsa", "ec")
_SCALAR = int("5EA0" * 16, 16)


def golden_names() -> Iterator[tuple[str, str, str]]:
    """(product, environment, kind of key): every product everywhere on RSA, and in production on a curve."""
    for product in PRODUCTS:
        for environment in ENVIRONMENTS:
            yield product, environment, "rsa"
        yield product, "production", "ec"


def golden_path(product: str, environment: str, kind: str) -> Path:
    return FOLDER / f"{CATALOGUE.products[product].slug}.{environment}.{kind}.der"


def golden_request(kind: str) -> CertificationRequest:
    """A request whose possession was proved once: only its key matters here."""
    if kind == "rsa":
        spki = (FOLDER / "subscriber.spki").read_bytes()
    else:
        spki = spki_of(ec.derive_private_key(_SCALAR, ec.SECP256R1()))
    return CertificationRequest(b"", read_shape(spki).require(), (), ())


def golden_issuer(product: str, environment: str) -> IssuerFacts:
    code = CATALOGUE.products[product].issuer
    return IssuerFacts(code, 1, environment, (FOLDER / f"issuer.{code}.{environment}.cer").read_bytes())


def golden_draft(product: str, environment: str, kind: str) -> Draft:
    """What the gate makes of these facts today."""
    return prepare(
        warrant(product),
        golden_request(kind),
        golden_issuer(product, environment),
        catalogue=CATALOGUE,
        serial=compose_serial(AT, RANDOM_BITS),
        at=AT,
        lint_key=private_key("rsa:2048", "lint"),
    )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    subscriber = FOLDER / "subscriber.spki"
    if not subscriber.exists():
        subscriber.write_bytes(spki_of(private_key("rsa:2048", "golden")))
    for code in ("el-org", "el-pp"):
        for environment in ENVIRONMENTS:
            path = FOLDER / f"issuer.{code}.{environment}.cer"
            if not path.exists():
                issuer = authority(code, environment, kind="rsa:2048", ends=AT + timedelta(days=3652))
                path.write_bytes(issuer.facts.certificate)
    for product, environment, kind in golden_names():
        golden_path(product, environment, kind).write_bytes(golden_draft(product, environment, kind).tbs)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.conformance.golden_files --write")
    main()
