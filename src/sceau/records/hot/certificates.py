"""Certificates from intent to hand-over, their names, and the keys in use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sceau.records.hot.link import ask, held, insert, marks, stored, updating, write_rows

_FREE = "NOT (state = 'abandoned')"  # as the partial index says it, so that SQLite uses that index


@dataclass(frozen=True, slots=True)
class FirstRow:
    """What a key of idempotency gave first."""

    reference: str
    state: str
    request_digest: str


def first_under(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], FirstRow]:
    """What these (asker, key of idempotency) gave, abandoned attempts apart."""
    found = {}
    for asker, several in _by_asker(keys).items():
        rows = ask(
            "SELECT idempotency_key, reference, state, request_digest FROM records_certificate"
            f" WHERE asked_by = %s AND idempotency_key IN ({marks(several)}) AND {_FREE}",
            [asker, *several],
        )
        for key, reference, state, digest in rows:
            found[asker, str(key)] = FirstRow(reference, state, digest)
    return found


def _by_asker(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for asker, key in sorted(set(keys)):
        found.setdefault(asker, []).append(key)
    return found


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key in use: by whom, for what, and the certificate that took it last."""

    id: int
    product: str
    owner: str
    certificate: str
    state: str


def key_rows(digests: Sequence[str]) -> dict[str, KeyRow]:
    """The keys of these digests (hex) that were certified; held until the end of the transaction."""
    if not digests:
        return {}
    rows = ask(
        "SELECT k.spki_sha256, k.id, k.product, k.owner, c.reference, c.state FROM records_keyuse k"
        f" JOIN records_certificate c ON c.id = k.certificate_id WHERE k.spki_sha256 IN ({marks(digests)})"
        f" ORDER BY k.spki_sha256{held('k')}",
        digests,
    )
    return {str(digest): KeyRow(*rest) for digest, *rest in rows}


def blocked_among(digests: Sequence[str]) -> frozenset[str]:
    """Those of these digests whose keys are blocked."""
    if not digests:
        return frozenset()
    statement = f"SELECT spki_sha256 FROM records_blockedkey WHERE spki_sha256 IN ({marks(digests)})"
    return frozenset(str(row[0]) for row in ask(statement, digests))


def is_right_used(habilitation: int) -> bool:
    """Whether anything was ever issued under this right."""
    rows = ask(
        f"SELECT 1 FROM records_certificate WHERE habilitation_id = %s AND {_FREE} LIMIT 1", (habilitation,)
    )
    return bool(rows)


class NewCertificate(NamedTuple):
    """An intent, column by column."""

    id: int
    reference: str
    issuer: str
    generation: int
    serial: str
    product: str
    profile: str
    subject: str
    draft: bytes
    spki_sha256: str
    not_before: datetime
    not_after: datetime
    structure: int | None
    habilitation: int | None
    habilitation_version: int | None
    contract: int | None
    asked_by: str
    asked_with: str
    holder: str
    at: datetime
    idempotency_key: str
    request_digest: str
    replaces: int | None
    partition: int | None


_COLUMNS = (
    "id, reference, issuer, generation, serial, state, product, profile, subject, draft, spki_sha256,"
    " not_before, not_after, structure_id, habilitation_id, habilitation_version, contract_id, asked_by,"
    " asked_with, holder, asked_at, changed_at, idempotency_key, request_digest, replaces_id, partition,"
    " code_hash, code_failures"
)


def write_certificates(rows: Sequence[NewCertificate]) -> None:
    """Write intents. A serial, a reference or a key of idempotency that is taken stops them all."""
    insert("certificate", _COLUMNS, [_intent(row) for row in rows])


def _intent(row: NewCertificate) -> tuple[object, ...]:
    at = stored(row.at)
    return (
        *(
            row.id,
            row.reference,
            row.issuer,
            row.generation,
            row.serial,
            "intended",
            row.product,
            row.profile,
        ),
        *(row.subject, row.draft, row.spki_sha256, stored(row.not_before), stored(row.not_after)),
        *(row.structure, row.habilitation, row.habilitation_version, row.contract, row.asked_by),
        *(row.asked_with, row.holder, at, at, row.idempotency_key, row.request_digest, row.replaces),
        *(row.partition, "", 0),
    )


