"""The revocation list of a root that is off: made by hand a few times a year, carried on a file, put on the
shelf.

It names the issuing authorities that must no longer be believed, almost always none. Its number comes from
the root's own ledger, where it is written before and after like every signature. A list never forgets an
authority that the one before named.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from sceau.catalogue import Catalogue
from sceau.custody.ceremony import Room
from sceau.custody.cross_check import check_list, file_digest
from sceau.custody.folders import replace_file, write_new_file
from sceau.custody.hierarchy import public_path
from sceau.custody.holdings import Held, SignerFolder
from sceau.custody.keys import key_name
from sceau.custody.ledger import Ledger
from sceau.custody.ledger_lines import Intent, Outcome, OutcomeKind, SignatureKind
from sceau.status import CrlFacts, build_crl_tbs, check_crl_signature, crl_entry, issuer_identity, signed_der
from sceau.vocabulary import Finding, Refused, errors


def make_root_lists(room: Room, out: Path, *, at: datetime) -> tuple[Path, ...]:
    """Sign a list for each root of the plan, and write it to `out`.

    Raises `Refused` (``ceremony.list-forgets``) and what a signing key raises.
    """
    codes = {issuer.code for issuer in room.plan.issuers}
    roots = [one for one in room.folder.held() if one.code in codes]
    if not roots or room.plan.list_days == 0 or any(issuer.parent for issuer in room.plan.issuers):
        raise Refused([Finding.error("ceremony.list-root", ", ".join(sorted(codes)))])
    with Ledger.open(room.folder.ledger, at=at) as ledger:
        return tuple(_make_one(room, ledger, root, out=out, at=at.replace(microsecond=0)) for root in roots)


def place_root_list(data: Path, raw: bytes, *, catalogue: Catalogue, at: datetime) -> Path:
    """Put a list that came from an offline root on the shelf of the instance below it.

    Raises `Refused`: ``ceremony.list-strange`` (of no root above us, late, older than the one there).
    """
    folder = SignerFolder(data / "signer")
    try:
        read = x509.load_der_x509_crl(raw)
    except ValueError as error:
        raise Refused([Finding.error("ceremony.list-strange", "crl", why=error)]) from error
    above = [code for code, der in folder.above().items() if not errors(check_crl_signature(raw, der))]
    if not above or read.next_update_utc is None or not read.last_update_utc <= at < read.next_update_utc:
        raise Refused([Finding.error("ceremony.list-strange", read.issuer.rfc4514_string()[:200], why="–")])
    address = folder.environment(catalogue).crl_uri(catalogue.issuers[above[0]])
    path = data / "public" / public_path(address)
    if path.exists() and _number(x509.load_der_x509_crl(path.read_bytes())) >= _number(read):
        raise Refused([Finding.error("ceremony.list-strange", above[0], why=f"n° {_number(read)}")])
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, raw)
    return path


def _make_one(room: Room, ledger: Ledger, root: Held, *, out: Path, at: datetime) -> Path:
    name = key_name(root.code, root.generation)
    key = room.store.open(name)
    number = ledger.last_number(root.code, root.generation) + 1
    facts = CrlFacts(max(number, 1), at, at + timedelta(days=room.plan.list_days))
    revoked = [one for one in room.plan.revoked if one.issuer == root.code]
    before = room.folder.path / f"list-{name}.crl"
    _check_memory(before, {one.serial for one in revoked})
    entries = [crl_entry(one.serial, at=one.at, reason=one.reason) for one in revoked]
    tbs = build_crl_tbs(facts, entries, issuer=issuer_identity(root.code, root.generation, root.certificate))
    digest = hashlib.sha256(tbs).hexdigest()
    intent = Intent(at, SignatureKind.CRL, root.code, root.generation, facts.number, digest)
    ledger.admit(intent)
    (index,) = ledger.append([intent])
    der = signed_der(tbs, key.sign(tbs))
    ledger.append([Outcome(index, at, OutcomeKind.SIGNED, file_digest(der))])
    room.transcript.step(
        f"liste n° {facts.number} de {root.code}, {len(revoked)} autorité(s) révoquée(s), jusqu'au "
        f"{facts.next_update:%d/%m/%Y} ; SHA-256 `{file_digest(der)}`"
    )
    room.transcript.step(f"{root.code} : {check_list(der, root.certificate)}")
    replace_file(before, der, mode=0o600)
    path = out / f"{name}-{facts.number}.crl"
    write_new_file(path, der)
    return path


def _check_memory(before: Path, serials: set[int]) -> None:
    """What was revoked stays revoked [RFC 5280 §3.3]."""
    if not before.exists():
        return
    forgotten = {one.serial_number for one in x509.load_der_x509_crl(before.read_bytes())} - serials
    if forgotten:
        raise Refused([Finding.error("ceremony.list-forgets", f"{one:X}") for one in sorted(forgotten)])


def _number(read: x509.CertificateRevocationList) -> int:
    return read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
