"""What relying parties are given here: certificates of all products from the real gate, and their status.

One hierarchy for each kind of issuer key, made by the ceremony's own code; certificates for each product and
kind of subscriber key in three states (good, revoked, expired); complete lists; a public server that answers
OCSP. Nothing here is special to tests but where the keys lie: in memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from sceau.catalogue import Catalogue, Environment
from sceau.certification import IssuerFacts, compose_serial, prepare, sign
from sceau.custody.authorities import Authority, make_authority
from sceau.publication import FolderShelf, OcspService, build_app
from sceau.status import (
    GOOD,
    CrlCalendar,
    IssuerIdentity,
    SerialStatus,
    Standing,
    build_crl_tbs,
    crl_entry,
    issuer_identity,
    next_crl,
    signed_der,
)
from tests.authority import CATALOGUE, PRODUCTS, RANDOM_BITS, OneByOne, private_key, request, warrant
from tests.status_kit import MemorySource, Pki, TestResponder, make_responder, software_key

NOW = datetime.now(UTC).replace(microsecond=0)
BEGUN = NOW - timedelta(days=5 * 365)
KEY_COMPROMISE = 1
ISSUERS = ("el-org", "el-pp")
ISSUER_KINDS = ("rsa:3072", "ec:P-256", "ec:P-384")
SUBSCRIBERS = {
    "rsa:3072": ("rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384"),
    "ec:P-256": ("rsa:2048", "ec:P-256"),
    "ec:P-384": ("rsa:3072", "ec:P-384"),
}
"""Each subscriber key under an RSA issuer; on curves, one of each family: what the issuer's key changes is
its own signature, which does not depend on the key it covers."""

STATES = {
    "good": NOW - timedelta(minutes=5),
    "revoked": NOW - timedelta(minutes=5),
    "expired": NOW - timedelta(days=4 * 365),
}
HOST = "tops.demo.asipsante.fr"
MAILBOX = "contact@hopital-exemple.fr"


@dataclass(frozen=True)
class Issued:
    """A certificate and what a relying party holds beside it, as files."""

    product: str
    subscriber: str
    state: str
    certificate: x509.Certificate
    leaf: Path
    issuing: Path
    folder: Path
    url: str

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def lists(self) -> Path:
        return self.folder / "crls.pem"

    @property
    def chain(self) -> Path:
        """Leaf first, then its issuer."""
        return self.leaf.with_suffix(".chain.pem")

    @property
    def key(self) -> Path:
        return self.folder / f"{self.subscriber.replace(':', '-')}.key"

    @property
    def stranger_use(self) -> str | None:
        """A use the certificate is not made for; None where anyExtendedKeyUsage stands in it (ORG_CONF)."""
        extended = self.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in extended:
            return None
        return "sign" if "server" in self.uses else "server"

    @property
    def uses(self) -> tuple[str, ...]:
        """What the certificate is good for, read from it."""
        usage = self.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = self.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        mail = ExtendedKeyUsageOID.EMAIL_PROTECTION in extended
        found = (
            ("server", ExtendedKeyUsageOID.SERVER_AUTH in extended),
            ("client", ExtendedKeyUsageOID.CLIENT_AUTH in extended),
            ("sign", mail and (usage.digital_signature or usage.content_commitment)),
            ("encrypt", mail and (usage.key_encipherment or usage.key_agreement)),
        )
        return tuple(name for name, is_so in found if is_so)


@dataclass
class World:
    """A hierarchy on one kind of key, with everything it issued and what it says of it."""

    kind: str
    folder: Path
    root: Authority
    issuing: dict[str, Authority]
    source: MemorySource
    issued: dict[tuple[str, str, str], Issued] = field(default_factory=dict)
    lists: dict[str, bytes] = field(default_factory=dict)
    answers: list[bytes] = field(default_factory=list)
    responders: dict[str, TestResponder] = field(default_factory=dict)

    def each(self, product: str, state: str) -> list[Issued]:
        return [self.issued[product, kind, state] for kind in SUBSCRIBERS[self.kind]]

    def certificates(self) -> list[bytes]:
        """DER of all that was signed: authorities, responders, subscribers."""
        own = [self.root.certificate, *(one.certificate for one in self.issuing.values())]
        responders = [one.certificate for one in self.responders.values()]
        return [*own, *responders, *(_der(one.certificate) for one in self.issued.values())]


@dataclass
class _KeySigner(OneByOne):
    """The signer of one authority."""

    authority: Authority

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        assert (kind, issuer, generation) == ("certificate", self.authority.issuer.code, 1)
        return signed_der(tbs, self.authority.key.sign(tbs))


def published(catalogue: Catalogue, url: str) -> Catalogue:
    """The catalogue whose test environment publishes at `url`."""
    moved = catalogue.environments["test"].moved(publication=url, ocsp=f"{url}/ocsp", ldap="")
    return replace(catalogue, environments={**catalogue.environments, "test": moved})


@contextmanager
def made(kind: str, folder: Path) -> Iterator[World]:
    """A world and its public server, for the length of a `with`."""
    folder.mkdir(parents=True, exist_ok=True)
    source, answers = MemorySource(), list[bytes]()
    responders: dict[str, TestResponder] = {}
    identities: list[IssuerIdentity] = []
    with _served(folder / "public", identities, source, responders, answers) as url:
        catalogue = published(CATALOGUE, url)
        root, issuing = _authorities(kind, catalogue.environments["test"])
        identities += [issuer_identity(one, 1, issuing[one].certificate) for one in ISSUERS]
        world = World(kind, folder, root, issuing, source, answers=answers, responders=responders)
        for one in ISSUERS:
            responders[one] = make_responder(Pki(root, issuing[one]), at=NOW - timedelta(hours=1))
        _write_keys(world)
        for product in PRODUCTS:
            for subscriber in SUBSCRIBERS[kind]:
                for state in STATES:
                    _issue(world, (product, subscriber, state), catalogue, url)
        _write_lists(world)
        yield world


def _authorities(kind: str, environment: Environment) -> tuple[Authority, dict[str, Authority]]:
    rows = CATALOGUE.issuers
    root = make_authority(rows["root-el"], software_key(kind), parent=None, environment=environment, at=BEGUN)
    issuing = {
        code: make_authority(rows[code], software_key(kind), parent=root, environment=environment, at=BEGUN)
        for code in ISSUERS
    }
    return root, issuing


def _write_keys(world: World) -> None:
    _pem(world.folder / "root.pem", world.root.certificate)
    for code, authority in world.issuing.items():
        _pem(world.folder / f"{code}.pem", authority.certificate)
    for kind in SUBSCRIBERS[world.kind]:
        key = private_key(kind, "subscriber")
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (world.folder / f"{kind.replace(':', '-')}.key").write_bytes(pem)


def _issue(world: World, case: tuple[str, str, str], catalogue: Catalogue, url: str) -> None:
    product, subscriber, state = case
    authority = world.issuing[catalogue.products[product].issuer]
    facts = IssuerFacts(authority.issuer.code, 1, "test", authority.certificate)
    at = STATES[state]
    draft = prepare(
        warrant(product, at=at),
        request(private_key(subscriber, "subscriber")),
        facts,
        catalogue=catalogue,
        serial=compose_serial(at, RANDOM_BITS ^ len(world.issued)),
        at=at,
        lint_key=private_key(world.kind, "lint"),
    )
    read = x509.load_der_x509_certificate(sign(draft, _KeySigner(authority), facts))
    stem = f"{product.replace('/', '')}-{subscriber.replace(':', '-')}-{state}"
    leaf, issuing = world.folder / f"{stem}.pem", world.folder / f"{authority.issuer.code}.pem"
    leaf.write_bytes(read.public_bytes(Encoding.PEM))
    one = Issued(product, subscriber, state, read, leaf, issuing, world.folder, url)
    one.chain.write_bytes(leaf.read_bytes() + issuing.read_bytes())
    world.issued[case] = one
    revoked = SerialStatus(Standing.REVOKED, NOW - timedelta(minutes=2), KEY_COMPROMISE)
    status = revoked if state == "revoked" else GOOD
    world.source.statuses[authority.issuer.code, 1, read.serial_number] = status


def _write_lists(world: World) -> None:
    facts = next_crl(None, at=NOW - timedelta(minutes=1), calendar=CrlCalendar.of(CATALOGUE.calendar))
    for authority in (world.root, *world.issuing.values()):
        code = authority.issuer.code
        entries = [
            crl_entry(serial, at=NOW - timedelta(minutes=2), reason=KEY_COMPROMISE)
            for (issuer, _, serial), status in world.source.statuses.items()
            if issuer == code and status.standing is Standing.REVOKED
        ]
        tbs = build_crl_tbs(facts, entries, issuer=issuer_identity(code, 1, authority.certificate))
        world.lists[code] = signed_der(tbs, authority.key.sign(tbs))
        (world.folder / f"{code}.crl").write_bytes(world.lists[code])
        name = f"{authority.issuer.file}-TEST.crl"
        (world.folder / "public" / "CRL" / name).write_bytes(world.lists[code])
    read = [x509.load_der_x509_crl(der) for der in world.lists.values()]
    (world.folder / "crls.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in read))


@contextmanager
def _served(
    public: Path,
    identities: list[IssuerIdentity],
    source: MemorySource,
    responders: dict[str, TestResponder],
    answers: list[bytes],
) -> Iterator[str]:
    """The public site on a free port of the loopback. Every OCSP answer is kept, for the linter."""
    (public / "CRL").mkdir(parents=True)
    app: Any = None

    async def late(scope: Any, receive: Any, send: Any) -> None:
        nonlocal app
        if scope["type"] == "lifespan":
            return
        if app is None:
            service = OcspService(
                identities, source, lambda code, generation: responders[code], timedelta(hours=12)
            )
            app = build_app(FolderShelf(public), ocsp=service)

        async def kept(message: Any) -> None:
            body = message.get("body", b"")
            if body[:1] == b"\x30" and scope["path"].startswith("/ocsp"):
                answers.append(body)
            await send(message)

        await app(scope, receive, kept)

    config = uvicorn.Config(
        late, host="127.0.0.1", port=0, http="httptools", ws="none", log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    patience = time.monotonic() + 10
    while not server.started and time.monotonic() < patience:
        time.sleep(0.01)
    (port,) = {sock.getsockname()[1] for one in server.servers for sock in one.sockets}
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _pem(path: Path, der: bytes) -> None:
    path.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
