"""The draft: the exact bytes that will be signed, and what is known of them.

`prepare` makes a draft from a warrant and a CSR; it is examined by code that did not build it, and linted
under a throw-away key, before the CA's key is anywhere near. `sign` has exactly those bytes signed and
compares what comes back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sceau.catalogue import Environment
from sceau.vocabulary import Fault, Finding, Refused

if TYPE_CHECKING:
    from sceau.certification.lint import LintVerdict


@dataclass(frozen=True, slots=True)
class IssuerFacts:
    """The issuer a draft is made for: which one, its certificate, and where its status is published.

    `code` is a key of the catalogue's issuers (``el-org``), `generation` tells successive keys of one issuer
    apart, `environment` a key of the catalogue's environments. `certificate` is DER. `addresses` is that
    environment as the operator moved it (`Environment.moved`), None for the catalogue's own addresses.
    A generation signs from `signs_from` (None: since it exists) for `products` (None: all of its issuer's).
    `partition` is the part of the issuer's list that a certificate made now belongs to, written in its
    distribution points; None: the complete list. `partitions` is in how many parts the issuer's list is
    published beside the complete one, fixed for the generation; 1: in none.
    """

    code: str
    generation: int
    environment: str
    certificate: bytes
    addresses: Environment | None = None
    signs_from: datetime | None = None
    products: tuple[str, ...] | None = None
    partition: int | None = None
    partitions: int = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A to-be-signed certificate that passed examination. Made in this room only (a house test holds that).

    `tbs` is the DER of TBSCertificate [RFC 5280 §4.1.2]; `spki_sha256` the hex digest of its
    SubjectPublicKeyInfo; `subject` the RFC 4514 text shown to people; times are timezone-aware UTC, to the
    second.
    """

    tbs: bytes
    issuer: str
    generation: int
    serial: int
    product: str
    profile: str
    subject: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    spki_sha256: str
    lint: LintVerdict
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """No verdict of the linter on these very bytes, no draft [F49]."""
        if self.lint.tbs_sha256 != hashlib.sha256(self.tbs).hexdigest():
            raise ValueError("a draft needs the linter's verdict on its own bytes")


class SignatureAsk(NamedTuple):
    """One thing to be signed: `kind` as the signer names it (``certificate``…), for whom, which bytes."""

    kind: str
    issuer: str
    generation: int
    tbs: bytes


class Signer(Protocol):
    """Whoever holds the CA keys. Reached over a Unix socket in the product, in memory in tests.

    Durability: a signature is in the signer's own fsynced record before this returns it. Raises `Fault` with
    ``retryable=False`` when the outcome is unknown: the caller must then burn the serial, never ask again.
    """

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        """The complete signed DER (certificate or CRL) over exactly `tbs`."""
        ...

    def sign_all(self, asks: Sequence[SignatureAsk]) -> Sequence[bytes | Refused | Fault]:
        """An answer to each of `asks`, in order; each stands alone: what `sign` would return or raise."""
        ...
