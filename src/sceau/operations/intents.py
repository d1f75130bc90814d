"""The intent: serial, exact bytes and ground of a certificate, committed before any signature."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sceau.catalogue import NameNeed
from sceau.certification import holder_of
from sceau.operations.acts import Act, Telling
from sceau.operations.references import CERTIFICATE, draw_dated_reference
from sceau.operations.weighing import Weighed
from sceau.records import hot
from sceau.status import spell_serial
from sceau.vocabulary import Term


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that passed, its PKCS #10 in DER, the act it is asked in, and its key of idempotency and
    digest.
    """

    act: Act
    weighed: Weighed
    csr: bytes
    idempotency_key: str
    request_digest: str


def keep_intents(wanted: Sequence[Wanted]) -> list[hot.NewCertificate]:
    """Write the intents, inside the transaction of their acts, and what the journal is to be told of each.

    A serial, a key or a request that is already there stops them all (``operations.conflict``).
    """
    if not wanted:
        return []
    numbers = hot.draw_ids("certificate", len(wanted))
    rows = [_row(number, one) for number, one in zip(numbers, wanted, strict=True)]
    hot.write_certificates(rows)
    hot.keep_requests([(row.id, one.csr) for row, one in zip(rows, wanted, strict=True)])
    hot.write_names([name for row, one in zip(rows, wanted, strict=True) for name in _names(row, one)])
    hot.keep_key_uses([_use(row, one) for row, one in zip(rows, wanted, strict=True)])
    uses = []
    for row, one in zip(rows, wanted, strict=True):
        token = one.weighed.ground.standing.token
        if token is not None:
            uses.append(hot.NewUse(token.id, row.id, one.act.at))
        _tell(row, one)
    hot.write_uses(uses)
    return rows


def _row(number: int, wanted: Wanted) -> hot.NewCertificate:
    weighed, draft = wanted.weighed, wanted.weighed.draft
    ground = weighed.ground
    standing, right = ground.standing, ground.standing.right
    return hot.NewCertificate(
        id=number,
        reference=draw_dated_reference(CERTIFICATE, wanted.act.at, wanted.act.machine.random),
        issuer=draft.issuer,
        generation=draft.generation,
        serial=spell_serial(draft.serial),
        product=draft.product,
        profile=draft.profile,
        subject=draft.subject,
        draft=draft.tbs,
        spki_sha256=draft.spki_sha256,
        not_before=draft.not_before,
        not_after=draft.not_after,
        structure=right.structure if right else None,
        habilitation=right.habilitation if right else None,
        habilitation_version=right.facts.version if right else None,
        contract=right.contract if right else None,
        asked_by=standing.person.national_id.text,
        asked_with=standing.card.number.text,
        holder="" if ground.holder is None else ground.holder.person.national_id.text,
        at=wanted.act.at,
        idempotency_key=wanted.idempotency_key,
        request_digest=wanted.request_digest,
        replaces=ground.replaces,
        partition=weighed.issuer.partition,
    )


_KINDS = {
    NameNeed.HOST: "host",
    NameNeed.MAILBOX: "mailbox",
    NameNeed.APPLICATION: "application",
    NameNeed.NONE: "host",
}


def _names(row: hot.NewCertificate, wanted: Wanted) -> list[hot.NewName]:
    kind = _KINDS[wanted.act.machine.catalogue.products[row.product].name_need]
    return [hot.NewName(row.id, at, kind, name) for at, name in enumerate(wanted.weighed.draft.names)]


def _use(row: hot.NewCertificate, wanted: Wanted) -> hot.NewKeyUse:
    """From now on this key is this owner's, for this product [decision 9]. That it may be was decided at the
    gate, on the row that is held.
    """
    owner = holder_of(wanted.weighed.warrant.subject)
    return hot.NewKeyUse(row.spki_sha256, row.product, owner, row.id, over=wanted.weighed.ground.use)


def _tell(row: hot.NewCertificate, wanted: Wanted) -> None:
    act, weighed, draft = wanted.act, wanted.weighed, wanted.weighed.draft
    standing = weighed.ground.standing
    public: dict[str, Any] = {
        "issuer": row.issuer,
        "generation": row.generation,
        "serial": row.serial,
        "product": row.product,
        "profile": row.profile,
        "tbs": draft.lint.tbs_sha256,  # a draft has the verdict on its very bytes
        "key": row.spki_sha256,
        "csr": hashlib.sha256(wanted.csr).hexdigest(),
        "habilitation_version": row.habilitation_version,
        "lint": list(draft.lint.remarks),
    }
    if weighed.warrant.term is not Term.WHOLE:
        public["term"] = str(weighed.warrant.term)
    if standing.token is not None:
        public["token"] = standing.token.reference
    about = (row.reference, standing.right.facts.reference) if standing.right else (row.reference,)
    personal = {"subject": draft.subject, "names": list(draft.names)}
    act.telling = Telling(act.telling.kind, about, public, personal)
