"""What a signer holds: its folder of keys, certificates and ledger, and the list that says which belong
together.

`issuers.json` names the environment and, for each generation of each issuer, its files. The
certificates here are the signer's own copies: what lies on the public shelf is never read for a
decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sceau.catalogue import Catalogue, Environment
from sceau.certification import IssuerFacts
from sceau.custody.authorities import Authority
from sceau.custody.examination import SigningIssuer, signing_issuer
from sceau.custody.folders import make_private_folder, replace_file, write_new_file
from sceau.custody.keys import KeyStore, key_name
from sceau.vocabulary import Fault


@dataclass(frozen=True, slots=True)
class Service:
    """When a generation signs (from `begins`; None: at once), for which `products` (None: all), and in how
    many `partitions` its list is published beside the complete one (1: in none), which never changes.
    """

    begins: datetime | None = None
    products: tuple[str, ...] | None = None
    partitions: int = 1


@dataclass(frozen=True, slots=True)
class Held:
    """One generation of an issuer as a signer's folder has it. `certificate` is DER."""

    code: str
    generation: int
    certificate: bytes
    service: Service = Service()


@dataclass(frozen=True, slots=True)
class SignerFolder:
    """The places inside a signer's folder."""

    path: Path

    @property
    def keys(self) -> Path:
        """Encrypted private keys."""
        return self.path / "keys"

    @property
    def certificates(self) -> Path:
        """The signer's own copies of the authorities' certificates."""
        return self.path / "certificates"

    @property
    def ledger(self) -> Path:
        """The record of every signature."""
        return self.path / "ledger.jsonl"

    @property
    def socket(self) -> Path:
        """Where the signer listens."""
        return self.path / "socket"

    @property
    def passphrase(self) -> Path:
        """The passphrase file of a development instance, and of no other."""
        return self.path / "passphrase"

    @property
    def contents(self) -> Path:
        """Which environment and which issuers."""
        return self.path / "issuers.json"

    def make(self) -> None:
        """Make the folders, closed to others."""
        for folder in (self.path, self.keys, self.certificates):
            make_private_folder(folder)

    def keep(
        self,
        authorities: Iterable[Authority],
        *,
        environment: Environment,
        parents: Iterable[Authority] = (),
        service: Mapping[str, Service] = MappingProxyType({}),
    ) -> None:
        """Keep the certificates of new authorities, and add them to the list. Their keys were written when
        they were made. `parents` are those above them whose keys are elsewhere, and off; `service` says what
        each issuer's new generation does, all of it at once when it is not named.

        Raises `Fault` (``hierarchy.other-environment``) when what is here already publishes elsewhere.
        """
        written = self._list_of(environment)
        kept = list(authorities)
        for authority in kept:
            name = key_name(authority.issuer.code, authority.generation)
            write_new_file(self.certificates / f"{name}.cer", authority.certificate, mode=0o600)
        for parent in parents:
            replace_file(
                self.certificates / f"above-{parent.issuer.code}.cer", parent.certificate, mode=0o600
            )
        written["issuers"] += [_row(one, service.get(one.issuer.code, Service())) for one in kept]
        text = json.dumps(written, indent=1)
        replace_file(self.contents, text.encode() + b"\n", mode=0o600)

    def _list_of(self, environment: Environment) -> dict[str, Any]:
        """The list as it is, or an empty one for this environment and its addresses."""
        addresses = {
            "publication": environment.publication,
            "ocsp": environment.ocsp,
            "ldap": environment.ldap_base or "",
        }
        fresh = {"environment": environment.code, "addresses": addresses, "issuers": []}
        if not self.contents.exists():
            return fresh
        written = self._read()
        if any(written[part] != fresh[part] for part in ("environment", "addresses")):
            raise Fault("hierarchy.other-environment", retryable=False, detail=str(self.contents))
        return written

    def environment(self, catalogue: Catalogue) -> Environment:
        """The environment this signer serves, with the addresses that were written in its authorities."""
        written = self._read()
        return catalogue.environments[written["environment"]].moved(**written["addresses"])

    def facts(self, catalogue: Catalogue) -> tuple[IssuerFacts, ...]:
        """The issuers as `certification` and `operations` need them: no key, only what is public."""
        environment = self.environment(catalogue)
        return tuple(
            IssuerFacts(
                one.code,
                one.generation,
                environment.code,
                one.certificate,
                environment,
                one.service.begins,
                one.service.products,
                partitions=one.service.partitions,
            )
            for one in self.held()
        )

    def held(self) -> tuple[Held, ...]:
        """The issuers of this folder, without their keys, in the order of the ceremony."""
        return tuple(
            Held(
                row["code"],
                row["generation"],
                self._certificate(row["code"], row["generation"]),
                _service(row),
            )
            for row in self._read()["issuers"]
        )

    def above(self) -> Mapping[str, bytes]:
        """Certificates (DER) of the authorities above ours whose keys are elsewhere, by code."""
        files = sorted(self.certificates.glob("above-*.cer"))
        return {file.stem.removeprefix("above-"): file.read_bytes() for file in files}

    def open(self, store: KeyStore) -> Mapping[tuple[str, int], SigningIssuer]:
        """Every issuer with its key, ready to sign."""
        return {
            (one.code, one.generation): signing_issuer(
                one.code, one.generation, one.certificate, store.open(key_name(one.code, one.generation))
            )
            for one in self.held()
        }

    def _certificate(self, code: str, generation: int) -> bytes:
        return (self.certificates / f"{key_name(code, generation)}.cer").read_bytes()

    def _read(self) -> dict[str, Any]:
        try:
            data: dict[str, Any] = json.loads(self.contents.read_bytes())
        except (OSError, ValueError) as error:
            raise Fault("signer.no-hierarchy", retryable=False, detail=str(self.contents)) from error
        return data


def _row(authority: Authority, service: Service) -> dict[str, Any]:
    row: dict[str, Any] = {"code": authority.issuer.code, "generation": authority.generation}
    if service.begins is not None:
        row["from"] = service.begins.isoformat()
    if service.products is not None:
        row["products"] = list(service.products)
    if service.partitions > 1:
        row["partitions"] = service.partitions
    return row


def _service(row: Mapping[str, Any]) -> Service:
    begins, products = row.get("from"), row.get("products")
    return Service(
        None if begins is None else datetime.fromisoformat(begins),
        None if products is None else tuple(products),
        row.get("partitions", 1),
    )
