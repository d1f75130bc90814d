"""The acts of a ceremony: make authorities, ask for one elsewhere, certify what was asked, install what came.

Each act follows an approved plan and writes its minutes as it goes; OpenSSL looks at every certificate before
it is kept. What is cut half-way leaves keys that no list names: the next run stops on them, and a person
looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.catalogue import Catalogue, Issuer
from sceau.custody.authorities import Authority, authority_name, certificate_pem, fingerprint, make_authority
from sceau.custody.cross_check import cross_check, file_digest
from sceau.custody.folders import write_new_file
from sceau.custody.hierarchy import put_on_shelf
from sceau.custody.holdings import Held, SignerFolder
from sceau.custody.keys import KeyStore, SigningKey, key_name
from sceau.custody.plan import Plan
from sceau.custody.requests import BroughtKey, certify, check_installable, request_for
from sceau.custody.stores import keep_settings, open_store
from sceau.custody.transcript import Transcript, input_line
from sceau.vocabulary import Fault, Finding, Refused


@dataclass(frozen=True, slots=True)
class Room:
    """Where a ceremony is held: the instance's data, the approved plan, the keys, the minutes."""

    data: Path
    plan: Plan
    store: KeyStore
    transcript: Transcript

    @property
    def folder(self) -> SignerFolder:
        """The signer's folder."""
        return SignerFolder(self.data / "signer")


def open_room(data: Path, plan: Plan, secret: bytes, transcript: Transcript) -> Room:
    """Make or find the signer's folder and open its keys as the plan says they are kept.

    Raises `Fault` (``token.other-settings``) when the folder's own settings say otherwise.
    """
    folder = SignerFolder(data / "signer")
    folder.make()
    keep_settings(folder.path, plan.place)
    return Room(data, plan, open_store(folder.path, folder.keys, secret), transcript)


def found_hierarchy(room: Room, *, at: datetime, catalogue: Catalogue) -> tuple[Authority, ...]:
    """Make every authority of the plan, each under its parent, of the plan or already here. Parents first."""
    plan = room.plan
    above = _parents_here(room, catalogue) if plan.roots_missing else {}
    orphans = [one for one in plan.issuers if one.code in plan.roots_missing and one.parent not in above]
    if orphans:
        raise Refused([Finding.error("ceremony.parent", one.code) for one in orphans])
    _check_new(room)
    made: dict[str, Authority] = {}
    for issuer in plan.issuers:
        key = _new_key(room, issuer)
        parent = None if issuer.parent is None else (above | made)[issuer.parent]
        made[issuer.code] = make_authority(
            issuer,
            key,
            parent=parent,
            environment=plan.environment,
            at=at,
            generation=plan.generation,
        )
        _look(room, made[issuer.code], made[issuer.code] if parent is None else parent, at)
    _keep(room, tuple(made.values()), ())
    return tuple(made.values())


def ask_elsewhere(room: Room, out: Path) -> tuple[Path, ...]:
    """Make the plan's issuing keys here, and write a request for each to carry to its root."""
    _check_new(room)
    if any(issuer.parent is None for issuer in room.plan.issuers):
        raise Refused([Finding.error("ceremony.request-root", "issuers")])
    written = []
    for issuer in room.plan.issuers:
        key = _new_key(room, issuer)
        request = request_for(issuer, key, environment=room.plan.environment)
        path = out / f"{key_name(issuer.code, room.plan.generation)}.csr.pem"
        write_new_file(path, request)
        room.transcript.step(f"écrit {path.name}, SHA-256 `{file_digest(request)}`")
        written.append(path)
    return tuple(written)


def certify_requests(
    room: Room, requests: Mapping[str, bytes], out: Path, *, at: datetime, catalogue: Catalogue
) -> tuple[Authority, ...]:
    """Certify the requests brought, under the roots held here; all certificates go to `out`."""
    parents = _parents_here(room, catalogue)
    made = []
    for name, request in requests.items():
        room.transcript.step(input_line(name, request))
        authority = certify(request, room.plan, parents, at=at)
        _look(room, authority, parents[authority.issuer.parent or ""], at)
        path = out / f"{key_name(authority.issuer.code, authority.generation)}.cer.pem"
        write_new_file(path, certificate_pem(authority.certificate))
        write_new_file(
            room.folder.certificates / f"given-{fingerprint(authority.certificate)[:23]}.pem",
            certificate_pem(authority.certificate),
            mode=0o600,
        )
        made.append(authority)
    for code in sorted({one.issuer.parent or "" for one in made}):
        write_new_file(out / f"{code}.cer.pem", certificate_pem(parents[code].certificate))
    return tuple(made)


