"""An evidence file: everything that stands behind a right or a certificate, sealed, and read without us.

The file is a ZIP of three members, stored, in this order: ``dossier.json`` (for machines), ``dossier.pdf``
(for people, the originals attached) and ``seal.txt``, a note signed by the journal's own key over the digests
of the other two. Each byte of it counts: a file that is not exactly what is written from its members is
refused, so nothing can be altered, added or hidden [ASSURANCE T44].

Here the file is written and judged; what stands in it is gathered elsewhere. Pure: no clock, no network.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.journal.entries import SALT_BYTES, canonical, commit, read_entry
from sceau.journal.heads import HeadKey, HeadVerifier, read_head, read_note, sign_note
from sceau.journal.tree import InclusionProof, leaf_hash, verify_inclusion
from sceau.vocabulary import Finding, Reading, displayed, read_ok, read_refused

FORMAT = "sceau-evidence/1"
JSON_NAME, PDF_NAME, SEAL_NAME = "dossier.json", "dossier.pdf", "seal.txt"
MOST_EVIDENCE_BYTES = 256 * 1024 * 1024
_DATE = (1980, 1, 1, 0, 0, 0)
_NO_BOX = (zipfile.BadZipFile, ValueError, OSError, KeyError, NotImplementedError, RuntimeError, EOFError)
_REFERENCE = re.compile(r"[A-Z0-9-]{5,40}")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """An evidence file taken apart: its octets are whole, nothing in it is believed yet."""

    dossier: bytes
    pdf: bytes
    seal: str


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """One thing that was checked: its name (``evidence.point.*`` among the texts), how many, what is
    wrong.
    """

    name: str
    count: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """What the check of a file found: each point in order, and the dossier when its seal holds."""

    points: tuple[EvidencePoint, ...]
    dossier: Mapping[str, Any] | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong."""
        return tuple(finding for point in self.points for finding in point.findings)


def write_evidence(dossier: Mapping[str, Any], pdf: bytes, *, origin: str, key: HeadKey) -> bytes:
    """The sealed file. `dossier` holds its ``subject``; anything that is no JSON is a ValueError."""
    data = canonical(dossier)
    seal = sign_note(_sealed(origin, str(dossier["subject"]), data, pdf), origin, key)
    return _box(EvidenceFile(data, pdf, seal))


def open_evidence(octets: bytes) -> Reading[EvidenceFile]:
    """The members, if the file is exactly the one that these members make. Refused otherwise, with the part
    that is missing, foreign, out of place or damaged, where that can be said.
    """
    refused = Finding.error("evidence.not-a-file", f"{len(octets)}")
    if len(octets) > MOST_EVIDENCE_BYTES:
        return read_refused(refused)
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as box:
            findings = list(_members(box.infolist())) or list(_damaged(box))
            if findings:
                return read_refused(*findings)
            file = EvidenceFile(box.read(JSON_NAME), box.read(PDF_NAME), box.read(SEAL_NAME).decode())
    except _NO_BOX:
        return read_refused(refused)
    return read_ok(file) if _box(file) == octets else read_refused(refused)


def _members(infos: Sequence[zipfile.ZipInfo]) -> Iterator[Finding]:
    """What is wrong with the list of parts."""
    wanted, found = [JSON_NAME, PDF_NAME, SEAL_NAME], [one.filename for one in infos]
    for name in wanted:
        if name not in found:
            yield Finding.error("evidence.part-missing", name)
    for name in sorted(set(found) - set(wanted)):
        yield Finding.error("evidence.part-foreign", displayed(name))
    if sorted(found) == sorted(wanted) and found != wanted:
        yield Finding.error("evidence.parts-swapped", ", ".join(found))
    for one in infos:
        if one.filename in wanted and (found.count(one.filename) > 1 or one.compress_type):
            yield Finding.error("evidence.part-foreign", one.filename)


def _damaged(box: zipfile.ZipFile) -> Iterator[Finding]:
    """The parts whose octets are not those that their own checksums tell."""
    for name in (JSON_NAME, PDF_NAME, SEAL_NAME):
        try:
            box.read(name)
        except _NO_BOX:
            yield Finding.error("evidence.part-damaged", name)


def verify_evidence(file: EvidenceFile, *, verifiers: Sequence[HeadVerifier]) -> EvidenceVerdict:
    """Every point of a file, under the keys that the reader trusts. Nothing in it is looked at before its
    seal holds.
    """
    origin = file.seal.partition("\n")[0].removesuffix("/evidence")
    seal = read_note(file.seal, origin, verifiers)
    subject = _subject_of(seal)
    broken = _broken(seal, subject, origin, file)
    if subject is None or broken:
        return EvidenceVerdict((EvidencePoint("seal", 1, broken),), None)
    points = [EvidencePoint("seal", 1)]
    try:
        dossier = _read(file.dossier, subject)
        points += _inside(dossier, verifiers)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        unreadable = Finding.error("evidence.dossier-unreadable", subject)
        return EvidenceVerdict((*points, EvidencePoint("dossier", 1, (unreadable,))), None)
    return EvidenceVerdict(tuple(points), dossier)


