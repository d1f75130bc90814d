"""The one input of a ceremony: a short TOML that people read, correct and approve before anybody meets.

It says which authorities, with which keys, for how long, where they will publish, where the keys are kept
and who shares the secret. Nothing else is asked, and no secret is written in it. Its SHA-256 is in the
transcript.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sceau.catalogue import Catalogue, Environment, Issuer
from sceau.certification import ML_DSA_KINDS
from sceau.custody.hierarchy import parents_first
from sceau.custody.holdings import Service
from sceau.custody.pkcs11_link import TokenPlace
from sceau.custody.stores import read_token_place
from sceau.status import MOST_PARTITIONS
from sceau.vocabulary import Fault, Finding, Refused

_KEYS = ("rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384", *ML_DSA_KINDS)
POST_QUANTUM = "post-quantum"
"""The word without which no plan may ask for a key of ML-DSA."""

_FINGERPRINT = re.compile(r"([0-9A-F]{2}:){31}[0-9A-F]{2}")
_ADDRESS = re.compile(r"(https?|ldaps?)://[!-~]+|")
_SHORTEST_LIFE, _LONGEST_LIFE = 1, 30
_MOST_CUSTODIANS = 16
_LONGEST_LIST = 400

_KNOWN: Mapping[str, type] = {
    "title": str,
    "environment": str,
    "issuers": list,
    "generation": int,
    "backend": str,
    "keys": dict,
    "years": dict,
    "addresses": dict,
    "custodians": dict,
    "witnesses": list,
    "token": dict,
    "roots": dict,
    "lists": dict,
    "revoked": list,
    "service": dict,
    "experimental": str,
}


@dataclass(frozen=True, slots=True)
class RevokedAuthority:
    """An issuing authority that a root no longer stands for. `reason` is the number of RFC 5280 §5.3.1."""

    issuer: str
    serial: int
    at: datetime
    reason: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An approved ceremony. `issuers` are the catalogue's rows as changed by the plan, parents first.

    `list_days` says how long a root's lists are good, 0 when the plan makes none; `revoked` is whom they
    name. `place` is None for keys in files; `threshold` 0 when the passphrase is one person's; `roots` are
    the fingerprints (SHA-256 in pairs) of the roots made elsewhere; `digest` the hex SHA-256 of the file.
    """

    title: str
    environment: Environment
    issuers: tuple[Issuer, ...]
    generation: int
    place: TokenPlace | None
    threshold: int
    custodians: tuple[str, ...]
    witnesses: tuple[str, ...]
    roots: Mapping[str, str]
    digest: str
    list_days: int = 0
    revoked: tuple[RevokedAuthority, ...] = ()
    service: Mapping[str, Service] = field(default_factory=dict)

    @property
    def post_quantum(self) -> tuple[str, ...]:
        """Issuers of the plan with a key of ML-DSA: an experiment, told wherever the hierarchy shows."""
        return tuple(one.code for one in self.issuers if one.key in ML_DSA_KINDS)

    @property
    def roots_missing(self) -> tuple[str, ...]:
        """Issuers of the plan whose parent is not in it: their certificate comes from elsewhere."""
        here = {issuer.code for issuer in self.issuers}
        return tuple(one.code for one in self.issuers if one.parent not in here | {None})


def read_plan(raw: bytes, *, catalogue: Catalogue) -> Plan:
    """The plan in a file. Raises `Refused` with everything that is wrong in it."""
    try:
        written = tomllib.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise Refused([Finding.error("ceremony.plan-unreadable", "plan", why=error)]) from error
    problems = _strangers(written)
    if problems:
        raise Refused(problems)
    reader = _Reader(written, catalogue, problems)
    environment, issuers = reader.environment(), reader.issuers()
    threshold, custodians = reader.custodians()
    place = reader.place()
    roots = reader.table("roots", lambda value: isinstance(value, str) and _FINGERPRINT.fullmatch(value))
    list_days, revoked = reader.lists()
    service = reader.service()
    problems += _wrong_with_experiment(written, issuers)
    generation = written.get("generation", 1)
    if not 1 <= generation <= 99:
        problems.append(_wrong("generation", "1 à 99"))
    if problems or environment is None:
        raise Refused(problems)
    digest = hashlib.sha256(raw).hexdigest()
    witnesses = tuple(map(str, written.get("witnesses", ())))
    title = str(written["title"])
    return Plan(
        title,
        environment,
        issuers,
        generation,
        place,
        threshold,
        custodians,
        witnesses,
        roots,
        digest,
        list_days,
        revoked,
        service,
    )


def _strangers(written: Mapping[str, Any]) -> list[Finding]:
    problems = [Finding.error("ceremony.plan-unknown", key) for key in written if key not in _KNOWN]
    problems += [
        _wrong(key, kind.__name__)
        for key, kind in _KNOWN.items()
        if key in written and type(written[key]) is not kind
    ]
    missing = [key for key in ("title", "environment", "issuers", "backend") if not written.get(key)]
    return problems + [_wrong(key, "obligatoire") for key in missing]