class NewName(NamedTuple):
    """A name of a certificate, at its position."""

    certificate: int
    position: int
    kind: str
    value: str


def write_names(names: Collection[NewName]) -> None:
    """Write names."""
    rows = [(one.certificate, one.position, one.kind, one.value) for one in names]
    insert("certificatename", "certificate_id, position, kind, value", rows)


def keep_requests(requests: Sequence[tuple[int, bytes]]) -> None:
    """Keep what was asked with: (identifier of the certificate, request in DER)."""
    insert("keptrequest", "certificate_id, der", requests)


class NewKeyUse(NamedTuple):
    """From now on this key is this owner's; `over` is the row of a former use, where there was one."""

    spki_sha256: str
    product: str
    owner: str
    certificate: int
    over: int | None


def keep_key_uses(uses: Sequence[NewKeyUse]) -> None:
    """Write uses, in the order of their digests. A key that somebody else took meanwhile stops them all."""
    ordered = sorted(uses, key=lambda use: use.spki_sha256)
    insert(
        "keyuse",
        "spki_sha256, product, owner, certificate_id",
        [(one.spki_sha256, one.product, one.owner, one.certificate) for one in ordered if one.over is None],
    )
    passed = [(one.over,) for one in ordered if one.over is not None]
    write_rows(
        "INSERT INTO records_formerkeyuse (spki_sha256, certificate_id)"
        " SELECT spki_sha256, certificate_id FROM records_keyuse WHERE id = %s",
        passed,
    )
    write_rows(
        "UPDATE records_keyuse SET product = %s, owner = %s, certificate_id = %s WHERE id = %s",
        [(one.product, one.owner, one.certificate, one.over) for one in ordered if one.over is not None],
    )


@dataclass(frozen=True, slots=True)
class IntendedRow:
    """An intent as it stands when its signature is there: somebody may have given it up."""

    id: int
    state: str
    habilitation: int | None


def intended_rows(numbers: Sequence[int]) -> dict[int, IntendedRow]:
    """The certificates of these identifiers, held until the end of the transaction."""
    rows = ask(
        f"SELECT id, state, habilitation_id FROM records_certificate WHERE id IN ({marks(numbers)})"
        f" ORDER BY id{held()}",
        numbers,
    )
    return {int(row[0]): IntendedRow(*row) for row in rows}


def right_states(numbers: Sequence[int]) -> dict[int, str]:
    """The states of these rights, held until the end of the transaction."""
    if not numbers:
        return {}
    statement = f"SELECT id, state FROM records_habilitation WHERE id IN ({marks(numbers)}) ORDER BY id"
    return {int(number): str(state) for number, state in ask(statement + held(), numbers)}


class Signed(NamedTuple):
    """What was signed, the draft it was signed over, and the state that it comes to; `code_hash` is of the
    revocation code, where it is handed over at once.
    """

    id: int
    state: str
    der: bytes
    draft: bytes
    code_hash: str = ""

    def left(self) -> bytes:
        """What is still kept of the draft: nothing, where what was signed holds it (a trigger looks too)."""
        return b"" if self.der[4 : 4 + len(self.draft)] == self.draft else self.draft


def record_signed(rows: Sequence[Signed], *, at: datetime) -> None:
    """Keep what was signed."""
    when = stored(at)
    write_rows(
        f"{updating()} records_certificate SET state = %s, der = %s, draft = %s, changed_at = %s"
        " WHERE id = %s",
        [(one.state, one.der, one.left(), when, one.id) for one in rows],
    )


def record_delivered(rows: Sequence[Signed], *, at: datetime) -> None:
    """Keep what was signed and handed over in one step: each index is written once, not twice."""
    when = stored(at)
    write_rows(
        f"{updating()} records_certificate SET state = %s, der = %s, draft = %s, code_hash = %s,"
        " collected_at = %s, changed_at = %s WHERE id = %s",
        [(one.state, one.der, one.left(), one.code_hash, when, when, one.id) for one in rows],
    )