def install_certificates(
    room: Room,
    certificates: Mapping[str, bytes],
    roots: Mapping[str, bytes],
    *,
    at: datetime,
    catalogue: Catalogue,
) -> tuple[Authority, ...]:
    """Put the certificates that came back beside their keys: from then on the signer signs with them."""
    _check_new(room)
    issuers = {issuer.code: issuer for issuer in room.plan.issuers}
    above = {
        code: _root_of(code, room.plan, roots) for code in {one.parent or "" for one in issuers.values()}
    }
    made = []
    for name, data in certificates.items():
        room.transcript.step(input_line(name, data))
        certificate = _der(data, name)
        issuer = _issuer_named(certificate, room.plan)
        root = above[issuer.parent or ""]
        key = room.store.open(key_name(issuer.code, room.plan.generation))
        check_installable(issuer, certificate, root, plan=room.plan, key=key, at=at)
        made.append(Authority(issuer, room.plan.generation, certificate, key))
        _look(room, made[-1], _elsewhere(catalogue.issuers[issuer.parent or ""], root), at)
    missing = set(issuers) - {one.issuer.code for one in made}
    if missing:
        raise Refused([Finding.error("ceremony.certificate-missing", code) for code in sorted(missing)])
    _keep(room, tuple(made), tuple(_elsewhere(catalogue.issuers[code], root) for code, root in above.items()))
    return tuple(made)


def _parents_here(room: Room, catalogue: Catalogue) -> dict[str, Authority]:
    """The authorities above the plan's whose keys are here, the newest generation of each."""
    wanted = {issuer.parent for issuer in room.plan.issuers}
    held = room.folder.held() if room.folder.contents.exists() else ()
    newest = {one.code: one for one in held if one.code in wanted}  # a later generation comes later, and wins
    return {
        code: Authority(catalogue.issuers[code], one.generation, one.certificate, room.store.open(_name(one)))
        for code, one in newest.items()
    }


def _check_new(room: Room) -> None:
    """Nothing of this generation may be in service here yet; the environment is the folder's."""
    folder, plan = room.folder, room.plan
    if not folder.contents.exists():
        return
    codes = {issuer.code for issuer in plan.issuers}
    if any(one.code in codes and one.generation >= plan.generation for one in folder.held()):
        raise Fault("hierarchy.exists", retryable=False, detail=str(folder.contents))


def _new_key(room: Room, issuer: Issuer) -> SigningKey:
    key = room.store.create(key_name(issuer.code, room.plan.generation), issuer.key)
    digest = file_digest(key.public_key)
    room.transcript.step(f"clé {issuer.key} de {issuer.code} faite ; SHA-256 de la clé publique `{digest}`")
    return key


def _look(room: Room, made: Authority, above: Authority, at: datetime) -> None:
    read = x509.load_der_x509_certificate(made.certificate)
    life = f"du {read.not_valid_before_utc:%d/%m/%Y} au {read.not_valid_after_utc:%d/%m/%Y}"
    subject = read.subject.rfc4514_string()
    room.transcript.step(
        f"certificat de {made.issuer.code} : {subject}, série {read.serial_number:X}, {life}"
    )
    room.transcript.step(f"{made.issuer.code} : empreinte SHA-256 `{fingerprint(made.certificate)}`")
    room.transcript.step(f"{made.issuer.code} : {cross_check(made, above.certificate, at=at)}")


def _keep(room: Room, made: tuple[Authority, ...], above: tuple[Authority, ...]) -> None:
    """The public files first, then the list that says that all the rest is there."""
    environment = room.plan.environment
    before = [one.certificate for one in room.folder.held()] if room.folder.contents.exists() else []
    files = put_on_shelf(room.data / "public", (*above, *made), environment=environment, before=before)
    for file in files:
        room.transcript.step(f"écrit {file.name}, SHA-256 `{file_digest(file.read_bytes())}`")
    room.folder.keep(made, environment=environment, parents=above, service=room.plan.service)


def _name(held: Held) -> str:
    return key_name(held.code, held.generation)


def _elsewhere(issuer: Issuer, certificate: bytes) -> Authority:
    """An authority whose key is not here."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Authority(issuer, 1, certificate, BroughtKey(spki))


def _der(data: bytes, name: str) -> bytes:
    try:
        return x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
    except ValueError as error:
        raise Refused([Finding.error("ceremony.certificate", name, why=error)]) from error


def _issuer_named(certificate: bytes, plan: Plan) -> Issuer:
    subject = x509.load_der_x509_certificate(certificate).subject
    for issuer in plan.issuers:
        if authority_name(issuer, plan.environment) == subject:
            return issuer
    raise Refused([Finding.error("ceremony.request-subject", subject.rfc4514_string()[:200])])


def _root_of(code: str, plan: Plan, roots: Mapping[str, bytes]) -> bytes:
    """The root that was brought and whose fingerprint the plan holds."""
    expected = plan.roots.get(code, "–")
    found = [
        der for der in (_der(data, name) for name, data in roots.items()) if fingerprint(der) == expected
    ]
    if not found:
        raise Refused([Finding.error("ceremony.root", code, expected=expected)])
    return found[0]