def _wrong_with_experiment(written: Mapping[str, Any], issuers: tuple[Issuer, ...]) -> list[Finding]:
    """ML-DSA is for plans that say so by the word, and for keys in files."""
    word = written.get("experimental")
    asked = [one for one in issuers if one.key in ML_DSA_KINDS]
    if word not in (None, POST_QUANTUM) or (word and not asked):
        return [_wrong("experimental", f"{POST_QUANTUM}, avec une clé {', '.join(ML_DSA_KINDS)}")]
    problems = [
        Finding.error("ceremony.experimental", one.code, kind=one.key, word=POST_QUANTUM)
        for one in asked
        if not word
    ]
    if written["backend"] == "pkcs11":
        problems += [Finding.error("ceremony.experimental-token", one.code, kind=one.key) for one in asked]
    return problems


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parts of a plan, and notes what is wrong in each."""

    written: Mapping[str, Any]
    catalogue: Catalogue
    problems: list[Finding]

    def environment(self) -> Environment | None:
        code = self.written["environment"]
        environment = self.catalogue.environments.get(code)
        if environment is None or environment.test_people:
            self.problems.append(_wrong("environment", "production ou test"))
            return None
        addresses = self.written.get("addresses", {})
        for key, value in addresses.items():
            if key not in ("publication", "ocsp", "ldap"):
                self.problems.append(Finding.error("ceremony.plan-unknown", f"addresses.{key}"))
            elif not isinstance(value, str) or not _ADDRESS.fullmatch(value):
                self.problems.append(_wrong(f"addresses.{key}", "http://… ou ldap://…"))
        return environment if self.problems else environment.moved(**addresses)

    def issuers(self) -> tuple[Issuer, ...]:
        codes = self.written["issuers"]
        if codes == ["*"]:
            codes = list(self.catalogue.issuers)
        if len(set(map(str, codes))) != len(codes) or not all(one in self.catalogue.issuers for one in codes):
            self.problems.append(_wrong("issuers", ", ".join(self.catalogue.issuers)))
            return ()
        keys = self.table("keys", lambda value: value in _KEYS, among=codes)
        years = self.table(
            "years",
            lambda value: type(value) is int and _SHORTEST_LIFE <= value <= _LONGEST_LIFE,
            among=codes,
        )
        rows = [
            replace(row, key=keys.get(row.code, row.key), years=years.get(row.code, row.years))
            for row in map(self.catalogue.issuers.__getitem__, codes)
        ]
        here = [row for row in rows if row.parent is None or row.parent in codes]
        return tuple(parents_first(here)) + tuple(row for row in rows if row not in here)

    def custodians(self) -> tuple[int, tuple[str, ...]]:
        table = self.written.get("custodians")
        if table is None:
            return 0, ()
        names, threshold = table.get("names"), table.get("threshold")
        is_right = (
            set(table) == {"names", "threshold"}
            and isinstance(names, list)
            and all(isinstance(name, str) and name.strip() for name in names)
            and len(set(names)) == len(names)
            and type(threshold) is int
            and 2 <= threshold <= len(names) <= _MOST_CUSTODIANS
            and self.written["backend"] == "software"
        )
        if not is_right:
            self.problems.append(Finding.error("ceremony.custodians", "custodians"))
            return 0, ()
        return threshold, tuple(names)

    def place(self) -> TokenPlace | None:
        backend, token = self.written["backend"], self.written.get("token")
        if backend not in ("software", "pkcs11") or (backend == "pkcs11") is not (token is not None):
            self.problems.append(_wrong("backend", "software, ou pkcs11 avec [token]"))
            return None
        if token is None:
            return None
        try:
            return read_token_place(token, where="token")
        except Fault as fault:
            self.problems.append(_wrong("token", fault.detail))
            return None

    def lists(self) -> tuple[int, tuple[RevokedAuthority, ...]]:
        table = self.written.get("lists", {"days": 0})
        days = table.get("days")
        if type(days) is not int or not 0 <= days <= _LONGEST_LIST or len(table) != 1:
            self.problems.append(_wrong("lists", f"days, de 1 à {_LONGEST_LIST}"))
        found = []
        for number, row in enumerate(self.written.get("revoked", ())):
            try:
                found.append(self._revoked(**row))
            except (TypeError, KeyError, ValueError):
                self.problems.append(_wrong(f"revoked.{number}", "issuer, serial, at (date), reason"))
        return days, tuple(found)

    def _revoked(self, issuer: str, serial: str, at: datetime, reason: str) -> RevokedAuthority:
        return RevokedAuthority(
            self.catalogue.issuers[issuer].code,
            int(serial.replace(":", ""), 16),
            _utc(at).replace(microsecond=0),
            self.catalogue.reasons[reason].rfc5280,
        )

    def service(self) -> dict[str, Service]:
        found = {}
        for code, row in self.written.get("service", {}).items():
            products = row.get("products") if isinstance(row, dict) else None
            begins = row.get("from") if isinstance(row, dict) else None
            is_right = (
                code in self.written["issuers"]
                and isinstance(row, dict)
                and set(row) <= {"from", "products", "partitions"}
                and _is_partitions(row.get("partitions", 1))
                and (begins is None or isinstance(begins, datetime))
                and (
                    products is None
                    or (products and set(products) <= set(self.catalogue.issuers[code].products))
                )
            )
            if not is_right:
                self.problems.append(
                    _wrong(
                        f"service.{code}",
                        f"from (date et heure), products de l'autorité, partitions (1 à {MOST_PARTITIONS})",
                    )
                )
                continue
            moment = None if begins is None else _utc(begins)
            found[code] = Service(
                moment, None if products is None else tuple(products), row.get("partitions", 1)
            )
        return found

    def table(
        self, name: str, is_right: Callable[[Any], object], *, among: list[str] | None = None
    ) -> dict[str, Any]:
        """A table from issuers to values."""
        table = self.written.get(name, {})
        known = self.catalogue.issuers if among is None else among
        for code, value in table.items():
            if code not in known or not is_right(value):
                self.problems.append(_wrong(f"{name}.{code}", "autorité du plan et valeur possible"))
        return dict(table)


def _utc(at: datetime) -> datetime:
    """A date without a zone is UTC: what people read in the plan is what is written."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _wrong(subject: str, expected: str) -> Finding:
    return Finding.error("ceremony.plan-value", subject, expected=expected)


def _is_partitions(value: object) -> bool:
    return type(value) is int and 1 <= value <= MOST_PARTITIONS