def _broken(seal: str | None, subject: str | None, origin: str, file: EvidenceFile) -> tuple[Finding, ...]:
    """Why the seal does not hold: it is not the journal's, or a part is not the one that it names."""
    if seal is None or subject is None:
        return (Finding.error("evidence.seal", displayed(origin[:80]) or "—"),)
    sealed = seal.split("\n")
    shown = _sealed(origin, subject, file.dossier, file.pdf).split("\n")
    parts = tuple(
        Finding.error("evidence.part-differs", name)
        for name, told, found in zip((JSON_NAME, PDF_NAME), sealed[2:4], shown[2:4], strict=False)
        if told != found
    )
    return parts or (() if sealed == shown else (Finding.error("evidence.seal", displayed(origin[:80])),))


def _read(data: bytes, subject: str) -> dict[str, Any]:
    dossier = json.loads(data)
    if not isinstance(dossier, dict) or canonical(dossier) != data or dossier["subject"] != subject:
        raise ValueError(subject)
    if dossier["format"] != FORMAT:
        raise ValueError(dossier["format"])
    return dossier


def _inside(dossier: Mapping[str, Any], verifiers: Sequence[HeadVerifier]) -> Iterator[EvidencePoint]:
    entries = dossier["journal"]["entries"]
    heads = dossier["journal"]["heads"]
    yield EvidencePoint("heads", len(heads), tuple(_heads(heads, verifiers)))
    wrong = tuple(_entries(entries, heads, verifiers))
    yield EvidencePoint("entries", len(entries), wrong)
    if wrong:
        return  # everything below rests on them
    opened = [(one, disclosure) for one in entries for disclosure in one["disclosures"]]
    yield EvidencePoint("disclosures", len(opened), tuple(_disclosures(opened)))
    told = [read_entry(one["entry"].encode()).require() for one in entries]
    versions = [version for order in dossier["orders"] for version in order["versions"]]
    yield EvidencePoint("orders", len(versions), tuple(_orders(versions, told)))
    yield EvidencePoint("right", len(dossier["rights"]), tuple(_rights(dossier["rights"], told)))
    leaves = dossier.get("leaves", [])
    if leaves:
        yield EvidencePoint("leaves", len(leaves), tuple(_leaves(leaves, told)))
    designations = dossier.get("designations", [])
    if designations:
        yield EvidencePoint("designations", len(designations), tuple(_designations(designations, told)))
    if dossier["certificate"] is not None:
        yield EvidencePoint("certificate", 1, tuple(_certificate(dossier["certificate"], told)))
        asked = tuple(_request(dossier["certificate"], told))
        yield EvidencePoint("request", 1 if dossier["certificate"].get("csr") else 0, asked)


def _heads(notes: Sequence[str], verifiers: Sequence[HeadVerifier]) -> Iterator[Finding]:
    for note in notes:
        yield from read_head(note, verifiers).findings


def _entries(
    entries: Iterable[Mapping[str, Any]], notes: Sequence[str], verifiers: Sequence[HeadVerifier]
) -> Iterator[Finding]:
    heads = [read_head(note, verifiers).value for note in notes]
    for one in entries:
        line, position = one["entry"].encode(), one["position"]
        head = heads[one["head"]] if 0 <= one["head"] < len(heads) else None
        if head is None:
            yield Finding.error("evidence.entry-without-head", str(position))
            continue
        yield from read_entry(line).findings
        proof = InclusionProof(position, head.size, tuple(bytes.fromhex(node) for node in one["path"]))
        yield from verify_inclusion(proof, leaf=leaf_hash(line), root=head.root)


def _disclosures(opened: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Iterator[Finding]:
    for one, disclosure in opened:
        entry, salt = read_entry(one["entry"].encode()).require(), bytes.fromhex(disclosure["salt"])
        committed = entry.committed(disclosure["name"])
        if len(salt) != SALT_BYTES or commit(disclosure["data"], salt=salt) != committed:
            yield Finding.error("evidence.disclosure", f"{one['position']}", name=disclosure["name"])


def _orders(versions: Iterable[Mapping[str, Any]], told: Sequence[Any]) -> Iterator[Finding]:
    """The text of each version is the one whose digest the journal has."""
    for version in versions:
        digest = hashlib.sha256(version["text"].encode()).hexdigest()
        known = _digests_of(version["order"], version["number"], told)
        if digest != version["digest"] or digest not in known:
            yield Finding.error("evidence.order-digest", f"{version['order']} v{version['number']}")


def _rights(rights: Iterable[Mapping[str, Any]], told: Sequence[Any]) -> Iterator[Finding]:
    """The same, of what was granted."""
    for right in rights:
        digest = hashlib.sha256(right["text"].encode()).hexdigest()
        known = _digests_of(right["reference"], right["number"], told)
        if digest != right["digest"] or digest not in known:
            yield Finding.error("evidence.right-digest", f"{right['reference']} v{right['number']}")


def _leaves(leaves: Iterable[Mapping[str, Any]], told: Sequence[Any]) -> Iterator[Finding]:
    """The same, of the leaves of domain holders, as the journal last told them. One whose entries are older
    than their digests has nothing to be compared with.
    """
    for leave in leaves:
        digest = hashlib.sha256(leave["text"].encode()).hexdigest()
        mine = [one for one in told if one.about[:1] == (leave["reference"],)]
        known = [one.public["digest"] for one in mine if "digest" in one.public]
        if digest != leave["digest"] or (known and digest != known[-1]) or not mine:
            yield Finding.error("evidence.leave-digest", leave["reference"])


def _designations(designations: Iterable[Mapping[str, Any]], told: Sequence[Any]) -> Iterator[Finding]:
    """The same, of the acts by which a structure designated the third party whose team holds the right."""
    for one in designations:
        digest = hashlib.sha256(one["text"].encode()).hexdigest()
        known = _digests_of(one["reference"], one["number"], told)
        if digest != one["digest"] or digest not in known:
            yield Finding.error("evidence.designation-digest", f"{one['reference']} v{one['number']}")


def _digests_of(reference: str, number: int, told: Sequence[Any]) -> set[Any]:
    """What the journal told of that version, as its first object."""
    return {
        entry.public.get("digest")
        for entry in told
        if entry.about[:1] == (reference,) and entry.public.get("version") == number
    }


def _request(kept: Mapping[str, Any], told: Sequence[Any]) -> Iterator[Finding]:
    """The certification request is the one that the journal told, signed by the key that was certified. An
    intent older than the keeping of requests told none, and none is shown.
    """
    told_of = {one.public.get("csr") for one in _intents(kept, told)}
    data = base64.b64decode(kept.get("csr") or "", validate=True)
    if not data:
        if told_of - {None}:
            yield Finding.error("evidence.request-differs", kept["reference"])
        return
    asked = x509.load_der_x509_csr(data)
    key = asked.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keys = {one.public.get("key") for one in _intents(kept, told)}
    is_told = told_of == {hashlib.sha256(data).hexdigest()} and keys == {hashlib.sha256(key).hexdigest()}
    if not is_told or not asked.is_signature_valid:
        yield Finding.error("evidence.request-differs", kept["reference"])


def _intents(kept: Mapping[str, Any], told: Sequence[Any]) -> list[Any]:
    return [one for one in told if one.kind == "certificate.intended" and kept["reference"] in one.about]


def _certificate(kept: Mapping[str, Any], told: Sequence[Any]) -> Iterator[Finding]:
    """The certificate is the one that was meant, drafted, linted and told before it was signed."""
    if not kept["der"]:
        return
    read = x509.load_der_x509_certificate(base64.b64decode(kept["der"], validate=True))
    key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    facts = {
        "tbs": hashlib.sha256(read.tbs_certificate_bytes).hexdigest(),
        "serial": kept["serial"],
        "key": hashlib.sha256(key).hexdigest(),
    }
    is_told = any(
        all(one.public.get(name) == value for name, value in facts.items()) for one in _intents(kept, told)
    )
    if not is_told or int(kept["serial"], 16) != read.serial_number:
        yield Finding.error("evidence.certificate-differs", kept["reference"])


def _sealed(origin: str, subject: str, dossier: bytes, pdf: bytes) -> str:
    """The text that is signed. Its first line and its form are no tree head's: neither can pass for the
    other.
    """
    if not _REFERENCE.fullmatch(subject):
        raise ValueError(f"{subject!r} is no reference")
    digests = "".join(
        f"{name} sha256:{hashlib.sha256(data).hexdigest()}\n"
        for name, data in ((JSON_NAME, dossier), (PDF_NAME, pdf))
    )
    return f"{origin}/evidence\n{FORMAT} {subject}\n{digests}"


def _subject_of(seal: str | None) -> str | None:
    lines = (seal or "").split("\n")
    form, _, subject = lines[1].partition(" ") if len(lines) == 5 else ("", "", "")
    return subject if form == FORMAT and _REFERENCE.fullmatch(subject) else None


def _box(file: EvidenceFile) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as box:
        for name, data in (
            (JSON_NAME, file.dossier),
            (PDF_NAME, file.pdf),
            (SEAL_NAME, file.seal.encode()),
        ):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system, info.external_attr = 3, 0o644 << 16
            box.writestr(info, data)
    return written.getvalue()
